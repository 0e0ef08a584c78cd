//! Values that may stand once.

use super::harness::Kit;
use super::samples::{Sample, every_kind};
use super::vary::Vary;
use super::world::World;
use crate::account::{Platform, SocialAccount};
use crate::campaign::Campaign;
use crate::client::Client;
use crate::store::{ChangeSet, Entity, EntityKind, StoreError};
use crate::value::Name;

/// A sample with unique values, and another with the same ones.
fn twins<E: Sample>(world: &World) -> Option<(E, E)> {
    // Some kinds have unique values only at times.
    let one =
        (0..8).map(|seq| world.make::<E>(0, seq)).find(|one| !one.unique_keys().is_empty())?;
    let mut other = one.clone();
    other.set_id(world.maker.id());
    Some((one, other))
}

fn taken_field<E: Entity>(error: &StoreError, entity: &E) -> bool {
    match error {
        StoreError::NotUnique { kind, field } => {
            *kind == E::KIND && entity.unique_keys().iter().any(|key| key.field == *field)
        }
        _ => false,
    }
}

/// A value that is taken is refused by name, for every kind that has unique values, and nothing is
/// written.
pub(super) async fn a_taken_value_is_refused(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let Some((mut one, mut other)) = twins::<E>(world) else { return };
        let mut both = ChangeSet::new();
        one.put(&mut both);
        other.put(&mut both);
        let error = world.commit(both).await.expect_err("both in one commit");
        assert!(taken_field(&error, &one), "{}: {error:?}", E::KIND);
        assert_eq!(world.stored::<E>(one.id()).await, None);

        let mut changes = ChangeSet::new();
        one.put(&mut changes);
        world.commit(changes).await.unwrap();
        let mut changes = ChangeSet::new();
        other.put(&mut changes);
        let error = world.commit(changes).await.expect_err("one after the other");
        assert!(taken_field(&error, &one), "{}: {error:?}", E::KIND);
        assert_eq!(world.stored::<E>(other.id()).await, None);
    }
    every_kind!(check, &kit.world().await);
}

/// A change can't take a taken value either, and one that keeps its own is no clash with itself.
pub(super) async fn a_change_keeps_its_value_and_takes_no_other(kit: Kit) {
    let mut world = kit.world().await;
    let one: Campaign = world.make(0, 1);
    let one = world.insert(one).await;
    let other: Campaign = world.make(0, 2);
    let mut other = world.insert(other).await;
    let stored = other.clone();
    let mut same = one.clone();
    same.description = crate::value::Markdown::new("description", "new").unwrap();
    let mut changes = ChangeSet::new();
    changes.update(&mut same);
    world.commit(changes).await.expect("its own name is no clash");
    other.name = one.name.clone();
    let mut changes = ChangeSet::new();
    changes.update(&mut other);
    let error = world.commit(changes).await.expect_err("a taken name");
    assert!(taken_field(&error, &other), "{error:?}");
    assert_eq!(world.stored::<Campaign>(other.id).await, Some(stored));
}

/// A value can be freed by a deletion and taken in one commit, and is taken then.
pub(super) async fn a_deletion_frees_a_value_within_its_commit(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let Some((mut one, mut other)) = twins::<E>(world) else { return };
        let mut changes = ChangeSet::new();
        one.put(&mut changes);
        world.commit(changes).await.unwrap();
        let mut changes = ChangeSet::new();
        changes.delete(one.clone());
        other.put(&mut changes);
        world.commit(changes).await.unwrap_or_else(|error| panic!("{}: {error}", E::KIND));
        assert_eq!(world.stored::<E>(one.id()).await, None);
        assert_eq!(world.stored::<E>(other.id()).await.as_ref(), Some(&other));
        let mut again = one.clone();
        let mut changes = ChangeSet::new();
        again.put(&mut changes);
        let error = world.commit(changes).await.expect_err("taken again");
        assert!(taken_field(&error, &one), "{}: {error:?}", E::KIND);
    }
    every_kind!(check, &kit.world().await);
}

/// A value can be freed by a change and taken in one commit, and is taken then.
pub(super) async fn a_change_frees_a_value_within_its_commit(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let Some((mut one, mut other)) = twins::<E>(world) else { return };
        let mut changes = ChangeSet::new();
        one.put(&mut changes);
        world.commit(changes).await.unwrap();
        let mut changes = ChangeSet::new();
        let freed = one.amend(&mut changes, &mut Vary::new(77))
            && one.unique_keys().iter().all(|key| !other.unique_keys().contains(key));
        if !freed {
            return; // it never changes its value
        }
        other.put(&mut changes);
        world.commit(changes).await.unwrap_or_else(|error| panic!("{}: {error}", E::KIND));
        assert_eq!(world.stored::<E>(one.id()).await, Some(one));
        assert_eq!(world.stored::<E>(other.id()).await, Some(other));
    }
    every_kind!(check, &kit.world().await);
}

/// A value is unique within its scope alone: the agency, the client, the platform; and case makes
/// no other name.
pub(super) async fn a_value_is_free_where_it_is_another_one(kit: Kit) {
    let mut world = kit.world().await;
    // The same slug in another agency, the same name for another client.
    let client: Client = world.make(0, 1);
    let client = world.insert(client).await;
    let mut elsewhere: Client = world.make(3, 1);
    elsewhere.slug = client.slug.clone();
    world.insert(elsewhere).await;
    let campaign: Campaign = world.make(0, 1);
    let campaign = world.insert(campaign).await;
    for place in [1, 3] {
        let mut elsewhere: Campaign = world.make(place, 1);
        elsewhere.name = campaign.name.clone();
        world.insert(elsewhere).await;
    }
    // Upper and lower case are the same name.
    let mut shouted: Campaign = world.make(0, 1);
    shouted.name = Name::new("name", campaign.name.as_str().to_uppercase()).unwrap();
    if shouted.unique_keys() == campaign.unique_keys() {
        let mut changes = ChangeSet::new();
        changes.insert(&mut shouted);
        let error = world.commit(changes).await.expect_err("the same name in capitals");
        assert!(matches!(
            error,
            StoreError::NotUnique { kind: EntityKind::Campaign, field: "name" }
        ));
    }
    // The same external id on another platform, and for another client.
    let mut account: SocialAccount = world.make(0, 1);
    account.platform = Platform::X;
    let account = world.insert(account).await;
    for (place, platform) in [(0, Platform::THREADS), (1, Platform::X), (3, Platform::X)] {
        let mut elsewhere: SocialAccount = world.make(place, 1);
        (elsewhere.platform, elsewhere.external_id) = (platform, account.external_id.clone());
        world.insert(elsewhere).await;
    }
}
