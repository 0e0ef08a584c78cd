//! Tokens are refreshed ahead of their end, once, by whichever engine comes first.

use mcmp_core::account::AccountStatus;
use mcmp_core::fake::FakeCall;
use mcmp_core::notification::NotificationTopic;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_scheduler::Loop;

use crate::world::{World, seconds, stop};

#[tokio::test(start_paused = true)]
async fn two_engines_refresh_a_rotating_grant_once_each_time() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.ending_account(&client, "a", 3_600).await;
    let engines = [0, 1].map(|_| world.engine().only([Loop::Refresh]).build().unwrap().start());
    seconds(44 * 60).await;
    assert_eq!(world.platform.calls(FakeCall::Refresh), 0, "not before a quarter of an hour");
    seconds(3 * 60).await;
    assert_eq!(world.platform.calls(FakeCall::Refresh), 1);
    // The platform's tokens last an hour: the next one is due 45 minutes later.
    seconds(48 * 60).await;
    assert_eq!(world.platform.calls(FakeCall::Refresh), 2);
    let account = world.session().await.accounts().get(account.id).await.unwrap();
    assert_eq!(account.status, AccountStatus::Connected);
    assert_eq!(world.told(NotificationTopic::AccountNeedsReconnect).await, []);
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn a_temporary_failure_leaves_it_connected_and_is_made_up_for() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.ending_account(&client, "a", 3_600).await;
    let down = PublishError::new(ErrorClass::Transient, "the platform is down");
    world.platform.fail_next(FakeCall::Refresh, 5, &down);
    let running = world.engine().only([Loop::Refresh]).build().unwrap().start();
    seconds(59 * 60).await;
    let account = world.session().await.accounts().get(account.id).await.unwrap();
    assert_eq!(account.status, AccountStatus::Connected);
    assert_eq!(world.platform.calls(FakeCall::Refresh), 6);
    assert_eq!(world.told(NotificationTopic::AccountNeedsReconnect).await, []);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_clear_refusal_is_told_once() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.ending_account(&client, "a", 3_600).await;
    let refused = PublishError::new(ErrorClass::Reconnect, "the grant was taken back");
    world.platform.fail_next(FakeCall::Refresh, 10, &refused);
    let engines = [0, 1].map(|_| world.engine().only([Loop::Refresh]).build().unwrap().start());
    seconds(3 * 3_600).await;
    let account = world.session().await.accounts().get(account.id).await.unwrap();
    assert_eq!(account.status, AccountStatus::Expired);
    assert_eq!(world.platform.calls(FakeCall::Refresh), 1);
    assert_eq!(world.told(NotificationTopic::AccountNeedsReconnect).await.len(), 1);
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn many_accounts_are_refreshed_though_some_are_refused() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for i in 0..40 {
        world.ending_account(&client, &format!("a{i}"), 600).await;
    }
    let refused = PublishError::new(ErrorClass::Reconnect, "no");
    world.platform.fail_next(FakeCall::Refresh, 39, &refused);
    let running = world.engine().only([Loop::Refresh]).build().unwrap().start();
    seconds(30).await;
    assert_eq!(world.platform.calls(FakeCall::Refresh), 40);
    assert_eq!(world.told(NotificationTopic::AccountNeedsReconnect).await.len(), 39);
    running.shutdown().await;
}
