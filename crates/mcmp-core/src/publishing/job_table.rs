//! Where a job can go from each state.

use super::job::JobState;

impl JobState {
    /// The states that a job can go to from this one, by a claim or by
    /// [`advance`](super::advance); staying is not listed.
    #[must_use]
    pub fn successors(self) -> &'static [JobState] {
        use JobState::{
            Cancelled, Committing, Failed, Held, Missed, Published, Running, Scheduled, Unknown,
        };
        match self {
            // Published: the main item is live and the rest was called off.
            Scheduled => &[Running, Held, Cancelled, Published],
            Running => &[Scheduled, Committing, Held, Published, Failed, Missed, Cancelled],
            // Running: the part is live and the same worker goes on with the next one.
            Committing => &[Running, Scheduled, Unknown, Held, Published, Failed],
            // Committing: the call is repeated under a key that the platform knows it by.
            Unknown => &[Committing, Scheduled, Held, Published, Failed, Cancelled],
            // Unknown: what it was held for is settled, or a person wants one more look.
            Held => &[Scheduled, Unknown, Published, Cancelled],
            Published | Failed | Missed | Cancelled => &[],
        }
    }

    /// Whether a job can go from this state to `to`, or stay.
    #[must_use]
    pub fn may_become(self, to: JobState) -> bool {
        self == to || self.successors().contains(&to)
    }
}
