//! What the platform says, asked about a call whose outcome is unknown.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::error_class::PublishError;
use super::super::job::{HoldReason, JobState, PublishJob, RemoteRef};
use super::super::retry::{AfterError, after_error, backoff, later};
use super::super::step::Refusal;
use super::call::look_up_from;
use super::{
    Advanced, LOOK_UP_LIMIT, MAX_CRASHES, MAX_UNPROVED_SENDS, NEGATIVES_NEEDED, only_in, quietly,
};
use crate::account::UnknownOutcomePolicy;
use crate::event::EventKind;

pub(super) fn found(
    job: PublishJob,
    remote: &RemoteRef,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Unknown])?;
    Ok(job.part_live(remote.clone(), now))
}

pub(super) fn absent(
    mut job: PublishJob,
    quiet: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Unknown])?;
    // "Not there" counts only once it can't mean "not there yet".
    let counts_from = match job.last_negative_at {
        Some(last) => later(last, quiet),
        None => look_up_from(&job, quiet),
    };
    if now < counts_from {
        return quietly(job.into_unknown(counts_from));
    }
    job.negatives = job.negatives.saturating_add(1);
    job.last_negative_at = Some(now);
    if job.negatives < NEGATIVES_NEEDED {
        return quietly(job.into_unknown(later(now, quiet)));
    }
    if job.cancel_requested_at.is_some() {
        return Ok(job.called_off(now));
    }
    if job.crashes >= MAX_CRASHES {
        return Ok(job.without_intent().into_held(HoldReason::CrashLoop));
    }
    Ok(by_policy(job, now))
}

pub(super) fn impossible(job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Unknown])?;
    if job.cancel_requested_at.is_some() {
        // Whether there is anything left to call off can't be told.
        return Ok(job.into_held(HoldReason::UnknownOutcome));
    }
    Ok(by_policy(job, now))
}

/// Holds, or sends again where the account's people would rather have it twice than not at all.
fn by_policy(job: PublishJob, now: DateTime<Utc>) -> Advanced {
    match job.unknown_outcome {
        UnknownOutcomePolicy::Retry if job.sends < MAX_UNPROVED_SENDS => {
            Advanced::told(job.into_scheduled(now), EventKind::JobRetryScheduled)
        }
        UnknownOutcomePolicy::Retry | UnknownOutcomePolicy::Hold => {
            job.into_held(HoldReason::UnknownOutcome)
        }
    }
}

pub(super) fn pending(
    mut job: PublishJob,
    checkpoint: Option<&Value>,
    check_in: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Unknown])?;
    if checkpoint.is_some() {
        job.checkpoint = checkpoint.cloned();
    }
    if let Some(intent) = &mut job.intent {
        intent.accepted = true;
    }
    job.negatives = 0;
    job.last_negative_at = None;
    // What failed before counts on: a platform may take it and turn it down again and again.
    job.waits = 0;
    Ok(look_again(job, later(now, check_in), now))
}

pub(super) fn failed(
    job: PublishJob,
    error: &PublishError,
    jitter: u16,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Unknown])?;
    Ok(still_unknown(job, error, jitter, now))
}

/// An answer that tells nothing of what is in question; its class decides when to ask again.
pub(super) fn still_unknown(
    mut job: PublishJob,
    error: &PublishError,
    jitter: u16,
    now: DateTime<Utc>,
) -> Advanced {
    job.last_error = Some(error.clone());
    match after_error(&error.class) {
        AfterError::RefreshOrHold => job.into_held(HoldReason::Reconnect),
        AfterError::Fail => job.into_held(HoldReason::UnknownOutcome),
        AfterError::WaitUntil(until) => {
            let at = job.limit_ends(until, jitter, now);
            Advanced { lane_until: Some(at), ..look_again(job, at, now) }
        }
        AfterError::RetryLater | AfterError::LookUp => {
            let at = later(now, backoff(job.setbacks(), jitter));
            job.waits = job.waits.saturating_add(1);
            look_again(job, at, now)
        }
    }
}

/// Looks again at `at`, unless that has gone on for too long.
pub(super) fn look_again(job: PublishJob, at: DateTime<Utc>, now: DateTime<Utc>) -> Advanced {
    if now >= look_up_from(&job, LOOK_UP_LIMIT) {
        return job.into_held(HoldReason::UnknownOutcome);
    }
    Advanced::quiet(job.into_unknown(at))
}
