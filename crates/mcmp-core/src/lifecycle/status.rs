//! Where a post can stand, and what can be done to it.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! wire_enum {
    ($(#[$enum_doc:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident = $wire:literal),+ $(,)? }) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$doc])* $name,)+
        }

        impl $enum {
            /// All of them.
            pub const ALL: &'static [$enum] = &[$($enum::$name),+];

            /// The wire name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($enum::$name => $wire,)+
                }
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

wire_enum! {
    /// Where a post stands.
    PostStatus {
        /// Being written.
        Draft = "draft",
        /// Waits for decisions.
        PendingApproval = "pending_approval",
        /// Somebody asked for changes.
        ChangesRequested = "changes_requested",
        /// May go out, and is not scheduled.
        Approved = "approved",
        /// Goes out at its time; every variant has its job.
        Scheduled = "scheduled",
        /// Something has begun and its outcome is open, or it is live somewhere and waits elsewhere.
        Publishing = "publishing",
        /// Live everywhere.
        Published = "published",
        /// Live somewhere, failed elsewhere.
        PartiallyPublished = "partially_published",
        /// Live nowhere.
        Failed = "failed",
        /// Waits for a person: a job can't go on without one.
        Held = "held",
        /// Will not go out.
        Cancelled = "cancelled",
        /// Put away.
        Archived = "archived",
    }
}

wire_enum! {
    /// What can be done to a post.
    PostAction {
        /// Begin one.
        Create = "create",
        /// Change what would go out, or what it is filed under.
        Edit = "edit",
        /// Ask for approval.
        Submit = "submit",
        /// Take the request back.
        Withdraw = "withdraw",
        /// Say yes.
        Approve = "approve",
        /// Say not like this.
        RequestChanges = "request_changes",
        /// Say not at all.
        Reject = "reject",
        /// Let a request end whose publishing time passed without an answer.
        ExpireApproval = "expire_approval",
        /// Give it a time.
        Schedule = "schedule",
        /// Give it another time.
        Reschedule = "reschedule",
        /// Take its time away.
        Unschedule = "unschedule",
        /// Send it now.
        PublishNow = "publish_now",
        /// Send again what failed.
        Retry = "retry",
        /// Follow its jobs.
        FollowJobs = "follow_jobs",
        /// Decide that it will not go out.
        Cancel = "cancel",
        /// Take a cancelled or failed one up again.
        Reopen = "reopen",
        /// Put it away.
        Archive = "archive",
        /// Delete it.
        Delete = "delete",
    }
}
