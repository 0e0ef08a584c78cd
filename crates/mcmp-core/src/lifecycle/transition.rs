//! What an accepted action comes to.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::approval::Approval;
use crate::event::EventKind;
use crate::id::JobId;
use crate::notification::NotificationTopic;
use crate::value::Note;

use super::{PostAction, PostStatus};

/// What an accepted action comes to. All of it is written in one commit, with a history entry from
/// `from` to `to`; then [`follow`](super::follow) with the jobs as they are now, in the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// What was done.
    pub action: PostAction,
    /// The status before.
    pub from: PostStatus,
    /// The status after.
    pub to: PostStatus,
    /// What becomes of the approval.
    pub approval: ApprovalChange,
    /// What becomes of the planned time.
    pub schedule: ScheduleChange,
    /// What becomes of the jobs.
    pub jobs: JobsEffect,
    /// What happened, in order.
    pub events: Vec<EventKind>,
    /// What people are told.
    pub notify: Vec<NotificationTopic>,
    /// What was said with it.
    pub note: Option<Note>,
}

/// What becomes of a post's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApprovalChange {
    /// It stays as it is.
    Keep,
    /// It is this one.
    Set(Approval),
    /// There is none.
    Clear,
}

impl ApprovalChange {
    /// Writes it.
    pub fn apply(&self, approval: &mut Option<Approval>) {
        match self {
            Self::Keep => {}
            Self::Set(new) => *approval = Some(new.clone()),
            Self::Clear => *approval = None,
        }
    }
}

/// What becomes of a post's planned time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScheduleChange {
    /// It stays as it is.
    Keep,
    /// It is this one.
    Set(DateTime<Utc>),
    /// There is none.
    Clear,
}

/// What becomes of a post's jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobsEffect {
    /// They stay as they are.
    None,
    /// They are made to match the post's variants, revision and planned time. Per account: a job
    /// that has not come to its end is revised and moved (one held because it was late runs
    /// again); where there is none, or only a failed, missed or cancelled one, a new one is made
    /// whose `retry_of` names the old one, as there is where a job is being called off; those of
    /// accounts that are no longer meant are called off.
    Sync,
    /// Those that [`may_be_called_off`](super::may_be_called_off) are called off.
    Cancel,
    /// These go on: a failed or missed one is followed by a new job, planned for now, whose
    /// `retry_of` names it; a held one resumes, which for an unknown outcome means asking the
    /// platform, never sending blindly.
    Retry {
        /// Which ones; never empty.
        jobs: Vec<JobId>,
    },
}
