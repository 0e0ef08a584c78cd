//! What a worker does with the jobs it claims: one persisted step after another, each committed
//! with its post. There is no loop here, no timer and no sleep: who calls when is the scheduler's
//! affair, or a test's.
//!
//! ```text
//! claim -> late? approved? rules? -> prepare ... prepare -> intent -> go live -> outcome
//!                                                              \-> lost answer -> look up
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `turn`, `calls`, `tokens` | what is done with one claimed job, the calls that takes, and the tokens they take |
//! | `waits` | what a job waits for before its next call |
//! | `material` | what a step takes, and the last gate before anything is sent |
//! | `record`, `evidence`, `batch` | what is written of a step, and how it gets to the store |
//! | `holds` | what the worker holds, and until when |
//! | `look_ups` | what is taken while nothing may be sent |
//! | `supervisor`, `budget` | who watches over the calls, and how long they may take |

mod batch;
pub(super) mod budget;
mod calls;
mod evidence;
mod holds;
mod look_ups;
mod material;
mod record;
mod supervisor;
mod tokens;
mod turn;
mod waits;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Portal, Session};
use crate::access::{Actor, Scope};
use crate::error::Error;
use crate::id::Id;
use crate::publishing::{JobStep, PublishJob, Publisher, Refusal, WorkerId};
use crate::store::{ClaimRequest, Claimed, LeaseKey};
use batch::Commits;
pub(super) use evidence::settle_attempt;
use holds::{Holds, Renewing, key_of};
use record::Recorder;
pub use supervisor::{Admission, CallReport, PublisherCall, Supervisor};
use turn::Turn;

/// A worker: claims jobs and carries them out, step by step. Clones are the same worker: what one
/// of them claims, the others renew and carry out.
#[derive(Debug, Clone)]
pub struct Worker {
    portal: Portal,
    scope: Scope,
    id: WorkerId,
    lease: TimeDelta,
    ahead: TimeDelta,
    holds: Arc<Holds>,
    commits: Arc<Commits>,
    supervisor: Option<Arc<dyn Supervisor>>,
}

/// How long a claim lasts unless said otherwise; see [`Worker::lease`].
pub const DEFAULT_LEASE: TimeDelta = TimeDelta::seconds(10);

/// Nothing is begun under a lease that ends this soon.
const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(2);

/// What became of a claimed job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CarriedOut {
    /// The job as it is then; if it was lost, as whoever has it left it.
    pub job: PublishJob,
    /// Whether it is no longer this worker's: somebody else has it, or had it.
    pub lost: bool,
    /// Why a step was refused, if one was; then nothing was sent by that step.
    pub refusal: Option<Refusal>,
    /// How many calls its publisher was asked for.
    pub calls: u32,
    /// When the first call was made other than to look for what was sent, by the store's clock.
    pub started_at: Option<DateTime<Utc>>,
}

impl Portal {
    /// A worker, with a name that nobody else has.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn worker(&self) -> Result<Worker, Error> {
        let id = WorkerId(self.new_id::<crate::id::JobId>()?.uuid().simple().to_string());
        Ok(Worker {
            portal: self.clone(),
            scope: self.own_scope()?,
            id,
            lease: DEFAULT_LEASE,
            ahead: TimeDelta::zero(),
            holds: Arc::default(),
            commits: Arc::default(),
            supervisor: None,
        })
    }
}

impl Worker {
    /// With claims that last so long. Nothing is begun in the last two seconds of a claim, unless
    /// it can be renewed then.
    #[must_use]
    pub fn lease(mut self, lease: TimeDelta) -> Self {
        self.lease = lease;
        self
    }

    /// Claims scheduled jobs so long before their time. Carried out at once, everything is read and
    /// checked by then, and their first call is made when their time comes; that takes a Tokio
    /// runtime with its timer, and without Tokio they are given back. Zero unless said otherwise.
    #[must_use]
    pub fn ahead(mut self, ahead: TimeDelta) -> Self {
        self.ahead = ahead;
        self
    }

    /// With somebody who lets calls through and is told what they came to.
    #[must_use]
    pub fn supervised(mut self, by: Arc<dyn Supervisor>) -> Self {
        self.supervisor = Some(by);
        self
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &WorkerId {
        &self.id
    }

    /// How many jobs it holds: those that were claimed and neither carried out nor released.
    #[must_use]
    pub fn holding(&self) -> usize {
        self.holds.len()
    }

    /// Takes up to `limit` jobs whose time has come, or comes within [`ahead`](Self::ahead). Each must
    /// be [carried out](Self::carry_out) or [released](Self::release): until then it is renewed with
    /// the others.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn claim(&self, limit: usize) -> Result<Claimed, Error> {
        self.claim_within(self.ahead, limit).await
    }

    async fn claim_within(&self, ahead: TimeDelta, limit: usize) -> Result<Claimed, Error> {
        let request = ClaimRequest { worker: self.id.clone(), limit, lease: self.lease, ahead };
        let claimed = self.portal.store().claim(&self.scope, &request).await?;
        claimed.jobs.iter().for_each(|job| self.holds.note(job));
        Ok(claimed)
    }

