//! Every zone over its next five years of clock changes: wall times, slots, recurrence and
//! calendar days around each of them, against arithmetic done by hand from the two offsets.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{
    DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc, Weekday,
};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::super::{
    CalendarView, ClockShift, Fold, Frequency, PostingWindows, QueueSlots, Recurrence,
    RecurrenceParts, Schedule, SlotTime, WallTime, calendar_range, next_free_slot,
};
use super::at;

/// A change of a zone's offset: the first instant after it, the offsets on both sides.
#[derive(Debug, Clone, Copy)]
struct ClockChange {
    zone: Tz,
    when: DateTime<Utc>,
    before: TimeDelta,
    after: TimeDelta,
}

#[derive(Debug, PartialEq)]
enum Expected {
    Once,
    Skipped(TimeDelta),
    Doubled(DateTime<Utc>),
}

impl ClockChange {
    /// What the clocks show when the change comes, and what they show instead.
    fn locals(&self) -> (NaiveDateTime, NaiveDateTime) {
        (self.when.naive_utc() + self.before, self.when.naive_utc() + self.after)
    }

    /// The instant of a local time near the change, and what happens to it.
    fn expect(&self, local: NaiveDateTime) -> (DateTime<Utc>, Expected) {
        let (old, new) = self.locals();
        let by_old = (local - self.before).and_utc();
        let by_new = (local - self.after).and_utc();
        if local < old.min(new) {
            (by_old, Expected::Once)
        } else if local >= old.max(new) {
            (by_new, Expected::Once)
        } else if new > old {
            (by_old, Expected::Skipped(new - old))
        } else {
            (by_old, Expected::Doubled(by_new))
        }
    }

    /// The dates two days around the change.
    fn dates(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        (self.locals().0.date() - TimeDelta::days(2)).iter_days().take(5)
    }
}

fn offset(zone: Tz, at: DateTime<Utc>) -> TimeDelta {
    let seconds = zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    TimeDelta::seconds(i64::from(seconds))
}

