//! The delivery of one variant at one time.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error_class::PublishError;
use super::follow_up::FollowUp;
use super::lateness::LatenessPolicy;
use super::max_failures::MaxFailures;
use crate::access::Tenancy;
use crate::account::{Platform, UnknownOutcomePolicy};
use crate::id::{
    AccountId, AgencyId, AttemptId, ClientId, JobId, PostId, RevisionId, SnapshotId, VariantId,
};
use crate::post::Digest;
use crate::store::{AttemptFilter, PublishJobFilter, UniqueKey, Version, entity};

/// Where a job stands; see the table in `job_table`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobState {
    /// Nothing is in flight; it runs when `due_at` comes.
    #[default]
    Scheduled,
    /// A worker holds it, for steps that can be repeated.
    Running,
    /// The intent is recorded; the visible call may be under way.
    Committing,
    /// There was an intent and there is no outcome: the platform is asked.
    Unknown,
    /// Waits for a person.
    Held,
    /// Live.
    Published,
    /// Given up.
    Failed,
    /// Too late, by its policy.
    Missed,
    /// Called off.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: &'static [JobState] = &[
        Self::Scheduled,
        Self::Running,
        Self::Committing,
        Self::Unknown,
        Self::Held,
        Self::Published,
        Self::Failed,
        Self::Missed,
        Self::Cancelled,
    ];

    /// Whether it has come to its end; a retry makes a new job.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Published | Self::Failed | Self::Missed | Self::Cancelled)
    }

    /// Whether it takes one of its account's places.
    #[must_use]
    pub fn is_in_flight(self) -> bool {
        matches!(self, Self::Running | Self::Committing)
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Committing => "committing",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a job waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HoldReason {
    /// Its account must be connected again.
    Reconnect,
    /// It can't be found out whether it is live.
    UnknownOutcome,
    /// Its workers died over it again and again.
    CrashLoop,
    /// It is late, and its policy says to ask.
    Late,
    /// It is no longer approved.
    NotApproved,
    /// The rules refuse it as things are now.
    RulesViolated,
    /// Its agency or its client is not active.
    NotActive,
    /// A person said so.
    ByPerson,
}

/// A worker's name: made at random with each start, never configured, so that two processes can't
/// share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

/// A worker's hold on a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it.
    pub worker: WorkerId,
    /// Until when, by the store's clock.
    pub until: DateTime<Utc>,
    /// The job's `rev` as it was taken; a change since then stops the visible call.
    pub claimed_rev: u64,
}

/// The visible call that may be under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Since when, by the store's clock.
    pub at: DateTime<Utc>,
    /// When the call has ended one way or the other, by the store's clock.
    pub deadline: DateTime<Utc>,
    /// The attempt that keeps its evidence.
    pub attempt_id: AttemptId,
    /// Whether the platform took it and is processing it: accepted, and not live yet.
    #[serde(default)]
    pub accepted: bool,
    /// Whether the call repeats an earlier one, under the same key, whose outcome is open as well.
    #[serde(default)]
    pub repeats: bool,
}

/// Where a published item is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteRef {
    /// The platform's id of it.
    pub id: String,
    /// Its address, if the platform told one.
    pub url: Option<String>,
}

