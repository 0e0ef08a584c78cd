//! The visible call: the fence before it, its outcome after it, and what follows when its worker
//! is gone.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::error_class::PublishError;
use super::super::job::{HoldReason, Intent, JobState, PublishJob, RemoteRef};
use super::super::retry::{AfterError, after_error, backoff, later};
use super::super::step::Refusal;
use super::{Advanced, DEFAULT_QUIET, MAX_CRASHES, only_in, with};
use crate::event::EventKind;
use crate::id::AttemptId;

pub(super) fn intend(
    mut job: PublishJob,
    budget: TimeDelta,
    attempt_id: AttemptId,
    paused: bool,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Running])?;
    if job.cancel_requested_at.is_some() {
        return Err(Refusal::CancelRequested);
    }
    if job.is_revised() {
        return Err(Refusal::Revised);
    }
    if paused {
        return Err(Refusal::Paused);
    }
    if job.lease.as_ref().is_none_or(|lease| lease.until <= now) {
        return Err(Refusal::LeaseExpired);
    }
    if job.intent.is_some() || job.current_part().is_none() {
        return Err(Refusal::WrongState);
    }
    job = job.without_intent();
    job.intent =
        Some(Intent { at: now, deadline: later(now, budget), attempt_id, accepted: false });
    job.attempts = job.attempts.saturating_add(1);
    job.state = JobState::Committing;
    with(job, EventKind::JobCommitting)
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
    if job.state == JobState::Unknown {
        // What the platform turned down is of no use for the next try.
        job.checkpoint = None;
    }
    job = job.without_intent();
    Ok(job.let_go(now, |mut job| match after {
        AfterError::RefreshOrHold => {
            job.last_error = Some(error.clone());
            job.into_held(HoldReason::Reconnect)
        }
        AfterError::Fail => job.part_failed(error.clone(), now),
        AfterError::WaitUntil(until) => {
            // A time that has passed says nothing: asking again at once would never end.
            let wait = later(now, backoff(job.failures, jitter));
            job.blocked(error, until.filter(|until| *until > now).unwrap_or(wait))
        }
        // Nothing was sent, so there is nothing to look for.
        AfterError::RetryLater | AfterError::LookUp => job.retried(error, jitter, now),
    }))
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
        Advanced { job: job.into_scheduled(due_at), event: Some(EventKind::JobRetryScheduled) }
    }))
}
