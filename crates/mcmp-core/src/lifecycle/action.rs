//! What is asked of a post, with what it takes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::JobId;
use crate::post::RevisionRef;
use crate::value::Note;

use super::PostAction;

/// What is asked of a post, with what it takes; [`PostAction`] is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
#[non_exhaustive]
pub enum Action {
    /// Change what would go out, or what it is filed under.
    Edit {
        /// Whether the digest of what would go out is another one afterwards. Whoever writes the
        /// change compares the two; it is never what a person says.
        digest_changes: bool,
    },
    /// Ask for approval of a revision frozen for this.
    Submit {
        /// What would go out.
        revision: RevisionRef,
        /// When it is to go out; `None` leaves the time as it is.
        at: Option<DateTime<Utc>>,
    },
    /// Take the request back.
    Withdraw,
    /// Say yes.
    Approve {
        /// A remark.
        note: Option<Note>,
    },
    /// Say not like this.
    RequestChanges {
        /// What is to be changed.
        note: Note,
    },
    /// Say not at all.
    Reject {
        /// Why.
        note: Option<Note>,
    },
    /// Let a request end whose publishing time passed without an answer.
    ExpireApproval,
    /// Give it a time, with jobs.
    Schedule {
        /// What goes out: the newest revision, of the content as it is.
        revision: RevisionRef,
        /// When.
        at: DateTime<Utc>,
    },
    /// Give it another time.
    Reschedule {
        /// When.
        at: DateTime<Utc>,
    },
    /// Take its time away.
    Unschedule,
    /// Send it now.
    PublishNow {
        /// What goes out: the newest revision, of the content as it is.
        revision: RevisionRef,
    },
    /// Send again what failed or was missed, and let go on what is held.
    Retry {
        /// Only these jobs; empty is all that can.
        #[serde(default)]
        jobs: Vec<JobId>,
    },
    /// Follow its jobs.
    FollowJobs,
    /// Decide that it will not go out.
    Cancel {
        /// Why.
        note: Option<Note>,
    },
    /// Take a cancelled or failed one up again.
    Reopen,
    /// Put it away.
    Archive,
    /// Delete it.
    Delete,
}

impl Action {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> PostAction {
        match self {
            Self::Edit { .. } => PostAction::Edit,
            Self::Submit { .. } => PostAction::Submit,
            Self::Withdraw => PostAction::Withdraw,
            Self::Approve { .. } => PostAction::Approve,
            Self::RequestChanges { .. } => PostAction::RequestChanges,
            Self::Reject { .. } => PostAction::Reject,
            Self::ExpireApproval => PostAction::ExpireApproval,
            Self::Schedule { .. } => PostAction::Schedule,
            Self::Reschedule { .. } => PostAction::Reschedule,
            Self::Unschedule => PostAction::Unschedule,
            Self::PublishNow { .. } => PostAction::PublishNow,
            Self::Retry { .. } => PostAction::Retry,
            Self::FollowJobs => PostAction::FollowJobs,
            Self::Cancel { .. } => PostAction::Cancel,
            Self::Reopen => PostAction::Reopen,
            Self::Archive => PostAction::Archive,
            Self::Delete => PostAction::Delete,
        }
    }

    /// What was said with it.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        match self {
            Self::Approve { note } | Self::Reject { note } | Self::Cancel { note } => note.as_ref(),
            Self::RequestChanges { note } => Some(note),
            _ => None,
        }
    }
}

/// An action as the table sees it: with all it takes, or only by name, to find out whether there
/// is any way to do it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    Exactly(&'a Action),
    InAnyWay(PostAction),
}

impl Asked<'_> {
    pub(super) fn name(&self) -> PostAction {
        match self {
            Self::Exactly(action) => action.name(),
            Self::InAnyWay(name) => *name,
        }
    }

    /// The time asked for, if one is named.
    pub(super) fn time(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Exactly(Action::Schedule { at, .. } | Action::Reschedule { at }) => Some(*at),
            Self::Exactly(Action::Submit { at, .. }) => *at,
            _ if self.name() == PostAction::PublishNow => Some(now),
            _ => None,
        }
    }
}
