//! The store as one process sees it: with the process's life in between, and with whatever a
//! mutant breaks.

use std::any::Any;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::agency::Meter;
use mcmp_core::approval::ApprovalPolicy;
use mcmp_core::client::Client;
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, AgencyId};
use mcmp_core::publishing::{
    AccountLane, JobState, LaneAction, LaneChange, Lease, PauseReason, PublishJob,
};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Entity, EntityKind, EventPosition, JobQueue,
    LeaseKey, Outbox, Page, Query, Read, Record, Store, StoreError, Write,
};
use mcmp_core::time::Month;
use tokio::sync::watch;

use super::hub::{Hub, lock};
use super::life::{Life, StoreFault};
use super::mutants::Mutant;
use super::rewrite::{bring_up_to_date, change_set};

#[derive(Debug)]
pub(crate) struct Watched {
    inner: Arc<dyn Store>,
    hub: Arc<Hub>,
    life: Arc<Life>,
    claimed: Mutex<Vec<PublishJob>>,
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { source: "told to fail".into() }
}

/// Makes a call to the store behind `$self`, unless something happens to it.
macro_rules! call {
    ($self:ident, $name:expr, $call:expr) => {{
        let entered = $self.life.enter($name).await;
        let answer = match $self.life.store_fault() {
            Some(StoreFault::FailsBefore) => Err(unavailable()),
            Some(StoreFault::FailsAfter) => $call.and(Err(unavailable())),
            None => $call,
        };
        $self.life.leave(entered).await;
        answer
    }};
}

impl Watched {
    pub(crate) fn new(hub: Arc<Hub>, life: Arc<Life>) -> Self {
        Self { inner: Arc::clone(&hub.store), hub, life, claimed: Mutex::default() }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.hub.is(mutant)
    }

    async fn commit_watched(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        let changes = self.misunderstood(changes).await;
        let (writes, events) = (changes.writes().to_vec(), changes.events().to_vec());
        let before = self.hub.before(&writes).await;
        self.inner.commit(scope, changes).await?;
        self.hub.signal();
        self.hub.committed(&self.life, before, &writes, &events).await;
        Ok(())
    }

    /// The changes as a broken store understands them.
    async fn misunderstood(&self, changes: ChangeSet) -> ChangeSet {
        let Some(mutant) = self.hub.mutant.filter(|mutant| mutant.rewrites()) else {
            return changes;
        };
        let (mut writes, mut events) = changes.into_parts();
        let is_intent = writes.iter().any(
            |write| matches!(write, Write::Update(Record::PublishJob(job)) if job.state == JobState::Committing),
        );
        for write in &mut writes {
            if mutant == Mutant::IntentIsUnchecked && is_intent {
                bring_up_to_date(&*self.inner, &self.hub.system, write).await;
            }
            let Write::Lane(LaneChange { action, .. }) = write else { continue };
            match (mutant, &action) {
                (Mutant::LanesAreNeverPaused, LaneAction::Pause(reason)) => {
                    *action = LaneAction::Resume(*reason);
                }
                (Mutant::LanesAreNeverBlocked, LaneAction::BlockUntil(_)) => {
                    *action = LaneAction::BlockUntil(DateTime::UNIX_EPOCH);
                }
                _ => {}
            }
        }
        if mutant == Mutant::EventsAreForgotten && is_intent {
            events.clear();
        }
        let job = writes.iter().find_map(|write| match write {
            Write::Insert(Record::PublishJob(job)) => Some((job, LaneAction::SetMaxInFlight(3))),
            Write::Update(Record::PublishJob(job)) if job.state == JobState::Published => {
                Some((job, LaneAction::Pause(PauseReason::Client)))
            }
            _ => None,
        });
        let wanted = |action: &LaneAction| match mutant {
            Mutant::LanesTakeMore => matches!(action, LaneAction::SetMaxInFlight(_)),
            Mutant::LanesFallAsleep => matches!(action, LaneAction::Pause(_)),
            _ => false,
        };
        if let Some((job, action)) = job.filter(|(_, action)| wanted(action)) {
            let (account_id, agency_id) = (job.account_id, job.agency_id);
            let change = LaneChange { account_id, agency_id, client_id: job.client_id, action };
            writes.push(Write::Lane(change));
        }
        change_set(writes, events)
    }

