//! What happens between the due time and the outcome, whatever fails in between.

use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::account::{AccountStatus, Platform, SocialAccount, Tokens, UnknownOutcomePolicy};
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::event::EventKind;
use mcmp_core::fake::{FakeCall, FakePublisher, OnGoLive};
use mcmp_core::id::PostId;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::portal::{AccountEdit, ClientEdit, PostEdit, VariantDraft, When};
use mcmp_core::post::{Content, PostKind, ThreadPart};
use mcmp_core::publishing::{
    ErrorClass, FollowUpOutcome, HoldReason, JobState, LatenessPolicy, Part, PauseReason,
    PublishError, PublisherCapabilities, RemoteRef, WhenLate,
};
use mcmp_core::secret::SecretText;

use super::desk::{Desk, channel, clients_word};
use super::fixture::key_ring;

pub(super) fn error(class: ErrorClass) -> PublishError {
    PublishError::new(class, "told to fail").code("fake/1")
}

fn text(body: &str) -> PostEdit {
    let content = Content { body: body.parse().unwrap(), ..Content::default() };
    PostEdit { content: Some(content), ..PostEdit::default() }
}

impl Desk {
    pub(super) async fn is(&self, post: PostId, status: PostStatus, state: JobState) {
        assert_eq!((self.status(post).await, self.job(post).await.state), (status, state));
        self.explained(post).await;
    }
}

#[tokio::test]
async fn what_the_platform_took_is_never_sent_again() {
    let taken = [
        OnGoLive::LoseAnswer,
        OnGoLive::FailAfterAccepting,
        OnGoLive::AcceptLate(TimeDelta::minutes(4)),
        OnGoLive::Process { polls: 3 },
    ];
    for what in taken {
        let desk = Desk::new().await;
        let post = desk.scheduled("Once").await;
        desk.facebook.platform.on_go_live([what.clone()]);
        desk.run_at_its_time().await;
        desk.is(post.id, PostStatus::Publishing, JobState::Unknown).await;
        desk.run_for(1).await;
        desk.is(post.id, PostStatus::Published, JobState::Published).await;
        assert_eq!(desk.live(desk.page.id), ["Once"], "{what:?}");
        assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 1, "{what:?}");
        assert!(desk.job(post.id).await.remote.is_some(), "{what:?}");
    }
}

#[tokio::test]
async fn what_never_arrived_waits_for_a_person_or_goes_again_by_policy() {
    for (policy, what) in [
        (UnknownOutcomePolicy::Hold, OnGoLive::LoseRequest),
        (UnknownOutcomePolicy::Hold, OnGoLive::SayDuplicate),
        (UnknownOutcomePolicy::Hold, OnGoLive::AcceptLate(TimeDelta::hours(3))),
        (UnknownOutcomePolicy::Retry, OnGoLive::LoseRequest),
    ] {
        let desk = Desk::new().await;
        let owner = desk.owners().await;
        let edit = AccountEdit { unknown_outcome: Some(policy), ..AccountEdit::default() };
        owner.accounts().edit(desk.page.id, desk.page.version, edit).await.unwrap();
        let post = desk.scheduled("Where is it?").await;
        desk.facebook.platform.on_go_live([what]);
        desk.run_at_its_time().await;
        desk.run_for(1).await;
        let live = desk.live(desk.page.id).len();
        if policy == UnknownOutcomePolicy::Retry {
            desk.is(post.id, PostStatus::Published, JobState::Published).await;
            assert_eq!(live, 1);
        } else {
            desk.is(post.id, PostStatus::Held, JobState::Held).await;
            assert_eq!(desk.job(post.id).await.hold_reason, Some(HoldReason::UnknownOutcome));
            assert_eq!(live, 0);
            desk.run_for(4).await;
            assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 1, "never blindly");
        }
    }
}

