//! What people do with posts, and what becomes of them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::access::Denied;
use mcmp_core::agency::{Meter, PlanTier};
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::asset::{Asset, Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::event::EventKind;
use mcmp_core::lifecycle::{PostAction, PostStatus, RefusalReason};
use mcmp_core::member::Role;
use mcmp_core::portal::{
    AssetDraft, AssetEdit, ClientEdit, PostDraft, PostEdit, Session, VariantDraft, When,
};
use mcmp_core::post::{Content, FacebookOptions, MediaUse, PlatformOptions, Post};
use mcmp_core::publishing::JobState;
use mcmp_core::rules::client::ClientRuleFields as Fields;
use mcmp_core::rules::{ClientRules, FindingCode};
use mcmp_core::store::{PostFilter, Query};
use mcmp_core::time::ClockShift;
use mcmp_core::value::Change;

use super::desk::{Desk, clients_word, note, stage, stages};
use super::fixture::name;

fn text(body: &str) -> PostEdit {
    let content = Content { body: body.parse().unwrap(), ..Content::default() };
    PostEdit { content: Some(content), ..PostEdit::default() }
}

fn tagged(tag: &str) -> PostEdit {
    PostEdit { tags: Some(vec![tag.parse().unwrap()]), ..PostEdit::default() }
}

fn refusal(result: Result<Post, Error>) -> RefusalReason {
    match result {
        Err(Error::Refused(refusal)) => refusal.reason,
        other => panic!("not refused by the lifecycle: {other:?}"),
    }
}

fn is_missing<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound { .. }))
}

async fn picture(desk: &Desk, session: &Session) -> Asset {
    let draft = AssetDraft {
        client_id: desk.client.id,
        storage_key: StorageKey::new("storage_key", "acme/bread.jpg").unwrap(),
        file_name: FileName::new("file_name", "bread.jpg").unwrap(),
        mime: Mime::new("mime", "image/jpeg").unwrap(),
        size_bytes: 200_000,
        checksum: Checksum::new("checksum", "ab".repeat(32)).unwrap(),
        alt_text: Some("A loaf".parse().unwrap()),
        tags: Vec::new(),
        folder: None,
        facts: MediaFacts { width: Some(1200), height: Some(1200), ..MediaFacts::default() },
        rights_until: None,
    };
    session.assets().add(draft).await.unwrap().asset
}

#[tokio::test]
async fn a_draft_keeps_exactly_what_was_typed() {
    let desk = Desk::new().await;
    let typed = "  Zwei Leerzeichen \t\r\n\n👩‍👩‍👧 e\u{301} \u{200f}עברית  ";
    let post = desk.draft(typed).await;
    assert_eq!(post.content.body.as_str(), typed);
    assert_eq!(desk.post(post.id).await, post, "what is answered is what was kept");
    let owner = desk.owners().await;
    let post = owner.posts().edit(post.id, post.version, text(&format!("{typed} "))).await.unwrap();
    assert_eq!(desk.post(post.id).await.content.body.as_str(), format!("{typed} "));
    assert_eq!(desk.post(post.id).await, post);
}

#[tokio::test]
async fn what_overrides_nothing_takes_the_posts_own() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let mut draft = desk.to(&[&desk.page, &desk.profile], "For all");
    let content = Content { link: Some("https://acme.example/".parse().unwrap()), ..draft.content };
    draft.content = content;
    let mut short = VariantDraft::to(desk.profile.id);
    short.text = Some("For Threads".parse().unwrap());
    short.link = Change::Clear;
    draft.variants = Some(vec![VariantDraft::to(desk.page.id), short]);
    let post = owner.posts().create(draft).await.unwrap();
    let post = desk.schedule(post.id).await;
    let revisions = owner.posts().revisions(post.id).await.unwrap();
    let sent: Vec<_> = revisions[0].outgoing.iter().map(|o| (&*o.text, o.link.is_some())).collect();
    assert_eq!(sent, [("For all", true), ("For Threads", false)]);
    desk.run_at_its_time().await;
    assert_eq!(desk.live(desk.page.id), ["For all"]);
    assert_eq!(desk.live(desk.profile.id), ["For Threads"]);

    // An account that stays keeps its variant's id; one that goes takes its variant along.
    let post = owner.posts().duplicate(post.id).await.unwrap();
    let variants = vec![VariantDraft::to(desk.profile.id)];
    let edit = PostEdit { variants: Some(variants), ..PostEdit::default() };
    let edited = owner.posts().edit(post.id, post.version, edit).await.unwrap();
    assert_eq!(edited.variants[0].id, post.variants[1].id);
    assert_eq!(edited.variants.len(), 1);
}

