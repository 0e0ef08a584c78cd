//! Over PostgreSQL, with shared tables and with a schema for each client.

use std::sync::Arc;

use mcmp_core::store::Store;
use mcmp_core::testkit::Skip;
use mcmp_scheduler::TokioClock;
use mcmp_simulation::{
    a_worker_is_stopped_before_its_call, all_hold, of_range, runs, tells_the_same,
};
use mcmp_store_postgres::PostgresConfig;
use mcmp_test_servers::{postgres::Database, skipped};
use sqlx::ConnectOptions;
use tokio::runtime::Handle;

use crate::outside::{made_by, runtime};

#[derive(Debug, Clone, Copy)]
enum Layout {
    SharedTables,
    SchemaPerClient,
}

impl Layout {
    async fn database(self) -> Result<Database, Skip> {
        match self {
            Self::SharedTables => Database::fresh().await,
            Self::SchemaPerClient => Database::per_client().await,
        }
    }

    fn config(self, database: &Database) -> PostgresConfig {
        // The runs read all that is logged, and statements would be most of it.
        let config = PostgresConfig::options(database.options().disable_statement_logging());
        let config = config.max_connections(2).without_notifications();
        match self {
            Self::SharedTables => config,
            Self::SchemaPerClient => config.schema_per_client(),
        }
    }
}

/// Makes the store of a run in a database of its own.
fn store_in(
    runtime: &Handle,
    layout: Layout,
    database: &Database,
) -> impl FnOnce(TokioClock) -> Arc<dyn Store> {
    let config = layout.config(database);
    made_by(runtime, async |clock| config.clock(Arc::new(clock)).open().await.unwrap())
}

/// Runs one of `share` seeds that are run over memory; a run takes ten seconds.
fn is_as_over_memory(test: &str, layout: Layout, share: u64) {
    let runtime = runtime();
    let database = || runtime.block_on(layout.database());
    if let Err(skip) = database() {
        return skipped(test, &skip);
    }
    let sum = all_hold(of_range(0, runs().div_ceil(share)), |seed| {
        let database = database().unwrap();
        tells_the_same(seed, store_in(runtime.handle(), layout, &database))
    });
    eprintln!("{sum:?}");
    sum.something_happened();
}

#[test]
fn over_shared_tables_a_seed_tells_the_same_story_as_over_memory() {
    let test = "over_shared_tables_a_seed_tells_the_same_story_as_over_memory";
    is_as_over_memory(test, Layout::SharedTables, 50);
}

#[test]
fn over_a_schema_for_each_client_a_seed_tells_the_same_story_as_over_memory() {
    let test = "over_a_schema_for_each_client_a_seed_tells_the_same_story_as_over_memory";
    is_as_over_memory(test, Layout::SchemaPerClient, 100);
}

#[test]
fn over_postgres_a_worker_that_was_stopped_before_its_call_does_not_make_it() {
    let (runtime, layout) = (runtime(), Layout::SharedTables);
    match runtime.block_on(layout.database()) {
        Ok(database) => {
            a_worker_is_stopped_before_its_call(store_in(runtime.handle(), layout, &database));
        }
        Err(skip) => skipped("over_postgres_a_worker_that_was_stopped_before_its_call", &skip),
    }
}
