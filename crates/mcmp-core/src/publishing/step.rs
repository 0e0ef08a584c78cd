//! What can be done to a job, and how it is refused.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

use super::error_class::PublishError;
use super::follow_up::FollowUp;
use super::job::{HoldReason, JobState, RemoteRef};
use crate::id::{AttemptId, JobId, RevisionId};
use crate::post::Digest;

/// Something done to a job; [`advance`](super::advance) says what comes of it.
///
/// Steps with a `fence` are a worker's: they count only while it holds the job under that fence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum JobStep {
    /// A person calls it off. Of a job that is partly live, the rest is called off.
    Cancel,
    /// A person moves it.
    Reschedule {
        /// When it runs.
        due_at: DateTime<Utc>,
        /// When the calendar shows it.
        planned_at: DateTime<Utc>,
    },
    /// A person changed what goes out; what was prepared so far is dropped.
    Revise {
        /// The new revision.
        revision_id: RevisionId,
        /// Its digest.
        revision_digest: Digest,
        /// What follows its main item: [`FollowUp::of`] the new content.
        follow_ups: Vec<FollowUp>,
    },
    /// A person does not want to wait: send now or, where the outcome is unknown, look now.
    RunNow,
    /// Stop it until a person says otherwise.
    Hold {
        /// Why.
        reason: HoldReason,
    },
    /// What it was held for is settled.
    Resume {
        /// When it runs.
        due_at: DateTime<Utc>,
    },
    /// Its account is connected again: if it was held for that, it goes on as it was planned, and
    /// may turn out to be late.
    Reconnected,
    /// A person looked: the part in question is live.
    ConfirmPublished {
        /// Where.
        remote: RemoteRef,
    },
    /// A person looked: the part in question is not live. It is sent again.
    ConfirmAbsent,
    /// The step that can be repeated is done; go on later. Also while the outcome is unknown, on
    /// the way to [`Repeat`](Self::Repeat).
    Checkpoint {
        /// The worker's fence.
        fence: u64,
        /// What the publisher needs to go on.
        checkpoint: Value,
        /// How long to wait.
        resume_in: TimeDelta,
    },
    /// Give the job back as it is: at shutdown, or after the visible call was refused. One whose
    /// outcome is unknown is looked up by whoever claims it next.
    Release {
        /// The worker's fence.
        fence: u64,
    },
    /// A call certainly had no effect, or was not made, and may work from `until` on: a rate limit,
    /// or tokens that were refreshed meanwhile. It does not count as a failure.
    Block {
        /// The worker's fence.
        fence: u64,
        /// What went wrong.
        error: PublishError,
        /// When to go on.
        until: DateTime<Utc>,
        /// Whether nothing else starts for the account before, either.
        lane: bool,
    },
    /// The part can't be published.
    Fail {
        /// The worker's fence.
        fence: u64,
        /// Why.
        error: PublishError,
    },
    /// It can't go on without a person.
    HoldIt {
        /// The worker's fence.
        fence: u64,
        /// Why.
        reason: HoldReason,
        /// What went wrong, if anything did.
        error: Option<PublishError>,
    },
    /// The visible call is about to be made. Only if this commits, it may be.
    Intend {
        /// The worker's fence.
        fence: u64,
        /// How long the call may take; it has ended one way or the other by then.
        budget: TimeDelta,
        /// The attempt that is written along.
        attempt_id: AttemptId,
    },
    /// The visible call, whose outcome is unknown, is about to be made once more under the same
    /// key, by which the platform knows a repetition: see
    /// [`PublisherCapabilities::takes_dedupe_key`](super::PublisherCapabilities). Whether the part
    /// is live stays in question until an answer tells. Only if this commits, the call may be made.
    Repeat {
        /// The worker's fence.
        fence: u64,
        /// How long the call may take.
        budget: TimeDelta,
        /// The attempt that is written along.
        attempt_id: AttemptId,
    },
    /// The part is live.
    Published {
        /// The worker's fence.
        fence: u64,
        /// Where.
        remote: RemoteRef,
    },
    /// The platform took the part and is still processing it: not live yet, never sent again.
    Accepted {
        /// The worker's fence.
        fence: u64,
        /// What the look-up needs, such as a publish id.
        checkpoint: Value,
        /// When to look.
        check_in: TimeDelta,
    },
    /// A call certainly had no visible effect, by an answer that proves it; the error's class
    /// decides what follows. Also for a look-up that shows that the platform turned the part down.
    Rejected {
        /// The worker's fence.
        fence: u64,
        /// What the platform said.
        error: PublishError,
        /// Random, 0 to 1,000; see [`backoff`](super::backoff).
        jitter: u16,
    },
    /// The visible call may have had its effect.
    OutcomeUnknown {
        /// The worker's fence.
        fence: u64,
        /// What was seen.
        error: PublishError,
        /// How long "not there" may mean "not there yet" on this platform.
        quiet: TimeDelta,
    },
    /// The look-up found the part live.
    LookupFound {
        /// The worker's fence.
        fence: u64,
        /// Where.
        remote: RemoteRef,
    },
    /// The look-up did not find the part. Believed after two, at least `quiet` apart.
    LookupAbsent {
        /// The worker's fence.
        fence: u64,
        /// How long "not there" may mean "not there yet" on this platform.
        quiet: TimeDelta,
    },
    /// The look-up found the part still being processed.
    LookupPending {
        /// The worker's fence.
        fence: u64,
        /// What the next look-up needs; `None` keeps what there is.
        checkpoint: Option<Value>,
        /// When to look again.
        check_in: TimeDelta,
    },
    /// The look-up itself failed; the error's class decides when to look again.
    LookupFailed {
        /// The worker's fence.
        fence: u64,
        /// What went wrong.
        error: PublishError,
        /// Random, 0 to 1,000; see [`backoff`](super::backoff).
        jitter: u16,
    },
    /// The platform can't be asked.
    LookupImpossible {
        /// The worker's fence.
        fence: u64,
    },
    /// Right after the claim: whether it is too late. A job on time comes back unchanged, without
    /// an event; there is nothing to commit then.
    JudgeLateness {
        /// The worker's fence.
        fence: u64,
    },
    /// The lease has passed: its worker is gone.
    ExpireLease {
        /// How long "not there" may mean "not there yet" on this platform.
        quiet: TimeDelta,
    },
}

