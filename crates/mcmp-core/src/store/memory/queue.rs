//! What workers ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::MemoryStore;
use super::state::{HasTable, State};
use crate::access::{Scope, Tenancy};
use crate::id::{AccountId, JobId};
use crate::publishing::{AccountLane, JobState, Lease, PublishJob, WorkerId};
use crate::store::{ClaimRequest, Claimed, EntityKind, JobQueue, LeaseKey, StoreError};
use crate::time::to_millis;

/// A hold to give.
struct Grant<'a> {
    worker: &'a WorkerId,
    now: DateTime<Utc>,
    /// What is ready by then may be taken.
    horizon: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl State {
    fn job(&self, id: JobId) -> Option<&Arc<PublishJob>> {
        HasTable::<PublishJob>::table(self).get(id)
    }

    fn jobs(&self, ids: Vec<JobId>) -> Vec<Arc<PublishJob>> {
        ids.into_iter().filter_map(|id| self.job(id).cloned()).collect()
    }

    /// Takes what is due. Where more waits than `limit`, half of the places are for unknown jobs,
    /// so that neither they nor the lanes starve.
    fn claim(&mut self, grant: &Grant<'_>, limit: usize) -> Vec<Arc<PublishJob>> {
        let mut share = limit / 2;
        if limit % 2 == 1 {
            share += usize::from(self.odd_place_to_unknown);
            self.odd_place_to_unknown = !self.odd_place_to_unknown;
        }
        let reserved = self.lanes.unknown_due(grant.now, share).len();
        let mut taken = Vec::new();
        self.claim_from_lanes(grant, limit - reserved, &mut taken);
        for id in self.lanes.unknown_due(grant.now, limit - taken.len()) {
            taken.extend(self.hold(id, grant, grant.now));
        }
        taken
    }

    /// Takes one job of each ready lane, and goes round again as long as there are places.
    fn claim_from_lanes(
        &mut self,
        grant: &Grant<'_>,
        limit: usize,
        taken: &mut Vec<Arc<PublishJob>>,
    ) {
        while taken.len() < limit {
            let round = self.lanes.ready(grant.now, grant.horizon, limit - taken.len());
            let before = taken.len();
            for account in round {
                let Some(mut lane) = self.lanes.get(account).cloned() else { continue };
                let start = lane.ready_at.map_or(grant.now, |at| at.max(grant.now));
                let first = self.lanes.first_due(account, start);
                if let Some(job) = first.and_then(|id| self.hold(id, grant, start)) {
                    lane.start(start);
                    let lane = self.lanes.settled(lane);
                    self.lanes.set(account, Some(lane));
                    taken.push(job);
                }
            }
            if taken.len() == before {
                break;
            }
        }
    }

    /// Gives a hold on a job that may start at `start`; its lane is the caller's.
    fn hold(
        &mut self,
        id: JobId,
        grant: &Grant<'_>,
        start: DateTime<Utc>,
    ) -> Option<Arc<PublishJob>> {
        let mut job = PublishJob::clone(self.job(id)?);
        job.version = job.version.next();
        job.fence = job.fence.saturating_add(1);
        let (worker, until) = (grant.worker.clone(), grant.until);
        job.lease = Some(Lease { worker, until, claimed_rev: job.rev });
        match job.state {
            JobState::Unknown => job.due_at = until.max(job.due_at),
            _ => {
                job.state = JobState::Running;
                if start > grant.now {
                    job.due_at = start;
                }
            }
        }
        let job = Arc::new(job);
        self.set(id, Some(Arc::clone(&job)));
        Some(job)
    }

    /// Holds on to a job; whether it was still held.
    fn renew(&mut self, key: LeaseKey, now: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        let Some(job) = self.job(key.job_id).filter(|job| job.fence == key.fence) else {
            return false;
        };
        let works = job.state.is_in_flight() || job.state == JobState::Unknown;
        if !works || job.lease.as_ref().is_none_or(|lease| lease.until <= now) {
            return false;
        }
        let mut job = PublishJob::clone(job);
        if let Some(lease) = &mut job.lease {
            lease.until = until;
        }
        if job.state == JobState::Unknown {
            job.due_at = until.max(job.due_at);
        }
        self.set(key.job_id, Some(Arc::new(job)));
        true
    }
}

fn check_system(scope: &Scope) -> Result<(), StoreError> {
    if scope.is_system() {
        Ok(())
    } else {
        Err(StoreError::OutOfScope { kind: EntityKind::PublishJob, id: Uuid::nil() })
    }
}

fn end_of(lease: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    to_millis(now.checked_add_signed(lease).unwrap_or(DateTime::<Utc>::MAX_UTC))
}

#[async_trait]
impl JobQueue for MemoryStore {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(self.time())
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        check_system(scope)?;
        let mut state = self.lock();
        // Read under the lock, so that claims see time go by in the order they are served.
        let at = self.time();
        let grant = Grant {
            worker: &request.worker,
            now: at,
            horizon: end_of(request.ahead, at).max(at),
            until: end_of(request.lease, at),
        };
        let jobs = state.claim(&grant, request.limit);
        let next_due = state.lanes.next_due();
        drop(state);
        Ok(Claimed { jobs: copied(jobs), at, next_due })
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        check_system(scope)?;
        let mut state = self.lock();
        let now = self.time();
        let until = end_of(lease, now);
        let asked: BTreeSet<LeaseKey> = leases.iter().copied().collect();
        Ok(asked.into_iter().filter(|key| state.renew(*key, now, until)).collect())
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        check_system(scope)?;
        let state = self.lock();
        let jobs = state.jobs(state.lanes.expired(self.time(), limit));
        drop(state);
        Ok(copied(jobs))
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        check_system(scope)?;
        Ok(self.lock().lanes.next_due())
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        let lane = self.lock().lanes.get(account).cloned();
        Ok(lane.filter(|lane| scope.sees(Tenancy::Client(lane.agency_id, lane.client_id))))
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.shared.signal.subscribe()
    }
}

fn copied(jobs: Vec<Arc<PublishJob>>) -> Vec<PublishJob> {
    jobs.into_iter().map(|job| PublishJob::clone(&job)).collect()
}
