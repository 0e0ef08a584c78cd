//! The memory store with one fault.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::{Actor, Scope};
use mcmp_core::agency::Meter;
use mcmp_core::campaign::Campaign;
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, AgencyId, CampaignId, Id};
use mcmp_core::post::{Post, PostText};
use mcmp_core::publishing::{
    AccountLane, JobState, LaneAction, LaneChange, PauseReason, PublishJob,
};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Cursor, Direction, Entity, EntityKind, EventPosition,
    Filter, JobQueue, LeaseKey, MemoryStore, Outbox, Page, PostFilter, Query, Read, Record, Sort,
    StoreError, Write,
};
use mcmp_core::time::Month;
use tokio::sync::watch;

use super::rewrite::{bring_up_to_date, change_set};

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    GetIgnoresScope,
    GetsShareAnswers,
    ListIgnoresScope,
    CountIgnoresScope,
    FilterWidensScope,
    CursorWidensScope,
    WritesIgnoreScope,
    CommitsInPieces,
    EventsOutliveFailure,
    StaleChangesWin,
    DeletesNothing,
    RestoresAnew,
    TakesTakenValues,
    OneFailureStopsTheRest,
    MetersAreCheckedFirst,
    MetersHaveNoLimit,
    DropsEvents,
    OutboxGoesById,
    OutboxIgnoresScope,
    OutboxPassesOverSome,
    PagesSkipTies,
    PagesByOffset,
    LastPageGoesOn,
    QueriesAreNotChecked,
    IgnoresDirection,
    IgnoresFilter,
    ClaimsTwice,
    ClaimsForAnybody,
    FencesStay,
    RenewsEverything,
    FindsNothingExpired,
    ForgetsWhatIsNext,
    ClaimsTellNoNext,
    NothingIsTakenAhead,
    TakesTooFarAhead,
    LanesTakeMore,
    LanesAreNeverPaused,
    LanesHaveNoGap,
    LanesAreNeverBlocked,
    TellsOfOthersIds,
    TrimsTexts,
    LanesFallAsleep,
    SwallowsConflicts,
    SearchMindsCase,
    LosesUnknownJobs,
    MonthsAreOne,
}

/// The memory store with one fault, or with none.
#[derive(Debug)]
pub(crate) struct Broken {
    inner: MemoryStore,
    fault: Option<Fault>,
    system: Scope,
    last_claim: Mutex<Vec<PublishJob>>,
    offsets: Mutex<HashMap<Cursor, usize>>,
    last_asked: Mutex<Option<Scope>>,
}

