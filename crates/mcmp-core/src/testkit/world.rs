//! Two agencies with their clients and people: what the rules play in.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::harness::TestStore;
use super::samples::{Maker, Place, Sample};
use crate::access::{Actor, Scope};
use crate::account::SocialAccount;
use crate::agency::Agency;
use crate::approval::ReviewLink;
use crate::campaign::{Brief, Campaign};
use crate::client::Client;
use crate::event::Event;
use crate::id::{AgencyId, Id};
use crate::member::{ApiKey, Coverage, Grant, Membership, Role, User};
use crate::post::Post;
use crate::publishing::PublishJob;
use crate::store::{
    ChangeSet, Direction, Entity, EntityKind, EventPosition, Query, Record, Sort, Store,
    StoreError, StoreExt,
};
use crate::time::Month;
use crate::webhook::WebhookEndpoint;

/// Somebody who reads and writes.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Who, for messages.
    pub name: String,
    /// What that one reaches.
    pub scope: Scope,
}

/// A store with two agencies in it: the first with three clients, the second with two; people of
/// every role, API keys, guests and the system.
pub struct World {
    test: TestStore,
    /// Makes samples.
    pub maker: Maker,
    /// One for each client: three of the first agency, two of the second.
    pub places: Vec<Place>,
    /// Everybody.
    pub readers: Vec<Reader>,
    /// The system itself.
    pub system: Scope,
    /// All that lies in the store.
    pub kept: Vec<Record>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("places", &self.places).finish_non_exhaustive()
    }
}

/// Collects what the world starts with.
struct Seed<'a> {
    maker: &'a Maker,
    changes: ChangeSet,
    kept: Vec<Record>,
}

impl Seed<'_> {
    fn add<E: Sample>(&mut self, mut entity: E) -> E {
        entity.put(&mut self.changes);
        self.kept.push(entity.clone().into());
        entity
    }

    fn add_as<E: Sample>(&mut self, place: &Place, id: E::Id) -> E {
        let mut entity = E::sample(self.maker, place, 1);
        entity.set_id(id);
        self.add(entity)
    }

    fn member(&mut self, place: &Place, role: Role, coverage: Coverage) -> (User, Membership) {
        let user: User = self.add(User::sample(self.maker, place, 2));
        let mut membership = Membership::sample(self.maker, place, 2);
        membership.user_id = user.id;
        membership.grant = Grant::new(role, coverage).unwrap();
        (user, self.add(membership))
    }
}

impl World {
    /// Seeds an empty store.
    pub async fn new(test: TestStore) -> Self {
        let base = test.store.now().await.unwrap();
        let maker = Maker::new(base);
        let system = Actor::system("kit").own_scope().unwrap();
        let agencies: [AgencyId; 2] = [maker.id(), maker.id()];
        let clients: Vec<_> = (0..5).map(|_| maker.id()).collect();
        let place = |own: usize| {
            let sibling = [1, 2, 0, 4, 3][own];
            Place::new(&maker, agencies[usize::from(own > 2)], clients[own], clients[sibling])
        };
        let places: Vec<Place> = (0..5).map(place).collect();

        let mut seed = Seed { maker: &maker, changes: ChangeSet::new(), kept: Vec::new() };
        for place in [&places[0], &places[3]] {
            seed.add_as::<Agency>(place, place.agency_id);
        }
        for place in &places {
            seed.add_as::<Client>(place, place.client_id);
            seed.add_as::<User>(place, place.user_id);
            seed.add_as::<SocialAccount>(place, place.account_id);
            seed.add_as::<Campaign>(place, place.campaign_id);
            seed.add_as::<Brief>(place, place.brief_id);
            seed.add_as::<Post>(place, place.post_id);
            seed.add_as::<PublishJob>(place, place.job_id);
            seed.add_as::<WebhookEndpoint>(place, place.endpoint_id);
            seed.add_as::<Event>(place, place.event_id);
        }
        let readers = people(&mut seed, &places, base);
        let Seed { changes, kept, .. } = seed;
        test.store.commit(&system, changes).await.expect("the world is written");
        Self { test, maker, places, readers, system, kept }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.test.store.as_ref()
    }

