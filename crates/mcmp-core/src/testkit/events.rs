//! The outbox: every event once, in the order of the commits, to whom it concerns.

use std::collections::BTreeSet;

use super::harness::Kit;
use super::samples::Stored;
use super::world::World;
use crate::campaign::Campaign;
use crate::event::Event;
use crate::store::{ChangeSet, Entity, EventPosition, Version};

async fn after(world: &World, position: EventPosition) -> Vec<(EventPosition, Event)> {
    world.store().events_after(&world.system, position, 10_000).await.unwrap()
}

async fn end(world: &World) -> EventPosition {
    after(world, EventPosition::START).await.last().map_or(EventPosition::START, |last| last.0)
}

/// An event is there with its change: as an entity, at version 1, and in the outbox.
pub(super) async fn an_event_is_kept_with_its_change(kit: Kit) {
    let world = kit.world().await;
    let start = end(&world).await;
    let (mut campaign, mut event): (Campaign, Event) = (world.make(0, 1), world.make(0, 1));
    let mut changes = ChangeSet::new();
    changes.insert(&mut campaign);
    changes.event(event.clone());
    world.commit(changes).await.unwrap();
    event.version = Version(1);
    assert_eq!(world.stored::<Event>(event.id).await.as_ref(), Some(&event));
    let found: Vec<_> = after(&world, start).await.into_iter().map(|(_, event)| event).collect();
    assert_eq!(found, [event]);
}

/// Events come in the order of their commits and, within one, in the order they were added,
/// whatever their ids and times; positions only grow.
pub(super) async fn events_come_in_commit_order(kit: Kit) {
    let world = kit.world().await;
    let start = end(&world).await;
    let mut made: Vec<Event> =
        (0..12).zip((0..5).cycle()).map(|(seq, place)| world.make(place, seq)).collect();
    made.reverse();
    for events in made.chunks(3) {
        let mut changes = ChangeSet::new();
        events.iter().for_each(|event| changes.event(event.clone()));
        world.commit(changes).await.unwrap();
    }
    let found = after(&world, start).await;
    let order: Vec<_> = found.iter().map(|(_, event)| event.id).collect();
    assert_eq!(order, made.iter().map(|event| event.id).collect::<Vec<_>>());
    assert!(found.is_sorted_by(|a, b| a.0 < b.0), "positions grow");
    assert!(found.iter().all(|(position, _)| *position > start), "and lie behind the start");
}

/// Reading on from any position gives all the rest; a limit gives the first of it, and zero nothing.
pub(super) async fn reading_goes_on_from_any_position(kit: Kit) {
    let mut world = kit.world().await;
    world.populate::<Event>(3).await;
    let all = after(&world, EventPosition::START).await;
    assert_eq!(all.len(), world.all::<Event>().len());
    for (i, (position, _)) in all.iter().enumerate() {
        let rest = after(&world, *position).await;
        assert_eq!(rest, all[i + 1..]);
        for limit in [0, 1, 4] {
            let some = world.store().events_after(&world.system, *position, limit).await.unwrap();
            assert_eq!(some, all[i + 1..all.len().min(i + 1 + limit)]);
        }
    }
    let beyond = EventPosition(u64::MAX >> 1);
    assert_eq!(after(&world, beyond).await, []);
}

/// Everybody gets exactly the events that the scope sees, at the same positions, and a limit counts
/// those alone.
pub(super) async fn events_reach_whom_they_concern(kit: Kit) {
    let mut world = kit.world().await;
    world.populate::<Event>(4).await;
    let all = after(&world, EventPosition::START).await;
    for reader in &world.readers {
        let mut expected = all.clone();
        expected.retain(|(_, event)| reader.scope.sees(event.tenancy()));
        let store = world.store();
        let found = store.events_after(&reader.scope, EventPosition::START, 1_000).await.unwrap();
        assert_eq!(found, expected, "{}", reader.name);
        expected.truncate(2);
        let found = store.events_after(&reader.scope, EventPosition::START, 2).await.unwrap();
        assert_eq!(found, expected, "the first two of {}", reader.name);
    }
}

/// A reader that goes on from the last position it was given misses no event and gets none twice,
/// however commits race.
pub(super) async fn racing_commits_hide_no_event(kit: Kit) {
    const WRITERS: usize = 8;
    const COMMITS: usize = 25;
    let world = kit.world().await;
    let mut position = end(&world).await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, system) = (world.shared(), world.system.clone());
        let sets: Vec<Vec<Event>> = (0..COMMITS)
            .map(|i| (0..=i % 3).map(|_| world.make(writer % 5, i as u64)).collect())
            .collect();
        writers.push(tokio::spawn(async move {
            for events in &sets {
                let mut changes = ChangeSet::new();
                events.iter().for_each(|event| changes.event(event.clone()));
                store.commit(&system, changes).await.unwrap();
            }
            sets.concat().iter().map(|event| event.id).collect::<Vec<_>>()
        }));
    }
    let mut found = Vec::new();
    loop {
        let done = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = world.store().events_after(&world.system, position, 7).await.unwrap();
        if let Some((last, _)) = page.last() {
            assert!(*last > position, "positions grow");
            position = *last;
        } else if done {
            break;
        }
        found.extend(page.into_iter().map(|(_, event)| event.id));
        tokio::task::yield_now().await;
    }
    let unique: BTreeSet<_> = found.iter().copied().collect();
    assert_eq!(unique.len(), found.len(), "no event comes twice");
    for writer in writers {
        let written = writer.await.unwrap();
        let mut own = found.clone();
        own.retain(|id| written.contains(id));
        assert_eq!(own, written, "every event of a writer, in its order");
    }
}

/// What waits for a signal can always be told of the next commit: the receiver lives as long as the
/// store.
pub(super) async fn the_signal_stays_open(kit: Kit) {
    let world = kit.world().await;
    let signal = world.store().signal();
    let mut event: Event = world.make(0, 1);
    let mut changes = ChangeSet::new();
    event.put(&mut changes);
    world.commit(changes).await.unwrap();
    assert!(signal.has_changed().is_ok(), "the sender is there");
}
