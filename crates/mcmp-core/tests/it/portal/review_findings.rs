//! Nobody decides on what they have not seen, the client's people see what concerns them and no
//! more, and nothing goes out for who is not active.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Denied;
use mcmp_core::account::{AccountKind, Platform, SocialAccount};
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::client::Client;
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::{Error, Portal};

use mcmp_core::fake::FakePublisher;
use mcmp_core::id::PostId;
use mcmp_core::lifecycle::{PostStatus, RefusalReason};
use mcmp_core::member::{Permission, Role};
use mcmp_core::portal::{
    AssetEdit, ClientEdit, Connection, PostDraft, PostEdit, ReviewLinkDraft, Session, When,
};
use mcmp_core::post::{Content, MediaUse, Post};
use mcmp_core::publishing::{HoldReason, JobState};
use mcmp_core::store::Query;
use mcmp_core::time::CalendarView;
use mcmp_core::value::{Change, Note};

use super::fixture::{World, after, connection, key_ring, name, only_for};
use super::planning::assets::asset_draft;

/// A client with a channel, somebody who writes, somebody who manages, and the client's own boss.
struct House {
    world: World,
    client: Client,
    account: SocialAccount,
    platform: Arc<FakePublisher>,
    portal: Portal,
    writer: Session,
    manager: Session,
    boss: Session,
}

fn stage(text: &str, role: Role) -> Stage {
    let deciders =
        Deciders { roles: [role].into(), guests: role.is_client_side(), ..Deciders::default() };
    Stage::new(name(text), deciders)
}

fn note(text: &str) -> Note {
    Note::new("note", text).unwrap()
}

impl House {
    async fn new(stages: Vec<Stage>) -> Self {
        let world = World::new().await;
        let client = world.client("bakery").await;
        let edit = ClientEdit {
            approval_policy: Some(ApprovalPolicy::stages(stages).unwrap()),
            ..ClientEdit::default()
        };
        let owner = world.owners().await;
        let client = owner.clients().edit(client.id, client.version, edit).await.unwrap();
        let page = Connection {
            platform: Platform::FACEBOOK,
            kind: AccountKind::Page,
            ..connection("page-1")
        };
        let account = owner.accounts().connect(client.id, page).await.unwrap();
        let platform = Arc::new(FakePublisher::new(Platform::FACEBOOK));
        let portal = Portal::builder(Arc::new(world.store.clone()))
            .clock(Arc::new(world.clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(7)))
            .sealer(key_ring("a", &[]))
            .publisher(platform.clone())
            .build()
            .unwrap();
        let writer = world.member("writer", only_for(Role::Creator, &[&client])).await;
        let manager = world.member("manager", only_for(Role::Manager, &[&client])).await;
        let boss = world.member("boss", only_for(Role::ClientOwner, &[&client])).await;
        let (writer, manager, boss) =
            (world.session(writer).await, world.session(manager).await, world.session(boss).await);
        Self { world, client, account, platform, portal, writer, manager, boss }
    }

    fn tomorrow(&self) -> DateTime<Utc> {
        after(&self.world.clock, TimeDelta::hours(24))
    }

    async fn written(&self) -> Post {
        let draft = PostDraft::new(self.client.id, "Fresh bread".parse().unwrap());
        self.writer.posts().create(draft.to([self.account.id])).await.unwrap()
    }

    async fn submitted(&self) -> Post {
        let post = self.written().await;
        self.submit(post.id).await
    }

    async fn submit(&self, id: PostId) -> Post {
        self.writer.posts().submit(id, Some(When::At(self.tomorrow()))).await.unwrap()
    }

    async fn rewritten(&self, post: &Post, text: &str) -> Post {
        let content = Content { body: text.parse().unwrap(), ..Content::default() };
        let edit = PostEdit { content: Some(content), ..PostEdit::default() };
        self.writer.posts().edit(post.id, post.version, edit).await.unwrap()
    }

    /// What the client's boss sees: by id, in the library, in the calendar.
    async fn shown_to_boss(&self, id: PostId) -> (bool, usize, usize) {
        let found = match self.boss.posts().get(id).await {
            Ok(_post) => true,
            Err(Error::NotFound { .. }) => false,
            Err(error) => panic!("{error}"),
        };
        let listed = self.boss.posts().list(&Query::new(Default::default())).await.unwrap();
        let day = self.tomorrow().date_naive();
        let calendar =
            self.boss.calendars().of_client(self.client.id, CalendarView::Day, day).await.unwrap();
        let in_calendar = calendar.days.iter().map(|day| day.entries.len()).sum();
        (found, listed.items.len(), in_calendar)
    }

    async fn run_tomorrow(&self) {
        self.world.clock.set(self.tomorrow());
        self.portal.worker().unwrap().run_due().await.unwrap();
    }
}

