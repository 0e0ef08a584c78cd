//! Where tests keep their files.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use mcmp_core::access::{Actor, Scope};
use mcmp_core::event::Event;
use mcmp_core::store::ChangeSet;
use mcmp_core::testkit::{Maker, Place, Sample, Stored};
use mcmp_core::time::ManualClock;
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};
use tempfile::TempDir;

/// A folder of its own for each test, gone with it.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn config(&self) -> SqliteConfig {
        SqliteConfig::new(self.file("store.sqlite"))
    }

    pub(crate) async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.config()).await.unwrap()
    }
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::new("2026-11-02T09:00:00.123Z".parse().unwrap())
}

pub(crate) fn system() -> Scope {
    Actor::system("test").own_scope().unwrap()
}

/// Makes entities of one client, with its agency in the store.
#[derive(Debug)]
pub(crate) struct Seeded {
    pub(crate) maker: Maker,
    pub(crate) place: Place,
}

impl Seeded {
    /// An agency with two clients.
    pub(crate) async fn new(store: &dyn mcmp_core::store::Store) -> Self {
        Self::at(store, store.now().await.unwrap()).await
    }

    /// The same, as of a time of its own: of one time all ids are the same.
    pub(crate) async fn at(store: &dyn mcmp_core::store::Store, base: DateTime<Utc>) -> Self {
        let maker = Maker::new(base);
        let place = Place::new(&maker, maker.id(), maker.id(), maker.id());
        let seeded = Self { maker, place };
        let mut changes = ChangeSet::new();
        let mut agency: mcmp_core::agency::Agency = seeded.make(0);
        agency.set_id(seeded.place.agency_id);
        agency.put(&mut changes);
        let mut client: mcmp_core::client::Client = seeded.make(0);
        client.set_id(seeded.place.client_id);
        client.put(&mut changes);
        store.commit(&system(), changes).await.unwrap();
        seeded
    }

    pub(crate) fn make<E: Sample>(&self, seq: u64) -> E {
        E::sample(&self.maker, &self.place, seq)
    }

    /// A change set with an entity and an event; the entity as it is then.
    pub(crate) fn change<E: Sample>(&self, mut entity: E) -> (ChangeSet, E, Event) {
        let mut changes = ChangeSet::new();
        entity.put(&mut changes);
        let mut event: Event = self.make(1);
        event.put(&mut changes);
        (changes, entity, event)
    }
}

pub(crate) fn manual(clock: &ManualClock) -> Arc<dyn mcmp_core::time::Clock> {
    Arc::new(clock.clone())
}
