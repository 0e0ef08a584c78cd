//! Numbers are read by their schedule, and each gain is counted once, on one day.

use chrono::{NaiveDate, TimeDelta};
use mcmp_core::account::Platform;
use mcmp_core::analytics::{Metrics, Rollup, RollupSubject, Snapshot};
use mcmp_core::fake::{FakeCall, FakePublisher};
use mcmp_core::id::PostId;
use mcmp_core::portal::{ClientEdit, MetricsPoll, MetricsSchedule, Upkeep};
use mcmp_core::publishing::{ErrorClass, PublishError, PublishJob, PublisherCapabilities};
use mcmp_core::store::{RollupFilter, StoreExt};

use super::super::desk::Desk;

const LEASE: TimeDelta = TimeDelta::minutes(5);

struct Numbers {
    desk: Desk,
    upkeep: Upkeep,
    schedule: MetricsSchedule,
}

impl Numbers {
    async fn of(desk: Desk) -> Self {
        let upkeep = desk.portal.upkeep().unwrap();
        Self { desk, upkeep, schedule: MetricsSchedule::default() }
    }

    async fn published(&self, text: &str) -> PostId {
        let post = self.desk.scheduled(text).await;
        self.desk.run_at_its_time().await;
        post.id
    }

    async fn show(&self, post: PostId, likes: u64) {
        let remote = self.desk.job(post).await.remote.unwrap();
        let metrics = Metrics { likes: Some(likes), ..Metrics::default() };
        self.desk.facebook.platform.show_metrics(&remote, metrics);
    }

    async fn claim(&self) -> Vec<PublishJob> {
        self.upkeep.claim_metrics(10, LEASE).await.unwrap()
    }

    async fn poll(&self) -> Vec<MetricsPoll> {
        let mut polls = Vec::new();
        for job in self.claim().await {
            polls.push(self.upkeep.poll_metrics(job, &self.schedule, None).await.unwrap());
        }
        polls
    }

    async fn likes(&self, subject: RollupSubject) -> Vec<(NaiveDate, u64)> {
        let mut filter = RollupFilter::default();
        filter.client_id = Some(self.desk.client.id);
        filter.subject = Some(subject);
        let system = self.desk.systems().await;
        let mut found: Vec<Rollup> = self.desk.store.all(system.scope(), filter).await.unwrap();
        found.sort_by_key(|rollup| rollup.day);
        found.into_iter().map(|r| (r.day, r.metrics.likes.unwrap_or(0))).collect()
    }

    async fn snapshots(&self) -> Vec<Snapshot> {
        let system = self.desk.systems().await;
        self.desk.store.all(system.scope(), Default::default()).await.unwrap()
    }
}

#[tokio::test]
async fn gains_are_counted_once_under_everything_they_belong_to() {
    let numbers = Numbers::of(Desk::new().await).await;
    // Far in the east, the day of the reading is another one than in UTC.
    let zone = chrono_tz::Pacific::Auckland;
    let edit = ClientEdit { zone: Some(zone), ..ClientEdit::default() };
    numbers.desk.edit_client(edit).await;
    let (one, two) = (numbers.published("One").await, numbers.published("Two").await);
    assert!(numbers.poll().await.is_empty() || numbers.desk.job(one).await.last_snapshot.is_some());
    numbers.show(one, 10).await;
    numbers.show(two, 5).await;
    numbers.desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(numbers.poll().await.len(), 2);
    assert!(numbers.poll().await.is_empty(), "not before its time");
    numbers.show(one, 17).await;
    numbers.desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(numbers.poll().await.len(), 2);

    let page = RollupSubject::Account(numbers.desk.page.id);
    let facebook = RollupSubject::Platform(Platform::FACEBOOK);
    for subject in [RollupSubject::Client, page, facebook] {
        let days = numbers.likes(subject.clone()).await;
        assert_eq!(days.iter().map(|(_, likes)| likes).sum::<u64>(), 22, "{subject:?}");
    }
    let of_one = numbers.likes(RollupSubject::Post(one)).await;
    assert_eq!(of_one.iter().map(|(_, likes)| likes).sum::<u64>(), 17);
    let day = numbers.snapshots().await.last().unwrap().taken_at.with_timezone(&zone).date_naive();
    assert_eq!(of_one.last().unwrap().0, day);
}

