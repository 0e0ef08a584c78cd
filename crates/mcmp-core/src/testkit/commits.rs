//! One commit: all of it or nothing, at the version it was decided on.

mod restored;

use chrono::TimeDelta;

use super::harness::Kit;
use super::samples::{Sample, Stored, every_kind};
use super::vary::{AWKWARD_TEXTS, Vary};
use super::world::{World, is_conflict};
use crate::agency::Meter;
use crate::board::Task;
use crate::campaign::Campaign;
use crate::client::Client;
use crate::event::Event;
use crate::id::Id;
use crate::member::{Coverage, Membership};
use crate::post::{Comment, Post, PostText};
use crate::publishing::{LaneAction, LaneChange};
use crate::store::{
    ChangeSet, Entity, EntityKind, EventPosition, MeterChange, StoreError, Version,
};
use crate::time::{FIRST_DAY, LAST_DAY};
use crate::value::{Markdown, Name, Note};

pub(super) use restored::{a_restored_entity_keeps_its_version, only_the_system_restores};

fn inserting<E: Sample>(entity: &mut E) -> ChangeSet {
    let mut changes = ChangeSet::new();
    entity.put(&mut changes);
    changes
}

fn deleting<E: Sample>(entity: &E) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.delete(entity.clone());
    changes
}

fn never_deleted<E: Entity>() -> bool {
    E::KIND == EntityKind::Event
}

/// Every kind comes back equal, field by field, at version 1.
pub(super) async fn every_kind_comes_back_equal(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        for (seq, place) in (0..24).zip((0..5).cycle()) {
            let mut entity: E = world.make(place, seq);
            world.commit(inserting(&mut entity)).await.unwrap();
            assert_eq!(entity.version(), Version(1));
            assert_eq!(world.stored::<E>(entity.id()).await.as_ref(), Some(&entity));
            let mut changes = ChangeSet::new();
            if entity.amend(&mut changes, &mut Vary::new(seq + 100)) {
                world.commit(changes).await.unwrap();
                assert_eq!(world.stored::<E>(entity.id()).await, Some(entity), "changed");
            }
        }
    }
    every_kind!(check, &kit.world().await);
}

/// The longest texts, the first and the last day, and every awkward text come back as they were.
pub(super) async fn extreme_values_come_back_equal(kit: Kit) {
    let mut world = kit.world().await;
    let long =
        |max: usize| "🚀é\n\"".chars().cycle().take(max - 1).chain(['x']).collect::<String>();
    let mut post: Post = world.make(0, 1);
    post.content.body = PostText::new("body", long(PostText::MAX)).unwrap();
    post.content.title = PostText::new("title", "").unwrap();
    post.created_at = FIRST_DAY.and_hms_milli_opt(0, 0, 0, 1).unwrap().and_utc();
    post.updated_at = LAST_DAY.and_hms_milli_opt(23, 59, 59, 999).unwrap().and_utc();
    world.insert(post).await;
    let mut client: Client = world.make(0, 1);
    client.guidelines = Markdown::new("guidelines", long(Markdown::MAX)).unwrap();
    client.name = Name::new("name", long(Name::MAX)).unwrap();
    world.insert(client).await;
    for text in AWKWARD_TEXTS {
        let mut comment: Comment = world.make(0, 1);
        comment.body = Note::new("body", text).unwrap();
        world.insert(comment).await;
        let mut post: Post = world.make(1, 2);
        post.content.body = PostText::new("body", format!("\n {text} \t")).unwrap();
        world.insert(post).await;
    }
    for post in world.all::<Post>() {
        assert_eq!(world.stored::<Post>(post.id).await, Some(post));
    }
    for client in world.all::<Client>() {
        assert_eq!(world.stored::<Client>(client.id).await, Some(client));
    }
    for comment in world.all::<Comment>() {
        assert_eq!(world.stored::<Comment>(comment.id).await, Some(comment));
    }
}

