//! Why an action is refused, and what would help.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::access::Denied;
use crate::approval::Deciders;
use crate::id::{JobId, RevisionId};
use crate::value::Name;

use super::{PostAction, PostStatus};

/// Why an action is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What was asked.
    pub action: PostAction,
    /// Where the post stands.
    pub status: PostStatus,
    /// Why it can't be.
    #[serde(flatten)]
    pub reason: RefusalReason,
}

/// Why it can't be, and who or what could.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum RefusalReason {
    /// Not from the status that the post has.
    #[error("that is possible {}", from_statuses(.possible))]
    NotFromHere {
        /// From which statuses it is.
        possible: Vec<PostStatus>,
    },
    /// The actor may not.
    #[error("{denied}")]
    Denied {
        /// Why, and who could.
        denied: Denied,
    },
    /// The actor does not decide in the stage that waits.
    #[error("in the stage \"{stage}\" others decide")]
    NotADecider {
        /// The stage.
        stage: Name,
        /// Who decides there.
        deciders: Deciders,
    },
    /// The actor wrote, changed or submitted it, and the stage is for others to decide.
    #[error(
        "whoever wrote, changed or submitted a post does not decide on it in the stage \"{stage}\""
    )]
    OwnPost {
        /// The stage.
        stage: Name,
        /// Who decides there.
        deciders: Deciders,
    },
    /// The actor decided in this stage before.
    #[error("you have decided in the stage \"{stage}\" already")]
    AlreadyDecided {
        /// The stage.
        stage: Name,
    },
    /// Another revision waits than the one that was looked at.
    #[error("it was changed and submitted anew since you looked at it")]
    AnotherRevision {
        /// The one that waits.
        waits: Option<RevisionId>,
    },
    /// Nothing waits for a decision.
    #[error("no decision is asked for")]
    NoDecisionAsked,
    /// The policy wants an approval, and there is no complete one.
    #[error("it is not approved")]
    ApprovalRequired,
    /// It was approved with other content.
    #[error("what was approved is not what would go out")]
    NotWhatWasApproved,
    /// It was approved for another time, and the policy binds approvals to the time.
    #[error("it was approved for {approved_for}; another time takes a new approval")]
    NotWhenApproved {
        /// The time it was approved for.
        approved_for: DateTime<Utc>,
    },
    /// It goes nowhere: there is no variant.
    #[error("it has no account to go to")]
    NothingToPublish,
    /// The planned time is over.
    #[error("{at} has passed")]
    PlannedInThePast {
        /// The time.
        at: DateTime<Utc>,
    },
    /// The planned time is still to come, or there is none.
    #[error("its time has not come")]
    TimeNotCome {
        /// The time.
        planned_at: Option<DateTime<Utc>>,
    },
    /// It has no time that could be taken away.
    #[error("it has no time")]
    NoTime,
    /// Something was sent already, or is being sent.
    #[error("it is being published")]
    BeingPublished,
    /// No job failed, was missed or is held.
    #[error("nothing failed and nothing is held")]
    NothingToRetry,
    /// A job that was named can't be tried again.
    #[error("job {job} neither failed nor is held")]
    NotRetryable {
        /// Which one.
        job: JobId,
    },
    /// It has no jobs, or none that says anything.
    #[error("it has no job to follow")]
    NoJobs,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, status, reason } = self;
        let (action, status) = (plain(action.as_str()), plain(status.as_str()));
        write!(f, "can't {action} a post that is {status}: {reason}")
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

fn plain(name: &str) -> String {
    name.replace('_', " ")
}

fn from_statuses(statuses: &[PostStatus]) -> String {
    if statuses.is_empty() {
        return "never".to_owned();
    }
    let names: Vec<_> = statuses.iter().map(|status| plain(status.as_str())).collect();
    format!("only from {}", names.join(", "))
}