#[tokio::test]
async fn a_decision_is_about_the_revision_that_was_looked_at() {
    let house = House::new(vec![stage("Client", Role::ClientOwner)]).await;
    let first = house.submitted().await;
    let seen = first.revision.as_ref().unwrap().id;
    let draft = house.rewritten(&first, "Stale bread").await;
    let second = house.submit(draft.id).await;

    let posts = house.boss.posts();
    let stale = [
        posts.approve(first.id, seen, None).await,
        posts.request_changes(first.id, seen, note("no")).await,
        posts.reject(first.id, seen, None).await,
    ];
    for answer in stale {
        let Err(Error::Refused(refusal)) = answer else { panic!("{answer:?}") };
        let waits = second.revision.as_ref().map(|revision| revision.id);
        assert_eq!(refusal.reason, RefusalReason::AnotherRevision { waits });
    }
    let post = house.manager.posts().get(first.id).await.unwrap();
    assert_eq!(post.status, PostStatus::PendingApproval);
    assert!(post.approval.unwrap().decisions.is_empty());

    let now = second.revision.unwrap().id;
    let post = house.boss.posts().approve(first.id, now, None).await.unwrap();
    assert_eq!(post.status, PostStatus::Approved);
}

#[tokio::test]
async fn a_guests_decision_is_about_the_revision_that_was_looked_at() {
    let house = House::new(vec![stage("Client", Role::ClientOwner)]).await;
    let first = house.submitted().await;
    let draft = ReviewLinkDraft {
        client_id: house.client.id,
        post_ids: vec![first.id],
        reviewer: name("Reviewer"),
        may_decide: true,
        may_comment: false,
        valid_days: 7,
    };
    let (_, token) = house.manager.reviews().create_link(draft).await.unwrap();
    let review = house.portal.review(&token).await.unwrap();
    let seen = review.revision(first.id).await.unwrap().unwrap();
    let second = house.rewritten(&first, "Stale bread").await;
    house.submit(second.id).await;

    let stale = review.approve(first.id, seen.id, None).await;
    assert!(matches!(stale, Err(Error::Refused(_))), "{stale:?}");
    let seen = review.revision(first.id).await.unwrap().unwrap();
    let post = review.approve(first.id, seen.id, None).await.unwrap();
    assert_eq!(post.status, PostStatus::Approved);
}

#[tokio::test]
async fn the_clients_people_see_a_post_once_it_has_come_to_them() {
    let stages = vec![stage("Internal", Role::Manager), stage("Client", Role::ClientOwner)];
    let house = House::new(stages).await;
    let post = house.submitted().await;
    assert_eq!(house.shown_to_boss(post.id).await, (false, 0, 0), "while the agency looks at it");

    let seen = post.revision.as_ref().unwrap().id;
    let sent_back = house.manager.posts().request_changes(post.id, seen, note("sloppy")).await;
    let sent_back = sent_back.unwrap();
    assert_eq!(sent_back.status, PostStatus::ChangesRequested);
    assert_eq!(house.shown_to_boss(post.id).await, (false, 0, 0), "sent back within the agency");

    house.rewritten(&sent_back, "Better bread").await;
    let post = house.submit(post.id).await;
    let seen = post.revision.as_ref().unwrap().id;
    house.manager.posts().approve(post.id, seen, Some(note("at last"))).await.unwrap();
    assert_eq!(house.shown_to_boss(post.id).await, (true, 1, 1), "it is the client's turn");

    let said = |post: Post| post.approval.unwrap().decisions[0].note.clone();
    let posts = house.boss.posts();
    assert_eq!(said(house.manager.posts().get(post.id).await.unwrap()), Some(note("at last")));
    assert_eq!(said(posts.get(post.id).await.unwrap()), None);
    let mut listed = posts.list(&Query::new(Default::default())).await.unwrap().items;
    assert_eq!(said(listed.remove(0)), None);
    let revisions = posts.revisions(post.id).await.unwrap();
    assert_eq!(revisions.iter().map(|revision| revision.id).collect::<Vec<_>>(), [seen]);
    assert_eq!(house.manager.posts().revisions(post.id).await.unwrap().len(), 2);
    assert_eq!(said(posts.approve(post.id, seen, None).await.unwrap()), None);
}

#[tokio::test]
async fn the_clients_people_do_not_see_a_draft_that_was_put_away() {
    let house = House::new(vec![]).await;
    let post = house.written().await;
    house.manager.posts().archive(post.id).await.unwrap();
    assert_eq!(house.shown_to_boss(post.id).await, (false, 0, 0));
}

