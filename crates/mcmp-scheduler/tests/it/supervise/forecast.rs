//! What is forecast is what happens.

use chrono::TimeDelta;
use mcmp_core::account::Platform;
use mcmp_core::publishing::{BudgetKey, Rate};
use mcmp_scheduler::RatePlan;

use crate::world::{World, seconds, start};

#[tokio::test(start_paused = true)]
async fn a_forecast_comes_true() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let mut planned = Vec::new();
    for n in 0..30 {
        let account = world.account(&client, &n.to_string()).await;
        // Ten at once, then one every four seconds.
        let at = if n < 10 { 60 } else { 20 + n * 4 };
        world.post(&client, [account.id], &n.to_string(), at).await;
        planned.push((account.id, at));
    }
    let rate = Rate::new(6, TimeDelta::minutes(1)).unwrap();
    let plan = RatePlan::default().app(Platform::THREADS, rate);
    let engine = world.engine().rates(plan).build().unwrap();
    let forecast = engine.forecast(start(), start() + TimeDelta::hours(1)).await.unwrap();
    let [forecast] = forecast.try_into().unwrap();
    assert!(matches!(forecast.key, BudgetKey::App { .. }));
    assert_eq!(
        (forecast.planned, forecast.first_delayed_at),
        (30, Some(start() + TimeDelta::seconds(60)))
    );

    let running = engine.start();
    seconds(900).await;
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), 30);
    let waited: Vec<_> = accepted
        .iter()
        .map(|post| {
            let (_, at) = planned.iter().find(|(id, _)| *id == post.account_id).unwrap();
            (post.accepted_at - start()).num_milliseconds() - at * 1_000
        })
        .collect();
    let delayed = waited.iter().filter(|ms| **ms > 1_000).count();
    assert_eq!(forecast.delayed, delayed, "{waited:?}");
    // Who waits how long is a matter of turns; all in all it takes as long.
    let last = accepted.iter().map(|post| post.accepted_at).max().unwrap();
    let last_planned = planned.iter().map(|(_, at)| *at).max().unwrap();
    let over = (last - start()).num_milliseconds() - last_planned * 1_000;
    assert!((over - forecast.longest_wait_ms).abs() < 20_000, "{over} {forecast:?}");
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn another_plan_counts_at_once() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let plan = |calls| {
        let rate = Rate::new(calls, TimeDelta::hours(1)).unwrap();
        RatePlan::default().account(Platform::THREADS, rate)
    };
    world.post(&client, [account.id], "first", 10).await;
    let first = world.engine().rates(plan(1)).build().unwrap().start();
    seconds(20).await;
    first.shutdown().await;
    world.post(&client, [account.id], "second", 10).await;
    let (from, until) = (world.portal.now(), world.portal.now() + TimeDelta::hours(1));
    for (calls, fits) in [(1, false), (10, true)] {
        let engine = world.engine().rates(plan(calls)).build().unwrap();
        let forecast = engine.forecast(from, until).await.unwrap();
        assert_eq!(forecast.len(), 1);
        assert_eq!(forecast[0].fits(), fits, "{calls} an hour");
    }
}
