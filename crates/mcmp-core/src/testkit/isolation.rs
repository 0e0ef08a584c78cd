//! A reader never sees another client's data, by any call, filter, id or cursor.

use tokio::task::JoinSet;

use super::harness::Kit;
use super::samples::{Sample, every_kind};
use super::vary::Vary;
use super::world::{World, ids};
use crate::access::Scope;
use crate::id::Id;
use crate::store::{Cursor, Entity, Filter, Query, for_each_entity};

/// A world with samples of every kind in every place.
async fn full_world(kit: &Kit) -> World {
    let mut world = kit.world().await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(world.populate::<$type>(2).await;)+
        };
    }
    for_each_entity!(populate);
    world
}

fn seen<E: Sample>(rows: &[E], scope: &Scope) -> Vec<E> {
    rows.iter().filter(|row| scope.sees(row.tenancy())).cloned().collect()
}

/// `get` finds exactly what `Scope::sees` says, for everybody and every kind.
pub(super) async fn get_sees_what_the_scope_sees(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for reader in &world.readers {
            for row in &rows {
                let found = E::read(world.store()).get(&reader.scope, row.id()).await.unwrap();
                let expected = reader.scope.sees(row.tenancy()).then(|| row.clone());
                assert_eq!(found, expected, "{} {} for {}", E::KIND, row.id(), reader.name);
            }
            let nobody = world.maker.id();
            let absent = E::read(world.store()).get(&reader.scope, nobody).await.unwrap();
            assert_eq!(absent, None, "{} that is not there", E::KIND);
        }
    }
    every_kind!(check, &full_world(&kit).await);
}

/// The same while everybody asks for the same things at the same time: a store that reads them
/// together answers each of them for itself.
pub(super) async fn gets_at_once_see_what_each_scope_sees(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let mut asking = JoinSet::new();
        for row in world.all::<E>() {
            for reader in world.readers.iter().cloned() {
                let (store, row) = (world.shared(), row.clone());
                asking.spawn(async move {
                    let found = E::read(&*store).get(&reader.scope, row.id()).await.unwrap();
                    let expected = reader.scope.sees(row.tenancy()).then_some(row);
                    assert_eq!(found, expected, "{} for {}", E::KIND, reader.name);
                });
            }
        }
        asking.join_all().await;
    }
    every_kind!(check, &full_world(&kit).await);
}

/// `list` holds exactly what `Scope::sees` says, for everybody and every kind.
pub(super) async fn list_sees_what_the_scope_sees(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for reader in &world.readers {
            for sort in E::sorts() {
                let query = Query::new(E::Filter::default()).sorted(*sort, Default::default());
                let mut found = world.walk::<E>(&reader.scope, query.limit(7)).await;
                found.sort_by_key(Entity::id);
                let expected = seen(&rows, &reader.scope);
                assert_eq!(ids(&found), ids(&expected), "{} for {}", E::KIND, reader.name);
                assert_eq!(found, expected, "{} for {}", E::KIND, reader.name);
            }
        }
    }
    every_kind!(check, &full_world(&kit).await);
}

/// `count` counts exactly what `Scope::sees` says, for everybody and every kind.
pub(super) async fn count_sees_what_the_scope_sees(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for reader in &world.readers {
            let filter = E::Filter::default();
            let found = E::read(world.store()).count(&reader.scope, &filter).await.unwrap();
            let expected = seen(&rows, &reader.scope).len() as u64;
            assert_eq!(found, expected, "{} for {}", E::KIND, reader.name);
        }
    }
    every_kind!(check, &full_world(&kit).await);
}

/// A filter narrows what the scope sees and never widens it: other tenants' ids, slugs, addresses
/// and token hashes find nothing.
pub(super) async fn filters_never_widen_a_scope(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        let mut vary = Vary::new(11);
        for reader in world.readers.iter().step_by(3) {
            let own = seen(&rows, &reader.scope);
            for field in E::fields() {
                for row in rows.iter().step_by(3) {
                    let mut filter = E::Filter::default();
                    (field.ask)(&mut filter, row, &mut vary);
                    let expected: Vec<_> =
                        own.iter().filter(|row| filter.matches(row)).cloned().collect();
                    let what = format!("{} by {filter:?} for {}", E::KIND, reader.name);
                    let read = E::read(world.store());
                    let count = read.count(&reader.scope, &filter).await.unwrap();
                    assert_eq!(count, expected.len() as u64, "{what}");
                    let mut found =
                        world.walk::<E>(&reader.scope, Query::new(filter).limit(500)).await;
                    found.sort_by_key(Entity::id);
                    assert_eq!(ids(&found), ids(&expected), "{what}");
                }
            }
        }
    }
    every_kind!(check, &full_world(&kit).await);
}

/// A cursor names a place and no permission: one that stands at another tenant's row, or at none,
/// leads on to the reader's own rows alone.
pub(super) async fn cursors_never_widen_a_scope(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for reader in world.readers.iter().step_by(2) {
            let own = seen(&rows, &reader.scope);
            for sort in E::sorts() {
                let place = |row: &E| (E::Filter::sort_key(row, *sort), row.id().uuid());
                for row in rows.iter().step_by(2) {
                    let (key, id) = place(row);
                    let forged = Cursor { sort: *sort, key, id };
                    let query = Query::new(E::Filter::default())
                        .sorted(*sort, Default::default())
                        .after(Some(forged));
                    let mut expected = own.clone();
                    expected.retain(|own| place(own) > (key, id));
                    expected.sort_by_key(place);
                    let found = world.walk::<E>(&reader.scope, query).await;
                    assert_eq!(ids(&found), ids(&expected), "{} for {}", E::KIND, reader.name);
                }
            }
        }
    }
    every_kind!(check, &full_world(&kit).await);
}
