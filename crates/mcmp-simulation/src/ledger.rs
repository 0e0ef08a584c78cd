//! What was seen from outside: every commit, claim and call, and who said yes to what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::ActorRef;
use mcmp_core::id::{AccountId, ClientId, JobId, PostId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::post::Digest;
use mcmp_core::publishing::{Part, PublishJob};
use tokio::time::Instant;

use super::hub::Hub;
use super::life::Life;

/// Longer than any lease: whoever was cut off less long ago may have lost what it holds.
const LONGEST_LEASE: Duration = Duration::from_secs(45);

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) jobs: BTreeMap<JobId, JobBook>,
    /// Jobs that were deleted, as they were then.
    pub(crate) deleted: BTreeMap<JobId, PublishJob>,
    pub(crate) yes: BTreeSet<(PostId, Digest, ActorRef)>,
    pub(crate) histories: BTreeMap<PostId, Vec<(Option<PostStatus>, PostStatus)>>,
    /// When a client's policy was changed last.
    pub(crate) policy_changed: BTreeMap<ClientId, Instant>,
    /// Channels that a person paused, and since when.
    pub(crate) paused: BTreeMap<AccountId, Instant>,
    /// Platforms' words that a worker has noted: nothing starts before.
    pub(crate) limits: BTreeMap<AccountId, DateTime<Utc>>,
    /// Platforms' words that no worker has noted yet, by the claim that heard them.
    pub(crate) limits_heard: BTreeMap<(JobId, u64), DateTime<Utc>>,
    /// Channels whose platform refused their tokens since they were connected.
    pub(crate) refused: BTreeSet<AccountId>,
    /// Refresh tokens that were exchanged for new ones that are in the store.
    pub(crate) rotated: BTreeSet<(AccountId, String)>,
    pub(crate) exchanged: BTreeMap<AccountId, String>,
    /// When the clock was last set.
    pub(crate) jumped_at: Option<Instant>,
    /// When a person last said of a job whether it is live.
    pub(crate) told: BTreeMap<JobId, Instant>,
    pub(crate) counts: Counts,
    calls: BTreeMap<u64, Call>,
    steps: u64,
}

/// How much happened: a simulation in which nothing happens shows nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Visible calls that were about to be made.
    pub intents: u64,
    /// Processes that died.
    pub deaths: u64,
    /// Jobs that were taken back from dead workers.
    pub rescues: u64,
    /// Calls whose outcome nobody knew.
    pub unknown: u64,
    /// People's approvals.
    pub approvals: u64,
    /// Jobs that were called off.
    pub cancels: u64,
    /// Tokens that were exchanged.
    pub refreshes: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.intents += other.intents;
        self.deaths += other.deaths;
        self.rescues += other.rescues;
        self.unknown += other.unknown;
        self.approvals += other.approvals;
        self.cancels += other.cancels;
        self.refreshes += other.refreshes;
    }
}

/// A job as it was last seen, and what happened to it.
#[derive(Debug)]
pub(crate) struct JobBook {
    pub(crate) job: PublishJob,
    /// When it was last written, in the order of all writes.
    pub(crate) written: u64,
    /// When it was last claimed, likewise, and by the store's clock.
    pub(crate) claimed: Option<(u64, DateTime<Utc>, Instant)>,
    /// What was sent, or was to be: which part of which revision.
    pub(crate) intents: Vec<(Part, Digest)>,
    /// Whether it ever failed, was moved, or was in doubt: then it may lose its turn.
    pub(crate) was_disturbed: bool,
    /// Whether it came to be in flight from a look-up, without a place in its lane.
    pub(crate) has_no_place: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    Prepare,
    GoLive,
    /// Once more under the same key: a question, by which nothing new is created.
    Repeat,
    LookUp,
    Refresh,
}

struct Call {
    kind: CallKind,
    account: AccountId,
    job: Option<JobId>,
    life: Arc<Life>,
    began: Instant,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {}", self.kind, self.life.name)
    }
}

/// A call that goes on until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    hub: Arc<Hub>,
    number: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.hub.ledger().calls.remove(&self.number);
    }
}

impl Ledger {
    pub(crate) fn step(&mut self) -> u64 {
        self.steps += 1;
        self.steps
    }

    /// Whether a worker may have lost its hold since shortly before `began`, by no fault of the
    /// engine.
    fn is_excused(&self, life: &Life, began: Instant) -> bool {
        let since = began.checked_sub(LONGEST_LEASE).unwrap_or(began);
        life.was_troubled(since) || self.jumped_at.is_some_and(|at| at >= since)
    }

