//! The memory store over a bad connection: commits do not arrive, or their answer is lost, and
//! others get their turn between any two calls.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    NeverArrives,
    LosesAnswer,
}

#[derive(Debug)]
pub(crate) struct Flaky {
    inner: MemoryStore,
    script: Mutex<VecDeque<Trouble>>,
    is_down: AtomicBool,
}

impl Flaky {
    pub(crate) fn new(inner: MemoryStore, script: impl IntoIterator<Item = Trouble>) -> Self {
        let script = Mutex::new(script.into_iter().collect());
        Self { inner, script, is_down: AtomicBool::new(false) }
    }

    /// From now on nothing reaches it, or everything does.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    async fn reach(&self) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        if self.is_down.load(Ordering::SeqCst) { Err(unavailable()) } else { Ok(()) }
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { source: "told to fail".into() }
}

#[async_trait]
impl<E: Entity> Read<E> for Flaky
where
    MemoryStore: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        self.reach().await?;
        Read::<E>::get(&self.inner, scope, id).await
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        self.reach().await?;
        Read::<E>::list(&self.inner, scope, query).await
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        Read::<E>::count(&self.inner, scope, filter).await
    }
}

#[async_trait]
impl Commit for Flaky {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        self.reach().await?;
        let trouble = self.script.lock().unwrap().pop_front().unwrap_or(Trouble::None);
        if trouble == Trouble::NeverArrives {
            return Err(unavailable());
        }
        self.inner.commit(scope, changes).await?;
        if trouble == Trouble::LosesAnswer { Err(unavailable()) } else { Ok(()) }
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
impl JobQueue for Flaky {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.reach().await?;
        JobQueue::now(&self.inner).await
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        self.reach().await?;
        self.inner.claim(scope, request).await
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        self.reach().await?;
        self.inner.renew(scope, leases, lease).await
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        self.reach().await?;
        self.inner.expired(scope, limit).await
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
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
impl Outbox for Flaky {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        self.reach().await?;
        self.inner.events_after(scope, after, limit).await
    }
}
