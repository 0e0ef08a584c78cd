//! The one function that changes a job, apart from the store's claim.

mod call;
mod look_up;
mod people;
mod transition;
mod worker;

#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};

use super::job::{JobState, PublishJob};
use super::step::{JobRefused, JobStep, Refusal};
use crate::event::EventKind;

/// How often a worker may die over a job before a person must look at it.
pub const MAX_CRASHES: u32 = 3;

/// How many look-ups must find nothing before a part counts as not there.
pub const NEGATIVES_NEEDED: u32 = 2;

/// How often a part is sent without a proof that it is not live, where the account's policy is to
/// send again; then it is held.
pub const MAX_UNPROVED_SENDS: u32 = 3;

/// How often the call for a part is made under one key while its outcome stays unknown; then the
/// job is held.
pub const MAX_REPEATS: u32 = 10;

/// How many failures in a row stop an account's other jobs as well, so that short troubles do not
/// change the order of its posts. A job that fails more often steps aside.
pub const ORDER_KEPT_FAILURES: u32 = 3;

/// How long after a call a platform is asked what became of it; then the job is held.
pub const LOOK_UP_LIMIT: TimeDelta = TimeDelta::hours(24);

/// How long "not there" may mean "not there yet", unless the platform's publisher says otherwise.
pub const DEFAULT_QUIET: TimeDelta = TimeDelta::minutes(2);

/// A job after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Advanced {
    /// The job as it is to be committed, at the version it was read at.
    pub job: PublishJob,
    /// The event to commit along, about the job. `None` where nothing happened that anyone but
    /// workers would ask about.
    pub event: Option<EventKind>,
    /// Until when nothing else starts for the account, to commit along as
    /// [`LaneAction::BlockUntil`](super::LaneAction::BlockUntil): the platform takes no calls, or
    /// the account's posts keep their order through a short trouble.
    pub lane_until: Option<DateTime<Utc>>,
}

impl Advanced {
    fn told(job: PublishJob, event: EventKind) -> Self {
        Self { job, event: Some(event), lane_until: None }
    }

    fn quiet(job: PublishJob) -> Self {
        Self { job, event: None, lane_until: None }
    }
}

/// What comes of `step`. `now` is the store's time, like all times here.
///
/// | state | cancel | reschedule, revise | run now | its worker | lease passed |
/// |---|---|---|---|---|---|
/// | scheduled | cancelled | changed | due now | - | - |
/// | running | noted; cancelled when the worker lets go | changed; back to scheduled when the worker lets go | refused | scheduled, committing, published, failed, missed, held | scheduled, held the third time |
/// | committing | too late | too late | too late | published, running (next part), unknown, scheduled, failed, held | **unknown** |
/// | unknown | noted; cancelled if proved absent | refused | looks now | published, scheduled, failed, held, committing (the same call under the same key) | - |
/// | held | cancelled, or noted while the outcome is unknown | changed | looks now, if the outcome is unknown | - | - |
/// | published, failed, missed, cancelled | refused | refused | refused | refused | refused |
///
/// - Between the claim and the visible call stands [`JobStep::Intend`]: it refuses after any
///   cancel, change, pause or loss of the lease, and the worker then gives the job back with
///   [`JobStep::Release`].
/// - What was sent is never sent again without a proof that it is not live: an answer that shows
///   it, two look-ups that find nothing, or a person's word; or by an account's policy to rather
///   risk a double. Where the platform knows a repetition by its key, the call itself is the
///   question: it is made again under the same key, and all the while the outcome stays open.
/// - A failure that may pass stops the account's other jobs too, the first
///   [`ORDER_KEPT_FAILURES`] times; a rate limit does so each time. A rate limit without a time is
///   waited out longer and longer, but never is a reason to give up: lateness is.
/// - A job goes through all of this once per [`Part`](super::Part). With its main item live it can
///   only end `published`; a person's cancel then calls off what is still to come.
/// - A worker's step counts only while the job has its fence and its lease. What it learns after
///   that goes into the attempt alone, where the next look-up finds it.
///
/// Commit the answer at the job's version, in one change set with the post, the attempt and the
/// event; on a conflict read the job again and ask again.
///
/// # Errors
/// The step is not possible as things are; the error says why.
pub fn advance(
    job: &PublishJob,
    step: &JobStep,
    now: DateTime<Utc>,
) -> Result<Advanced, JobRefused> {
    decide(job, step, now).map_err(|reason| JobRefused {
        job_id: job.id,
        state: job.state,
        step: step.name(),
        reason,
    })
}