    /// Whether a person took a job out of a worker's hands shortly before `began`: what that worker
    /// does until its next write is refused can be repeated.
    fn was_taken(&self, job: Option<JobId>, began: Instant) -> bool {
        let since = began.checked_sub(LONGEST_LEASE).unwrap_or(began);
        job.and_then(|job| self.told.get(&job)).is_some_and(|at| *at >= since)
    }

    fn clashes(&self, new: &Call) -> Option<String> {
        let is_harmless = |call: &Call| matches!(call.kind, CallKind::Prepare | CallKind::LookUp);
        let clash = self.calls.values().find(|other| {
            let overtaken =
                (is_harmless(new) || is_harmless(other)) && self.was_taken(new.job, new.began);
            let same_job = new.job.is_some() && new.job == other.job && !overtaken;
            let both =
                |kind| new.kind == kind && other.kind == kind && new.account == other.account;
            (same_job || both(CallKind::GoLive) || both(CallKind::Refresh))
                && !self.is_excused(&other.life, other.began)
                && !self.is_excused(&new.life, new.began)
        })?;
        Some(format!("two calls at a time: {clash:?} still goes on as {new:?} begins"))
    }

    pub(crate) fn see(&mut self, job: &PublishJob) {
        let step = self.step();
        match self.jobs.get_mut(&job.id) {
            Some(book) => {
                book.job.clone_from(job);
                book.written = step;
            }
            None => {
                let book = JobBook {
                    job: job.clone(),
                    written: step,
                    claimed: None,
                    intents: Vec::new(),
                    was_disturbed: false,
                    has_no_place: false,
                };
                self.jobs.insert(job.id, book);
            }
        }
    }

    /// Whether a job is in flight without a place in its lane: its call was repeated under its key,
    /// and it goes on from there.
    pub(crate) fn has_no_place(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|book| book.has_no_place)
    }

    /// How many jobs of a channel hold a place in its lane.
    pub(crate) fn places(&self, account: AccountId) -> usize {
        let holds = |book: &&JobBook| {
            book.job.account_id == account && book.job.state.is_in_flight() && !book.has_no_place
        };
        self.jobs.values().filter(holds).count()
    }

    pub(crate) fn claimed(&mut self, job: &PublishJob, at: DateTime<Utc>) {
        self.see(job);
        let step = self.step();
        if let Some(book) = self.jobs.get_mut(&job.id) {
            book.claimed = Some((step, at, Instant::now()));
        }
    }

    /// How long it is until then, from what time it was as the job was claimed: clocks may jump.
    pub(crate) fn left_until(&self, job: JobId, then: DateTime<Utc>) -> Option<TimeDelta> {
        let (_, at, claimed) = self.jobs.get(&job)?.claimed?;
        let left = then - at - TimeDelta::from_std(claimed.elapsed()).ok()?;
        (left > TimeDelta::zero()).then_some(left)
    }

    /// A job of the same account whose turn it was before this one, which is about to be sent for
    /// the first time.
    pub(crate) fn passed_over(&self, job: &PublishJob) -> Option<&PublishJob> {
        let turn = |job: &PublishJob| (job.planned_at, job.priority, job.id);
        let (claimed, at, _) = self.jobs.get(&job.id)?.claimed?;
        let others = self.jobs.values().filter(|other| {
            other.job.account_id == job.account_id
                && other.job.id != job.id
                && other.job.state == mcmp_core::publishing::JobState::Scheduled
                && !other.was_disturbed
                && other.written < claimed
                && other.job.due_at <= at
                && turn(&other.job) < turn(job)
        });
        others.map(|other| &other.job).next()
    }
}

impl Hub {
    /// Notes that a call begins, and complains if it must not.
    pub(crate) fn begin(
        self: &Arc<Self>,
        life: &Arc<Life>,
        kind: CallKind,
        account: AccountId,
        job: Option<JobId>,
    ) -> UnderWay {
        let call = Call { kind, account, job, life: Arc::clone(life), began: Instant::now() };
        let (number, clash) = {
            let mut ledger = self.ledger();
            let clash = ledger.clashes(&call);
            let number = ledger.step();
            ledger.calls.insert(number, call);
            (number, clash)
        };
        if let Some(clash) = clash {
            self.violation(clash);
        }
        UnderWay { hub: Arc::clone(self), number }
    }

    /// Whether a call for this job is under way.
    pub(crate) fn is_under_way(&self, job: JobId) -> bool {
        self.ledger().calls.values().any(|call| call.job == Some(job))
    }
}
