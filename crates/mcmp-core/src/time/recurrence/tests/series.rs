//! Edits of one, this and later, all; what is due after an outage (N23).

use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::super::WallTime;
use super::super::{Due, End, SeriesRule};
use super::{VIENNA, all_time, any_rule, at, local, rule, wall};
use crate::value::InvalidCode;

proptest! {
    #[test]
    fn a_split_divides_the_occurrences(rule in any_rule(), nth in 0usize..30, exceptions in prop::collection::vec((0usize..60, any::<bool>()), 0..5)) {
        let range = all_time().start..at("2045-01-01T00:00:00Z");
        let plain = rule.occurrences(range.clone(), 60);
        prop_assume!(!plain.is_empty());
        let mut series = SeriesRule::new(rule);
        for (index, skip) in exceptions {
            let key = plain[index % plain.len()].key;
            if skip {
                series.skip(key).unwrap();
            } else {
                let to = WallTime::new(key + TimeDelta::minutes(90), VIENNA).unwrap();
                series.move_one(key, to).unwrap();
            }
        }
        let split = series.split_at(plain[nth % plain.len()].key).unwrap();
        let mut joined: Vec<_> =
            split.before.map(|before| before.occurrences(range.clone(), 1000)).unwrap_or_default();
        joined.extend(split.from.occurrences(range.clone(), 1000));
        joined.truncate(1000);
        let whole = series.occurrences(range, 1000);
        prop_assert_eq!(joined, whole);
    }
}

#[test]
fn one_occurrence_can_be_taken_out_moved_and_put_back() {
    let mut series = SeriesRule::new(rule("FREQ=WEEKLY;COUNT=4", "2026-11-23T09:00:00"));
    let times = |series: &SeriesRule| -> Vec<String> {
        let found = series.occurrences(all_time(), 9);
        found.iter().map(|o| o.schedule.wall().local().to_string()).collect()
    };
    series.skip(local("2026-11-30T09:00:00")).unwrap();
    series.move_one(local("2026-12-07T09:00:00"), wall("2026-12-15T10:00:00", VIENNA)).unwrap();
    assert_eq!(
        times(&series),
        ["2026-11-23 09:00:00", "2026-12-14 09:00:00", "2026-12-15 10:00:00"]
    );
    assert_eq!(series.occurrences(all_time(), 9)[2].key, local("2026-12-07T09:00:00"));
    // What moved out of a range is not in it, what moved in is.
    let week = at("2026-12-07T00:00:00Z")..at("2026-12-14T00:00:00Z");
    assert_eq!(series.occurrences(week, 9), []);
    let day = at("2026-12-15T00:00:00Z")..at("2026-12-16T00:00:00Z");
    assert_eq!(series.occurrences(day, 9).len(), 1);

    let json = serde_json::to_string(&series).unwrap();
    assert_eq!(serde_json::from_str::<SeriesRule>(&json).unwrap(), series);
    let stray = json.replace("\"2026-11-30T09:00:00\"", "\"2026-11-30T09:00:01\"");
    assert!(serde_json::from_str::<SeriesRule>(&stray).is_err());

    for stranger in ["2026-11-30T09:30:00", "2026-11-24T09:00:00", "2026-12-21T09:00:00"] {
        assert_eq!(series.skip(local(stranger)).unwrap_err().code, InvalidCode::Unknown);
        assert!(series.split_at(local(stranger)).is_err());
    }
    assert!(series.restore(local("2026-11-30T09:00:00")));
    assert!(series.restore(local("2026-12-07T09:00:00")));
    assert!(!series.restore(local("2026-12-07T09:00:00")));
    assert_eq!(times(&series).len(), 4);
}

