//! Publishing as a whole: what is due goes out, whoever works and whatever happens.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::account::Platform;
use mcmp_core::fake::OnGoLive;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::PauseScope;
use mcmp_core::publishing::{
    Intent, JobState, LookUp, Progress, PublishContext, PublishError, Publisher,
    PublisherCapabilities, WentLive,
};
use mcmp_scheduler::{EngineSettings, Loop};

use super::world::{World, seconds, start};

#[tokio::test(start_paused = true)]
async fn a_post_is_live_at_its_time_and_not_before() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let running = world.engine().build().unwrap().start();
    let post = world.post(&client, [account.id], "Hello", 3_600).await;

    seconds(3_599).await;
    assert_eq!(world.platform.accepted(), []);
    seconds(2).await;
    let [live] = world.platform.accepted().try_into().unwrap();
    assert_eq!(live.text, "Hello");
    let late_by = live.accepted_at - (start() + TimeDelta::hours(1));
    assert!(late_by >= TimeDelta::zero() && late_by < TimeDelta::milliseconds(100), "{late_by}");
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_nobody_can_stop_goes_on() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    drop(world.engine().build().unwrap().start());
    world.post(&client, [account.id], "Hello", 3_600).await;
    seconds(3_601).await;
    assert_eq!(world.texts(), ["Hello"]);
}

#[tokio::test(start_paused = true)]
async fn several_engines_share_the_work_and_double_nothing() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let mut posts = Vec::new();
    for i in 0..20 {
        let account = world.account(&client, &format!("a{i}")).await;
        for n in 0..3 {
            posts.push(world.post(&client, [account.id], &format!("{i} {n}"), 60 + n * 7).await);
        }
    }
    let settings = || {
        let mut settings = EngineSettings::default();
        settings.slots = 4;
        settings
    };
    let running: Vec<_> =
        (0..3).map(|_| world.engine().settings(settings()).build().unwrap().start()).collect();
    seconds(120).await;
    for post in &posts {
        assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    }
    assert_eq!(world.platform.accepted().len(), 60);
    for engine in running {
        engine.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_engine_left_is_found_out_and_goes_on() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.platform.on_go_live([OnGoLive::AcceptAndHang]);
    let post = world.post(&client, [account.id], "Once", 60).await;
    let first = world.engine().build().unwrap();
    tokio::select! {
        () = first.run(std::future::pending()) => {}
        () = seconds(70) => {}
    }
    assert_eq!(world.jobs(post.id).await[0].state, JobState::Committing, "killed in the call");

    let second = world.engine().build().unwrap().start();
    seconds(20).await;
    assert_eq!(world.jobs(post.id).await[0].state, JobState::Unknown, "noticed by its lease");
    seconds(15 * 60).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    assert_eq!(world.platform.accepted().len(), 1, "looked for, not sent again");
    second.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_a_call_end_and_loses_nothing() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let hanging = world.account(&client, "b").await;
    world.platform.on_go_live([OnGoLive::AcceptAndHang]);
    let stuck = world.post(&client, [hanging.id], "Stuck", 60).await;
    let later = world.post(&client, [account.id], "Later", 75).await;
    let running = world.engine().build().unwrap().start();
    seconds(61).await;
    let before = world.portal.now();
    running.shutdown().await;
    assert!(world.portal.now() - before <= TimeDelta::seconds(31), "no longer than the grace time");
    assert_eq!(world.jobs(later.id).await[0].state, JobState::Scheduled, "nothing new was begun");

    let next = world.engine().build().unwrap().start();
    seconds(15 * 60).await;
    for post in [stuck.id, later.id] {
        assert_eq!(world.read(post).await.status, PostStatus::Published);
    }
    assert_eq!(world.platform.accepted().len(), 2);
    next.shutdown().await;
}

/// Never gets ready with a post.
#[derive(Debug)]
struct Stuck;

#[async_trait]
impl Publisher for Stuck {
    fn platform(&self) -> &Platform {
        &Platform::X
    }

    fn capabilities(&self) -> PublisherCapabilities {
        PublisherCapabilities::default()
    }

    async fn prepare(&self, _: &PublishContext<'_>) -> Result<Progress, PublishError> {
        std::future::pending().await
    }

    async fn go_live(&self, _: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        std::future::pending().await
    }

    async fn look_up(&self, _: &PublishContext<'_>, _: &Intent) -> Result<LookUp, PublishError> {
        Ok(LookUp::Impossible)
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_at_shutdown_is_given_back_and_counts_as_no_crash() {
    let world = World::with(|builder| builder.publisher(Arc::new(Stuck))).await;
    let client = world.client("acme").await;
    let account = world.account_on(Platform::X, &client, "x").await;
    let post = world.post(&client, [account.id], "Slow", 1).await;
    for deploy in 0..4 {
        let running = world.engine().build().unwrap().start();
        seconds(5).await;
        assert_eq!(world.jobs(post.id).await[0].state, JobState::Running, "{deploy}");
        running.shutdown().await;
        let job = world.jobs(post.id).await.remove(0);
        assert_eq!((job.state, job.crashes), (JobState::Scheduled, 0), "{deploy}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_everything_stops_publishing_and_health_says_so() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let engine = world.engine().build().unwrap();
    let running = engine.start();
    let post = world.post(&client, [account.id], "Wait", 60).await;
    world.portal.pause(PauseScope::Everything).await.unwrap();
    seconds(120).await;
    assert_eq!(world.platform.accepted(), []);
    let health = engine.health().await;
    assert!(health.paused && health.oldest_due_ms >= 59_000, "{health:?}");
    world.portal.resume(PauseScope::Everything).await.unwrap();
    seconds(5).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    let health = engine.health().await;
    assert_eq!((health.paused, health.oldest_due_ms), (false, 0));
    assert!(health.loops[&Loop::Publish].last_ok_at.is_some());
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_late_posts_go_out_one_after_another_in_their_order() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    for n in 0..4 {
        world.post(&client, [account.id], &n.to_string(), 60 + n * 60).await;
    }
    seconds(3_600).await;
    let running = world.engine().build().unwrap().start();
    seconds(600).await;
    let accepted = world.platform.accepted();
    let texts: Vec<_> = accepted.iter().map(|post| post.text.as_str()).collect();
    assert_eq!(texts, ["0", "1", "2", "3"]);
    for pair in accepted.windows(2) {
        let gap = pair[1].accepted_at - pair[0].accepted_at;
        assert!(gap >= TimeDelta::seconds(30), "an account rests between late posts: {gap}");
    }
    running.shutdown().await;
}
