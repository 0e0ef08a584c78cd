//! What people do to jobs.

use chrono::{DateTime, Utc};

use super::super::follow_up::FollowUp;
use super::super::job::{HoldReason, JobState, PublishJob, RemoteRef};
use super::super::step::Refusal;
use super::{Advanced, only_in, quietly, with};
use crate::event::EventKind;
use crate::id::RevisionId;
use crate::post::Digest;

pub(super) fn cancel(mut job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    match job.state {
        JobState::Scheduled => Ok(job.called_off(now)),
        JobState::Held if job.intent.is_none() => Ok(job.called_off(now)),
        JobState::Running | JobState::Unknown | JobState::Held => {
            job.cancel_requested_at = Some(job.cancel_requested_at.unwrap_or(now));
            quietly(job)
        }
        _ => Err(Refusal::TooLate),
    }
}

pub(super) fn reschedule(
    mut job: PublishJob,
    due_at: DateTime<Utc>,
    planned_at: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    may_change(&job)?;
    job.rev = job.rev.saturating_add(1);
    job.forget_setbacks();
    job.due_at = due_at;
    job.planned_at = planned_at;
    // It was held for its time, and has a new one.
    if job.hold_reason == Some(HoldReason::Late) {
        job = job.into_scheduled(due_at);
    }
    with(job, EventKind::JobRescheduled)
}

pub(super) fn revise(
    mut job: PublishJob,
    revision_id: RevisionId,
    revision_digest: &Digest,
    follow_ups: &[FollowUp],
) -> Result<Advanced, Refusal> {
    may_change(&job)?;
    job.rev = job.rev.saturating_add(1);
    job.revision_id = revision_id;
    job.revision_digest = revision_digest.clone();
    job.follow_ups = follow_ups.to_vec();
    job.checkpoint = None;
    job.sends = 0;
    job.forget_setbacks();
    with(job, EventKind::JobRescheduled)
}

/// Whether its time and content can still be changed.
fn may_change(job: &PublishJob) -> Result<(), Refusal> {
    match job.state {
        JobState::Committing => Err(Refusal::TooLate),
        _ if job.intent.is_some() => Err(Refusal::OutcomeUnknown),
        _ if job.is_live() => Err(Refusal::TooLate),
        _ => Ok(()),
    }
}

pub(super) fn run_now(mut job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    match job.state {
        JobState::Scheduled => {
            plan_for(&mut job, now);
            if !job.is_live() {
                job.planned_at = job.planned_at.min(now);
            }
            job.due_at = now;
            with(job, EventKind::JobRescheduled)
        }
        // Never a blind send: the platform is asked once more.
        JobState::Unknown | JobState::Held if job.intent.is_some() => {
            with(job.into_unknown(now), EventKind::JobOutcomeUnknown)
        }
        JobState::Running => Err(Refusal::UnderWay),
        JobState::Committing => Err(Refusal::TooLate),
        _ => Err(Refusal::WrongState),
    }
}

/// A job that a person lets run at `due_at` must not be found late for its old time. What is partly
/// live is never late.
fn plan_for(job: &mut PublishJob, due_at: DateTime<Utc>) {
    if !job.is_live() && job.lateness.judge(job.late_by(due_at)).is_some() {
        job.planned_at = due_at;
    }
}

pub(super) fn hold(
    mut job: PublishJob,
    reason: HoldReason,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    match job.state {
        JobState::Running if job.cancel_requested_at.is_some() => Ok(job.called_off(now)),
        // A running job's worker loses it; what it does can be repeated.
        JobState::Scheduled | JobState::Running => {
            job.rev = job.rev.saturating_add(1);
            Ok(job.into_held(reason))
        }
        JobState::Committing => Err(Refusal::TooLate),
        JobState::Unknown => Err(Refusal::OutcomeUnknown),
        _ => Err(Refusal::WrongState),
    }
}

pub(super) fn resume(mut job: PublishJob, due_at: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Held])?;
    if job.hold_reason == Some(HoldReason::UnknownOutcome) && job.intent.is_some() {
        return Err(Refusal::OutcomeUnknown);
    }
    job.crashes = 0;
    job.forget_setbacks();
    if job.intent.is_some() {
        return with(job.into_unknown(due_at), EventKind::JobOutcomeUnknown);
    }
    plan_for(&mut job, due_at);
    with(job.into_scheduled(due_at), EventKind::JobRescheduled)
}

pub(super) fn reconnected(mut job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Held])?;
    if job.hold_reason != Some(HoldReason::Reconnect) {
        return Err(Refusal::WrongState);
    }
    job.crashes = 0;
    job.forget_setbacks();
    if job.intent.is_some() {
        return with(job.into_unknown(now), EventKind::JobOutcomeUnknown);
    }
    // It may have been moved while it was held. Nobody said that it is to go out however late.
    let due_at = job.planned_at.max(now);
    with(job.into_scheduled(due_at), EventKind::JobRetryScheduled)
}

pub(super) fn confirm_published(
    job: PublishJob,
    remote: &RemoteRef,
    now: DateTime<Utc>,
) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Held, JobState::Unknown])?;
    Ok(job.part_live(remote.clone(), now))
}

pub(super) fn confirm_absent(mut job: PublishJob, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    only_in(&job, &[JobState::Held, JobState::Unknown])?;
    let Some(intent) = &job.intent else { return Err(Refusal::WrongState) };
    if now < intent.deadline {
        return Err(Refusal::NotYet { at: intent.deadline });
    }
    if job.cancel_requested_at.is_some() {
        return Ok(job.called_off(now));
    }
    job.crashes = 0;
    job.forget_setbacks();
    plan_for(&mut job, now);
    with(job.into_scheduled(now), EventKind::JobRetryScheduled)
}
