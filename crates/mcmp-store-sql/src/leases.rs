//! Holds on jobs: renewed while their worker lives, and found once they have passed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::id::{AccountId, Id};
use mcmp_core::publishing::{JobState, PublishJob};
use mcmp_core::store::{EntityKind, LeaseKey};
use uuid::Uuid;

use crate::lanes::{Lanes, Owners};
use crate::queue::{check_system, end_of, fetch, limit, millis, select, write};
use crate::row::as_id;
use crate::statement::Statement;
use crate::write::Expects;
use crate::{Dialect, Row, Session, SqlError, ValueType};

/// [`JobQueue::renew`](mcmp_core::store::JobQueue::renew) on a transaction, at the store's time
/// `now`.
///
/// # Errors
/// Out of scope; or the database's.
pub async fn renew(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    leases: &[LeaseKey],
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<LeaseKey>, SqlError> {
    check_system(scope)?;
    let asked: BTreeSet<LeaseKey> = leases.iter().copied().collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = asked.iter().map(|key| key.job_id.uuid()).collect();
    lock_lanes_of(session, dialect, ids.clone()).await?;
    let mut statement = select(dialect, "state IN ('running', 'committing', 'unknown')");
    statement.among(dialect, "id", ids);
    let at = statement.bind(millis(now));
    statement.push(&format!(" AND lease_until > {at} ORDER BY id"));
    statement.push(dialect.for_update());
    let until = end_of(lease, now);
    let mut held = fetch(session, &statement).await?;
    held.retain(|job| asked.contains(&LeaseKey { job_id: job.id, fence: job.fence }));
    for job in &mut held {
        if let Some(lease) = &mut job.lease {
            lease.until = until;
        }
        if job.state == JobState::Unknown {
            job.due_at = until.max(job.due_at);
        }
    }
    write(session, dialect, scope, &held, Expects::Same).await?;
    Ok(held.iter().map(|job| LeaseKey { job_id: job.id, fence: job.fence }).collect())
}

/// Locks the lanes of jobs before the jobs, as every commit does: who took jobs first could wait for
/// one that waits in turn.
async fn lock_lanes_of(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    jobs: Vec<Uuid>,
) -> Result<(), SqlError> {
    if dialect.for_update().is_empty() {
        return Ok(());
    }
    let table = dialect.table(EntityKind::PublishJob.as_str());
    let mut statement = Statement::new(format!("SELECT account_id FROM {table} WHERE 1 = 1"));
    statement.among(dialect, "id", jobs);
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Id]).await?;
    let id = |row: Row| Ok(AccountId::from_uuid(as_id(row.into_iter().next())?));
    let accounts = rows.into_iter().map(id).collect::<Result<BTreeSet<_>, SqlError>>()?;
    Lanes::lock(session, dialect, &accounts, &Owners::new()).await?;
    Ok(())
}

/// [`JobQueue::expired`](mcmp_core::store::JobQueue::expired), at the store's time `now`.
///
/// # Errors
/// Out of scope; or the database's.
pub async fn expired(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    most: usize,
    now: DateTime<Utc>,
) -> Result<Vec<PublishJob>, SqlError> {
    check_system(scope)?;
    let mut statement = select(dialect, "state IN ('running', 'committing')");
    let now = statement.bind(millis(now));
    let most = statement.bind(limit(most));
    statement.push(&format!(
        " AND (lease_until IS NULL OR lease_until <= {now}) \
         ORDER BY coalesce(lease_until, 0), id LIMIT {most}",
    ));
    fetch(session, &statement).await
}
