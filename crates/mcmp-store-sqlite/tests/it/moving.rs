//! What moves into the store and out of it again is what it was.

use std::sync::Arc;

use mcmp_core::store::MemoryStore;
use mcmp_core::testkit::{Skip, TestStore, transfer::round_trip};
use mcmp_core::time::ManualClock;

use super::conformance::fresh;

async fn memory() -> Result<TestStore, Skip> {
    let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
    let store = MemoryStore::new(Arc::new(clock.clone()));
    Ok(TestStore::new(Arc::new(store), clock))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_memory_and_back() {
    round_trip(memory, fresh).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn to_memory_and_back() {
    round_trip(fresh, memory).await.unwrap();
}
