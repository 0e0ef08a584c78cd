//! The store fails or is gone: what can go on goes on, the rest comes back, and health says so.

use chrono::TimeDelta;
use mcmp_core::fake::{FakeCall, OnGoLive};
use mcmp_core::lifecycle::PostStatus;
use mcmp_scheduler::{EngineSettings, Loop};

use super::troubled_store::Trouble;
use super::world::{World, seconds};

#[tokio::test(start_paused = true)]
async fn a_loop_whose_calls_fail_slows_down_and_publishing_goes_on() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    let account = world.ending_account(&client, "a", 1_000).await;
    let engine = world.engine().build().unwrap();
    let running = engine.start();
    seconds(1).await;
    troubles.set("list SocialAccount", Trouble::Fails);
    let post = world.post(&client, [account.id], "Hello", 100).await;
    seconds(110).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    let before = troubles.calls("list SocialAccount");
    seconds(1_800).await;
    let tries = troubles.calls("list SocialAccount") - before;
    assert!((20..=600).contains(&tries), "every few seconds, not every moment: {tries}");
    let refresh = engine.health().await.loops[&Loop::Refresh].clone();
    assert!(refresh.failures > 20, "{refresh:?}");
    assert!(refresh.last_error.is_some_and(|error| error.contains("not available")));
    troubles.clear();
    seconds(60).await;
    let refresh = engine.health().await.loops[&Loop::Refresh].clone();
    assert_eq!((refresh.failures, refresh.last_error), (0, None));
    assert_eq!(world.platform.calls(FakeCall::Refresh), 1);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn health_tells_how_late_things_are_while_the_store_is_gone() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let post = world.post(&client, [account.id], "Hello", 60).await;
    let engine = world.engine().build().unwrap();
    let running = engine.start();
    seconds(30).await;
    let (late, quiet) = (TimeDelta::seconds(30), TimeDelta::seconds(20));
    let health = engine.health().await;
    assert!(health.is_publishing(world.portal.now(), late, quiet), "{health:?}");
    let last_claim = health.last_claim_at.unwrap();
    assert!(world.portal.now() - last_claim <= TimeDelta::seconds(2));

    troubles.set("any", Trouble::Fails);
    seconds(130).await;
    let health = engine.health().await;
    assert!(health.store_error.is_some());
    assert!((99_000..=101_000).contains(&health.oldest_due_ms), "due at 60 s: {health:?}");
    assert!(health.last_claim_at.unwrap() - last_claim <= TimeDelta::seconds(2));
    assert!(health.loops[&Loop::Publish].failures > 3);
    assert!(!health.is_publishing(world.portal.now(), late, quiet));

    troubles.clear();
    seconds(40).await;
    let health = engine.health().await;
    assert_eq!((health.store_error, health.oldest_due_ms), (None, 0));
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn health_is_well_while_all_slots_are_taken_by_calls_that_go_on() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    for n in 0..2 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], "Slow", 10).await;
    }
    world.platform.on_go_live([OnGoLive::AcceptAndHang, OnGoLive::AcceptAndHang]);
    let mut settings = EngineSettings::default();
    settings.slots = 2;
    let engine = world.engine().settings(settings).build().unwrap();
    let running = engine.start();
    let (late, quiet) = (TimeDelta::seconds(30), TimeDelta::seconds(20));
    seconds(40).await;
    let health = engine.health().await;
    assert_eq!(health.in_flight, 2);
    assert!(health.is_publishing(world.portal.now(), late, quiet), "{health:?}");
    troubles.set("renew", Trouble::Fails);
    seconds(22).await;
    let health = engine.health().await;
    assert!(!health.is_publishing(world.portal.now(), late, quiet), "{health:?}");
    troubles.clear();
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn health_of_a_process_that_leaves_publishing_to_another() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.post(&client, [account.id], "one", 10).await;
    world.post(&client, [account.id], "two", 200).await;
    let watching = world.engine().without(Loop::Publish).build().unwrap();
    let (late, quiet) = (TimeDelta::seconds(30), TimeDelta::seconds(20));
    let is_well = async || {
        let health = watching.health().await;
        assert_eq!(health.last_claim_at, None);
        health.is_publishing(world.portal.now(), late, quiet)
    };
    let other = world.engine().only([Loop::Publish]).build().unwrap().start();
    seconds(20).await;
    assert!(is_well().await);
    other.shutdown().await;
    seconds(150).await;
    assert!(is_well().await, "nothing is due");
    seconds(100).await;
    assert!(!is_well().await, "the other one is gone");
}
