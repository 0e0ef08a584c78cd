//! The rows of one kind, with what they are found by.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::access::{Reach, Scope, Tenancy};
use crate::id::{AgencyId, ClientId, Id, UserId};
use crate::store::{Cursor, Direction, Entity, Filter, Query, Sort, UniqueKey};

/// Who rows are kept under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Agency(AgencyId),
    Person(UserId),
}

/// Ids by owner and, within an agency, by client; what is of no single client stands under `None`.
type ByOwner<I> = BTreeMap<Owner, BTreeMap<Option<ClientId>, BTreeSet<I>>>;

/// The rows of one kind, with what they are found by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table<E: Entity> {
    rows: BTreeMap<E::Id, Arc<E>>,
    by_key: BTreeMap<UniqueKey, E::Id>,
    by_parent: BTreeMap<Uuid, BTreeSet<E::Id>>,
    by_owner: ByOwner<E::Id>,
    /// What is due at some time, by when.
    by_due: BTreeSet<(DateTime<Utc>, E::Id)>,
}

impl<E: Entity> Default for Table<E> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            by_key: BTreeMap::new(),
            by_parent: BTreeMap::new(),
            by_owner: BTreeMap::new(),
            by_due: BTreeSet::new(),
        }
    }
}

/// A page of rows, still shared with the table, so that they are copied after the lock is gone.
#[derive(Debug)]
pub(super) struct SharedPage<E> {
    pub(super) rows: Vec<Arc<E>>,
    pub(super) goes_on: bool,
}

/// Where a list can be looked for.
enum Candidates<'a, I> {
    Everywhere,
    In(Vec<&'a BTreeSet<I>>),
    /// Due before this time.
    Due(DateTime<Utc>),
}

impl<E: Entity> Table<E> {
    pub(super) fn get(&self, id: E::Id) -> Option<&Arc<E>> {
        self.rows.get(&id)
    }