#[tokio::test]
async fn a_platform_that_can_not_be_asked_leaves_it_to_a_person() {
    let blind = PublisherCapabilities { can_look_up: false, ..Default::default() };
    let desk = Desk::with(1, |_| FakePublisher::with_capabilities(Platform::FACEBOOK, blind)).await;
    let post = desk.scheduled("Dark").await;
    desk.facebook.platform.on_go_live([OnGoLive::LoseAnswer]);
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Held, JobState::Held).await;
    let owner = desk.owners().await;
    owner.posts().retry(post.id, Vec::new()).await.unwrap();
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Held, JobState::Held).await;
    assert_eq!(desk.live(desk.page.id).len(), 1, "never blindly");

    // A person looks, and says what there is to see.
    let job = desk.job(post.id).await.id;
    let (_, creator) = desk.person("cat", Role::Creator).await;
    let remote = RemoteRef { id: "17".to_owned(), url: Some("https://fb.example/17".to_owned()) };
    assert!(creator.posts().confirm_published(job, remote.clone()).await.is_err());
    let nowhere = RemoteRef { id: "17".to_owned(), url: Some("nowhere".to_owned()) };
    assert!(owner.posts().confirm_published(job, nowhere).await.is_err());
    let settled = owner.posts().confirm_published(job, remote.clone()).await.unwrap();
    assert_eq!(settled.status, PostStatus::Published);
    assert_eq!(desk.job(post.id).await.remote, Some(remote.clone()));
    assert!(owner.posts().confirm_published(job, remote.clone()).await.is_err(), "once");
    assert!(owner.posts().confirm_absent(job).await.is_err());
    desk.explained(post.id).await;

    let post = desk.scheduled("Really dark").await;
    let planned = desk.job(post.id).await.id;
    assert!(owner.posts().confirm_published(planned, remote).await.is_err(), "nothing was sent");
    desk.facebook.platform.on_go_live([OnGoLive::LoseRequest]);
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Held, JobState::Held).await;
    let again = owner.posts().confirm_absent(planned).await.unwrap();
    assert_eq!(again.status, PostStatus::Scheduled);
    desk.run().await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
    assert_eq!(desk.live(desk.page.id), ["Dark", "Really dark"]);
}

#[tokio::test]
async fn a_grant_that_ended_stops_the_channel_and_tells_who_can_help() {
    let desk = Desk::new().await;
    let [first, second] = [desk.scheduled("First").await, desk.scheduled("Second").await];
    let fake = &desk.facebook.platform;
    fake.accept_only(&SecretText::new("ACCESS-2"));
    desk.run_at_its_time().await;
    let owner = desk.owners().await;
    let account = owner.accounts().get(desk.page.id).await.unwrap();
    assert_eq!(account.status, AccountStatus::Expired);
    assert!(account.status_detail.is_some());
    let lane = owner.accounts().lane(account.id).await.unwrap();
    assert!(lane.paused.contains(&PauseReason::Reconnect));
    desk.is(first.id, PostStatus::Held, JobState::Held).await;
    assert_eq!(desk.job(first.id).await.hold_reason, Some(HoldReason::Reconnect));
    desk.is(second.id, PostStatus::Scheduled, JobState::Scheduled).await;
    assert_eq!(fake.calls(FakeCall::Prepare), 1, "the platform is left in peace");
    let changed = desk.events().await.into_iter();
    assert_eq!(changed.filter(|e| e.kind == EventKind::AccountStatusChanged).count(), 1);

    let tokens = Tokens::new(SecretText::new("ACCESS-2"));
    let again = mcmp_core::portal::Connection { tokens, ..channel(Platform::FACEBOOK, "page") };
    owner.accounts().connect(desk.client.id, again).await.unwrap();
    // What was held for it goes on in the same go.
    desk.is(first.id, PostStatus::Scheduled, JobState::Scheduled).await;
    desk.run().await;
    assert_eq!(desk.status(first.id).await, PostStatus::Published);
    assert_eq!(desk.status(second.id).await, PostStatus::Published);
    assert_eq!(desk.live(desk.page.id).len(), 2);
}

