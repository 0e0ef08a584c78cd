//! Recurring posts: each occurrence once, and never a burst.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use mcmp_core::Error;
use mcmp_core::account::Platform;
use mcmp_core::agency::{Meter, Plan, PlanTier};
use mcmp_core::id::SeriesId;
use mcmp_core::lifecycle::{PostAction, PostStatus};
use mcmp_core::portal::{SeriesDraft, SeriesEdit, Session};
use mcmp_core::post::{Content, HistoryEntry, Post, PostText};
use mcmp_core::series::Series;
use mcmp_core::store::{Commit, Query, StoreExt};
use mcmp_core::time::{Clock, Frequency, Month, Recurrence, RecurrenceParts, WallTime};
use proptest::prelude::*;

use super::fixture::{World, name, wait_for};

fn rule(world: &World, frequency: Frequency, day: u32, hour: u32) -> Recurrence {
    let start = NaiveDate::from_ymd_opt(2026, 12, day).unwrap().and_hms_opt(hour, 0, 0).unwrap();
    let start = WallTime::new(start, world.a.zone).unwrap();
    Recurrence::new(RecurrenceParts::new(frequency, start)).unwrap()
}

async fn series(world: &World, session: &Session, rule: Recurrence) -> Series {
    let account = world.account(&world.a, Platform::X).await;
    let draft = SeriesDraft {
        client_id: world.a.id,
        name: name("Weekly"),
        rule,
        content: Content {
            body: PostText::new("body", "Fresh bread").unwrap(),
            ..Default::default()
        },
        accounts: vec![account.id],
        tags: Vec::new(),
        category: None,
    };
    session.series().create(draft).await.unwrap()
}

async fn posts(world: &World, session: &Session) -> Vec<Post> {
    world.store.all::<Post>(session.scope(), Default::default()).await.unwrap()
}

async fn counted_posts(world: &World, session: &Session) -> u64 {
    let month = Some(Month::of(world.clock.now()));
    let meter = Meter::PostsPerMonth;
    world.store.usage(session.scope(), world.agency.id, meter, month).await.unwrap()
}

/// Makes posts for so many days, up to ten in the morning of the last one; says how many.
async fn make(world: &World, session: &Session, id: SeriesId, days: i64) -> usize {
    let until = world.clock.now() + TimeDelta::days(days) + TimeDelta::hours(2);
    session.series().materialize(id, until).await.unwrap().posts.len()
}

