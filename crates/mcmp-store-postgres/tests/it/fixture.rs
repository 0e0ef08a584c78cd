//! A store with the kit's world in it, and jobs to play with.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::account::SocialAccount;
use mcmp_core::id::{AccountId, Id};
use mcmp_core::publishing::{AccountLane, JobState, PublishJob, WorkerId};
use mcmp_core::store::{ChangeSet, ClaimRequest, JobQueue};
use mcmp_core::testkit::{TestStore, World};
use mcmp_core::time::ManualClock;
use mcmp_store_postgres::{PostgresConfig, PostgresStore};
use mcmp_test_servers::postgres::{Database, connect};
use sqlx::postgres::PgConnection;

pub(crate) struct Fixture {
    pub(crate) world: World,
    pub(crate) store: PostgresStore,
    pub(crate) database: Arc<Database>,
}

impl Fixture {
    pub(crate) async fn new(database: Database) -> Self {
        let config = database.config();
        Self::opened(database, config).await
    }

    /// The same, with a schema for each client.
    pub(crate) async fn per_client(database: Database) -> Self {
        let config = database.config().schema_per_client();
        Self::opened(database, config).await
    }

    async fn opened(database: Database, config: PostgresConfig) -> Self {
        let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
        let config = config.clock(Arc::new(clock.clone())).without_notifications();
        let store = config.open().await.unwrap();
        let database = Arc::new(database);
        let test = TestStore::new(Arc::new(store.clone()), clock).keeping(Arc::clone(&database));
        Self { world: World::new(test).await, store, database }
    }

    pub(crate) fn system(&self) -> Scope {
        self.world.system.clone()
    }

    /// A session of the stores' role, beside the store.
    pub(crate) async fn session(&self) -> PgConnection {
        connect(&self.database.options()).await
    }

    /// A session that sees everything.
    pub(crate) async fn superuser(&self) -> PgConnection {
        connect(&self.database.superuser()).await
    }

    pub(crate) async fn now(&self) -> DateTime<Utc> {
        self.world.now().await
    }

    /// A new account of the first client.
    pub(crate) async fn account(&mut self) -> AccountId {
        let account: SocialAccount = self.world.make(0, 1);
        self.world.insert(account).await.id
    }

    /// A scheduled job, due `minutes` from now, not yet stored.
    pub(crate) async fn job(&self, account: AccountId, minutes: i64) -> PublishJob {
        let due = self.now().await + TimeDelta::minutes(minutes);
        scheduled(&self.world, 0, account, due)
    }

    pub(crate) async fn insert_job(&mut self, account: AccountId, minutes: i64) -> PublishJob {
        let job = self.job(account, minutes).await;
        self.world.insert(job).await
    }

    pub(crate) async fn claim(&self, limit: usize) -> Vec<PublishJob> {
        self.store.claim(&self.world.system, &request(limit)).await.unwrap().jobs
    }

    pub(crate) async fn lane(&self, account: AccountId) -> AccountLane {
        self.store.lane(&self.world.system, account).await.unwrap().unwrap()
    }

    /// Waits until a session of the store's waits for a lock: then it is where the test wants it.
    pub(crate) async fn until_somebody_waits(&self) {
        self.until_so_many_wait(1).await;
    }

    pub(crate) async fn until_so_many_wait(&self, sessions: i64) {
        let mut connection = self.superuser().await;
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        loop {
            let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
            if waiting >= sessions {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A scheduled job that nobody has touched, not yet stored.
pub(crate) fn scheduled(
    world: &World,
    place: usize,
    account: AccountId,
    due: DateTime<Utc>,
) -> PublishJob {
    let mut job: PublishJob = world.make(place, 1);
    (job.account_id, job.state, job.due_at, job.planned_at) =
        (account, JobState::Scheduled, due, due);
    (job.priority, job.rev, job.fence, job.crashes) = (0, 1, 0, 0);
    (job.lease, job.intent, job.hold_reason, job.finished_at) = (None, None, None, None);
    (job.cancel_requested_at, job.checkpoint) = (None, None);
    job
}

pub(crate) fn request(limit: usize) -> ClaimRequest {
    let worker = WorkerId("worker-1".to_owned());
    ClaimRequest { worker, limit, lease: TimeDelta::seconds(90), ahead: TimeDelta::zero() }
}

/// The job as published, to be committed.
pub(crate) fn finished(mut job: PublishJob) -> ChangeSet {
    (job.state, job.lease) = (JobState::Published, None);
    let mut changes = ChangeSet::new();
    changes.update(&mut job);
    changes
}

pub(crate) fn inserted(job: &mut PublishJob) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.insert(job);
    changes
}

/// A UUID as SQL has it.
pub(crate) fn literal(id: impl Id) -> String {
    format!("'{}'", id.uuid())
}
