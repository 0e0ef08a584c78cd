//! Writing: in a transaction of the store's own, or in the host's.

use std::sync::Arc;

use async_trait::async_trait;
use mcmp_core::access::Scope;
use mcmp_core::agency::Meter;
use mcmp_core::id::AgencyId;
use mcmp_core::store::{ChangeSet, Commit, StoreError};
use mcmp_core::time::Month;
use mcmp_store_sql::{Committed, SqlError};
use sqlx::{AssertSqlSafe, Connection, Postgres, Transaction};

use crate::error::sql_error;
use crate::outbox;
use crate::session::PgSession;
use crate::store::PostgresStore;
use crate::tenant::{Access, TenantSettings};
use crate::transaction::{or_rolled_back, retried};

#[async_trait]
impl Commit for PostgresStore {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let announced = announcement(self, std::slice::from_ref(&changes));
        let (committed, transaction) = retried!(|attempts| async {
            let begun = attempts.begin(self, scope, Access::Write, &announced).await;
            let mut transaction = begun?;
            let session = &mut PgSession::new(&mut transaction);
            let changes = changes.clone();
            let committed = mcmp_store_sql::commit(session, self.dialect(), scope, changes).await;
            or_rolled_back(transaction, committed).await
        })?;
        // If the connection is lost now, nobody knows whether it is committed: not tried again.
        transaction.commit().await.map_err(sql_error)?;
        if committed.wakes() {
            self.wakes().up();
        }
        Ok(())
    }

    async fn commit_all(
        &self,
        scope: &Scope,
        changes: Vec<ChangeSet>,
    ) -> Vec<Result<(), StoreError>> {
        if changes.len() > 1 {
            match self.commit_together(scope, &changes).await {
                Ok(Some(committed)) => {
                    if committed.wakes() {
                        self.wakes().up();
                    }
                    return changes.iter().map(|_| Ok(())).collect();
                }
                Ok(None) => {}
                Err(away) => return changes.iter().map(|_| Err(unavailable(&away))).collect(),
            }
        }
        let mut results = Vec::with_capacity(changes.len());
        let mut changes = changes.into_iter();
        for one in changes.by_ref() {
            results.push(self.commit(scope, one).await);
            if let Some(Err(StoreError::Unavailable { .. })) = results.last() {
                break;
            }
        }
        // Each would wait for the database as long again.
        let away: Arc<Away> = Arc::new(NotTried);
        results.extend(changes.map(|_| Err(unavailable(&away))));
        results
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        let used = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            mcmp_store_sql::usage(session, self.dialect(), scope, agency, meter, month).await
        });
        Ok(used?)
    }
}

/// Why the database is not available, told to several.
type Away = dyn std::error::Error + Send + Sync;

#[derive(Debug, thiserror::Error)]
#[error("the database was not available just before")]
struct NotTried;

fn unavailable(away: &Arc<Away>) -> StoreError {
    StoreError::Unavailable { source: Box::new(Arc::clone(away)) }
}

impl PostgresStore {
    /// Commits change sets in one transaction and few statements; `None` if one of them is refused
    /// or in the way of another: then nothing is written, and each is to be committed by itself.
    async fn commit_together(
        &self,
        scope: &Scope,
        changes: &[ChangeSet],
    ) -> Result<Option<Committed>, Arc<Away>> {
        let announced = announcement(self, changes);
        let written = retried!(|attempts| async {
            let begun = attempts.begin(self, scope, Access::Write, &announced).await;
            let mut transaction = begun?;
            let session = &mut PgSession::new(&mut transaction);
            let (dialect, changes) = (self.dialect(), changes.to_vec());
            let committed = mcmp_store_sql::commit_together(session, dialect, scope, changes).await;
            let (committed, transaction) = or_rolled_back(transaction, committed).await?;
            match committed {
                Some(committed) => Ok::<_, SqlError>(Some((committed, transaction))),
                None => {
                    transaction.rollback().await.map_err(sql_error)?;
                    Ok(None)
                }
            }
        });
        match written {
            Ok(Some((committed, transaction))) => match transaction.commit().await {
                Ok(()) => Ok(Some(committed)),
                // Nobody knows whether they are committed: none is tried again.
                Err(error) => Err(Arc::new(error)),
            },
            Err(SqlError::Unavailable(away)) => Err(Arc::from(away)),
            Ok(None) | Err(_) => Ok(None),
        }
    }
}

