//! What a person can do about a job that goes no further by itself.

use serde::{Deserialize, Serialize};

use super::error_class::ErrorClass;
use super::job::{HoldReason, JobState, PublishJob};

/// Something that a person can do about a job that goes no further by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WayOut {
    /// Connect the account again, then retry.
    Reconnect,
    /// Look at the channel, and say that it is live there:
    /// [`confirm_published`](crate::portal::Posts::confirm_published).
    ConfirmPublished,
    /// Look at the channel, and say that it is not live there:
    /// [`confirm_absent`](crate::portal::Posts::confirm_absent).
    ConfirmAbsent,
    /// Change the post, then retry.
    Edit,
    /// Have it approved, then retry.
    Approve,
    /// Take the client or the agency up again, then retry.
    Activate,
    /// Give it another time.
    Reschedule,
    /// Send it now, or look once more what became of it: [`retry`](crate::portal::Posts::retry).
    Retry,
    /// Decide that it will not go out.
    Cancel,
}

impl HoldReason {
    /// Why, in words that a person can act on, as the end of a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Reconnect => "its channel must be connected again",
            Self::UnknownOutcome => "nobody can tell whether it is live: please look",
            Self::CrashLoop => "sending it was begun again and again and never ended",
            Self::Late => "its time has passed",
            Self::NotApproved => "it is no longer approved",
            Self::RulesViolated => "the rules refuse it as things are now",
            Self::NotActive => "its client or agency is not active",
            Self::ByPerson => "somebody stopped it",
        }
    }
}

impl PublishJob {
    /// What a person can do about it, the likeliest first; nothing while it goes on by itself or is
    /// live. What the person may do is another question: see
    /// [`allowed_actions`](crate::lifecycle::allowed_actions).
    #[must_use]
    pub fn ways_out(&self) -> Vec<WayOut> {
        use WayOut::{
            Activate, Approve, Cancel, ConfirmAbsent, ConfirmPublished, Edit, Reconnect,
            Reschedule, Retry,
        };
        if self.state == JobState::Held && self.intent.is_some() {
            return vec![ConfirmPublished, ConfirmAbsent, Retry, Cancel];
        }
        match (self.state, self.hold_reason) {
            (JobState::Held, Some(HoldReason::Reconnect)) => vec![Reconnect, Retry, Cancel],
            (JobState::Held, Some(HoldReason::UnknownOutcome)) => {
                vec![ConfirmPublished, ConfirmAbsent, Retry, Cancel]
            }
            (JobState::Held, Some(HoldReason::Late)) => vec![Retry, Reschedule, Cancel],
            (JobState::Held, Some(HoldReason::NotApproved)) => vec![Approve, Retry, Cancel],
            (JobState::Held, Some(HoldReason::RulesViolated)) => vec![Edit, Retry, Cancel],
            (JobState::Held, Some(HoldReason::NotActive)) => vec![Activate, Retry, Cancel],
            (JobState::Held, _) => vec![Retry, Cancel],
            (JobState::Failed | JobState::Missed, _) => {
                let class = self.last_error.as_ref().map(|error| error.class);
                match class {
                    Some(ErrorClass::Reconnect | ErrorClass::Permission) => vec![Reconnect, Retry],
                    Some(ErrorClass::InvalidContent) => vec![Edit, Retry],
                    _ => vec![Retry],
                }
            }
            _ => Vec::new(),
        }
    }

    /// What went wrong, in words; `None` while it goes on by itself or is live.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        match self.state {
            JobState::Held => {
                Some(self.hold_reason.map_or("somebody must look", HoldReason::in_words))
            }
            JobState::Missed => Some("its time had passed"),
            JobState::Failed => {
                Some(self.last_error.as_ref().map_or("nobody knows why", |error| &error.message))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishing::sample;

    #[test]
    fn whatever_stands_still_has_a_way_out() {
        let reasons = [
            HoldReason::Reconnect,
            HoldReason::UnknownOutcome,
            HoldReason::CrashLoop,
            HoldReason::Late,
            HoldReason::NotApproved,
            HoldReason::RulesViolated,
            HoldReason::NotActive,
            HoldReason::ByPerson,
        ];
        for state in JobState::ALL {
            let mut job = sample::job(&sample::outgoing(0, false));
            job.state = *state;
            let stands = matches!(state, JobState::Held | JobState::Failed | JobState::Missed);
            assert_eq!(job.trouble().is_some(), stands, "{state}");
            for reason in reasons {
                job.hold_reason = Some(reason);
                assert_eq!(job.ways_out().contains(&WayOut::Retry), stands, "{state} {reason:?}");
            }
        }
    }
}
