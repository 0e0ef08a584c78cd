//! What a worker reports of steps that can be repeated.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::error_class::PublishError;
use super::super::job::{HoldReason, JobState, PublishJob};
use super::super::lateness::WhenLate;
use super::super::retry::{later, retry_at};
use super::super::step::Refusal;
use super::look_up::look_again;
use super::{Advanced, only_in, quietly};
use crate::event::EventKind;

pub(super) fn checkpoint(
    job: PublishJob,
    checkpoint: &Value,
    resume_in: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    Ok(job.let_go(now, |mut job| {
        job.checkpoint = Some(checkpoint.clone());
        job.crashes = 0;
        // Once a call was turned down, preparing anew is no progress: a part that is refused
        // again and again must not be hammered.
        if job.sends_of_current_part() == 0 {
            job.failures = 0;
        }
        Advanced {
            job: job.into_scheduled(later(now, resume_in)),
            event: Some(EventKind::JobProgressed),
        }
    }))
}

pub(super) fn release(job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    Ok(job.let_go(now, |job| {
        let due_at = job.due_at;
        Advanced { job: job.into_scheduled(due_at), event: None }
    }))
}

pub(super) fn retry_later(
    job: PublishJob,
    error: &PublishError,
    jitter: u16,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    Ok(job.let_go(now, |job| job.retried(error, jitter, now)))
}

pub(super) fn block(
    mut job: PublishJob,
    error: &PublishError,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Committing, JobState::Unknown])?;
    let due_at = until.max(now);
    if job.state == JobState::Unknown {
        job.last_error = Some(error.clone());
        return Ok(look_again(job, due_at, now));
    }
    Ok(job.without_intent().let_go(now, |job| job.blocked(error, due_at)))
}

pub(super) fn fail(
    job: PublishJob,
    error: &PublishError,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    Ok(job.let_go(now, |job| job.part_failed(error.clone(), now)))
}

pub(super) fn hold_it(
    mut job: PublishJob,
    reason: HoldReason,
    error: Option<&PublishError>,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Unknown])?;
    if error.is_some() {
        job.last_error = error.cloned();
    }
    if job.state == JobState::Unknown {
        return Ok(job.into_held(reason));
    }
    Ok(job.let_go(now, |job| job.into_held(reason)))
}

pub(super) fn judge_lateness(job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    // What is partly live is finished, however late.
    if job.is_live() {
        return quietly(job);
    }
    match job.lateness.judge(job.late_by(now)) {
        None | Some(WhenLate::Publish) => quietly(job),
        Some(WhenLate::Hold) => Ok(job.let_go(now, |job| job.into_held(HoldReason::Late))),
        Some(WhenLate::Skip) => Ok(job.let_go(now, |job| job.into_end(JobState::Missed, now))),
    }
}

impl PublishJob {
    /// Tries again later, or gives the part up.
    pub(super) fn retried(
        mut self,
        error: &PublishError,
        jitter: u16,
        now: DateTime<Utc>,
    ) -> Advanced {
        let at = retry_at(&self, jitter, now);
        self.failures = self.failures.saturating_add(1);
        let Some(at) = at else { return self.part_failed(error.clone(), now) };
        self.last_error = Some(error.clone());
        Advanced { job: self.into_scheduled(at), event: Some(EventKind::JobRetryScheduled) }
    }

    /// Goes on at `due_at`; that is no failure.
    pub(super) fn blocked(mut self, error: &PublishError, due_at: DateTime<Utc>) -> Advanced {
        self.last_error = Some(error.clone());
        Advanced { job: self.into_scheduled(due_at), event: Some(EventKind::JobRetryScheduled) }
    }
}
