//! The conformance kit, on both layouts.

use std::sync::Arc;

use mcmp_core::testkit::{Skip, TestStore};
use mcmp_core::time::ManualClock;
use mcmp_store_postgres::PostgresConfig;

use mcmp_test_servers::postgres::Database;

async fn opened(database: Database, config: PostgresConfig) -> TestStore {
    let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
    let store = config.clock(Arc::new(clock.clone())).open().await.unwrap();
    TestStore::new(Arc::new(store), clock).keeping(database)
}

pub(crate) mod shared_tables {
    use super::{Database, Skip, TestStore, opened};

    pub(crate) async fn fresh() -> Result<TestStore, Skip> {
        let database = Database::fresh().await?;
        let config = database.config();
        Ok(opened(database, config).await)
    }

    mcmp_core::store_conformance!(fresh);
}

pub(crate) mod schema_per_client {
    use super::{Database, Skip, TestStore, opened};

    pub(crate) async fn fresh() -> Result<TestStore, Skip> {
        let database = Database::per_client().await?;
        let config = database.config().schema_per_client();
        Ok(opened(database, config).await)
    }

    mcmp_core::store_conformance!(fresh);
}