fn changes(zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<ClockChange> {
    let step = TimeDelta::hours(12);
    let mut found = Vec::new();
    let mut start = from;
    while start < until {
        let (mut low, mut high) = (start, start + step);
        start = high;
        let (before, after) = (offset(zone, low), offset(zone, high));
        if before == after {
            continue;
        }
        while high - low > TimeDelta::seconds(1) {
            let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
            if offset(zone, middle) == before {
                low = middle;
            } else {
                high = middle;
            }
        }
        found.push(ClockChange { zone, when: high, before, after });
    }
    found
}

/// Those of the next five years, and older ones of kinds that do not come up again: a skipped day,
/// changes at midnight, a change at one minute past it.
fn all_changes() -> Vec<ClockChange> {
    let mut all: Vec<ClockChange> = TZ_VARIANTS
        .iter()
        .flat_map(|zone| changes(*zone, at("2026-11-01T00:00:00Z"), at("2031-11-01T00:00:00Z")))
        .collect();
    for zone in [
        chrono_tz::Pacific::Apia,
        chrono_tz::Pacific::Kwajalein,
        chrono_tz::America::Sao_Paulo,
        chrono_tz::America::St_Johns,
        chrono_tz::Asia::Pyongyang,
        chrono_tz::America::Caracas,
    ] {
        all.extend(changes(zone, at("1993-01-01T00:00:00Z"), at("2020-01-01T00:00:00Z")));
    }
    all
}

fn check(change: &ClockChange, local: NaiveDateTime, got: &Schedule, shift: Option<ClockShift>) {
    let (instant, expected) = change.expect(local);
    assert_eq!(got.at(), instant, "{local} around {change:?}");
    assert_eq!(got.shift(), shift, "{local} around {change:?}");
    let shift = match shift {
        None => Expected::Once,
        Some(ClockShift::Skipped { by }) => Expected::Skipped(by),
        Some(ClockShift::Doubled { earlier, later }) => {
            assert_eq!(earlier, instant, "{local} around {change:?}");
            Expected::Doubled(later)
        }
    };
    assert_eq!(shift, expected, "{local} around {change:?}");
}

fn half_hours() -> impl Iterator<Item = NaiveTime> {
    (0..48).map(|n| NaiveTime::from_hms_opt(n / 2, n % 2 * 30, 0).unwrap())
}

#[test]
fn there_are_changes_of_every_kind_to_look_at() {
    let all = all_changes();
    let zones: BTreeSet<&str> = all.iter().map(|change| change.zone.name()).collect();
    assert!(all.len() > 1_000 && zones.len() > 150, "{} in {}", all.len(), zones.len());
    let steps: BTreeSet<i64> =
        all.iter().map(|change| (change.after - change.before).num_minutes()).collect();
    assert!(steps.is_superset(&BTreeSet::from([-60, -30, 30, 60, 24 * 60])), "{steps:?}");
}

#[test]
fn wall_times_at_the_edges_of_every_change() {
    for change in all_changes() {
        let (old, new) = change.locals();
        for edge in [old, new, old + (new - old) / 2] {
            for nearby in [-1_800_000, -1_000, -1, 0, 1, 1_000, 1_800_000] {
                let local = edge + TimeDelta::milliseconds(nearby);
                let wall = WallTime::new(local, change.zone).unwrap();
                let (schedule, shift) = Schedule::at_wall(wall);
                check(&change, local, &schedule, shift);
                // The second of two is reached by its fold, and an instant remembers its own.
                if let Expected::Doubled(later) = change.expect(local).1 {
                    assert_eq!(wall.with_fold(Fold::Later).resolve().at, later);
                    let by_instant = Schedule::at_instant(later, change.zone).unwrap();
                    assert_eq!(by_instant.rederived().0.at(), later);
                }
            }
        }
    }
}

#[test]
fn slots_come_once_each_in_order_across_every_change() {
    let every_half_hour = QueueSlots::new(
        "slots",
        (0u8..7)
            .flat_map(|day| {
                half_hours().map(move |time| SlotTime::new(Weekday::try_from(day).unwrap(), time))
            })
            .collect(),
    )
    .unwrap();
    for change in all_changes() {
        // By hand: the instant of every slot, and the local times that fall on it.
        let mut expected: BTreeMap<DateTime<Utc>, BTreeSet<NaiveDateTime>> = BTreeMap::new();
        for date in change.dates() {
            for local in half_hours().map(|time| date.and_time(time)) {
                expected.entry(change.expect(local).0).or_default().insert(local);
            }
        }
        let (first, last) = (*expected.keys().next().unwrap(), *expected.keys().last().unwrap());
        let after = first - TimeDelta::milliseconds(1);
        let found: Vec<Schedule> = every_half_hour
            .upcoming(change.zone, after)
            .take_while(|slot| slot.at() <= last)
            .collect();
        assert!(found.windows(2).all(|pair| pair[0].at() < pair[1].at()), "{change:?}");
        let instants: Vec<_> = found.iter().map(Schedule::at).collect();
        assert_eq!(instants, expected.keys().copied().collect::<Vec<_>>(), "{change:?}");
        for slot in &found {
            let locals = &expected[&slot.at()];
            assert!(locals.contains(&slot.wall().local()), "{change:?}");
            check(&change, slot.wall().local(), slot, slot.shift());
            // A slot that the clocks do show stands for one that they skip.
            let shown = locals.iter().any(|local| change.expect(*local).1 == Expected::Once);
            let skipped = matches!(slot.shift(), Some(ClockShift::Skipped { .. }));
            assert!(!(shown && skipped), "{change:?}");
        }
        // Taking the next free one again and again walks through the same slots.
        let near = change.when - TimeDelta::hours(3);
        let mut taken = BTreeSet::new();
        for expected in instants.iter().filter(|at| **at > near).take(8) {
            let free = next_free_slot(
                &every_half_hour,
                change.zone,
                near,
                &PostingWindows::always(),
                &taken,
                7,
            );
            assert_eq!(free.unwrap().at(), *expected, "{change:?}");
            taken.insert(*expected);
        }
    }
}

#[test]
fn a_daily_rule_occurs_once_on_each_date_across_every_change() {
    for change in all_changes() {
        let (old, new) = change.locals();
        let inside = old.min(new) + (new - old).abs() / 2;
        for time in [inside.time(), old.time(), new.time()] {
            let dates: Vec<NaiveDate> = change.dates().collect();
            let start = WallTime::new(dates[0].and_time(time), change.zone).unwrap();
            let rule = Recurrence::new(RecurrenceParts::new(Frequency::Daily, start)).unwrap();
            let until = change.expect(dates[4].and_time(time)).0 + TimeDelta::milliseconds(1);
            let found = rule.occurrences(start.resolve().at..until, 99);

            assert!(
                found.windows(2).all(|pair| pair[0].schedule.at() < pair[1].schedule.at()),
                "{change:?}"
            );
            let mut answered = Vec::new();
            for occurrence in &found {
                check(&change, occurrence.key, &occurrence.schedule, occurrence.shift);
                for absorbed in &occurrence.absorbed {
                    let (instant, kind) = change.expect(*absorbed);
                    assert_eq!(instant, occurrence.schedule.at(), "{change:?}");
                    assert!(matches!(kind, Expected::Skipped(_)), "{change:?}");
                }
                answered.extend(occurrence.absorbed.iter().map(NaiveDateTime::date));
                answered.push(occurrence.key.date());
            }
            assert_eq!(answered, dates, "{change:?}");
        }
    }
}

#[test]
fn calendar_days_across_every_change_tile_time() {
    for change in all_changes() {
        let old_date = change.locals().0.date();
        let week = CalendarView::Week { starts_on: Weekday::Mon };
        let range = calendar_range(week, old_date, change.zone).unwrap();
        assert_eq!(range.days.len(), 7);
        assert_eq!(range.days[0].from, range.from);
        assert_eq!(range.days[6].until, range.until);
        assert!(range.days.windows(2).all(|pair| pair[0].until == pair[1].from), "{change:?}");
        // Every edge by hand, wherever no other change is near.
        let day = TimeDelta::days(1);
        if changes(change.zone, range.from - day, range.until + day).len() > 1 {
            continue;
        }
        for shown in &range.days {
            let by_hand = match change.expect(shown.date.and_time(NaiveTime::MIN)) {
                (_, Expected::Skipped(_)) => change.when,
                (midnight, _) => midnight,
            };
            assert_eq!(shown.from, by_hand, "{change:?}");
        }
    }
}