    /// The store, for a task of its own.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(&self.test.store)
    }

    /// Moves the store's time.
    pub async fn advance(&self, by: TimeDelta) {
        self.test.time.advance(by).await;
    }

    /// The store's time.
    pub async fn now(&self) -> DateTime<Utc> {
        self.store().now().await.unwrap()
    }

    /// A sample in a place, not yet stored.
    #[must_use]
    pub fn make<E: Sample>(&self, place: usize, seq: u64) -> E {
        E::sample(&self.maker, &self.places[place], seq)
    }

    /// Stores an entity in the system's name; gives it back as it is then.
    pub async fn insert<E: Sample>(&mut self, mut entity: E) -> E {
        let mut changes = ChangeSet::new();
        entity.put(&mut changes);
        self.commit(changes).await.expect("an insert works");
        self.kept.push(entity.clone().into());
        entity
    }

    /// Stores `count` samples in each place.
    pub async fn populate<E: Sample>(&mut self, count: u64) {
        let mut changes = ChangeSet::new();
        for seq in 0..count {
            for place in 0..self.places.len() {
                let mut entity: E = self.make(place, seq * 7 + place as u64 + 3);
                entity.put(&mut changes);
                self.kept.push(entity.into());
            }
        }
        self.commit(changes).await.expect("samples are stored");
    }

    /// Commits in the system's name.
    ///
    /// # Errors
    /// The store's.
    pub async fn commit(&self, changes: ChangeSet) -> Result<(), StoreError> {
        self.store().commit(&self.system, changes).await
    }

    /// All of a kind that lies in the store, in the order of their ids.
    #[must_use]
    pub fn all<E: Sample>(&self) -> Vec<E> {
        let mut all: Vec<E> = self.kept.iter().filter_map(E::of_record).cloned().collect();
        all.sort_by_key(Entity::id);
        all
    }

    /// Forgets an entity that was deleted.
    pub fn forget<E: Entity>(&mut self, id: E::Id) {
        self.kept.retain(|record| (record.kind(), record.id()) != (E::KIND, id.uuid()));
    }

    /// What the store has under an id, whoever it belongs to.
    pub async fn stored<E: Sample>(&self, id: E::Id) -> Option<E> {
        E::read(self.store()).get(&self.system, id).await.unwrap()
    }

    /// All pages of a query; fails on a list that does not end.
    pub async fn walk<E: Sample>(&self, scope: &Scope, mut query: Query<E>) -> Vec<E> {
        let mut items = Vec::new();
        for _ in 0..10_000 {
            let page = E::read(self.store()).list(scope, &query).await.unwrap();
            assert!(page.items.len() <= query.limit, "a page holds no more than its limit");
            items.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return items,
            }
        }
        panic!("{}: the list does not end", E::KIND);
    }

    /// Everything the system sees, to be compared before and after.
    pub async fn dump(&self) -> Vec<String> {
        self.dump_of(self.store()).await
    }

    /// The same of another store that holds this world.
    pub async fn dump_of(&self, store: &dyn Store) -> Vec<String> {
        let mut dump = Vec::new();
        macro_rules! every {
            ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {$(
                let rows = store.all::<$type>(&self.system, Default::default()).await.unwrap();
                dump.extend(rows.iter().map(|row| format!("{row:?}")));
            )+};
        }
        crate::store::for_each_entity!(every);
        let events = store.events_after(&self.system, EventPosition::START, 10_000).await;
        dump.extend(events.unwrap().iter().map(|(_, event)| format!("outbox {}", event.id)));
        let meters = crate::agency::Meter::ALL;
        for place in &self.places {
            let lane = store.lane(&self.system, place.account_id).await.unwrap();
            dump.push(format!("{lane:?}"));
            for meter in meters {
                let month = meter.is_monthly().then(|| Month::of(self.maker.base()));
                let used = store.usage(&self.system, place.agency_id, *meter, month).await;
                dump.push(format!("{meter} {}", used.unwrap()));
            }
        }
        dump
    }
}

