//! Fields say in data what filters, sorts and scopes say in code.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::DateTime;

use super::harness::TestStore;
use super::samples::{Sample, every_kind};
use super::vary::Vary;
use super::world::World;
use crate::access::Tenancy;
use crate::id::Id;
use crate::store::{
    Condition, Entity, FieldType, FieldValue, Fields, Filter, Key, MemoryStore, Sort, TenancyKind,
};
use crate::time::ManualClock;

async fn world() -> World {
    let clock = ManualClock::new(DateTime::from_timestamp_millis(1_800_000_000_123).unwrap());
    let store = MemoryStore::new(Arc::new(clock.clone()));
    let mut world = World::new(TestStore::new(Arc::new(store), clock)).await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(world.populate::<$type>(6).await;)+
        };
    }
    crate::store::for_each_entity!(populate);
    world
}

fn holds<E: Entity>(conditions: &[Condition], entity: &E) -> bool {
    let (fields, values) = (E::Filter::FIELDS, E::Filter::values(entity));
    conditions.iter().all(|condition| condition.holds(fields, &values))
}

#[tokio::test]
async fn conditions_match_what_the_filter_matches() {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        let mut vary = Vary::new(41);
        for field in E::fields() {
            let mut matched = 0;
            for row in &rows {
                let mut filter = E::Filter::default();
                (field.ask)(&mut filter, row, &mut vary);
                let conditions = filter.conditions();
                for other in &rows {
                    let matches = filter.matches(other);
                    assert_eq!(holds(&conditions, other), matches, "{filter:?} of {other:?}");
                    matched += usize::from(matches);
                }
            }
            assert!(matched > 0, "{} by {field:?} matches something", E::KIND);
        }
        assert_eq!(E::Filter::default().conditions(), []);
    }
    every_kind!(check, &world().await);
}

#[tokio::test]
async fn conditions_let_through_what_the_scope_sees() {
    async fn check<E: Sample>(world: &World) {
        for reader in &world.readers {
            let conditions = E::KIND.tenancy_kind().seen_by(&reader.scope);
            for row in world.all::<E>() {
                let found = conditions.as_ref().is_some_and(|all| holds(all, &row));
                let sees = reader.scope.sees(row.tenancy());
                assert_eq!(found, sees, "{} {} for {}", E::KIND, row.id(), reader.name);
            }
        }
    }
    every_kind!(check, &world().await);
}

#[tokio::test]
async fn every_sort_has_a_field_with_its_key() {
    async fn check<E: Sample>(world: &World) {
        let fields = E::Filter::FIELDS;
        let mut sorts: BTreeSet<Sort> = fields.iter().filter_map(|field| field.sort).collect();
        assert!(sorts.insert(Sort::Created), "the order of making needs no field");
        assert_eq!(sorts, E::Filter::SORTS.iter().copied().collect(), "{}", E::KIND);
        for row in world.all::<E>() {
            for (field, value) in fields.iter().zip(E::Filter::values(&row)) {
                if let Some(sort) = field.sort {
                    let key = FieldValue::One(Key::Number(E::Filter::sort_key(&row, sort)));
                    assert_eq!(value, key, "{} {}", E::KIND, field.name);
                }
            }
        }
    }
    every_kind!(check, &world().await);
}

#[tokio::test]
async fn values_are_of_their_fields_type() {
    async fn check<E: Sample>(world: &World) {
        let fields = E::Filter::FIELDS;
        let names: BTreeSet<_> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), fields.len(), "{}: each name once", E::KIND);
        assert!(!names.contains("id") && !names.contains("version") && !names.contains("body"));
        for row in world.all::<E>() {
            let values = E::Filter::values(&row);
            assert_eq!(values.len(), fields.len(), "{}", E::KIND);
            for (field, value) in fields.iter().zip(values) {
                let fits = match (&value, field.field_type) {
                    (FieldValue::None, _) => field.sort.is_none(),
                    (FieldValue::One(Key::Flag(_)), FieldType::Flag)
                    | (FieldValue::One(Key::Number(_)), FieldType::Number)
                    | (FieldValue::One(Key::Id(_)), FieldType::Id)
                    | (FieldValue::One(Key::Text(_)), FieldType::Text) => true,
                    (FieldValue::Many(keys), FieldType::Ids) => {
                        keys.iter().all(|key| matches!(key, Key::Id(_)))
                    }
                    (FieldValue::Many(keys), FieldType::Texts) => {
                        keys.iter().all(|key| matches!(key, Key::Text(_)))
                    }
                    _ => false,
                };
                assert!(fits, "{} {}: {value:?}", E::KIND, field.name);
            }
        }
    }
    every_kind!(check, &world().await);
}

#[tokio::test]
async fn the_tenancy_stands_in_its_fields() {
    async fn check<E: Sample>(world: &World) {
        for row in world.all::<E>() {
            let id = |name: &str, id: uuid::Uuid| {
                let is = [Condition::OneOf(name_of::<E>(name), vec![Key::Id(id)])];
                assert!(holds(&is, &row), "{} {name} of {row:?}", E::KIND);
            };
            match (row.tenancy(), E::KIND.tenancy_kind()) {
                (Tenancy::Agency(agency), TenancyKind::Agency)
                | (Tenancy::AgencyWide(agency), TenancyKind::AgencyWide | TenancyKind::Coverage)
                | (Tenancy::Clients(agency, _), TenancyKind::Coverage)
                | (Tenancy::Log(agency, None), TenancyKind::Log) => id("agency_id", agency.uuid()),
                (Tenancy::Client(agency, client), TenancyKind::Client)
                | (Tenancy::Log(agency, Some(client)), TenancyKind::Log) => {
                    id("agency_id", agency.uuid());
                    id("client_id", client.uuid());
                }
                (Tenancy::Person(user), TenancyKind::Person)
                | (Tenancy::AddressedTo(user, ..), TenancyKind::Addressed) => {
                    id("user_id", user.uuid());
                }
                (Tenancy::Installation, TenancyKind::Installation) => {}
                (tenancy, kind) => panic!("{} is of {tenancy:?}, not {kind:?}", E::KIND),
            }
        }
    }
    every_kind!(check, &world().await);
}

fn name_of<E: Entity>(name: &str) -> &'static str {
    let field = E::Filter::FIELDS.iter().find(|field| field.name == name);
    field.unwrap_or_else(|| panic!("{} has a field {name}", E::KIND)).name
}
