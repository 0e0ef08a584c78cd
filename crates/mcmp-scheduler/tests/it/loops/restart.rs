//! A loop that panics starts again after a while, and the others go on.

use mcmp_core::fake::OnGoLive;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::publishing::JobState;
use mcmp_scheduler::Loop;

use crate::troubled_store::Trouble;
use crate::world::{World, seconds};

#[tokio::test(start_paused = true)]
async fn a_loop_that_panics_rests_starts_again_and_disturbs_no_other() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let engine = world.engine().build().unwrap();
    let running = engine.start();
    seconds(5).await;
    troubles.set("list SocialAccount", Trouble::Panics);
    let post = world.post(&client, [account.id], "Hello", 100).await;
    let before = troubles.calls("list SocialAccount");
    seconds(120).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    let tries = troubles.calls("list SocialAccount") - before;
    assert!((30..=140).contains(&tries), "tried again, and without a hurry: {tries}");
    let health = engine.health().await;
    let refresh = &health.loops[&Loop::Refresh];
    assert!(refresh.failures >= 30 && refresh.last_error.is_some(), "{refresh:?}");
    assert_eq!(health.loops[&Loop::Publish].failures, 0);
    troubles.clear();
    seconds(5).await;
    assert_eq!(engine.health().await.loops[&Loop::Refresh].failures, 0);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn publishing_itself_starts_again() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let post = world.post(&client, [account.id], "Hello", 10).await;
    let running = world.engine().build().unwrap().start();
    troubles.set("claim", Trouble::Panics);
    seconds(30).await;
    troubles.clear();
    seconds(5).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn holding_on_to_jobs_and_taking_them_back_start_again_while_a_call_goes_on() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    let (left, held) = (world.account(&client, "a").await, world.account(&client, "b").await);
    world.platform.on_go_live([OnGoLive::AcceptAndHang, OnGoLive::AcceptAndHang]);
    let left = world.post(&client, [left.id], "Left by a worker that died", 10).await;
    let held = world.post(&client, [held.id], "In a long call", 20).await;
    let dies = world.engine().build().unwrap();
    tokio::select! {
        () = dies.run(std::future::pending()) => {}
        () = seconds(15) => {}
    }
    for call in ["renew", "expired"] {
        troubles.set(call, Trouble::Panics);
    }
    let running = world.engine().build().unwrap().start();
    seconds(10).await;
    let panics = ["renew", "expired"].map(|call| troubles.calls(call));
    assert!(panics.iter().all(|calls| *calls > 0), "{panics:?}");
    troubles.clear();
    seconds(25).await;
    assert_eq!(world.jobs(left.id).await[0].state, JobState::Unknown, "taken back");
    let job = world.jobs(held.id).await.remove(0);
    assert_eq!(job.state, JobState::Committing);
    assert!(job.lease.unwrap().until > world.now().await, "its lease lives on");
    running.shutdown().await;
}
