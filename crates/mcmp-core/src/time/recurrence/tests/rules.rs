//! Which dates and instants a rule comes to, and which rules are refused.

use chrono::{Datelike, NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::super::super::{ClockShift, Fold, LAST_DAY};
use super::super::{End, Frequency, Recurrence, RecurrenceParts};
use super::{VIENNA, all_time, any_parts, any_rule, at, local, rule, wall};
use crate::value::InvalidCode;

fn keys(rule: &Recurrence, max: usize) -> Vec<String> {
    let found = rule.occurrences(all_time(), max);
    found.iter().map(|occurrence| occurrence.key.to_string()).collect()
}

/// The plain reading of RFC 5545 for one day, apart from the crate that expands rules.
fn model_says(parts: &RecurrenceParts, day: NaiveDate) -> bool {
    let start = parts.start.local().date();
    let days = |span: TimeDelta| span.num_days();
    let monday_of =
        |d: NaiveDate| d - TimeDelta::days(d.weekday().days_since(parts.week_start).into());
    let months = |d: NaiveDate| i64::from(d.year()) * 12 + i64::from(d.month());
    let steps = match parts.frequency {
        Frequency::Daily => days(day - start),
        Frequency::Weekly => days(monday_of(day) - monday_of(start)) / 7,
        Frequency::Monthly => months(day) - months(start),
        Frequency::Yearly => i64::from(day.year() - start.year()),
    };
    let month_end = |d: NaiveDate| {
        let next = if d.month() == 12 { (d.year() + 1, 1) } else { (d.year(), d.month() + 1) };
        NaiveDate::from_ymd_opt(next.0, next.1, 1).unwrap().pred_opt().unwrap()
    };
    let implied = parts.by_day.is_empty() && parts.by_month_day.is_empty();
    let implied_ok = match parts.frequency {
        _ if !implied => true,
        Frequency::Daily => true,
        Frequency::Weekly => day.weekday() == start.weekday(),
        Frequency::Monthly => day.day() == start.day(),
        Frequency::Yearly => {
            day.day() == start.day() && (!parts.by_month.is_empty() || day.month() == start.month())
        }
    };
    let month_ok = parts.by_month.is_empty()
        || parts.by_month.iter().any(|month| u32::from(*month) == day.month());
    let from_end = i64::from(day.day()) - i64::from(month_end(day).day()) - 1;
    let month_day_ok = parts.by_month_day.is_empty()
        || parts
            .by_month_day
            .iter()
            .any(|n| i64::from(*n) == i64::from(day.day()) || i64::from(*n) == from_end);
    let by_month = parts.frequency == Frequency::Monthly || !parts.by_month.is_empty();
    let (ordinal, length) = if by_month {
        (i64::from(day.day0()), i64::from(month_end(day).day()))
    } else {
        let year_end = NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap();
        (i64::from(day.ordinal0()), i64::from(year_end.ordinal()))
    };
    let day_ok = parts.by_day.is_empty()
        || parts.by_day.iter().any(|by| {
            by.day == day.weekday()
                && match by.nth.map(i64::from) {
                    None => true,
                    Some(n) if n > 0 => ordinal / 7 + 1 == n,
                    Some(n) => -((length - 1 - ordinal) / 7 + 1) == n,
                }
        });
    day >= start
        && steps % i64::from(parts.interval) == 0
        && implied_ok
        && month_ok
        && month_day_ok
        && day_ok
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn dates_are_those_of_the_model(parts in any_parts(), skip_days in 0i64..3000) {
        let start = parts.start.local().date();
        let last = start + TimeDelta::days(366 * 12);
        let mut expected: Vec<NaiveDate> =
            start.iter_days().take_while(|day| *day <= last).filter(|day| model_says(&parts, *day)).collect();
        match parts.end {
            End::Never => {}
            End::OnDate(end) => expected.retain(|day| *day <= end),
            End::AfterCount(count) => expected.truncate(usize::try_from(count).unwrap()),
        }
        match Recurrence::new(parts) {
            Ok(rule) => {
                let all: Vec<_> = rule.dates_from(start).take_while(|day| *day <= last).collect();
                prop_assert_eq!(&all, &expected);
                // Leaping over the past changes nothing.
                let from = start + TimeDelta::days(skip_days);
                let rest: Vec<_> = rule.dates_from(from).take_while(|day| *day <= last).collect();
                expected.retain(|day| *day >= from);
                prop_assert_eq!(rest, expected);
            }
            Err(_) => prop_assert!(expected.is_empty()),
        }
    }

    #[test]
    fn text_and_json_say_the_same_rule(rule in any_rule()) {
        let text = rule.to_rrule_text();
        let read = Recurrence::parse(&text, rule.parts().start);
        prop_assert_eq!(read.as_ref(), Ok(&rule), "{}", text);
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Recurrence>(&json).unwrap(), rule);
    }

    #[test]
    fn any_text_is_answered(text in "(FREQ=(DAILY|YEARLY|MONTHLY|X))?(;(INTERVAL|BYDAY|BYMONTH|BYMONTHDAY|COUNT|UNTIL|WKST)=[-+0-9A-Zé,]{0,9}){0,4}") {
        if let Ok(rule) = Recurrence::parse(&text, wall("2026-11-20T09:00:00", VIENNA)) {
            prop_assert!(!rule.occurrences(all_time(), 1).is_empty());
        }
    }
}

