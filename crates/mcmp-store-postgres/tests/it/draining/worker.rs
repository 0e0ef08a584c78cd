//! What a child process does: its workers claim and finish until it is killed.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::access::{Actor, ActorRef, Scope};
use mcmp_core::entropy::{IdSource, SystemEntropy};
use mcmp_core::event::{Event, EventKind, Subject};
use mcmp_core::id::Id;
use mcmp_core::publishing::{JobState, PublishJob, WorkerId};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Commit, EntityKind, JobQueue, Read, StoreError, Version,
};
use mcmp_store_postgres::{PostgresConfig, PostgresStore};

use super::processes::{Said, say};

/// How many work at once in each process, and how many jobs each claims at once.
const WORKERS: u32 = 2;
const BATCH: usize = 20;
/// Short, as the jobs of the killed come back when it has passed.
const LEASE: TimeDelta = TimeDelta::seconds(2);
/// The longest time between two looks for work.
const POLL: Duration = Duration::from_millis(20);
/// Every so many rounds a worker looks for leases that have passed; and puts a job aside, to come
/// too late with it, unless it has so many already.
const ROUNDS: u32 = 8;
const MOST_ASIDE: usize = 1;

/// Works until it is killed.
pub(super) async fn toil(url: String, process: u32) {
    let store = PostgresConfig::url(url).max_connections(WORKERS).open().await.unwrap();
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..WORKERS {
        let worker = Worker {
            store: store.clone(),
            system: Actor::system("worker").own_scope().unwrap(),
            ids: IdSource::new(Arc::new(SystemEntropy)),
            process: format!("process {process}"),
            name: format!("{process}/{number}"),
            aside: Vec::new(),
        };
        workers.spawn(worker.work());
    }
    workers.join_next().await.unwrap().unwrap();
}

struct Worker {
    store: PostgresStore,
    system: Scope,
    ids: IdSource,
    process: String,
    name: String,
    /// Jobs that it holds until they are somebody else's.
    aside: Vec<PublishJob>,
}

impl Worker {
    async fn work(mut self) {
        let mut signal = self.store.signal();
        for round in 0_u32.. {
            signal.mark_unchanged();
            let mut jobs = self.claim().await;
            let is_idle = jobs.is_empty();
            if is_idle || round % ROUNDS == 0 {
                self.rescue().await;
                self.come_too_late().await;
                if self.aside.len() < MOST_ASIDE {
                    // Not the same job again and again.
                    self.aside.extend(jobs.pop_if(|job| job.fence == 1));
                }
            }
            self.finish(&jobs).await;
            if is_idle {
                say(&Said::Idle);
                let _woken = tokio::time::timeout(POLL, signal.changed()).await;
            }
        }
    }

    async fn claim(&self) -> Vec<PublishJob> {
        let worker = WorkerId(self.name.clone());
        let request = ClaimRequest { worker, limit: BATCH, lease: LEASE, ahead: TimeDelta::zero() };
        let jobs = self.store.claim(&self.system, &request).await.unwrap().jobs;
        if !jobs.is_empty() {
            let claimed = jobs.iter().map(|job| (job.id.uuid(), job.fence));
            say(&Said::Claimed(claimed.collect()));
        }
        jobs
    }

    /// The job as published, with an event that says under which fence, by which process.
    fn finished(&self, job: &PublishJob) -> ChangeSet {
        let mut job = job.clone();
        let at = job.lease.take().unwrap().until;
        job.state = JobState::Published;
        let mut changes = ChangeSet::new();
        changes.update(&mut job);
        changes.event(Event {
            id: self.ids.next(at).unwrap(),
            version: Version::NEW,
            agency_id: job.agency_id,
            client_id: Some(job.client_id),
            actor: ActorRef::System(self.process.clone()),
            kind: EventKind::JobPublished,
            subject: Subject::of(&job),
            changes: [].into(),
            note: Some(job.fence.to_string().parse().unwrap()),
            at,
        });
        changes
    }

    async fn finish(&self, jobs: &[PublishJob]) {
        let changes = jobs.iter().map(|job| self.finished(job)).collect();
        let count = self.commit_all(changes).await;
        if count > 0 {
            say(&Said::Finished(count));
        }
    }

    /// How many were committed; the others' jobs are somebody else's by now.
    async fn commit_all(&self, changes: Vec<ChangeSet>) -> u32 {
        let results = self.store.commit_all(&self.system, changes).await;
        let is_done = |result: &Result<(), StoreError>| match result {
            Ok(()) => true,
            Err(StoreError::Conflict { kind: EntityKind::PublishJob, .. }) => false,
            Err(error) => panic!("{error:?}"),
        };
        u32::try_from(results.iter().filter(|result| is_done(result)).count()).unwrap()
    }

    /// Takes back what workers left. Others may do so at the same time.
    async fn rescue(&self) {
        let expired = self.store.expired(&self.system, 100).await.unwrap();
        let given_back = expired.into_iter().map(|mut job| {
            (job.state, job.lease) = (JobState::Scheduled, None);
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            changes
        });
        let count = self.commit_all(given_back.collect()).await;
        if count > 0 {
            say(&Said::Rescued(count));
        }
    }

    /// Tries to finish what it put aside, once somebody has taken that back.
    async fn come_too_late(&mut self) {
        for job in std::mem::take(&mut self.aside) {
            let now: Option<PublishJob> = self.store.get(&self.system, job.id).await.unwrap();
            if now.unwrap().version == job.version {
                self.aside.push(job);
                continue;
            }
            let finished = vec![self.finished(&job)];
            assert_eq!(self.commit_all(finished).await, 0, "it is somebody else's");
            say(&Said::Refused);
        }
    }
}
