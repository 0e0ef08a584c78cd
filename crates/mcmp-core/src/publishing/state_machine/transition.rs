//! The changes that every step is made of: each leaves the job's fields right for its new state.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::error_class::PublishError;
use super::super::follow_up::FollowUpOutcome;
use super::super::job::{HoldReason, JobState, PublishJob, RemoteRef};
use super::Advanced;
use crate::event::EventKind;

/// How long after it went live the numbers of a post are read for the first time.
const FIRST_LOOK_AT_METRICS: TimeDelta = TimeDelta::hours(1);

impl PublishJob {
    /// Whether it was edited or moved since its worker claimed it.
    pub(super) fn is_revised(&self) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.claimed_rev != self.rev)
    }

    /// Waits for `due_at` with nothing in flight.
    pub(super) fn into_scheduled(mut self, due_at: DateTime<Utc>) -> Self {
        self.state = JobState::Scheduled;
        self.due_at = due_at;
        self.hold_reason = None;
        self.without_call()
    }

    /// Waits for a look-up; what was sent stays in question.
    pub(super) fn into_unknown(mut self, due_at: DateTime<Utc>) -> Self {
        self.state = JobState::Unknown;
        self.due_at = due_at;
        self.hold_reason = None;
        self.lease = None;
        self
    }

    /// Waits for a person, with its intent if it is unknown what came of that.
    pub(super) fn into_held(mut self, reason: HoldReason) -> Advanced {
        self.state = JobState::Held;
        self.hold_reason = Some(reason);
        self.lease = None;
        Advanced::told(self, EventKind::JobHeld)
    }

    /// Comes to its end.
    pub(super) fn into_end(mut self, state: JobState, now: DateTime<Utc>) -> Advanced {
        self.state = state;
        self.finished_at = Some(now);
        self.hold_reason = None;
        if state == JobState::Published {
            self.metrics_due_at = now.checked_add_signed(FIRST_LOOK_AT_METRICS);
        }
        let event = match state {
            JobState::Published => EventKind::JobPublished,
            JobState::Missed => EventKind::JobMissed,
            JobState::Cancelled => EventKind::JobCancelled,
            _ => EventKind::JobFailed,
        };
        Advanced::told(self.without_call(), event)
    }

    /// Nobody holds it and nothing that was sent is in question.
    fn without_call(mut self) -> Self {
        self.lease = None;
        self.without_intent()
    }

    /// Nothing that was sent is in question.
    pub(super) fn without_intent(mut self) -> Self {
        self.intent = None;
        self.negatives = 0;
        self.last_negative_at = None;
        self
    }

    /// Calls it off, or what of it is not live yet.
    pub(super) fn called_off(mut self, now: DateTime<Utc>) -> Advanced {
        if self.is_live() {
            self.skip_follow_ups();
            self.into_end(JobState::Published, now)
        } else {
            self.into_end(JobState::Cancelled, now)
        }
    }

    /// The current part is live: on to the next one, if there is one.
    pub(super) fn part_live(mut self, remote: RemoteRef, now: DateTime<Utc>) -> Advanced {
        self.settle_current_part(FollowUpOutcome::Live { remote });
        self.last_error = None;
        self.next_part(now)
    }

    /// The current part can't be published: the end, unless the main item is live.
    pub(super) fn part_failed(mut self, error: PublishError, now: DateTime<Utc>) -> Advanced {
        self.last_error = Some(error.clone());
        if !self.is_live() {
            return self.into_end(JobState::Failed, now);
        }
        self.settle_current_part(FollowUpOutcome::Failed { error });
        self.next_part(now)
    }

    /// With the main item live, starts on what follows it. A worker that holds a place in the lane
    /// goes on at once; after a look-up, which holds none, the part waits for its claim.
    fn next_part(mut self, now: DateTime<Utc>) -> Advanced {
        if self.cancel_requested_at.is_some() {
            self.skip_follow_ups();
        }
        if self.current_part().is_none() {
            return self.into_end(JobState::Published, now);
        }
        self.checkpoint = None;
        self.sends = 0;
        self.forget_setbacks();
        self.crashes = 0;
        let job = if self.state.is_in_flight() && self.lease.is_some() {
            self.state = JobState::Running;
            self.without_intent()
        } else {
            self.into_scheduled(now)
        };
        Advanced::told(job, EventKind::JobProgressed)
    }

    /// A worker lets go of it with nothing sent that is in question: what people asked for
    /// meanwhile comes first, then `next`.
    pub(super) fn let_go(
        self,
        now: DateTime<Utc>,
        next: impl FnOnce(Self) -> Advanced,
    ) -> Advanced {
        if self.cancel_requested_at.is_some() {
            self.called_off(now)
        } else if self.is_revised() {
            let due_at = self.due_at;
            Advanced::quiet(self.into_scheduled(due_at))
        } else {
            next(self)
        }
    }
}