#[tokio::test]
async fn a_worker_that_dies_before_the_intent_costs_nothing() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Survivor").await;
    desk.clock.advance(TimeDelta::hours(1));
    let dead = desk.worker();
    assert_eq!(dead.claim(10).await.unwrap().jobs.len(), 1);
    assert_eq!(desk.run().await, 0, "it is somebody else's");
    desk.clock.advance(TimeDelta::seconds(11));
    desk.run().await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
    assert_eq!(desk.live(desk.page.id), ["Survivor"]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_in_the_call_is_looked_after() {
    for (what, live) in [(OnGoLive::AcceptAndHang, 1), (OnGoLive::Hang, 0)] {
        let desk = Desk::new().await;
        let post = desk.scheduled("Cut off").await;
        desk.clock.advance(TimeDelta::hours(1));
        desk.facebook.platform.on_go_live([what]);
        let worker = desk.worker();
        let call = tokio::time::timeout(std::time::Duration::from_millis(20), worker.run_due());
        assert!(call.await.is_err(), "the call does not end");
        desk.is(post.id, PostStatus::Publishing, JobState::Committing).await;
        let owner = desk.owners().await;
        assert!(owner.posts().cancel(post.id, None).await.is_err(), "too late");
        desk.clock.advance(TimeDelta::seconds(11));
        desk.run().await;
        desk.is(post.id, PostStatus::Publishing, JobState::Unknown).await;
        desk.run_for(1).await;
        let end = if live == 1 { PostStatus::Published } else { PostStatus::Held };
        assert_eq!(desk.status(post.id).await, end);
        assert_eq!(desk.live(desk.page.id).len(), live);
        assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 1);
        desk.explained(post.id).await;
    }
}

#[tokio::test]
async fn a_worker_whose_job_was_rescued_meanwhile_writes_nothing_but_the_evidence() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Slow").await;
    let (clock, portal) = (desk.clock.clone(), desk.portal.clone());
    desk.facebook.before_go_live(async move {
        clock.advance(TimeDelta::minutes(1));
        portal.worker().unwrap().rescue(10).await.unwrap();
    });
    desk.run_at_its_time().await;
    // The platform has it, and the one who knows lost the job.
    assert_eq!(desk.live(desk.page.id), ["Slow"]);
    desk.is(post.id, PostStatus::Publishing, JobState::Unknown).await;
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
    assert_eq!(desk.facebook.platform.calls(FakeCall::LookUp), 0, "its evidence is enough");
}

#[tokio::test]
async fn a_worker_that_lost_its_job_leaves_the_next_one_alone() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Handed over").await;
    let (clock, portal) = (desk.clock.clone(), desk.portal.clone());
    let next = desk.worker().lease(TimeDelta::minutes(5));
    let taker = next.clone();
    desk.facebook.before_prepare(async move {
        clock.advance(TimeDelta::minutes(1));
        portal.worker().unwrap().rescue(10).await.unwrap();
        assert_eq!(taker.claim(10).await.unwrap().jobs.len(), 1);
    });
    desk.run_at_its_time().await;
    let job = desk.job(post.id).await;
    assert_eq!(job.state, JobState::Running);
    assert_eq!(job.lease.as_ref().map(|lease| &lease.worker), Some(next.id()));
    let done = next.carry_out(job).await.unwrap();
    assert_eq!((done.job.state, done.lost, done.calls), (JobState::Published, false, 2));
    assert_eq!(desk.live(desk.page.id), ["Handed over"]);
}

#[tokio::test]
async fn three_deaths_are_enough() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Deadly").await;
    desk.clock.advance(TimeDelta::hours(1));
    for _ in 0..3 {
        desk.worker().claim(1).await.unwrap();
        desk.clock.advance(TimeDelta::seconds(11));
        desk.worker().rescue(10).await.unwrap();
    }
    desk.run().await;
    desk.is(post.id, PostStatus::Held, JobState::Held).await;
    assert_eq!(desk.job(post.id).await.hold_reason, Some(HoldReason::CrashLoop));
    desk.owners().await.posts().retry(post.id, Vec::new()).await.unwrap();
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["Deadly"]);
}

