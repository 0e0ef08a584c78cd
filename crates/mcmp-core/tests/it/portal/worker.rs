//! What a worker keeps to while it carries jobs out: leases, limits, tokens, and whoever watches.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::account::{AccountStatus, Platform, SocialAccount, Tokens, UnknownOutcomePolicy};
use mcmp_core::fake::{FakeCall, FakePublisher, OnGoLive};
use mcmp_core::id::PostId;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::{
    AccountEdit, Admission, CallReport, Connection, PublisherCall, Refreshed, Supervisor,
};
use mcmp_core::publishing::{
    Attempt, ErrorClass, HoldReason, JobState, Outcome, PublishError, PublishJob,
    PublisherCapabilities, RateReport, RateScope, Refusal, RemoteRef, WorkerId,
};
use mcmp_core::secret::SecretText;
use mcmp_core::store::{AttemptFilter, StoreExt};

use super::desk::{Desk, channel};

fn error(class: ErrorClass) -> PublishError {
    PublishError::new(class, "told to fail")
}

/// A call, what went wrong, and what was told of rate limits.
type Seen = (PublisherCall, Option<ErrorClass>, Vec<RateReport>);

/// Lets everything go but for what it is told, and writes down what it sees.
#[derive(Debug, Default)]
struct Watch {
    admissions: Mutex<Vec<Admission>>,
    asked: Mutex<Vec<PublisherCall>>,
    seen: Mutex<Vec<Seen>>,
}

#[async_trait]
impl Supervisor for Watch {
    async fn admit(&self, _: &PublishJob, call: PublisherCall) -> Result<Admission, Error> {
        self.asked.lock().unwrap().push(call);
        Ok(self.admissions.lock().unwrap().pop().unwrap_or(Admission::Go))
    }

    async fn observe(&self, call: &CallReport<'_>) -> Result<(), Error> {
        assert_eq!(call.job.account_id, call.account.id);
        let class = call.error.map(|error| error.class);
        self.seen.lock().unwrap().push((call.call, class, call.rates.clone()));
        Ok(())
    }
}

impl Watch {
    fn calls(&self) -> Vec<PublisherCall> {
        self.seen.lock().unwrap().iter().map(|(call, ..)| *call).collect()
    }
}

impl Desk {
    /// Connects the page with tokens that can be renewed.
    pub(super) async fn renewable(&self, ends_in: Option<TimeDelta>) -> SocialAccount {
        let tokens = Tokens {
            refresh: Some(SecretText::new("REFRESH-1")),
            access_expires_at: ends_in.map(|left| self.now() + left),
            ..Tokens::new(SecretText::new("ACCESS-1"))
        };
        let again = Connection { tokens, ..channel(Platform::FACEBOOK, "page") };
        self.owners().await.accounts().connect(self.client.id, again).await.unwrap()
    }

    async fn attempts(&self, post: PostId) -> Vec<Attempt> {
        let mut filter = AttemptFilter::default();
        filter.job_id = Some(self.job(post).await.id);
        let system = self.systems().await;
        self.store.all(system.scope(), filter).await.unwrap()
    }

    async fn page_now(&self) -> SocialAccount {
        self.owners().await.accounts().get(self.page.id).await.unwrap()
    }
}

#[tokio::test]
async fn whoever_watches_is_asked_and_told() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Watched").await;
    let rate = RateReport { remaining: Some(7), ..RateReport::new(RateScope::App, "posts") };
    desk.facebook.platform.report_rates([rate.clone()]);
    let watch = Arc::new(Watch::default());
    let until = desk.hours(1) + TimeDelta::minutes(5);
    let limited = error(ErrorClass::RateLimited { until: Some(until) });
    let wait = Admission::Wait { until, error: limited.clone(), lane: true };
    watch.admissions.lock().unwrap().push(wait);
    let other = desk.scheduled("Behind it").await;
    let worker = desk.worker().supervised(watch.clone());
    desk.clock.advance(TimeDelta::hours(1));
    worker.run_due().await.unwrap();
    let job = desk.job(post.id).await;
    assert_eq!((job.state, job.due_at, job.failures), (JobState::Scheduled, until, 0));
    assert_eq!(job.last_error, Some(limited));
    assert_eq!(desk.facebook.platform.calls(FakeCall::Prepare), 0, "the other one waits as well");
    assert!(watch.calls().is_empty());

    desk.clock.set(until);
    worker.run_due().await.unwrap();
    assert_eq!(desk.status(other.id).await, PostStatus::Published);
    assert_eq!(desk.live(desk.page.id), ["Watched", "Behind it"]);
    let both = [PublisherCall::Prepare, PublisherCall::GoLive];
    assert_eq!(watch.calls(), [both, both].concat());
    assert!(
        watch
            .seen
            .lock()
            .unwrap()
            .iter()
            .all(|(_, error, rates)| { error.is_none() && *rates == [rate.clone()] })
    );
    let asked = watch.asked.lock().unwrap().clone();
    assert_eq!(asked, [PublisherCall::Prepare; 3], "not between a part that is ready and its call");
}