#[tokio::test]
async fn posts_begin_as_drafts_with_their_time_and_a_history() {
    let world = World::new().await;
    let session = world.admin().await;
    let series = series(&world, &session, rule(&world, Frequency::Weekly, 2, 9)).await;
    assert_eq!(make(&world, &session, series.id, 20).await, 3);
    let posts = posts(&world, &session).await;
    let mut variants = BTreeSet::new();
    for (post, day) in posts.iter().zip([2, 9, 16]) {
        assert_eq!(post.status, PostStatus::Draft);
        let occurrence = post.series.clone().unwrap();
        assert_eq!(occurrence.series_id, series.id);
        assert_eq!(occurrence.key, post.schedule.unwrap().wall().local());
        assert_eq!(occurrence.key.date(), NaiveDate::from_ymd_opt(2026, 12, day).unwrap());
        assert_eq!(post.content, series.content);
        variants.extend(post.variants.iter().map(|variant| variant.id));
        let mut history = mcmp_core::store::HistoryEntryFilter::default();
        history.post_id = Some(post.id);
        let history: Vec<HistoryEntry> = world.store.all(session.scope(), history).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].action, history[0].to), (PostAction::Create, PostStatus::Draft));
    }
    assert_eq!(variants.len(), 3, "each post has variants of its own");
    assert_eq!(counted_posts(&world, &session).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_workers_make_each_post_once() {
    let world = Arc::new(World::new().await);
    let session = world.admin().await;
    let series = series(&world, &session, rule(&world, Frequency::Daily, 2, 9)).await;
    let racing: Vec<_> = (1..=5)
        .map(|worker| {
            let (world, id) = (Arc::clone(&world), series.id);
            tokio::spawn(async move {
                let session = world.system().await;
                make(&world, &session, id, 3 * worker).await
            })
        })
        .collect();
    let mut made = 0;
    for worker in racing {
        made += worker.await.unwrap();
    }
    let posts = posts(&world, &session).await;
    assert_eq!((made, posts.len()), (15, 15));
    let keys: BTreeSet<_> = posts.iter().map(|post| post.series.clone().unwrap().key).collect();
    assert_eq!(keys.len(), 15);
}

#[tokio::test]
async fn an_outage_leaves_one_overdue_post_and_tells_of_the_others() {
    let world = World::new().await;
    let session = world.admin().await;
    let series = series(&world, &session, rule(&world, Frequency::Daily, 2, 9)).await;
    assert_eq!(make(&world, &session, series.id, 2).await, 2);
    world.clock.advance(TimeDelta::days(10));
    let until = world.clock.now() + TimeDelta::days(2);
    let made = session.series().materialize(series.id, until).await.unwrap();
    let overdue: Vec<_> =
        made.posts.iter().filter(|post| post.planned_at().unwrap() <= world.clock.now()).collect();
    assert_eq!(overdue.len(), 1);
    assert_eq!(overdue[0].planned_at().unwrap().to_rfc3339(), "2026-12-10T09:00:00+00:00");
    let missed: Vec<_> = made.missed.iter().map(|key| key.date().to_string()).collect();
    let expected: Vec<_> = (4..10).map(|day| format!("2026-12-{day:02}")).collect();
    assert_eq!(missed, expected);
    let again = session.series().materialize(series.id, until).await.unwrap();
    assert_eq!(again, Default::default(), "what was told once is not told again");
}

#[tokio::test]
async fn a_plan_that_is_used_up_makes_no_posts_at_all() {
    let mut plan = Plan::of(PlanTier::Enterprise);
    plan.limits.insert(Meter::PostsPerMonth, 2);
    let world = World::with(plan, chrono_tz::UTC).await;
    let session = world.admin().await;
    let series = series(&world, &session, rule(&world, Frequency::Daily, 2, 9)).await;
    let until = world.clock.now() + TimeDelta::days(5);
    let refused = session.series().materialize(series.id, until).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached(_)), "{refused}");
    assert!(posts(&world, &session).await.is_empty());
    assert_eq!(session.series().get(series.id).await.unwrap(), series);
}

#[tokio::test]
async fn one_occurrence_is_skipped_or_moved_and_the_others_stay() {
    let world = World::new().await;
    let session = world.admin().await;
    let series = series(&world, &session, rule(&world, Frequency::Daily, 2, 9)).await;
    let key = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let series = session.series().skip_one(series.id, series.version, key(3)).await.unwrap();
    let to = WallTime::new(key(30), world.a.zone).unwrap();
    let moved = session.series().move_one(series.id, series.version, key(4), to).await.unwrap();
    assert_eq!(moved.post.planned_at(), Some(to.resolve().at));
    assert_eq!(moved.post.series.as_ref().unwrap().key, key(4));
    assert_eq!(counted_posts(&world, &session).await, 1);
    assert_eq!(make(&world, &session, series.id, 5).await, 3, "of 2 to 6, without 3 and 4");
    let series = session.series().get(series.id).await.unwrap();
    for over in [key(2), key(4)] {
        let refused = session.series().skip_one(series.id, series.version, over).await;
        assert!(matches!(refused.unwrap_err(), Error::Invalid(_)), "it has its post");
    }
}