/// Each write makes the version one larger; a change or deletion of an older version is a conflict
/// and changes nothing, for every kind.
pub(super) async fn a_stale_version_is_a_conflict(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let mut entity: E = world.make(0, 3);
        world.commit(inserting(&mut entity)).await.unwrap();
        let old = entity.clone();
        let mut changes = ChangeSet::new();
        if !entity.amend(&mut changes, &mut Vary::new(1)) {
            return;
        }
        world.commit(changes).await.unwrap();
        assert_eq!(entity.version(), Version(2));

        let mut ahead = entity.clone();
        ahead.set_version(Version(5));
        for (mut stale, what) in [(old, "older"), (ahead, "never reached")] {
            let version = stale.version();
            let error = world.commit(deleting(&stale)).await.expect_err(what);
            assert!(is_conflict(&error, E::KIND, entity.id().uuid()), "{what}: {error:?}");
            let mut changes = ChangeSet::new();
            stale.amend(&mut changes, &mut Vary::new(9));
            let error = world.commit(changes).await.expect_err(what);
            assert!(is_conflict(&error, E::KIND, entity.id().uuid()), "{what} {version}");
            assert_eq!(world.stored::<E>(entity.id()).await.as_ref(), Some(&entity), "{what}");
        }
    }
    every_kind!(check, &kit.world().await);
}

/// What is not there, was never there or is gone can be neither changed nor deleted: a conflict.
pub(super) async fn what_is_gone_is_a_conflict(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        if never_deleted::<E>() {
            return;
        }
        let mut entity: E = world.make(0, 3);
        let is_ours =
            |error: &StoreError, entity: &E| is_conflict(error, E::KIND, entity.id().uuid());
        entity.set_version(Version(1));
        let error = world.commit(deleting(&entity)).await.expect_err("never there");
        assert!(is_ours(&error, &entity), "{error:?}");
        let mut changes = ChangeSet::new();
        if entity.clone().amend(&mut changes, &mut Vary::new(1)) {
            let error = world.commit(changes).await.expect_err("never there");
            assert!(is_ours(&error, &entity), "{error:?}");
        }
        entity.set_version(Version::NEW);
        world.commit(inserting(&mut entity)).await.unwrap();
        world.commit(deleting(&entity)).await.unwrap();
        assert_eq!(world.stored::<E>(entity.id()).await, None, "deleted");
        let error = world.commit(deleting(&entity)).await.expect_err("deleted twice");
        assert!(is_ours(&error, &entity), "{error:?}");
        let mut changes = ChangeSet::new();
        if entity.clone().amend(&mut changes, &mut Vary::new(1)) {
            let error = world.commit(changes).await.expect_err("changed after deletion");
            assert!(is_ours(&error, &entity), "{error:?}");
        }
        assert_eq!(world.stored::<E>(entity.id()).await, None);
    }
    every_kind!(check, &kit.world().await);
}

/// What is there can't be inserted again, neither by another commit nor by the same; the answer is
/// a conflict or names the unique value, and nothing changes.
pub(super) async fn nothing_is_inserted_twice(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let mut entity: E = world.make(0, 3);
        world.commit(inserting(&mut entity)).await.unwrap();
        let mut other: E = world.make(0, 4);
        other.set_id(entity.id());
        let mut twin: E = world.make(0, 6);
        let mut both = ChangeSet::new();
        twin.put(&mut both);
        twin.clone().put(&mut both);
        for (changes, what) in [(inserting(&mut other), "again"), (both, "twice in one")] {
            let error = world.commit(changes).await.expect_err(what);
            let refused =
                matches!(error, StoreError::Conflict { .. } | StoreError::NotUnique { .. });
            assert!(refused, "{} {what}: {error:?}", E::KIND);
        }
        assert_eq!(world.stored::<E>(entity.id()).await, Some(entity), "the first stays");
        assert_eq!(world.stored::<E>(twin.id()).await, None);
    }
    every_kind!(check, &kit.world().await);
}