#[test]
fn exceptions_have_a_limit() {
    let mut series = SeriesRule::new(rule("FREQ=DAILY", "2026-11-23T09:00:00"));
    let keys: Vec<_> = series
        .occurrences(all_time(), SeriesRule::MAX_EXCEPTIONS + 1)
        .iter()
        .map(|o| o.key)
        .collect();
    let (over, within) = keys.split_last().unwrap();
    for key in within {
        series.skip(*key).unwrap();
    }
    assert_eq!(series.skip(*over).unwrap_err().code, InvalidCode::TooLong);
    series.move_one(within[0], wall("2027-01-01T00:00:00", VIENNA)).unwrap();
}

#[test]
fn this_and_later_divides_a_count_and_keeps_the_step() {
    let series =
        SeriesRule::new(rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=7", "2026-11-23T09:00:00"));
    let key = local("2026-12-10T09:00:00");
    let split = series.split_at(key).unwrap();
    let before = split.before.unwrap();
    assert_eq!(before.recurrence().parts().end, End::AfterCount(3));
    assert_eq!(split.from.recurrence().parts().end, End::AfterCount(4));
    assert_eq!(split.from.occurrences(all_time(), 9), series.occurrences(all_time(), 9)[3..]);
    assert!(series.split_at(local("2026-11-23T09:00:00")).unwrap().before.is_none());
}

#[test]
fn a_change_of_all_keeps_exceptions_by_date() {
    let mut series = SeriesRule::new(rule("FREQ=DAILY", "2026-11-23T09:00:00"));
    series.skip(local("2026-11-25T09:00:00")).unwrap();
    series.skip(local("2026-11-28T09:00:00")).unwrap();
    series.move_one(local("2026-11-26T09:00:00"), wall("2026-11-26T20:00:00", VIENNA)).unwrap();
    let change = series.change_all(rule("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-11-23T11:00:00"));
    assert_eq!(change.dropped, [local("2026-11-28T09:00:00")]);
    assert!(change.series.skips().contains(&local("2026-11-25T11:00:00")));
    assert_eq!(change.series.moves().len(), 1);
    let week = at("2026-11-23T00:00:00Z")..at("2026-11-30T00:00:00Z");
    let times: Vec<_> = change
        .series
        .occurrences(week, 9)
        .iter()
        .map(|o| o.schedule.wall().local().to_string())
        .collect();
    assert_eq!(
        times,
        [
            "2026-11-23 11:00:00",
            "2026-11-24 11:00:00",
            "2026-11-26 20:00:00",
            "2026-11-27 11:00:00"
        ]
    );
}

#[test]
fn after_an_outage_one_occurrence_is_due() {
    // N23: the worker was down for three days.
    let mut series = SeriesRule::new(rule("FREQ=DAILY", "2026-11-01T09:00:00"));
    let last = at("2026-11-10T08:00:00Z");
    let due = series.due_now(last, at("2026-11-13T12:00:00Z"));
    assert_eq!(due.occurrence.unwrap().key, local("2026-11-13T09:00:00"));
    assert_eq!(due.missed, [local("2026-11-11T09:00:00"), local("2026-11-12T09:00:00")]);
    // Nothing twice, nothing early, on the instant itself yes.
    assert_eq!(
        series.due_now(at("2026-11-13T08:00:00Z"), at("2026-11-14T07:59:59.999Z")),
        Due::default()
    );
    assert!(
        series.due_now(at("2026-11-13T08:00:00Z"), at("2026-11-14T08:00:00Z")).occurrence.is_some()
    );
    assert_eq!(
        series.due_now(at("2026-11-14T08:00:00Z"), at("2026-11-13T08:00:00Z")),
        Due::default()
    );
    // One that was moved out of the outage is due when it was moved to.
    series.move_one(local("2026-11-13T09:00:00"), wall("2026-11-13T18:00:00", VIENNA)).unwrap();
    let due = series.due_now(last, at("2026-11-13T12:00:00Z"));
    assert_eq!(due.occurrence.unwrap().key, local("2026-11-12T09:00:00"));
    let due = series.due_now(at("2026-11-12T08:00:00Z"), at("2026-11-13T17:00:00Z"));
    assert_eq!(due.occurrence.unwrap().key, local("2026-11-13T09:00:00"));
}