#[tokio::test]
async fn twice_the_same_account_and_accounts_of_others_are_refused() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let twice = desk.to(&[&desk.page, &desk.page], "Twice");
    assert!(matches!(owner.posts().create(twice).await, Err(Error::Invalid(_))));
    let other = desk.world.client("other").await;
    let stolen = PostDraft { client_id: other.id, ..desk.to(&[&desk.page], "Stolen") };
    let Err(Error::Invalid(refused)) = owner.posts().create(stolen).await else {
        panic!("another client's account")
    };
    assert_eq!(refused.field, "variants[0].account_id");
}

#[tokio::test]
async fn who_saves_second_loses_nothing_and_overwrites_nothing() {
    let desk = Desk::new().await;
    let seen = desk.draft("Seen by both").await;
    let owner = desk.owners().await;
    let first = owner.posts().edit(seen.id, seen.version, text("By the first")).await.unwrap();
    let events = desk.events().await.len();
    let second = owner.posts().edit(seen.id, seen.version, text("By the second")).await;
    assert!(matches!(second, Err(Error::Conflict { .. })));
    assert_eq!(desk.post(seen.id).await, first);
    assert_eq!(desk.events().await.len(), events);
}

#[tokio::test]
async fn a_copy_has_the_content_and_nothing_of_the_past() {
    let desk = Desk::new().await;
    let original = desk.scheduled("Once").await;
    let copy = desk.owners().await.posts().duplicate(original.id).await.unwrap();
    assert_eq!((copy.status, copy.planned_at()), (PostStatus::Draft, None));
    assert_eq!(copy.content, original.content);
    assert!(copy.revision.is_none() && copy.approval.is_none());
    assert_ne!(copy.variants[0].id, original.variants[0].id);
    assert_eq!(desk.history(copy.id).await.len(), 1);
    assert_eq!(desk.post(original.id).await, original);
}

#[tokio::test]
async fn what_never_went_out_can_be_deleted_and_what_did_can_not() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let draft = desk.draft("Never mind").await;
    owner.posts().submit(draft.id, None).await.unwrap();
    owner.posts().cancel(draft.id, None).await.unwrap();
    owner.posts().delete(draft.id).await.unwrap();
    assert!(is_missing(owner.posts().get(draft.id).await));
    let deleted = desk.events().await.into_iter().filter(|e| e.kind == EventKind::PostDeleted);
    assert_eq!(deleted.count(), 1, "its events stay");

    let live = desk.scheduled("Live").await;
    desk.run_at_its_time().await;
    assert!(matches!(owner.posts().delete(live.id).await, Err(Error::Refused(_))));
    assert_eq!(owner.posts().archive(live.id).await.unwrap().status, PostStatus::Archived);
    let refused = owner.posts().edit(live.id, desk.post(live.id).await.version, tagged("x")).await;
    assert!(matches!(refusal(refused), RefusalReason::NotFromHere { .. }));
    desk.explained(live.id).await;
}

