//! The queue of publishing jobs.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::id::AccountId;
use mcmp_core::publishing::{AccountLane, PublishJob};
use mcmp_core::store::{ClaimRequest, Claimed, JobQueue, LeaseKey, StoreError};
use tokio::sync::watch;

use crate::error::sql_error;
use crate::session::PgSession;
use crate::store::PostgresStore;
use crate::tenant::Access;
use crate::transaction::{or_rolled_back, retried};

#[async_trait]
impl JobQueue for PostgresStore {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        if let Some(now) = self.known_time() {
            return Ok(now);
        }
        let now = retried!(|attempts| async {
            let mut connection = self.pool().acquire().await.map_err(sql_error)?;
            self.time(&mut PgSession::new(&mut connection)).await
        });
        Ok(now?)
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        let odd_to_unknown = self.odd_to_unknown();
        let (claimed, transaction) = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Write, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            let claimed = async {
                let now = self.fresh_time(session).await?;
                let dialect = self.dialect();
                mcmp_store_sql::claim(session, dialect, scope, request, now, odd_to_unknown).await
            };
            let claimed = claimed.await;
            or_rolled_back(transaction, claimed).await
        })?;
        // Lost now, the claim may stand: its jobs come back when their lease has passed.
        transaction.commit().await.map_err(sql_error)?;
        Ok(claimed)
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        let (held, transaction) = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Write, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            let held = async {
                let now = self.time(session).await?;
                mcmp_store_sql::renew(session, self.dialect(), scope, leases, lease, now).await
            };
            let held = held.await;
            or_rolled_back(transaction, held).await
        })?;
        transaction.commit().await.map_err(sql_error)?;
        Ok(held)
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        let jobs = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            let now = self.time(session).await?;
            mcmp_store_sql::expired(session, self.dialect(), scope, limit, now).await
        });
        Ok(jobs?)
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        let due = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            mcmp_store_sql::next_due(session, self.dialect(), scope).await
        });
        Ok(due?)
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        let lane = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            mcmp_store_sql::lane_of(session, self.dialect(), scope, account).await
        });
        Ok(lane?)
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.wakes().signal()
    }
}
