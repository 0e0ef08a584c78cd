//! Transactions of a store: begun with the tenant's settings, and tried again where that is safe.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use mcmp_core::access::Scope;
use mcmp_store_sql::SqlError;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use crate::error::sql_error;
use crate::store::PostgresStore;
use crate::tenant::{Access, TenantSettings};

/// How often something is tried that another transaction or a lost connection stood in the way of:
/// over about three seconds, in which a server that restarts is back.
const MOST_RETRIES: usize = 8;

/// Tries of one transaction. Nothing of it was committed, so it can be tried again as a whole.
#[derive(Debug)]
pub(crate) struct Attempts {
    delays: ExponentialBackoff,
    /// Whether the last try lost its connection: others of the pool may be gone as well.
    lost: bool,
}

impl Attempts {
    pub(crate) fn new() -> Self {
        let delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(5))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(MOST_RETRIES)
            .with_factor(2.5)
            .with_jitter()
            .build();
        Self { delays, lost: false }
    }

    /// Waits until the next try; gives the error back if there is none.
    pub(crate) async fn after(&mut self, error: SqlError) -> Result<(), SqlError> {
        self.lost = match &error {
            SqlError::Contended(_) => false,
            SqlError::Unavailable(_) => true,
            _ => return Err(error),
        };
        let Some(delay) = self.delays.next() else { return Err(error) };
        tracing::debug!(%error, ?delay, "a transaction is tried again");
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Begins a transaction for a scope; `more` are statements that stand at its beginning.
    pub(crate) async fn begin(
        &self,
        store: &PostgresStore,
        scope: &Scope,
        access: Access,
        more: &str,
    ) -> Result<Transaction<'static, Postgres>, SqlError> {
        if self.lost {
            discard_broken(store.pool()).await;
        }
        let mut sql = TenantSettings::of(scope).begin(access);
        if store.has_client_schemas() {
            // A plan for any client is a plan for all of them.
            sql.push_str("; SET LOCAL plan_cache_mode = force_custom_plan");
        }
        sql.push_str(more);
        store.pool().begin_with(AssertSqlSafe(sql)).await.map_err(sql_error)
    }
}

/// What was done within a transaction, with the transaction to commit. After an error the transaction
/// is rolled back before anything else happens: dropped, it would be some time later, and others would
/// still meet its locks.
pub(crate) async fn or_rolled_back<T>(
    transaction: Transaction<'_, Postgres>,
    done: Result<T, SqlError>,
) -> Result<(T, Transaction<'_, Postgres>), SqlError> {
    match done {
        Ok(done) => Ok((done, transaction)),
        Err(error) => {
            // If that fails the connection is lost, and the server rolls back by itself.
            let _lost = transaction.rollback().await;
            Err(error)
        }
    }
}

/// Takes connections that are broken out of the pool. After a restart of the server all that lay
/// idle are, and each would cost a try.
async fn discard_broken(pool: &PgPool) {
    use sqlx::Connection;
    while let Some(mut connection) = pool.try_acquire() {
        if connection.ping().await.is_ok() {
            return;
        }
        // Not back into the pool.
        drop(connection.detach());
    }
}

/// Tries a transaction until it succeeds, or fails in a way that another try would not mend.
macro_rules! retried {
    (|$attempts:ident| $attempt:expr) => {{
        let mut $attempts = $crate::transaction::Attempts::new();
        loop {
            match $attempt.await {
                Ok(done) => break Ok(done),
                Err(error) => {
                    if let Err(error) = $attempts.after(error).await {
                        break Err(error);
                    }
                }
            }
        }
    }};
}
pub(crate) use retried;
