//! Queue slots and the next free one (N24).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::{Europe::Vienna, Tz};
use proptest::prelude::*;

use super::super::{
    FIRST_DAY, MAX_HORIZON_DAYS, NoFreeSlot, PostingWindows, QueueSlots, Schedule, SlotTime,
    TimeWindow, next_free_slot,
};
use super::{any_instant, any_zone, at, local};
use crate::value::InvalidCode;

fn slot(day: Weekday, time: &str) -> SlotTime {
    SlotTime::new(day, time.parse().unwrap())
}

fn slots(slots: &[SlotTime]) -> QueueSlots {
    QueueSlots::new("slots", slots.to_vec()).unwrap()
}

fn no_window() -> PostingWindows {
    PostingWindows::always()
}

#[test]
fn slots_are_sorted_and_the_same_one_twice_is_refused() {
    let given = [
        slot(Weekday::Thu, "12:00:00"),
        slot(Weekday::Mon, "17:00:00"),
        slot(Weekday::Mon, "09:00:00"),
    ];
    assert_eq!(slots(&given).as_slice(), [given[2], given[1], given[0]]);
    let refused = QueueSlots::new("slots", vec![given[0], given[1], given[0]]).unwrap_err();
    assert_eq!((refused.code, refused.field.as_str()), (InvalidCode::Duplicate, "slots[2]"));
    let fine = QueueSlots::new("slots", vec![slot(Weekday::Mon, "09:00:00.5")]).unwrap_err();
    assert_eq!(fine.field, "slots[0].time");
    let json = r#"[{"day":"monday","time":"09:00:00"}]"#;
    let read: QueueSlots = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    let twice = r#"[{"day":"monday","time":"09:00:00"},{"day":"monday","time":"09:00:00"}]"#;
    assert!(serde_json::from_str::<QueueSlots>(twice).is_err());
    let many = (0..=QueueSlots::MAX)
        .map(|n| {
            let seconds = u32::try_from(n).unwrap();
            SlotTime::new(
                Weekday::Mon,
                NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap(),
            )
        })
        .collect();
    assert_eq!(QueueSlots::new("slots", many).unwrap_err().code, InvalidCode::TooLong);
}

#[test]
fn a_slot_keeps_its_local_time_through_the_year() {
    // N22: not an offset from UTC, which would shift by an hour twice a year.
    let weekly = slots(&[slot(Weekday::Mon, "09:00:00")]);
    let year: Vec<Schedule> =
        weekly.upcoming(Vienna, at("2026-11-20T00:00:00Z")).take(52).collect();
    for slot in &year {
        let shown = slot.at().with_timezone(&Vienna).naive_local();
        assert_eq!(shown.time(), local("2026-01-01T09:00:00").time());
        assert_eq!(shown, slot.wall().local());
    }
    let offsets: BTreeSet<_> = year.iter().map(|slot| slot.at().time()).collect();
    assert_eq!(offsets.len(), 2, "summer and winter");
}

#[test]
fn a_slot_that_was_moved_past_midnight_still_lies_ahead() {
    // Samoa had no 30 December 2011, a Friday: its slot comes on Saturday.
    let fridays = slots(&[slot(Weekday::Fri, "09:00:00")]);
    let saturday = at("2011-12-30T10:30:00Z");
    let next = fridays.upcoming(chrono_tz::Pacific::Apia, saturday).next().unwrap();
    assert_eq!(next.wall().local(), local("2011-12-30T09:00:00"));
    assert_eq!(next.at(), at("2011-12-30T19:00:00Z"));
}