#[tokio::test]
async fn what_is_to_be_looked_for_can_be_taken_alone() {
    let desk = Desk::new().await;
    let lost = desk.scheduled("Lost").await;
    desk.facebook.platform.on_go_live([OnGoLive::LoseAnswer]);
    desk.run_at_its_time().await;
    let planned = desk.scheduled("Planned").await;
    desk.clock.advance(TimeDelta::hours(2));
    let (one, other) = (desk.worker(), desk.worker());
    let claimed = one.claim_look_ups(10).await.unwrap();
    let [job] = <[PublishJob; 1]>::try_from(claimed.jobs).unwrap();
    assert_eq!((job.post_id, job.state, one.holding()), (lost.id, JobState::Unknown, 1));
    assert!(other.claim_look_ups(10).await.unwrap().jobs.is_empty(), "one at a time");
    assert_eq!(one.renew().await.unwrap(), 0, "none is lost");
    assert_eq!(one.carry_out(job).await.unwrap().job.state, JobState::Published);
    assert_eq!(desk.job(planned.id).await.fence, 0, "not touched");
}

#[tokio::test]
async fn whoever_watches_is_told_what_comes_next() {
    use PublisherCall::{LookUp, Prepare};
    for (knows_keys, asked) in [(false, [Prepare, LookUp]), (true, [Prepare, Prepare])] {
        let can = PublisherCapabilities {
            can_look_up: !knows_keys,
            takes_dedupe_key: knows_keys,
            ..Default::default()
        };
        let desk =
            Desk::with(1, |_| FakePublisher::with_capabilities(Platform::FACEBOOK, can)).await;
        let post = desk.scheduled("Lost").await;
        desk.facebook.platform.on_go_live([OnGoLive::LoseAnswer]);
        let watch = Arc::new(Watch::default());
        let worker = desk.worker().supervised(watch.clone());
        desk.clock.advance(TimeDelta::hours(1));
        worker.run_due().await.unwrap();
        desk.clock.advance(TimeDelta::minutes(10));
        worker.run_due().await.unwrap();
        assert_eq!(desk.status(post.id).await, PostStatus::Published);
        assert_eq!(*watch.asked.lock().unwrap(), asked);
    }
}

#[tokio::test]
async fn a_limit_or_a_short_trouble_stops_the_account_and_keeps_its_order() {
    for class in [ErrorClass::RateLimited { until: None }, ErrorClass::Transient] {
        let desk = Desk::new().await;
        let fake = &desk.facebook.platform;
        desk.scheduled("First").await;
        desk.scheduled("Second").await;
        fake.fail_next(FakeCall::Prepare, 2, &error(class));
        desk.run_at_its_time().await;
        assert_eq!(fake.calls(FakeCall::Prepare), 1, "{class:?}");
        desk.run_for(1).await;
        assert_eq!(desk.live(desk.page.id), ["First", "Second"], "{class:?}");
    }
    // What fails for longer lets the others pass.
    let desk = Desk::new().await;
    let fake = &desk.facebook.platform;
    desk.scheduled("Stubborn").await;
    desk.scheduled("Patient").await;
    let troubles = [(); 6].map(|()| OnGoLive::Refuse(error(ErrorClass::Transient)));
    fake.on_go_live(troubles.into_iter().take(4));
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.page.id), ["Patient", "Stubborn"]);
}