#[tokio::test]
async fn this_and_later_divides_a_series_without_a_gap_or_a_double() {
    let world = World::new().await;
    let session = world.admin().await;
    let series = series(&world, &session, rule(&world, Frequency::Daily, 2, 9)).await;
    assert_eq!(make(&world, &session, series.id, 3).await, 3);
    let series = session.series().get(series.id).await.unwrap();
    let key = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let edit = SeriesEdit { name: Some(name("Later")), ..Default::default() };
    let later_rule = Some(rule(&world, Frequency::Daily, 4, 18));
    let recurring = session.series();
    let split = recurring.change_from(series.id, series.version, key, later_rule, edit).await;
    let split = split.unwrap();
    let earlier = split.earlier.unwrap();
    assert_eq!(earlier.id, series.id);
    assert_eq!(make(&world, &session, earlier.id, 8).await, 0);
    assert_eq!(make(&world, &session, split.later.id, 8).await, 4, "5 to 8");
    let dates: Vec<_> = posts(&world, &session)
        .await
        .iter()
        .map(|post| post.schedule.unwrap().wall().local().to_string())
        .collect();
    let expected: Vec<_> = (2..=8)
        .map(|day| format!("2026-12-{day:02} {}:00:00", if day <= 4 { "09" } else { "18" }))
        .collect();
    assert_eq!(dates, expected);
    session.series().end(split.later.id).await.unwrap();
    assert_eq!(make(&world, &session, split.later.id, 30).await, 0);
    let all = session.series().list(&Query::new(Default::default())).await.unwrap();
    assert_eq!(all.items.len(), 2);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Wait(i64),
    Make(i64),
    Skip(i64),
    Move(i64, i64),
    ChangeTimeOfDay(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_i64..200).prop_map(Step::Wait),
        (0_i64..20).prop_map(Step::Make),
        (0_i64..20).prop_map(Step::Skip),
        (0_i64..20, -10_i64..30).prop_map(|(which, by)| Step::Move(which, by)),
        (0_u32..24).prop_map(Step::ChangeTimeOfDay),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A daily series under everything that people and outages do to it: no date gets two posts,
    /// no date that was skipped gets one, and no call makes more than one overdue post.
    #[test]
    fn no_date_gets_two_posts(steps in prop::collection::vec(step(), 1..25)) {
        wait_for(async {
            let plan = Plan::of(PlanTier::Enterprise);
            let world = World::with(plan, chrono_tz::Europe::Vienna).await;
            let session = world.admin().await;
            let id = series(&world, &session, rule(&world, Frequency::Daily, 2, 2)).await.id;
            let mut skipped = BTreeSet::new();
            let mut made = 0;
            for step in steps {
                let series = session.series().get(id).await.unwrap();
                let now = world.clock.now();
                let hour = series.rule.recurrence().parts().start.local().time();
                let key = |days| (now + TimeDelta::days(days)).date_naive().and_time(hour);
                match step {
                    Step::Wait(hours) => world.clock.advance(TimeDelta::hours(hours)),
                    Step::Make(days) => {
                        let until = now + TimeDelta::days(days);
                        let posts = session.series().materialize(id, until).await.unwrap().posts;
                        let overdue =
                            posts.iter().filter(|post| post.planned_at().unwrap() <= now).count();
                        assert!(overdue <= 1, "{overdue} overdue posts");
                        made += posts.len();
                    }
                    Step::Skip(which) => {
                        let key = key(which);
                        if session.series().skip_one(id, series.version, key).await.is_ok() {
                            skipped.insert(key.date());
                        }
                    }
                    Step::Move(which, by) => {
                        let key = key(which);
                        let to = key + TimeDelta::days(by);
                        let to = WallTime::new(to, world.a.zone).unwrap();
                        if session.series().move_one(id, series.version, key, to).await.is_ok() {
                            skipped.remove(&key.date());
                            made += 1;
                        }
                    }
                    Step::ChangeTimeOfDay(hour) => {
                        let rule = rule(&world, Frequency::Daily, 2, hour);
                        let changed = session.series().change_all(id, series.version, rule).await;
                        assert!(changed.unwrap().dropped.is_empty());
                    }
                }
            }
            let posts = posts(&world, &session).await;
            assert_eq!(posts.len(), made, "every post is told of once");
            let dates: BTreeSet<_> =
                posts.iter().map(|post| post.series.clone().unwrap().key.date()).collect();
            assert_eq!(dates.len(), made, "no date has two posts");
            assert!(dates.is_disjoint(&skipped), "what was skipped has none");
        });
    }
}