#[tokio::test]
async fn the_same_numbers_given_twice_change_nothing() {
    let numbers = Numbers::of(Desk::new().await).await;
    let post = numbers.published("One").await;
    numbers.show(post, 10).await;
    numbers.desk.clock.advance(TimeDelta::hours(1));
    // Two workers think that it is theirs: the lease of the first has passed.
    let [slow] = numbers.claim().await.try_into().unwrap();
    numbers.desk.clock.advance(LEASE);
    let [fast] = numbers.claim().await.try_into().unwrap();
    let (one, two) = tokio::join!(
        numbers.upkeep.poll_metrics(slow, &numbers.schedule, None),
        numbers.upkeep.poll_metrics(fast, &numbers.schedule, None),
    );
    assert!(matches!(one.unwrap(), MetricsPoll::Read(_)));
    assert!(matches!(two.unwrap(), MetricsPoll::Read(_)));
    assert_eq!(numbers.snapshots().await.len(), 1);
    let job = numbers.desk.job(post).await;
    let (upkeep, now) = (&numbers.upkeep, numbers.desk.now());
    let fewer = Metrics { likes: Some(3), ..Metrics::default() };
    let known = upkeep.record_metrics(job.id, fewer, now, None).await.unwrap().unwrap();
    assert_eq!(known.metrics.likes, Some(10));
    let days = numbers.likes(RollupSubject::Client).await;
    assert_eq!(days.iter().map(|(_, likes)| likes).sum::<u64>(), 10);
}

#[tokio::test]
async fn a_gap_stays_a_gap() {
    let numbers = Numbers::of(Desk::new().await).await;
    let post = numbers.published("One").await;
    numbers.show(post, 1).await;
    numbers.desk.clock.advance(TimeDelta::hours(1));
    numbers.poll().await;
    numbers.desk.clock.advance(TimeDelta::days(5));
    numbers.show(post, 51).await;
    assert_eq!(numbers.poll().await.len(), 1, "one reading, however long nobody asked");
    assert!(numbers.poll().await.is_empty());
    let days = numbers.likes(RollupSubject::Post(post)).await;
    assert_eq!(days.iter().map(|(_, likes)| *likes).collect::<Vec<_>>(), [1, 50]);
}

#[tokio::test]
async fn readings_end_with_the_schedule() {
    let numbers = Numbers::of(Desk::new().await).await;
    numbers.published("One").await;
    let mut readings = 0;
    for _ in 0..100 * 24 {
        numbers.desk.clock.advance(TimeDelta::hours(1));
        readings += numbers.poll().await.len();
    }
    assert_eq!(readings, 24 + 24 + 23 + 9);
    assert_eq!(numbers.snapshots().await.len(), readings);
}

#[tokio::test]
async fn what_the_platform_does_not_tell_is_asked_again_or_never() {
    let numbers = Numbers::of(Desk::new().await).await;
    let post = numbers.published("One").await;
    numbers.desk.clock.advance(TimeDelta::hours(1));
    let until = numbers.desk.now() + TimeDelta::minutes(20);
    let fake = &numbers.desk.facebook.platform;
    fake.limit_until(until);
    assert!(matches!(numbers.poll().await[..], [MetricsPoll::NotTold(_)]));
    assert_eq!(numbers.desk.job(post).await.metrics_due_at, Some(until));
    numbers.desk.clock.advance(TimeDelta::minutes(20));
    let failed = PublishError::new(ErrorClass::Transient, "told to fail");
    fake.fail_next(FakeCall::Metrics, 1, &failed);
    assert_eq!(numbers.poll().await, [MetricsPoll::NotTold(failed)]);
    assert!(numbers.desk.job(post).await.metrics_due_at > Some(numbers.desk.now()));
    let never = PublishError::new(ErrorClass::Permission, "no").code(PublishError::NOT_SUPPORTED);
    fake.fail_next(FakeCall::Metrics, 1, &never);
    numbers.desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(numbers.poll().await, [MetricsPoll::NotTold(never)]);
    assert_eq!(numbers.desk.job(post).await.metrics_due_at, None);
    assert!(numbers.snapshots().await.is_empty());
}

#[tokio::test]
async fn a_platform_without_numbers_is_never_asked() {
    let silent = PublisherCapabilities { can_look_up: true, ..Default::default() };
    let silent = FakePublisher::with_capabilities(Platform::FACEBOOK, silent);
    let numbers = Numbers::of(Desk::with(1, |_| silent).await).await;
    let post = numbers.published("One").await;
    numbers.desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(numbers.poll().await, [MetricsPoll::Over]);
    assert_eq!(numbers.desk.facebook.platform.calls(FakeCall::Metrics), 0);
    assert_eq!(numbers.desk.job(post).await.metrics_due_at, None);
}
