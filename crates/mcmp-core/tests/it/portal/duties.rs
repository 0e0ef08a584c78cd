//! One worker at a time, over all that share a store.

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::publishing::WorkerId;

use super::fixture::World;

const LEASE: TimeDelta = TimeDelta::seconds(30);

fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

#[tokio::test]
async fn a_duty_is_one_workers_until_it_lets_go_or_its_lease_ends() {
    let world = World::new().await;
    let take = async |name| world.portal.take_duty("outbox/x", &worker(name), LEASE).await.unwrap();

    let first = take("one").await.expect("nobody has it");
    assert!(take("two").await.is_none(), "it is held");
    assert!(take("one").await.is_some(), "whoever holds it may take it again");
    assert!(matches!(first.release().await, Err(Error::Conflict { .. })), "taken again since");

    world.clock.advance(LEASE);
    let second = take("two").await.expect("the lease has ended");
    assert!(take("one").await.is_none());
    second.release().await.unwrap();
    assert!(take("one").await.is_some());
}

#[tokio::test]
async fn progress_is_written_by_the_holder_alone_and_outlives_it() {
    let world = World::new().await;
    let take = async |name| world.portal.take_duty("outbox/x", &worker(name), LEASE).await.unwrap();

    let mut slow = take("slow").await.unwrap();
    assert_eq!(slow.progress::<u64>().unwrap(), None);
    slow.record(&7_u64, LEASE).await.unwrap();
    world.clock.advance(LEASE);
    let mut next = take("next").await.unwrap();
    assert_eq!(next.progress::<u64>().unwrap(), Some(7));
    assert!(matches!(slow.record(&8_u64, LEASE).await, Err(Error::Conflict { .. })));
    next.record(&9_u64, LEASE).await.unwrap();
    assert!(next.progress::<String>().is_err(), "what another program wrote is not misread");
    next.release().await.unwrap();
    assert_eq!(take("slow").await.unwrap().progress::<u64>().unwrap(), Some(9));
}

#[tokio::test]
async fn of_racing_workers_one_gets_it() {
    let world = World::new().await;
    let takes = (0..20).map(|i| {
        let portal = world.portal.clone();
        tokio::spawn(async move {
            portal.take_duty("refresh/1", &worker(&i.to_string()), LEASE).await.unwrap().is_some()
        })
    });
    let mut taken = 0;
    for take in takes.collect::<Vec<_>>() {
        taken += usize::from(take.await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn an_operator_pauses_platforms_and_everything() {
    use mcmp_core::account::Platform;
    use mcmp_core::portal::{PauseScope, Pauses};

    let world = World::new().await;
    let portal = &world.portal;
    assert_eq!(portal.pauses().await.unwrap(), Pauses::default());
    portal.pause(PauseScope::Platform(Platform::X)).await.unwrap();
    portal.pause(PauseScope::Everything).await.unwrap();
    let pauses = portal.resume(PauseScope::Platform(Platform::THREADS)).await.unwrap();
    assert!(pauses.everything && pauses.platforms.contains(&Platform::X));
    assert_eq!(portal.pauses().await.unwrap(), pauses);
    portal.resume(PauseScope::Everything).await.unwrap();
    portal.resume(PauseScope::Platform(Platform::X)).await.unwrap();
    assert_eq!(portal.pauses().await.unwrap(), Pauses::default());
}
