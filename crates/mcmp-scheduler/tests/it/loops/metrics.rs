//! Numbers are read by their schedule, and a platform that wants to be left alone is.

use chrono::TimeDelta;
use mcmp_core::analytics::Snapshot;
use mcmp_core::fake::FakeCall;
use mcmp_core::store::SnapshotFilter;

use crate::world::{World, seconds, stop, unhurried};

#[tokio::test(start_paused = true)]
async fn numbers_are_read_by_schedule_and_a_limit_is_honoured_by_all_engines() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.post(&client, [account.id], "Hello", 1).await;
    let engines = [0, 1].map(|_| world.engine().settings(unhurried()).build().unwrap().start());
    let read = || world.platform.calls(FakeCall::Metrics);
    seconds(3_500).await;
    assert_eq!(read(), 0);
    seconds(220).await;
    assert_eq!(read(), 1, "an hour after it went live");
    seconds(3_600).await;
    assert_eq!(read(), 2);
    world.platform.limit_until(world.portal.now() + TimeDelta::hours(4));
    seconds(3 * 3_600 + 1_800).await;
    assert_eq!(read(), 3, "asked once, told to wait, left alone");
    seconds(3_600).await;
    assert_eq!(read(), 4);
    seconds(2 * 86_400).await;
    // Hourly for the rest of the day, then every six hours.
    let read = read();
    assert!((20..=34).contains(&read), "{read}");
    let snapshots: Vec<Snapshot> = world.all(SnapshotFilter::default()).await;
    assert_eq!(snapshots.len(), usize::try_from(read).unwrap() - 1);
    stop(engines).await;
}