/// What a transaction says first that is going to write these changes.
fn announcement(store: &PostgresStore, changes: &[ChangeSet]) -> String {
    if changes.iter().all(|one| one.events().is_empty()) {
        String::new()
    } else {
        format!("; {}", outbox::announce(store.schema()))
    }
}

/// The settings of row-level security, as they are.
const SETTINGS_NOW: &str = "SELECT coalesce(current_setting('mcmp.reach', true), ''), \
     coalesce(current_setting('mcmp.agency', true), ''), \
     coalesce(current_setting('mcmp.clients', true), ''), \
     coalesce(current_setting('mcmp.person', true), '')";

/// Sets them until the transaction ends.
const SET: &str = "SELECT set_config('mcmp.reach', $1, true), \
     set_config('mcmp.agency', $2, true), set_config('mcmp.clients', $3, true), \
     set_config('mcmp.person', $4, true)";

impl PostgresStore {
    /// Writes all of a change set within a transaction of the host's, or nothing: the host's own
    /// writes and these are committed together, or neither. The transaction must be one of this
    /// store's database.
    ///
    /// # Behavior
    /// - An error leaves the transaction as it was before this call, to go on or to roll back. Only
    ///   what ends a transaction ends this one too: a lost connection or a deadlock.
    /// - Nothing is tried again, as only the host knows what else its transaction did.
    /// - Rows that are written stay locked until the host's transaction ends: lanes of accounts,
    ///   meters, the entities. Keep it short. Events that others commit after this call reach
    ///   [readers](mcmp_core::store::Outbox) only when it has ended, as these come first.
    /// - Call [`wake`](Self::wake) after the host's commit, or workers find new jobs with their next
    ///   poll.
    ///
    /// # Errors
    /// As [`Commit::commit`]; where that would try again, [`StoreError::Unavailable`].
    ///
    /// # Example
    /// ```no_run
    /// # use mcmp_core::{access::Scope, store::{ChangeSet, StoreError}};
    /// # use mcmp_store_postgres::PostgresStore;
    /// # async fn order(
    /// #     store: &PostgresStore, scope: &Scope, changes: ChangeSet,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut transaction = store.pool().begin().await?;
    /// sqlx::query("INSERT INTO shop.order (number) VALUES ($1)")
    ///     .bind(4711_i64)
    ///     .execute(&mut *transaction)
    ///     .await?;
    /// store.commit_in(&mut transaction, scope, changes).await?;
    /// transaction.commit().await?;
    /// store.wake();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn commit_in(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        scope: &Scope,
        changes: ChangeSet,
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self.commit_within(transaction, scope, changes).await?)
    }

    async fn commit_within(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        scope: &Scope,
        changes: ChangeSet,
    ) -> Result<(), SqlError> {
        let mut savepoint = transaction.begin().await.map_err(sql_error)?;
        let written = self.write_within(&mut savepoint, scope, changes).await;
        // Rolled back, the settings are what they were, too.
        let ((), savepoint) = or_rolled_back(savepoint, written).await?;
        savepoint.commit().await.map_err(sql_error)
    }

    async fn write_within(
        &self,
        savepoint: &mut Transaction<'_, Postgres>,
        scope: &Scope,
        changes: ChangeSet,
    ) -> Result<(), SqlError> {
        let before: (String, String, String, String) =
            sqlx::query_as(SETTINGS_NOW).fetch_one(&mut **savepoint).await.map_err(sql_error)?;
        let TenantSettings { reach, agency, clients, person } = TenantSettings::of(scope);
        set(savepoint, [reach, &agency, &clients, &person]).await?;
        if !changes.events().is_empty() {
            let announce = AssertSqlSafe(outbox::announce(self.schema()));
            sqlx::query(announce).execute(&mut **savepoint).await.map_err(sql_error)?;
        }
        let session = &mut PgSession::new(savepoint);
        // Whoever waits is woken by the host: only it knows when this is committed.
        let _ = mcmp_store_sql::commit(session, self.dialect(), scope, changes).await?;
        let (reach, agency, clients, person) = &before;
        set(savepoint, [reach, agency, clients, person]).await
    }

    /// Wakes workers and readers of events, in this process and in others, after a transaction with
    /// [`commit_in`](Self::commit_in) was committed.
    pub fn wake(&self) {
        self.wakes().up();
    }
}

async fn set(
    transaction: &mut Transaction<'_, Postgres>,
    settings: [&str; 4],
) -> Result<(), SqlError> {
    let mut query = sqlx::query(SET);
    for setting in settings {
        query = query.bind(setting.to_owned());
    }
    query.execute(&mut **transaction).await.map_err(sql_error)?;
    Ok(())
}
