//! A store with something of everything in it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::agency::Meter;
use crate::client::{Client, ClientStatus};
use crate::duty::{Duty, DutyName};
use crate::id::{AttemptId, ClientId};
use crate::portal::PAUSES_DUTY;
use crate::publishing::{Intent, JobState, LaneAction, Lease, PauseReason, WorkerId};
use crate::store::{
    ChangeSet, Entity, EventPosition, MeterChange, ReadUpTo, StoreError, for_each_entity,
};
use crate::testkit::harness::TestStore;
use crate::testkit::queue::{account, change_lane, new_job};
use crate::testkit::samples::Sample;
use crate::testkit::vary::Vary;
use crate::testkit::world::World;
use crate::time::Month;

/// A world with several of every kind, some of them changed, jobs in every state, lanes and meters
/// with something to lose, an outbox that does not begin at the start and readers of it; paused.
pub(super) async fn filled(test: TestStore) -> World {
    let mut world = World::new(test).await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {$(
            world.populate::<$type>(3).await;
            amend::<$type>(&world).await;
        )+};
    }
    for_each_entity!(populate);
    lanes_and_jobs(&mut world).await;
    meters(&world).await;
    readers(&world).await;
    duty(&world, PAUSES_DUTY, json!({ "everything": true, "platforms": ["x"] })).await;
    world
}

/// Pauses a client as the portal does.
pub(super) async fn paused(world: &World, id: ClientId) {
    let mut client: Client = world.stored(id).await.unwrap();
    if client.status == ClientStatus::Active {
        client.status = ClientStatus::Paused;
        let mut changes = ChangeSet::new();
        changes.update(&mut client);
        world.commit(changes).await.unwrap();
    }
}

async fn amend<E: Sample>(world: &World) {
    for (seed, mut entity) in (0..).zip(world.all::<E>()).filter(|(seed, _)| seed % 3 == 0) {
        for round in 0..2 {
            let mut changes = ChangeSet::new();
            let before = entity.clone();
            if !entity.amend(&mut changes, &mut Vary::new(seed * 2 + round)) {
                return;
            }
            match world.commit(changes).await {
                Ok(()) => {}
                // Another sample has that name.
                Err(StoreError::NotUnique { .. }) => entity = before,
                Err(error) => panic!("{} {error:?}", E::KIND),
            }
        }
    }
}

async fn lanes_and_jobs(world: &mut World) {
    let long_ago: DateTime<Utc> = "2020-02-29T12:00:00.001Z".parse().unwrap();
    let now = world.now().await;
    for place in 0..world.places.len() {
        let account = account(world, place).await;
        let mut changes = ChangeSet::new();
        for (minutes, state) in [
            (-90, JobState::Scheduled),
            (60, JobState::Scheduled),
            (-30, JobState::Unknown),
            (-20, JobState::Running),
            (-10, JobState::Committing),
        ] {
            let mut job = new_job(world, place, account, now + TimeDelta::minutes(minutes));
            job.state = state;
            if state.is_in_flight() {
                // Its worker died.
                let worker = WorkerId("dead".to_owned());
                job.lease = Some(Lease { worker, until: long_ago, claimed_rev: 3 });
                job.fence = 8;
            }
            if state == JobState::Committing {
                let attempt_id: AttemptId = world.maker.id();
                let (at, deadline) = (long_ago, long_ago);
                job.intent =
                    Some(Intent { at, deadline, attempt_id, accepted: false, repeats: false });
            }
            changes.insert(&mut job);
            world.kept.push(job.into());
        }
        world.commit(changes).await.unwrap();
        for action in [
            LaneAction::Pause(PauseReason::Client),
            LaneAction::Pause(PauseReason::Reconnect),
            LaneAction::SetMaxInFlight(3),
            LaneAction::SetMinGap(90_000),
            LaneAction::BlockUntil(now + TimeDelta::hours(place as i64)),
        ] {
            change_lane(world, place, account, action).await;
        }
        let idle = self::account(world, place).await;
        change_lane(world, place, idle, LaneAction::Pause(PauseReason::Account)).await;
        change_lane(world, place, idle, LaneAction::Resume(PauseReason::Account)).await;
    }
}

async fn meters(world: &World) {
    let month = Some(Month::of(world.now().await));
    for (place, meter, month, by) in [
        (0, Meter::Clients, None, 3),
        (0, Meter::PostsPerMonth, month, 12),
        (3, Meter::StorageBytes, None, 5_000_000_000),
        (3, Meter::AiCallsPerMonth, month, 1),
    ] {
        let agency_id = world.places[place].agency_id;
        let mut changes = ChangeSet::new();
        changes.meter(MeterChange { agency_id, meter, month, by, limit: None });
        world.commit(changes).await.unwrap();
    }
}

async fn readers(world: &World) {
    let events = async || {
        let start = EventPosition::START;
        world.store().events_after(&world.system, start, 10_000).await.unwrap()
    };
    // The oldest are gone, as old data goes.
    let mut changes = ChangeSet::new();
    for (_, event) in events().await.into_iter().take(2) {
        changes.delete(event);
    }
    world.commit(changes).await.unwrap();
    let left = events().await;
    assert!(left.len() > 9, "some are left");
    let readers = [
        ("readers/new", EventPosition::START),
        ("readers/first", left[0].0),
        ("readers/fifth", left[4].0),
        ("readers/last", left[left.len() - 1].0),
    ];
    for (name, position) in readers {
        duty(world, name, serde_json::to_value(ReadUpTo { position }).unwrap()).await;
    }
}

async fn duty(world: &World, name: &str, progress: serde_json::Value) {
    let mut duty = Duty::new(DutyName::new("name", name).unwrap());
    let mut changes = ChangeSet::new();
    changes.insert(&mut duty);
    duty.progress = progress;
    changes.update(&mut duty);
    world.commit(changes).await.unwrap();
    assert_eq!(duty.version().0, 2);
}
