//! What a line of the table says.

use crate::access::Denied;
use crate::approval::Verdict;
use crate::event::EventKind;
use crate::member::Permission;
use crate::notification::NotificationTopic;

use super::conditions::Condition;
use super::facts::Who;
use super::guards::Guard;
use super::refusal::RefusalReason;
use super::{PostAction, PostStatus};

/// One line of the table.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// What is done.
    pub action: PostAction,
    /// From which statuses.
    pub from: &'static [PostStatus],
    /// When this line holds rather than another one of the same action and status.
    pub when: &'static [Condition],
    /// Who may.
    pub by: By,
    /// What must hold, checked in this order.
    pub guards: &'static [Guard],
    /// Where the post stands then.
    pub to: To,
    /// What becomes of the approval.
    pub approval: ApprovalRule,
    /// What becomes of the planned time.
    pub schedule: ScheduleRule,
    /// What becomes of the jobs.
    pub jobs: JobsRule,
    /// What happened.
    pub events: &'static [EventKind],
    /// What people are told.
    pub notify: &'static [NotificationTopic],
}

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum By {
    /// Whoever holds a permission for the client; the system holds all.
    Permission(Permission),
    /// A person (or guest) who holds a permission for the client, never the system.
    Person(Permission),
    /// The system itself.
    System,
}

/// Where the post stands then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum To {
    /// Where it stood.
    Same,
    /// There.
    Status(PostStatus),
    /// Where its jobs say, once they are as this line leaves them.
    AsJobsSay,
}

/// What becomes of the approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApprovalRule {
    /// It stays.
    Keep,
    /// A new one is asked for, under the policy as it is now.
    Ask,
    /// A decision is added.
    Decide(Verdict),
    /// It ends.
    Clear,
    /// It ends, and if there was one, that is an event.
    Void,
}

/// What becomes of the planned time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleRule {
    /// It stays.
    Keep,
    /// It is the one asked for, if one is.
    Asked,
    /// There is none.
    Clear,
}

/// What becomes of the jobs; see [`JobsEffect`](super::JobsEffect).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobsRule {
    /// They stay.
    Keep,
    /// They are made to match the post.
    Sync,
    /// They are called off.
    Cancel,
    /// They go on.
    Retry,
}

impl By {
    /// Refuses whoever may not.
    pub(super) fn check(self, who: &Who<'_>) -> Result<(), RefusalReason> {
        let permission = match self {
            Self::System if who.is_system() => return Ok(()),
            Self::System => return Err(RefusalReason::Denied { denied: Denied::NeedsSystem }),
            Self::Person(_) if who.is_system() => {
                return Err(RefusalReason::Denied { denied: Denied::NeedsPerson });
            }
            Self::Person(permission) => permission,
            Self::Permission(_) if who.is_system() => return Ok(()),
            Self::Permission(permission) => permission,
        };
        if who.permissions.contains(permission) {
            return Ok(());
        }
        let client = Some(who.client);
        Err(RefusalReason::Denied {
            denied: Denied::Missing { permission, client, who_could: permission.roles() },
        })
    }
}
