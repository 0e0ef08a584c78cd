//! Which occurrences have their turn.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::Series;
use crate::time::{Occurrence, WallTime, to_millis};

/// The occurrences of a series that are to become posts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Those that become posts, in order of time: at most one of them is overdue.
    pub occurrences: Vec<Occurrence>,
    /// Those that are overdue and not made up for; report them.
    pub missed: Vec<NaiveDateTime>,
}

impl Turn {
    /// The newest occurrence whose turn it was.
    #[must_use]
    pub fn newest(&self) -> Option<NaiveDateTime> {
        self.occurrences.iter().map(|occurrence| occurrence.key).chain(self.missed.clone()).max()
    }
}

impl Series {
    /// Whether the occurrence with `key` has had its turn: it has its post, or was missed. A rule
    /// occurs at most once on a date, so a date whose turn is over stays so when the rule gets
    /// another time of day. An occurrence that was moved got its post when it was moved.
    #[must_use]
    pub fn has_had_its_turn(&self, key: NaiveDateTime) -> bool {
        self.rule.moves().contains_key(&key)
            || self.materialized_until.is_some_and(|newest| key.date() <= newest.date())
    }

    /// The occurrences up to and at `until` that have not had their turn, at most `max` of those
    /// still to come. However long nobody asked, at most one overdue occurrence is among them: the
    /// latest.
    #[must_use]
    pub fn turn(&self, now: DateTime<Utc>, until: DateTime<Utc>, max: usize) -> Turn {
        let mut rule = self.rule.clone();
        for key in self.rule.moves().keys() {
            // What is an exception already can always become another kind of exception.
            drop(rule.skip(*key));
        }
        let is_open = |key: NaiveDateTime| !self.has_had_its_turn(key);
        let after = self.looked_at_until();
        let due = rule.due_now(after, now);
        let missed = due.missed.into_iter().filter(|key| is_open(*key)).collect();
        let mut occurrences: Vec<Occurrence> =
            due.occurrence.into_iter().filter(|occurrence| is_open(occurrence.key)).collect();
        // Two dates lie between what was looked at and the first open one, at the most.
        let coming = next_milli(after.max(now))..next_milli(until);
        let coming = rule.occurrences(coming, max.saturating_add(3));
        occurrences
            .extend(coming.into_iter().filter(|occurrence| is_open(occurrence.key)).take(max));
        Turn { occurrences, missed }
    }

    /// An instant before every open occurrence, and not long before.
    fn looked_at_until(&self) -> DateTime<Utc> {
        let Some(newest) = self.materialized_until else { return self.created_at };
        let zone = self.rule.recurrence().parts().start.zone();
        // A day before, as a leap of the clocks can put a date's occurrence on the day before.
        let date = newest.date().checked_sub_days(Days::new(1)).unwrap_or(newest.date());
        WallTime::new(date.and_time(NaiveTime::MIN), zone)
            .map_or(self.created_at, |wall| wall.resolve().at)
    }
}

fn next_milli(at: DateTime<Utc>) -> DateTime<Utc> {
    to_millis(at).checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
