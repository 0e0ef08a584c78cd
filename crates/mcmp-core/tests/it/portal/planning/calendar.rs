//! What the calendar shows is when it goes out; and the next free slot.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use mcmp_core::Error;
use mcmp_core::account::Platform;
use mcmp_core::agency::{Plan, PlanTier};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::{Calendar, CalendarEntry, ClientEdit};
use mcmp_core::post::PostText;
use mcmp_core::time::{CalendarView, NoFreeSlot, QueueSlots, Schedule, SlotTime, WallTime};
use proptest::prelude::*;

use super::fixture::{World, at, wait_for};

/// Local times of all kinds, those around the hours where clocks change above all.
fn local_times() -> impl Strategy<Value = Vec<(u64, u32, u32)>> {
    let hour = prop_oneof![3 => 0_u32..4, 1 => 4_u32..23, 1 => Just(23)];
    prop::collection::vec((0_u64..1_900, hour, 0_u32..60), 1..12)
}

fn zones() -> impl Strategy<Value = Tz> {
    prop_oneof![
        2 => prop::sample::select(TZ_VARIANTS.to_vec()),
        1 => prop::sample::select(vec![
            chrono_tz::Europe::Vienna,
            chrono_tz::America::New_York,
            chrono_tz::Australia::Lord_Howe,
            chrono_tz::Africa::Cairo,
            chrono_tz::America::Santiago,
        ]),
    ]
}

fn entries(calendar: &Calendar) -> Vec<&CalendarEntry> {
    calendar.days.iter().flat_map(|day| &day.entries).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_post_is_shown_once_on_the_day_and_at_the_time_it_goes_out(
        zone in zones(),
        planned_in in zones(),
        times in local_times(),
    ) {
        wait_for(async {
            let world = World::with(Plan::of(PlanTier::Enterprise), zone).await;
            let session = world.admin().await;
            let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
            for (day, hour, minute) in times {
                let date = first.checked_add_days(Days::new(day)).unwrap();
                let wall = WallTime::new(date.and_hms_opt(hour, minute, 0).unwrap(), planned_in);
                let (schedule, _) = Schedule::at_wall(wall.unwrap());
                let post = world.put(world.draft(&world.a, Some(schedule))).await;
                let local = WallTime::from_instant(schedule.at(), zone).unwrap();
                let date = local.local().date();
                for view in [
                    CalendarView::Day,
                    CalendarView::Week { starts_on: Weekday::Sun },
                    CalendarView::Month { whole_weeks_from: None },
                ] {
                    let calendar = session.calendars().of_client(world.a.id, view, date).await;
                    let calendar = calendar.unwrap();
                    let shown: Vec<_> = entries(&calendar)
                        .into_iter()
                        .filter(|entry| entry.post_id == post.id)
                        .collect();
                    assert_eq!(shown.len(), 1, "{view:?}");
                    assert_eq!(shown[0].at, schedule.at());
                    assert_eq!(shown[0].local.resolve().at, schedule.at(), "its wall time");
                    assert_eq!(shown[0].local.zone(), zone);
                    let day = calendar.days.iter().find(|day| !day.entries.is_empty()
                        && day.entries.iter().any(|entry| entry.post_id == post.id)).unwrap();
                    assert_eq!(day.day.date, date, "its day");
                    assert!(day.entries.is_sorted_by_key(|entry| entry.at));
                    assert!(calendar.complete);
                }
            }
        });
    }
}

#[tokio::test]
async fn neighbouring_days_never_share_a_post() {
    let world = World::with(Plan::of(PlanTier::Enterprise), chrono_tz::Europe::Vienna).await;
    let session = world.admin().await;
    let mut instant = at("2026-10-24T00:00:00Z");
    let mut posts = 0;
    while instant < at("2026-10-27T00:00:00Z") {
        let schedule = Schedule::at_instant(instant, chrono_tz::UTC).unwrap();
        world.put(world.draft(&world.a, Some(schedule))).await;
        (instant, posts) = (instant + TimeDelta::minutes(30), posts + 1);
    }
    let mut shown = Vec::new();
    for day in 23..=28 {
        let date = NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        let calendar = session.calendars().of_agency(CalendarView::Day, date, world.a.zone).await;
        let calendar = calendar.unwrap();
        if day == 25 {
            assert_eq!(entries(&calendar).len(), 50, "a day of 25 hours");
        }
        shown.extend(entries(&calendar).into_iter().map(|entry| entry.post_id));
    }
    assert_eq!(shown.len(), posts);
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), posts);
}

