//! What platforms tell of their limits is obeyed by every engine.

use chrono::TimeDelta;
use mcmp_core::account::Platform;
use mcmp_core::publishing::{Rate, RateReport, RateScope};
use mcmp_scheduler::RatePlan;

use crate::world::{World, seconds, stop};

fn of_posts(scope: RateScope) -> RateReport {
    RateReport::new(scope, RateReport::POSTS)
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_out_before_the_reset_once_nothing_is_left() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..21 {
        let account = world.account(&client, &n.to_string()).await;
        let at = if n == 0 { 60 } else { 62 + n };
        world.post(&client, [account.id], &n.to_string(), at).await;
    }
    let engines = [0, 1, 2].map(|_| world.engine().build().unwrap().start());
    let resets_at = Some(world.portal.now() + TimeDelta::minutes(11));
    let used_up = RateReport {
        limit: Some(100),
        remaining: Some(0),
        resets_at,
        period: Some(TimeDelta::minutes(15)),
        ..of_posts(RateScope::App)
    };
    world.platform.report_rates([used_up]);
    seconds(61).await;
    assert_eq!(world.platform.accepted().len(), 1);
    world.platform.report_rates([]);
    seconds(10 * 60 - 2).await;
    assert_eq!(world.platform.accepted().len(), 1, "all three know");
    seconds(6 * 60).await;
    let times = world.accepted_ms();
    assert_eq!(times.len(), 21);
    assert!(times[1] >= 11 * 60 * 1_000, "{times:?}");
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_used_up_waits_alone() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let (first, other) = (world.account(&client, "a").await, world.account(&client, "b").await);
    world.post(&client, [first.id], "one", 60).await;
    world.post(&client, [first.id], "two", 70).await;
    let engines = [0, 1].map(|_| world.engine().build().unwrap().start());
    let resets_at = Some(world.portal.now() + TimeDelta::minutes(5));
    let used_up = RateReport { remaining: Some(0), resets_at, ..of_posts(RateScope::Account) };
    world.platform.report_rates([used_up]);
    seconds(61).await;
    world.platform.report_rates([]);
    world.post(&client, [other.id], "other", 20).await;
    seconds(60).await;
    assert_eq!(world.texts(), ["one", "other"]);
    seconds(4 * 60).await;
    assert_eq!(world.texts(), ["one", "other", "two"]);
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_platform_told_is_not_overruled_by_a_plan() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..8 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], &n.to_string(), 60 + i64::from(n > 0) * 10).await;
    }
    let plan = |calls| {
        let rate = Rate::new(calls, TimeDelta::minutes(1)).unwrap();
        RatePlan::default().app(Platform::THREADS, rate)
    };
    let first = world.engine().rates(plan(100)).build().unwrap().start();
    let three_an_hour = RateReport {
        limit: Some(3),
        remaining: Some(2),
        period: Some(TimeDelta::hours(1)),
        ..of_posts(RateScope::App)
    };
    world.platform.report_rates([three_an_hour]);
    seconds(65).await;
    world.platform.report_rates([]);
    first.shutdown().await;
    let second = world.engine().rates(plan(50)).build().unwrap().start();
    seconds(60).await;
    assert_eq!(world.platform.accepted().len(), 3);
    seconds(20 * 60).await;
    assert_eq!(world.platform.accepted().len(), 4, "one more every twenty minutes");
    second.shutdown().await;
}