/// The writes of a commit follow one another: what one inserts, the next can change, and the next
/// delete.
pub(super) async fn writes_of_a_commit_follow_one_another(kit: Kit) {
    let world = kit.world().await;
    let (mut kept, mut gone): (Campaign, Campaign) = (world.make(0, 1), world.make(0, 2));
    let mut changes = ChangeSet::new();
    changes.insert(&mut kept);
    changes.insert(&mut gone);
    kept.amend(&mut changes, &mut Vary::new(3));
    gone.amend(&mut changes, &mut Vary::new(4));
    kept.amend(&mut changes, &mut Vary::new(5));
    changes.delete(gone.clone());
    world.commit(changes).await.unwrap();
    assert_eq!(kept.version, Version(3));
    assert_eq!(world.stored::<Campaign>(kept.id).await, Some(kept));
    assert_eq!(world.stored::<Campaign>(gone.id).await, None);
}

/// A change set with nothing in it is committed, and changes nothing.
pub(super) async fn an_empty_commit_changes_nothing(kit: Kit) {
    let world = kit.world().await;
    let before = world.dump().await;
    world.commit(ChangeSet::new()).await.unwrap();
    assert_eq!(world.dump().await, before);
}

/// A commit whose last write fails, in any way that a commit can fail, leaves none of its other
/// writes, events, meters and lane changes.
pub(super) async fn a_failing_commit_leaves_nothing(kit: Kit) {
    type Failing = (&'static str, fn(&World, &Campaign, &mut ChangeSet));
    const FAILING: &[Failing] = &[
        ("a stale change", |_, there, changes| {
            let mut stale = there.clone();
            stale.version = Version::NEW;
            stale.amend(changes, &mut Vary::new(1));
        }),
        ("a stale deletion", |_, there, changes| {
            let mut stale = there.clone();
            stale.version = Version(9);
            changes.delete(stale);
        }),
        ("a change of what is not there", |world, _, changes| {
            let mut absent: Campaign = world.make(0, 1);
            absent.version = Version(1);
            absent.amend(changes, &mut Vary::new(1));
        }),
        ("a second insert", |_, there, changes| {
            changes.insert(&mut there.clone());
        }),
        ("a taken name", |world, there, changes| {
            let mut taken: Campaign = world.make(0, 1);
            taken.name = there.name.clone();
            changes.insert(&mut taken);
        }),
        ("a full meter", |world, _, changes| {
            changes.meter(MeterChange {
                agency_id: world.places[0].agency_id,
                meter: Meter::Accounts,
                month: None,
                by: 5,
                limit: Some(4),
            });
        }),
        ("another tenant", |world, there, changes| {
            let mut moved = there.clone();
            (moved.agency_id, moved.client_id) =
                (world.places[3].agency_id, world.places[3].client_id);
            changes.update(&mut moved);
        }),
    ];
    let mut world = kit.world().await;
    let there: Campaign = world.make(0, 1);
    let there = world.insert(there).await;
    let doomed: Task = world.make(0, 1);
    let doomed = world.insert(doomed).await;
    let changed: Task = world.make(0, 2);
    let changed = world.insert(changed).await;
    let before = world.dump().await;
    for (what, fail) in FAILING {
        let place = &world.places[0];
        let mut changes = ChangeSet::new();
        changes.event(world.make(0, 1));
        changes.insert(&mut world.make::<Post>(0, 1));
        changed.clone().amend(&mut changes, &mut Vary::new(1));
        changes.delete(doomed.clone());
        changes.meter(MeterChange {
            agency_id: place.agency_id,
            meter: Meter::Clients,
            month: None,
            by: 3,
            limit: Some(100),
        });
        changes.lane(LaneChange {
            account_id: place.account_id,
            agency_id: place.agency_id,
            client_id: place.client_id,
            action: LaneAction::SetMaxInFlight(7),
        });
        let mut job: crate::publishing::PublishJob = world.make(0, 1);
        job.state = crate::publishing::JobState::Scheduled;
        changes.insert(&mut job);
        fail(&world, &there, &mut changes);
        world.commit(changes).await.expect_err(what);
        assert_eq!(world.dump().await, before, "{what}");
    }
    let next_due = world.store().next_due(&world.system).await.unwrap();
    assert_eq!(next_due, None, "no job is left in the queue");
}

/// The system itself can't move anything to another tenant.
pub(super) async fn a_tenancy_never_changes(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let mut entity: E = world.make(0, 3);
        world.commit(inserting(&mut entity)).await.unwrap();
        for place in [1, 3] {
            let mut moved: E = world.make(place, 3);
            moved.set_id(entity.id());
            moved.set_version(entity.version());
            let covers = matches!(
                E::KIND,
                EntityKind::Membership
                    | EntityKind::Invitation
                    | EntityKind::ApiKey
                    | EntityKind::WebhookEndpoint
            );
            if moved.tenancy() == entity.tenancy() || (covers && place == 1) {
                continue; // nothing moved, or within the agency as these may
            }
            let mut changes = ChangeSet::new();
            if moved.amend(&mut changes, &mut Vary::new(2)) {
                let error = world.commit(changes).await.expect_err("moved");
                assert!(!error.is_temporary(), "{} {error:?}", E::KIND);
                assert_eq!(world.stored::<E>(entity.id()).await.as_ref(), Some(&entity));
            }
        }
    }
    every_kind!(check, &kit.world().await);
}

