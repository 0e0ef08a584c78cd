//! Everything that the store holds.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::lanes::Lanes;
use super::table::Table;
use crate::agency::Meter;
use crate::id::{AgencyId, EventId};
use crate::publishing::PublishJob;
use crate::store::entity::for_each_entity;
use crate::store::{Entity, EventPosition};
use crate::time::Month;

/// Finds the table of a kind.
pub(super) trait HasTable<E: Entity> {
    fn table(&self) -> &Table<E>;
    fn table_mut(&mut self) -> &mut Table<E>;
}

macro_rules! tables {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        /// A table of each kind.
        #[allow(non_snake_case, reason = "the list of entities names kinds, not fields")]
        #[derive(Debug, Clone, Default, PartialEq)]
        pub(super) struct Tables {
            $($name: Table<$type>,)+
        }

        $(impl HasTable<$type> for State {
            fn table(&self) -> &Table<$type> {
                &self.tables.$name
            }

            fn table_mut(&mut self) -> &mut Table<$type> {
                &mut self.tables.$name
            }
        })+

        #[cfg(test)]
        impl Tables {
            /// The same rows, indexed from nothing.
            fn rebuilt(&self) -> Self {
                Self { $($name: self.$name.rebuilt(),)+ }
            }
        }
    };
}
for_each_entity!(tables);

/// A count: whose, of what, in which month.
pub(super) type MeterKey = (AgencyId, Meter, Option<Month>);

/// Everything that the store holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    tables: Tables,
    pub(super) lanes: Lanes,
    pub(super) meters: BTreeMap<MeterKey, u64>,
    pub(super) log: EventLog,
    /// Whether an odd place in a claim goes to an unknown job next.
    pub(super) odd_place_to_unknown: bool,
}

impl State {
    /// Puts a row in its place, or takes it away, and answers with what was there. Indexes follow;
    /// lanes and the event log are the caller's.
    pub(super) fn set<E: Entity>(&mut self, id: E::Id, row: Option<Arc<E>>) -> Option<Arc<E>>
    where
        Self: HasTable<E>,
    {
        let before = self.table_mut().set(id, row.clone());
        let (was, is) = (before.as_deref().and_then(as_job), row.as_deref().and_then(as_job));
        self.lanes.follow(was, is);
        before
    }

    /// The key that a meter is counted under.
    pub(super) fn meter_key(agency: AgencyId, meter: Meter, month: Option<Month>) -> MeterKey {
        (agency, meter, month.filter(|_| meter.is_monthly()))
    }
}

fn as_job<E: Entity>(entity: &E) -> Option<&PublishJob> {
    (entity as &dyn Any).downcast_ref()
}

/// The order in which events were committed. Positions follow one another without a gap; an event
/// that was deleted leaves its place empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct EventLog {
    /// How many places were taken off the front.
    trimmed: u64,
    places: VecDeque<Option<EventId>>,
}

impl EventLog {
    pub(super) fn append(&mut self, id: EventId) {
        self.places.push_back(Some(id));
    }

    /// Takes back the last [`append`](Self::append).
    pub(super) fn take_back(&mut self) {
        self.places.pop_back();
    }

    /// Empties the place of an event and says which it was. Looks from the oldest on, as that is
    /// where events are deleted.
    pub(super) fn empty(&mut self, id: EventId) -> Option<usize> {
        let index = self.places.iter().position(|place| *place == Some(id))?;
        self.fill(index, None);
        Some(index)
    }

    /// Puts into a place what was there.
    pub(super) fn fill(&mut self, index: usize, place: Option<EventId>) {
        if let Some(old) = self.places.get_mut(index) {
            *old = place;
        }
    }

    /// Lets go of the oldest places as far as they are empty.
    pub(super) fn trim(&mut self) {
        while self.places.front().is_some_and(Option::is_none) {
            self.places.pop_front();
            self.trimmed = self.trimmed.saturating_add(1);
        }
    }

    /// The events after a place, in order.
    pub(super) fn after(
        &self,
        after: EventPosition,
    ) -> impl Iterator<Item = (EventPosition, EventId)> + '_ {
        let skipped = usize::try_from(after.0.saturating_sub(self.trimmed)).unwrap_or(usize::MAX);
        let first = self.trimmed.saturating_add(1);
        self.places
            .range(skipped.min(self.places.len())..)
            .zip(first.max(after.0.saturating_add(1))..)
            .filter_map(|(place, position)| Some((EventPosition(position), (*place)?)))
    }
}

#[cfg(test)]
impl State {
    /// The same rows and lanes, with all that can be told from them made anew.
    pub(super) fn rebuilt(&self) -> Self {
        let jobs = HasTable::<PublishJob>::table(self);
        Self {
            tables: self.tables.rebuilt(),
            lanes: self.lanes.rebuilt(jobs.rows()),
            meters: self.meters.clone(),
            log: self.log.clone(),
            odd_place_to_unknown: self.odd_place_to_unknown,
        }
    }
}
