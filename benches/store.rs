//! What the store in memory costs: commits, and a queue with a long backlog.
#![allow(clippy::expect_used, reason = "set-up of benchmarks: all values are written here")]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use divan::Bencher;
use mcmp_benches::cast::Cast;
use mcmp_benches::content::{POST, for_accounts};
use mcmp_benches::{minutes, ready, start};
use mcmp_core::access::{Actor, ActorRef, Scope};
use mcmp_core::event::{Event, EventKind, Subject};
use mcmp_core::fake::ManualClock;
use mcmp_core::id::AccountId;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::post::{Content, Post, Variant};
use mcmp_core::publishing::{JobState, PublishJob, WorkerId};
use mcmp_core::store::{ChangeSet, ClaimRequest, Commit, JobQueue, MemoryStore, Version};

fn main() {
    divan::main();
}

struct Filled {
    cast: Cast,
    scope: Scope,
    store: MemoryStore,
}

impl Filled {
    fn new() -> Self {
        let cast = Cast::default();
        let store = MemoryStore::new(Arc::new(ManualClock::new(start())));
        let scope = Actor::system("bench").own_scope().expect("the system has one");
        Self { cast, scope, store }
    }

    fn commit(&self, changes: ChangeSet) {
        ready(self.store.commit(&self.scope, changes)).expect("nobody else writes");
    }

    fn post(&self) -> Post {
        let accounts = [self.cast.ids.next()];
        let account = self.cast.account(self.cast.ids.next());
        let variant = |id| Variant::new(self.cast.ids.next(), id, account.platform.clone());
        Post {
            id: self.cast.ids.next(),
            version: Version::NEW,
            agency_id: self.cast.agency,
            client_id: self.cast.client,
            author: ActorRef::System("bench".to_owned()),
            editors: Vec::new(),
            content: Content { body: POST.parse().expect("a text"), ..Content::default() },
            variants: accounts.map(variant).to_vec(),
            tags: Vec::new(),
            category: None,
            campaign_id: None,
            status: PostStatus::Draft,
            schedule: None,
            revision: None,
            approval: None,
            series: None,
            created_at: start(),
            updated_at: start(),
        }
    }

    fn event(&self, post: &Post) -> Event {
        Event {
            id: self.cast.ids.next(),
            version: Version::NEW,
            agency_id: self.cast.agency,
            client_id: Some(self.cast.client),
            actor: ActorRef::System("bench".to_owned()),
            kind: EventKind::PostUpdated,
            subject: Subject::of(post),
            changes: [].into(),
            note: None,
            at: start(),
        }
    }

    fn new_post(&self) -> ChangeSet {
        let mut changes = ChangeSet::new();
        let mut post = self.post();
        changes.event(self.event(&post));
        changes.insert(&mut post);
        changes
    }

    /// So many lanes with so many jobs each, the first of them due at `first`.
    fn queue(lanes: usize, jobs: i64, first: DateTime<Utc>) -> Self {
        let filled = Self::new();
        let accounts: Vec<AccountId> = (0..lanes).map(|_| filled.cast.ids.next()).collect();
        for item in for_accounts(accounts, &filled.cast.ids) {
            let account = filled.cast.account(item.account_id);
            let mut changes = ChangeSet::new();
            for n in 0..jobs {
                let due = first + TimeDelta::seconds(n);
                changes.insert(&mut filled.cast.job(&account, &item, due));
            }
            filled.commit(changes);
        }
        filled
    }

    fn claim(&self, limit: usize) -> Vec<PublishJob> {
        let worker = WorkerId("bench".to_owned());
        let request =
            ClaimRequest { worker, limit, lease: TimeDelta::seconds(10), ahead: TimeDelta::zero() };
        ready(self.store.claim(&self.scope, &request)).expect("the system may").jobs
    }

    fn finish(&self, jobs: Vec<PublishJob>) {
        for mut job in jobs {
            let mut changes = ChangeSet::new();
            job.state = JobState::Published;
            job.lease = None;
            job.finished_at = Some(start());
            changes.update(&mut job);
            self.commit(changes);
        }
    }
}

/// A new post with its event, into a store that has so many.
#[divan::bench(args = [0, 10_000], sample_count = 100, sample_size = 20)]
fn commit_new_post(bencher: Bencher<'_, '_>, posts: usize) {
    let filled = Filled::new();
    for _ in 0..posts {
        filled.commit(filled.new_post());
    }
    bencher.with_inputs(|| filled.new_post()).bench_local_values(|changes| filled.commit(changes));
}

/// A changed post with its event, in a store that has so many.
#[divan::bench(args = [1, 10_000], sample_count = 100, sample_size = 1)]
fn commit_changed_post(bencher: Bencher<'_, '_>, posts: usize) {
    let filled = Filled::new();
    let mut post = filled.post();
    let mut changes = ChangeSet::new();
    changes.insert(&mut post);
    filled.commit(changes);
    for _ in 1..posts {
        filled.commit(filled.new_post());
    }
    bencher
        .with_inputs(|| {
            let mut changes = ChangeSet::new();
            changes.event(filled.event(&post));
            changes.update(&mut post);
            changes
        })
        .bench_local_values(|changes| filled.commit(changes));
}

/// Takes one job and finishes it, with so many waiting per lane in a thousand lanes.
#[divan::bench(args = [1, 10, 100], sample_count = 100, sample_size = 5)]
fn claim_and_finish_one(bencher: Bencher<'_, '_>, jobs: i64) {
    let filled = Filled::queue(1_000, jobs, minutes(-10));
    bencher.bench_local(|| {
        let jobs = filled.claim(1);
        assert_eq!(jobs.len(), 1, "there is enough to do");
        filled.finish(jobs);
    });
}

/// The same in one claim of a hundred.
#[divan::bench(args = [10, 100], sample_count = 50, sample_size = 1)]
fn claim_and_finish_a_hundred(bencher: Bencher<'_, '_>, jobs: i64) {
    let filled = Filled::queue(1_000, jobs, minutes(-10));
    bencher.bench_local(|| {
        let jobs = filled.claim(100);
        assert_eq!(jobs.len(), 100, "there is enough to do");
        filled.finish(jobs);
    });
}

/// Asks in vain: a hundred thousand jobs wait, none is due.
#[divan::bench]
fn claim_when_nothing_is_due(bencher: Bencher<'_, '_>) {
    let filled = Filled::queue(1_000, 100, minutes(10));
    bencher.bench_local(|| filled.claim(100));
}