fn decide(job: &PublishJob, step: &JobStep, now: DateTime<Utc>) -> Result<Advanced, Refusal> {
    if job.state.is_final() {
        return Err(Refusal::Final);
    }
    if let Some(fence) = step.fence()
        && (job.fence != fence || job.lease.is_none())
    {
        return Err(Refusal::NotHolder);
    }
    let job = job.clone();
    match step {
        JobStep::Cancel => people::cancel(job, now),
        JobStep::Reschedule { due_at, planned_at } => people::reschedule(job, *due_at, *planned_at),
        JobStep::Revise { revision_id, revision_digest, follow_ups } => {
            people::revise(job, *revision_id, revision_digest, follow_ups)
        }
        JobStep::RunNow => people::run_now(job, now),
        JobStep::Hold { reason } => people::hold(job, *reason, now),
        JobStep::Resume { due_at } => people::resume(job, *due_at),
        JobStep::Reconnected => people::reconnected(job, now),
        JobStep::ConfirmPublished { remote } => people::confirm_published(job, remote, now),
        JobStep::ConfirmAbsent => people::confirm_absent(job, now),

        JobStep::Checkpoint { checkpoint, resume_in, .. } => {
            worker::checkpoint(job, checkpoint, *resume_in, now)
        }
        JobStep::Release { .. } => worker::release(job, now),
        JobStep::Block { error, until, lane, .. } => worker::block(job, error, *until, *lane, now),
        JobStep::Fail { error, .. } => worker::fail(job, error, now),
        JobStep::HoldIt { reason, error, .. } => worker::hold_it(job, *reason, error.as_ref(), now),
        JobStep::JudgeLateness { .. } => worker::judge_lateness(job, now),

        JobStep::Intend { budget, attempt_id, .. } => call::intend(job, *budget, *attempt_id, now),
        JobStep::Repeat { budget, attempt_id, .. } => call::repeat(job, *budget, *attempt_id, now),
        JobStep::Published { remote, .. } => call::published(job, remote, now),
        JobStep::Accepted { checkpoint, check_in, .. } => {
            call::accepted(job, checkpoint, *check_in, now)
        }
        JobStep::Rejected { error, jitter, .. } => call::rejected(job, error, *jitter, now),
        JobStep::OutcomeUnknown { error, quiet, .. } => call::outcome_unknown(job, error, *quiet),
        JobStep::ExpireLease { quiet } => call::expire_lease(job, *quiet, now),

        JobStep::LookupFound { remote, .. } => look_up::found(job, remote, now),
        JobStep::LookupAbsent { quiet, .. } => look_up::absent(job, *quiet, now),
        JobStep::LookupPending { checkpoint, check_in, .. } => {
            look_up::pending(job, checkpoint.as_ref(), *check_in, now)
        }
        JobStep::LookupFailed { error, jitter, .. } => look_up::failed(job, error, *jitter, now),
        JobStep::LookupImpossible { .. } => look_up::impossible(job, now),
    }
}

/// Refuses a step unless the job is in one of `states`.
fn only_in(job: &PublishJob, states: &[JobState]) -> Result<(), Refusal> {
    if states.contains(&job.state) { Ok(()) } else { Err(Refusal::WrongState) }
}

/// A job with the event that tells of it.
fn with(job: PublishJob, event: EventKind) -> Result<Advanced, Refusal> {
    Ok(Advanced::told(job, event))
}

/// A job whose change is of no interest to anyone but workers.
fn quietly(job: PublishJob) -> Result<Advanced, Refusal> {
    Ok(Advanced::quiet(job))
}