#[tokio::test]
async fn refused_tokens_are_renewed_once_and_it_goes_on() {
    let desk = Desk::new().await;
    let fake = &desk.facebook.platform;
    desk.renewable(None).await;
    let post = desk.scheduled("Fresh").await;
    let next = desk.scheduled("Next").await;
    fake.accept_only(&SecretText::new("another one"));
    let watch = Arc::new(Watch::default());
    desk.clock.advance(TimeDelta::hours(1));
    let worker = desk.worker().supervised(watch.clone());
    let job = worker.claim(1).await.unwrap().jobs.remove(0);
    let done = worker.carry_out(job).await.unwrap();
    assert_eq!((done.job.state, done.calls), (JobState::Published, 4), "in one claim");
    use PublisherCall::{GoLive, Prepare, Refresh};
    assert_eq!(watch.calls(), [Refresh, Prepare, Prepare, GoLive]);
    assert_eq!(desk.page_now().await.status, AccountStatus::Connected);
    desk.explained(post.id).await;

    // Refused by the visible call itself: nothing was sent, and it is sent anew.
    fake.on_go_live([OnGoLive::Refuse(error(ErrorClass::Reconnect))]);
    desk.run().await;
    assert_eq!(desk.status(next.id).await, PostStatus::Published);
    assert_eq!(fake.calls(FakeCall::Refresh), 2);
    let outcomes: Vec<_> = desk.attempts(next.id).await.into_iter().map(|a| a.outcome).collect();
    assert!(matches!(
        outcomes[..],
        [Some(Outcome::Rejected { .. }), Some(Outcome::Published { .. })]
    ));

    // A platform that refuses fresh tokens as well means it.
    let post = desk.scheduled("Never").await;
    fake.fail_next(FakeCall::Prepare, 2, &error(ErrorClass::Reconnect));
    desk.run_at_its_time().await;
    assert_eq!(desk.job(post.id).await.hold_reason, Some(HoldReason::Reconnect));
    assert_eq!(desk.page_now().await.status, AccountStatus::Expired);
    assert_eq!(fake.calls(FakeCall::Refresh), 3);
}

#[tokio::test]
async fn tokens_that_end_soon_are_renewed_before_they_are_used() {
    let desk = Desk::new().await;
    let fake = &desk.facebook.platform;
    desk.renewable(Some(TimeDelta::seconds(3_630))).await;
    desk.scheduled("In time").await;
    fake.fail_next(FakeCall::Refresh, 1, &error(ErrorClass::Transient));
    desk.run_at_its_time().await;
    assert_eq!(desk.live(desk.page.id), ["In time"], "they still work");
    assert_eq!(fake.calls(FakeCall::Refresh), 1);
    let post = desk.scheduled("Over").await;
    fake.fail_next(FakeCall::Refresh, 1, &error(ErrorClass::Permission));
    desk.run_at_its_time().await;
    let job = desk.job(post.id).await;
    assert_eq!((job.state, job.failures), (JobState::Scheduled, 1));
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.page.id), ["In time", "Over"]);
    assert_eq!(fake.calls(FakeCall::Refresh), 3);
    assert_eq!(desk.page_now().await.status, AccountStatus::Connected);
}

#[tokio::test]
async fn tokens_are_renewed_by_one_worker_at_a_time() {
    let desk = Desk::new().await;
    let page = desk.renewable(None).await;
    let system = desk.systems().await;
    let asked_with = system.grants().open_tokens(page.id).await.unwrap();
    let [one, two] = ["one", "two"].map(|name| WorkerId(name.to_owned()));
    let name = format!("refresh/{}", page.id);
    let duty = desk.portal.take_duty(&name, &one, TimeDelta::hours(2)).await.unwrap().unwrap();
    for worker in [&one, &two] {
        let refreshed = system.grants().refresh(page.id, &asked_with, worker).await.unwrap();
        assert_eq!(refreshed, Refreshed::Busy);
    }
    desk.scheduled("Waits").await;
    desk.facebook.platform.accept_only(&SecretText::new("another one"));
    desk.run_at_its_time().await;
    assert!(desk.live(desk.page.id).is_empty());
    duty.release().await.unwrap();
    let first = system.grants().refresh(page.id, &asked_with, &one).await.unwrap();
    let second = system.grants().refresh(page.id, &asked_with, &two).await.unwrap();
    assert!(matches!(first, Refreshed::Renewed(_)));
    assert_eq!(first, second, "whoever comes later takes what is there");
    assert_eq!(desk.facebook.platform.calls(FakeCall::Refresh), 1);
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.page.id), ["Waits"]);
}

