//! People plan in slots: "Mondays at nine, Thursdays at noon", and the next free one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::range::{LAST_DAY, is_whole_second, local_day_clamped};
use super::wall::day_start;
use super::weekday_name::{WeekdayName, rank};
use super::{ClockShift, PostingWindows, Schedule, WallTime};
use crate::value::InvalidValue;

/// A time of the week, by local clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SlotTime {
    /// The weekday.
    #[serde(with = "WeekdayName")]
    pub day: Weekday,
    /// The time of day, in whole seconds.
    pub time: NaiveTime,
}

impl SlotTime {
    /// `time` on every `day`.
    #[must_use]
    pub fn new(day: Weekday, time: NaiveTime) -> Self {
        Self { day, time }
    }

    fn rank(&self) -> (u32, NaiveTime) {
        (rank(self.day), self.time)
    }
}

/// The weekly slots of an account or a client, from Monday on, no two alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<SlotTime>")]
pub struct QueueSlots(Vec<SlotTime>);

impl QueueSlots {
    /// Most slots: one for each half hour of the week.
    pub const MAX: usize = 7 * 48;

    /// Sorts and checks `slots`; `field` is named in the error.
    ///
    /// # Errors
    /// More than [`MAX`](Self::MAX), parts of a second, or the same slot twice.
    pub fn new(field: &str, mut slots: Vec<SlotTime>) -> Result<Self, InvalidValue> {
        if slots.len() > Self::MAX {
            return Err(InvalidValue::too_long(field, Self::MAX, slots.len()));
        }
        let mut seen = BTreeSet::new();
        for (index, slot) in slots.iter().enumerate() {
            if !is_whole_second(slot.time) {
                return Err(InvalidValue::malformed(
                    format!("{field}[{index}].time"),
                    "a time in whole seconds",
                    slot.time,
                ));
            }
            if !seen.insert(slot.rank()) {
                return Err(InvalidValue::duplicate(
                    format!("{field}[{index}]"),
                    format_args!("{} {}", slot.day, slot.time),
                ));
            }
        }
        slots.sort_by_key(SlotTime::rank);
        Ok(Self(slots))
    }

    /// The slots, from Monday on.
    #[must_use]
    pub fn as_slice(&self) -> &[SlotTime] {
        &self.0
    }

    /// Has no slots.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every slot after the instant `after`, in the order in which they come, by the clocks of
    /// `zone`, up to [`LAST_DAY`].
    ///
    /// Each slot comes once in each week, whatever the clocks do: moved later where they skip it,
    /// the first time where they show it twice ([`Schedule::shift`] says so). Two slots that a leap
    /// of the clocks puts on one instant come as one.
    #[must_use]
    pub fn upcoming(&self, zone: Tz, after: DateTime<Utc>) -> UpcomingSlots<'_> {
        // A slot of the day before can still lie ahead where the zone skips a whole day.
        let first = local_day_clamped(after, zone);
        let next_day = (!self.0.is_empty()).then(|| first.pred_opt().unwrap_or(first));
        UpcomingSlots { slots: &self.0, zone, after, next_day, waiting: BTreeMap::new() }
    }
}

impl TryFrom<Vec<SlotTime>> for QueueSlots {
    type Error = InvalidValue;

    fn try_from(slots: Vec<SlotTime>) -> Result<Self, Self::Error> {
        Self::new("slots", slots)
    }
}

/// The slots to come; see [`QueueSlots::upcoming`].
#[derive(Debug, Clone)]
pub struct UpcomingSlots<'a> {
    slots: &'a [SlotTime],
    zone: Tz,
    after: DateTime<Utc>,
    /// The first local day whose slots are not in `waiting` yet.
    next_day: Option<NaiveDate>,
    /// A leap of the clocks can put a slot behind one of the next hours or day, so slots wait here
    /// until no earlier one can follow.
    waiting: BTreeMap<DateTime<Utc>, (Schedule, Option<ClockShift>)>,
}

