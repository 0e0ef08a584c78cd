//! Stores for engines to run on, each empty and by the clock that is given.

use std::sync::{Arc, Mutex};

use mcmp_core::store::{MemoryStore, Store};
use mcmp_core::time::ManualClock;
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};
use mcmp_test_servers::postgres::Database;
use tempfile::TempDir;

pub(super) async fn in_memory(clock: &ManualClock) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(clock.clone())))
}

/// The places that stores of a test are in, gone with it.
#[derive(Debug)]
pub(super) struct Places<T>(Mutex<Vec<T>>);

impl<T> Places<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    fn keep(&self, place: T) {
        self.0.lock().unwrap().push(place);
    }
}

impl Places<TempDir> {
    pub(super) async fn sqlite(&self, clock: &ManualClock) -> Arc<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(folder.path().join("store.sqlite"));
        self.keep(folder);
        Arc::new(SqliteStore::open(config.clock(Arc::new(clock.clone()))).await.unwrap())
    }
}

impl Places<Database> {
    pub(super) async fn postgres(&self, clock: &ManualClock) -> Arc<dyn Store> {
        let database = Database::fresh().await.unwrap();
        let store = database.config().clock(Arc::new(clock.clone())).open().await.unwrap();
        self.keep(database);
        Arc::new(store)
    }
}
