//! What a worker does with the jobs it claims: one persisted step after another, each committed
//! with its post. There is no loop here, no timer and no sleep: who calls when is the scheduler's
//! affair, or a test's.
//!
//! ```text
//! claim -> late? approved? rules? -> prepare ... prepare -> intent -> go live -> outcome
//!                                                              \-> lost answer -> look up
//! ```

mod material;
mod record;

use chrono::TimeDelta;

use super::{Portal, Session};
use crate::access::{Actor, Scope};
use crate::error::Error;
use crate::id::Id;
use crate::publishing::{
    Attempt, ErrorClass, HoldReason, JobState, JobStep, LookUp, Outcome, Progress, PublishError,
    PublishJob, Publisher, WentLive, WorkerId,
};
use crate::store::{ClaimRequest, Claimed, EntityKind, StoreExt, Version};
use material::{Gate, Material};
use record::Recorder;

/// A worker: claims jobs and carries them out, step by step.
#[derive(Debug, Clone)]
pub struct Worker {
    portal: Portal,
    scope: Scope,
    id: WorkerId,
    lease: TimeDelta,
}

/// How long a claim lasts unless said otherwise; see [`Worker::lease`].
pub const DEFAULT_LEASE: TimeDelta = TimeDelta::seconds(10);

impl Portal {
    /// A worker, with a name that nobody else has.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn worker(&self) -> Result<Worker, Error> {
        let id = WorkerId(self.new_id::<crate::id::JobId>()?.uuid().simple().to_string());
        Ok(Worker { portal: self.clone(), scope: self.own_scope()?, id, lease: DEFAULT_LEASE })
    }
}

