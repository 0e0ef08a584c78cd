//! Wall times and schedules: round trips, the change of tz data (N21, N22), the edges of the span.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{Europe::Vienna, Pacific::Apia, Tz};
use proptest::prelude::*;
use serde_json::json;

use super::super::{
    Clock, ClockShift, Fold, ManualClock, Moved, Schedule, SystemClock, WallTime, rederive,
    to_millis,
};
use super::{any_instant, any_zone, at, local, planned, wall};
use crate::value::InvalidCode;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_instant_comes_back_from_its_wall_time(instant in any_instant(), zone in any_zone()) {
        let wall = WallTime::from_instant(instant, zone).unwrap();
        prop_assert_eq!(wall.resolve().at, instant);
        let schedule = Schedule::at_instant(instant, zone).unwrap();
        prop_assert_eq!(rederive([((), &schedule)]), []);
    }

    #[test]
    fn a_wall_time_is_shown_at_its_instant_or_moved_later(instant in any_instant(), zone in any_zone()) {
        let wall = WallTime::new(instant.naive_utc(), zone).unwrap();
        let resolved = wall.resolve();
        let shown = resolved.at.with_timezone(&zone).naive_local();
        match resolved.shift {
            Some(ClockShift::Skipped { by }) => {
                prop_assert!(by > TimeDelta::zero());
                prop_assert_eq!(shown, wall.local() + by);
            }
            Some(ClockShift::Doubled { earlier, later }) => {
                prop_assert!(earlier < later && resolved.at == earlier);
                prop_assert_eq!(later.with_timezone(&zone).naive_local(), wall.local());
                prop_assert_eq!(shown, wall.local());
            }
            None => prop_assert_eq!(shown, wall.local()),
        }
    }

    #[test]
    fn json_keeps_schedules(instant in any_instant(), zone in any_zone()) {
        let schedule = Schedule::at_instant(instant, zone).unwrap();
        let json = serde_json::to_string(&schedule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }

    #[test]
    fn any_instant_and_zone_is_answered(seconds in any::<i64>(), zone in any_zone()) {
        let at = DateTime::from_timestamp(seconds / (1 << 20), 0);
        let wall = at.and_then(|at| WallTime::from_instant(at, zone).ok());
        prop_assert_eq!(wall.map(|wall| wall.resolve().at), wall.and(at));
    }
}

#[test]
fn the_wire_form_names_the_zone_and_leaves_out_the_usual_fold() {
    let schedule = planned("2026-11-20T09:00:00", Vienna);
    let expected = json!({
        "at": "2026-11-20T08:00:00Z",
        "wall": {"local": "2026-11-20T09:00:00", "zone": "Europe/Vienna"},
    });
    assert_eq!(serde_json::to_value(schedule).unwrap(), expected);
    let later = wall("2027-10-31T02:30:00", Vienna).with_fold(Fold::Later);
    assert_eq!(serde_json::to_value(later).unwrap()["fold"], "later");
    let shift = ClockShift::Skipped { by: TimeDelta::minutes(30) };
    let expected = json!({"kind": "skipped", "by_seconds": 1800});
    assert_eq!(serde_json::to_value(shift).unwrap(), expected);
    assert_eq!(serde_json::from_value::<ClockShift>(expected).unwrap(), shift);
    for (local, zone) in
        [("2026-11-20T09:00:00", "Europe/Atlantis"), ("9999-01-01T00:00:00", "UTC")]
    {
        assert!(serde_json::from_value::<WallTime>(json!({"local": local, "zone": zone})).is_err());
    }
}

#[test]
fn the_answer_for_every_odd_clock_change_is_the_documented_one() {
    let lord_howe = chrono_tz::Australia::Lord_Howe;
    let beirut = chrono_tz::Asia::Beirut;
    for (text, zone, instant) in [
        // Half an hour is skipped: 02:00 becomes 02:30.
        ("2026-10-04T02:10:00", lord_howe, "2026-10-03T15:40:00Z"),
        // Half an hour comes twice: 02:00 becomes 01:30.
        ("2027-04-04T01:45:00", lord_howe, "2027-04-03T14:45:00Z"),
        // A whole day is skipped.
        ("2011-12-30T12:00:00", Apia, "2011-12-30T22:00:00Z"),
        ("2011-12-30T00:00:00", Apia, "2011-12-30T10:00:00Z"),
        // Midnight is skipped.
        ("2027-03-28T00:00:00", beirut, "2027-03-27T22:00:00Z"),
    ] {
        let resolved = wall(text, zone).resolve();
        assert_eq!(resolved.at, at(instant), "{text} {zone}");
        assert!(resolved.shift.is_some(), "{text} {zone}");
    }
    let skipped_day = wall("2011-12-30T12:00:00", Apia).resolve().shift;
    assert_eq!(skipped_day, Some(ClockShift::Skipped { by: TimeDelta::days(1) }));
}