    async fn claim_watched(
        &self,
        scope: &Scope,
        request: &ClaimRequest,
    ) -> Result<Claimed, StoreError> {
        let mut request = request.clone();
        let is_too_early = self.is(Mutant::JobsAreTakenTooEarly);
        if is_too_early {
            request.ahead += TimeDelta::minutes(1);
        }
        let mut claimed = self.inner.claim(scope, &request).await?;
        if is_too_early {
            claimed.jobs.iter_mut().for_each(|job| job.due_at = job.due_at.min(claimed.at));
        }
        if !claimed.jobs.is_empty() {
            self.life.claimed();
        }
        self.hub.claimed(&self.life, &claimed.jobs, claimed.at);
        if self.is(Mutant::UnknownJobsAreLost) {
            claimed.jobs.retain(|job| job.state != JobState::Unknown);
        }
        if self.is(Mutant::JobsAreClaimedTwice) {
            let mut again = lock(&self.claimed);
            if claimed.jobs.is_empty() {
                claimed.jobs = std::mem::take(&mut *again);
            } else {
                again.clone_from(&claimed.jobs);
            }
        }
        Ok(claimed)
    }

    async fn renew_watched(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        let renewed = self.inner.renew(scope, leases, lease).await?;
        Ok(if self.is(Mutant::LostLeasesAreRenewed) { leases.to_vec() } else { renewed })
    }

    async fn expired_watched(
        &self,
        scope: &Scope,
        limit: usize,
    ) -> Result<Vec<PublishJob>, StoreError> {
        if self.is(Mutant::NothingExpires) {
            return Ok(Vec::new());
        }
        if self.is(Mutant::LiveLeasesAreRescued) {
            let in_flight: Vec<_> = {
                let ledger = self.hub.ledger();
                let jobs = ledger.jobs.values().map(|book| &book.job);
                jobs.filter(|job| job.state.is_in_flight()).map(|job| job.id).collect()
            };
            let mut jobs = Vec::new();
            for id in in_flight {
                let job: Option<PublishJob> =
                    Read::<PublishJob>::get(&*self.inner, scope, id).await?;
                jobs.extend(job.map(|job| PublishJob {
                    lease: job.lease.map(|lease| Lease { until: DateTime::UNIX_EPOCH, ..lease }),
                    ..job
                }));
            }
            return Ok(jobs);
        }
        self.inner.expired(scope, limit).await
    }
}

#[async_trait]
impl<E: Entity> Read<E> for Watched
where
    dyn Store: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        let mut found: Option<E> =
            call!(self, "get", Read::<E>::get(&*self.inner, scope, id).await)?;
        if self.is(Mutant::ApprovalIsPassedOver)
            && let Some(client) =
                found.as_mut().and_then(|e| (e as &mut dyn Any).downcast_mut::<Client>())
        {
            client.approval_policy = ApprovalPolicy::none();
        }
        Ok(found)
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        call!(self, "list", Read::<E>::list(&*self.inner, scope, query).await)
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        call!(self, "count", Read::<E>::count(&*self.inner, scope, filter).await)
    }
}

#[async_trait]
impl Commit for Watched {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        call!(self, &name_of(&changes), self.commit_watched(scope, changes).await)
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        call!(self, "usage", self.inner.usage(scope, agency, meter, month).await)
    }
}

/// What a commit is about, for the notes.
fn name_of(changes: &ChangeSet) -> String {
    let job = changes.writes().iter().find_map(|write| match write {
        Write::Update(Record::PublishJob(job)) => Some(job.state.as_str()),
        _ => None,
    });
    match (job, changes.writes().first()) {
        (Some(state), _) => format!("commit {state}"),
        (None, Some(Write::Insert(record) | Write::Update(record))) => {
            format!("commit {}", EntityKind::as_str(record.kind()))
        }
        _ => "commit".to_owned(),
    }
}

#[async_trait]
impl JobQueue for Watched {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        call!(self, "now", self.inner.now().await)
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        call!(self, "claim", self.claim_watched(scope, request).await)
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        call!(self, "renew", self.renew_watched(scope, leases, lease).await)
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        call!(self, "expired", self.expired_watched(scope, limit).await)
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        call!(self, "next_due", self.inner.next_due(scope).await)
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        call!(self, "lane", self.inner.lane(scope, account).await)
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.hub.listen()
    }
}

#[async_trait]
impl Outbox for Watched {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        let mut events = call!(self, "events", self.inner.events_after(scope, after, limit).await)?;
        if self.is(Mutant::EventsArePassedOver) && events.len() > 3 {
            events.remove(1);
        }
        Ok(events)
    }
}
