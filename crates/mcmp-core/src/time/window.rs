//! When a client wants to be heard: posting windows in local time.

use chrono::{DateTime, Datelike, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::range::{is_whole_second, local_time};
use super::weekday_name::{WeekdayName, rank};
use crate::value::InvalidValue;

/// A stretch of one weekday, from `start` until just before `end`, in local time.
///
/// An end of `00:00` is the midnight that closes the day, so `00:00` to `00:00` is the whole day.
/// What runs over midnight is two windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TimeWindowParts")]
pub struct TimeWindow {
    #[serde(with = "WeekdayName")]
    day: Weekday,
    start: NaiveTime,
    end: NaiveTime,
}

impl TimeWindow {
    /// A window on `day`; an `end` of `00:00` is the midnight that closes the day.
    ///
    /// # Errors
    /// An end at or before the start, or parts of a second.
    pub fn new(day: Weekday, start: NaiveTime, end: NaiveTime) -> Result<Self, InvalidValue> {
        for (field, time) in [("start", start), ("end", end)] {
            if !is_whole_second(time) {
                return Err(InvalidValue::malformed(field, "a time in whole seconds", time));
            }
        }
        if end <= start && end != NaiveTime::MIN {
            return Err(InvalidValue::inconsistent(
                "end",
                "must be later than the start; a window over midnight is two windows",
            )
            .limit(start)
            .actual(end));
        }
        Ok(Self { day, start, end })
    }

    /// All of `day`.
    #[must_use]
    pub fn whole_day(day: Weekday) -> Self {
        Self { day, start: NaiveTime::MIN, end: NaiveTime::MIN }
    }

    /// The weekday.
    #[must_use]
    pub fn day(&self) -> Weekday {
        self.day
    }

    /// The first moment inside.
    #[must_use]
    pub fn start(&self) -> NaiveTime {
        self.start
    }

    /// The first moment outside again; `00:00` is the midnight that closes the day.
    #[must_use]
    pub fn end(&self) -> NaiveTime {
        self.end
    }

    fn ends_the_day(&self) -> bool {
        self.end == NaiveTime::MIN
    }

    fn holds(&self, day: Weekday, time: NaiveTime) -> bool {
        self.day == day && self.start <= time && (self.ends_the_day() || time < self.end)
    }

    /// `other` starts no earlier on the same day and leaves no time between the two.
    fn reaches(&self, other: &Self) -> bool {
        self.day == other.day && (self.ends_the_day() || other.start <= self.end)
    }
}

#[derive(Deserialize)]
struct TimeWindowParts {
    #[serde(with = "WeekdayName")]
    day: Weekday,
    start: NaiveTime,
    end: NaiveTime,
}

impl TryFrom<TimeWindowParts> for TimeWindow {
    type Error = InvalidValue;

    fn try_from(parts: TimeWindowParts) -> Result<Self, Self::Error> {
        Self::new(parts.day, parts.start, parts.end)
    }
}

/// The windows of a client or an account: sorted from Monday on, those that touch or overlap made
/// one. Without any, every time is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<TimeWindow>")]
pub struct PostingWindows(Vec<TimeWindow>);

impl PostingWindows {
    /// Most windows that can be given: one for each half hour of the week.
    pub const MAX: usize = 7 * 48;

    /// Every time is open.
    #[must_use]
    pub fn always() -> Self {
        Self::default()
    }

    /// Sorts and merges `windows`; `field` is named in the error.
    ///
    /// # Errors
    /// More than [`MAX`](Self::MAX).
    pub fn new(field: &str, mut windows: Vec<TimeWindow>) -> Result<Self, InvalidValue> {
        if windows.len() > Self::MAX {
            return Err(InvalidValue::too_long(field, Self::MAX, windows.len()));
        }
        windows.sort_by_key(|window| (rank(window.day), window.start));
        let mut merged: Vec<TimeWindow> = Vec::with_capacity(windows.len());
        for window in windows {
            match merged.last_mut() {
                Some(last) if last.reaches(&window) => {
                    if window.ends_the_day() || last.ends_the_day() {
                        last.end = NaiveTime::MIN;
                    } else {
                        last.end = last.end.max(window.end);
                    }
                }
                _ => merged.push(window),
            }
        }
        Ok(Self(merged))
    }

    /// The merged windows, from Monday on.
    #[must_use]
    pub fn as_slice(&self) -> &[TimeWindow] {
        &self.0
    }

    /// No windows: every time is open.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Is `at` inside a window by the clocks of `zone`? An hour that the clocks show twice is
    /// inside both times.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>, zone: Tz) -> bool {
        self.is_always()
            || local_time(at, zone).is_some_and(|local| {
                self.0.iter().any(|window| window.holds(local.weekday(), local.time()))
            })
    }
}

impl TryFrom<Vec<TimeWindow>> for PostingWindows {
    type Error = InvalidValue;