impl JobStep {
    /// The step's name, for logs and answers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Reschedule { .. } => "reschedule",
            Self::Revise { .. } => "revise",
            Self::RunNow => "run_now",
            Self::Hold { .. } => "hold",
            Self::Resume { .. } => "resume",
            Self::Reconnected => "reconnected",
            Self::ConfirmPublished { .. } => "confirm_published",
            Self::ConfirmAbsent => "confirm_absent",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Release { .. } => "release",
            Self::Block { .. } => "block",
            Self::Fail { .. } => "fail",
            Self::HoldIt { .. } => "hold_it",
            Self::Intend { .. } => "intend",
            Self::Repeat { .. } => "repeat",
            Self::Published { .. } => "published",
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::LookupFound { .. } => "lookup_found",
            Self::LookupAbsent { .. } => "lookup_absent",
            Self::LookupPending { .. } => "lookup_pending",
            Self::LookupFailed { .. } => "lookup_failed",
            Self::LookupImpossible { .. } => "lookup_impossible",
            Self::JudgeLateness { .. } => "judge_lateness",
            Self::ExpireLease { .. } => "expire_lease",
        }
    }

    /// The fence that a worker's step was made under; `None` for people's and the rescuer's.
    #[must_use]
    pub fn fence(&self) -> Option<u64> {
        match self {
            Self::Checkpoint { fence, .. }
            | Self::Release { fence }
            | Self::Block { fence, .. }
            | Self::Fail { fence, .. }
            | Self::HoldIt { fence, .. }
            | Self::Intend { fence, .. }
            | Self::Repeat { fence, .. }
            | Self::Published { fence, .. }
            | Self::Accepted { fence, .. }
            | Self::Rejected { fence, .. }
            | Self::OutcomeUnknown { fence, .. }
            | Self::LookupFound { fence, .. }
            | Self::LookupAbsent { fence, .. }
            | Self::LookupPending { fence, .. }
            | Self::LookupFailed { fence, .. }
            | Self::LookupImpossible { fence }
            | Self::JudgeLateness { fence } => Some(*fence),
            _ => None,
        }
    }
}

/// Why a step was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum Refusal {
    /// The job has come to its end; a retry makes a new job.
    Final,
    /// The worker does not hold the job, or not any more.
    NotHolder,
    /// The lease has passed: nothing may be sent under it.
    LeaseExpired,
    /// The lease has not passed yet.
    LeaseHeld,
    /// It was edited, moved or lost its approval since it was claimed.
    Revised,
    /// It was called off since it was claimed.
    CancelRequested,
    /// Its account's lane is paused.
    Paused,
    /// It is being published at this moment, or is live already.
    TooLate,
    /// It is unknown whether it is live; that must be settled first.
    OutcomeUnknown,
    /// A worker is on it already.
    UnderWay,
    /// The call may still be under way until this time.
    NotYet {
        /// When the step can be tried again.
        at: DateTime<Utc>,
    },
    /// The step does not belong to this state.
    WrongState,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Final => "it has come to its end",
            Self::NotHolder => "another worker holds it, or none",
            Self::LeaseExpired => "the lease has passed",
            Self::LeaseHeld => "the lease has not passed yet",
            Self::Revised => "it was changed since it was claimed",
            Self::CancelRequested => "it was called off",
            Self::Paused => "its account is paused",
            Self::TooLate => "it is being published, or is live already",
            Self::OutcomeUnknown => "it is unknown whether it is live",
            Self::UnderWay => "a worker is on it already",
            Self::NotYet { at } => return write!(f, "not before {at}"),
            Self::WrongState => "it does not apply in this state",
        })
    }
}

/// A step that was refused; the job is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{step} was refused for the {state} job {job_id}: {reason}")]
pub struct JobRefused {
    /// Which job.
    pub job_id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// The step's name.
    pub step: &'static str,
    /// Why.
    #[serde(flatten)]
    pub reason: Refusal,
}