#[tokio::test]
async fn the_rules_refuse_with_all_findings_at_once() {
    let desk = Desk::new().await;
    let fields = Fields {
        banned_words: vec!["cheap".to_owned()],
        disclosures: vec!["#ad".to_owned()],
        ..Fields::default()
    };
    let rules = Some(ClientRules::new(fields).unwrap());
    desk.edit_client(ClientEdit { rules, ..ClientEdit::default() }).await;
    let owner = desk.owners().await;
    let long = format!("Cheap {}", "x".repeat(600));
    let draft = desk.to(&[&desk.page, &desk.profile], &long);
    let post = owner.posts().create(draft).await.unwrap();
    let when = When::At(desk.hours(1));
    let at_submit = owner.posts().submit(post.id, None).await;
    let at_schedule = owner.posts().schedule(post.id, when).await;
    for refused in [at_submit, at_schedule, owner.posts().publish_now(post.id).await] {
        let Err(Error::RulesViolated(report)) = refused else { panic!("{refused:?}") };
        let codes: BTreeSet<_> = report.errors().map(|finding| finding.code).collect();
        let expected =
            [FindingCode::BannedWord, FindingCode::DisclosureRequired, FindingCode::TextTooLong];
        assert_eq!(codes, BTreeSet::from(expected), "{report:#?}");
    }
    assert_eq!(desk.post(post.id).await, post, "nothing was written");
    assert!(desk.jobs(post.id).await.is_empty());
    let report = owner.posts().check(post.id).await.unwrap();
    assert!(report.has_errors());
}

#[tokio::test]
async fn a_local_time_that_clocks_skip_or_double_is_told() {
    let desk = Desk::new().await;
    let zone = Some(chrono_tz::Europe::Berlin);
    desk.edit_client(ClientEdit { zone, ..ClientEdit::default() }).await;
    let owner = desk.owners().await;
    let local = |text: &str| When::Local(text.parse().unwrap());

    let skipped = desk.draft("Skipped").await;
    let skipped = owner.posts().schedule(skipped.id, local("2027-03-28T02:30:00")).await.unwrap();
    let shift = skipped.schedule.unwrap().shift();
    assert_eq!(shift, Some(ClockShift::Skipped { by: TimeDelta::hours(1) }));
    assert_eq!(skipped.planned_at().unwrap().to_rfc3339(), "2027-03-28T01:30:00+00:00");

    let doubled = desk.draft("Doubled").await;
    let doubled = owner.posts().schedule(doubled.id, local("2027-10-31T02:30:00")).await.unwrap();
    let schedule = doubled.schedule.unwrap();
    assert!(matches!(schedule.shift(), Some(ClockShift::Doubled { .. })));
    assert_eq!(schedule.at().to_rfc3339(), "2027-10-31T00:30:00+00:00", "the earlier one");
    assert_eq!(desk.job(doubled.id).await.due_at, schedule.at());

    let plain = desk.draft("Plain").await;
    let plain = owner.posts().schedule(plain.id, local("2027-07-01T07:00:00")).await.unwrap();
    assert_eq!(plain.schedule.unwrap().shift(), None);
    let past = desk.draft("Past").await;
    let refused = owner.posts().schedule(past.id, local("2027-01-01T07:00:00")).await;
    assert!(matches!(refusal(refused), RefusalReason::PlannedInThePast { .. }));
}

#[tokio::test]
async fn scheduling_writes_post_job_and_event_together() {
    let desk = Desk::new().await;
    let post = desk.scheduled("In an hour").await;
    let job = desk.job(post.id).await;
    assert_eq!((job.state, Some(job.due_at)), (JobState::Scheduled, post.planned_at()));
    assert_eq!(Some(job.revision_id), post.revision.as_ref().map(|revision| revision.id));
    let owner = desk.owners().await;

    let later = desk.hours(5);
    let post = owner.posts().reschedule(post.id, When::At(later)).await.unwrap();
    let moved = desk.job(post.id).await;
    assert_eq!((moved.id, moved.due_at, moved.planned_at), (job.id, later, later));
    assert!(desk.run().await == 0);
    desk.run_at_its_time().await;
    assert!(desk.live(desk.page.id).is_empty(), "not at the old time");

    let post = owner.posts().unschedule(post.id).await.unwrap();
    assert_eq!((post.status, post.planned_at()), (PostStatus::Draft, None));
    assert_eq!(desk.job(post.id).await.state, JobState::Cancelled);

    let post = owner.posts().schedule(post.id, When::At(desk.hours(1))).await.unwrap();
    assert_eq!(desk.jobs(post.id).await.len(), 2);
    let post = owner.posts().cancel(post.id, Some(note("Rain"))).await.unwrap();
    assert_eq!(post.status, PostStatus::Cancelled);
    desk.run_for(3).await;
    assert!(desk.live(desk.page.id).is_empty(), "a cancel is final");
    assert_eq!(desk.history(post.id).await.last().unwrap().note, Some(note("Rain")));
    let post = owner.posts().reopen(post.id).await.unwrap();
    let post = owner.posts().publish_now(post.id).await.unwrap();
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["In an hour"]);
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    desk.explained(post.id).await;
}

