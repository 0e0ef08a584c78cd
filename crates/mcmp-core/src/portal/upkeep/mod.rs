//! What goes on by itself between what people do: telling endpoints and people, reading numbers,
//! letting requests run out, making recurring posts, renewing grants, clearing up.
//!
//! Each is a use case of the system: it checks, loads, decides with pure code and commits once.
//! There is no loop and no timer here. A call does a bounded piece, says whether there is more to
//! do now, and can be made from several places at once: where two meet, one of them does it.

mod accounts;
mod approvals;
mod backoff;
mod deliveries;
mod event_webhooks;
mod metrics;
mod metrics_schedule;
mod notifications;
mod retention;
mod series;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Portal, Session};
use crate::access::{Actor, Scope};
use crate::error::{Error, ErrorKind};
use crate::id::AgencyId;
use crate::store::{ChangeSet, Direction, Mutable, Query, Read, Record, Sort, Store, StoreError};
use crate::time::to_millis;

pub use metrics::MetricsPoll;
pub use metrics_schedule::{MetricsSchedule, PollStep};
pub use retention::{Retention, Sweep};
pub use series::SeriesRound;

/// What goes on by itself between what people do; see [`Portal::upkeep`].
#[derive(Debug, Clone)]
pub struct Upkeep {
    portal: Portal,
    scope: Scope,
}

/// What one call did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// How many things were brought further.
    pub done: usize,
    /// Whether there is more to do now: call again at once. If not, call again when something was
    /// committed ([`JobQueue::signal`](crate::store::JobQueue::signal)), and after a while anyway.
    pub more: bool,
}

impl Portal {
    /// What goes on by itself between what people do, for whoever drives it.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn upkeep(&self) -> Result<Upkeep, Error> {
        Ok(Upkeep { portal: self.clone(), scope: Actor::system("upkeep").own_scope()? })
    }
}

impl Upkeep {
    fn store(&self) -> &dyn Store {
        self.portal.store().as_ref()
    }

    /// The store's time, which decides what is due.
    async fn now(&self) -> Result<DateTime<Utc>, Error> {
        Ok(self.store().now().await?)
    }

    async fn session(&self, agency: AgencyId) -> Result<Session, Error> {
        self.portal.open_session(&Actor::system("upkeep"), agency).await
    }

    /// Holds on to things for a while, so that nobody else takes them up at the same time: `hold`
    /// moves the time that they are due. Answers those that nobody else changed first.
    async fn hold<E>(&self, due: Vec<E>, hold: impl Fn(&mut E)) -> Result<Vec<E>, Error>
    where
        E: Mutable + Into<Record>,
    {
        let mut held = due;
        let mut changes = Vec::with_capacity(held.len());
        for entity in &mut held {
            hold(entity);
            let mut change = ChangeSet::new();
            change.update(entity);
            changes.push(change);
        }
        let results = self.store().commit_all(&self.scope, changes).await;
        let mut ours = Vec::with_capacity(held.len());
        for (entity, result) in held.into_iter().zip(results) {
            match result {
                Ok(()) => ours.push(entity),
                Err(StoreError::Conflict { .. }) => {}
                // Those that were held before come back when their time is over.
                Err(error) if ours.is_empty() => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(ours)
    }
}

/// A page of what is due, oldest first, or soonest first where the kind is sorted by it.
async fn due<E>(
    upkeep: &Upkeep,
    filter: E::Filter,
    sort: Sort,
    limit: usize,
) -> Result<Vec<E>, Error>
where
    E: crate::store::Entity,
    dyn Store: Read<E>,
{
    let limit = limit.clamp(1, Query::<E>::MAX_LIMIT);
    let query = Query::<E>::new(filter).sorted(sort, Direction::Ascending).limit(limit);
    Ok(Read::<E>::list(upkeep.store(), &upkeep.scope, &query).await?.items)
}

/// What came of one thing among many: what somebody else did first, and what is no longer there or
/// no longer fits, is passed over; only a fault of the installation ends the call.
fn pass_over<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Internal => Err(error),
            _ => Ok(None),
        },
    }
}

/// The moment after `now`: what is due before it is due now.
fn due_by(now: DateTime<Utc>) -> DateTime<Utc> {
    later(now, TimeDelta::milliseconds(1))
}

/// `by` after `now`, in whole milliseconds; the end of time if that is later than anything.
fn later(now: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    to_millis(now.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC))
}

/// `by` before `now`.
fn earlier(now: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    now.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}