/// The clients that a membership covers can change within its agency; who sees it changes with it.
pub(super) async fn coverage_changes_within_the_agency(kit: Kit) {
    let mut world = kit.world().await;
    let mut membership: Membership = world.make(0, 1);
    membership.grant.coverage = Coverage::clients([world.places[0].client_id]).unwrap();
    let mut membership = world.insert(membership).await;
    for coverage in [
        Coverage::clients([world.places[1].client_id]).unwrap(),
        Coverage::WholeAgency,
        Coverage::clients([world.places[0].client_id, world.places[2].client_id]).unwrap(),
    ] {
        membership.grant.coverage = coverage;
        let mut changes = ChangeSet::new();
        changes.update(&mut membership);
        world.store().commit(&world.readers[0].scope, changes).await.unwrap();
        for reader in &world.readers {
            let read = Membership::read(world.store());
            let found = read.get(&reader.scope, membership.id).await.unwrap();
            let expected = reader.scope.sees(membership.tenancy()).then(|| membership.clone());
            assert_eq!(found, expected, "{}", reader.name);
            let count = read.count(&reader.scope, &Default::default()).await.unwrap();
            let listed = world
                .walk::<Membership>(&reader.scope, crate::store::Query::new(Default::default()));
            assert_eq!(count, listed.await.len() as u64, "{}", reader.name);
        }
    }
}

/// Several change sets at once: each on its own, answered in order, a failing one without effect on
/// the others.
pub(super) async fn change_sets_are_committed_each_on_its_own(kit: Kit) {
    let world = kit.world().await;
    let start = world
        .store()
        .events_after(&world.system, EventPosition::START, 10_000)
        .await
        .unwrap()
        .last()
        .unwrap()
        .0;
    let mut campaigns: Vec<Campaign> = (0..5).map(|seq| world.make(0, seq)).collect();
    campaigns[3].name = campaigns[0].name.clone();
    let events: Vec<Event> = (0..5).map(|seq| world.make(0, seq)).collect();
    let sets = campaigns.iter_mut().zip(&events).map(|(campaign, event)| {
        let mut changes = inserting(campaign);
        changes.event(event.clone());
        changes
    });
    let answers = world.store().commit_all(&world.system, sets.collect()).await;
    let worked: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(worked, [true, true, true, false, true]);
    for (campaign, worked) in campaigns.iter().zip(&worked) {
        assert_eq!(world.stored::<Campaign>(campaign.id).await.is_some(), *worked);
    }
    let found = world.store().events_after(&world.system, start, 100).await.unwrap();
    let found: Vec<_> = found.iter().map(|(_, event)| event.id).collect();
    assert_eq!(found, [events[0].id, events[1].id, events[2].id, events[4].id]);
    assert_eq!(world.store().commit_all(&world.system, Vec::new()).await.len(), 0);
}

/// The store's time is in whole milliseconds, and moves when it is moved.
pub(super) async fn the_stores_time_moves(kit: Kit) {
    let world = kit.world().await;
    let before = world.now().await;
    assert_eq!(before, crate::time::to_millis(before));
    world.advance(TimeDelta::hours(30)).await;
    assert!(world.now().await >= before + TimeDelta::hours(30));
}