#[tokio::test]
async fn titles_are_the_first_words_and_cancelled_posts_are_left_out() {
    let world = World::new().await;
    let session = world.admin().await;
    let date = NaiveDate::from_ymd_opt(2026, 12, 2).unwrap();
    let schedule = |hour| {
        let wall = WallTime::new(date.and_hms_opt(hour, 0, 0).unwrap(), chrono_tz::UTC).unwrap();
        Some(Schedule::at_wall(wall).0)
    };
    let long_word = "x".repeat(200);
    for (hour, text) in [(1, "Fresh  bread\ntoday"), (2, long_word.as_str()), (3, "")] {
        let mut post = world.draft(&world.a, schedule(hour));
        post.content.body = PostText::new("body", text).unwrap();
        world.put(post).await;
    }
    let mut words = world.draft(&world.a, schedule(4));
    words.content.body = PostText::new("body", "word ".repeat(100)).unwrap();
    world.put(words).await;
    let mut cancelled = world.draft(&world.a, schedule(5));
    cancelled.status = PostStatus::Cancelled;
    world.put(cancelled).await;
    let calendar = session.calendars().of_client(world.a.id, CalendarView::Day, date).await;
    let calendar = calendar.unwrap();
    let titles: Vec<_> = entries(&calendar).iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles.len(), 4);
    assert_eq!(titles[0], "Fresh bread today");
    assert_eq!(titles[1].chars().count(), CalendarEntry::MAX_TITLE);
    assert_eq!(titles[2], "");
    assert!(titles[3].ends_with("word…"), "{}", titles[3]);
    assert!(titles[3].chars().count() <= CalendarEntry::MAX_TITLE);
}

#[tokio::test]
async fn the_next_slot_is_the_first_that_nothing_is_planned_for() {
    let world = World::with(Plan::of(PlanTier::Enterprise), chrono_tz::Europe::Vienna).await;
    let session = world.admin().await;
    let account = world.account(&world.a, Platform::X).await;
    let other = world.account(&world.a, Platform::THREADS).await;
    let refused = session.slots().next_free(world.a.id, None, None).await.unwrap_err();
    assert!(matches!(refused, Error::NoFreeSlot(NoFreeSlot::NoSlots)), "{refused}");

    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
    let slots = QueueSlots::new("slots", vec![SlotTime::new(Weekday::Mon, nine)]).unwrap();
    let edit = ClientEdit { queue_slots: Some(slots.clone()), ..Default::default() };
    session.clients().edit(world.a.id, world.a.version, edit).await.unwrap();
    assert_eq!(session.slots().of_account(account.id).await.unwrap(), slots);

    let first = session.slots().next_free(world.a.id, Some(account.id), None).await.unwrap();
    assert_eq!(first.at().to_rfc3339(), "2026-12-07T08:00:00+00:00");
    let mut post = world.draft(&world.a, Some(first));
    post.variants.push(world.variant(&account));
    world.put(post).await;
    let next = session.slots().next_free(world.a.id, Some(account.id), None).await.unwrap();
    assert_eq!(next.wall().local().date().day(), 14);
    let elsewhere = session.slots().next_free(world.a.id, Some(other.id), None).await.unwrap();
    assert_eq!(elsewhere, first, "the other account has nothing then");
    let of_client = session.slots().next_free(world.a.id, None, None).await.unwrap();
    assert_eq!(of_client, next, "the client has");
    let past = Some(at("2020-01-01T00:00:00Z"));
    let not_past = session.slots().next_free(world.a.id, None, past).await.unwrap();
    assert_eq!(not_past, next);
}
