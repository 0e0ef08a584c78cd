//! A store that is gone after so many commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::access::Scope;
use crate::agency::Meter;
use crate::event::Event;
use crate::id::{AccountId, AgencyId};
use crate::publishing::{AccountLane, PublishJob};
use crate::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Entity, EventPosition, JobQueue, LeaseKey, Outbox,
    Page, Query, Read, Store, StoreError,
};
use crate::time::Month;

/// A store that is gone after so many commits.
#[derive(Debug)]
pub(super) struct Stopping {
    inner: Arc<dyn Store>,
    left: AtomicUsize,
}

impl Stopping {
    pub(super) fn new(inner: Arc<dyn Store>, commits: usize) -> Self {
        Self { inner, left: AtomicUsize::new(commits) }
    }
}

#[async_trait]
impl<E: Entity> Read<E> for Stopping
where
    dyn Store: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        Read::<E>::get(&*self.inner, scope, id).await
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        Read::<E>::list(&*self.inner, scope, query).await
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        Read::<E>::count(&*self.inner, scope, filter).await
    }
}

#[async_trait]
impl Commit for Stopping {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        let left =
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.inner.commit(scope, changes).await,
            Err(_) => Err(StoreError::Unavailable { source: "stopped".into() }),
        }
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
impl JobQueue for Stopping {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.inner.now().await
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        self.inner.claim(scope, request).await
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        self.inner.renew(scope, leases, lease).await
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
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
impl Outbox for Stopping {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        self.inner.events_after(scope, after, limit).await
    }
}
