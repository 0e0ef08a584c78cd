//! A loop that panics starts again after a while, and the others go on.

use mcmp_core::lifecycle::PostStatus;
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
    for call in ["claim", "renew", "expired"] {
        troubles.set(call, Trouble::Panics);
    }
    seconds(30).await;
    troubles.clear();
    seconds(5).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    running.shutdown().await;
}