impl Broken {
    pub(crate) fn new(inner: MemoryStore, fault: Option<Fault>) -> Self {
        let system = Actor::system("broken").own_scope().unwrap();
        let (last_claim, offsets) = (Mutex::default(), Mutex::default());
        Self { inner, fault, system, last_claim, offsets, last_asked: Mutex::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The scope, unless it is ignored.
    fn scope<'a>(&'a self, scope: &'a Scope, ignored: bool) -> &'a Scope {
        if ignored { &self.system } else { scope }
    }

    async fn page_by_offset<E: Entity>(
        &self,
        scope: &Scope,
        query: &Query<E>,
    ) -> Result<Page<E>, StoreError>
    where
        MemoryStore: Read<E>,
    {
        query.validate()?;
        let known = |after| self.offsets.lock().unwrap().get(&after).copied();
        let offset = query.after.and_then(known).unwrap_or(0);
        let all = query.clone().after(None).limit(Query::<E>::MAX_LIMIT);
        let rows = Read::<E>::list(&self.inner, scope, &all).await?.items;
        let end = (offset + query.limit).min(rows.len());
        let next = (end < rows.len()).then(|| query.cursor_at(&rows[end - 1]));
        if let Some(next) = next {
            self.offsets.lock().unwrap().insert(next, end);
        }
        let items = rows.into_iter().take(end).skip(offset).collect();
        Ok(Page { items, next })
    }

    /// The writes as this store understands them.
    async fn understand(&self, write: &mut Write) {
        if self.has(Fault::StaleChangesWin) {
            bring_up_to_date(&self.inner, &self.system, write).await;
        }
        match write {
            Write::Lane(LaneChange { action, .. }) => match action {
                LaneAction::SetMaxInFlight(most) if self.has(Fault::LanesTakeMore) => *most += 2,
                LaneAction::Pause(reason) if self.has(Fault::LanesAreNeverPaused) => {
                    *action = LaneAction::Resume(*reason);
                }
                LaneAction::SetMinGap(_) if self.has(Fault::LanesHaveNoGap) => {
                    *action = LaneAction::SetMinGap(0);
                }
                LaneAction::BlockUntil(_) if self.has(Fault::LanesAreNeverBlocked) => {
                    *action = LaneAction::BlockUntil(DateTime::UNIX_EPOCH);
                }
                _ => {}
            },
            Write::Insert(Record::Post(post)) if self.has(Fault::TrimsTexts) => {
                let trimmed = post.content.body.as_str().trim();
                post.content.body = PostText::new("body", trimmed).unwrap();
            }
            Write::Meter(change) if self.has(Fault::MonthsAreOne) => change.month = None,
            Write::Meter(change) if self.has(Fault::MetersHaveNoLimit) => change.limit = None,
            Write::Meter(change) if self.has(Fault::MetersAreCheckedFirst) => {
                let (agency, meter, month) = (change.agency_id, change.meter, change.month);
                let used = self.inner.usage(&self.system, agency, meter, month).await.unwrap();
                let after = used.saturating_add_signed(change.by);
                if change.limit.is_some_and(|limit| after <= limit) {
                    change.limit = None;
                }
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
            }
            _ => {}
        }
    }
}

#[async_trait]
impl<E: Entity> Read<E> for Broken
where
    MemoryStore: Read<E>,
{
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        if self.has(Fault::GetsShareAnswers) {
            *self.last_asked.lock().unwrap() = Some(scope.clone());
            tokio::task::yield_now().await;
            let last = self.last_asked.lock().unwrap().clone();
            return Read::<E>::get(&self.inner, last.as_ref().unwrap_or(scope), id).await;
        }
        let scope = self.scope(scope, self.has(Fault::GetIgnoresScope));
        Read::<E>::get(&self.inner, scope, id).await
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        let narrowed = query.filter.client().is_some() || query.filter.parent().is_some();
        let ignored = self.has(Fault::ListIgnoresScope)
            || (self.has(Fault::FilterWidensScope) && narrowed)
            || (self.has(Fault::CursorWidensScope) && query.after.is_some());
        let scope = self.scope(scope, ignored);
        if self.has(Fault::PagesByOffset) {
            return self.page_by_offset(scope, query).await;
        }
        if self.has(Fault::QueriesAreNotChecked) && query.validate().is_err() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let mut query = query.clone();
        if self.has(Fault::IgnoresFilter) {
            query.filter = E::Filter::default();
        }
        if self.has(Fault::IgnoresDirection) {
            query.direction = Direction::Ascending;
        }
        let mut page = Read::<E>::list(&self.inner, scope, &query).await?;
        if self.has(Fault::PagesSkipTies) && query.sort != Sort::Created {
            let key = |item: &E| E::Filter::sort_key(item, query.sort);
            page.items.retain(|item| query.after.is_none_or(|after| key(item) != after.key));
        }
        let wanted = (&query.filter as &dyn Any).downcast_ref::<PostFilter>();
        if let Some(text) = wanted.and_then(|filter| filter.text.as_ref())
            && self.has(Fault::SearchMindsCase)
        {
            page.items.retain(|item| {
                let post = (item as &dyn Any).downcast_ref::<Post>();
                post.is_some_and(|post| post.content.body.as_str().contains(text))
            });
        }
        if self.has(Fault::LastPageGoesOn) {
            page.next = page.items.last().map(|last| query.cursor_at(last));
        }
        Ok(page)
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        let scope = self.scope(scope, self.has(Fault::CountIgnoresScope));
        if self.has(Fault::IgnoresFilter) {
            return Read::<E>::count(&self.inner, scope, &E::Filter::default()).await;
        }
        Read::<E>::count(&self.inner, scope, filter).await
    }
}

#[async_trait]
impl Commit for Broken {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        let scope = self.scope(scope, self.has(Fault::WritesIgnoreScope));
        let (mut writes, mut events) = changes.into_parts();
        for write in &mut writes {
            self.understand(write).await;
        }
        if self.has(Fault::LanesFallAsleep) {
            let ended = writes.iter().filter_map(|write| match write {
                Write::Update(Record::PublishJob(job)) if job.state.is_final() => {
                    Some(LaneChange {
                        account_id: job.account_id,
                        agency_id: job.agency_id,
                        client_id: job.client_id,
                        action: LaneAction::Pause(PauseReason::Client),
                    })
                }
                _ => None,
            });
            let asleep: Vec<_> = ended.map(Write::Lane).collect();
            writes.extend(asleep);
        }
        if self.has(Fault::DeletesNothing) {
            writes.retain(|write| !matches!(write, Write::Delete(_)));
        }
        if self.has(Fault::RestoresAnew) {
            for write in &mut writes {
                if let Write::Restore(record) = write {
                    *write = Write::Insert(record.clone());
                }
            }
        }
        if self.has(Fault::DropsEvents) {
            events.clear();
        }
        if self.has(Fault::CommitsInPieces) {
            for write in writes {
                self.inner.commit(scope, change_set(vec![write], Vec::new())).await?;
                tokio::task::yield_now().await;
            }
            return self.inner.commit(scope, change_set(Vec::new(), events)).await;
        }
        let answer = self.inner.commit(scope, change_set(writes, events.clone())).await;
        match answer {
            Err(StoreError::NotUnique { .. }) if self.has(Fault::TakesTakenValues) => Ok(()),
            Err(StoreError::Conflict { .. }) if self.has(Fault::SwallowsConflicts) => Ok(()),
            Err(StoreError::Conflict { kind: EntityKind::Campaign, id })
                if self.has(Fault::TellsOfOthersIds) =>
            {
                let there: Option<Campaign> =
                    self.inner.get(&self.system, CampaignId::from_uuid(id)).await?;
                let kind = EntityKind::Campaign;
                match there {
                    Some(there) if !scope.sees(there.tenancy()) => {
                        Err(StoreError::OutOfScope { kind, id })
                    }
                    _ => Err(StoreError::Conflict { kind, id }),
                }
            }
            Err(error) if self.has(Fault::EventsOutliveFailure) => {
                self.inner.commit(scope, change_set(Vec::new(), events)).await?;
                Err(error)
            }
            answer => answer,
        }
    }