/// The client's yes to what the owner wrote.
async fn approved(desk: &Desk, draft: PostDraft, client: &Session) -> Post {
    let owner = desk.owners().await;
    let post = owner.posts().create(draft).await.unwrap();
    owner.posts().submit(post.id, None).await.unwrap();
    client.posts().approve(post.id, desk.seen(post.id).await, None).await.unwrap()
}

#[tokio::test]
async fn every_change_of_what_goes_out_voids_the_approval_and_no_other() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let picture = picture(&desk, &owner).await;
    desk.ask_for(clients_word()).await;
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    let mut draft = desk.to(&[&desk.page], "As approved");
    draft.content.media = vec![MediaUse::of(picture.id)];
    let content = draft.content.clone();
    let body = |body: &str| Content { body: body.parse().unwrap(), ..content.clone() };
    let media = |media| Content { media, ..content.clone() };
    let described =
        MediaUse { asset_id: picture.id, alt_text: Some("Two loaves".parse().unwrap()) };
    let of = |content: Content| PostEdit { content: Some(content), ..PostEdit::default() };
    let to =
        |variants: Vec<VariantDraft>| PostEdit { variants: Some(variants), ..PostEdit::default() };
    let place = FacebookOptions { place_id: Some("17".to_owned()) };
    let with_options = VariantDraft {
        options: PlatformOptions::Facebook(place),
        ..VariantDraft::to(desk.page.id)
    };
    let both = vec![VariantDraft::to(desk.page.id), VariantDraft::to(desk.profile.id)];
    let other = vec![VariantDraft::to(desk.profile.id)];
    let voiding = [
        of(body("Otherwise")),
        of(media(Vec::new())),
        of(media(vec![described])),
        to(vec![with_options]),
        to(both),
        to(other),
    ];
    for is_scheduled in [false, true] {
        for edit in &voiding {
            let mut post = approved(&desk, draft.clone(), &client).await;
            if is_scheduled {
                post = desk.schedule(post.id).await;
            }
            let kept = owner.posts().edit(post.id, post.version, tagged("bread")).await.unwrap();
            assert_eq!((kept.status, &kept.approval), (post.status, &post.approval));
            let edited = owner.posts().edit(kept.id, kept.version, edit.clone()).await.unwrap();
            assert_eq!(edited.status, PostStatus::Draft, "{edit:?}");
            assert_eq!(edited.approval, None, "{edit:?}");
            let when = When::At(desk.hours(1));
            let refused = owner.posts().schedule(post.id, when).await;
            assert_eq!(refusal(refused), RefusalReason::ApprovalRequired);
            desk.explained(post.id).await;
        }
    }
    desk.run_for(2).await;
    assert!(desk.facebook.platform.accepted().is_empty(), "nothing of it went out");
}

#[tokio::test]
async fn a_new_description_in_the_library_is_not_what_was_approved() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let picture = picture(&desk, &owner).await;
    desk.ask_for(clients_word()).await;
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    let mut draft = desk.to(&[&desk.page], "As approved");
    draft.content.media = vec![MediaUse::of(picture.id)];
    let post = approved(&desk, draft.clone(), &client).await;
    let scheduled = approved(&desk, draft, &client).await;
    desk.schedule(scheduled.id).await;
    let edit =
        AssetEdit { alt_text: Change::Set("A bun".parse().unwrap()), ..AssetEdit::default() };
    owner.assets().edit(picture.id, picture.version, edit).await.unwrap();
    let refused = owner.posts().schedule(post.id, When::At(desk.hours(1))).await;
    assert_eq!(refusal(refused), RefusalReason::NotWhatWasApproved);
    desk.run_at_its_time().await;
    let revision = owner.posts().revisions(scheduled.id).await.unwrap().remove(0);
    let sent = revision.outgoing[0].media[0].alt_text.as_ref().map(ToString::to_string);
    assert_eq!(sent.as_deref(), Some("A loaf"), "what was approved is what is sent");
    assert_eq!(desk.live(desk.page.id), ["As approved"]);
}

