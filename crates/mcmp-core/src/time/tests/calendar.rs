//! What the calendar shows is when it goes out.

use chrono::{Datelike, Months, NaiveDate, TimeDelta, Weekday};
use chrono_tz::{Europe::Vienna, Pacific::Apia, Tz};
use proptest::prelude::*;

use super::super::{CalendarView, FIRST_DAY, LAST_DAY, WallTime, calendar_range};
use super::{any_instant, any_zone, at};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn month(whole_weeks_from: Option<Weekday>) -> CalendarView {
    CalendarView::Month { whole_weeks_from }
}

fn any_view() -> impl Strategy<Value = CalendarView> {
    (0u8..4, 0u8..7).prop_map(|(view, day)| {
        let day = Weekday::try_from(day).unwrap();
        match view {
            0 => CalendarView::Day,
            1 => CalendarView::Week { starts_on: day },
            2 => month(None),
            _ => month(Some(day)),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn days_tile_the_range_and_ranges_tile_time(view in any_view(), instant in any_instant(), zone in any_zone()) {
        let day = instant.date_naive();
        let range = calendar_range(view, day, zone).unwrap();
        prop_assert_eq!(range.days[0].from, range.from);
        prop_assert_eq!(range.days.last().unwrap().until, range.until);
        prop_assert!(range.days.iter().all(|day| day.from <= day.until));
        let tiles = range.days.windows(2).all(|pair| {
            pair[0].until == pair[1].from && pair[0].date.succ_opt() == Some(pair[1].date)
        });
        prop_assert!(tiles);
        prop_assert!(range.days.iter().any(|shown| shown.date == day));
        if view != CalendarView::Day && !matches!(view, CalendarView::Month { whole_weeks_from: None }) {
            prop_assert_eq!(range.days.len() % 7, 0);
        }
        // The next range starts where this one ends, unless whole weeks make months overlap.
        if !matches!(view, CalendarView::Month { whole_weeks_from: Some(_) }) {
            let next_day = range.days.last().unwrap().date.succ_opt().unwrap();
            prop_assert_eq!(calendar_range(view, next_day, zone).unwrap().from, range.until);
        }
    }

    #[test]
    fn a_post_is_shown_on_the_day_its_wall_time_says(instant in any_instant(), zone in any_zone()) {
        let wall = WallTime::from_instant(instant, zone).unwrap();
        let resolved = wall.resolve();
        // A doubled midnight hour belongs to the day that was shown first.
        if resolved.shift.is_none() {
            let range = calendar_range(CalendarView::Day, wall.local().date(), zone).unwrap();
            prop_assert!(range.days[0].contains(instant));
            prop_assert_eq!(range.day_of(instant), Some(&range.days[0]));
        }
    }
}

#[test]
fn days_are_as_long_as_the_clocks_make_them() {
    let length = |day: &str, zone| {
        calendar_range(CalendarView::Day, date(day), zone).unwrap().days[0].length()
    };
    assert_eq!(length("2027-03-28", Vienna), TimeDelta::hours(23));
    assert_eq!(length("2027-10-31", Vienna), TimeDelta::hours(25));
    assert_eq!(
        length("2027-04-04", chrono_tz::Australia::Lord_Howe),
        TimeDelta::minutes(24 * 60 + 30)
    );
    // Midnight is skipped: the day starts at 01:00.
    let beirut =
        calendar_range(CalendarView::Day, date("2027-03-28"), chrono_tz::Asia::Beirut).unwrap();
    assert_eq!(beirut.from, at("2027-03-27T22:00:00Z"));
    assert_eq!(beirut.days[0].length(), TimeDelta::hours(23));
}

#[test]
fn a_leap_over_midnight_starts_the_day() {
    // Toronto, 30 March 1919: 23:30 became 00:30.
    let day = calendar_range(CalendarView::Day, date("1919-03-31"), chrono_tz::America::Toronto);
    assert_eq!(day.unwrap().from, at("1919-03-31T04:30:00Z"));
}

#[test]
fn a_missing_day_is_shown_as_missing() {
    let week = CalendarView::Week { starts_on: Weekday::Mon };
    let range = calendar_range(week, date("2011-12-30"), Apia).unwrap();
    let missing: Vec<_> =
        range.days.iter().filter(|day| day.is_missing()).map(|day| day.date).collect();
    assert_eq!(missing, [date("2011-12-30")]);
    assert_eq!(range.until - range.from, TimeDelta::days(6));
}

#[test]
fn a_month_can_be_filled_to_whole_weeks() {
    let shown = |view| {
        let range = calendar_range(view, date("2026-11-20"), Vienna).unwrap();
        (range.days[0].date, range.days.last().unwrap().date)
    };
    assert_eq!(shown(month(None)), (date("2026-11-01"), date("2026-11-30")));
    assert_eq!(shown(month(Some(Weekday::Mon))), (date("2026-10-26"), date("2026-12-06")));
    assert_eq!(shown(month(Some(Weekday::Sun))), (date("2026-11-01"), date("2026-12-05")));
    let json = r#"{"view":"month","whole_weeks_from":"monday"}"#;
    let view: CalendarView = serde_json::from_str(json).unwrap();
    assert_eq!(view, month(Some(Weekday::Mon)));
    assert_eq!(serde_json::to_string(&view).unwrap(), json);
    assert_eq!(serde_json::from_str::<CalendarView>(r#"{"view":"month"}"#).unwrap(), month(None));
}

#[test]
fn the_edges_of_the_span_are_errors() {
    for view in [
        CalendarView::Day,
        CalendarView::Week { starts_on: Weekday::Mon },
        month(Some(Weekday::Mon)),
    ] {
        for day in [NaiveDate::MIN, NaiveDate::MAX, LAST_DAY] {
            assert!(calendar_range(view, day, Tz::UTC).is_err());
        }
        let inside = LAST_DAY.checked_sub_months(Months::new(1)).unwrap().with_day(15).unwrap();
        assert!(calendar_range(view, inside, Tz::UTC).is_ok());
    }
    assert!(calendar_range(CalendarView::Day, FIRST_DAY, Tz::UTC).is_ok());
}
