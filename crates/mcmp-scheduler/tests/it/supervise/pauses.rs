//! Pauses stop at once and end within a minute; an account's posts keep their order.

use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::account::Platform;
use mcmp_core::fake::{FakeCall, FakePublisher, OnGoLive};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::PauseScope;
use mcmp_core::publishing::{ErrorClass, JobState, PublishError, PublisherCapabilities, Rate};
use mcmp_scheduler::RatePlan;

use crate::world::{World, seconds, stop};

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_paused_stops_within_a_second_and_goes_on_within_a_minute() {
    let other = Arc::new(FakePublisher::new(Platform::X));
    let world = World::with(|builder| builder.publisher(other.clone())).await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let elsewhere = world.account_on(Platform::X, &client, "x").await;
    for n in 0..3 {
        world.post(&client, [account.id], &n.to_string(), 60 + n).await;
        world.post(&client, [elsewhere.id], &n.to_string(), 60 + n).await;
    }
    let engines = [0, 1].map(|_| world.engine().build().unwrap().start());
    seconds(50).await;
    let what = PauseScope::Platform(Platform::THREADS);
    world.portal.pause(what.clone()).await.unwrap();
    seconds(45).await;
    assert_eq!((world.platform.accepted().len(), other.accepted().len()), (0, 3));
    world.portal.resume(what).await.unwrap();
    seconds(67).await;
    assert_eq!(world.texts(), ["0", "1", "2"]);
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn accounts_and_clients_that_are_paused_meanwhile_send_nothing_more() {
    let slow = Arc::new(FakePublisher::new(Platform::X).steps_to_prepare(10));
    let world = World::with(|builder| builder.publisher(slow.clone())).await;
    let (one, two) = (world.client("one").await, world.client("two").await);
    let first = world.account_on(Platform::X, &one, "a").await;
    let second = world.account_on(Platform::X, &two, "b").await;
    let well = world.account_on(Platform::X, &one, "c").await;
    for (client, account) in [(&one, &first), (&two, &second), (&one, &well)] {
        world.post(client, [account.id], account.external_id.as_str(), 60).await;
    }
    let running = world.engine().build().unwrap().start();
    seconds(65).await;
    let session = world.session().await;
    session.accounts().pause(first.id).await.unwrap();
    session.clients().pause(two.id).await.unwrap();
    seconds(120).await;
    let texts = |fake: &FakePublisher| -> Vec<String> {
        fake.accepted().into_iter().map(|post| post.text).collect()
    };
    assert_eq!(texts(&slow), ["c"]);
    session.accounts().resume(first.id).await.unwrap();
    seconds(60).await;
    assert_eq!(texts(&slow), ["c", "a"]);
    session.clients().resume(two.id).await.unwrap();
    seconds(60).await;
    assert_eq!(texts(&slow), ["c", "a", "b"]);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_looked_for_while_everything_is_paused() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.platform.on_go_live([OnGoLive::LoseAnswer]);
    let sent = world.post(&client, [account.id], "Sent", 60).await;
    let planned = world.post(&client, [account.id], "Planned", 90).await;
    let running = world.engine().build().unwrap().start();
    seconds(70).await;
    world.portal.pause(PauseScope::Everything).await.unwrap();
    seconds(900).await;
    assert_eq!(world.read(sent.id).await.status, PostStatus::Published);
    let waits = world.jobs(planned.id).await.remove(0);
    assert_eq!((waits.state, waits.fence), (JobState::Scheduled, 0), "not even claimed");
    assert_eq!(world.texts(), ["Sent"]);
    running.shutdown().await;
}

/// A platform that can only be asked by sending once more, under the same key.
async fn keyed_world() -> (World, Arc<FakePublisher>) {
    let keyed = PublisherCapabilities { takes_dedupe_key: true, ..Default::default() };
    let keyed = Arc::new(FakePublisher::with_capabilities(Platform::X, keyed));
    let world = World::with(|builder| builder.publisher(keyed.clone())).await;
    (world, keyed)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_once_more_while_its_platform_is_paused() {
    let (world, keyed) = keyed_world().await;
    let client = world.client("acme").await;
    let account = world.account_on(Platform::X, &client, "x").await;
    keyed.on_go_live([OnGoLive::LoseRequest]);
    let post = world.post(&client, [account.id], "Once", 60).await;
    let running = world.engine().build().unwrap().start();
    seconds(70).await;
    assert_eq!(world.jobs(post.id).await[0].state, JobState::Unknown);
    let what = PauseScope::Platform(Platform::X);
    world.portal.pause(what.clone()).await.unwrap();
    seconds(1_800).await;
    assert_eq!(keyed.calls(FakeCall::GoLive), 1);
    assert_eq!(world.jobs(post.id).await[0].state, JobState::Unknown);
    world.portal.resume(what).await.unwrap();
    seconds(90).await;
    assert_eq!(keyed.calls(FakeCall::GoLive), 2);
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_once_more_counts_once_more() {
    let (world, keyed) = keyed_world().await;
    let client = world.client("acme").await;
    let account = world.account_on(Platform::X, &client, "x").await;
    keyed.on_go_live([OnGoLive::LoseRequest]);
    world.post(&client, [account.id], "Once", 60).await;
    let once_an_hour = Rate::new(1, TimeDelta::hours(1)).unwrap();
    let rates = RatePlan::default().account(Platform::X, once_an_hour);
    let running = world.engine().rates(rates).build().unwrap().start();
    seconds(3_500).await;
    assert_eq!(keyed.calls(FakeCall::GoLive), 1);
    seconds(1_200).await;
    assert_eq!(keyed.calls(FakeCall::GoLive), 2);
    running.shutdown().await;
}

async fn three_posts(world: &World) {
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    for n in 0..3 {
        world.post(&client, [account.id], &n.to_string(), 60 + n * 20).await;
    }
}

#[tokio::test(start_paused = true)]
async fn order_is_kept_over_a_limit_that_does_not_say_when_it_ends() {
    let world = World::new().await;
    three_posts(&world).await;
    let limited = PublishError::new(ErrorClass::RateLimited { until: None }, "too many");
    world.platform.fail_next(FakeCall::GoLive, 3, &limited);
    let running = world.engine().build().unwrap().start();
    seconds(3_600).await;
    assert_eq!(world.texts(), ["0", "1", "2"]);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn order_is_kept_over_a_limit_that_says_when_it_ends() {
    let world = World::new().await;
    three_posts(&world).await;
    world.platform.limit_until(world.portal.now() + TimeDelta::minutes(5));
    let engines = [0, 1].map(|_| world.engine().build().unwrap().start());
    seconds(299).await;
    assert_eq!(world.platform.calls(FakeCall::Prepare), 1, "asked once");
    seconds(600).await;
    assert_eq!(world.texts(), ["0", "1", "2"]);
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn order_is_kept_over_a_short_outage_of_the_engines() {
    let world = World::new().await;
    three_posts(&world).await;
    seconds(110).await;
    let running = world.engine().build().unwrap().start();
    seconds(60).await;
    assert_eq!(world.texts(), ["0", "1", "2"]);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_holds_up_nobody_else() {
    let world = World::new().await;
    three_posts(&world).await;
    world.platform.on_go_live([OnGoLive::LoseAnswer]);
    let running = world.engine().build().unwrap().start();
    seconds(102).await;
    assert_eq!(world.texts(), ["0", "1", "2"]);
    running.shutdown().await;
}