/// The delivery of one variant at one time.
///
/// Small on purpose: it is rewritten often. What is sent stands in the revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishJob {
    /// Its id; the platform is given it as an idempotency key where it takes one.
    pub id: JobId,
    /// Grows with every write.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose post.
    pub client_id: ClientId,
    /// To which account.
    pub account_id: AccountId,
    /// Where.
    pub platform: Platform,
    /// Which post.
    pub post_id: PostId,
    /// Which variant of it.
    pub variant_id: VariantId,
    /// The revision to send.
    pub revision_id: RevisionId,
    /// That revision's digest.
    pub revision_digest: Digest,
    /// Where it stands.
    pub state: JobState,
    /// When its next step may run.
    pub due_at: DateTime<Utc>,
    /// When the calendar shows it.
    pub planned_at: DateTime<Utc>,
    /// What happens when it is late.
    pub lateness: LatenessPolicy,
    /// What happens when its outcome can't be found out.
    pub unknown_outcome: UnknownOutcomePolicy,
    /// How many failures of a part are one too many.
    #[serde(default)]
    pub max_failures: MaxFailures,
    /// Smaller goes first among jobs of one account that are due at the same time.
    pub priority: i16,
    /// Grows with every edit, move or change of approval.
    pub rev: u64,
    /// Grows with every claim and is never reset: a worker with an older one can't write.
    pub fence: u64,
    /// Who works on it.
    pub lease: Option<Lease>,
    /// The visible call that may be under way.
    pub intent: Option<Intent>,
    /// How often a visible call was made.
    pub attempts: u32,
    /// How often a visible call was made for the part that is sent now.
    #[serde(default)]
    pub sends: u32,
    /// How often a call failed for now and certainly had no effect, since there was progress: since
    /// the last checkpoint, and once the part was sent, since the last part went live. The part is
    /// given up at `max_failures`.
    pub failures: u32,
    /// How often it was put off beside that: by a rate limit without a time, or by a look-up that
    /// failed. It lets the waits grow as failures do, and brings the part no nearer to being given
    /// up.
    #[serde(default)]
    pub waits: u32,
    /// How often its worker died over it.
    pub crashes: u32,
    /// How often the platform, asked, did not have it; only those that count.
    pub negatives: u32,
    /// When the last of them was seen.
    #[serde(default)]
    pub last_negative_at: Option<DateTime<Utc>>,
    /// What the publisher needs to go on: container ids, upload sessions.
    pub checkpoint: Option<Value>,
    /// Somebody asked to call it off while it was being worked on.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Why it waits for a person.
    pub hold_reason: Option<HoldReason>,
    /// What went wrong last.
    pub last_error: Option<PublishError>,
    /// Where its main item is live.
    pub remote: Option<RemoteRef>,
    /// What follows the main item once that is live: [`FollowUp::of`] the content.
    #[serde(default)]
    pub follow_ups: Vec<FollowUp>,
    /// The job that this one tries again.
    pub retry_of: Option<JobId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it came to its end.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the numbers of what it published are read next; `None` before it is live, and once
    /// nobody reads them any longer.
    #[serde(default)]
    pub metrics_due_at: Option<DateTime<Utc>>,
    /// The numbers that were read last.
    #[serde(default)]
    pub last_snapshot: Option<SnapshotId>,
}

impl PublishJob {
    /// How late it is at `now`; zero or less if it is not.
    #[must_use]
    pub fn late_by(&self, now: DateTime<Utc>) -> TimeDelta {
        now - self.planned_at
    }

    /// How many failures and waits its next wait is reckoned from.
    pub(super) fn setbacks(&self) -> u32 {
        self.failures.saturating_add(self.waits)
    }

    /// Begins to count anew, because there was progress or a person said so.
    pub(super) fn forget_setbacks(&mut self) {
        self.failures = 0;
        self.waits = 0;
    }

    /// Whether something of it is visible, or may be: steps that only make ready, such as an upload,
    /// leave a checkpoint and show nothing.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.intent.is_some()
            || self.remote.is_some()
            || matches!(self.state, JobState::Committing | JobState::Unknown)
    }
}

entity! {
    PublishJob, JobId, PublishJobFilter,
    tenancy: |job| Tenancy::Client(job.agency_id, job.client_id),
    parent: |job| job.post_id,
}

/// What an attempt's call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
#[non_exhaustive]
pub enum Outcome {
    /// It is live.
    Published {
        /// Where.
        remote: RemoteRef,
    },
    /// The platform took it and is processing it.
    Accepted {
        /// What the platform is asked with: a publish id, a container's id.
        checkpoint: Value,
    },
    /// It certainly is not.
    Rejected {
        /// Why.
        error: PublishError,
    },
    /// It may be.
    Unknown {
        /// What was seen.
        error: PublishError,
    },
}

impl Outcome {
    /// Whether it may be live or not, as far as this goes.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Unknown { .. })
    }
}

/// The evidence of one visible call: written before it, completed after it, and kept at least as
/// long as its job is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose post.
    pub client_id: ClientId,
    /// Which job.
    pub job_id: JobId,
    /// The job's fence as the call was made.
    pub fence: u64,
    /// Counted from 1 within the job.
    pub number: u32,
    /// Who made it.
    pub worker: WorkerId,
    /// The digest of what was sent.
    pub request_digest: Digest,
    /// When, by the store's clock.
    pub started_at: DateTime<Utc>,
    /// What it came to; `None` as long as that is not known.
    pub outcome: Option<Outcome>,
    /// When that was recorded.
    pub ended_at: Option<DateTime<Utc>>,
}

entity! {
    Attempt, AttemptId, AttemptFilter,
    tenancy: |attempt| Tenancy::Client(attempt.agency_id, attempt.client_id),
    unique: |attempt| vec![UniqueKey::new(
        "number",
        format_args!("{}/{}", attempt.job_id, attempt.number),
    )],
    parent: |attempt| attempt.job_id,
}
