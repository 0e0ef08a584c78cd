//! Rules against a day-by-day model, RRULE text, and the edits of a series.

mod rules;
mod series;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::super::WallTime;
use super::{ByDay, End, Frequency, Recurrence, RecurrenceParts};

const VIENNA: Tz = chrono_tz::Europe::Vienna;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn wall(text: &str, zone: Tz) -> WallTime {
    WallTime::new(local(text), zone).unwrap()
}

fn rule(text: &str, start: &str) -> Recurrence {
    Recurrence::parse(text, wall(start, VIENNA)).unwrap()
}

fn all_time() -> std::ops::Range<DateTime<Utc>> {
    DateTime::<Utc>::MIN_UTC..DateTime::<Utc>::MAX_UTC
}

fn weekday() -> impl Strategy<Value = Weekday> {
    (0u8..7).prop_map(|n| Weekday::try_from(n).unwrap())
}

fn any_parts() -> impl Strategy<Value = RecurrenceParts> {
    let frequency = prop::sample::select(vec![
        Frequency::Daily,
        Frequency::Weekly,
        Frequency::Monthly,
        Frequency::Yearly,
    ]);
    let nonzero = |max: i8| (1..=max, any::<bool>()).prop_map(|(n, end)| if end { -n } else { n });
    let end = prop_oneof![
        Just(End::Never),
        (0i64..4000).prop_map(|n| End::OnDate(date("2024-01-01") + TimeDelta::days(n))),
        (1u32..40).prop_map(End::AfterCount),
    ];
    (
        (frequency, prop_oneof![4 => 1u32..5, 1 => 1u32..=366]),
        prop::collection::vec((weekday(), (-4i8..=5).prop_filter("not 0", |n| *n != 0)), 0..3),
        any::<bool>(),
        prop::collection::vec(nonzero(31), 0..3),
        prop::collection::vec(1u8..=12, 0..3),
        (weekday(), end, 0i64..1500),
    )
        .prop_map(|((frequency, interval), days, numbered, month_days, months, rest)| {
            let (week_start, end, day) = rest;
            let numbered = numbered && frequency >= Frequency::Monthly;
            let start = date("2024-01-01").and_hms_opt(9, 30, 0).unwrap() + TimeDelta::days(day);
            RecurrenceParts {
                frequency,
                interval,
                by_day: days
                    .into_iter()
                    .map(|(day, nth)| ByDay { day, nth: numbered.then_some(nth) })
                    .collect(),
                by_month_day: if frequency == Frequency::Weekly { vec![] } else { month_days },
                by_month: months,
                week_start,
                end,
                start: WallTime::new(start, VIENNA).unwrap(),
            }
        })
}

/// Checked rules; what never occurs is left out.
fn any_rule() -> impl Strategy<Value = Recurrence> {
    any_parts().prop_filter_map("never occurs", |parts| Recurrence::new(parts).ok())
}
