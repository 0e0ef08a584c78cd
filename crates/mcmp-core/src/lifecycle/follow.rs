//! A post's status as its jobs say it.

use crate::event::EventKind;
use crate::id::{JobId, RevisionId};
use crate::notification::NotificationTopic;
use crate::publishing::{HoldReason, JobState, PublishJob};

use super::transition::{ApprovalChange, JobsEffect, ScheduleChange, Transition};
use super::{PostAction, PostStatus};

/// The status that follows from `jobs`; `None` without any.
///
/// Left out are jobs that another one tries again (its `retry_of` names them), failed and missed
/// ones of an older revision than the newest among the jobs, and those that were called off, even
/// if their worker does not know yet: what is called off is no longer meant to go out. The rest
/// says, in this order:
///
/// 1. `publishing` if something of a job may be visible and its outcome is open;
/// 2. `held` if some job waits for a person and none is in flight;
/// 3. while some still wait: `publishing` if others are live, else `scheduled`;
/// 4. at the end: `published`, `partially_published` (some are live, others or parts of them
///    failed) or `failed`; `cancelled` if all were called off.
#[must_use]
pub fn status_of_jobs(jobs: &[PublishJob]) -> Option<PostStatus> {
    status_after(jobs, Seen::now)
}

/// Whether something of it may be visible at the platform while its outcome is open.
#[must_use]
pub fn may_be_live(job: &PublishJob) -> bool {
    !job.state.is_final()
        && (job.has_begun() || job.hold_reason == Some(HoldReason::UnknownOutcome))
}

/// Whether it can still be called off: nothing of it has begun, or it waits for a person, who
/// then answers for it.
#[must_use]
pub fn may_be_called_off(job: &PublishJob) -> bool {
    !job.state.is_final() && (job.state == JobState::Held || !may_be_live(job))
}

/// Follows the jobs in the commit that changed them; `None` if the status stays. It asks nobody's
/// permission: who may change the jobs was asked before. Only a post that has been scheduled
/// follows its jobs, and a cancelled one that went live all the same.
#[must_use]
pub fn follow(from: PostStatus, jobs: &[PublishJob]) -> Option<Transition> {
    let to = status_of_jobs(jobs)?;
    let follows = match from {
        PostStatus::Scheduled
        | PostStatus::Publishing
        | PostStatus::Held
        | PostStatus::PartiallyPublished
        | PostStatus::Failed => true,
        PostStatus::Cancelled => is_live(jobs),
        _ => false,
    };
    (follows && to != from).then(|| Transition {
        action: PostAction::FollowJobs,
        from,
        to,
        approval: ApprovalChange::Keep,
        schedule: ScheduleChange::Keep,
        jobs: JobsEffect::None,
        events: vec![arrival(to)],
        notify: told(to),
        note: None,
    })
}

/// Whether some job is live.
pub(super) fn is_live(jobs: &[PublishJob]) -> bool {
    jobs.iter().any(|job| job.state == JobState::Published)
}

/// The jobs that can be tried again.
pub(super) fn retryable(jobs: &[PublishJob]) -> impl Iterator<Item = &PublishJob> {
    relevant(jobs).filter(|job| {
        matches!(job.state, JobState::Failed | JobState::Missed | JobState::Held)
            || job.failed_in_part()
    })
}

/// The status once all jobs are called off that can be.
pub(super) fn status_after_calling_off(jobs: &[PublishJob]) -> Option<PostStatus> {
    status_after(jobs, |job| {
        if may_be_called_off(job) { Seen::at(JobState::Cancelled) } else { Seen::now(job) }
    })
}

/// The status once the named jobs go on.
pub(super) fn status_after_retrying(jobs: &[PublishJob], named: &[JobId]) -> Option<PostStatus> {
    status_after(jobs, |job| {
        if named.contains(&job.id) { Seen::at(JobState::Scheduled) } else { Seen::now(job) }
    })
}

/// What happened to a post that its jobs brought to `status`.
pub(super) fn arrival(status: PostStatus) -> EventKind {
    match status {
        PostStatus::Publishing => EventKind::PostPublishing,
        PostStatus::Published => EventKind::PostPublished,
        PostStatus::PartiallyPublished => EventKind::PostPartiallyPublished,
        PostStatus::Failed => EventKind::PostFailed,
        PostStatus::Held => EventKind::PostHeld,
        PostStatus::Cancelled => EventKind::PostCancelled,
        _ => EventKind::PostUpdated,
    }
}

/// What people are told of it.
pub(super) fn told(status: PostStatus) -> Vec<NotificationTopic> {
    match status {
        PostStatus::Published => vec![NotificationTopic::PostPublished],
        PostStatus::PartiallyPublished | PostStatus::Failed | PostStatus::Held => {
            vec![NotificationTopic::PostNeedsAttention]
        }
        _ => Vec::new(),
    }
}

/// What the status looks at in a job.
#[derive(Clone, Copy)]
struct Seen {
    state: JobState,
    begun: bool,
    /// Live, without a part that failed.
    in_part: bool,
}

impl Seen {
    fn at(state: JobState) -> Self {
        Self { state, begun: false, in_part: false }
    }

    fn now(job: &PublishJob) -> Self {
        // Somebody called it off while a worker had it: the worker will find out.
        if job.cancel_requested_at.is_some() && may_be_called_off(job) {
            return Self::at(JobState::Cancelled);
        }
        Self {
            state: job.state,
            begun: job.state != JobState::Held && may_be_live(job),
            in_part: job.failed_in_part(),
        }
    }
}

fn relevant(jobs: &[PublishJob]) -> impl Iterator<Item = &PublishJob> {
    let newest: Option<RevisionId> =
        jobs.iter().filter(|j| j.state != JobState::Cancelled).map(|j| j.revision_id).max();
    jobs.iter().filter(move |job| {
        let outdated = matches!(job.state, JobState::Failed | JobState::Missed)
            && Some(job.revision_id) < newest;
        !outdated && !jobs.iter().any(|other| other.retry_of == Some(job.id))
    })
}

fn status_after(jobs: &[PublishJob], see: impl Fn(&PublishJob) -> Seen) -> Option<PostStatus> {
    if jobs.is_empty() {
        return None;
    }
    let seen: Vec<Seen> =
        relevant(jobs).map(see).filter(|job| job.state != JobState::Cancelled).collect();
    let any = |states: &[JobState]| seen.iter().any(|job| states.contains(&job.state));
    let live = any(&[JobState::Published]);
    let waits = any(&[JobState::Scheduled, JobState::Running, JobState::Held]);
    Some(if seen.iter().any(|job| job.begun) {
        PostStatus::Publishing
    } else if any(&[JobState::Held]) && !seen.iter().any(|job| job.state.is_in_flight()) {
        PostStatus::Held
    } else if waits {
        if live { PostStatus::Publishing } else { PostStatus::Scheduled }
    } else if any(&[JobState::Failed, JobState::Missed]) || seen.iter().any(|job| job.in_part) {
        if live { PostStatus::PartiallyPublished } else { PostStatus::Failed }
    } else if live {
        PostStatus::Published
    } else {
        PostStatus::Cancelled
    })
}
