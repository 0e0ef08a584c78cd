//! The table: all that can be done to a post.

use crate::approval::Verdict;
use crate::event::EventKind as Event;
use crate::member::Permission;
use crate::notification::NotificationTopic as Tell;

use super::conditions::Condition as If;
use super::guards::Guard;
use super::rule::{ApprovalRule, By, JobsRule, Rule, ScheduleRule, To};
use super::{PostAction, PostStatus};
use PostStatus::{
    Approved, Archived, Cancelled, ChangesRequested, Draft, Failed, Held, PartiallyPublished,
    PendingApproval, Published, Publishing, Scheduled,
};

const WRITE: By = By::Permission(Permission::WritePosts);
const SCHEDULE: By = By::Permission(Permission::SchedulePosts);
const ARCHIVE: By = By::Permission(Permission::ArchivePosts);
const DECIDE: By = By::Person(Permission::ApprovePosts);

/// What a decision takes, whichever it is.
const DECISION: &[Guard] = &[Guard::Decider, Guard::NotOwnPost, Guard::NotDecidedYet];
/// What a yes takes.
const YES: &[Guard] =
    &[Guard::Decider, Guard::NotOwnPost, Guard::NotDecidedYet, Guard::PlannedTimeAhead];

const fn rule(action: PostAction, from: &'static [PostStatus], by: By, to: To) -> Rule {
    Rule {
        action,
        from,
        when: &[],
        by,
        guards: &[],
        to,
        approval: ApprovalRule::Keep,
        schedule: ScheduleRule::Keep,
        jobs: JobsRule::Keep,
        events: &[],
        notify: &[],
    }
}

