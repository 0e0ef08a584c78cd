//! Whether the engine does its work.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::loops::Loop;

/// How an engine is doing, for a health check and for people. What matters most comes first: how
/// late the oldest job is that could start.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// How late the oldest due job is that could start now, in milliseconds; zero if none waits.
    /// What is paused, or waits for a platform's limit, is not late for the engine. While the store
    /// can't be asked, it goes by what was known last.
    pub oldest_due_ms: i64,
    /// When this process last asked for jobs with success, by the store's clock; `None` before the
    /// first time, or if it does not publish.
    pub last_claim_at: Option<DateTime<Utc>>,
    /// When this process last held on to what it works on with success, by the store's clock; `None`
    /// before the first time.
    pub last_renewal_at: Option<DateTime<Utc>>,
    /// Whether this process publishes, or leaves that to others.
    pub publishes: bool,
    /// Why the store can't be asked, if it can't.
    pub store_error: Option<String>,
    /// How many jobs it works on.
    pub in_flight: usize,
    /// Whether publishing is paused for the whole installation.
    pub paused: bool,
    /// How its loops are doing.
    pub loops: BTreeMap<Loop, LoopHealth>,
}

/// How one loop is doing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LoopHealth {
    /// When it last got through.
    pub last_ok_at: Option<DateTime<Utc>>,
    /// How many times in a row it failed since.
    pub failures: u32,
    /// What went wrong last, since it last got through.
    pub last_error: Option<String>,
}

impl Health {
    /// Whether jobs go out: the oldest one is no later than `late`, and a claim got through within
    /// the last `quiet` before `now`; or, while it works on jobs, a heartbeat: with all its slots
    /// taken it claims no more. A process that leaves publishing to others sees only how late
    /// the oldest one is, and whether the store can be asked.
    #[must_use]
    pub fn is_publishing(&self, now: DateTime<Utc>, late: TimeDelta, quiet: TimeDelta) -> bool {
        let is_at_work = if self.publishes {
            let is_recent = |at: Option<DateTime<Utc>>| at.is_some_and(|at| now - at <= quiet);
            is_recent(self.last_claim_at) || self.in_flight > 0 && is_recent(self.last_renewal_at)
        } else {
            self.store_error.is_none()
        };
        self.paused || (is_at_work && self.oldest_due_ms <= late.num_milliseconds())
    }
}

/// Where the loops note how they are doing.
#[derive(Debug, Default)]
pub(crate) struct HealthBook {
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// By loop, and by its part where it has several.
    loops: BTreeMap<(Loop, String), LoopHealth>,
    last_claim_at: Option<DateTime<Utc>>,
    last_renewal_at: Option<DateTime<Utc>>,
    next_due: Option<DateTime<Utc>>,
}

impl HealthBook {
    pub(crate) fn ok(&self, which: Loop, part: &str, at: DateTime<Utc>) {
        let health = LoopHealth { last_ok_at: Some(at), failures: 0, last_error: None };
        self.lock().loops.insert((which, part.to_owned()), health);
    }

    pub(crate) fn failed(&self, which: Loop, part: &str, error: &str) {
        let mut noted = self.lock();
        let health = noted.loops.entry((which, part.to_owned())).or_default();
        health.failures = health.failures.saturating_add(1);
        health.last_error = Some(error.to_owned());
    }

    /// Notes that a claim got through.
    pub(crate) fn claimed(&self, at: DateTime<Utc>) {
        self.lock().last_claim_at = Some(at);
        self.ok(Loop::Publish, "", at);
    }

    pub(crate) fn last_claim_at(&self) -> Option<DateTime<Utc>> {
        self.lock().last_claim_at
    }

    /// Notes that all leases were renewed.
    pub(crate) fn renewed(&self, at: DateTime<Utc>) {
        self.lock().last_renewal_at = Some(at);
    }

    pub(crate) fn last_renewal_at(&self) -> Option<DateTime<Utc>> {
        self.lock().last_renewal_at
    }

    /// Notes when the next claim can find something.
    pub(crate) fn note_next_due(&self, at: Option<DateTime<Utc>>) {
        self.lock().next_due = at;
    }

    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.lock().next_due
    }

    /// The loops; one with several parts is as its worst part is.
    pub(crate) fn loops(&self) -> BTreeMap<Loop, LoopHealth> {
        let mut loops = BTreeMap::<Loop, LoopHealth>::new();
        for ((which, _), part) in &self.lock().loops {
            let whole = loops.entry(*which).or_insert_with(|| part.clone());
            if part.failures > whole.failures {
                *whole = part.clone();
            }
        }
        loops
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