#[tokio::test]
async fn what_is_renewed_is_kept_and_what_is_not_is_lost() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Slow").await;
    desk.clock.advance(TimeDelta::hours(1));
    let worker = desk.worker();
    let mut jobs = worker.claim(5).await.unwrap().jobs;
    assert_eq!((jobs.len(), worker.holding()), (1, 1));
    for _ in 0..5 {
        desk.clock.advance(TimeDelta::seconds(6));
        assert_eq!(worker.clone().renew().await.unwrap(), 0);
    }
    assert_eq!(desk.run().await, 0, "it is held");
    let job = jobs.remove(0);
    // A renewed lease counts: the job was read with one that is long over.
    let (clock, renewing) = (desk.clock.clone(), worker.clone());
    desk.facebook.before_prepare(async move {
        clock.advance(TimeDelta::seconds(9));
        renewing.renew().await.unwrap();
        clock.advance(TimeDelta::seconds(9));
    });
    let done = worker.carry_out(job).await.unwrap();
    assert_eq!((done.job.state, done.refusal), (JobState::Published, None));
    assert_eq!(worker.holding(), 0);
    assert_eq!(desk.live(desk.page.id), ["Slow"]);
    desk.explained(post.id).await;

    let post = desk.scheduled("Lost").await;
    desk.clock.advance(TimeDelta::hours(1));
    let job = worker.claim(1).await.unwrap().jobs.remove(0);
    desk.clock.advance(TimeDelta::seconds(11));
    desk.worker().rescue(1).await.unwrap();
    assert_eq!(worker.renew().await.unwrap(), 1);
    let calls = desk.facebook.platform.calls(FakeCall::Prepare);
    let done = worker.carry_out(job).await.unwrap();
    assert!(done.lost && done.calls == 0 && done.refusal == Some(Refusal::LeaseExpired));
    assert_eq!(desk.facebook.platform.calls(FakeCall::Prepare), calls);
    assert_eq!(worker.holding(), 0);
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
}

#[tokio::test]
async fn what_was_not_begun_is_given_back_at_once() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Back").await;
    desk.clock.advance(TimeDelta::hours(1));
    let worker = desk.worker();
    let job = worker.claim(1).await.unwrap().jobs.remove(0);
    worker.release(job.clone()).await.unwrap();
    assert_eq!(worker.holding(), 0);
    assert_eq!(desk.job(post.id).await.state, JobState::Scheduled);
    worker.release(job).await.unwrap();
    desk.facebook.platform.on_go_live([OnGoLive::LoseAnswer]);
    desk.run().await;
    desk.clock.advance(TimeDelta::hours(1));
    let job = worker.claim(1).await.unwrap().jobs.remove(0);
    assert_eq!(job.state, JobState::Unknown);
    worker.release(job).await.unwrap();
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    assert_eq!(desk.job(post.id).await.crashes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_visible_call_is_given_up_at_its_deadline() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Hangs").await;
    desk.facebook.platform.on_go_live([OnGoLive::AcceptAndHang]);
    desk.run_at_its_time().await;
    assert_eq!(desk.job(post.id).await.state, JobState::Unknown);
    let [attempt] = &desk.attempts(post.id).await[..] else { panic!("one attempt") };
    assert!(matches!(&attempt.outcome, Some(Outcome::Unknown { error })
        if error.code.as_deref() == Some(PublishError::TIMED_OUT)));
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.page.id), ["Hangs"]);
    // The row tells what came of it, whoever found out.
    let [attempt] = &desk.attempts(post.id).await[..] else { panic!("one attempt") };
    assert!(matches!(attempt.outcome, Some(Outcome::Published { .. })));
}