#[test]
fn the_next_free_slot_is_free_open_and_the_first() {
    let queue = slots(&[
        slot(Weekday::Mon, "09:00:00"),
        slot(Weekday::Mon, "21:00:00"),
        slot(Weekday::Thu, "12:00:00"),
    ]);
    let after = at("2026-11-23T08:00:00Z"); // Monday, 09:00 in Vienna: this slot has begun.
    let find = |windows: &PostingWindows, taken: &[DateTime<Utc>], days| {
        let taken: BTreeSet<_> = taken.iter().copied().collect();
        next_free_slot(&queue, Vienna, after, windows, &taken, days).map(|slot| slot.at())
    };
    let (evening, noon) = (at("2026-11-23T20:00:00Z"), at("2026-11-26T11:00:00Z"));
    assert_eq!(find(&no_window(), &[], 30), Ok(evening));
    assert_eq!(find(&no_window(), &[evening], 30), Ok(noon));
    assert_eq!(find(&no_window(), &[evening + TimeDelta::nanoseconds(1)], 30), Ok(noon));
    let thursdays =
        PostingWindows::new("windows", vec![TimeWindow::whole_day(Weekday::Thu)]).unwrap();
    assert_eq!(find(&thursdays, &[], 30), Ok(noon));
    let until = |days| after + TimeDelta::days(days);
    assert_eq!(find(&thursdays, &[noon], 7), Err(NoFreeSlot::AllTaken { until: until(7) }));
    assert_eq!(find(&no_window(), &[], 0), Err(NoFreeSlot::NoneWithin { until: after }));
    let sundays =
        PostingWindows::new("windows", vec![TimeWindow::whole_day(Weekday::Sun)]).unwrap();
    assert_eq!(find(&sundays, &[], 7), Err(NoFreeSlot::OutsideWindows { until: until(7) }));
    let furthest = until(MAX_HORIZON_DAYS.into());
    assert_eq!(find(&sundays, &[], u32::MAX), Err(NoFreeSlot::OutsideWindows { until: furthest }));
    let none =
        next_free_slot(&QueueSlots::default(), Vienna, after, &no_window(), &BTreeSet::new(), 7);
    assert_eq!(none, Err(NoFreeSlot::NoSlots));
    let json = serde_json::to_string(&NoFreeSlot::AllTaken { until: after }).unwrap();
    assert_eq!(json, r#"{"code":"all_taken","until":"2026-11-23T08:00:00Z"}"#);
}

#[test]
fn the_ends_of_time_have_no_slots_and_no_panic() {
    let queue = slots(&[slot(Weekday::Mon, "09:00:00")]);
    for zone in [Tz::UTC, chrono_tz::Pacific::Apia, chrono_tz::Pacific::Midway] {
        let last = DateTime::<Utc>::MAX_UTC;
        assert_eq!(queue.upcoming(zone, last).next(), None);
        let first = queue.upcoming(zone, DateTime::<Utc>::MIN_UTC).next().unwrap();
        assert!((first.wall().local().date() - FIRST_DAY).num_days() < 7);
        let found = next_free_slot(&queue, zone, last, &no_window(), &BTreeSet::new(), u32::MAX);
        assert_eq!(found, Err(NoFreeSlot::NoneWithin { until: last }));
        let end = at("2199-12-01T00:00:00Z");
        assert_eq!(queue.upcoming(zone, end).count(), 5);
    }
}

fn any_slots() -> impl Strategy<Value = QueueSlots> {
    prop::collection::btree_set((0u8..7, 0u32..86_400), 1..20).prop_map(|set| {
        let slot = |(day, seconds)| {
            let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap();
            SlotTime::new(Weekday::try_from(day).unwrap(), time)
        };
        QueueSlots::new("slots", set.into_iter().map(slot).collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn each_slot_comes_once_a_week_in_order(queue in any_slots(), zone in any_zone(), after in any_instant()) {
        let found: Vec<Schedule> = queue.upcoming(zone, after).take(queue.as_slice().len() * 3).collect();
        prop_assert!(found[0].at() > after);
        prop_assert!(found.windows(2).all(|pair| pair[0].at() < pair[1].at()));
        // Starting later answers with the rest of the same slots.
        let again: Vec<Schedule> = queue.upcoming(zone, found[0].at()).take(found.len() - 1).collect();
        prop_assert_eq!(&again, &found[1..]);
        let locals: BTreeSet<_> = found.iter().map(|slot| slot.wall().local()).collect();
        prop_assert_eq!(locals.len(), found.len());
    }
}