impl UpcomingSlots<'_> {
    fn fill(&mut self, day: NaiveDate) {
        for slot in self.slots.iter().filter(|slot| slot.day == day.weekday()) {
            let Ok(wall) = WallTime::new(day.and_time(slot.time), self.zone) else { continue };
            let (schedule, shift) = Schedule::at_wall(wall);
            if schedule.at() <= self.after {
                continue;
            }
            let held = self.waiting.entry(schedule.at()).or_insert((schedule, shift));
            // On one instant, the slot that the clocks do show stands for both.
            if shift.is_none() {
                *held = (schedule, shift);
            }
        }
    }
}

impl Iterator for UpcomingSlots<'_> {
    type Item = Schedule;

    fn next(&mut self) -> Option<Schedule> {
        loop {
            let complete_until = self.next_day.and_then(|day| day_start(day, self.zone).ok());
            let ready = match (self.waiting.first_key_value(), complete_until) {
                (Some((at, _)), Some(until)) => *at < until,
                (Some(_), None) => self.next_day.is_none(),
                (None, _) => false,
            };
            if ready {
                return self.waiting.pop_first().map(|(_, (schedule, _))| schedule);
            }
            let day = self.next_day?;
            self.fill(day);
            self.next_day = day.succ_opt().filter(|next| *next <= LAST_DAY);
        }
    }
}

/// Furthest that [`next_free_slot`] looks ahead, in days: ten years.
pub const MAX_HORIZON_DAYS: u32 = 3_660;

/// The first slot after `after` that lies in `windows`, is not `taken`, and comes within
/// `horizon_days` times 24 hours, at most [`MAX_HORIZON_DAYS`].
///
/// # Errors
/// [`NoFreeSlot`] says why there is none, so that a person can add slots, widen the windows or look
/// further ahead.
pub fn next_free_slot(
    slots: &QueueSlots,
    zone: Tz,
    after: DateTime<Utc>,
    windows: &PostingWindows,
    taken: &BTreeSet<DateTime<Utc>>,
    horizon_days: u32,
) -> Result<Schedule, NoFreeSlot> {
    if slots.is_empty() {
        return Err(NoFreeSlot::NoSlots);
    }
    let until = TimeDelta::try_days(i64::from(horizon_days.min(MAX_HORIZON_DAYS)))
        .and_then(|span| after.checked_add_signed(span))
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut refused_by_windows = 0_usize;
    let mut refused_as_taken = 0_usize;
    for slot in slots.upcoming(zone, after).take_while(|slot| slot.at() <= until) {
        if !windows.contains(slot.at(), zone) {
            refused_by_windows += 1;
        } else if is_taken(taken, slot.at()) {
            refused_as_taken += 1;
        } else {
            return Ok(slot);
        }
    }
    Err(match (refused_as_taken, refused_by_windows) {
        (0, 0) => NoFreeSlot::NoneWithin { until },
        (0, _) => NoFreeSlot::OutsideWindows { until },
        _ => NoFreeSlot::AllTaken { until },
    })
}

/// `taken` may hold parts of a millisecond, slots never do.
fn is_taken(taken: &BTreeSet<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
    taken.range(at..at + TimeDelta::milliseconds(1)).next().is_some()
}

/// Why there is no free slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoFreeSlot {
    /// There are no slots at all.
    #[error("there are no queue slots")]
    NoSlots,
    /// No slot comes within the horizon.
    #[error("no queue slot comes before {until}")]
    NoneWithin {
        /// Where the search ended.
        until: DateTime<Utc>,
    },
    /// Slots come, each outside the posting windows.
    #[error("every queue slot until {until} lies outside the posting windows")]
    OutsideWindows {
        /// Where the search ended.
        until: DateTime<Utc>,
    },
    /// Slots come in the posting windows, each with something in it.
    #[error("every queue slot until {until} is taken")]
    AllTaken {
        /// Where the search ended.
        until: DateTime<Utc>,
    },
}