#[tokio::test]
async fn until_the_call_is_made_a_cancel_holds() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Stop").await;
    let (owner, id) = (desk.owners().await, post.id);
    desk.facebook.before_prepare(async move {
        owner.posts().cancel(id, None).await.unwrap();
    });
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Cancelled, JobState::Cancelled).await;
    assert!(desk.facebook.platform.accepted().is_empty());

    // From the call on it is refused, and says so.
    let post = desk.scheduled("Too late").await;
    let (owner, id) = (desk.owners().await, post.id);
    desk.facebook.before_go_live(async move {
        assert!(owner.posts().cancel(id, None).await.is_err());
        assert!(owner.posts().unschedule(id).await.is_err());
        let version = owner.posts().get(id).await.unwrap().version;
        assert!(owner.posts().edit(id, version, text("Other words")).await.is_err());
        assert!(owner.posts().delete(id).await.is_err());
    });
    desk.run_at_its_time().await;
    assert_eq!(desk.live(desk.page.id), ["Too late"]);
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
}

#[tokio::test]
async fn while_it_is_looked_for_nothing_else_happens_to_it() {
    let desk = Desk::new().await;
    let post = desk.scheduled("In question").await;
    desk.facebook.platform.on_go_live([OnGoLive::LoseAnswer]);
    let (owner, id) = (desk.owners().await, post.id);
    desk.facebook.before_look_up(async move {
        assert!(owner.posts().cancel(id, None).await.is_err());
        assert!(owner.posts().publish_now(id).await.is_err());
        assert!(owner.posts().retry(id, Vec::new()).await.is_err());
        let version = owner.posts().get(id).await.unwrap().version;
        assert!(owner.posts().edit(id, version, text("Other words")).await.is_err());
    });
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
    assert_eq!(desk.live(desk.page.id), ["In question"]);
}

#[tokio::test]
async fn until_the_call_is_made_an_edit_or_another_time_counts() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Old words").await;
    let (owner, id, later) = (desk.owners().await, post.id, desk.hours(3));
    desk.facebook.before_prepare(async move {
        let version = owner.posts().get(id).await.unwrap().version;
        owner.posts().edit(id, version, text("New words")).await.unwrap();
    });
    let mover = desk.owners().await;
    desk.facebook.before_prepare(async move {
        mover.posts().reschedule(id, When::At(later)).await.unwrap();
    });
    desk.run_at_its_time().await;
    assert!(desk.live(desk.page.id).is_empty());
    desk.is(post.id, PostStatus::Scheduled, JobState::Scheduled).await;
    assert_eq!(desk.job(post.id).await.due_at, later);
    desk.run_for(3).await;
    assert_eq!(desk.live(desk.page.id), ["New words"]);
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
}

#[tokio::test]
async fn what_is_called_off_and_planned_anew_while_a_worker_has_it_goes_out_once() {
    let desk = Desk::new().await;
    let post = desk.scheduled("On and off").await;
    let (owner, id, later) = (desk.owners().await, post.id, desk.hours(2));
    desk.facebook.before_prepare(async move {
        owner.posts().cancel(id, None).await.unwrap();
        owner.posts().reopen(id).await.unwrap();
        let again = owner.posts().schedule(id, When::At(later)).await.unwrap();
        assert_eq!(again.status, PostStatus::Scheduled);
    });
    desk.run_at_its_time().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Scheduled);
    assert!(desk.live(desk.page.id).is_empty());
    desk.run_for(2).await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    assert_eq!(desk.live(desk.page.id), ["On and off"]);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn a_post_that_is_deleted_under_a_worker_stops_nobody() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Gone").await;
    let other = desk.scheduled("Still there").await;
    let (owner, id) = (desk.owners().await, post.id);
    desk.facebook.before_prepare(async move {
        owner.posts().cancel(id, None).await.unwrap();
        owner.posts().delete(id).await.unwrap();
    });
    desk.run_at_its_time().await;
    assert_eq!(desk.live(desk.page.id), ["Still there"]);
    assert_eq!(desk.status(other.id).await, PostStatus::Published);
    let lane = desk.owners().await.accounts().lane(desk.page.id).await.unwrap();
    assert_eq!(lane.in_flight, 0);
}