#[tokio::test]
async fn a_person_settles_the_attempt_as_well() {
    let blind = PublisherCapabilities { can_look_up: false, ..Default::default() };
    let desk = Desk::with(1, |_| FakePublisher::with_capabilities(Platform::FACEBOOK, blind)).await;
    let owner = desk.owners().await;
    for is_live in [true, false] {
        let post = desk.scheduled("Who knows?").await;
        let fault = if is_live { OnGoLive::LoseAnswer } else { OnGoLive::LoseRequest };
        desk.facebook.platform.on_go_live([fault]);
        desk.run_at_its_time().await;
        desk.run_for(1).await;
        let job = desk.job(post.id).await;
        assert_eq!(job.hold_reason, Some(HoldReason::UnknownOutcome));
        if is_live {
            let remote = RemoteRef { id: "1".to_owned(), url: None };
            owner.posts().confirm_published(job.id, remote).await.unwrap();
        } else {
            owner.posts().confirm_absent(job.id).await.unwrap();
        }
        let attempts = desk.attempts(post.id).await;
        let says_live = matches!(attempts[0].outcome, Some(Outcome::Published { .. }));
        let says_not = matches!(attempts[0].outcome, Some(Outcome::Rejected { .. }));
        assert_eq!((says_live, says_not), (is_live, !is_live));
        desk.run().await;
        assert_eq!(desk.status(post.id).await, PostStatus::Published);
    }
}

#[tokio::test]
async fn a_platform_that_knows_the_key_is_asked_by_the_call_itself() {
    let keyed = PublisherCapabilities { takes_dedupe_key: true, ..Default::default() };
    for what in [
        vec![OnGoLive::LoseAnswer],
        vec![OnGoLive::LoseRequest],
        vec![OnGoLive::LoseAnswer, OnGoLive::Refuse(error(ErrorClass::Transient))],
        vec![OnGoLive::LoseRequest, OnGoLive::LoseAnswer, OnGoLive::LoseRequest],
        vec![OnGoLive::SayDuplicate],
    ] {
        let make = |_| FakePublisher::with_capabilities(Platform::FACEBOOK, keyed);
        let desk = Desk::with(1, make).await;
        let post = desk.scheduled("Keyed").await;
        desk.facebook.platform.on_go_live(what.clone());
        desk.run_at_its_time().await;
        assert_eq!(desk.job(post.id).await.state, JobState::Unknown);
        desk.run_for(1).await;
        assert_eq!(desk.live(desk.page.id), ["Keyed"], "{what:?}");
        assert_eq!(desk.job(post.id).await.state, JobState::Published, "{what:?}");
        let keys: Vec<_> = desk.facebook.platform.accepted();
        assert_eq!(keys.len(), 1, "{what:?}");
        desk.explained(post.id).await;
    }
    // A refusal of the repetition says nothing of the call before it: a person has to look.
    for (first, is_live) in [(OnGoLive::LoseAnswer, true), (OnGoLive::LoseRequest, false)] {
        let make = |_| FakePublisher::with_capabilities(Platform::FACEBOOK, keyed);
        let desk = Desk::with(1, make).await;
        let post = desk.scheduled("Refused").await;
        let refused = OnGoLive::Refuse(error(ErrorClass::InvalidContent));
        desk.facebook.platform.on_go_live([first, refused]);
        desk.run_at_its_time().await;
        desk.run_for(1).await;
        let job = desk.job(post.id).await;
        assert_eq!(job.hold_reason, Some(HoldReason::UnknownOutcome));
        assert_eq!(job.last_error.map(|error| error.class), Some(ErrorClass::InvalidContent));
        let owner = desk.owners().await;
        if is_live {
            let remote = RemoteRef { id: "1".to_owned(), url: None };
            owner.posts().confirm_published(job.id, remote).await.unwrap();
        } else {
            owner.posts().confirm_absent(job.id).await.unwrap();
            desk.run().await;
        }
        assert_eq!(desk.status(post.id).await, PostStatus::Published);
        assert_eq!(desk.live(desk.page.id), ["Refused"]);
    }
    // It may be live until an answer tells: called off meanwhile, a person has to look.
    let desk = Desk::with(1, |_| FakePublisher::with_capabilities(Platform::FACEBOOK, keyed)).await;
    let post = desk.scheduled("Off").await;
    desk.facebook.platform.on_go_live(vec![OnGoLive::LoseRequest; 20]);
    desk.run_at_its_time().await;
    desk.run_for(3).await;
    assert_eq!(desk.job(post.id).await.hold_reason, Some(HoldReason::UnknownOutcome));
    assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 10, "not for ever");
}