#[tokio::test]
async fn nothing_goes_out_while_the_agency_is_not_active() {
    for close in [false, true] {
        let house = House::new(vec![]).await;
        let post = house.written().await;
        let when = When::At(house.tomorrow());
        house.manager.posts().schedule(post.id, when).await.unwrap();
        let owner = house.world.owners().await;
        match close {
            false => owner.agencies().suspend().await.unwrap(),
            true => owner.agencies().close().await.unwrap(),
        };
        house.run_tomorrow().await;

        assert!(house.platform.accepted().is_empty());
        let system = house.world.systems().await;
        let job = system.posts().jobs(post.id).await.unwrap().remove(0);
        assert_eq!(job.state, JobState::Scheduled, "its lane is paused");
        assert_eq!(system.posts().get(post.id).await.unwrap().status, PostStatus::Scheduled);

        system.agencies().reactivate().await.unwrap();
        house.portal.worker().unwrap().run_due().await.unwrap();
        assert_eq!(house.platform.accepted().len(), 1, "once it is active again");
    }
}

#[tokio::test]
async fn nobody_passes_on_with_a_link_what_they_may_not_do() {
    let house = House::new(vec![stage("Client", Role::ClientOwner)]).await;
    let post = house.submitted().await;
    let mut grant = only_for(Role::Viewer, &[&house.client]);
    grant.added = [Permission::ManageReviewLinks].into_iter().collect();
    let viewer = house.world.member("viewer", grant).await;
    let viewer = house.world.session(viewer).await;
    let draft = |may_decide, may_comment| ReviewLinkDraft {
        client_id: house.client.id,
        post_ids: vec![post.id],
        reviewer: name("Reviewer"),
        may_decide,
        may_comment,
        valid_days: 7,
    };
    let cases =
        [(draft(true, false), Permission::ApprovePosts), (draft(false, true), Permission::Comment)];
    for (draft, takes) in cases {
        let answer = viewer.reviews().create_link(draft).await;
        let Err(Error::Denied(Denied::Missing { permission, .. })) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(permission, takes);
    }
    viewer.reviews().create_link(draft(false, false)).await.unwrap();
}

#[tokio::test]
async fn rights_that_end_after_the_planning_hold_the_post() {
    for ended in [false, true] {
        let house = House::new(vec![]).await;
        let mut picture = asset_draft(&house.client, 1);
        picture.facts.width = Some(1_080);
        picture.facts.height = Some(1_080);
        let assets = house.manager.assets();
        let picture = assets.add(picture).await.unwrap().asset;
        let mut draft = PostDraft::new(house.client.id, "Fresh bread".parse().unwrap());
        draft.content.media = vec![MediaUse::of(picture.id)];
        let draft = draft.to([house.account.id]);
        let post = house.writer.posts().create(draft).await.unwrap();
        house.manager.posts().schedule(post.id, When::At(house.tomorrow())).await.unwrap();
        if ended {
            let today = house.manager.agency().created_at.date_naive();
            let edit = AssetEdit { rights_until: Change::Set(today), ..AssetEdit::default() };
            assets.edit(picture.id, picture.version, edit).await.unwrap();
        }
        house.run_tomorrow().await;

        let job = house.manager.posts().jobs(post.id).await.unwrap().remove(0);
        let expected = match ended {
            true => (JobState::Held, Some(HoldReason::RulesViolated)),
            false => (JobState::Published, None),
        };
        assert_eq!((job.state, job.hold_reason), expected, "{:?}", job.last_error);
        assert_eq!(house.platform.accepted().is_empty(), ended);
    }
}

#[tokio::test]
async fn lists_show_no_more_than_can_be_opened() {
    let house = House::new(vec![]).await;
    let hidden = house.world.client("garage").await;
    let owner = house.world.owners().await;
    owner.accounts().connect(hidden.id, connection("garage-1")).await.unwrap();
    let user = house.world.user("partial").await;
    house.world.join(&user, only_for(Role::Viewer, &[&house.client])).await;
    let mut blind = only_for(Role::Developer, &[&hidden]);
    blind.removed = [Permission::View].into_iter().collect();
    house.world.join(&user, blind).await;
    let partial = house.world.session(user.id).await;

    let clients = partial.clients().list(&Query::new(Default::default())).await.unwrap().items;
    assert_eq!(clients.iter().map(|client| client.id).collect::<Vec<_>>(), [house.client.id]);
    assert!(partial.clients().get(hidden.id).await.is_err());
    let accounts = partial.accounts().list(&Query::new(Default::default())).await.unwrap().items;
    assert_eq!(accounts.iter().map(|account| account.id).collect::<Vec<_>>(), [house.account.id]);
}

#[tokio::test]
async fn an_archived_client_is_taken_out_by_whoever_may_archive_it() {
    let house = House::new(vec![]).await;
    let owner = house.world.owners().await;
    owner.clients().archive(house.client.id).await.unwrap();
    let clients = house.manager.clients();
    for answer in [clients.resume(house.client.id).await, clients.pause(house.client.id).await] {
        assert!(matches!(answer, Err(Error::Denied(_))), "{answer:?}");
    }
    let client = owner.clients().resume(house.client.id).await.unwrap();
    house.manager.clients().pause(client.id).await.unwrap();
    house.manager.clients().resume(client.id).await.unwrap();
}
