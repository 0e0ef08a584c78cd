//! When something is planned: the instant, and beside it what the person meant.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{ClockShift, WallTime, to_millis};
use crate::value::InvalidValue;

/// A planned time. Workers go by the instant; people, and a change of the tz data, by the wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "ScheduleParts")]
pub struct Schedule {
    at: DateTime<Utc>,
    wall: WallTime,
}

impl Schedule {
    /// Planned by local time, with what a clock change did to it: tell the person.
    #[must_use]
    pub fn at_wall(wall: WallTime) -> (Self, Option<ClockShift>) {
        let resolved = wall.resolve();
        (Self { at: resolved.at, wall }, resolved.shift)
    }

    /// Planned by instant ("in an hour"); the wall time is what the clocks of `zone` show then,
    /// the second of two equal ones included.
    ///
    /// # Errors
    /// A local day outside [`FIRST_DAY`](super::FIRST_DAY)`..=`[`LAST_DAY`](super::LAST_DAY).
    pub fn at_instant(at: DateTime<Utc>, zone: Tz) -> Result<Self, InvalidValue> {
        Ok(Self { at: to_millis(at), wall: WallTime::from_instant(at, zone)? })
    }

    /// The instant, in whole milliseconds.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// What the person meant.
    #[must_use]
    pub fn wall(&self) -> &WallTime {
        &self.wall
    }

    /// What a clock change does to the wall time under the tz data in use.
    #[must_use]
    pub fn shift(&self) -> Option<ClockShift> {
        self.wall.resolve().shift
    }

    /// The same intent with the instant it comes to under the tz data in use.
    #[must_use]
    pub fn rederived(&self) -> (Self, Option<ClockShift>) {
        Self::at_wall(self.wall)
    }
}

#[derive(Deserialize)]
struct ScheduleParts {
    at: DateTime<Utc>,
    wall: WallTime,
}

impl From<ScheduleParts> for Schedule {
    fn from(parts: ScheduleParts) -> Self {
        // The two may differ: then the tz data has changed since, and `rederive` will say so.
        Self { at: to_millis(parts.at), wall: parts.wall }
    }
}

/// A planned time whose instant is another one under the tz data in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved<K> {
    /// What is planned.
    pub key: K,
    /// The instant so far.
    pub from: DateTime<Utc>,
    /// The instant that the wall time comes to now.
    pub to: DateTime<Utc>,
    /// What a clock change does to the wall time now.
    pub shift: Option<ClockShift>,
}

/// Derives every instant anew, to be called once after the tz data has changed, and answers with
/// those that moved, in the order given. Nothing is written: the caller applies
/// [`Schedule::rederived`] where it wants the move, and tells people.
pub fn rederive<'a, K: Clone>(
    intents: impl IntoIterator<Item = (K, &'a Schedule)>,
) -> Vec<Moved<K>> {
    intents
        .into_iter()
        .filter_map(|(key, schedule)| {
            let (now, shift) = schedule.rederived();
            (now.at != schedule.at).then_some(Moved { key, from: schedule.at, to: now.at, shift })
        })
        .collect()
}
