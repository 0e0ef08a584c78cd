//! "Every second Tuesday until June": rules of RFC 5545, and series with exceptions.
//!
//! | file | holds |
//! |---|---|
//! | here | the rule and its checks |
//! | `expand` | the dates of a rule, over the `rrule` crate |
//! | `occurrence` | those dates as planned times in a zone |
//! | `series` | skipped and moved occurrences, edits of one, this and later, all |
//! | `text` | the rule as RRULE text |

mod expand;
mod occurrence;
mod series;
#[cfg(test)]
mod tests;
mod text;

use chrono::{NaiveDate, NaiveDateTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

use super::WallTime;
use super::range::check_day;
use super::weekday_name::{WeekdayName, rank};
use crate::value::{InvalidCode, InvalidValue};

pub use occurrence::Occurrence;
pub use series::{Due, SeriesChange, SeriesRule, SeriesSplit};

/// The step of a rule, from the shortest to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Frequency {
    /// Day by day.
    Daily,
    /// Week by week.
    Weekly,
    /// Month by month.
    Monthly,
    /// Year by year.
    Yearly,
}

/// A weekday of a rule: every one, or the nth of a month or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ByDay {
    /// The weekday.
    #[serde(with = "WeekdayName")]
    pub day: Weekday,
    /// The second (`2`), the last (`-1`); every one without. In months -4 to 5, in years -52 to 53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<i8>,
}

impl ByDay {
    /// Every such weekday.
    #[must_use]
    pub fn every(day: Weekday) -> Self {
        Self { day, nth: None }
    }

    /// The nth one from the start, or from the end where `nth` is negative.
    #[must_use]
    pub fn nth(nth: i8, day: Weekday) -> Self {
        Self { day, nth: Some(nth) }
    }
}

/// When a rule stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum End {
    /// Goes on, up to [`LAST_DAY`](super::LAST_DAY).
    Never,
    /// The last local date on which it may occur.
    OnDate(NaiveDate),
    /// How often it occurs, skipped and moved occurrences included.
    AfterCount(u32),
}

/// What a rule is made of, to be checked by [`Recurrence::new`]. Parts left empty follow from the
/// start, as in RFC 5545: weekly from a Tuesday is every Tuesday, monthly from the 5th every 5th.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecurrenceParts {
    /// The step.
    pub frequency: Frequency,
    /// Every how many steps, 1 to 366.
    #[serde(default = "one")]
    pub interval: u32,
    /// Only, or in weeks, months and years also, on these weekdays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_day: Vec<ByDay>,
    /// On these days of the month, 1 to 31, or from its end, -1 to -31. A month without that day
    /// has no occurrence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_month_day: Vec<i8>,
    /// In these months, 1 to 12.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_month: Vec<u8>,
    /// The day on which weeks start; matters where every nth week counts.
    #[serde(with = "WeekdayName", default = "monday")]
    pub week_start: Weekday,
    /// When it stops.
    #[serde(default = "never")]
    pub end: End,
    /// The first day, the time of day, the zone. It is the first occurrence if the other parts
    /// allow that day, and none otherwise.
    pub start: WallTime,
}

fn one() -> u32 {
    1
}

fn monday() -> Weekday {
    Weekday::Mon
}

fn never() -> End {
    End::Never
}

impl RecurrenceParts {
    /// Every day, week, month or year from `start` on, without end.
    #[must_use]
    pub fn new(frequency: Frequency, start: WallTime) -> Self {
        Self {
            frequency,
            interval: 1,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            week_start: monday(),
            end: End::Never,
            start,
        }
    }
}

/// A rule that is known to occur at least once.
///
/// Occurrences are wall-clock times: at nine in the morning stays at nine, whatever the clocks do.
/// Where they skip or double the time, [`WallTime::resolve`] has the answer.
///
/// ```
/// use mcmp_core::time::{ByDay, Frequency, Recurrence, RecurrenceParts, WallTime};
/// use chrono::{NaiveDate, Weekday};
///
/// let first = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
/// let start = WallTime::new(first, chrono_tz::Europe::Vienna)?;
/// let mut parts = RecurrenceParts::new(Frequency::Monthly, start);
/// parts.by_day = vec![ByDay::nth(2, Weekday::Tue), ByDay::nth(-1, Weekday::Fri)];
/// let rule = Recurrence::new(parts)?;
/// assert_eq!(rule.to_rrule_text(), "FREQ=MONTHLY;BYDAY=-1FR,2TU");
///
/// let from = "2026-12-01T00:00:00Z".parse().unwrap();
/// let dates: Vec<_> = rule
///     .occurrences(from.."2027-02-01T00:00:00Z".parse().unwrap(), 10)
///     .iter()
///     .map(|occurrence| occurrence.schedule.at().to_rfc3339())
///     .collect();
/// assert_eq!(dates, [
///     "2026-12-08T08:00:00+00:00",
///     "2026-12-25T08:00:00+00:00",
///     "2027-01-12T08:00:00+00:00",
///     "2027-01-29T08:00:00+00:00",
/// ]);
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RecurrenceParts", into = "RecurrenceParts")]
pub struct Recurrence(RecurrenceParts);

impl Recurrence {
    /// Largest interval.
    pub const MAX_INTERVAL: u32 = 366;
    /// Largest [`End::AfterCount`]: 27 years of days.
    pub const MAX_COUNT: u32 = 10_000;

