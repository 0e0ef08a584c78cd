//! What a platform turns down: for now, for good, or until a time.

use chrono::TimeDelta;
use mcmp_core::event::EventKind;
use mcmp_core::fake::{FakeCall, OnGoLive};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::AccountEdit;
use mcmp_core::publishing::{ErrorClass, JobState, MaxFailures};

use super::desk::Desk;
use super::publishing::error;

#[tokio::test]
async fn errors_that_pass_are_waited_out() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Patience").await;
    let at = desk.hours(1);
    let fake = &desk.facebook.platform;
    fake.fail_next(FakeCall::Prepare, 2, &error(ErrorClass::Transient));
    fake.on_go_live([OnGoLive::Refuse(error(ErrorClass::Transient))]);
    desk.clock.set(at);
    fake.limit_until(at + TimeDelta::minutes(7));
    desk.run().await;
    desk.is(post.id, PostStatus::Scheduled, JobState::Scheduled).await;
    desk.clock.advance(TimeDelta::minutes(6));
    desk.run().await;
    assert_eq!(fake.calls(FakeCall::GoLive), 0);
    assert!(desk.job(post.id).await.last_error.is_some());
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
    assert_eq!(desk.live(desk.page.id), ["Patience"]);
}

#[tokio::test]
async fn a_platform_that_stays_down_is_asked_as_often_as_the_account_lets_it() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let fake = &desk.facebook.platform;
    let before = desk.scheduled("Planned before").await;
    let max_failures = Some(MaxFailures::new(3).unwrap());
    let edit = AccountEdit { max_failures, ..AccountEdit::default() };
    owner.accounts().edit(desk.page.id, desk.page.version, edit).await.unwrap();
    let planned = desk.job(before.id).await.max_failures;
    assert_eq!(planned, MaxFailures::default(), "it keeps what held as it was planned");
    owner.posts().cancel(before.id, None).await.unwrap();

    let post = desk.scheduled("Down").await;
    // Down for as long as it is asked in two tries.
    fake.fail_next(FakeCall::Prepare, 6, &error(ErrorClass::Transient));
    desk.clock.advance(TimeDelta::hours(1));
    for calls in 1..=2 {
        desk.run().await;
        desk.is(post.id, PostStatus::Scheduled, JobState::Scheduled).await;
        let job = desk.job(post.id).await;
        assert_eq!((fake.calls(FakeCall::Prepare), u64::from(job.failures)), (calls, calls));
        desk.clock.set(job.due_at);
    }
    desk.run().await;
    desk.is(post.id, PostStatus::Failed, JobState::Failed).await;
    desk.run_for(3).await;
    assert_eq!(fake.calls(FakeCall::Prepare), 3, "it is left in peace");
    let shown = desk.job(post.id).await;
    assert_eq!((shown.failures, shown.trouble()), (3, Some("told to fail")));
    let failed = desk.events().await.into_iter().filter(|e| e.kind == EventKind::JobFailed);
    assert_eq!(failed.count(), 1);

    // A person tries again, and it has its three again.
    let retried = owner.posts().retry(post.id, Vec::new()).await.unwrap();
    assert_eq!(retried.status, PostStatus::Scheduled);
    desk.run_for(1).await;
    assert_eq!(fake.calls(FakeCall::Prepare), 6);
    assert_eq!(desk.status(post.id).await, PostStatus::Failed);
    owner.posts().retry(post.id, Vec::new()).await.unwrap();
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    assert_eq!(desk.live(desk.page.id), ["Down"]);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn a_limit_until_a_time_that_has_passed_is_not_asked_again_at_once() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Odd clocks").await;
    let past = ErrorClass::RateLimited { until: Some(desk.now()) };
    desk.facebook.platform.fail_next(FakeCall::Prepare, 5, &error(past));
    desk.run_at_its_time().await;
    assert_eq!(desk.facebook.platform.calls(FakeCall::Prepare), 1);
    assert!(desk.job(post.id).await.due_at > desk.now());
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
}

#[tokio::test]
async fn content_that_the_platform_refuses_fails_with_its_words_and_can_be_sent_anew() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Refused").await;
    desk.facebook.platform.on_go_live([OnGoLive::Refuse(error(ErrorClass::InvalidContent))]);
    desk.run_at_its_time().await;
    desk.is(post.id, PostStatus::Failed, JobState::Failed).await;
    let shown = desk.job(post.id).await.last_error.unwrap();
    assert_eq!((shown.message.as_str(), shown.code.as_deref()), ("told to fail", Some("fake/1")));
    desk.run_for(8).await;
    assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 1);
    let owner = desk.owners().await;
    let retried = owner.posts().retry(post.id, Vec::new()).await.unwrap();
    assert_eq!(retried.status, PostStatus::Scheduled);
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    assert_eq!(desk.live(desk.page.id), ["Refused"]);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn only_what_failed_is_sent_again() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let draft = desk.to(&[&desk.page, &desk.profile], "Both");
    let post = owner.posts().create(draft).await.unwrap();
    let post = desk.schedule(post.id).await;
    desk.facebook.platform.on_go_live([OnGoLive::Refuse(error(ErrorClass::Permission))]);
    desk.run_at_its_time().await;
    assert_eq!(desk.status(post.id).await, PostStatus::PartiallyPublished);
    let jobs = desk.jobs(post.id).await;
    let live = jobs.iter().find(|job| job.state == JobState::Published).unwrap();
    assert!(owner.posts().retry(post.id, vec![live.id]).await.is_err());
    owner.posts().retry(post.id, Vec::new()).await.unwrap();
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    assert_eq!((desk.live(desk.page.id).len(), desk.live(desk.profile.id).len()), (1, 1));
    desk.explained(post.id).await;
}
