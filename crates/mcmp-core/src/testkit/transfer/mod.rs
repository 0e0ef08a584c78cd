//! Whether what is moved from one store to another and back is what it was.
//!
//! ```
//! # use std::sync::Arc;
//! # use mcmp_core::store::MemoryStore;
//! # use mcmp_core::testkit::{Skip, TestStore, transfer};
//! # use mcmp_core::time::ManualClock;
//! async fn memory() -> Result<TestStore, Skip> {
//!     let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
//!     let store = MemoryStore::new(Arc::new(clock.clone()));
//!     Ok(TestStore::new(Arc::new(store), clock))
//! }
//!
//! # async fn own() -> Result<TestStore, Skip> { memory().await }
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! // With a store of your own in the second place, and then in the first:
//! transfer::round_trip(memory, own).await?;
//! # Ok::<(), Skip>(()) }).unwrap();
//! ```

mod filled;
mod picture;
mod stopping;

use std::future::Future;
use std::io::Cursor;
use std::sync::Arc;

use super::harness::{Skip, TestStore};
use super::samples::Place;
use super::world::World;
use crate::access::{Actor, Scope, Tenancy};
use crate::agency::Meter;
use crate::id::{ClientId, Id};
use crate::store::{EventPosition, Store};
use crate::transfer::{Imported, Selection, TransferError, export, import, verify};
use filled::{filled, paused};
use picture::{assert_same, picture};
use stopping::Stopping;

fn system() -> Scope {
    Actor::system("kit").own_scope().unwrap()
}

async fn exported(store: &dyn Store, selection: Selection) -> Vec<u8> {
    let mut file = Vec::new();
    let written = export(store, &system(), selection, &mut file).await.expect("an export");
    let read = verify(&mut file.as_slice()).await.expect("a file that can be read");
    assert_eq!(written, read);
    assert_eq!(read.manifest.selection, selection);
    file
}

async fn imported(store: &dyn Store, file: &[u8]) -> Result<Imported, TransferError> {
    import(store, &system(), &mut Cursor::new(file)).await
}

/// Moves a store full of samples of every kind through another store and back, and one client of
/// it, and asks whether all is the same each time: entities with their versions, the order of
/// events and how far their readers came, lanes, meters. Imports are repeated, and stopped in the
/// middle. `from` and `through` make fresh, empty stores.
///
/// # Errors
/// There is no store to test here.
///
/// # Panics
/// Something was lost, changed or made up.
pub async fn round_trip<F, A, T, B>(from: F, through: T) -> Result<(), Skip>
where
    F: Fn() -> A,
    A: Future<Output = Result<TestStore, Skip>>,
    T: Fn() -> B,
    B: Future<Output = Result<TestStore, Skip>>,
{
    let world = filled(from().await?).await;
    everything(&world, &through().await?, &from().await?).await;
    stopped_in_the_middle(&world, &through().await?).await;
    for place in [1, 3] {
        one_client(&world, &world.places[place], &through().await?, &from().await?).await;
    }
    Ok(())
}

async fn everything(world: &World, through: &TestStore, back: &TestStore) {
    let all = Selection::Everything;
    let before = picture(world.store(), all).await;
    let file = exported(world.store(), all).await;
    assert_same(&picture(world.store(), all).await, &before, "an export changes nothing");

    let there = through.store.as_ref();
    let first = imported(there, &file).await.expect("an import");
    assert_eq!(first.already_there, 0);
    assert_eq!(first.written, first.summary.counts, "every line is written");
    assert_same(&picture(there, all).await, &before, "everything, moved");
    let again = imported(there, &file).await.expect("the same once more");
    assert!(again.written.is_empty(), "{:?}", again.written);
    assert_same(&picture(there, all).await, &before, "everything, moved twice");

    let file = exported(there, all).await;
    imported(back.store.as_ref(), &file).await.expect("an import");
    assert_same(&picture(back.store.as_ref(), all).await, &before, "everything, moved back");
}

async fn stopped_in_the_middle(world: &World, through: &TestStore) {
    let all = Selection::Everything;
    let file = exported(world.store(), all).await;
    let there = through.store.as_ref();
    let mut stops = 0;
    for commits in (1..).step_by(3) {
        let stopping = Stopping::new(Arc::clone(&through.store), commits);
        match imported(&stopping, &file).await {
            Ok(_) => break,
            Err(error) => assert!(error.is_temporary(), "{error:?}"),
        }
        stops += 1;
    }
    assert!(stops > 3, "stopped {stops} times");
    let (found, expected) = (picture(there, all).await, picture(world.store(), all).await);
    assert_same(&found, &expected, "everything, in pieces");
}

async fn one_client(world: &World, place: &Place, through: &TestStore, back: &TestStore) {
    let (agency, client) = (place.agency_id, place.client_id);
    let one = Selection::Client(client);
    paused(world, client).await;
    let before = picture(world.store(), one).await;
    let file = exported(world.store(), one).await;
    nothing_of_others(world, client, std::str::from_utf8(&file).unwrap()).await;

    let there = through.store.as_ref();
    let first = imported(there, &file).await.expect("an import");
    assert_eq!(first.written, first.summary.counts, "every line is written");
    assert_same(&picture(there, one).await, &before, "a client, moved");
    let used = there.usage(&system(), agency, Meter::Clients, None).await.unwrap();
    assert_eq!(used, u64::from(before.counts_client), "the client counts");
    let everything_there = picture(there, Selection::Everything).await;
    let again = imported(there, &file).await.expect("the same once more");
    assert!(again.written.is_empty(), "{:?}", again.written);
    let twice = picture(there, Selection::Everything).await;
    assert_same(&twice, &everything_there, "a client, moved twice");

    let file = exported(there, one).await;
    let back = back.store.as_ref();
    imported(back, &file).await.expect("an import");
    let found = picture(back, Selection::Everything).await;
    assert_same(&found, &everything_there, "a client, moved back");
}

/// Fails if something of another client is in a client's file.
async fn nothing_of_others(world: &World, own: ClientId, file: &str) {
    for record in &world.kept {
        if let Tenancy::Client(_, client) | Tenancy::Log(_, Some(client)) = record.tenancy()
            && client != own
        {
            let id = record.id().to_string();
            assert!(!file.contains(&id), "{} {id} of another client", record.kind());
        }
    }
    let events = world.store().events_after(&world.system, EventPosition::START, 10_000).await;
    for (_, event) in events.unwrap().iter().filter(|(_, event)| event.client_id != Some(own)) {
        assert!(!file.contains(&event.id.uuid().to_string()), "an event of others");
    }
}