    /// Holds on to everything that the worker and its clones hold, for another lease from now, and
    /// says how many jobs turned out to be lost. Of a job that is lost no further step is begun.
    ///
    /// # Errors
    /// The store can't be reached or fails; then everything is held as long as it was.
    pub async fn renew(&self) -> Result<usize, Error> {
        self.renew_these(&self.holds.to_renew()).await
    }

    async fn renew_these(&self, asked: &[Renewing]) -> Result<usize, Error> {
        if asked.is_empty() {
            return Ok(0);
        }
        let keys: Vec<LeaseKey> = asked.iter().map(|one| one.key).collect();
        let store = self.portal.store();
        // Read first: the lease that the store gives begins no earlier.
        let until = store.now().await? + self.lease;
        let mut held = store.renew(&self.scope, &keys, self.lease).await?;
        held.sort_unstable();
        let is_lost = |one: &&Renewing| {
            let until = held.binary_search(&one.key).is_ok().then_some(until);
            self.holds.renewed(**one, until)
        };
        Ok(asked.iter().filter(is_lost).count())
    }

    /// Claims and carries out jobs until none is due, and says how many steps were taken: the
    /// whole of publishing for a test or a small program.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let mut taken = 0;
        loop {
            self.rescue(100).await?;
            let claimed = self.claim_within(TimeDelta::zero(), 100).await?;
            if claimed.jobs.is_empty() {
                return Ok(taken);
            }
            // Those that are not come to, because of an error, are not renewed any longer.
            let _working: Vec<_> = claimed.jobs.iter().map(|job| self.holds.work_on(job)).collect();
            for job in claimed.jobs {
                self.carry_out(job).await?;
                self.renew_what_waits().await?;
                taken += 1;
            }
        }
    }

    /// Renews once half of a lease has passed.
    async fn renew_what_waits(&self) -> Result<(), Error> {
        if let Some(end) = self.holds.first_end() {
            let left = end - self.portal.store().now().await?;
            if left < self.lease / 2 {
                self.renew().await?;
            }
        }
        Ok(())
    }

    /// Takes back jobs whose worker is gone.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn rescue(&self, limit: usize) -> Result<usize, Error> {
        let expired = self.portal.store().expired(&self.scope, limit).await?;
        let mut taken = 0;
        for job in expired {
            let quiet = self.quiet(&job);
            let session = self.session(&job).await?;
            // Another rescuer, or the worker itself, may be first: then there is nothing to do.
            match Recorder::new(self, session).step(&job, &JobStep::ExpireLease { quiet }).await {
                Ok(_rescued) => taken += 1,
                Err(Error::Conflict { .. } | Error::JobRefused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Carries a claimed job as far as it goes now: to its end, to a later time, or to a person.
    ///
    /// If the answer is dropped before it is there, even before anybody waited for it, nobody works
    /// on the job any longer; it is no longer renewed, and is found again by its lease.
    ///
    /// A call of a publisher that does not answer at once is given up when its time is over; that
    /// takes a Tokio runtime with its timer.
    ///
    /// # Errors
    /// The store can't be reached or fails, or the [`Supervisor`] does. What was begun is found
    /// again by its lease.
    pub fn carry_out(
        &self,
        job: PublishJob,
    ) -> impl Future<Output = Result<CarriedOut, Error>> + Send + use<> {
        // Noted at once: a task that is never run must not leave a job behind that is renewed.
        let (worker, working) = (self.clone(), self.holds.work_on(&job));
        async move {
            let _working = working;
            let session = worker.session(&job).await?;
            Turn::new(&worker, session, job.fence).carry_out(job).await
        }
    }

    /// Gives back a claimed job that nobody began to carry out, as at shutdown: it can be claimed
    /// again at once. One that is lost already is left alone.
    ///
    /// # Errors
    /// The store can't be reached or fails; then the job comes back by its lease.
    pub async fn release(&self, job: PublishJob) -> Result<(), Error> {
        let _working = self.holds.work_on(&job);
        let mut turn = Turn::new(self, self.session(&job).await?, job.fence);
        let step = JobStep::Release { fence: job.fence };
        match turn.record.step(&job, &step).await {
            Ok(_) | Err(Error::JobRefused(_) | Error::NotFound { .. }) => Ok(()),
            // Changed since it was claimed: once more, as it is now.
            Err(Error::Conflict { .. }) => turn.give_back_as_it_is(job).await.map(drop),
            Err(error) => Err(error),
        }
    }

    /// Whether the job is this worker's, under that claim.
    fn holds(&self, job: &PublishJob, fence: u64) -> bool {
        job.fence == fence && job.lease.as_ref().is_some_and(|lease| lease.worker == self.id)
    }

    async fn session(&self, job: &PublishJob) -> Result<Session, Error> {
        self.portal.open_session(&Actor::system("worker"), job.agency_id).await
    }

    fn publisher(&self, job: &PublishJob) -> Option<&dyn Publisher> {
        self.portal.publishers().get(&job.platform).map(AsRef::as_ref)
    }

    fn quiet(&self, job: &PublishJob) -> TimeDelta {
        self.publisher(job).map_or(crate::publishing::DEFAULT_QUIET, |p| p.capabilities().quiet)
    }

    /// Random, 0 to 1,000: spreads retries.
    fn jitter(&self) -> Result<u16, Error> {
        self.portal.jitter()
    }
}