#[tokio::test]
async fn a_pause_in_the_last_moment_counts() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Paused").await;
    let (owner, client) = (desk.owners().await, desk.client.id);
    desk.facebook.before_prepare(async move {
        owner.clients().pause(client).await.unwrap();
    });
    desk.run_at_its_time().await;
    desk.run_for(2).await;
    assert!(desk.live(desk.page.id).is_empty());
    desk.is(post.id, PostStatus::Scheduled, JobState::Scheduled).await;
    desk.owners().await.clients().resume(client).await.unwrap();
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["Paused"]);
}

#[tokio::test]
async fn after_three_days_of_silence_the_policy_speaks() {
    for (when_late, status, state) in [
        (WhenLate::Publish, PostStatus::Published, JobState::Published),
        (WhenLate::Hold, PostStatus::Held, JobState::Held),
        (WhenLate::Skip, PostStatus::Failed, JobState::Missed),
    ] {
        let desk = Desk::new().await;
        let lateness = Some(LatenessPolicy::new(when_late, 60).unwrap());
        desk.edit_client(ClientEdit { lateness, ..ClientEdit::default() }).await;
        let post = desk.scheduled("Yesterday's news").await;
        desk.clock.advance(TimeDelta::days(3));
        desk.run().await;
        desk.is(post.id, status, state).await;
        let live = usize::from(when_late == WhenLate::Publish);
        assert_eq!(desk.live(desk.page.id).len(), live);
        if live == 0 {
            desk.owners().await.posts().retry(post.id, Vec::new()).await.unwrap();
            desk.run().await;
            assert_eq!(desk.live(desk.page.id).len(), 1, "a person may say so all the same");
        }
    }
}

#[tokio::test]
async fn what_was_held_and_moved_goes_out_at_its_new_time() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Held").await;
    desk.clock.advance(TimeDelta::hours(1));
    desk.facebook.platform.fail_next(FakeCall::Prepare, 1, &error(ErrorClass::Reconnect));
    desk.run().await;
    desk.is(post.id, PostStatus::Held, JobState::Held).await;
    let owner = desk.owners().await;
    let again = channel(Platform::FACEBOOK, "page");
    owner.accounts().connect(desk.client.id, again).await.unwrap();
    let later = desk.hours(5);
    owner.posts().reschedule(post.id, When::At(later)).await.unwrap();
    desk.run().await;
    assert!(desk.live(desk.page.id).is_empty(), "it is not five hours later");
    assert_eq!(desk.job(post.id).await.due_at, later);
    desk.run_for(5).await;
    desk.is(post.id, PostStatus::Published, JobState::Published).await;
}