    /// The field that another row has the same unique value in.
    pub(super) fn taken_key(&self, entity: &E) -> Option<&'static str> {
        let is_taken =
            |key: &UniqueKey| self.by_key.get(key).is_some_and(|holder| *holder != entity.id());
        entity.unique_keys().into_iter().find(is_taken).map(|key| key.field)
    }

    /// Puts a row in its place, or takes it away, and answers with what was there. The one way in
    /// which a table changes.
    pub(super) fn set(&mut self, id: E::Id, row: Option<Arc<E>>) -> Option<Arc<E>> {
        // All that asks the entity comes before the first change.
        let before = self.rows.get(&id).cloned();
        let was = before.as_deref();
        let is = row.as_deref();
        let old_keys = was.map_or_else(Vec::new, Entity::unique_keys);
        let new_keys = is.map_or_else(Vec::new, Entity::unique_keys);
        let (old_parent, new_parent) = (was.and_then(Entity::parent), is.and_then(Entity::parent));
        let (old_tenancy, new_tenancy) = (was.map(Entity::tenancy), is.map(Entity::tenancy));
        let (old_due, new_due) = (was.and_then(E::Filter::due), is.and_then(E::Filter::due));

        if old_keys != new_keys {
            for key in &old_keys {
                self.by_key.remove(key);
            }
            self.by_key.extend(new_keys.into_iter().map(|key| (key, id)));
        }
        if old_parent != new_parent {
            if let Some(parent) = old_parent {
                remove_from(&mut self.by_parent, &parent, &id);
            }
            if let Some(parent) = new_parent {
                self.by_parent.entry(parent).or_default().insert(id);
            }
        }
        if old_tenancy != new_tenancy {
            if let Some(tenancy) = old_tenancy {
                for_each_place(tenancy, |owner, client| {
                    if let Some(clients) = self.by_owner.get_mut(&owner) {
                        remove_from(clients, &client, &id);
                        if clients.is_empty() {
                            self.by_owner.remove(&owner);
                        }
                    }
                });
            }
            if let Some(tenancy) = new_tenancy {
                for_each_place(tenancy, |owner, client| {
                    self.by_owner.entry(owner).or_default().entry(client).or_default().insert(id);
                });
            }
        }
        if old_due != new_due {
            if let Some(at) = old_due {
                self.by_due.remove(&(at, id));
            }
            if let Some(at) = new_due {
                self.by_due.insert((at, id));
            }
        }
        match row {
            Some(row) => self.rows.insert(id, row),
            None => self.rows.remove(&id),
        };
        before
    }

    /// The rows of a page; `query` is validated.
    pub(super) fn page(&self, scope: &Scope, query: &Query<E>) -> SharedPage<E> {
        let wanted = query.limit.saturating_add(1);
        let mut rows = if query.sort == Sort::Created {
            self.page_by_id(scope, query, wanted)
        } else {
            self.page_by_key(scope, query, wanted)
        };
        let goes_on = rows.len() > query.limit;
        rows.truncate(query.limit);
        SharedPage { rows, goes_on }
    }

    /// How many the filter matches.
    pub(super) fn count(&self, scope: &Scope, filter: &E::Filter) -> usize {
        let range = (Bound::Unbounded, Bound::Unbounded);
        self.candidates(scope, filter, range, Direction::Ascending)
            .filter(|row| scope.sees(row.tenancy()) && filter.matches(row))
            .count()
    }

    /// In the order of ids, which the indexes have: ends as soon as the page is full.
    fn page_by_id(&self, scope: &Scope, query: &Query<E>, wanted: usize) -> Vec<Arc<E>> {
        let range = match query.after {
            Some(cursor) if cursor.key == 0 => {
                let last = Bound::Excluded(E::Id::from_uuid(cursor.id));
                match query.direction {
                    Direction::Ascending => (last, Bound::Unbounded),
                    Direction::Descending => (Bound::Unbounded, last),
                }
            }
            _ => (Bound::Unbounded, Bound::Unbounded),
        };
        self.candidates(scope, &query.filter, range, query.direction)
            .filter(|row| is_on_page(row.as_ref(), scope, query))
            .take(wanted)
            .cloned()
            .collect()
    }

    fn page_by_key(&self, scope: &Scope, query: &Query<E>, wanted: usize) -> Vec<Arc<E>> {
        let range = (Bound::Unbounded, Bound::Unbounded);
        let mut found: Vec<_> = self
            .candidates(scope, &query.filter, range, Direction::Ascending)
            .filter(|row| is_on_page(row.as_ref(), scope, query))
            .map(|row| ((E::Filter::sort_key(row, query.sort), row.id()), row))
            .collect();
        let order = |a: &((i64, E::Id), _), b: &((i64, E::Id), _)| match query.direction {
            Direction::Ascending => a.0.cmp(&b.0),
            Direction::Descending => b.0.cmp(&a.0),
        };
        if found.len() > wanted {
            found.select_nth_unstable_by(wanted, order);
            found.truncate(wanted);
        }
        found.sort_unstable_by(order);
        found.into_iter().map(|(_, row)| Arc::clone(row)).collect()
    }

    /// All rows that can be in the list, each once, in the order of their ids.
    fn candidates<'a>(
        &'a self,
        scope: &Scope,
        filter: &E::Filter,
        range: (Bound<E::Id>, Bound<E::Id>),
        direction: Direction,
    ) -> Box<dyn Iterator<Item = &'a Arc<E>> + 'a> {
        let sets = match self.places_of(scope, filter) {
            Candidates::Due(before) => {
                let due = self.by_due.iter().take_while(|(at, _)| *at < before);
                return self.in_order(due.map(|(_, id)| *id), range, direction);
            }
            Candidates::Everywhere => {
                let rows = self.rows.range(range).map(|(_, row)| row);
                return match direction {
                    Direction::Ascending => Box::new(rows),
                    Direction::Descending => Box::new(rows.rev()),
                };
            }
            Candidates::In(sets) => sets,
        };
        let row = |id: &E::Id| self.rows.get(id);
        if let [set] = sets.as_slice() {
            let ids = set.range(range);
            return match direction {
                Direction::Ascending => Box::new(ids.filter_map(row)),
                Direction::Descending => Box::new(ids.rev().filter_map(row)),
            };
        }
        let ids = sets.into_iter().flat_map(|set| set.range(range).copied());
        self.in_order(ids, range, direction)
    }

    /// The rows of these ids as far as they are in `range`, each once, in the order of their ids.
    fn in_order<'a>(
        &'a self,
        ids: impl Iterator<Item = E::Id>,
        range: (Bound<E::Id>, Bound<E::Id>),
        direction: Direction,
    ) -> Box<dyn Iterator<Item = &'a Arc<E>> + 'a> {
        let mut ids: Vec<E::Id> = ids.filter(|id| range.contains(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        if direction == Direction::Descending {
            ids.reverse();
        }
        Box::new(ids.into_iter().filter_map(move |id| self.rows.get(&id)))
    }

    /// The smallest part of the table that holds all that scope and filter let through.
    fn places_of(&self, scope: &Scope, filter: &E::Filter) -> Candidates<'_, E::Id> {
        if let Some(parent) = filter.parent() {
            return Candidates::In(self.by_parent.get(&parent).into_iter().collect());
        }
        if let Some(before) = filter.due_before() {
            return Candidates::Due(before);
        }
        if let Some(client) = filter.client() {
            let of_client = self.by_owner.values().filter_map(|own| own.get(&Some(client)));
            return Candidates::In(of_client.collect());
        }
        let mut sets = Vec::new();
        match scope.reach() {
            Reach::Everything => return Candidates::Everywhere,
            Reach::Agency(agency) => {
                sets.extend(self.by_owner.get(&Owner::Agency(*agency)).into_iter().flatten());
            }
            Reach::Clients(agency, clients) => {
                if let Some(own) = self.by_owner.get(&Owner::Agency(*agency)) {
                    sets.extend(own.get_key_value(&None));
                    sets.extend(clients.iter().filter_map(|c| own.get_key_value(&Some(*c))));
                }
            }
            Reach::Person => {}
        }
        if let Some(person) = scope.person() {
            sets.extend(self.by_owner.get(&Owner::Person(person)).into_iter().flatten());
        }
        Candidates::In(sets.into_iter().map(|(_, ids)| ids).collect())
    }
}

