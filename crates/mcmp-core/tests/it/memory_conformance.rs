//! The memory store keeps every rule of the conformance kit.

use std::sync::Arc;

use mcmp_core::store::MemoryStore;
use mcmp_core::testkit::{Skip, TestStore};
use mcmp_core::time::ManualClock;

async fn fresh() -> Result<TestStore, Skip> {
    let clock = ManualClock::new("2026-11-02T09:00:00.123Z".parse().unwrap());
    let store = MemoryStore::new(Arc::new(clock.clone()));
    Ok(TestStore::new(Arc::new(store), clock))
}

mcmp_core::store_conformance!(fresh);