#[tokio::test]
async fn another_time_voids_where_the_policy_says_so() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    for voids in [false, true] {
        desk.ask_for(ApprovalPolicy { time_change_voids: voids, ..clients_word() }).await;
        let post = approved(&desk, desk.to(&[&desk.page], "When?"), &client).await;
        let post = desk.schedule(post.id).await;
        let moved = owner.posts().reschedule(post.id, When::At(desk.hours(2))).await.unwrap();
        let expected = if voids { PostStatus::Draft } else { PostStatus::Scheduled };
        assert_eq!((moved.status, moved.approval.is_none()), (expected, voids));
        assert_eq!(moved.planned_at(), Some(desk.hours(2)));
        desk.explained(post.id).await;
    }
    desk.run_for(3).await;
    assert_eq!(desk.live(desk.page.id).len(), 1);
}

#[tokio::test]
async fn nobody_but_the_deciders_and_not_the_author_says_yes_and_two_take_two() {
    let desk = Desk::new().await;
    let (ann, anns) = desk.person("ann", Role::Manager).await;
    let (_, bens) = desk.person("ben", Role::Manager).await;
    let (_, cleos) = desk.person("cleo", Role::Manager).await;
    let (_, outsider) = desk.person("otto", Role::ClientOwner).await;
    let two = Stage { quorum: 2, ..stage("Two of us", &[Role::Manager]) };
    desk.ask_for(stages(vec![two])).await;
    let post = anns.posts().create(desk.to(&[&desk.page], "By Ann")).await.unwrap();
    let post = anns.posts().submit(post.id, None).await.unwrap();
    assert!(matches!(
        refusal(anns.posts().approve(post.id, desk.seen(post.id).await, None).await),
        RefusalReason::OwnPost { .. }
    ));
    let owners = desk.owners().await.posts().approve(post.id, desk.seen(post.id).await, None).await;
    assert!(matches!(refusal(owners), RefusalReason::NotADecider { .. }));
    assert!(
        is_missing(outsider.posts().approve(post.id, desk.seen(post.id).await, None).await),
        "internal stage"
    );
    let systems =
        desk.systems().await.posts().approve(post.id, desk.seen(post.id).await, None).await;
    assert!(matches!(refusal(systems), RefusalReason::Denied { denied: Denied::NeedsPerson }));

    let once = bens.posts().approve(post.id, desk.seen(post.id).await, None).await.unwrap();
    assert_eq!(once.status, PostStatus::PendingApproval);
    let again = bens.posts().approve(post.id, desk.seen(post.id).await, None).await;
    assert!(matches!(refusal(again), RefusalReason::AlreadyDecided { .. }));
    assert!(!bens.posts().allowed_actions(post.id).await.unwrap().contains(&PostAction::Approve));
    assert!(cleos.posts().allowed_actions(post.id).await.unwrap().contains(&PostAction::Approve));
    let twice =
        cleos.posts().approve(post.id, desk.seen(post.id).await, Some(note("Go"))).await.unwrap();
    assert_eq!(twice.status, PostStatus::Approved);
    assert_eq!(twice.author.user(), Some(ann));
    desk.explained(post.id).await;
}

