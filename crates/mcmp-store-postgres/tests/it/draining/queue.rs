//! The queue that is emptied, as its parent sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::access::{ActorRef, Scope};
use mcmp_core::account::SocialAccount;
use mcmp_core::event::EventKind;
use mcmp_core::id::{AccountId, Id};
use mcmp_core::publishing::{LaneAction, LaneChange};
use mcmp_core::store::{ChangeSet, Commit, EventPosition, JobQueue, Outbox};
use mcmp_core::testkit::{TestStore, World};
use mcmp_core::time::ManualClock;
use mcmp_store_postgres::PostgresStore;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::fixture::scheduled;
use mcmp_test_servers::postgres::Database;

/// How many lanes there are, every third of which takes three jobs at once.
const LANES: usize = 250;
/// How many jobs are put into how many lanes by one commit.
const TOGETHER: usize = 10;

/// The lanes, and a look at all that is in the database.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    world: Arc<World>,
    store: PostgresStore,
    system: Scope,
    /// Each account, with the place in the world that it is in.
    accounts: Vec<(usize, AccountId)>,
    superuser: PgPool,
}

impl Queue {
    pub(super) async fn new(database: &Database) -> Self {
        let store = database.config().open().await.unwrap();
        // Nobody moves it: the store goes by the server's.
        let clock = ManualClock::new(store.now().await.unwrap());
        let world = World::new(TestStore::new(Arc::new(store.clone()), clock)).await;
        let mut changes = ChangeSet::new();
        let mut accounts = Vec::with_capacity(LANES);
        for number in 0..LANES {
            let place = number % world.places.len();
            let mut account: SocialAccount = world.make(place, 1);
            changes.insert(&mut account);
            let most = if number % 3 == 0 { 3 } else { 1 };
            changes.lane(LaneChange {
                account_id: account.id,
                agency_id: account.agency_id,
                client_id: account.client_id,
                action: LaneAction::SetMaxInFlight(most),
            });
            accounts.push((place, account.id));
        }
        let system = world.system.clone();
        store.commit(&system, changes).await.unwrap();
        let superuser = PgPoolOptions::new().max_connections(1);
        let superuser = superuser.connect_with(database.superuser()).await.unwrap();
        Self { world: Arc::new(world), store, system, accounts, superuser }
    }

    /// Puts jobs into all lanes, all of them due.
    pub(super) async fn fill(&self, jobs: u32) {
        let due = self.store.now().await.unwrap() - TimeDelta::minutes(1);
        let mut left = usize::try_from(jobs).unwrap();
        for accounts in self.accounts.chunks(TOGETHER).cycle() {
            let mut changes = ChangeSet::new();
            for number in 0..left.min(TOGETHER * accounts.len()) {
                let (place, account) = accounts[number % accounts.len()];
                changes.insert(&mut scheduled(&self.world, place, account, due));
                left -= 1;
            }
            self.store.commit(&self.system, changes).await.unwrap();
            if left == 0 {
                return;
            }
        }
    }

    /// The same, for a task of its own.
    pub(super) async fn filled(self, jobs: u32) {
        self.fill(jobs).await;
    }

    /// Whether no job waits or is in flight.
    pub(super) async fn is_empty(&self) -> bool {
        let sql = "SELECT NOT EXISTS (SELECT FROM mcmp.publish_job WHERE state = 'scheduled') \
                   AND NOT EXISTS (SELECT FROM mcmp.publish_job \
                   WHERE state IN ('running', 'committing'))";
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.unwrap()
    }

    /// Every lane counts what is in flight, and is ready, now, if it has room and a job that waits:
    /// at any moment, as a commit changes jobs and lanes together.
    pub(super) async fn audit(&self) {
        let sql = "WITH open AS (SELECT account_id, \
                       count(*) FILTER (WHERE state = 'scheduled') AS waiting, \
                       count(*) FILTER (WHERE state <> 'scheduled') AS in_flight \
                   FROM mcmp.publish_job WHERE state IN ('scheduled', 'running', 'committing') \
                   GROUP BY account_id), \
                   lane AS (SELECT l.*, coalesce(o.waiting, 0) AS waiting, \
                       coalesce(o.in_flight, 0) AS found \
                   FROM mcmp.account_lane AS l LEFT JOIN open AS o USING (account_id)) \
                   SELECT account_id, in_flight, found, ready_at, waiting FROM lane \
                   WHERE in_flight <> found \
                   OR (ready_at IS NOT NULL) <> (waiting > 0 AND in_flight < max_in_flight) \
                   OR ready_at > extract(epoch FROM clock_timestamp()) * 1000";
        type Lane = (Uuid, i64, i64, Option<i64>, i64);
        let wrong: Vec<Lane> = sqlx::query_as(sql).fetch_all(&self.superuser).await.unwrap();
        assert_eq!(wrong, [], "lanes that sleep or miscount");
    }

    /// No job is due or in flight, and every lane rests.
    pub(super) async fn has_nothing_left(&self) {
        assert!(self.is_empty().await);
        self.audit().await;
        assert_eq!(self.store.next_due(&self.system).await.unwrap(), None);
        assert_eq!(self.store.expired(&self.system, 10).await.unwrap(), []);
        for (_, account) in &self.accounts {
            let lane = self.store.lane(&self.system, *account).await.unwrap().unwrap();
            assert_eq!((lane.in_flight, lane.ready_at), (0, None));
        }
    }

    /// What was told of every job that was finished: the fence, and by which process.
    pub(super) async fn trail(&self) -> Vec<(Uuid, u64, String)> {
        let mut trail = Vec::new();
        let mut after = EventPosition::START;
        loop {
            let events = self.store.events_after(&self.system, after, 2_000).await.unwrap();
            let Some((last, _)) = events.last() else { return trail };
            after = *last;
            for (_, event) in events {
                let (EventKind::JobPublished, ActorRef::System(process)) =
                    (event.kind, event.actor)
                else {
                    continue;
                };
                let Some(fence) = event.note.and_then(|note| note.as_str().parse().ok()) else {
                    continue;
                };
                trail.push((event.subject.id, fence, process));
            }
        }
    }

    /// Every job of the lanes that is published, with the fence that it has.
    pub(super) async fn published(&self) -> BTreeMap<Uuid, u64> {
        let accounts: Vec<Uuid> = self.accounts.iter().map(|(_, id)| id.uuid()).collect();
        let sql = "SELECT id, (body->>'fence')::bigint FROM mcmp.publish_job \
                   WHERE account_id = ANY($1) AND state = 'published'";
        let jobs: Vec<(Uuid, i64)> =
            sqlx::query_as(sql).bind(accounts).fetch_all(&self.superuser).await.unwrap();
        jobs.into_iter().map(|(id, fence)| (id, fence.try_into().unwrap())).collect()
    }
}