    /// Checks the parts, sorts the lists, drops what stands twice, and cuts the start to seconds
    /// (RFC 5545 knows no parts of one).
    ///
    /// # Errors
    /// A number outside its range; a combination RFC 5545 forbids; nth weekdays beside every-week
    /// ones; an end before the start; a rule that never occurs, such as 30 February (found out
    /// within milliseconds).
    pub fn new(mut parts: RecurrenceParts) -> Result<Self, InvalidValue> {
        parts.start = cut_to_seconds(parts.start);
        parts.by_day.sort_by_key(|by| (by.nth, rank(by.day)));
        parts.by_day.dedup();
        parts.by_month_day.sort_unstable();
        parts.by_month_day.dedup();
        parts.by_month.sort_unstable();
        parts.by_month.dedup();
        check_numbers(&parts)?;
        check_days(&parts)?;
        check_end(&parts)?;
        let rule = Self(parts);
        if rule.dates_from(rule.start_date()).next().is_none() {
            return Err(InvalidValue::inconsistent("recurrence", "never occurs"));
        }
        Ok(rule)
    }

    /// What it is made of, in sorted form.
    #[must_use]
    pub fn parts(&self) -> &RecurrenceParts {
        &self.0
    }

    /// The parts again, to change some of them.
    #[must_use]
    pub fn into_parts(self) -> RecurrenceParts {
        self.0
    }

    fn start_date(&self) -> NaiveDate {
        self.0.start.local().date()
    }

    /// The key of the occurrence on `date`: its local time by the rule.
    fn key_on(&self, date: NaiveDate) -> NaiveDateTime {
        date.and_time(self.0.start.local().time())
    }
}

impl TryFrom<RecurrenceParts> for Recurrence {
    type Error = InvalidValue;

    fn try_from(parts: RecurrenceParts) -> Result<Self, Self::Error> {
        Self::new(parts)
    }
}

impl From<Recurrence> for RecurrenceParts {
    fn from(rule: Recurrence) -> Self {
        rule.0
    }
}

fn cut_to_seconds(wall: WallTime) -> WallTime {
    let cut = wall.local().with_nanosecond(0).unwrap_or(wall.local());
    WallTime::new(cut, wall.zone()).map_or(wall, |start| start.with_fold(wall.fold()))
}

fn check_numbers(parts: &RecurrenceParts) -> Result<(), InvalidValue> {
    if !(1..=Recurrence::MAX_INTERVAL).contains(&parts.interval) {
        let max = Recurrence::MAX_INTERVAL;
        return Err(InvalidValue::out_of_range("interval", 1, max, parts.interval));
    }
    if let Some(month) = parts.by_month.iter().find(|month| !(1..=12).contains(*month)) {
        return Err(InvalidValue::out_of_range("by_month", 1, 12, month));
    }
    if let Some(day) =
        parts.by_month_day.iter().find(|day| **day == 0 || !(-31..=31).contains(*day))
    {
        return Err(InvalidValue::out_of_range("by_month_day", "1 or -31", "31 or -1", day));
    }
    Ok(())
}

/// What may stand together: <https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10>.
fn check_days(parts: &RecurrenceParts) -> Result<(), InvalidValue> {
    if parts.frequency == Frequency::Weekly && !parts.by_month_day.is_empty() {
        return Err(InvalidValue::inconsistent(
            "by_month_day",
            "a weekly rule takes weekdays, not days of the month",
        ));
    }
    let numbered = parts.by_day.iter().filter(|by| by.nth.is_some()).count();
    if numbered == 0 {
        return Ok(());
    }
    if numbered < parts.by_day.len() {
        return Err(InvalidValue::inconsistent(
            "by_day",
            "weekdays with and without a number do not go together in one rule",
        ));
    }
    // Counted from the end, the fifth of a month and the 53rd of a year are the `rrule` crate's
    // limit; the RFC has them.
    let (min, max) = match parts.frequency {
        Frequency::Yearly if parts.by_month.is_empty() => (-52, 53),
        Frequency::Monthly | Frequency::Yearly => (-4, 5),
        Frequency::Daily | Frequency::Weekly => {
            return Err(InvalidValue::inconsistent(
                "by_day",
                "a numbered weekday needs a monthly or yearly rule",
            ));
        }
    };
    for nth in parts.by_day.iter().filter_map(|by| by.nth) {
        if nth == 0 || !(min..=max).contains(&nth) {
            return Err(InvalidValue::out_of_range("by_day", min, max, nth));
        }
    }
    Ok(())
}

fn check_end(parts: &RecurrenceParts) -> Result<(), InvalidValue> {
    match parts.end {
        End::Never => Ok(()),
        End::OnDate(date) if date < parts.start.local().date() => Err(InvalidValue::new(
            InvalidCode::Inconsistent,
            "end",
            "must not lie before the start",
        )
        .limit(parts.start.local().date())
        .actual(date)),
        End::OnDate(date) => check_day("end", date).map(drop),
        End::AfterCount(count) if (1..=Recurrence::MAX_COUNT).contains(&count) => Ok(()),
        End::AfterCount(count) => {
            Err(InvalidValue::out_of_range("end", 1, Recurrence::MAX_COUNT, count))
        }
    }
}
