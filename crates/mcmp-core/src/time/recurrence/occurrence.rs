//! The occurrences of a rule as planned times.

use std::ops::Range;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Recurrence;
use crate::time::range::local_day_clamped;
use crate::time::{ClockShift, LAST_DAY, Schedule, WallTime};

/// One time at which a rule occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Which one: its local time by the rule, which stays the same when it is moved
    /// (RECURRENCE-ID, <https://www.rfc-editor.org/rfc/rfc5545#section-3.8.4.4>).
    pub key: NaiveDateTime,
    /// When it is planned.
    pub schedule: Schedule,
    /// What a clock change did to that time.
    pub shift: Option<ClockShift>,
    /// Occurrences that a clock change put on the same instant; this one stands for them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<NaiveDateTime>,
}

impl Occurrence {
    pub(super) fn new(key: NaiveDateTime, wall: WallTime) -> Self {
        let (schedule, shift) = Schedule::at_wall(wall);
        Self { key, schedule, shift, absorbed: Vec::new() }
    }
}

impl Recurrence {
    /// The occurrences at `range.start <= instant < range.end`, in order of time, at most `max`:
    /// as many as `max` may mean that more follow.
    ///
    /// Each local date of the rule occurs exactly once. Where a zone skips a whole day, that day's
    /// occurrence and the next day's fall on one instant and come as one.
    #[must_use]
    pub fn occurrences(&self, range: Range<DateTime<Utc>>, max: usize) -> Vec<Occurrence> {
        self.occurrences_without(range, max, |_| false)
    }

    /// The same without those whose key `is_excluded`.
    pub(super) fn occurrences_without(
        &self,
        range: Range<DateTime<Utc>>,
        max: usize,
        is_excluded: impl Fn(NaiveDateTime) -> bool,
    ) -> Vec<Occurrence> {
        let mut found: Vec<Occurrence> = Vec::new();
        if range.is_empty() || max == 0 {
            return found;
        }
        for date in self.dates_from(self.first_date_for(range.start)) {
            let key = self.key_on(date);
            if is_excluded(key) {
                continue;
            }
            let Some(occurrence) = self.occurrence(key) else { break };
            // A day apart on the clocks, occurrences never change places, as no zone leaps further
            // than a day; so all that follow lie behind this one or on the same instant.
            if occurrence.schedule.at() >= range.end {
                break;
            }
            if occurrence.schedule.at() < range.start {
                continue;
            }
            let is_full = found.len() == max;
            match found.last_mut() {
                Some(last) if last.schedule.at() == occurrence.schedule.at() => {
                    let before = std::mem::replace(last, occurrence);
                    last.absorbed = before.absorbed;
                    last.absorbed.push(before.key);
                }
                _ if is_full => break,
                _ => found.push(occurrence),
            }
        }
        found
    }

    /// Does the rule occur with this key?
    #[must_use]
    pub fn occurs(&self, key: NaiveDateTime) -> bool {
        self.key_on(key.date()) == key && self.dates_from(key.date()).next() == Some(key.date())
    }

    fn occurrence(&self, key: NaiveDateTime) -> Option<Occurrence> {
        let start = &self.0.start;
        let wall = WallTime::new(key, start.zone()).ok()?;
        Some(Occurrence::new(key, wall.with_fold(start.fold())))
    }

    /// Occurrences of earlier local dates lie before `at`: the day before is the earliest one from
    /// which a leap of the clocks can carry them over it.
    fn first_date_for(&self, at: DateTime<Utc>) -> NaiveDate {
        let day = local_day_clamped(at, self.0.start.zone());
        day.checked_sub_days(Days::new(1)).unwrap_or(day).min(LAST_DAY)
    }
}
