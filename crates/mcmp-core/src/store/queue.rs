//! The queue of publishing jobs: what a worker asks of the store beyond reading and committing.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::error::StoreError;
use crate::access::Scope;
use crate::id::{AccountId, JobId};
use crate::publishing::{AccountLane, PublishJob, WorkerId};

/// What a worker asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Who asks.
    pub worker: WorkerId,
    /// Most jobs to take.
    pub limit: usize,
    /// For how long; renewed with [`JobQueue::renew`].
    pub lease: TimeDelta,
    /// How long before their time scheduled jobs may be taken, so that all is ready for them when it
    /// comes; zero, or less, for those alone that are due.
    pub ahead: TimeDelta,
}

/// Jobs that a worker now holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The jobs, with their new fence and lease.
    pub jobs: Vec<PublishJob>,
    /// The store's time as they were taken.
    pub at: DateTime<Utc>,
    /// When there is more to take, as [`JobQueue::next_due`] says right after the claim.
    pub next_due: Option<DateTime<Utc>>,
}

/// Names a hold on a job: a later claim has a larger fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseKey {
    /// Which job.
    pub job_id: JobId,
    /// The fence that it was claimed with.
    pub fence: u64,
}

/// What a worker asks of the store beyond reading and committing. Claims, leases and what is due
/// take the system's scope; any other is [`StoreError::OutOfScope`], with the nil id.
///
/// A claimed job is an aggregate like any other: the worker decides its next state with
/// [`publishing::advance`](crate::publishing::advance) and commits it, in one change set with
/// the post, the attempt and the events. Whatever happened to the job in between (a cancel, an
/// edit, a rescue) changed its version, so the commit is a conflict and the worker looks again.
///
/// The store's own clock decides what is due and what has expired.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// The store's time, in whole milliseconds.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn now(&self) -> Result<DateTime<Utc>, StoreError>;

    /// Takes jobs whose time has come, or comes soon.
    ///
    /// # Behavior
    /// - From every ready lane one job: of its scheduled ones that are due, the earliest by
    ///   `(planned_at, priority, id)`, so that an account's posts keep their order when an earlier
    ///   one had to wait. Lanes that have been ready longest come first. As long as there are places
    ///   left, a store may go round again over the lanes that are still ready.
    /// - Where more lanes are ready than there are places, each client gets one of its lanes started
    ///   before any gets its second; a store looks at the 1,000 lanes at least that have been ready
    ///   longest.
    /// - Lanes that will be ready within [`ahead`](ClaimRequest::ahead) come after those that are.
    ///   From such a lane the job is taken whose turn it will be then, with `due_at` no earlier than
    ///   when the lane is ready: nothing is to be called for it before.
    /// - Never more jobs of one account in flight than its lane allows, whoever claims.
    /// - A job taken is `running`, with `fence + 1`, a lease and `version + 1`.
    /// - Jobs that are `unknown` and due now are taken too, without a place in their lane: they keep
    ///   their state, and get `fence + 1`, a lease, `version + 1`, and `due_at` at the lease's end.
    /// - Neither lanes nor unknown jobs starve the others: where more waits than `limit`, both get
    ///   a share.
    /// - No job is taken by two.
    ///
    /// # Errors
    /// Out of scope; or the store can't be reached or fails.
    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError>;

    /// Holds on to jobs for another `lease` from now, and says which of them are still held. Their
    /// version stays; the `due_at` of an unknown one moves along with its lease.
    ///
    /// A job is held as long as it is in flight or unknown, its fence is the key's, and its lease
    /// has not passed: one that has is lost, whether or not anybody has taken the job since.
    ///
    /// # Errors
    /// Out of scope; or the store can't be reached or fails.
    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError>;

    /// Up to `limit` jobs in flight whose lease has passed (`until` is now or earlier) or that have
    /// none; whoever asks commits what follows. Unknown jobs come back by [`claim`](Self::claim).
    ///
    /// # Errors
    /// Out of scope; or the store can't be reached or fails.
    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError>;

    /// When the next claim can find something; `None` if nothing waits.
    ///
    /// # Errors
    /// Out of scope; or the store can't be reached or fails.
    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// An account's lane, if the scope sees the account's client and it ever had a job or a change.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError>;

    /// Changes whenever something was committed that a worker or an outbox reader may wait for.
    /// It only shortens waiting: a signal may be missed, so polling goes on.
    fn signal(&self) -> watch::Receiver<u64>;
}