impl Worker {
    /// With claims that last so long.
    #[must_use]
    pub fn lease(mut self, lease: TimeDelta) -> Self {
        self.lease = lease;
        self
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &WorkerId {
        &self.id
    }

    /// Takes up to `limit` jobs whose time has come.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn claim(&self, limit: usize) -> Result<Claimed, Error> {
        let request = ClaimRequest { worker: self.id.clone(), limit, lease: self.lease };
        Ok(self.portal.store().claim(&self.scope, &request).await?)
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
            let claimed = self.claim(100).await?;
            if claimed.jobs.is_empty() {
                return Ok(taken);
            }
            for job in claimed.jobs {
                self.carry_out(job).await?;
                taken += 1;
            }
        }
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
            match Recorder::new(&session).step(&job, &JobStep::ExpireLease { quiet }).await {
                Ok(_rescued) => taken += 1,
                Err(Error::Conflict { .. } | Error::JobRefused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Carries a claimed job as far as it goes now: to its end, to a later time, or to a person.
    /// Answers the job as it is then; if it was lost to somebody else, as that one left it.
    ///
    /// # Errors
    /// The store can't be reached or fails. What was begun is found again by its lease.
    pub async fn carry_out(&self, job: PublishJob) -> Result<PublishJob, Error> {
        let session = self.session(&job).await?;
        let mut job = job;
        loop {
            let fence = job.fence;
            let next = match job.state {
                JobState::Running => self.prepare(&session, &job).await,
                JobState::Unknown => self.look_up(&session, &job).await,
                _ => return Ok(job),
            };
            job = match next {
                Ok(next) => next,
                // A cancel, an edit or a rescue came in between: look again.
                Err(Error::Conflict {
                    kind: EntityKind::PublishJob | EntityKind::Post, ..
                }) => match self.reload(&session, &job).await? {
                    Some(now) => now,
                    None => return Ok(job),
                },
                Err(Error::JobRefused(_)) => match self.reload(&session, &job).await? {
                    Some(now) if self.holds(&now, fence) => self.give_back(&session, &now).await?,
                    Some(now) => return Ok(now),
                    None => return Ok(job),
                },
                // Its post was deleted, which takes a job that sent nothing: nobody waits for it.
                Err(Error::NotFound { .. }) if self.reload(&session, &job).await?.is_none() => {
                    return Ok(job);
                }
                Err(error) => return Err(error),
            };
            if !self.holds(&job, fence) || job.state == JobState::Committing {
                return Ok(job);
            }
        }
    }

    /// One step before the visible call, and that call if everything is ready.
    async fn prepare(&self, session: &Session, job: &PublishJob) -> Result<PublishJob, Error> {
        let record = Recorder::new(session);
        let fence = job.fence;
        let judged = record.step(job, &JobStep::JudgeLateness { fence }).await?;
        if judged.state != JobState::Running {
            return Ok(judged);
        }
        let material = match Material::load(session, &judged).await? {
            Gate::Open(material) => material,
            Gate::Hold { reason, error } => {
                return record.step(&judged, &JobStep::HoldIt { fence, reason, error }).await;
            }
            Gate::Fail { error } => {
                return record.step(&judged, &JobStep::Fail { fence, error }).await;
            }
        };
        let Some(part) = judged.current_part() else {
            return record.step(&judged, &JobStep::Release { fence }).await;
        };
        let now = self.portal.store().now().await?;
        match material.publisher.prepare(&material.context(session, &judged, part, now)).await {
            Ok(Progress::Continue { checkpoint, resume_in }) => {
                record.step(&judged, &JobStep::Checkpoint { fence, checkpoint, resume_in }).await
            }
            Ok(Progress::Live(remote)) => {
                record.step(&judged, &JobStep::Published { fence, remote }).await
            }
            Ok(Progress::Ready { checkpoint }) => {
                let mut ready = judged;
                if checkpoint.is_some() {
                    ready.checkpoint = checkpoint;
                }
                self.go_live(session, &record, &material, ready).await
            }
            Err(error) => {
                let jitter = self.jitter()?;
                let step = JobStep::Rejected { fence, error: error.clone(), jitter };
                let next = record.step(&judged, &step).await?;
                material.note_refused_tokens(session, &error).await?;
                Ok(next)
            }
        }
    }

    /// Intent, call, evidence, outcome: in this order, each durable before the next.
    async fn go_live(
        &self,
        session: &Session,
        record: &Recorder<'_>,
        material: &Material,
        job: PublishJob,
    ) -> Result<PublishJob, Error> {
        let capabilities = material.publisher.capabilities();
        let fence = job.fence;
        let lane = self.portal.store().lane(&self.scope, job.account_id).await?;
        let paused = lane.is_some_and(|lane| !lane.paused.is_empty());
        let now = self.portal.store().now().await?;
        let mut attempt = Attempt {
            id: self.portal.new_id()?,
            version: Version::NEW,
            agency_id: job.agency_id,
            client_id: job.client_id,
            job_id: job.id,
            fence,
            number: job.attempts.saturating_add(1),
            worker: self.id.clone(),
            request_digest: job.revision_digest.clone(),
            started_at: now,
            outcome: None,
            ended_at: None,
        };
        let (budget, attempt_id) = (capabilities.go_live_budget, attempt.id);
        let intend = JobStep::Intend { fence, budget, attempt_id, paused };
        let committing = record.intend(&job, &intend, &mut attempt).await?;
        let Some(part) = committing.current_part() else { return Ok(committing) };

        let context = material.context(session, &committing, part, now);
        let answer = material.publisher.go_live(&context).await;
        let refused = answer.as_ref().err().cloned();
        let (outcome, step) = match answer {
            Ok(WentLive::Live(remote)) => (
                Some(Outcome::Published { remote: remote.clone() }),
                JobStep::Published { fence, remote },
            ),
            Ok(WentLive::Accepted { checkpoint, check_in }) => {
                (None, JobStep::Accepted { fence, checkpoint, check_in })
            }
            Err(error) if error.class == ErrorClass::UnknownOutcome => (
                Some(Outcome::Unknown { error: error.clone() }),
                JobStep::OutcomeUnknown { fence, error, quiet: capabilities.quiet },
            ),
            Err(error) => (
                Some(Outcome::Rejected { error: error.clone() }),
                JobStep::Rejected { fence, error, jitter: self.jitter()? },
            ),
        };
        if let Some(outcome) = outcome {
            record.evidence(&mut attempt, outcome).await?;
        }
        let next = record.step(&committing, &step).await?;
        if let Some(error) = refused {
            material.note_refused_tokens(session, &error).await?;
        }
        Ok(next)
    }

    /// Asks for a job whose outcome is unknown: first our own evidence, then the platform.
    async fn look_up(&self, session: &Session, job: &PublishJob) -> Result<PublishJob, Error> {
        let record = Recorder::new(session);
        let fence = job.fence;
        let Some(intent) = job.intent.clone() else {
            return record.step(job, &JobStep::LookupImpossible { fence }).await;
        };
        let evidence: Option<Attempt> = record.attempt(intent.attempt_id).await?;
        match evidence.and_then(|attempt| attempt.outcome) {
            Some(Outcome::Published { remote }) => {
                return record.step(job, &JobStep::LookupFound { fence, remote }).await;
            }
            Some(Outcome::Rejected { error }) => {
                let jitter = self.jitter()?;
                return record.step(job, &JobStep::Rejected { fence, error, jitter }).await;
            }
            Some(Outcome::Unknown { .. }) | None => {}
        }
        let material = match Material::for_look_up(session, job).await? {
            Gate::Open(material) => material,
            Gate::Hold { reason, error } => {
                return record.step(job, &JobStep::HoldIt { fence, reason, error }).await;
            }
            Gate::Fail { error } => {
                let reason = HoldReason::UnknownOutcome;
                let step = JobStep::HoldIt { fence, reason, error: Some(error) };
                return record.step(job, &step).await;
            }
        };
        let capabilities = material.publisher.capabilities();
        let quiet = capabilities.quiet;
        let Some(part) = job.current_part().filter(|_| capabilities.can_look_up) else {
            return record.step(job, &JobStep::LookupImpossible { fence }).await;
        };
        let now = self.portal.store().now().await?;
        let context = material.context(session, job, part, now);
        let step = match material.publisher.look_up(&context, &intent).await {
            Ok(LookUp::Found(remote)) => JobStep::LookupFound { fence, remote },
            Ok(LookUp::Absent) => JobStep::LookupAbsent { fence, quiet },
            Ok(LookUp::Pending { checkpoint, check_in }) => {
                JobStep::LookupPending { fence, checkpoint, check_in }
            }
            Ok(LookUp::Rejected(error)) => {
                JobStep::Rejected { fence, error, jitter: self.jitter()? }
            }
            Ok(LookUp::Impossible) => JobStep::LookupImpossible { fence },
            Err(error) => JobStep::LookupFailed { fence, error, jitter: self.jitter()? },
        };
        let next = record.step(job, &step).await?;
        if let JobStep::LookupFailed { error, .. } = &step {
            material.note_refused_tokens(session, error).await?;
        }
        Ok(next)
    }

    /// The fence said no: whatever the reason, nothing was sent, and the job goes back.
    async fn give_back(&self, session: &Session, job: &PublishJob) -> Result<PublishJob, Error> {
        match Recorder::new(session).step(job, &JobStep::Release { fence: job.fence }).await {
            Err(Error::Conflict { .. } | Error::JobRefused(_)) => session.load(job.id).await,
            result => result,
        }
    }

    /// The job as it is now; `None` if it was deleted.
    async fn reload(
        &self,
        session: &Session,
        job: &PublishJob,
    ) -> Result<Option<PublishJob>, Error> {
        Ok(self.portal.store().find(session.scope(), job.id).await?)
    }

    /// Whether the job is still this worker's, under the same claim.
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
        let mut bytes = [0; 2];
        self.portal.entropy().fill(&mut bytes)?;
        Ok(u16::from_le_bytes(bytes) % 1_001)
    }
}

/// What a platform without a publisher answers.
fn no_publisher(job: &PublishJob) -> PublishError {
    let message = format!("this installation has no publisher for {}", job.platform);
    PublishError::new(ErrorClass::Permission, message).code(PublishError::NOT_SUPPORTED)
}
