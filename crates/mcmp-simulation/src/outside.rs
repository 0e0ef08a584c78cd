//! Stores that work outside the run, as databases do: on threads of their own, in real time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::agency::Meter;
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, AgencyId};
use mcmp_core::publishing::{AccountLane, PublishJob};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Entity, EventPosition, JobQueue, LeaseKey, Outbox,
    Page, Query, Read, Store, StoreError,
};
use mcmp_core::time::{Clock, ManualClock, Month};
use mcmp_scheduler::TokioClock;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// A store of another runtime. Whoever calls it stands still, with everybody else of the run, until
/// it has answered: no time passes and nobody comes in between, so that a run is as much the same
/// every time as over a store in memory.
#[derive(Debug)]
pub struct Outside {
    inner: Arc<dyn Store>,
    runtime: Handle,
    /// The run's time, which other threads can't read,
    time: TokioClock,
    /// and the store's: the run's at the last call.
    clock: ManualClock,
}

impl Outside {
    /// The store that `new_store` makes, whose runtime has threads of its own that go on while this
    /// one waits. It must go by the given clock.
    pub fn new<S: Store + 'static>(
        runtime: &Handle,
        time: TokioClock,
        new_store: impl AsyncFnOnce(ManualClock) -> S,
    ) -> Self {
        let clock = ManualClock::new(time.now());
        let inner = Arc::new(answered(runtime, new_store(clock.clone())));
        Self { inner, runtime: runtime.clone(), time, clock }
    }

    fn ask<T>(&self, call: impl Future<Output = T>) -> T {
        self.clock.set(self.time.now());
        answered(&self.runtime, call)
    }
}

/// The answer of a call to what belongs to another runtime. The thread waits for it as if there
/// were no runtime here.
fn answered<T>(runtime: &Handle, call: impl Future<Output = T>) -> T {
    let _there = runtime.enter();
    // A task that has done a lot is told to let others go first. Here there are none.
    let mut call = pin!(tokio::task::unconstrained(call));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(answer) = call.as_mut().poll(&mut context) {
            return answer;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[async_trait]
impl<E: Entity> Read<E> for Outside
where
    dyn Store: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        self.ask(Read::<E>::get(&*self.inner, scope, id))
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        self.ask(Read::<E>::list(&*self.inner, scope, query))
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        self.ask(Read::<E>::count(&*self.inner, scope, filter))
    }
}

#[async_trait]
impl Commit for Outside {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        self.ask(self.inner.commit(scope, changes))
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        self.ask(self.inner.usage(scope, agency, meter, month))
    }
}

#[async_trait]
impl JobQueue for Outside {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.ask(self.inner.now())
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        self.ask(self.inner.claim(scope, request))
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        self.ask(self.inner.renew(scope, leases, lease))
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        self.ask(self.inner.expired(scope, limit))
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.ask(self.inner.next_due(scope))
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        self.ask(self.inner.lane(scope, account))
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.inner.signal()
    }
}

#[async_trait]
impl Outbox for Outside {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        self.ask(self.inner.events_after(scope, after, limit))
    }
}
