//! A machine whose clock is wrong spoils nothing: what many workers share goes by the store's.

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::account::Platform;
use mcmp_core::fake::OnGoLive;
use mcmp_core::portal::PauseScope;
use mcmp_core::publishing::{JobState, Refusal};

use crate::world::{World, seconds};

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_ahead_takes_nothing_for_late_and_stops_nobody() {
    let (world, _) = World::ahead_by(TimeDelta::hours(1)).await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    for n in 0..3 {
        world.post(&client, [account.id], &n.to_string(), 60 + n).await;
    }
    let running = world.engine().build().unwrap().start();
    seconds(65).await;
    assert_eq!(world.texts(), ["0", "1", "2"]);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_behind_does_not_ask_again_and_again() {
    let (world, troubles) = World::ahead_by(TimeDelta::hours(-1)).await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.post(&client, [account.id], "Wait", 60).await;
    world.portal.pause(PauseScope::Platform(Platform::THREADS)).await.unwrap();
    let running = world.engine().build().unwrap().start();
    seconds(59).await;
    let before = troubles.calls("commit");
    seconds(60).await;
    let commits = troubles.calls("commit") - before;
    assert!(commits < 20, "{commits}");
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_whose_clock_is_ahead_says_that_a_call_is_over_which_may_be_under_way() {
    let (world, _) = World::ahead_by(TimeDelta::minutes(10)).await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.platform.on_go_live([OnGoLive::Hang]);
    let post = world.post(&client, [account.id], "Once", 60).await;
    let first = world.engine().build().unwrap();
    tokio::select! {
        () = first.run(std::future::pending()) => {}
        () = seconds(65) => {}
    }
    let second = world.engine().build().unwrap().start();
    seconds(20).await;
    let job = world.jobs(post.id).await.remove(0);
    assert_eq!(job.state, JobState::Unknown);
    let deadline = job.intent.unwrap().deadline;
    assert!(world.now().await < deadline);
    let session = world.session().await;
    let refused = session.posts().confirm_absent(job.id).await;
    assert!(
        matches!(&refused, Err(Error::JobRefused(refused))
            if refused.reason == Refusal::NotYet { at: deadline }),
        "{refused:?}"
    );
    second.shutdown().await;
}
