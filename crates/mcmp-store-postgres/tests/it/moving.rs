//! What moves into the store and out of it again is what it was.

use std::sync::Arc;

use mcmp_core::store::MemoryStore;
use mcmp_core::testkit::{Skip, TestStore, transfer::round_trip};
use mcmp_core::time::ManualClock;
use mcmp_test_servers::skipped;

use crate::conformance::{schema_per_client, shared_tables};

async fn memory() -> Result<TestStore, Skip> {
    let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
    let store = MemoryStore::new(Arc::new(clock.clone()));
    Ok(TestStore::new(Arc::new(store), clock))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_memory_and_back() {
    if let Err(skip) = round_trip(memory, shared_tables::fresh).await {
        skipped("from_memory_and_back", &skip);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_memory_and_back() {
    if let Err(skip) = round_trip(shared_tables::fresh, memory).await {
        skipped("to_memory_and_back", &skip);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_shared_tables_into_a_schema_for_each_client() {
    if let Err(skip) = round_trip(shared_tables::fresh, schema_per_client::fresh).await {
        skipped("from_shared_tables_into_a_schema_for_each_client", &skip);
    }
}
