//! What a calendar shows: days, weeks and months of a zone as ranges of instants.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::wall::day_start;
use super::weekday_name::{self, WeekdayName};
use crate::value::InvalidValue;

/// How much a calendar shows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "view", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CalendarView {
    /// The day of the date.
    Day,
    /// The seven days around the date.
    Week {
        /// The first of them.
        #[serde(with = "WeekdayName")]
        starts_on: Weekday,
    },
    /// The month of the date.
    Month {
        /// Also show the days before and after that fill whole weeks, which start on this day.
        #[serde(default, with = "weekday_name::optional", skip_serializing_if = "Option::is_none")]
        whole_weeks_from: Option<Weekday>,
    },
}

/// One local day as a half-open range of instants: 24 hours, or 23, 25, 23.5 where clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// The date.
    pub date: NaiveDate,
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant of the next day.
    pub until: DateTime<Utc>,
}

impl CalendarDay {
    /// How long the day is.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.until - self.from
    }

    /// A date that the zone never had, such as 30 December 2011 in Samoa.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.from == self.until
    }

    /// Does `at` belong to this day?
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.until
    }
}

/// What a view shows: its instants as one half-open range, and day by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarRange {
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
    /// Every date shown, missing ones too, so that weeks stay whole. Each day ends where the next
    /// starts.
    pub days: Vec<CalendarDay>,
}

impl CalendarRange {
    /// The day that `at` belongs to, where it is shown.
    #[must_use]
    pub fn day_of(&self, at: DateTime<Utc>) -> Option<&CalendarDay> {
        self.days.iter().find(|day| day.contains(at))
    }
}

/// The instants that a calendar with `view` around `date` shows in `zone`.
///
/// # Errors
/// The view reaches over [`FIRST_DAY`](super::FIRST_DAY) or [`LAST_DAY`](super::LAST_DAY).
pub fn calendar_range(
    view: CalendarView,
    date: NaiveDate,
    zone: Tz,
) -> Result<CalendarRange, InvalidValue> {
    super::range::check_day("date", date)?;
    let (first, days) = match view {
        CalendarView::Day => (Some(date), 1),
        CalendarView::Week { starts_on } => (week_start(date, starts_on), 7),
        CalendarView::Month { whole_weeks_from } => month(date, whole_weeks_from),
    };
    // `check_day` left room for every view, so only days outside the span can be missing here.
    let first = first.unwrap_or(NaiveDate::MIN);
    let mut shown = Vec::with_capacity(usize::try_from(days).unwrap_or_default());
    let mut from = day_start(first, zone)?;
    let range_from = from;
    for date in first.iter_days().take(usize::try_from(days).unwrap_or_default()) {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let until = day_start(next, zone)?;
        shown.push(CalendarDay { date, from, until });
        from = until;
    }
    Ok(CalendarRange { from: range_from, until: from, days: shown })
}

fn week_start(date: NaiveDate, starts_on: Weekday) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(u64::from(date.weekday().days_since(starts_on))))
}

/// The first date and how many follow.
fn month(date: NaiveDate, whole_weeks_from: Option<Weekday>) -> (Option<NaiveDate>, u64) {
    let first = date.with_day(1).unwrap_or(date);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    let length = (next - first).num_days().unsigned_abs();
    let Some(starts_on) = whole_weeks_from else { return (Some(first), length) };
    let before = u64::from(first.weekday().days_since(starts_on));
    (week_start(first, starts_on), (before + length).next_multiple_of(7))
}
