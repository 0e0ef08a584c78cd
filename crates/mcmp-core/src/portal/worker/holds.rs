//! What a worker holds at this moment, and until when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::id::JobId;
use crate::publishing::PublishJob;
use crate::store::LeaseKey;

/// What a worker and its clones hold at this moment.
///
/// A renewal changes a lease without changing the job's version, so the lease that a job was read
/// with soon is an old one: what counts is kept here, and goes into the job before it is judged or
/// written. The end of a lease is never kept later than the store has it.
#[derive(Debug, Default)]
pub(super) struct Holds {
    by_job: Mutex<BTreeMap<JobId, Hold>>,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    fence: u64,
    until: DateTime<Utc>,
    /// Counts where writes of the job begin and end: odd while one is under way.
    writes: u32,
    is_lost: bool,
}

/// A hold as a renewal found it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renewing {
    pub(super) key: LeaseKey,
    writes: u32,
}

/// Forgets a hold once nobody works on the job any longer, however that came about: what is left
/// alone must not be renewed.
#[derive(Debug)]
pub(super) struct Working {
    holds: Arc<Holds>,
    key: LeaseKey,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.holds.forget(self.key);
    }
}

/// Names the hold that `job` was claimed with.
pub(super) fn key_of(job: &PublishJob) -> LeaseKey {
    LeaseKey { job_id: job.id, fence: job.fence }
}

impl Holds {
    /// Notes a claim.
    pub(super) fn note(&self, job: &PublishJob) {
        if let Some(lease) = &job.lease {
            let hold = Hold { fence: job.fence, until: lease.until, writes: 0, is_lost: false };
            self.lock().insert(job.id, hold);
        }
    }

    /// Works on a claimed job until the answer is dropped.
    pub(super) fn work_on(self: &Arc<Self>, job: &PublishJob) -> Working {
        let key = key_of(job);
        if self.of(key).is_none() {
            self.note(job);
        }
        Working { holds: Arc::clone(self), key }
    }

    pub(super) fn forget(&self, key: LeaseKey) {
        let mut holds = self.lock();
        if holds.get(&key.job_id).is_some_and(|hold| hold.fence == key.fence) {
            holds.remove(&key.job_id);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Until when a job is held; `None` if it is lost.
    pub(super) fn until(&self, key: LeaseKey) -> Option<DateTime<Utc>> {
        self.of(key).filter(|hold| !hold.is_lost).map(|hold| hold.until)
    }

    /// When the first of the leases ends.
    pub(super) fn first_end(&self) -> Option<DateTime<Utc>> {
        self.lock().values().filter(|hold| !hold.is_lost).map(|hold| hold.until).min()
    }

    /// The job is being written with a lease until `until`.
    pub(super) fn begin_write(&self, key: LeaseKey) {
        self.change(key, |hold| hold.writes = hold.writes.wrapping_add(1));
    }

    /// The write is over; `wrote` is the lease that it wrote, if it did.
    pub(super) fn end_write(&self, key: LeaseKey, wrote: Option<DateTime<Utc>>) {
        self.change(key, |hold| {
            hold.writes = hold.writes.wrapping_add(1);
            // A renewal in between may have come first in the store, and be overwritten.
            hold.until = wrote.map_or(hold.until, |wrote| wrote.min(hold.until));
        });
    }

    /// What a renewal asks for.
    pub(super) fn to_renew(&self) -> Vec<Renewing> {
        let holds = self.lock();
        let held = holds.iter().filter(|(_, hold)| !hold.is_lost);
        held.map(|(id, hold)| Renewing {
            key: LeaseKey { job_id: *id, fence: hold.fence },
            writes: hold.writes,
        })
        .collect()
    }

    /// One of them, if it is still held.
    pub(super) fn to_renew_one(&self, key: LeaseKey) -> Option<Renewing> {
        let hold = self.of(key).filter(|hold| !hold.is_lost)?;
        Some(Renewing { key, writes: hold.writes })
    }

    /// Notes that a hold was renewed until `until` or later, or is lost; whether it was lost.
    pub(super) fn renewed(&self, asked: Renewing, until: Option<DateTime<Utc>>) -> bool {
        let mut is_lost = false;
        self.change(asked.key, |hold| {
            // Whatever was written meanwhile may have ended the hold or written its old end: the
            // next renewal tells.
            if hold.writes != asked.writes || hold.writes % 2 == 1 {
                return;
            }
            match until {
                Some(until) => hold.until = until.max(hold.until),
                None => hold.is_lost = true,
            }
            is_lost = hold.is_lost;
        });
        is_lost
    }

    fn of(&self, key: LeaseKey) -> Option<Hold> {
        self.lock().get(&key.job_id).copied().filter(|hold| hold.fence == key.fence)
    }

    fn change(&self, key: LeaseKey, change: impl FnOnce(&mut Hold)) {
        if let Some(hold) = self.lock().get_mut(&key.job_id)
            && hold.fence == key.fence
        {
            change(hold);
        }
    }

    /// Each entry is whole whatever a thread that panicked was about.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, Hold>> {
        self.by_job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