    async fn commit_all(
        &self,
        scope: &Scope,
        changes: Vec<ChangeSet>,
    ) -> Vec<Result<(), StoreError>> {
        let mut answers = Vec::new();
        for change in changes {
            let failed = answers.iter().any(Result::is_err);
            let skipped = failed && self.has(Fault::OneFailureStopsTheRest);
            answers.push(if skipped { Ok(()) } else { self.commit(scope, change).await });
        }
        answers
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        let month = month.filter(|_| !self.has(Fault::MonthsAreOne));
        self.inner.usage(scope, agency, meter, month).await
    }
}

#[async_trait]
impl JobQueue for Broken {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.inner.now().await
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        let scope = self.scope(scope, self.has(Fault::ClaimsForAnybody));
        let mut request = request.clone();
        if self.has(Fault::NothingIsTakenAhead) {
            request.ahead = TimeDelta::zero();
        }
        if self.has(Fault::TakesTooFarAhead) {
            request.ahead += TimeDelta::minutes(95);
        }
        let mut claimed = self.inner.claim(scope, &request).await?;
        claimed.next_due = claimed.next_due.filter(|_| !self.has(Fault::ClaimsTellNoNext));
        if self.has(Fault::ClaimsTwice) && request.limit > 0 {
            let again =
                std::mem::replace(&mut *self.last_claim.lock().unwrap(), claimed.jobs.clone());
            if claimed.jobs.is_empty() {
                claimed.jobs = again;
            }
        }
        if self.has(Fault::LosesUnknownJobs) {
            claimed.jobs.retain(|job| job.state != JobState::Unknown);
        }
        if self.has(Fault::FencesStay) {
            claimed.jobs.iter_mut().for_each(|job| job.fence = job.fence.min(1));
        }
        Ok(claimed)
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        let renewed = self.inner.renew(scope, leases, lease).await?;
        Ok(if self.has(Fault::RenewsEverything) { leases.to_vec() } else { renewed })
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        let limit = if self.has(Fault::FindsNothingExpired) { 0 } else { limit };
        self.inner.expired(scope, limit).await
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        let next = self.inner.next_due(scope).await?;
        Ok(next.filter(|_| !self.has(Fault::ForgetsWhatIsNext)))
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
impl Outbox for Broken {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        let scope = self.scope(scope, self.has(Fault::OutboxIgnoresScope));
        let mut events = self.inner.events_after(scope, after, limit).await?;
        if self.has(Fault::OutboxGoesById) {
            events.sort_by_key(|(_, event)| event.id);
        }
        if self.has(Fault::OutboxPassesOverSome) && events.len() > 3 {
            // As with a sequence whose numbers become visible out of order.
            events.remove(1);
        }
        Ok(events)
    }
}