#[tokio::test]
async fn the_engine_asks_for_the_approval_itself() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Before the policy").await;
    desk.ask_for(clients_word()).await;
    desk.run_at_its_time().await;
    desk.is(post.id, PostStatus::Held, JobState::Held).await;
    assert_eq!(desk.job(post.id).await.hold_reason, Some(HoldReason::NotApproved));
    let owner = desk.owners().await;
    assert!(owner.posts().retry(post.id, Vec::new()).await.is_err());
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    owner.posts().unschedule(post.id).await.unwrap();
    owner.posts().submit(post.id, None).await.unwrap();
    client.posts().approve(post.id, desk.seen(post.id).await, None).await.unwrap();
    owner.posts().publish_now(post.id).await.unwrap();
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["Before the policy"]);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn a_thread_that_breaks_off_goes_on_where_it_broke() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let part = |text: &str| ThreadPart { text: text.parse().unwrap(), media: Vec::new() };
    let thread = vec![part("2/4"), part("3/4"), part("4/4")];
    let variant =
        VariantDraft { kind: PostKind::Thread, thread, ..VariantDraft::to(desk.profile.id) };
    let mut draft = desk.to(&[], "1/4");
    draft.variants = Some(vec![variant]);
    let post = owner.posts().create(draft).await.unwrap();
    let post = desk.schedule(post.id).await;
    desk.threads.platform.on_go_live([
        OnGoLive::Publish,
        OnGoLive::LoseAnswer,
        OnGoLive::Refuse(error(ErrorClass::InvalidContent)),
    ]);
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.profile.id), ["1/4", "2/4"]);
    let job = desk.job(post.id).await;
    assert_eq!(job.state, JobState::Published, "its first part is live");
    assert!(matches!(job.follow_ups[1].outcome, FollowUpOutcome::Failed { .. }));
    assert_eq!(job.follow_ups[2].outcome, FollowUpOutcome::Skipped);
    assert_eq!(desk.status(post.id).await, PostStatus::PartiallyPublished);

    owner.posts().retry(post.id, Vec::new()).await.unwrap();
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.profile.id), ["1/4", "2/4", "3/4", "4/4"]);
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    let accepted = desk.threads.platform.accepted();
    let third = accepted.iter().find(|post| post.part == Part::Thread { index: 1 }).unwrap();
    assert_eq!(third.parent.as_ref(), Some(&accepted[1].remote), "under the part before it");
    desk.explained(post.id).await;
}

fn portal_with(desk: &Desk, sealed: bool, platform: Option<Arc<FakePublisher>>) -> Portal {
    let mut builder = Portal::builder(Arc::new(desk.store.clone()))
        .clock(Arc::new(desk.clock.clone()))
        .entropy(Arc::new(SeededEntropy::new(3)));
    if sealed {
        builder = builder.sealer(key_ring("a", &[]));
    }
    if let Some(platform) = platform {
        builder = builder.publisher(platform);
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn what_an_installation_lacks_is_shown_and_stops_nothing_else() {
    let desk = Desk::new().await;
    let [first, second] = [desk.scheduled("First").await, desk.scheduled("Second").await];
    desk.clock.advance(TimeDelta::hours(1));
    let blank = portal_with(&desk, true, None);
    blank.worker().unwrap().run_due().await.unwrap();
    for post in [first.id, second.id] {
        desk.is(post, PostStatus::Failed, JobState::Failed).await;
        let shown = desk.job(post).await.last_error.unwrap();
        assert!(shown.message.contains("no publisher"), "{shown:?}");
    }

    let [first, second] = [desk.scheduled("First").await, desk.scheduled("Second").await];
    desk.clock.advance(TimeDelta::hours(1));
    let fake = Arc::new(FakePublisher::new(Platform::FACEBOOK));
    let keyless = portal_with(&desk, false, Some(fake));
    keyless.worker().unwrap().run_due().await.unwrap();
    for post in [first.id, second.id] {
        desk.is(post, PostStatus::Held, JobState::Held).await;
        assert!(desk.job(post).await.last_error.unwrap().message.contains("sealer"));
        desk.owners().await.posts().retry(post, Vec::new()).await.unwrap();
    }
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["First", "Second"]);
}

#[tokio::test]
async fn a_lane_counts_what_is_in_flight() {
    let desk = Desk::new().await;
    for text in ["One", "Two", "Three"] {
        desk.scheduled(text).await;
    }
    desk.clock.advance(TimeDelta::hours(1));
    let claimed = desk.worker().claim(10).await.unwrap().jobs;
    assert_eq!(claimed.len(), 1, "one at a time for an account");
    let page: &SocialAccount = &desk.page;
    let lane = desk.owners().await.accounts().lane(page.id).await.unwrap();
    assert_eq!(lane.in_flight, 1);
    desk.run_for(1).await;
    assert_eq!(desk.live(page.id), ["One", "Two", "Three"], "in order");
    let lane = desk.owners().await.accounts().lane(page.id).await.unwrap();
    assert_eq!(lane.in_flight, 0);
}
