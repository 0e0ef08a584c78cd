//! The store in memory, for test suites and trials.

mod lanes;
mod queue;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod transaction;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use self::state::{HasTable, State};
use self::table::SharedPage;
use super::{ChangeSet, Commit, Entity, EventPosition, Outbox, Page, Query, Read, StoreError};
use crate::access::{Scope, Tenancy};
use crate::agency::Meter;
use crate::event::Event;
use crate::id::AgencyId;
use crate::time::{Clock, Month, to_millis};

/// A store that keeps everything in memory: all of the contract, at any number of threads, and
/// nothing survives the process. Clones share what they hold.
///
/// Its time is the clock's. What it does is in the same order in every run: with a manual clock and
/// a seeded id source so is everything that is built on it.
///
/// ```
/// use std::sync::Arc;
///
/// use mcmp_core::store::{MemoryStore, Store};
/// use mcmp_core::time::SystemClock;
///
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    signal: watch::Sender<u64>,
}

impl MemoryStore {
    /// An empty store whose time is `clock`'s.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (state, signal) = (Mutex::default(), watch::Sender::new(0));
        Self { shared: Arc::new(Shared { clock, state, signal }) }
    }

    fn time(&self) -> DateTime<Utc> {
        to_millis(self.shared.clock.now())
    }

    /// The state. A thread that panicked with the lock held leaves no half of a commit: a
    /// transaction takes back what it wrote as it unwinds.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit_one(
        &self,
        state: &mut State,
        scope: &Scope,
        changes: ChangeSet,
    ) -> Result<(), StoreError> {
        if transaction::commit(state, scope, changes)? {
            self.shared.signal.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("clock", &self.shared.clock).finish_non_exhaustive()
    }
}

#[async_trait]
impl<E: Entity> Read<E> for MemoryStore
where
    State: HasTable<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        let row = HasTable::<E>::table(&*self.lock()).get(id).cloned();
        Ok(row.filter(|row| scope.sees(row.tenancy())).map(|row| E::clone(&row)))
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        query.validate()?;
        let SharedPage { rows, goes_on } = HasTable::<E>::table(&*self.lock()).page(scope, query);
        let next = rows.last().filter(|_| goes_on).map(|row| query.cursor_at(row));
        Ok(Page { items: rows.iter().map(|row| E::clone(row)).collect(), next })
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        let count = HasTable::<E>::table(&*self.lock()).count(scope, filter);
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

#[async_trait]
impl Commit for MemoryStore {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        self.commit_one(&mut self.lock(), scope, changes)
    }

    async fn commit_all(
        &self,
        scope: &Scope,
        changes: Vec<ChangeSet>,
    ) -> Vec<Result<(), StoreError>> {
        let mut state = self.lock();
        changes.into_iter().map(|one| self.commit_one(&mut state, scope, one)).collect()
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        if !scope.sees(Tenancy::Agency(agency)) {
            return Ok(0);
        }
        let key = State::meter_key(agency, meter, month);
        Ok(self.lock().meters.get(&key).copied().unwrap_or_default())
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        let state = self.lock();
        let events = HasTable::<Event>::table(&*state);
        let found: Vec<_> = state
            .log
            .after(after)
            .filter_map(|(position, id)| Some((position, events.get(id)?)))
            .filter(|(_, event)| scope.sees(event.tenancy()))
            .take(limit)
            .map(|(position, event)| (position, Arc::clone(event)))
            .collect();
        drop(state);
        Ok(found.into_iter().map(|(position, event)| (position, Event::clone(&event))).collect())
    }
}
