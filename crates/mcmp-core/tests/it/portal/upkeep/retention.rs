//! What is old goes, what is needed stays, and what is stored does not grow for ever.

use chrono::TimeDelta;
use mcmp_core::analytics::{Metrics, Snapshot};
use mcmp_core::event::{Event, EventKind};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Coverage;
use mcmp_core::notification::Notification;
use mcmp_core::portal::{Retention, Sweep, Upkeep, When};
use mcmp_core::post::{HistoryEntry, Post, Revision};
use mcmp_core::publishing::{Attempt, JobState, PublishJob, WorkerId};
use mcmp_core::store::{Entity, MemoryStore, Read};
use mcmp_core::webhook::Delivery;

use super::super::desk::Desk;
use super::super::fixture::World;
use super::webhook_fan_out::endpoint;

async fn count<E: Entity>(world: &World) -> u64
where
    MemoryStore: Read<E>,
{
    let system = world.systems().await;
    Read::<E>::count(&world.store, system.scope(), &Default::default()).await.unwrap()
}

/// Goes through everything once; says how much was deleted.
async fn sweep(upkeep: &Upkeep, retention: &Retention) -> usize {
    let (mut sweep, mut deleted) = (Sweep::default(), 0);
    loop {
        let round = upkeep.sweep(&mut sweep, retention, 7).await.unwrap();
        deleted += round.done;
        if !round.more {
            return deleted;
        }
    }
}

fn nothing() -> Retention {
    Retention {
        events: None,
        event_readers: Vec::new(),
        read_notifications: None,
        unread_notifications: None,
        deliveries: None,
        jobs: None,
        thin_snapshots: None,
        post_rollups: None,
        posts: None,
    }
}

#[tokio::test]
async fn what_is_stored_stays_flat() {
    let desk = Desk::new().await;
    let upkeep = desk.portal.upkeep().unwrap();
    let days = |days| Some(TimeDelta::days(days));
    let retention = Retention {
        events: days(10),
        read_notifications: days(10),
        unread_notifications: days(10),
        jobs: days(5),
        thin_snapshots: days(3),
        post_rollups: days(10),
        posts: days(10),
        ..Retention::default()
    };
    let mut sizes = Vec::new();
    for day in 0..90 {
        let post = desk.scheduled("Every day").await;
        desk.run_at_its_time().await;
        assert_eq!(desk.status(post.id).await, PostStatus::Published);
        desk.clock.advance(TimeDelta::hours(1));
        for job in upkeep.claim_metrics(50, TimeDelta::minutes(1)).await.unwrap() {
            upkeep.poll_metrics(job, &Default::default(), None).await.unwrap();
        }
        desk.clock.advance(TimeDelta::hours(22));
        sweep(&upkeep, &retention).await;
        if day >= 30 {
            sizes.push([
                count::<Post>(&desk).await,
                count::<Revision>(&desk).await,
                count::<HistoryEntry>(&desk).await,
                count::<PublishJob>(&desk).await,
                count::<Attempt>(&desk).await,
                count::<Event>(&desk).await,
                count::<Notification>(&desk).await,
                count::<Snapshot>(&desk).await,
                count::<mcmp_core::analytics::Rollup>(&desk).await,
            ]);
        }
    }
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    // The sums of client, account and platform are kept for good: three a day.
    assert_eq!(&first[..8], &last[..8]);
    assert!(last[8] <= first[8] + 3 * 60);
    assert!(first[0] > 5 && first[7] > 5, "{first:?}");
}

#[tokio::test]
async fn nothing_is_deleted_that_is_not_said() {
    let desk = Desk::new().await;
    desk.scheduled("Kept").await;
    desk.run_at_its_time().await;
    desk.clock.advance(TimeDelta::days(4_000));
    let upkeep = desk.portal.upkeep().unwrap();
    assert_eq!(sweep(&upkeep, &nothing()).await, 0);
    sweep(&upkeep, &Retention::default()).await;
    assert_eq!((count::<Post>(&desk).await, count::<PublishJob>(&desk).await), (1, 1));
    assert_eq!((count::<Attempt>(&desk).await, count::<Event>(&desk).await), (0, 0));
}

#[tokio::test]
async fn what_is_still_needed_stays_however_old() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let upkeep = desk.portal.upkeep().unwrap();
    // One waits in its draft, one for a time far away, one for a person.
    desk.draft("Draft").await;
    let far = desk.draft("Far").await;
    owner.posts().schedule(far.id, When::At(desk.hours(24 * 2_000))).await.unwrap();
    let held = desk.scheduled("Held").await;
    desk.owners().await.accounts().disconnect(desk.page.id).await.unwrap();
    desk.run_at_its_time().await;
    desk.clock.advance(TimeDelta::days(1_000));
    let all = Retention { posts: Some(TimeDelta::days(1)), ..Retention::default() };
    sweep(&upkeep, &all).await;
    assert_eq!(count::<Post>(&desk).await, 3);
    assert_eq!(desk.jobs(held.id).await.len(), 1);
    assert!(!desk.job(far.id).await.state.is_final());
}

