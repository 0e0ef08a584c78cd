//! Limits that the operator sets hold over all engines.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::account::Platform;
use mcmp_core::fake::FakePublisher;
use mcmp_core::publishing::Rate;
use mcmp_scheduler::RatePlan;

use crate::troubled_store::Trouble;
use crate::world::{World, most_within, seconds, stop, unhurried};

fn minutes(calls: u32, minutes: i64) -> Rate {
    Rate::new(calls, TimeDelta::minutes(minutes)).unwrap()
}

fn app(rate: Rate) -> RatePlan {
    RatePlan::default().app(Platform::THREADS, rate)
}

#[tokio::test(start_paused = true)]
async fn an_apps_rate_holds_over_all_engines_and_nothing_is_lost() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for i in 0..60 {
        let account = world.account(&client, &format!("a{i}")).await;
        for n in 0..2 {
            world.post(&client, [account.id], &format!("{i} {n}"), 60).await;
        }
    }
    let engine = || world.engine().rates(app(minutes(30, 1))).build().unwrap().start();
    let engines = [engine(), engine(), engine()];
    seconds(60 + 5 * 60).await;
    let times = world.accepted_ms();
    assert_eq!(times.len(), 120, "three minutes and a little after the first thirty");
    // As many as the rate says at once, and from then on no more than come in by it.
    for window in [1_000, 10_000, 60_000, 120_000] {
        let most = 30 + usize::try_from(window).unwrap() * 30 / 60_000 + 1;
        assert!(most_within(&times, window) <= most, "in {window} ms");
    }
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn an_accounts_rate_delays_its_posts_in_their_order_and_no_other_account() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let (busy, calm) = (world.account(&client, "a").await, world.account(&client, "b").await);
    for n in 0..6 {
        world.post(&client, [busy.id], &format!("busy {n}"), 60 + n).await;
        world.post(&client, [calm.id], &format!("calm {n}"), 60 + n * 700).await;
    }
    let plan = RatePlan::default().account(Platform::THREADS, minutes(2, 10));
    let engine = || world.engine().rates(plan.clone()).build().unwrap().start();
    let engines = [engine(), engine()];
    seconds(60 + 3_600).await;
    let accepted = world.platform.accepted();
    let of = |account| accepted.iter().filter(move |post| post.account_id == account);
    let texts: Vec<_> = of(busy.id).map(|post| post.text.as_str()).collect();
    assert_eq!(texts, ["busy 0", "busy 1", "busy 2", "busy 3", "busy 4", "busy 5"]);
    let times: Vec<_> = of(busy.id).map(|post| post.accepted_at.timestamp_millis()).collect();
    for pair in times[1..].windows(2) {
        let gap = pair[1] - pair[0];
        assert!((299_000..=305_000).contains(&gap), "every five minutes: {times:?}");
    }
    for (n, post) in of(calm.id).enumerate() {
        let planned = 60_000 + i64::try_from(n).unwrap() * 700_000;
        let late = (post.accepted_at - crate::world::start()).num_milliseconds() - planned;
        assert!((0..1_000).contains(&late), "{late}");
    }
    stop(engines).await;
}

#[tokio::test(start_paused = true)]
async fn a_post_that_takes_several_steps_counts_once() {
    let slow = Arc::new(FakePublisher::new(Platform::X).steps_to_prepare(5));
    let world = World::with(|builder| builder.publisher(slow.clone())).await;
    let client = world.client("acme").await;
    let account = world.account_on(Platform::X, &client, "a").await;
    for n in 0..2 {
        world.post(&client, [account.id], &n.to_string(), 60).await;
    }
    let plan = RatePlan::default().account(Platform::X, minutes(2, 600));
    let running = world.engine().rates(plan).build().unwrap().start();
    seconds(90).await;
    assert_eq!(slow.accepted().len(), 2);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn another_plan_takes_effect_after_a_restart() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..6 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], &n.to_string(), 60).await;
    }
    let first =
        world.engine().rates(app(minutes(2, 600))).settings(unhurried()).build().unwrap().start();
    seconds(70).await;
    first.shutdown().await;
    assert_eq!(world.platform.accepted().len(), 2);
    let second =
        world.engine().rates(app(minutes(60, 1))).settings(unhurried()).build().unwrap().start();
    // What waits for long is looked at anew every quarter of an hour.
    seconds(16 * 60).await;
    assert_eq!(world.platform.accepted().len(), 6);
    second.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_over_one_budget_keeps_no_other_account_waiting() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    for n in 0..40 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], &n.to_string(), 60).await;
    }
    let running = world.engine().build().unwrap().start();
    troubles.set("get RateBudget", Trouble::Takes(Duration::from_millis(500)));
    seconds(63).await;
    assert_eq!(world.platform.accepted().len(), 40);
    running.shutdown().await;
}
