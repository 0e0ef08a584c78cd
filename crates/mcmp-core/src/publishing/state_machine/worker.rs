//! What a worker reports of steps that can be repeated.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::error_class::PublishError;
use super::super::job::{HoldReason, JobState, PublishJob};
use super::super::lateness::WhenLate;
use super::super::retry::{LONGEST_BACKOFF, backoff, later, retry_at};
use super::super::step::Refusal;
use super::call::said;
use super::look_up::look_again;
use super::{Advanced, ORDER_KEPT_FAILURES, only_in, quietly};
use crate::event::EventKind;

pub(super) fn checkpoint(
    job: PublishJob,
    checkpoint: &Value,
    resume_in: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Unknown])?;
    if job.state == JobState::Unknown {
        let job = PublishJob { checkpoint: Some(checkpoint.clone()), ..job };
        return Ok(look_again(job, later(now, resume_in), now));
    }
    Ok(job.let_go(now, |mut job| {
        job.checkpoint = Some(checkpoint.clone());
        job.crashes = 0;
        // Once a call was turned down, preparing anew is no progress: a part that is refused
        // again and again must not be hammered.
        if job.sends == 0 {
            job.forget_setbacks();
        }
        Advanced::told(job.into_scheduled(later(now, resume_in)), EventKind::JobProgressed)
    }))
}

pub(super) fn release(job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Unknown])?;
    if job.state == JobState::Unknown {
        // Its claim moved it behind the lease; it was due before that.
        return quietly(job.into_unknown(now));
    }
    Ok(job.let_go(now, |job| {
        let due_at = job.due_at;
        Advanced::quiet(job.into_scheduled(due_at))
    }))
}

pub(super) fn block(
    mut job: PublishJob,
    error: &PublishError,
    until: DateTime<Utc>,
    lane: bool,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Committing, JobState::Unknown])?;
    let due_at = until.max(now);
    let lane_until = lane.then_some(due_at);
    if job.state == JobState::Unknown || job.intent.as_ref().is_some_and(|intent| intent.repeats) {
        job.last_error = Some(error.clone());
        let from = job.state;
        return Ok(Advanced { lane_until, ..said(from, look_again(job, due_at, now)) });
    }
    let advanced = job.without_intent().let_go(now, |job| job.blocked(error, due_at));
    Ok(Advanced { lane_until, ..advanced })
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
    match job.judged(now) {
        None | Some(WhenLate::Publish) => quietly(job),
        Some(WhenLate::Hold) => Ok(job.let_go(now, |job| job.into_held(HoldReason::Late))),
        Some(WhenLate::Skip) => Ok(job.let_go(now, |job| job.into_end(JobState::Missed, now))),
    }
}

impl PublishJob {
    /// Whether its policy does not let it go out any more at `now` without a word from a person.
    /// What is partly live is finished, however late.
    pub(crate) fn is_too_late(&self, now: DateTime<Utc>) -> bool {
        !self.is_live() && !matches!(self.judged(now), None | Some(WhenLate::Publish))
    }

    fn judged(&self, now: DateTime<Utc>) -> Option<WhenLate> {
        self.lateness.judge(self.late_by(now))
    }

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
        let lane_until = (self.setbacks() <= ORDER_KEPT_FAILURES).then_some(at);
        let advanced = Advanced::told(self.into_scheduled(at), EventKind::JobRetryScheduled);
        Advanced { lane_until, ..advanced }
    }

    /// Waits, with the account's other jobs, until the platform takes calls again. A time that has
    /// passed says nothing: asking again at once would never end.
    pub(super) fn limited(
        mut self,
        error: &PublishError,
        until: Option<DateTime<Utc>>,
        jitter: u16,
        now: DateTime<Utc>,
    ) -> Advanced {
        let at = self.limit_ends(until, jitter, now);
        Advanced { lane_until: Some(at), ..self.blocked(error, at) }
    }

    /// When to ask again after a rate limit. Each limit without a time lets the wait grow like a
    /// failure, up to the longest; it brings the job no nearer to being given up.
    pub(super) fn limit_ends(
        &mut self,
        until: Option<DateTime<Utc>>,
        jitter: u16,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        until.filter(|until| *until > now).unwrap_or_else(|| {
            let at = later(now, backoff(self.setbacks(), jitter));
            if self.setbacks() < LONGEST_BACKOFF {
                self.waits = self.waits.saturating_add(1);
            }
            at
        })
    }

    /// Goes on at `due_at`; that is no failure.
    pub(super) fn blocked(mut self, error: &PublishError, due_at: DateTime<Utc>) -> Advanced {
        self.last_error = Some(error.clone());
        Advanced::told(self.into_scheduled(due_at), EventKind::JobRetryScheduled)
    }
}