#[tokio::test]
async fn jobs_go_together_with_those_that_tried_again() {
    use mcmp_core::fake::FakeCall;
    use mcmp_core::publishing::{ErrorClass, PublishError};
    let desk = Desk::new().await;
    let post = desk.scheduled("Twice").await;
    let refused = PublishError::new(ErrorClass::InvalidContent, "no");
    desk.facebook.platform.fail_next(FakeCall::Prepare, 1, &refused);
    desk.run_at_its_time().await;
    let owner = desk.owners().await;
    desk.clock.advance(TimeDelta::days(20));
    owner.posts().retry(post.id, Vec::new()).await.unwrap();
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    owner.posts().archive(post.id).await.unwrap();
    let upkeep = desk.portal.upkeep().unwrap();
    let retention = Retention { jobs: Some(TimeDelta::days(10)), ..nothing() };
    sweep(&upkeep, &retention).await;
    assert_eq!(desk.jobs(post.id).await.len(), 2, "the old one is what the new one tried again");
    desk.clock.advance(TimeDelta::days(11));
    sweep(&upkeep, &retention).await;
    assert!(desk.jobs(post.id).await.is_empty());
    assert_eq!(count::<Attempt>(&desk).await, 0);
    assert_eq!(desk.status(post.id).await, PostStatus::Archived);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn events_wait_for_those_who_read_them() {
    let world = World::new().await;
    let draft = endpoint(Coverage::WholeAgency, &[EventKind::ClientCreated]);
    world.owners().await.webhooks().create(draft).await.unwrap();
    world.client("acme").await;
    let upkeep = world.portal.upkeep().unwrap();
    let worker = WorkerId("w".to_owned());
    let lease = TimeDelta::days(9_000);
    let duty = world.portal.take_duty(Upkeep::WEBHOOKS_DUTY, &worker, lease).await.unwrap();
    let mut duty = duty.unwrap();
    upkeep.fan_out_webhooks(&mut duty, 1).await.unwrap();
    world.clock.advance(TimeDelta::days(1_000));
    let (before, retention) = (count::<Event>(&world).await, Retention::default());
    sweep(&upkeep, &retention).await;
    assert_eq!(count::<Event>(&world).await, before - 1, "the one that was read");
    while upkeep.fan_out_webhooks(&mut duty, 50).await.unwrap().more {}
    assert_eq!(count::<Delivery>(&world).await, 1);
    sweep(&upkeep, &retention).await;
    assert_eq!(count::<Event>(&world).await, 0);
    assert_eq!(count::<Delivery>(&world).await, 1, "it is still on its way");
}

#[tokio::test]
async fn one_snapshot_a_day_stays() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Liked").await;
    desk.run_at_its_time().await;
    let (upkeep, job) = (desk.portal.upkeep().unwrap(), desk.job(post.id).await);
    for turn in 1..=40 {
        desk.clock.advance(TimeDelta::hours(6));
        let metrics = Metrics { likes: Some(turn), ..Metrics::default() };
        upkeep.record_metrics(job.id, metrics, desk.now(), None).await.unwrap();
    }
    let retention = Retention { thin_snapshots: Some(TimeDelta::days(5)), ..nothing() };
    sweep(&upkeep, &retention).await;
    let system = desk.systems().await;
    let all: Vec<Snapshot> =
        mcmp_core::store::StoreExt::all(&desk.store, system.scope(), Default::default())
            .await
            .unwrap();
    let limit = desk.now() - TimeDelta::days(5);
    let (old, young): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.taken_at < limit);
    assert_eq!(young.len(), 21, "the young ones are all there");
    let mut days: Vec<_> = old.iter().map(|row| row.taken_at.date_naive()).collect();
    let count = days.len();
    days.dedup();
    assert!(days.len() == count && (4..=6).contains(&count), "{days:?}");
    assert_eq!(desk.job(post.id).await.state, JobState::Published);
    // What was gained since is still counted from the newest one.
    desk.clock.advance(TimeDelta::days(300));
    sweep(&upkeep, &retention).await;
    let metrics = Metrics { likes: Some(45), ..Metrics::default() };
    upkeep.record_metrics(job.id, metrics, desk.now(), None).await.unwrap();
    let rollups: Vec<mcmp_core::analytics::Rollup> =
        mcmp_core::store::StoreExt::all(&desk.store, system.scope(), Default::default())
            .await
            .unwrap();
    let clients = rollups
        .iter()
        .filter(|rollup| rollup.subject == mcmp_core::analytics::RollupSubject::Client);
    assert_eq!(clients.filter_map(|rollup| rollup.metrics.likes).sum::<u64>(), 45);
}
