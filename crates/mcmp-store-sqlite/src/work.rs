//! What the writer is asked to write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::access::Scope;
use mcmp_core::store::{ClaimRequest, Claimed, LeaseKey};
use mcmp_core::time::{Clock, to_millis};
use mcmp_store_sql::{Session, SqlError};

use crate::dialect::SqliteDialect;
use crate::writer::{Done, Work};

/// What every request needs to know of its store.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) dialect: SqliteDialect,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who gets the odd place of the next claim with an odd limit.
    odd_to_unknown: AtomicBool,
}

impl Ground {
    pub(crate) fn new(dialect: SqliteDialect, clock: Arc<dyn Clock>) -> Self {
        Self { dialect, clock, odd_to_unknown: AtomicBool::new(false) }
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        to_millis(self.clock.now())
    }
}

/// Jobs to claim.
pub(crate) struct ClaimWork {
    pub(crate) ground: Arc<Ground>,
    pub(crate) scope: Scope,
    pub(crate) request: ClaimRequest,
}

#[async_trait]
impl Work for ClaimWork {
    type Answer = Claimed;

    async fn run(&mut self, session: &mut dyn Session) -> Result<Done<Claimed>, SqlError> {
        let Ground { dialect, odd_to_unknown, .. } = &*self.ground;
        let is_odd = self.request.limit % 2 == 1;
        let odd_to_unknown = is_odd && odd_to_unknown.fetch_not(Ordering::Relaxed);
        let now = self.ground.now();
        let (scope, request) = (&self.scope, &self.request);
        let claimed =
            mcmp_store_sql::claim(session, dialect, scope, request, now, odd_to_unknown).await?;
        Ok(Done { answer: claimed, wakes: false })
    }
}

/// Leases to renew.
pub(crate) struct RenewWork {
    pub(crate) ground: Arc<Ground>,
    pub(crate) scope: Scope,
    pub(crate) leases: Vec<LeaseKey>,
    pub(crate) lease: TimeDelta,
}

#[async_trait]
impl Work for RenewWork {
    type Answer = Vec<LeaseKey>;

    async fn run(&mut self, session: &mut dyn Session) -> Result<Done<Vec<LeaseKey>>, SqlError> {
        let Self { ground, scope, leases, lease } = self;
        let now = ground.now();
        let held =
            mcmp_store_sql::renew(session, &ground.dialect, scope, leases, *lease, now).await?;
        Ok(Done { answer: held, wakes: false })
    }
}
