//! What is done with one claimed job, from its claim until it is let go.

use chrono::{DateTime, Utc};

use super::record::Recorder;
use super::{CarriedOut, LEASE_MARGIN, Worker, key_of};
use crate::error::Error;
use crate::portal::Session;
use crate::publishing::{JobState, JobStep, PublishJob, Refusal};
use crate::store::{EntityKind, StoreExt};

/// What is done with one claimed job, from its claim until it is let go.
#[derive(Debug)]
pub(super) struct Turn<'w> {
    pub(super) worker: &'w Worker,
    pub(super) record: Recorder<'w>,
    pub(super) fence: u64,
    pub(super) calls: u32,
    /// When the first call was made to prepare or repeat something.
    pub(super) started_at: Option<DateTime<Utc>>,
    /// New tokens are asked for once per claim.
    pub(super) has_refreshed: bool,
    refusal: Option<Refusal>,
}

impl<'w> Turn<'w> {
    pub(super) fn new(worker: &'w Worker, session: Session, fence: u64) -> Self {
        let record = Recorder::new(worker, session);
        Self {
            worker,
            record,
            fence,
            calls: 0,
            started_at: None,
            has_refreshed: false,
            refusal: None,
        }
    }

    pub(super) async fn carry_out(mut self, mut job: PublishJob) -> Result<CarriedOut, Error> {
        loop {
            if !matches!(job.state, JobState::Running | JobState::Unknown) {
                return Ok(self.end(job, false));
            }
            if !self.keep_lease(&mut job).await? {
                self.refusal = Some(Refusal::LeaseExpired);
                return self.give_back_as_it_is(job).await;
            }
            let next = match job.state {
                JobState::Running => self.prepare(&job).await,
                _ => self.look_up(&job).await,
            };
            job = match next {
                Ok(next) => next,
                // A cancel, an edit or a rescue came in between: look again.
                Err(Error::Conflict {
                    kind: EntityKind::PublishJob | EntityKind::Post, ..
                }) => match self.as_it_is(&job).await? {
                    Some(now) if self.holds(&now) => now,
                    now => return Ok(self.end(now.unwrap_or(job), true)),
                },
                // The fence said no: whatever the reason, nothing was sent, and the job goes back.
                Err(Error::JobRefused(refused)) => {
                    self.refusal = Some(refused.reason);
                    return self.give_back_as_it_is(job).await;
                }
                // Its post was deleted, which takes a job that sent nothing: nobody waits for it.
                Err(Error::NotFound { .. }) if self.as_it_is(&job).await?.is_none() => {
                    return Ok(self.end(job, true));
                }
                Err(error) => return Err(error),
            };
            if !self.holds(&job) || job.state == JobState::Committing {
                return Ok(self.end(job, false));
            }
        }
    }

    fn end(&self, job: PublishJob, lost: bool) -> CarriedOut {
        CarriedOut {
            job,
            lost,
            refusal: self.refusal,
            calls: self.calls,
            started_at: self.started_at,
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.record.session
    }

    /// Brings the job's lease up to date, and says whether something can be begun under it. One
    /// that ends soon is renewed at once, if that is possible.
    pub(super) async fn keep_lease(&self, job: &mut PublishJob) -> Result<bool, Error> {
        let key = key_of(job);
        let now = self.now().await?;
        let lasts = |until: DateTime<Utc>| until - now > LEASE_MARGIN;
        let holds = &self.worker.holds;
        if !holds.until(key).is_some_and(lasts)
            && let Some(one) = holds.to_renew_one(key)
        {
            self.worker.renew_these(&[one]).await?;
        }
        let until = holds.until(key);
        if let (Some(until), Some(lease)) = (until, &mut job.lease) {
            lease.until = until;
        }
        Ok(until.is_some_and(|until| until > now))
    }

    /// Gives a job back that nothing more is done with, unless somebody else has it.
    pub(super) async fn give_back_as_it_is(
        &mut self,
        job: PublishJob,
    ) -> Result<CarriedOut, Error> {
        let mut job = job;
        loop {
            job = match self.as_it_is(&job).await? {
                Some(now) if self.holds(&now) => now,
                now => return Ok(self.end(now.unwrap_or(job), true)),
            };
            match self.record.step(&job, &JobStep::Release { fence: self.fence }).await {
                Ok(released) => return Ok(self.end(released, false)),
                Err(Error::Conflict { .. }) => {}
                // What is in flight comes to its end by itself.
                Err(Error::JobRefused(_)) => return Ok(self.end(job, false)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The job as it is now; `None` if it was deleted.
    async fn as_it_is(&self, job: &PublishJob) -> Result<Option<PublishJob>, Error> {
        Ok(self.session().store().find(self.session().scope(), job.id).await?)
    }

    /// Whether the job is still this worker's, under the same claim.
    pub(super) fn holds(&self, job: &PublishJob) -> bool {
        self.worker.holds(job, self.fence)
    }

    pub(super) async fn now(&self) -> Result<DateTime<Utc>, Error> {
        Ok(self.session().store().now().await?)
    }
}