#[test]
fn the_time_of_day_stays_across_clock_changes() {
    let daily = rule("FREQ=DAILY;COUNT=4", "2027-03-26T09:00:00");
    let found: Vec<_> = daily
        .occurrences(all_time(), 10)
        .iter()
        .map(|occurrence| (occurrence.schedule.at().to_rfc3339(), occurrence.shift))
        .collect();
    let expected = ["2027-03-26T08:00", "2027-03-27T08:00", "2027-03-28T07:00", "2027-03-29T07:00"]
        .map(|at| (format!("{at}:00+00:00"), None));
    assert_eq!(found, expected);
}

#[test]
fn a_skipped_or_doubled_time_occurs_once_and_says_so() {
    let nightly = rule("FREQ=DAILY", "2026-01-01T02:30:00");
    let spring = nightly.occurrences(at("2027-03-27T00:00:00Z")..at("2027-03-30T00:00:00Z"), 9);
    assert_eq!(spring.len(), 3);
    assert_eq!(spring[1].schedule.at(), at("2027-03-28T01:30:00Z"));
    assert_eq!(spring[1].shift, Some(ClockShift::Skipped { by: TimeDelta::hours(1) }));
    let autumn = nightly.occurrences(at("2027-10-30T00:00:00Z")..at("2027-11-02T00:00:00Z"), 9);
    assert_eq!(autumn.len(), 3);
    assert_eq!(autumn[1].schedule.at(), at("2027-10-31T00:30:00Z"));
    assert!(matches!(autumn[1].shift, Some(ClockShift::Doubled { .. })));

    let mut parts = nightly.into_parts();
    parts.start = parts.start.with_fold(Fold::Later);
    let later = Recurrence::new(parts).unwrap();
    let autumn = later.occurrences(at("2027-10-30T00:00:00Z")..at("2027-11-02T00:00:00Z"), 9);
    assert_eq!(autumn[1].schedule.at(), at("2027-10-31T01:30:00Z"));
}

#[test]
fn a_day_that_a_zone_skips_gives_no_second_post() {
    let start = wall("2011-12-28T09:00:00", chrono_tz::Pacific::Apia);
    let daily = Recurrence::parse("FREQ=DAILY;COUNT=5", start).unwrap();
    let found = daily.occurrences(all_time(), 9);
    let days: Vec<_> = found.iter().map(|o| o.key.date().to_string()).collect();
    assert_eq!(days, ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]);
    assert_eq!(found[2].absorbed, [local("2011-12-30T09:00:00")]);
    assert_eq!(found[2].shift, None);
    assert!(found.windows(2).all(|pair| pair[0].schedule.at() < pair[1].schedule.at()));
}

#[test]
fn an_occurrence_that_was_moved_past_midnight_is_found_there() {
    // Samoa had no 30 December 2011, a Friday: what was planned then comes on Saturday.
    let start = wall("2011-12-02T09:00:00", chrono_tz::Pacific::Apia);
    let fridays = Recurrence::parse("FREQ=WEEKLY", start).unwrap();
    let saturday = at("2011-12-30T10:00:00Z")..at("2011-12-31T10:00:00Z");
    let found = fridays.occurrences(saturday, 9);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, local("2011-12-30T09:00:00"));
    assert_eq!(found[0].shift, Some(ClockShift::Skipped { by: TimeDelta::days(1) }));
}

