//! Stores that work outside the runtime, as databases do. Paused time goes on by itself whenever
//! nothing in the runtime is ready, so it must be kept from that while such a store is asked.

use std::future::Future;
use std::sync::{Arc, mpsc};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::agency::Meter;
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, AgencyId};
use mcmp_core::publishing::{AccountLane, PublishJob};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Entity, EventPosition, JobQueue, LeaseKey,
    MemoryStore, Outbox, Page, Query, Read, Store, StoreError,
};
use mcmp_core::time::Month;
use mcmp_scheduler::TokioClock;
use tokio::sync::{oneshot, watch};

use super::run::run_over;

/// A store that paused time waits for.
#[derive(Debug)]
pub(crate) struct Outside {
    inner: Arc<dyn Store>,
    /// Whether each call goes by another thread, for want of a real database.
    is_far: bool,
}

impl Outside {
    /// For a run over a database.
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, is_far: false }
    }

    async fn ask<T>(&self, call: impl Future<Output = T>) -> T {
        in_standing_time(async {
            if self.is_far {
                from_another_thread(()).await;
            }
            call.await
        })
        .await
    }
}

/// The call's answer; paused time stands still until it is there. Time does not go on by itself
/// while something runs on Tokio's threads for blocking work, so something does.
async fn in_standing_time<T>(call: impl Future<Output = T>) -> T {
    let (_until_dropped, ended) = mpsc::channel::<()>();
    // Nobody ever sends: it comes back when the other half is dropped.
    tokio::task::spawn_blocking(move || {
        let _ = ended.recv();
    });
    call.await
}

/// Something that takes real time, and that the runtime knows nothing of.
async fn from_another_thread<T: Send + 'static>(what: T) -> T {
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || drop(answer.send(what)));
    answered.await.unwrap_or_else(|_| panic!("the thread answers"))
}

#[async_trait]
impl<E: Entity> Read<E> for Outside
where
    dyn Store: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        self.ask(Read::<E>::get(&*self.inner, scope, id)).await
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        self.ask(Read::<E>::list(&*self.inner, scope, query)).await
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        self.ask(Read::<E>::count(&*self.inner, scope, filter)).await
    }
}

#[async_trait]
impl Commit for Outside {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        self.ask(self.inner.commit(scope, changes)).await
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        self.ask(self.inner.usage(scope, agency, meter, month)).await
    }
}

#[async_trait]
impl JobQueue for Outside {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.ask(self.inner.now()).await
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        self.ask(self.inner.claim(scope, request)).await
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        self.ask(self.inner.renew(scope, leases, lease)).await
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        self.ask(self.inner.expired(scope, limit)).await
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.ask(self.inner.next_due(scope)).await
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        self.ask(self.inner.lane(scope, account)).await
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
        self.ask(self.inner.events_after(scope, after, limit)).await
    }
}

mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test(start_paused = true)]
    async fn paused_time_goes_on_over_a_call_to_the_outside_and_here_it_waits() {
        let (answer, answered) = oneshot::channel();
        assert!(timeout(HOUR, answered).await.is_err(), "an hour passes before the answer");
        assert!(answer.send(()).is_err());

        let began = Instant::now();
        for number in 0..200 {
            let call = in_standing_time(from_another_thread(number));
            assert_eq!(timeout(HOUR, call).await, Ok(number));
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        // And it goes on again.
        tokio::time::sleep(HOUR).await;
        assert_eq!(began.elapsed(), HOUR);
    }

    #[test]
    fn whole_engines_run_over_a_store_that_is_far_away() {
        for (seed, is_far) in [(3, false), (3, true)] {
            let new_store = async |clock: TokioClock| {
                let inner = Arc::new(MemoryStore::new(Arc::new(clock)));
                Arc::new(Outside { is_far, ..Outside::new(inner) }) as Arc<dyn Store>
            };
            let outcome = run_over(new_store, seed, None);
            assert!(outcome.violations.is_empty(), "seed {seed}: {:#?}", outcome.violations);
            assert!(outcome.live > 0);
        }
    }
}
