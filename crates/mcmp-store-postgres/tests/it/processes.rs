//! Processes that are killed while they write.

use std::future::Future;
use std::sync::Arc;

use mcmp_core::testkit::{Skip, TestStore, survive_kills};
use mcmp_core::time::ManualClock;
use mcmp_store_postgres::PostgresConfig;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use mcmp_test_servers::postgres::{Database, connect};

const KILLS: u32 = 12;

#[test]
fn what_was_acknowledged_survives_kills() {
    let test = "processes::what_was_acknowledged_survives_kills";
    survive(test, Database::fresh(), |config| config);
}

#[test]
fn what_was_acknowledged_survives_kills_in_client_schemas() {
    let test = "processes::what_was_acknowledged_survives_kills_in_client_schemas";
    survive(test, Database::per_client(), PostgresConfig::schema_per_client);
}

fn survive(
    test: &str,
    fresh: impl Future<Output = Result<Database, Skip>>,
    layout: fn(PostgresConfig) -> PostgresConfig,
) {
    let mut kept = None;
    let place = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = kept.insert(runtime.block_on(fresh)?);
        Ok(database.options().to_url_lossy().to_string())
    };
    survive_kills(test, KILLS, place, |url| async move {
        until_alone(&url).await;
        let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
        let config = layout(PostgresConfig::url(url)).clock(Arc::new(clock.clone()));
        TestStore::new(Arc::new(config.open().await.unwrap()), clock)
    });
}

/// Waits until the sessions of a killed process have ended: what the server was told before it may
/// still be carried out, and a look in between would see the one half of it before and the other
/// after.
async fn until_alone(url: &str) {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut session = connect(&options).await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
               AND usename = current_user AND pid <> pg_backend_pid()";
    loop {
        let others: i64 = sqlx::query_scalar(sql).fetch_one(&mut session).await.unwrap();
        if others == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}
