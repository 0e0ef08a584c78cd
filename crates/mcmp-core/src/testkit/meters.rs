//! What plans count.

use super::harness::Kit;
use super::world::World;
use crate::agency::Meter;
use crate::store::{ChangeSet, MeterChange, StoreError};
use crate::time::Month;

async fn count(
    world: &World,
    meter: Meter,
    month: Option<Month>,
    by: i64,
    limit: Option<u64>,
) -> Result<(), StoreError> {
    let mut changes = ChangeSet::new();
    let agency_id = world.places[0].agency_id;
    changes.meter(MeterChange { agency_id, meter, month, by, limit });
    world.commit(changes).await
}

async fn used(world: &World, place: usize, meter: Meter, month: Option<Month>) -> u64 {
    let agency = world.places[place].agency_id;
    world.store().usage(&world.system, agency, meter, month).await.unwrap()
}

/// A meter counts up and down, starts at zero, and each agency, meter and month has its own.
pub(super) async fn each_meter_counts_by_itself(kit: Kit) {
    let world = kit.world().await;
    let month = Month::of(world.maker.base());
    let last = Month::of(world.maker.base() - chrono::TimeDelta::days(40));
    for meter in Meter::ALL {
        let month_of = |month| meter.is_monthly().then_some(month);
        assert_eq!(used(&world, 0, *meter, month_of(month)).await, 0);
        count(&world, *meter, month_of(month), 5, None).await.unwrap();
        count(&world, *meter, month_of(month), -2, None).await.unwrap();
        assert_eq!(used(&world, 0, *meter, month_of(month)).await, 3, "{meter}");
        assert_eq!(used(&world, 3, *meter, month_of(month)).await, 0, "{meter} of another agency");
        if meter.is_monthly() {
            assert_eq!(used(&world, 0, *meter, Some(last)).await, 0, "{meter} of another month");
        }
    }
    let large = 1_i64 << 50;
    count(&world, Meter::StorageBytes, None, large, None).await.unwrap();
    assert_eq!(used(&world, 0, Meter::StorageBytes, None).await, large.unsigned_abs() + 3);
}

/// A meter reaches its limit and does not pass it; the answer says what is used.
pub(super) async fn a_meter_stops_at_its_limit(kit: Kit) {
    let world = kit.world().await;
    count(&world, Meter::Clients, None, 4, Some(5)).await.unwrap();
    count(&world, Meter::Clients, None, 1, Some(5)).await.expect("the limit itself is allowed");
    for by in [1, 100] {
        match count(&world, Meter::Clients, None, by, Some(5)).await {
            Err(StoreError::MeterFull { meter: Meter::Clients, limit: 5, used: 5 }) => {}
            other => panic!("expected a full meter, not {other:?}"),
        }
    }
    assert_eq!(used(&world, 0, Meter::Clients, None).await, 5);
    count(&world, Meter::Clients, None, 1, Some(6)).await.expect("a larger plan");
    count(&world, Meter::Clients, None, 1, None).await.expect("no limit");
}

/// A change to less is never refused, also far above the limit, and stops at zero.
pub(super) async fn less_is_never_refused(kit: Kit) {
    let world = kit.world().await;
    count(&world, Meter::Members, None, 10, None).await.unwrap();
    count(&world, Meter::Members, None, -1, Some(2)).await.expect("less, above the limit");
    assert_eq!(used(&world, 0, Meter::Members, None).await, 9);
    count(&world, Meter::Members, None, -50, Some(2)).await.expect("more than there is");
    assert_eq!(used(&world, 0, Meter::Members, None).await, 0, "never below zero");
    count(&world, Meter::Members, None, 1, Some(1)).await.unwrap();
    assert_eq!(used(&world, 0, Meter::Members, None).await, 1);
}

/// Several changes of one meter in one commit follow one another.
pub(super) async fn changes_of_a_meter_add_up_in_a_commit(kit: Kit) {
    let world = kit.world().await;
    let agency_id = world.places[0].agency_id;
    let set = |steps: &[i64]| {
        let mut changes = ChangeSet::new();
        for by in steps {
            let meter = Meter::ApiKeys;
            changes.meter(MeterChange { agency_id, meter, month: None, by: *by, limit: Some(3) });
        }
        changes
    };
    world.commit(set(&[2, 2])).await.expect_err("past the limit together");
    assert_eq!(used(&world, 0, Meter::ApiKeys, None).await, 0);
    world.commit(set(&[2, -1, 2])).await.unwrap();
    assert_eq!(used(&world, 0, Meter::ApiKeys, None).await, 3);
}

/// Racing changes never pass the limit, and none is lost.
pub(super) async fn racing_meters_never_pass_their_limit(kit: Kit) {
    const LIMIT: u64 = 7;
    let world = kit.world().await;
    let agency_id = world.places[0].agency_id;
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let (store, system) = (world.shared(), world.system.clone());
            tokio::spawn(async move {
                let mut changes = ChangeSet::new();
                let meter = Meter::Accounts;
                let limit = Some(LIMIT);
                changes.meter(MeterChange { agency_id, meter, month: None, by: 1, limit });
                store.commit(&system, changes).await
            })
        })
        .collect();
    let mut counted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => counted += 1,
            Err(StoreError::MeterFull { .. }) => {}
            Err(error) => panic!("expected a full meter, not {error:?}"),
        }
    }
    assert_eq!(counted, LIMIT);
    assert_eq!(used(&world, 0, Meter::Accounts, None).await, LIMIT);
}
