//! The visible call: the fence before it, its outcome after it, and what follows when its worker
//! is gone.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::error_class::{ErrorClass, PublishError};
use super::super::job::{HoldReason, Intent, JobState, PublishJob, RemoteRef};
use super::super::retry::{AfterError, after_error, later};
use super::super::step::Refusal;
use super::look_up::still_unknown;
use super::{Advanced, DEFAULT_QUIET, MAX_CRASHES, MAX_REPEATS, only_in, with};
use crate::event::EventKind;
use crate::id::AttemptId;

pub(super) fn intend(
    job: PublishJob,
    budget: TimeDelta,
    attempt_id: AttemptId,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    if job.cancel_requested_at.is_some() {
        return Err(Refusal::CancelRequested);
    }
    if job.is_revised() {
        return Err(Refusal::Revised);
    }
    if job.lease.as_ref().is_none_or(|lease| lease.until <= now) {
        return Err(Refusal::LeaseExpired);
    }
    if job.intent.is_some() || job.current_part().is_none() {
        return Err(Refusal::WrongState);
    }
    with(job.into_committing(budget, attempt_id, false, now), EventKind::JobCommitting)
}

pub(super) fn repeat(
    job: PublishJob,
    budget: TimeDelta,
    attempt_id: AttemptId,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Unknown])?;
    if job.cancel_requested_at.is_some() {
        return Err(Refusal::CancelRequested);
    }
    if job.lease.as_ref().is_none_or(|lease| lease.until <= now) {
        return Err(Refusal::LeaseExpired);
    }
    let Some(intent) = &job.intent else { return Err(Refusal::WrongState) };
    if now < intent.deadline {
        return Err(Refusal::NotYet { at: intent.deadline });
    }
    if !job.may_repeat(now) {
        return Err(Refusal::OutcomeUnknown);
    }
    with(job.into_committing(budget, attempt_id, true, now), EventKind::JobCommitting)
}

impl PublishJob {
    /// Whether the call in question may be made once more under its key: nobody called it off, the
    /// platform has not taken it already, it is not too late, and it was not made too often.
    pub(crate) fn may_repeat(&self, now: DateTime<Utc>) -> bool {
        self.cancel_requested_at.is_none()
            && self.intent.as_ref().is_some_and(|intent| !intent.accepted)
            && self.current_part().is_some()
            && self.sends < MAX_REPEATS
            && !self.is_too_late(now)
    }

    fn into_committing(
        self,
        budget: TimeDelta,
        attempt_id: AttemptId,
        repeats: bool,
        now: DateTime<Utc>,
    ) -> Self {
        let mut job = self.without_intent();
        let deadline = later(now, budget);
        job.intent = Some(Intent { at: now, deadline, attempt_id, accepted: false, repeats });
        job.attempts = job.attempts.saturating_add(1);
        job.sends = job.sends.saturating_add(1);
        job.state = JobState::Committing;
        job
    }
}

impl Intent {
    /// Whether an answer to its call that is this error proves that the part is not live. No error
    /// of a repeated call does, not even a refusal of the content: a platform may check a call
    /// before it looks at its key, and may have forgotten the key, so that says nothing of the calls
    /// before it.
    #[must_use]
    pub fn is_disproved_by(&self, error: &PublishError) -> bool {
        !self.repeats && after_error(&error.class) != AfterError::LookUp
    }
}

pub(super) fn published(
    job: PublishJob,
    remote: &RemoteRef,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Committing])?;
    Ok(job.part_live(remote.clone(), now))
}

pub(super) fn accepted(
    mut job: PublishJob,
    checkpoint: &Value,
    check_in: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Committing])?;
    job.checkpoint = Some(checkpoint.clone());
    if let Some(intent) = &mut job.intent {
        intent.accepted = true;
    }
    with(job.into_unknown(later(now, check_in)), EventKind::JobProgressed)
}

pub(super) fn rejected(
    mut job: PublishJob,
    error: &PublishError,
    jitter: u16,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Committing, JobState::Unknown])?;
    let after = after_error(&error.class);
    let was_sent = job.intent.is_some();
    if after == AfterError::LookUp && was_sent {
        if job.state == JobState::Unknown {
            // The platform was asked and contradicts itself.
            job.last_error = Some(error.clone());
            return Ok(job.into_held(HoldReason::UnknownOutcome));
        }
        return unsure(job, error, DEFAULT_QUIET);
    }
    // Asked for the part itself, a platform that turned its content down has said all there is.
    let turned_down = job.state == JobState::Unknown && error.class == ErrorClass::InvalidContent;
    if !turned_down && job.intent.as_ref().is_some_and(|intent| !intent.is_disproved_by(error)) {
        return Ok(said(job.state, still_unknown(job, error, jitter, now)));
    }
    if job.state == JobState::Unknown {
        // What the platform turned down is of no use for the next try.
        job.checkpoint = None;
    }
    job = job.without_intent();
    // The platform takes no calls, whatever people asked of this job meanwhile.
    let lane_until = match after {
        AfterError::WaitUntil(until) => until.filter(|until| *until > now),
        _ => None,
    };
    let advanced = job.let_go(now, |mut job| match after {
        AfterError::RefreshOrHold => {
            job.last_error = Some(error.clone());
            job.into_held(HoldReason::Reconnect)
        }
        AfterError::Fail => job.part_failed(error.clone(), now),
        AfterError::WaitUntil(until) => job.limited(error, until, jitter, now),
        // Nothing was sent, so there is nothing to look for.
        AfterError::RetryLater | AfterError::LookUp => job.retried(error, jitter, now),
    });
    Ok(Advanced { lane_until: advanced.lane_until.max(lane_until), ..advanced })
}

pub(super) fn outcome_unknown(
    job: PublishJob,
    error: &PublishError,
    quiet: TimeDelta,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Committing])?;
    unsure(job, error, quiet)
}

/// The call may have had its effect: the platform is asked once it must be seen there.
fn unsure(
    mut job: PublishJob,
    error: &PublishError,
    quiet: TimeDelta,
) -> Result<Advanced, Refusal> {
    job.last_error = Some(error.clone());
    let due_at = look_up_from(&job, quiet);
    with(job.into_unknown(due_at), EventKind::JobOutcomeUnknown)
}

/// That an outcome is unknown is said when it comes to that, and not again.
pub(super) fn said(from: JobState, advanced: Advanced) -> Advanced {
    let is_news = from != JobState::Unknown && advanced.job.state == JobState::Unknown;
    let event = advanced.event.or(is_news.then_some(EventKind::JobOutcomeUnknown));
    Advanced { event, ..advanced }
}

/// When the platform must show what was sent.
pub(super) fn look_up_from(job: &PublishJob, quiet: TimeDelta) -> DateTime<Utc> {
    later(job.intent.as_ref().map_or(job.due_at, |intent| intent.deadline), quiet)
}

pub(super) fn expire_lease(
    mut job: PublishJob,
    quiet: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running, JobState::Committing])?;
    if job.lease.as_ref().is_some_and(|lease| lease.until > now) {
        return Err(Refusal::LeaseHeld);
    }
    job.crashes = job.crashes.saturating_add(1);
    if job.state == JobState::Committing {
        let due_at = look_up_from(&job, quiet).max(now);
        return with(job.into_unknown(due_at), EventKind::JobOutcomeUnknown);
    }
    Ok(job.let_go(now, |job| {
        if job.crashes >= MAX_CRASHES {
            return job.into_held(HoldReason::CrashLoop);
        }
        let due_at = job.due_at;
        Advanced::told(job.into_scheduled(due_at), EventKind::JobRetryScheduled)
    }))
}
