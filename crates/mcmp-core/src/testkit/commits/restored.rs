//! Entities as another store had them.

use crate::board::Task;
use crate::campaign::Campaign;
use crate::id::Id;
use crate::publishing::JobState;
use crate::store::{ChangeSet, EntityKind, Query, StoreError, Version};
use crate::testkit::harness::Kit;
use crate::testkit::queue;
use crate::testkit::samples::{Sample, every_kind};
use crate::testkit::vary::Vary;
use crate::testkit::world::{World, is_conflict};

fn restoring<E: Sample>(entity: &E) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.restore(entity.clone());
    changes
}

/// What is restored comes back equal, at the version it has, and goes on from there; it is never put
/// over what is there, its unique values are guarded, and a restored job is in its lane.
pub(in crate::testkit) async fn a_restored_entity_keeps_its_version(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let mut entity: E = world.make(0, 3);
        if E::KIND == EntityKind::Event {
            entity.set_version(Version(1));
        } else {
            let error = world.commit(restoring(&entity)).await.expect_err("never committed");
            assert!(is_conflict(&error, E::KIND, entity.id().uuid()), "{error:?}");
            entity.set_version(Version(7));
        }
        world.commit(restoring(&entity)).await.unwrap();
        assert_eq!(world.stored::<E>(entity.id()).await.as_ref(), Some(&entity));
        let mut over: E = world.make(0, 4);
        over.set_id(entity.id());
        for version in [Version(1), entity.version(), entity.version().next()] {
            over.set_version(version);
            let error = world.commit(restoring(&over)).await.expect_err("it is there");
            let refused =
                matches!(error, StoreError::Conflict { .. } | StoreError::NotUnique { .. });
            assert!(refused, "{} {error:?}", E::KIND);
        }
        assert_eq!(world.stored::<E>(entity.id()).await.as_ref(), Some(&entity), "it stays");
        let mut changes = ChangeSet::new();
        if entity.amend(&mut changes, &mut Vary::new(1)) {
            world.commit(changes).await.unwrap();
            assert_eq!(entity.version(), Version(8));
            assert_eq!(world.stored::<E>(entity.id()).await, Some(entity));
        }
    }
    let mut world = kit.world().await;
    every_kind!(check, &world);

    let campaign: Campaign = world.make(0, 1);
    let campaign = world.insert(campaign).await;
    let mut taken: Campaign = world.make(0, 2);
    (taken.name, taken.version) = (campaign.name, Version(3));
    let error = world.commit(restoring(&taken)).await.expect_err("a taken name");
    assert!(matches!(error, StoreError::NotUnique { kind: EntityKind::Campaign, .. }), "{error:?}");
    assert_eq!(world.stored::<Campaign>(taken.id).await, None);

    let account = queue::account(&mut world, 1).await;
    let mut job = queue::new_job(&world, 1, account, world.now().await - queue::MINUTE);
    (job.version, job.fence) = (Version(9), 4);
    world.commit(restoring(&job)).await.unwrap();
    let taken = queue::claim_one(&world).await.expect("the restored job");
    assert_eq!((taken.id, taken.version, taken.fence), (job.id, Version(10), 5));
    let mut running = queue::new_job(&world, 1, account, world.now().await);
    (running.version, running.state) = (Version(2), JobState::Committing);
    world.commit(restoring(&running)).await.unwrap();
    let lane = world.store().lane(&world.system, account).await.unwrap();
    assert_eq!(lane.map(|lane| lane.in_flight), Some(2), "both are in flight");
}

/// Nobody but the system restores anything, and whoever tries leaves nothing.
pub(in crate::testkit) async fn only_the_system_restores(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        if E::KIND == EntityKind::Event {
            return; // An event is written by whoever acts there, restored or not.
        }
        for reader in world.readers.iter().filter(|reader| !reader.scope.is_system()) {
            let mut entity: E = world.make(0, 5);
            entity.set_version(Version(2));
            let mut changes = ChangeSet::new();
            changes.insert(&mut world.make::<Task>(0, 5));
            changes.restore(entity.clone());
            let error = world.store().commit(&reader.scope, changes).await.expect_err("refused");
            let who = &reader.name;
            assert!(matches!(error, StoreError::OutOfScope { .. }), "{who}: {error:?}");
            assert_eq!(world.stored::<E>(entity.id()).await, None, "{who}");
        }
    }
    let world = kit.world().await;
    every_kind!(check, &world);
    let tasks = Query::<Task>::new(Default::default());
    assert_eq!(world.walk::<Task>(&world.system, tasks).await, [], "nothing beside it either");
}