#[tokio::test]
async fn whoever_rewrote_a_post_does_not_approve_it() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let (_, mia) = desk.person("mia", Role::Manager).await;
    let (_, max) = desk.person("max", Role::Manager).await;
    desk.ask_for(stages(vec![stage("Internal", &[Role::Manager])])).await;
    let post = desk.draft("First words").await;
    let post = max.posts().edit(post.id, post.version, tagged("bread")).await.unwrap();
    mia.posts().edit(post.id, post.version, text("Other words")).await.unwrap();
    owner.posts().submit(post.id, None).await.unwrap();
    let seen = desk.seen(post.id).await;
    let own = refusal(mia.posts().approve(post.id, seen, None).await);
    assert!(matches!(own, RefusalReason::OwnPost { .. }));
    let approved = max.posts().approve(post.id, seen, None).await.unwrap();
    assert_eq!(approved.status, PostStatus::Approved, "a tag is no word of it");
}

#[tokio::test]
async fn stages_come_one_after_the_other_and_the_client_sees_its_own() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let (_, manager) = desk.person("mia", Role::Manager).await;
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    let (_, onlooker) = desk.person("lea", Role::ClientViewer).await;
    let inner = stage("Internal", &[Role::Manager]);
    desk.ask_for(stages(vec![inner, stage("Client", &[Role::ClientOwner])])).await;
    let post = desk.draft("For both").await;
    let hidden = async |what: &str| {
        for session in [&client, &onlooker] {
            assert!(is_missing(session.posts().get(post.id).await), "{what}");
            assert!(is_missing(session.posts().allowed_actions(post.id).await), "{what}");
            assert!(is_missing(session.posts().revisions(post.id).await), "{what}");
            assert!(is_missing(session.posts().jobs(post.id).await), "{what}");
            assert!(is_missing(session.comments().list(post.id).await), "{what}");
            let all = Query::new(PostFilter::default());
            assert!(session.posts().list(&all).await.unwrap().items.is_empty(), "{what}");
        }
    };
    hidden("a draft").await;
    owner.posts().submit(post.id, None).await.unwrap();
    hidden("what waits for the agency").await;
    manager
        .posts()
        .request_changes(post.id, desk.seen(post.id).await, note("Shorter"))
        .await
        .unwrap();
    hidden("what the agency sent back").await;
    owner.posts().submit(post.id, None).await.unwrap();
    assert_eq!(client.notifications().unread().await.unwrap(), 0, "not its turn yet");
    manager.posts().approve(post.id, desk.seen(post.id).await, None).await.unwrap();
    assert_eq!(client.notifications().unread().await.unwrap(), 1, "the next stage is told");
    assert_eq!(client.posts().get(post.id).await.unwrap().status, PostStatus::PendingApproval);
    assert_eq!(onlooker.posts().get(post.id).await.unwrap().id, post.id);
    assert!(is_denied(onlooker.posts().approve(post.id, desk.seen(post.id).await, None).await));
    assert!(is_denied(client.posts().history(post.id).await));
    client
        .posts()
        .request_changes(post.id, desk.seen(post.id).await, note("Our logo"))
        .await
        .unwrap();
    assert!(client.posts().get(post.id).await.is_ok(), "their own word stays to be read");
    desk.explained(post.id).await;

    let draft = desk.draft("Put away").await;
    owner.posts().archive(draft.id).await.unwrap();
    assert!(is_missing(client.posts().get(draft.id).await));
}

fn is_denied<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    match result {
        Err(Error::Refused(refusal)) => matches!(refusal.reason, RefusalReason::Denied { .. }),
        other => matches!(other, Err(Error::Denied(_))),
    }
}

#[tokio::test]
async fn somebody_of_the_client_who_is_asked_by_name_sees_what_is_asked() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let (ben, client) = desk.person("ben", Role::ClientOwner).await;
    let deciders = Deciders { users: BTreeSet::from([ben]), ..Deciders::default() };
    desk.ask_for(stages(vec![Stage::new(name("Ben"), deciders)])).await;
    let post = desk.draft("For Ben").await;
    assert!(is_missing(client.posts().get(post.id).await));
    owner.posts().submit(post.id, None).await.unwrap();
    let approved = client.posts().approve(post.id, desk.seen(post.id).await, None).await.unwrap();
    assert_eq!(approved.status, PostStatus::Approved);
}