/// The ids of `rows`.
pub(super) fn ids<E: Entity>(rows: &[E]) -> Vec<E::Id> {
    rows.iter().map(Entity::id).collect()
}

/// Rows in the order of a query.
pub(super) fn in_order<E: Sample>(mut rows: Vec<E>, sort: Sort, direction: Direction) -> Vec<E> {
    use crate::store::Filter;
    rows.sort_by_key(|row| (E::Filter::sort_key(row, sort), row.id()));
    if direction == Direction::Descending {
        rows.reverse();
    }
    rows
}

/// Whether an error is a conflict over this very entity.
pub(super) fn is_conflict(error: &StoreError, kind: EntityKind, id: uuid::Uuid) -> bool {
    matches!(error, StoreError::Conflict { kind: k, id: i } if *k == kind && *i == id)
}

fn people(seed: &mut Seed<'_>, places: &[Place], base: DateTime<Utc>) -> Vec<Reader> {
    let mut readers = Vec::new();
    let mut reader = |name: &str, scope: Scope| {
        readers.push(Reader { name: name.to_owned(), scope });
    };
    let of = |own: &[usize]| Coverage::clients(own.iter().map(|i| places[*i].client_id)).unwrap();
    let (first, second) = (&places[0], &places[3]);

    for (role, coverage) in [
        (Role::Owner, Coverage::WholeAgency),
        (Role::Admin, Coverage::WholeAgency),
        (Role::Manager, of(&[0])),
        (Role::Creator, of(&[0, 1])),
        (Role::Analyst, Coverage::WholeAgency),
        (Role::Developer, of(&[2])),
        (Role::Viewer, of(&[1])),
        (Role::ClientOwner, of(&[0])),
        (Role::ClientViewer, of(&[1, 2])),
    ] {
        let (user, membership) = seed.member(first, role, coverage);
        let actor = Actor::user(user.id, vec![membership]);
        reader(role.as_str(), actor.scope(first.agency_id, base).unwrap());
    }
    let (user, there) = seed.member(second, Role::Owner, Coverage::WholeAgency);
    let actor = Actor::user(user.id, vec![there]);
    reader("owner of the second agency", actor.scope(second.agency_id, base).unwrap());

    let (user, here) = seed.member(first, Role::Manager, of(&[1]));
    let mut there = here.clone();
    (there.id, there.agency_id) = (seed.maker.id(), second.agency_id);
    there.grant = Grant::new(Role::ClientOwner, of(&[4])).unwrap();
    let there = seed.add(there);
    let both = Actor::user(user.id, vec![here, there]);
    reader("member of both, in the first", both.scope(first.agency_id, base).unwrap());
    reader("member of both, in the second", both.scope(second.agency_id, base).unwrap());
    reader("member of both, as a person", both.own_scope().unwrap());
    for place in [first, second] {
        let person = Actor::user(place.user_id, Vec::new());
        reader("person without a membership", person.own_scope().unwrap());
    }

    for (name, place, coverage) in [
        ("key of the first agency", first, Coverage::WholeAgency),
        ("key of one client", first, of(&[0])),
        ("key of the second agency", second, Coverage::WholeAgency),
    ] {
        let mut key = ApiKey::sample(seed.maker, place, 2);
        (key.coverage, key.expires_at, key.revoked_at) = (coverage, None, None);
        let key = seed.add(key);
        reader(name, Actor::ApiKey(Box::new(key)).scope(place.agency_id, base).unwrap());
    }
    for place in [first, second] {
        let mut link = ReviewLink::sample(seed.maker, place, 2);
        (link.expires_at, link.revoked_at) = (base + TimeDelta::days(1), None);
        let link = seed.add(link);
        reader("guest", Actor::Guest(Box::new(link)).scope(place.agency_id, base).unwrap());
    }
    let system = Actor::system("kit");
    reader("system in an agency", system.scope(first.agency_id, base).unwrap());
    reader("system", system.own_scope().unwrap());
    let names: BTreeSet<_> = readers.iter().map(|reader| reader.name.as_str()).collect();
    assert!(names.len() > 15, "everybody is there");
    readers
}
