//! The store keeps every rule of the conformance kit.

use std::sync::Arc;

use mcmp_core::testkit::{Skip, TestStore};
use mcmp_store_sqlite::SqliteStore;

use super::place::{Folder, clock, manual};

pub(crate) async fn fresh() -> Result<TestStore, Skip> {
    let (folder, clock) = (Folder::new(), clock());
    let config = folder.config().clock(manual(&clock));
    let store = SqliteStore::open(config).await.unwrap();
    Ok(TestStore::new(Arc::new(store), clock).keeping(folder))
}

mcmp_core::store_conformance!(fresh);
