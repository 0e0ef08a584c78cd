//! What is down is left alone but for probes, and nobody else suffers for it.

use std::sync::Arc;

use async_trait::async_trait;
use mcmp_core::account::Platform;
use mcmp_core::fake::{FakeCall, FakePublisher};
use mcmp_core::publishing::{
    ErrorClass, Intent, LookUp, Progress, PublishContext, PublishError, Publisher,
    PublisherCapabilities, WentLive,
};

use crate::world::{World, seconds};

fn down() -> PublishError {
    PublishError::new(ErrorClass::Transient, "no connection")
}

/// When calls were made, in whole seconds, as seen from outside.
async fn watch(world: &World, call: FakeCall, for_seconds: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    for second in 0..for_seconds {
        while seen.len() < usize::try_from(world.platform.calls(call)).unwrap() {
            seen.push(second);
        }
        seconds(1).await;
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_down_is_left_alone_but_for_probes_until_one_succeeds() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    for n in 0..8 {
        world.post(&client, [account.id], &n.to_string(), 60).await;
    }
    world.platform.fail_next(FakeCall::Prepare, 16, &down());
    let running = world.engine().build().unwrap().start();
    let calls = watch(&world, FakeCall::Prepare, 3_600).await;
    assert_eq!(calls.len(), 16 + 8, "{calls:?}");
    // Once five posts have failed it rests for half a minute, then for a minute, two, four.
    let mut rests: Vec<u64> = calls[..17].windows(2).map(|pair| pair[1] - pair[0]).collect();
    rests.retain(|rest| *rest >= 29);
    assert!(rests.iter().zip([29, 59, 119, 239]).all(|(rest, least)| *rest >= least), "{calls:?}");
    assert!(rests.len() >= 4, "{calls:?}");
    assert_eq!(world.platform.accepted().len(), 8);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_down_stops_all_its_accounts_and_no_others() {
    let other = Arc::new(FakePublisher::new(Platform::X));
    let world = World::with(|builder| builder.publisher(other.clone())).await;
    let client = world.client("acme").await;
    for n in 0..60 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], "threads", 60 + n % 30).await;
    }
    let elsewhere = world.account_on(Platform::X, &client, "x").await;
    world.post(&client, [elsewhere.id], "x", 85).await;
    world.platform.fail_next(FakeCall::Prepare, 1_000, &down());
    let running = world.engine().build().unwrap().start();
    let calls = || world.platform.calls(FakeCall::Prepare);
    seconds(95).await;
    let tried = calls();
    assert!((20..30).contains(&tried), "{tried}");
    assert_eq!(other.accepted().len(), 1);
    seconds(600).await;
    let probes = calls() - tried;
    assert!((2..12).contains(&probes), "{probes}");
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_app_that_was_down_goes_on_with_everything() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..40 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], "threads", 60).await;
    }
    world.platform.fail_next(FakeCall::Prepare, 24, &down());
    let running = world.engine().build().unwrap().start();
    seconds(60 + 15 * 60).await;
    assert_eq!(world.platform.accepted().len(), 40);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn numbers_that_can_not_be_read_stop_no_post() {
    let world = World::new().await;
    let client = world.client("acme").await;
    world.platform.fail_next(FakeCall::Metrics, 1_000, &down());
    for n in 0..40 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], "early", 1).await;
        world.post(&client, [account.id], "late", 3_610).await;
    }
    let running = world.engine().build().unwrap().start();
    seconds(3_609).await;
    assert!(world.platform.calls(FakeCall::Metrics) >= 40, "asked an hour after they went live");
    seconds(3).await;
    assert_eq!(world.platform.accepted().len(), 80);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn websites_have_nothing_in_common() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..30 {
        let site = world.site(&client, &n.to_string()).await;
        world.post(&client, [site.id], "down", 60).await;
    }
    world.platform.fail_next(FakeCall::Prepare, 30, &down());
    let running = world.engine().build().unwrap().start();
    seconds(61).await;
    assert_eq!(world.platform.calls(FakeCall::Prepare), 30);
    let site = world.site(&client, "well").await;
    world.post(&client, [site.id], "well", 1).await;
    seconds(2).await;
    assert!(world.texts().contains(&"well".to_owned()), "{:?}", world.texts());
    running.shutdown().await;
}

/// Fails for one post, whatever is tried.
#[derive(Debug)]
struct Poisoned(FakePublisher);

#[async_trait]
impl Publisher for Poisoned {
    fn platform(&self) -> &Platform {
        self.0.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.0.capabilities()
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        match cx.text() {
            "poison" => Err(down()),
            _ => self.0.prepare(cx).await,
        }
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        self.0.go_live(cx).await
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        self.0.look_up(cx, intent).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_always_fails_holds_up_its_accounts_others_only_for_moments() {
    let platform = Arc::new(Poisoned(FakePublisher::new(Platform::X)));
    let world = World::with(|builder| builder.publisher(platform.clone())).await;
    let client = world.client("acme").await;
    let account = world.account_on(Platform::X, &client, "a").await;
    world.post(&client, [account.id], "poison", 60).await;
    for n in 0..30 {
        world.post(&client, [account.id], &n.to_string(), 300 + n * 120).await;
    }
    let running = world.engine().build().unwrap().start();
    seconds(2 * 3_600).await;
    let accepted = platform.0.accepted();
    assert_eq!(accepted.len(), 30);
    for post in accepted {
        let planned = 300 + post.text.parse::<i64>().unwrap() * 120;
        let late = (post.accepted_at - crate::world::start()).num_seconds() - planned;
        assert!((0..=120).contains(&late), "{} came {late} s late", post.text);
    }
    running.shutdown().await;
}
