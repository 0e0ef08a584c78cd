//! The store in memory behind something that fails, hangs or panics as it is told.

use std::any::type_name;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::agency::Meter;
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, AgencyId};
use mcmp_core::publishing::{AccountLane, PublishJob};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Entity, EventPosition, JobQueue, LeaseKey,
    MemoryStore, Outbox, Page, Query, Read, StoreError,
};
use mcmp_core::time::Month;
use tokio::sync::watch;

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    Fails,
    Panics,
    Takes(Duration),
}

/// What is in the way, by the name of the call: `claim`, `commit`, `events_after`, or `get` and
/// `list` with the kind, as in `list Post`; `any` is every call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Troubles {
    by_call: Arc<Mutex<BTreeMap<String, Trouble>>>,
    calls: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Troubles {
    pub(crate) fn set(&self, call: &str, trouble: Trouble) {
        self.by_call.lock().unwrap().insert(call.to_owned(), trouble);
    }

    pub(crate) fn clear(&self) {
        self.by_call.lock().unwrap().clear();
    }

    /// How often a call was made.
    pub(crate) fn calls(&self, call: &str) -> usize {
        self.calls.lock().unwrap().get(call).copied().unwrap_or(0)
    }

    async fn meet(&self, call: &str) -> Result<(), StoreError> {
        *self.calls.lock().unwrap().entry(call.to_owned()).or_default() += 1;
        let trouble = {
            let troubles = self.by_call.lock().unwrap();
            troubles.get(call).or_else(|| troubles.get("any")).copied()
        };
        match trouble {
            None => Ok(()),
            Some(Trouble::Fails) => Err(StoreError::Unavailable { source: "told to fail".into() }),
            Some(Trouble::Panics) => panic!("told to panic"),
            Some(Trouble::Takes(time)) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct TroubledStore {
    inner: MemoryStore,
    troubles: Troubles,
}

impl TroubledStore {
    pub(crate) fn new(inner: MemoryStore, troubles: Troubles) -> Self {
        Self { inner, troubles }
    }
}

fn name_of<E>(call: &str) -> String {
    format!("{call} {}", type_name::<E>().rsplit("::").next().unwrap_or_default())
}

#[async_trait]
impl<E: Entity> Read<E> for TroubledStore
where
    MemoryStore: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        self.troubles.meet(&name_of::<E>("get")).await?;
        Read::<E>::get(&self.inner, scope, id).await
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        self.troubles.meet(&name_of::<E>("list")).await?;
        Read::<E>::list(&self.inner, scope, query).await
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        self.troubles.meet("count").await?;
        Read::<E>::count(&self.inner, scope, filter).await
    }
}

#[async_trait]
impl Commit for TroubledStore {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        self.troubles.meet("commit").await?;
        self.inner.commit(scope, changes).await
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        self.inner.usage(scope, agency, meter, month).await
    }
}

#[async_trait]
impl JobQueue for TroubledStore {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.troubles.meet("now").await?;
        JobQueue::now(&self.inner).await
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        self.troubles.meet("claim").await?;
        self.inner.claim(scope, request).await
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        self.troubles.meet("renew").await?;
        self.inner.renew(scope, leases, lease).await
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        self.troubles.meet("expired").await?;
        self.inner.expired(scope, limit).await
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.troubles.meet("next_due").await?;
        self.inner.next_due(scope).await
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        self.inner.lane(scope, account).await
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.inner.signal()
    }
}

#[async_trait]
impl Outbox for TroubledStore {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        self.troubles.meet("events_after").await?;
        self.inner.events_after(scope, after, limit).await
    }
}
