//! The parts of a post: the main item, and what follows it once that is live.
//!
//! Every part goes through the same steps and has its own intent, attempt and outcome; so a part
//! that fails does not undo those before it, and what is live is never sent again.

use serde::{Deserialize, Serialize};

use super::error_class::PublishError;
use super::job::{JobState, PublishJob, RemoteRef};
use crate::post::Outgoing;

/// One visible item of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
#[non_exhaustive]
pub enum Part {
    /// The post itself.
    Main,
    /// A further part of a thread, under the part before it.
    Thread {
        /// Its place in [`Outgoing::thread`].
        index: usize,
    },
    /// The first comment, under the post itself.
    FirstComment,
}

/// What became of a part that follows the main item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
#[non_exhaustive]
pub enum FollowUpOutcome {
    /// Not live yet.
    #[default]
    Pending,
    /// Live.
    Live {
        /// Where.
        remote: RemoteRef,
    },
    /// Given up.
    Failed {
        /// Why.
        error: PublishError,
    },
    /// Not tried: it was called off, or the part it belongs under failed.
    Skipped,
}

/// A part that follows the main item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Which part.
    #[serde(flatten)]
    pub part: Part,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: FollowUpOutcome,
}

impl FollowUp {
    /// What follows the main item of `outgoing`, in order: the thread, then the first comment.
    #[must_use]
    pub fn of(outgoing: &Outgoing) -> Vec<Self> {
        let thread = (0..outgoing.thread.len()).map(|index| Part::Thread { index });
        let comment = outgoing.first_comment.as_ref().map(|_| Part::FirstComment);
        thread.chain(comment).map(|part| Self { part, outcome: FollowUpOutcome::Pending }).collect()
    }
}

impl PublishJob {
    /// Whether the main item is live.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.remote.is_some()
    }

    /// Whether it is live, and a part that was to follow failed. What was called off did not.
    #[must_use]
    pub fn failed_in_part(&self) -> bool {
        let failed =
            |follow_up: &FollowUp| matches!(follow_up.outcome, FollowUpOutcome::Failed { .. });
        self.state == JobState::Published && self.follow_ups.iter().any(failed)
    }

    /// The part that is to be sent next, or is being sent; `None` once all is settled.
    #[must_use]
    pub fn current_part(&self) -> Option<Part> {
        if self.remote.is_none() {
            return Some(Part::Main);
        }
        self.follow_ups
            .iter()
            .find(|follow_up| follow_up.outcome == FollowUpOutcome::Pending)
            .map(|follow_up| follow_up.part)
    }

    /// Where `part` is live, if it is.
    #[must_use]
    pub fn remote_of(&self, part: Part) -> Option<&RemoteRef> {
        if part == Part::Main {
            return self.remote.as_ref();
        }
        self.follow_ups.iter().find(|follow_up| follow_up.part == part).and_then(|follow_up| {
            match &follow_up.outcome {
                FollowUpOutcome::Live { remote } => Some(remote),
                _ => None,
            }
        })
    }

    /// What `part` is posted under: the part before it in its thread, or the main item.
    #[must_use]
    pub fn parent_of(&self, part: Part) -> Option<&RemoteRef> {
        match part {
            Part::Main => None,
            Part::Thread { index: 0 } | Part::FirstComment => self.remote.as_ref(),
            Part::Thread { index } => self.remote_of(Part::Thread { index: index - 1 }),
        }
    }

    /// The key that a platform may know a repetition of `part` by: the same for every attempt to
    /// send the same content, and for nothing else. At most 64 characters of `a-z`, `0-9`, `-`.
    #[must_use]
    pub fn dedupe_key(&self, part: Part) -> String {
        let content: String = self.revision_digest.as_str().chars().take(12).collect();
        match part {
            Part::Main => format!("{}-{content}", self.id),
            Part::Thread { index } => format!("{}-{content}-t{index}", self.id),
            Part::FirstComment => format!("{}-{content}-c", self.id),
        }
    }

    /// Notes the current part's outcome. After a thread's part that is not live, the rest of the
    /// thread has nothing to go under.
    pub(super) fn settle_current_part(&mut self, outcome: FollowUpOutcome) {
        match (self.current_part(), outcome) {
            (Some(Part::Main), FollowUpOutcome::Live { remote }) => self.remote = Some(remote),
            (Some(part), outcome) => {
                let ends_thread = matches!(part, Part::Thread { .. })
                    && !matches!(outcome, FollowUpOutcome::Live { .. });
                for follow_up in &mut self.follow_ups {
                    if follow_up.part == part {
                        follow_up.outcome = outcome.clone();
                    } else if ends_thread
                        && matches!(follow_up.part, Part::Thread { .. })
                        && follow_up.outcome == FollowUpOutcome::Pending
                    {
                        follow_up.outcome = FollowUpOutcome::Skipped;
                    }
                }
            }
            (None, _) => {}
        }
    }

    /// Gives up every part that is still to come.
    pub(super) fn skip_follow_ups(&mut self) {
        for follow_up in &mut self.follow_ups {
            if follow_up.outcome == FollowUpOutcome::Pending {
                follow_up.outcome = FollowUpOutcome::Skipped;
            }
        }
    }
}
