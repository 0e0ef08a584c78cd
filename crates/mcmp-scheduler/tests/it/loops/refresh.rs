//! Tokens are refreshed ahead of their end, once, by whichever engine comes first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mcmp_core::access::Actor;
use mcmp_core::account::{AccountStatus, Platform, SocialAccount, Tokens};
use mcmp_core::fake::{FakeCall, FakePublisher};
use mcmp_core::notification::NotificationTopic;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Progress, PublishContext, PublishError, Publisher,
    PublisherCapabilities, WentLive,
};
use mcmp_scheduler::Loop;

use crate::troubled_store::{Trouble, Troubles};
use crate::world::{World, seconds, stop};

/// A platform that has its ways with accounts by their names.
#[derive(Debug)]
struct Moody {
    inner: FakePublisher,
    troubles: Troubles,
    /// How often it was asked for accounts that it never serves.
    refused: AtomicUsize,
    /// The accounts that it gave new tokens to.
    served: Mutex<Vec<String>>,
}

impl Moody {
    fn new(troubles: Troubles) -> Arc<Self> {
        let inner = FakePublisher::new(Platform::X);
        let (refused, served) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { inner, troubles, refused, served })
    }

    fn served(&self) -> Vec<String> {
        self.served.lock().unwrap().clone()
    }
}

#[async_trait]
impl Publisher for Moody {
    fn platform(&self) -> &Platform {
        self.inner.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.inner.capabilities()
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        self.inner.prepare(cx).await
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        self.inner.go_live(cx).await
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        self.inner.look_up(cx, intent).await
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let name = cx.account.display_name.to_string();
        if name.starts_with("broken") {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(PublishError::new(ErrorClass::Transient, "the platform is down"));
        }
        if name.starts_with("slow") {
            self.troubles.set("get SocialAccount", Trouble::Fails);
            seconds(10).await;
        }
        let answer = self.inner.refresh_tokens(cx).await;
        self.served.lock().unwrap().push(name);
        answer
    }
}

/// The account's refresh token as it is in the store.
async fn refresh_token(world: &World, account: &SocialAccount) -> String {
    let system = world.portal.session(&Actor::system("test"), world.agency.id).await.unwrap();
    let tokens = system.grants().open_tokens(account.id).await.unwrap();
    tokens.refresh.unwrap().expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_is_not_given_up_for_what_happens_to_another_account() {
    let troubles = Troubles::default();
    let platform = Moody::new(troubles.clone());
    let seen = platform.clone();
    let world = World::troubled_with(&troubles, |builder| builder.publisher(seen)).await;
    let client = world.client("acme").await;
    let slow = world.ending_account_on(Platform::X, &client, "slow", 500).await;
    world.ending_account_on(Platform::X, &client, "other", 600).await;
    let before = refresh_token(&world, &slow).await;
    let running = world.engine().only([Loop::Refresh]).build().unwrap().start();
    seconds(5).await;
    assert!(troubles.calls("get SocialAccount") > 0 && platform.served().is_empty());
    // The answer comes while the store is gone, and is kept.
    seconds(10).await;
    assert_eq!(platform.served(), ["slow"]);
    troubles.clear();
    seconds(20).await;
    assert_ne!(refresh_token(&world, &slow).await, before);
    seconds(120).await;
    assert_eq!(platform.served(), ["slow", "other"]);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn accounts_that_fail_each_time_keep_no_other_from_its_turn() {
    let platform = Moody::new(Troubles::default());
    let seen = platform.clone();
    let world = World::with(|builder| builder.publisher(seen)).await;
    let client = world.client("acme").await;
    for i in 0..120 {
        world.ending_account_on(Platform::X, &client, &format!("broken-{i}"), 700).await;
    }
    world.ending_account_on(Platform::X, &client, "well", 800).await;
    let running = world.engine().only([Loop::Refresh]).build().unwrap().start();
    seconds(30).await;
    assert_eq!(platform.served(), ["well"]);
    seconds(600).await;
    let tries = platform.refused.load(Ordering::SeqCst);
    assert!((5 * 120..=7 * 120).contains(&tries), "less and less often: {tries}");
    running.shutdown().await;
}

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