#[test]
fn what_chrono_or_a_store_cannot_hold_is_refused() {
    for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, at("2200-01-01T00:00:00Z")]
    {
        for zone in [Tz::UTC, Apia, chrono_tz::America::Adak] {
            let refused = Schedule::at_instant(instant, zone);
            if instant == at("2200-01-01T00:00:00Z") && zone == chrono_tz::America::Adak {
                assert!(refused.is_ok(), "still the last day there");
            } else {
                assert_eq!(refused.unwrap_err().code, InvalidCode::OutOfRange);
            }
        }
    }
    assert!(WallTime::new(chrono::NaiveDateTime::MAX, Vienna).is_err());
    assert!(WallTime::new(chrono::NaiveDateTime::MIN, Vienna).is_err());
    for day in [super::super::FIRST_DAY, super::super::LAST_DAY] {
        for zone in chrono_tz::TZ_VARIANTS {
            let wall = WallTime::new(day.and_hms_opt(23, 59, 59).unwrap(), zone).unwrap();
            let shown = wall.resolve().at.with_timezone(&zone).naive_local();
            assert!(wall.resolve().shift.is_some() || shown == wall.local(), "{zone}");
        }
    }
}

#[test]
fn parts_of_a_millisecond_never_get_into_a_schedule() {
    let fine = at("2026-11-20T09:00:00.123456789Z");
    assert_eq!(Schedule::at_instant(fine, Vienna).unwrap().at(), to_millis(fine));
    let wall = WallTime::new(fine.naive_utc(), Vienna).unwrap();
    assert_eq!(wall.local(), local("2026-11-20T09:00:00.123"));
    let read: Schedule = serde_json::from_value(json!({
        "at": "2026-11-20T08:00:00.0001Z",
        "wall": {"local": "2026-11-20T09:00:00.0001", "zone": "Europe/Vienna"},
    }))
    .unwrap();
    assert_eq!(read, planned("2026-11-20T09:00:00", Vienna));
    assert_eq!(SystemClock.now(), to_millis(SystemClock.now()).min(SystemClock.now()));
    assert_eq!(ManualClock::new(fine).now(), to_millis(fine));
}

/// As it would be read back if the tz data had said something else when it was planned.
fn under_other_tz_data(schedule: Schedule, at: &str) -> Schedule {
    let mut json = serde_json::to_value(schedule).unwrap();
    json["at"] = at.into();
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_change_of_the_tz_data_moves_the_instant_and_keeps_the_wall_time() {
    // N21, N22: an instant planned when the data still had Vienna an hour off.
    let kept = planned("2027-07-01T09:00:00", Vienna);
    let moved = under_other_tz_data(kept, "2027-07-01T08:00:00Z");
    let into_gap =
        under_other_tz_data(planned("2027-03-28T02:30:00", Vienna), "2027-03-28T00:30:00Z");
    let report = rederive([("kept", &kept), ("moved", &moved), ("gap", &into_gap)]);
    assert_eq!(
        report,
        [
            Moved {
                key: "moved",
                from: at("2027-07-01T08:00:00Z"),
                to: at("2027-07-01T07:00:00Z"),
                shift: None
            },
            Moved {
                key: "gap",
                from: at("2027-03-28T00:30:00Z"),
                to: at("2027-03-28T01:30:00Z"),
                shift: Some(ClockShift::Skipped { by: TimeDelta::hours(1) })
            },
        ]
    );
    assert_eq!(moved.rederived(), (kept, None));
    assert_eq!(rederive([("moved", &moved.rederived().0)]), [], "once is enough");
}

#[test]
fn an_instant_in_the_second_of_two_hours_stays_there() {
    let second = at("2027-10-31T01:30:00Z");
    let schedule = Schedule::at_instant(second, Vienna).unwrap();
    assert_eq!(schedule.wall().local(), local("2027-10-31T02:30:00"));
    assert_eq!(schedule.wall().fold(), Fold::Later);
    assert_eq!(rederive([(1, &schedule)]), []);
    let first = Schedule::at_instant(at("2027-10-31T00:30:00Z"), Vienna).unwrap();
    assert_eq!(first.wall().fold(), Fold::Earlier);
    let by_name = planned("2027-10-31T02:30:00", Vienna);
    assert_eq!(by_name, first);
    assert!(matches!(by_name.shift(), Some(ClockShift::Doubled { later, .. }) if later == second));
    // A skipped time is kept as it was meant and does not move either.
    assert_eq!(rederive([(1, &planned("2027-03-28T02:30:00", Vienna))]), []);
}