#[test]
fn ends_months_and_years_are_kept() {
    // N23: an end by date or count, month and year steps.
    let by_date = rule("FREQ=MONTHLY;UNTIL=20270331T070000Z", "2026-12-31T09:00:00");
    assert_eq!(
        keys(&by_date, 9),
        ["2026-12-31 09:00:00", "2027-01-31 09:00:00", "2027-03-31 09:00:00"]
    );
    let just_before = rule("FREQ=MONTHLY;UNTIL=20270331T065959Z", "2026-12-31T09:00:00");
    assert_eq!(keys(&just_before, 9).len(), 2);
    assert_eq!(keys(&rule("FREQ=MONTHLY;UNTIL=20270331", "2026-12-31T09:00:00"), 9).len(), 3);
    let leap = rule("FREQ=YEARLY;COUNT=3", "2028-02-29T09:00:00");
    assert_eq!(
        keys(&leap, 9),
        ["2028-02-29 09:00:00", "2032-02-29 09:00:00", "2036-02-29 09:00:00"]
    );
    let last_day = rule("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", "2027-01-15T09:00:00");
    assert_eq!(keys(&last_day, 9), ["2027-01-31 09:00:00", "2027-02-28 09:00:00"]);
    let endless = rule("FREQ=YEARLY", "2190-01-01T09:00:00");
    assert_eq!(keys(&endless, 100).last().unwrap()[..4], LAST_DAY.year().to_string());
}

#[test]
fn rules_without_a_meaning_are_refused() {
    let refused =
        |text: &str| Recurrence::parse(text, wall("2026-11-20T09:00:00", VIENNA)).unwrap_err();
    for (text, code, field) in [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", InvalidCode::Inconsistent, "rrule.recurrence"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", InvalidCode::Inconsistent, "rrule.recurrence"),
        ("FREQ=WEEKLY;BYDAY=2TU", InvalidCode::Inconsistent, "rrule.by_day"),
        ("FREQ=MONTHLY;BYDAY=2TU,FR", InvalidCode::Inconsistent, "rrule.by_day"),
        ("FREQ=MONTHLY;BYDAY=6TU", InvalidCode::OutOfRange, "rrule.by_day"),
        ("FREQ=MONTHLY;BYDAY=-5TU", InvalidCode::OutOfRange, "rrule.by_day"),
        ("FREQ=YEARLY;BYDAY=-53TU", InvalidCode::OutOfRange, "rrule.by_day"),
        ("FREQ=MONTHLY;BYDAY=0TU", InvalidCode::OutOfRange, "rrule.by_day"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", InvalidCode::Inconsistent, "rrule.by_month_day"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", InvalidCode::OutOfRange, "rrule.by_month_day"),
        ("FREQ=YEARLY;BYMONTH=13", InvalidCode::OutOfRange, "rrule.by_month"),
        ("FREQ=DAILY;INTERVAL=0", InvalidCode::OutOfRange, "rrule.interval"),
        ("FREQ=DAILY;INTERVAL=367", InvalidCode::OutOfRange, "rrule.interval"),
        ("FREQ=DAILY;COUNT=0", InvalidCode::OutOfRange, "rrule.end"),
        ("FREQ=DAILY;COUNT=10001", InvalidCode::OutOfRange, "rrule.end"),
        ("FREQ=DAILY;UNTIL=20261101", InvalidCode::Inconsistent, "rrule.end"),
        ("FREQ=DAILY;UNTIL=20271101;COUNT=2", InvalidCode::Inconsistent, "rrule"),
        ("FREQ=DAILY;UNTIL=soon", InvalidCode::Malformed, "rrule.UNTIL"),
        ("FREQ=HOURLY", InvalidCode::Unknown, "rrule.FREQ"),
        ("FREQ=DAILY;BYSETPOS=1", InvalidCode::Unknown, "rrule.BYSETPOS"),
        ("FREQ=DAILY;FREQ=DAILY", InvalidCode::Duplicate, "rrule"),
        ("FREQ=WEEKLY;BYDAY=é", InvalidCode::Unknown, "rrule.BYDAY"),
        ("INTERVAL=2", InvalidCode::Required, "rrule.FREQ"),
        ("", InvalidCode::Required, "rrule.FREQ"),
    ] {
        let refusal = refused(text);
        assert_eq!((refusal.code, refusal.field.as_str()), (code, field), "{text}");
    }
    let json = r#"{"frequency":"daily","interval":0,"start":{"local":"2026-11-20T09:00:00","zone":"Europe/Vienna"}}"#;
    assert!(serde_json::from_str::<Recurrence>(json).is_err());
    assert!(serde_json::from_str::<Recurrence>(&json.replace(":0,", ":1,")).is_ok());
}
