//! A client with few posts does not starve behind one with many.

use chrono::TimeDelta;
use mcmp_core::account::Platform;
use mcmp_core::publishing::Rate;
use mcmp_scheduler::RatePlan;

use crate::world::{World, seconds, stop};

/// How many posts had gone out when the small client's two were, of 82 that were due together.
async fn place_of_the_small_one(per_minute: u32, engines: usize, minutes: u64) -> Option<usize> {
    let world = World::new().await;
    let (big, small) = (world.client("big").await, world.client("small").await);
    for n in 0..80 {
        let account = world.account(&big, &format!("b{n}")).await;
        world.post(&big, [account.id], "big", 60).await;
    }
    for n in 0..2 {
        let account = world.account(&small, &format!("s{n}")).await;
        world.post(&small, [account.id], "small", 61).await;
    }
    let rate = Rate::new(per_minute, TimeDelta::minutes(1)).unwrap();
    let plan = RatePlan::default().app(Platform::THREADS, rate);
    let engine = |_| world.engine().rates(plan.clone()).build().unwrap().start();
    let running: Vec<_> = (0..engines).map(engine).collect();
    seconds(60 + minutes * 60).await;
    stop(running).await;
    let texts = world.texts();
    let last = texts.iter().rposition(|text| text == "small")?;
    let both = texts.iter().filter(|text| *text == "small").count() == 2;
    both.then_some(last + 1)
}

#[tokio::test(start_paused = true)]
async fn under_a_scarce_rate() {
    let place = place_of_the_small_one(12, 1, 4).await;
    assert!(place.is_some_and(|place| place <= 20), "{place:?}");
}

#[tokio::test(start_paused = true)]
async fn under_a_very_scarce_rate() {
    let place = place_of_the_small_one(1, 1, 10).await;
    assert!(place.is_some_and(|place| place <= 6), "{place:?}");
}

#[tokio::test(start_paused = true)]
async fn under_a_very_scarce_rate_that_three_engines_share() {
    let place = place_of_the_small_one(1, 3, 20).await;
    // By chance they would come at the fortieth and the eightieth place.
    assert!(place.is_some_and(|place| place <= 20), "{place:?}");
}