#[tokio::test]
async fn a_request_that_nobody_answers_in_time_expires() {
    let desk = Desk::new().await;
    desk.ask_for(clients_word()).await;
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    let post = desk.draft("Today only").await;
    let owner = desk.owners().await;
    owner.posts().submit(post.id, Some(When::At(desk.hours(1)))).await.unwrap();
    let system = desk.systems().await;
    let early = system.posts().expire_approval(post.id).await;
    assert!(matches!(refusal(early), RefusalReason::TimeNotCome { .. }));
    desk.clock.advance(TimeDelta::hours(2));
    let late = client.posts().approve(post.id, desk.seen(post.id).await, None).await;
    assert!(matches!(refusal(late), RefusalReason::PlannedInThePast { .. }));
    let owners = owner.posts().expire_approval(post.id).await;
    assert!(matches!(refusal(owners), RefusalReason::Denied { .. }));
    assert_eq!(system.posts().expire_approval(post.id).await.unwrap().status, PostStatus::Draft);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn roles_do_what_the_table_says() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Hands off").await;
    let (_, viewer) = desk.person("vic", Role::Viewer).await;
    let (_, creator) = desk.person("cat", Role::Creator).await;
    assert!(is_denied(viewer.posts().cancel(post.id, None).await));
    assert!(is_denied(creator.posts().cancel(post.id, None).await));
    assert!(is_denied(viewer.posts().create(desk.to(&[&desk.page], "No")).await));
    assert!(is_denied(viewer.posts().edit(post.id, post.version, text("No")).await));
    let own = creator.posts().create(desk.to(&[&desk.page], "Mine")).await.unwrap();
    assert!(is_denied(creator.posts().publish_now(own.id).await));
    assert!(is_denied(creator.posts().follow_jobs(post.id).await), "for the system alone");
    let other = desk.world.client("other").await;
    let stranger = desk.member("sam", super::fixture::only_for(Role::Manager, &[&other])).await;
    let stranger = desk.session(stranger).await;
    assert!(is_missing(stranger.posts().get(post.id).await));
    assert!(is_missing(stranger.posts().cancel(post.id, None).await));
    assert!(is_missing(stranger.posts().create(desk.to(&[&desk.page], "No")).await));
    assert_eq!(desk.post(post.id).await, post);
}

#[tokio::test]
async fn the_plan_counts_posts_and_lets_in_what_it_includes() {
    use super::fixture::World;
    let world = World::with_plan(PlanTier::Free).await;
    let owner = world.owners().await;
    let client = world.client("acme").await;
    let draft = || PostDraft::new(client.id, "One more".parse().unwrap()).to([]);
    let first = owner.posts().create(draft()).await.unwrap();
    for _ in 1..30 {
        owner.posts().create(draft()).await.unwrap();
    }
    let created = owner.posts().create(draft()).await;
    for refused in [created, owner.posts().duplicate(first.id).await] {
        let Err(Error::LimitReached(limit)) = refused else { panic!("{refused:?}") };
        assert_eq!((limit.meter, limit.limit), (Meter::PostsPerMonth, 30));
    }
    let all = owner.posts().list(&Query::new(PostFilter::default())).await.unwrap();
    assert_eq!(all.items.len(), 30);
    world.clock.advance(TimeDelta::days(31));
    owner.posts().create(draft()).await.unwrap();
    let policy = Some(clients_word());
    let edit = ClientEdit { approval_policy: policy, ..ClientEdit::default() };
    let refused = owner.clients().edit(client.id, client.version, edit).await;
    assert!(matches!(refused, Err(Error::FeatureMissing(_))));
}

#[tokio::test]
async fn a_post_without_an_account_goes_nowhere() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let post = owner.posts().create(desk.to(&[], "Where to?")).await.unwrap();
    for refused in [
        owner.posts().submit(post.id, None).await,
        owner.posts().schedule(post.id, When::At(desk.hours(1))).await,
        owner.posts().publish_now(post.id).await,
    ] {
        assert_eq!(refusal(refused), RefusalReason::NothingToPublish);
    }
}
