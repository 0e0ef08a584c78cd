//! Everything that can happen.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident = $wire:literal),+ $(,)?) => {
        /// Everything that can happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $wire)] $name,)+
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$name),+];

            /// The wire name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(EventKind::$name => $wire,)+
                }
            }
        }
    };
}

event_kinds! {
    /// An agency was made.
    AgencyCreated = "agency.created",
    /// Its name, branding or identity providers changed.
    AgencyUpdated = "agency.updated",
    /// It was suspended, closed or taken up again.
    AgencyStatusChanged = "agency.status_changed",
    /// Its plan changed.
    AgencyPlanChanged = "agency.plan_changed",
    /// A client was made.
    ClientCreated = "client.created",
    /// Its settings changed.
    ClientUpdated = "client.updated",
    /// It was paused, archived or taken up again.
    ClientStatusChanged = "client.status_changed",
    /// A person was made.
    UserCreated = "user.created",
    /// Somebody was asked in.
    InvitationCreated = "invitation.created",
    /// An invitation was taken.
    InvitationAccepted = "invitation.accepted",
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked",
    /// Somebody became a member.
    MemberAdded = "member.added",
    /// What a member may do changed.
    MemberUpdated = "member.updated",
    /// A member left.
    MemberRemoved = "member.removed",
    /// An API key was made.
    ApiKeyCreated = "api_key.created",
    /// An API key was revoked.
    ApiKeyRevoked = "api_key.revoked",
    /// A channel was connected, or connected again.
    AccountConnected = "account.connected",
    /// A channel's settings changed.
    AccountUpdated = "account.updated",
    /// A channel's status changed by itself: expiring, expired, revoked, error.
    AccountStatusChanged = "account.status_changed",
    /// A channel was disconnected.
    AccountDisconnected = "account.disconnected",
    /// A channel or a client's channels were paused or resumed.
    AccountPaused = "account.paused",
    /// A post was begun.
    PostCreated = "post.created",
    /// A post was changed.
    PostUpdated = "post.updated",
    /// Approval was asked for.
    PostSubmitted = "post.submitted",
    /// The request for approval was taken back.
    PostWithdrawn = "post.withdrawn",
    /// Somebody said yes.
    PostApprovalGiven = "post.approval_given",
    /// All stages said yes.
    PostApproved = "post.approved",
    /// Somebody said not like this.
    PostChangesRequested = "post.changes_requested",
    /// Somebody said not at all.
    PostRejected = "post.rejected",
    /// The publishing time passed without an answer.
    PostApprovalExpired = "post.approval_expired",
    /// A change voided what was approved.
    PostApprovalVoided = "post.approval_voided",
    /// A post got a time.
    PostScheduled = "post.scheduled",
    /// A post got another time.
    PostRescheduled = "post.rescheduled",
    /// A post lost its time.
    PostUnscheduled = "post.unscheduled",
    /// A post is being sent.
    PostPublishing = "post.publishing",
    /// A post is live everywhere.
    PostPublished = "post.published",
    /// A post is live somewhere and failed elsewhere.
    PostPartiallyPublished = "post.partially_published",
    /// A post is live nowhere.
    PostFailed = "post.failed",
    /// A post waits for a person.
    PostHeld = "post.held",
    /// A post is sent again.
    PostRetried = "post.retried",
    /// A post will not go out.
    PostCancelled = "post.cancelled",
    /// A cancelled post was taken up again.
    PostReopened = "post.reopened",
    /// A post was put away.
    PostArchived = "post.archived",
    /// A post was deleted.
    PostDeleted = "post.deleted",
    /// A job was made.
    JobScheduled = "job.scheduled",
    /// A step of a job was done, and it goes on later.
    JobProgressed = "job.progressed",
    /// A job's visible call is about to be made.
    JobCommitting = "job.committing",
    /// It is unknown whether a job's post is live.
    JobOutcomeUnknown = "job.outcome_unknown",
    /// A job's post is live.
    JobPublished = "job.published",
    /// A job is tried again later.
    JobRetryScheduled = "job.retry_scheduled",
    /// A job failed.
    JobFailed = "job.failed",
    /// A job waits for a person.
    JobHeld = "job.held",
    /// A job was too late, and its policy says to skip it.
    JobMissed = "job.missed",
    /// A job got another time or other content.
    JobRescheduled = "job.rescheduled",
    /// A job was cancelled.
    JobCancelled = "job.cancelled",
    /// Somebody commented.
    CommentAdded = "comment.added",
    /// A comment's text changed.
    CommentEdited = "comment.edited",
    /// A comment was settled, or opened again.
    CommentResolved = "comment.resolved",
    /// A comment was deleted.
    CommentDeleted = "comment.deleted",
    /// A review link was made.
    ReviewLinkCreated = "review_link.created",
    /// A review link was revoked.
    ReviewLinkRevoked = "review_link.revoked",
    /// A series was made.
    SeriesCreated = "series.created",
    /// A series was changed.
    SeriesUpdated = "series.updated",
    /// A series was ended.
    SeriesEnded = "series.ended",
    /// A campaign was made.
    CampaignCreated = "campaign.created",
    /// A campaign was changed.
    CampaignUpdated = "campaign.updated",
    /// A campaign was deleted.
    CampaignDeleted = "campaign.deleted",
    /// A brief was made.
    BriefCreated = "brief.created",
    /// A brief was changed.
    BriefUpdated = "brief.updated",
    /// A brief was deleted.
    BriefDeleted = "brief.deleted",
    /// A creator was added.
    CreatorCreated = "creator.created",
    /// A creator was changed.
    CreatorUpdated = "creator.updated",
    /// A creator was deleted.
    CreatorDeleted = "creator.deleted",
    /// A task was made.
    TaskCreated = "task.created",
    /// A task was changed.
    TaskUpdated = "task.updated",
    /// A task went to another column.
    TaskMoved = "task.moved",
    /// A task was deleted.
    TaskDeleted = "task.deleted",
    /// An asset was added.
    AssetCreated = "asset.created",
    /// An asset's description changed.
    AssetUpdated = "asset.updated",
    /// An asset was deleted.
    AssetDeleted = "asset.deleted",
    /// A webhook endpoint was made.
    WebhookEndpointCreated = "webhook_endpoint.created",
    /// A webhook endpoint was changed.
    WebhookEndpointUpdated = "webhook_endpoint.updated",
    /// A webhook endpoint was deleted.
    WebhookEndpointDeleted = "webhook_endpoint.deleted",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