    fn try_from(windows: Vec<TimeWindow>) -> Result<Self, Self::Error> {
        Self::new("windows", windows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::InvalidCode;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    fn window(day: Weekday, start: &str, end: &str) -> TimeWindow {
        TimeWindow::new(day, time(start), time(end)).unwrap()
    }

    fn windows(windows: &[TimeWindow]) -> PostingWindows {
        PostingWindows::new("windows", windows.to_vec()).unwrap()
    }

    #[test]
    fn an_end_before_the_start_is_refused_and_midnight_is_an_end() {
        for (start, end) in [("10:00:00", "10:00:00"), ("22:00:00", "02:00:00")] {
            let refused = TimeWindow::new(Weekday::Mon, time(start), time(end)).unwrap_err();
            assert_eq!((refused.code, refused.field.as_str()), (InvalidCode::Inconsistent, "end"));
        }
        assert!(
            TimeWindow::new(Weekday::Mon, time("10:00:00.5"), time("11:00:00")).is_err(),
            "parts of a second"
        );
        let late = windows(&[window(Weekday::Fri, "22:00:00", "00:00:00")]);
        assert!(late.contains("2026-11-20T23:59:59.999Z".parse().unwrap(), Tz::UTC));
        assert!(!late.contains("2026-11-21T00:00:00Z".parse().unwrap(), Tz::UTC));
        assert!(!late.contains("2026-11-20T21:59:59Z".parse().unwrap(), Tz::UTC));
    }

    #[test]
    fn windows_that_touch_or_overlap_become_one() {
        let merged = windows(&[
            window(Weekday::Tue, "12:00:00", "14:00:00"),
            window(Weekday::Mon, "20:00:00", "00:00:00"),
            window(Weekday::Tue, "09:00:00", "12:00:00"),
            window(Weekday::Tue, "10:00:00", "11:00:00"),
            window(Weekday::Mon, "21:00:00", "22:00:00"),
            window(Weekday::Tue, "15:00:00", "16:00:00"),
        ]);
        let expected = [
            window(Weekday::Mon, "20:00:00", "00:00:00"),
            window(Weekday::Tue, "09:00:00", "14:00:00"),
            window(Weekday::Tue, "15:00:00", "16:00:00"),
        ];
        assert_eq!(merged.as_slice(), expected);
    }

    #[test]
    fn the_wire_form_says_the_day_in_full_and_is_checked() {
        let json = r#"[{"day":"wednesday","start":"09:00:00","end":"17:30:00"}]"#;
        let read: PostingWindows = serde_json::from_str(json).unwrap();
        assert_eq!(read.as_slice(), [window(Weekday::Wed, "09:00:00", "17:30:00")]);
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        let backwards = json.replace("17:30", "08:00");
        assert!(serde_json::from_str::<PostingWindows>(&backwards).is_err());
        let many = vec![TimeWindow::whole_day(Weekday::Mon); PostingWindows::MAX + 1];
        assert!(PostingWindows::new("windows", many).is_err());
    }

    #[test]
    fn the_clocks_of_the_zone_decide() {
        let mornings = windows(&[window(Weekday::Sun, "02:00:00", "03:00:00")]);
        let zone = chrono_tz::Europe::Vienna;
        // 2026-10-25: 03:00 becomes 02:00, so the hour comes twice.
        for inside in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            assert!(mornings.contains(inside.parse().unwrap(), zone));
        }
        assert!(!mornings.contains("2026-10-25T02:30:00Z".parse().unwrap(), zone));
        assert!(!mornings.contains(DateTime::<Utc>::MAX_UTC, chrono_tz::Pacific::Apia));
        assert!(PostingWindows::always().contains(DateTime::<Utc>::MAX_UTC, zone));
    }

    fn any_window() -> impl Strategy<Value = TimeWindow> {
        (0u8..7, 0u32..48, 1u32..=48).prop_map(|(day, start, length)| {
            let half_hour = |n: u32| NaiveTime::from_hms_opt(n / 2 % 24, n % 2 * 30, 0).unwrap();
            let end = (start + length).min(48);
            TimeWindow::new(Weekday::try_from(day).unwrap(), half_hour(start), half_hour(end))
                .unwrap()
        })
    }

    proptest! {
        #[test]
        fn merging_changes_no_answer(given in prop::collection::vec(any_window(), 1..12), minute in 0i64..7 * 24 * 60) {
            let monday: DateTime<Utc> = "2026-11-16T00:00:00Z".parse().unwrap();
            let at = monday + TimeDelta::minutes(minute);
            let local = at.naive_utc();
            let by_hand = given.iter().any(|w| w.holds(local.weekday(), local.time()));
            let merged = windows(&given);
            prop_assert_eq!(merged.contains(at, Tz::UTC), by_hand);
            for pair in merged.as_slice().windows(2) {
                prop_assert!(!pair[0].reaches(&pair[1]));
            }
        }
    }
}