#[tokio::test]
async fn what_is_only_made_ready_is_called_off_at_once() {
    let desk = Desk::with(1, |facebook| facebook.steps_to_prepare(3)).await;
    let post = desk.scheduled("Stop!").await;
    desk.run_at_its_time().await;
    let job = desk.job(post.id).await;
    assert!(job.state == JobState::Scheduled && job.checkpoint.is_some(), "{job:?}");
    assert_eq!(desk.status(post.id).await, PostStatus::Scheduled);
    desk.owners().await.posts().cancel(post.id, None).await.unwrap();
    assert_eq!(desk.job(post.id).await.state, JobState::Cancelled);
    desk.run_for(1).await;
    assert!(desk.live(desk.page.id).is_empty());
    desk.explained(post.id).await;
}

#[tokio::test]
async fn a_publisher_that_panics_costs_its_job_a_try() {
    let desk = Desk::new().await;
    let retry = AccountEdit {
        unknown_outcome: Some(UnknownOutcomePolicy::Retry),
        ..AccountEdit::default()
    };
    desk.owners().await.accounts().edit(desk.page.id, desk.page.version, retry).await.unwrap();
    let fallen = || async { panic!("told to") };
    desk.facebook.before_prepare(fallen());
    desk.facebook.before_go_live(fallen());
    desk.facebook.before_look_up(fallen());
    let post = desk.scheduled("Up again").await;
    desk.run_at_its_time().await;
    let job = desk.job(post.id).await;
    let code = job.last_error.and_then(|error| error.code);
    assert_eq!((job.state, job.crashes), (JobState::Scheduled, 0));
    assert_eq!(code.as_deref(), Some(PublishError::PANICKED));
    desk.run_for(1).await;
    let job = desk.job(post.id).await;
    assert_eq!((job.state, job.crashes, job.attempts), (JobState::Published, 0, 2));
    assert_eq!(desk.live(desk.page.id), ["Up again"]);

    // One that can never be looked for waits for a person in the end.
    let post = desk.scheduled("Lost").await;
    desk.facebook.platform.on_go_live([OnGoLive::LoseAnswer]);
    for _ in 0..500 {
        desk.facebook.before_look_up(fallen());
    }
    desk.run_at_its_time().await;
    desk.run_for(30).await;
    assert_eq!(desk.job(post.id).await.hold_reason, Some(HoldReason::UnknownOutcome));
}

#[tokio::test]
async fn a_job_whose_task_is_never_run_is_not_renewed() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Left").await;
    desk.clock.advance(TimeDelta::hours(1));
    let worker = desk.worker();
    let job = worker.claim(1).await.unwrap().jobs.remove(0);
    assert_eq!(worker.holding(), 1);
    drop(worker.carry_out(job));
    assert_eq!(worker.holding(), 0);
    desk.clock.advance(TimeDelta::seconds(11));
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
}

#[tokio::test]
async fn an_account_that_is_connected_again_during_a_call_goes_on() {
    for is_sent in [false, true] {
        let desk = Desk::new().await;
        let post = desk.scheduled("On").await;
        let (owner, platform) = (desk.owners().await, desk.facebook.platform.clone());
        let client = desk.client.id;
        let again = async move {
            let new = SecretText::new("ACCESS-2");
            platform.accept_only(&new);
            let page =
                Connection { tokens: Tokens::new(new), ..channel(Platform::FACEBOOK, "page") };
            owner.accounts().connect(client, page).await.unwrap();
        };
        match is_sent {
            false => desk.facebook.before_prepare(again),
            true => desk.facebook.before_go_live(again),
        }
        desk.run_at_its_time().await;
        desk.run().await;
        assert_eq!(desk.job(post.id).await.state, JobState::Published, "{is_sent}");
        assert_eq!(desk.live(desk.page.id), ["On"]);
        assert_eq!(desk.page_now().await.status, AccountStatus::Connected);
    }
}

#[tokio::test]
async fn nothing_is_sent_once_its_agency_is_suspended() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Not now").await;
    let owner = desk.owners().await;
    desk.facebook.before_prepare(async move {
        owner.agencies().suspend().await.unwrap();
    });
    desk.run_at_its_time().await;
    desk.run().await;
    assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 0);
    assert_eq!(desk.job(post.id).await.state, JobState::Scheduled);
    desk.systems().await.agencies().reactivate().await.unwrap();
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["Not now"]);
}