fn is_on_page<E: Entity>(row: &E, scope: &Scope, query: &Query<E>) -> bool {
    scope.sees(row.tenancy())
        && query.filter.matches(row)
        && query.after.is_none_or(|cursor| is_after(row, query, cursor))
}

fn is_after<E: Entity>(row: &E, query: &Query<E>, cursor: Cursor) -> bool {
    let place = (E::Filter::sort_key(row, query.sort), row.id().uuid());
    match query.direction {
        Direction::Ascending => place > (cursor.key, cursor.id),
        Direction::Descending => place < (cursor.key, cursor.id),
    }
}

fn for_each_place(tenancy: Tenancy<'_>, mut place: impl FnMut(Owner, Option<ClientId>)) {
    match tenancy {
        Tenancy::Agency(agency) | Tenancy::AgencyWide(agency) => place(Owner::Agency(agency), None),
        Tenancy::Client(agency, client) => place(Owner::Agency(agency), Some(client)),
        Tenancy::Clients(agency, []) => place(Owner::Agency(agency), None),
        Tenancy::Clients(agency, clients) => {
            clients.iter().for_each(|client| place(Owner::Agency(agency), Some(*client)));
        }
        Tenancy::Person(user) | Tenancy::AddressedTo(user, ..) => place(Owner::Person(user), None),
        Tenancy::Log(agency, client) => place(Owner::Agency(agency), client),
        // Only the system asks, and it looks everywhere.
        Tenancy::Installation => {}
    }
}

/// Takes `item` out of the set under `key`; a set that is empty then goes too.
fn remove_from<K: Ord, T: Ord>(sets: &mut BTreeMap<K, BTreeSet<T>>, key: &K, item: &T) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(item);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}

#[cfg(test)]
impl<E: Entity> Table<E> {
    /// The same rows, indexed from nothing.
    pub(super) fn rebuilt(&self) -> Self {
        let mut table = Self::default();
        for (id, row) in &self.rows {
            table.set(*id, Some(Arc::clone(row)));
        }
        table
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &E> {
        self.rows.values().map(Arc::as_ref)
    }
}
