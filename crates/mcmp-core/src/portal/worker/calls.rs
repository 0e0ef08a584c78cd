//! The calls that a job takes, and what is recorded of each.

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::{Announced, LOOK_UP, not_made, within};
use super::material::{Gate, Material};
use super::supervisor::{CallReport, PublisherCall};
use super::turn::Turn;
use crate::account::SocialAccount;
use crate::error::Error;
use crate::publishing::{
    AfterError, Attempt, ErrorClass, HoldReason, Intent, JobState, JobStep, LookUp, Outcome, Part,
    Progress, PublishError, PublishJob, RateLog, RateReport, WentLive, after_error,
};
use crate::store::Version;

impl Turn<'_> {
    /// One step before the visible call, and that call if everything is ready.
    pub(super) async fn prepare(&mut self, job: &PublishJob) -> Result<PublishJob, Error> {
        let fence = self.fence;
        if job.is_too_late(self.now().await?) {
            return self.record.step(job, &JobStep::JudgeLateness { fence }).await;
        }
        let (session, post, rows) = self.record.read(job).await?;
        let gate = Material::of(session, post, rows, job).await?;
        let material = match gate {
            Gate::Open(material) => material,
            // Until its time it may be approved, or mended: then it is looked at again.
            _ if self.is_ahead(job).await? => {
                let given_back = self.wait_until_due(job).await?;
                return Ok(given_back.unwrap_or_else(|| job.clone()));
            }
            Gate::Hold { reason: HoldReason::NotActive, .. } => {
                return self.wait_until_active(job).await;
            }
            Gate::Hold { reason, error } => {
                return self.record.step(job, &JobStep::HoldIt { fence, reason, error }).await;
            }
            Gate::Fail { error } => {
                return self.record.step(job, &JobStep::Fail { fence, error }).await;
            }
        };
        match job.current_part() {
            Some(part) => self.make_ready(job, &material, part).await,
            None => self.record.step(job, &JobStep::Release { fence }).await,
        }
    }

    /// The next step of a part that is to be sent, or to be sent again under its key.
    async fn make_ready(
        &mut self,
        job: &PublishJob,
        material: &Material,
        part: Part,
    ) -> Result<PublishJob, Error> {
        let (fence, is_open) = (self.fence, job.state == JobState::Unknown);
        if let Some(next) = self.renew_ahead(job, material, self.now().await?).await? {
            return Ok(next);
        }
        let call = PublisherCall::Prepare;
        if let Some(given_back) = self.wait_until_due(job).await? {
            return Ok(given_back);
        }
        if let Some(waiting) = self.wait_for_admission(job, call).await? {
            return Ok(waiting);
        }
        let now = self.now().await?;
        self.started_at.get_or_insert(now);
        let rates = RateLog::default();
        let context = material.context(self.session(), job, part, &rates, now);
        let budget = material.publisher.capabilities().call_budget;
        let preparing = material.publisher.prepare(&context);
        let answer = within(budget, ErrorClass::Transient, preparing).await;
        self.calls = self.calls.saturating_add(1);
        let step = match answer {
            Ok(Progress::Ready { checkpoint }) => {
                let mut ready = job.clone();
                if checkpoint.is_some() {
                    ready.checkpoint = checkpoint;
                }
                let ready = self.tell(job, material, call, None, &rates, ready).await?;
                return self.go_live(material, ready).await;
            }
            Ok(Progress::Continue { checkpoint, resume_in }) => {
                JobStep::Checkpoint { fence, checkpoint, resume_in }
            }
            Ok(Progress::Live(remote)) if is_open => JobStep::LookupFound { fence, remote },
            Ok(Progress::Live(remote)) => JobStep::Published { fence, remote },
            Err(error) => {
                if let Some(next) = self.renew_refused(job, material, &error).await? {
                    return self.tell(job, material, call, Some(&error), &rates, next).await;
                }
                let jitter = self.worker.jitter()?;
                match is_open {
                    true => JobStep::LookupFailed { fence, error, jitter },
                    false => JobStep::Rejected { fence, error, jitter },
                }
            }
        };
        let next = self.record.answer(job, &step).await?;
        self.tell(job, material, call, error_of(&step), &rates, next).await
    }

    /// Intent, call, evidence, outcome: in this order, each durable before the next.
    async fn go_live(
        &mut self,
        material: &Material,
        mut job: PublishJob,
    ) -> Result<PublishJob, Error> {
        // Preparing may have taken long; whether the lease still holds is the intent's to say.
        self.keep_lease(&mut job).await?;
        let capabilities = material.publisher.capabilities();
        let (fence, budget) = (self.fence, capabilities.go_live_budget);
        let announced = Announced::now(budget);
        let now = self.now().await?;
        let mut attempt = self.attempt(&job, now)?;
        let attempt_id = attempt.id;
        let intend = match job.state {
            JobState::Unknown => JobStep::Repeat { fence, budget, attempt_id },
            _ => JobStep::Intend { fence, budget, attempt_id },
        };
        let committing = self.record.intend(&job, &intend, &mut attempt).await?;
        let Some(part) = committing.current_part() else { return Ok(committing) };

        let rates = RateLog::default();
        let context = material.context(self.session(), &committing, part, &rates, now);
        // Whoever finds the intent goes by its deadline: a worker that was held up, even stopped, must
        // not send after that.
        let answer = match announced.left() {
            Some(left) => {
                let call = material.publisher.go_live(&context);
                within(left, ErrorClass::UnknownOutcome, call).await
            }
            None => Err(not_made()),
        };
        self.calls = self.calls.saturating_add(1);
        let call = PublisherCall::GoLive;
        let (outcome, step) = match answer {
            Ok(WentLive::Live(remote)) => (
                Outcome::Published { remote: remote.clone() },
                JobStep::Published { fence, remote },
            ),
            Ok(WentLive::Accepted { checkpoint, check_in }) => (
                Outcome::Accepted { checkpoint: checkpoint.clone() },
                JobStep::Accepted { fence, checkpoint, check_in },
            ),
            Err(error) if after_error(&error.class) == AfterError::LookUp => (
                Outcome::Unknown { error: error.clone() },
                JobStep::OutcomeUnknown { fence, error, quiet: capabilities.quiet },
            ),
            Err(error) => {
                let outcome = Outcome::Rejected { error: error.clone() };
                if error.class == ErrorClass::Reconnect {
                    // Renewing tokens takes a while: the evidence does not wait for it.
                    self.record.evidence(&mut attempt, outcome.clone()).await?;
                    if let Some(next) = self.renew_refused(&committing, material, &error).await? {
                        return self
                            .tell(&committing, material, call, Some(&error), &rates, next)
                            .await;
                    }
                }
                (outcome, JobStep::Rejected { fence, error, jitter: self.worker.jitter()? })
            }
        };
        let next = self.record.outcome(&committing, &step, &mut attempt, outcome).await?;
        self.tell(&committing, material, call, error_of(&step), &rates, next).await
    }

    async fn is_paused(&self, job: &PublishJob) -> Result<bool, Error> {
        let lane = self.session().store().lane(&self.worker.scope, job.account_id).await?;
        Ok(lane.is_some_and(|lane| !lane.paused.is_empty()))
    }

    fn attempt(&self, job: &PublishJob, now: DateTime<Utc>) -> Result<Attempt, Error> {
        Ok(Attempt {
            id: self.worker.portal.new_id()?,
            version: Version::NEW,
            agency_id: job.agency_id,
            client_id: job.client_id,
            job_id: job.id,
            fence: self.fence,
            number: job.attempts.saturating_add(1),
            worker: self.worker.id.clone(),
            request_digest: job.revision_digest.clone(),
            started_at: now,
            outcome: None,
            ended_at: None,
        })
    }

    /// Asks for a job whose outcome is unknown: first our own evidence, then the platform.
    pub(super) async fn look_up(&mut self, job: &PublishJob) -> Result<PublishJob, Error> {
        let fence = self.fence;
        let Some(intent) = job.intent.clone() else {
            return self.record.step(job, &JobStep::LookupImpossible { fence }).await;
        };
        let evidence: Option<Attempt> = self.record.attempt(intent.attempt_id).await?;
        match evidence.and_then(|attempt| attempt.outcome) {
            Some(Outcome::Published { remote }) => {
                return self.record.step(job, &JobStep::LookupFound { fence, remote }).await;
            }
            // Its worker was too late to say so in the job: with that it is asked for.
            Some(Outcome::Accepted { checkpoint }) if !intent.accepted => {
                let (checkpoint, check_in) = (Some(checkpoint), TimeDelta::zero());
                let step = JobStep::LookupPending { fence, checkpoint, check_in };
                return self.record.step(job, &step).await;
            }
            Some(Outcome::Rejected { error }) if !intent.repeats => {
                let jitter = self.worker.jitter()?;
                return self.record.step(job, &JobStep::Rejected { fence, error, jitter }).await;
            }
            _ => {}
        }
        let material = match Material::for_look_up(self.session(), job).await? {
            Gate::Open(material) => material,
            Gate::Hold { reason, error } => {
                return self.record.step(job, &JobStep::HoldIt { fence, reason, error }).await;
            }
            Gate::Fail { error } => {
                let reason = HoldReason::UnknownOutcome;
                let step = JobStep::HoldIt { fence, reason, error: Some(error) };
                return self.record.step(job, &step).await;
            }
        };
        let Some(part) = job.current_part() else {
            return self.record.step(job, &JobStep::LookupImpossible { fence }).await;
        };
        let capabilities = material.publisher.capabilities();
        if !capabilities.can_look_up {
            return self.ask_by_key(job, &material, &intent, part).await;
        }
        let now = self.now().await?;
        if let Some(next) = self.renew_ahead(job, &material, now).await? {
            return Ok(next);
        }
        if let Some(waiting) = self.wait_for_admission(job, PublisherCall::LookUp).await? {
            return Ok(waiting);
        }
        let rates = RateLog::default();
        let context = material.context(self.session(), job, part, &rates, now);
        let looking = material.publisher.look_up(&context, &intent);
        let answer = within(LOOK_UP, ErrorClass::Transient, looking).await;
        self.calls = self.calls.saturating_add(1);
        let (call, quiet) = (PublisherCall::LookUp, capabilities.quiet);
        let step = match answer {
            Ok(LookUp::Found(remote)) => JobStep::LookupFound { fence, remote },
            Ok(LookUp::Absent) => JobStep::LookupAbsent { fence, quiet },
            Ok(LookUp::Pending { checkpoint, check_in }) => {
                JobStep::LookupPending { fence, checkpoint, check_in }
            }
            Ok(LookUp::Rejected(error)) => {
                JobStep::Rejected { fence, error, jitter: self.worker.jitter()? }
            }
            Ok(LookUp::Impossible) => {
                let next = self.tell(job, &material, call, None, &rates, job.clone()).await?;
                return self.ask_by_key(&next, &material, &intent, part).await;
            }
            Err(error) => {
                if let Some(next) = self.renew_refused(job, &material, &error).await? {
                    return self.tell(job, &material, call, Some(&error), &rates, next).await;
                }
                JobStep::LookupFailed { fence, error, jitter: self.worker.jitter()? }
            }
        };
        let next = self.record.answer(job, &step).await?;
        let error = error_of(&step).filter(|_| matches!(step, JobStep::LookupFailed { .. }));
        self.tell(job, &material, call, error, &rates, next).await
    }

    /// Makes the call once more, where that is how the platform can be asked: it knows a repetition
    /// by its key, and answers with what it has. Goes through the gate once more, as it may send.
    async fn ask_by_key(
        &mut self,
        job: &PublishJob,
        material: &Material,
        intent: &Intent,
        part: Part,
    ) -> Result<PublishJob, Error> {
        let (fence, now) = (self.fence, self.now().await?);
        let knows_keys = material.publisher.capabilities().takes_dedupe_key;
        if !knows_keys || !job.may_repeat(now) {
            return self.record.step(job, &JobStep::LookupImpossible { fence }).await;
        }
        let wait = |message: &str| PublishError::new(ErrorClass::Transient, message);
        if now < intent.deadline {
            let (error, until) = (wait("the call may still be under way"), intent.deadline);
            let step = JobStep::Block { fence, error, until, lane: false };
            return self.record.step(job, &step).await;
        }
        if self.is_paused(job).await? {
            let (error, jitter) = (wait("the account is paused"), self.worker.jitter()?);
            return self.record.step(job, &JobStep::LookupFailed { fence, error, jitter }).await;
        }
        let (session, post, rows) = self.record.read(job).await?;
        match Material::of(session, post, rows, job).await? {
            Gate::Open(material) => self.make_ready(job, &material, part).await,
            Gate::Hold { reason: HoldReason::NotActive, .. } => self.wait_until_active(job).await,
            Gate::Hold { reason, error } => {
                self.record.step(job, &JobStep::HoldIt { fence, reason, error }).await
            }
            Gate::Fail { error } => {
                let (reason, error) = (HoldReason::UnknownOutcome, Some(error));
                self.record.step(job, &JobStep::HoldIt { fence, reason, error }).await
            }
        }
    }

    /// Tells whoever watches what a call came to, and answers `next`, the job after it.
    async fn tell(
        &mut self,
        job: &PublishJob,
        material: &Material,
        call: PublisherCall,
        error: Option<&PublishError>,
        rates: &RateLog,
        next: PublishJob,
    ) -> Result<PublishJob, Error> {
        match self.report(job, &material.account, call, error, rates).await {
            Ok(()) => Ok(next),
            Err(error) => {
                if self.holds(&next) {
                    self.give_back_as_it_is(next).await?;
                }
                Err(error)
            }
        }
    }

    /// Tells whoever watches what a call came to.
    pub(super) async fn report(
        &self,
        job: &PublishJob,
        account: &SocialAccount,
        call: PublisherCall,
        error: Option<&PublishError>,
        rates: &RateLog,
    ) -> Result<(), Error> {
        let Some(supervisor) = &self.worker.supervisor else { return Ok(()) };
        let (rates, at): (Vec<RateReport>, _) = (rates.take(), self.now().await?);
        supervisor.observe(&CallReport { job, account, call, error, rates, at }).await
    }
}

/// What went wrong, as the step has it that was recorded of it.
fn error_of(step: &JobStep) -> Option<&PublishError> {
    match step {
        JobStep::Rejected { error, .. }
        | JobStep::OutcomeUnknown { error, .. }
        | JobStep::LookupFailed { error, .. } => Some(error),
        _ => None,
    }
}
