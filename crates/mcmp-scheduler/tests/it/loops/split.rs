//! Loops can be spread over processes.

use std::sync::Arc;

use mcmp_core::fake::{FakeCall, FakeNotifier};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::notification::NotificationChannel;
use mcmp_scheduler::Loop;

use crate::world::{World, seconds, stop};

#[tokio::test(start_paused = true)]
async fn one_process_publishes_and_the_other_does_the_rest() {
    let mail = Arc::new(FakeNotifier::new(NotificationChannel::Email));
    let world = World::with(|builder| builder.notifier(mail)).await;
    let client = world.client("acme").await;
    let account = world.ending_account(&client, "a", 600).await;
    let post = world.post(&client, [account.id], "Hello", 60).await;

    let rest = world.engine().without(Loop::Publish).build().unwrap();
    let running = rest.start();
    seconds(120).await;
    assert_eq!(world.platform.calls(FakeCall::Refresh), 1);
    assert_eq!(world.platform.accepted(), []);
    let health = rest.health().await;
    assert!(!health.publishes && health.oldest_due_ms >= 59_000, "{health:?}");
    assert!(!health.loops.contains_key(&Loop::Publish));

    let publishes = world.engine().only([Loop::Publish]).build().unwrap();
    let publishing = publishes.start();
    seconds(60).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Published);
    let loops: Vec<_> = publishes.health().await.loops.into_keys().collect();
    assert_eq!(loops, [Loop::Publish]);
    stop([running, publishing]).await;
}
