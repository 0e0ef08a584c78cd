//! Commits in a host's own transaction.

use mcmp_core::access::Scope;
use mcmp_core::store::{ChangeSet, StoreError};
use sqlx::sqlite::SqliteTransaction;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::watch;

use crate::error::sql_error;
use crate::session::SqliteSession;
use crate::store::SqliteStore;

/// Wakes whoever waits for what was written in a host's transaction: call
/// [`wake`](Self::wake) once that is committed. Polling finds it too, only later.
#[derive(Debug)]
#[must_use = "whoever waits is to be woken once the host's transaction is committed"]
pub struct Waker {
    signal: Option<watch::Sender<u64>>,
}

impl Waker {
    /// Wakes engines and readers of events in this process.
    pub fn wake(self) {
        if let Some(signal) = self.signal {
            signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

impl SqliteStore {
    /// Commits a change set in a transaction of the host's, on this store's file: the host's writes
    /// and these are kept together, or not at all. What is refused leaves the transaction as it was
    /// before, to go on with or to roll back.
    ///
    /// Begin it with `begin_with("BEGIN IMMEDIATE")`: one that starts with a read and writes later
    /// fails at once if somebody has written in between. While it is open, this store's own writes
    /// wait; keep it short, and never await one of them within it.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     pool: sqlx::SqlitePool,
    /// #     store: mcmp_store_sqlite::SqliteStore,
    /// #     scope: mcmp_core::access::Scope,
    /// #     changes: mcmp_core::store::ChangeSet,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    /// sqlx::query("UPDATE shop_order SET announced = 1").execute(&mut *transaction).await?;
    /// let waker = store.commit_in(&mut transaction, &scope, changes).await?;
    /// transaction.commit().await?;
    /// waker.wake();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Commit::commit`](mcmp_core::store::Commit::commit). With
    /// [`StoreError::Unavailable`] the transaction may be gone: roll it back.
    pub async fn commit_in(
        &self,
        transaction: &mut SqliteTransaction<'_>,
        scope: &Scope,
        changes: ChangeSet,
    ) -> Result<Waker, StoreError> {
        let prefix = &self.shared.config.prefix;
        let failed = |error| StoreError::from(sql_error(error, prefix));
        let connection: &mut SqliteConnection = &mut *transaction;
        let mut savepoint = connection.begin().await.map_err(failed)?;
        let dialect = &self.shared.ground.dialect;
        let session = &mut SqliteSession::new(&mut savepoint, prefix);
        match mcmp_store_sql::commit(session, dialect, scope, changes).await {
            Ok(committed) => {
                savepoint.commit().await.map_err(failed)?;
                let signal = committed.wakes().then(|| self.shared.signal.clone());
                Ok(Waker { signal })
            }
            Err(error) => {
                savepoint.rollback().await.map_err(failed)?;
                Err(error.into())
            }
        }
    }
}