/// All that can be done to a post.
pub const TABLE: &[Rule] = &[
    // Writing
    Rule {
        when: &[If::ContentStays],
        events: &[Event::PostUpdated],
        ..rule(
            PostAction::Edit,
            &[
                Draft,
                PendingApproval,
                ChangesRequested,
                Approved,
                Scheduled,
                Publishing,
                Published,
                PartiallyPublished,
                Failed,
                Held,
                Cancelled,
            ],
            WRITE,
            To::Same,
        )
    },
    Rule {
        when: &[If::ContentChanges],
        approval: ApprovalRule::Void,
        events: &[Event::PostUpdated],
        ..rule(
            PostAction::Edit,
            &[Draft, PendingApproval, ChangesRequested, Approved, Failed],
            WRITE,
            To::Status(Draft),
        )
    },
    Rule {
        when: &[If::ContentChanges, If::ApprovalMatters],
        guards: &[Guard::NothingBegun],
        approval: ApprovalRule::Void,
        jobs: JobsRule::Cancel,
        events: &[Event::PostUpdated, Event::PostUnscheduled],
        ..rule(PostAction::Edit, &[Scheduled, Held], WRITE, To::Status(Draft))
    },
    Rule {
        when: &[If::ContentChanges, If::ApprovalDoesNotMatter],
        guards: &[Guard::NothingBegun],
        jobs: JobsRule::Sync,
        events: &[Event::PostUpdated],
        ..rule(PostAction::Edit, &[Scheduled, Held], WRITE, To::Same)
    },
    // Approval
    Rule {
        when: &[If::PolicyAsks],
        guards: &[Guard::HasVariants, Guard::TimeAhead],
        approval: ApprovalRule::Ask,
        schedule: ScheduleRule::Asked,
        events: &[Event::PostSubmitted],
        notify: &[Tell::ApprovalRequested],
        ..rule(PostAction::Submit, &[Draft, ChangesRequested], WRITE, To::Status(PendingApproval))
    },
    Rule {
        when: &[If::PolicyAsksNobody],
        guards: &[Guard::HasVariants, Guard::TimeAhead],
        approval: ApprovalRule::Clear,
        schedule: ScheduleRule::Asked,
        events: &[Event::PostSubmitted, Event::PostApproved],
        ..rule(PostAction::Submit, &[Draft, ChangesRequested], WRITE, To::Status(Approved))
    },
    Rule {
        approval: ApprovalRule::Clear,
        events: &[Event::PostWithdrawn],
        ..rule(
            PostAction::Withdraw,
            &[PendingApproval, ChangesRequested, Approved],
            WRITE,
            To::Status(Draft),
        )
    },
    Rule {
        when: &[If::MoreThanOneYesMissing],
        guards: YES,
        approval: ApprovalRule::Decide(Verdict::Approved),
        events: &[Event::PostApprovalGiven],
        ..rule(PostAction::Approve, &[PendingApproval], DECIDE, To::Same)
    },
    Rule {
        when: &[If::LastYes],
        guards: YES,
        approval: ApprovalRule::Decide(Verdict::Approved),
        events: &[Event::PostApprovalGiven, Event::PostApproved],
        notify: &[Tell::ApprovalDecided],
        ..rule(PostAction::Approve, &[PendingApproval], DECIDE, To::Status(Approved))
    },
    Rule {
        guards: DECISION,
        approval: ApprovalRule::Decide(Verdict::ChangesRequested),
        events: &[Event::PostChangesRequested],
        notify: &[Tell::ApprovalDecided],
        ..rule(PostAction::RequestChanges, &[PendingApproval], DECIDE, To::Status(ChangesRequested))
    },
    Rule {
        guards: DECISION,
        approval: ApprovalRule::Decide(Verdict::Rejected),
        events: &[Event::PostRejected],
        notify: &[Tell::ApprovalDecided],
        ..rule(PostAction::Reject, &[PendingApproval], DECIDE, To::Status(Cancelled))
    },
    Rule {
        guards: &[Guard::PlannedTimeCame],
        approval: ApprovalRule::Clear,
        events: &[Event::PostApprovalExpired],
        notify: &[Tell::PostNeedsAttention],
        ..rule(PostAction::ExpireApproval, &[PendingApproval], By::System, To::Status(Draft))
    },
    // Time
    Rule {
        guards: &[
            Guard::HasVariants,
            Guard::NothingBegun,
            Guard::MayGoOut,
            Guard::TimeAhead,
            Guard::ApprovedForThatTime,
        ],
        schedule: ScheduleRule::Asked,
        jobs: JobsRule::Sync,
        events: &[Event::PostScheduled],
        ..rule(PostAction::Schedule, &[Draft, Approved], SCHEDULE, To::Status(Scheduled))
    },
    Rule {
        guards: &[Guard::TimeAhead],
        schedule: ScheduleRule::Asked,
        events: &[Event::PostRescheduled],
        ..rule(PostAction::Reschedule, &[Draft, ChangesRequested], WRITE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeKeeps],
        guards: &[Guard::TimeAhead],
        schedule: ScheduleRule::Asked,
        events: &[Event::PostRescheduled],
        ..rule(PostAction::Reschedule, &[PendingApproval], WRITE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeVoids],
        guards: &[Guard::TimeAhead],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Asked,
        events: &[Event::PostRescheduled],
        ..rule(PostAction::Reschedule, &[PendingApproval], WRITE, To::Status(Draft))
    },
    Rule {
        when: &[If::TimeChangeKeeps],
        guards: &[Guard::TimeAhead],
        schedule: ScheduleRule::Asked,
        events: &[Event::PostRescheduled],
        ..rule(PostAction::Reschedule, &[Approved], SCHEDULE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeVoids],
        guards: &[Guard::TimeAhead],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Asked,
        events: &[Event::PostRescheduled],
        ..rule(PostAction::Reschedule, &[Approved], SCHEDULE, To::Status(Draft))
    },
    Rule {
        when: &[If::TimeChangeKeeps],
        guards: &[Guard::NothingBegun, Guard::MayGoOut, Guard::TimeAhead],
        schedule: ScheduleRule::Asked,
        jobs: JobsRule::Sync,
        events: &[Event::PostRescheduled],
        ..rule(PostAction::Reschedule, &[Scheduled, Held], SCHEDULE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeVoids],
        guards: &[Guard::NothingBegun, Guard::TimeAhead],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Asked,
        jobs: JobsRule::Cancel,
        events: &[Event::PostRescheduled, Event::PostUnscheduled],
        ..rule(PostAction::Reschedule, &[Scheduled, Held], SCHEDULE, To::Status(Draft))
    },
    Rule {
        guards: &[Guard::HasTime],
        schedule: ScheduleRule::Clear,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[Draft, ChangesRequested], WRITE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeKeeps],
        guards: &[Guard::HasTime],
        schedule: ScheduleRule::Clear,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[PendingApproval], WRITE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeVoids],
        guards: &[Guard::HasTime],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Clear,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[PendingApproval], WRITE, To::Status(Draft))
    },
    Rule {
        when: &[If::TimeChangeKeeps],
        guards: &[Guard::HasTime],
        schedule: ScheduleRule::Clear,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[Approved], SCHEDULE, To::Same)
    },
    Rule {
        when: &[If::TimeChangeVoids],
        guards: &[Guard::HasTime],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Clear,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[Approved], SCHEDULE, To::Status(Draft))
    },
    Rule {
        when: &[If::Approved, If::TimeChangeKeeps],
        guards: &[Guard::NothingBegun],
        schedule: ScheduleRule::Clear,
        jobs: JobsRule::Cancel,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[Scheduled, Held], SCHEDULE, To::Status(Approved))
    },
    Rule {
        when: &[If::Approved, If::TimeChangeVoids],
        guards: &[Guard::NothingBegun],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Clear,
        jobs: JobsRule::Cancel,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[Scheduled, Held], SCHEDULE, To::Status(Draft))
    },
    Rule {
        when: &[If::NotApproved],
        guards: &[Guard::NothingBegun],
        approval: ApprovalRule::Void,
        schedule: ScheduleRule::Clear,
        jobs: JobsRule::Cancel,
        events: &[Event::PostUnscheduled],
        ..rule(PostAction::Unschedule, &[Scheduled, Held], SCHEDULE, To::Status(Draft))
    },
    Rule {
        guards: &[
            Guard::HasVariants,
            Guard::NothingBegun,
            Guard::MayGoOut,
            Guard::ApprovedForThatTime,
        ],
        schedule: ScheduleRule::Asked,
        jobs: JobsRule::Sync,
        events: &[Event::PostScheduled],
        ..rule(
            PostAction::PublishNow,
            &[Draft, Approved, Scheduled, Held],
            SCHEDULE,
            To::Status(Scheduled),
        )
    },
    // Publishing
    Rule {
        guards: &[Guard::SomethingToRetry, Guard::RetriedMayGoOut],
        jobs: JobsRule::Retry,
        events: &[Event::PostRetried],
        ..rule(PostAction::Retry, &[Failed, PartiallyPublished, Held], SCHEDULE, To::AsJobsSay)
    },
    Rule {
        guards: &[Guard::HasJobs],
        ..rule(
            PostAction::FollowJobs,
            &[Scheduled, Publishing, PartiallyPublished, Failed, Held],
            By::System,
            To::AsJobsSay,
        )
    },
    Rule {
        guards: &[Guard::IsLive],
        ..rule(PostAction::FollowJobs, &[Cancelled], By::System, To::AsJobsSay)
    },
    // The end
    Rule {
        events: &[Event::PostCancelled],
        ..rule(
            PostAction::Cancel,
            &[Draft, PendingApproval, ChangesRequested, Approved],
            SCHEDULE,
            To::Status(Cancelled),
        )
    },
    Rule {
        guards: &[Guard::CanBeCalledOff],
        jobs: JobsRule::Cancel,
        ..rule(PostAction::Cancel, &[Scheduled, Publishing, Held], SCHEDULE, To::AsJobsSay)
    },
    Rule {
        guards: &[Guard::NothingBegun],
        approval: ApprovalRule::Clear,
        events: &[Event::PostReopened],
        ..rule(PostAction::Reopen, &[Cancelled, Failed], WRITE, To::Status(Draft))
    },
    Rule {
        events: &[Event::PostArchived],
        ..rule(
            PostAction::Archive,
            &[Draft, Published, PartiallyPublished, Failed, Cancelled],
            ARCHIVE,
            To::Status(Archived),
        )
    },
    Rule {
        guards: &[Guard::NothingBegun],
        events: &[Event::PostDeleted],
        ..rule(PostAction::Delete, &[Draft, Cancelled], ARCHIVE, To::Same)
    },
];
