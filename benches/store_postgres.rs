//! What the store on PostgreSQL does a second, beside bare statements on the same tables.
//!
//!     cargo bench -p mcmp-benches --bench store_postgres
//!     cargo bench -p mcmp-benches --bench store_postgres -- --only drain
//!
//! The server is the one of `MCMP_BENCH_POSTGRES_URL`, or that of `scripts/postgres`, which is
//! installed by `scripts/postgres start --install --durable`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that measures and tells"
)]

use std::sync::Arc;
use std::time::Instant;

use mcmp_benches::durable::{Load, Rate};
use mcmp_benches::server::Database;
use mcmp_benches::{minutes, start};
use mcmp_core::fake::ManualClock;
use mcmp_core::store::Store;
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Row};

/// How much there is of everything.
struct Size {
    clients: usize,
    committers: usize,
    commits: usize,
    lanes: usize,
    jobs: i64,
}

impl Size {
    fn from_arguments() -> Self {
        // As cargo bench runs it; cargo test only sees whether it runs at all.
        if !std::env::args().any(|word| word == "--bench") {
            return Self { clients: 10, committers: 4, commits: 40, lanes: 5, jobs: 4 };
        }
        Self { clients: 1_000, committers: 128, commits: 20_000, lanes: 1_000, jobs: 50 }
    }
}

fn tell(what: &str, rate: Rate, raw: Rate) {
    let ratio = rate.per_second() / raw.per_second();
    println!("{what:<60} {:>8.0}/s, {ratio:.2} of bare", rate.per_second());
}

fn main() {
    let only = std::env::args().skip_while(|word| word != "--only").nth(1);
    let is_wanted = |part| only.as_deref().is_none_or(|only| only == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match Database::open(None).await {
            Ok(database) => database.remove().await,
            Err(why) => return println!("PostgreSQL: skipped: {why}"),
        }
        let size = Size::from_arguments();
        if is_wanted("commits") {
            commits(&size).await;
        }
        if is_wanted("drain") {
            drain(&size).await;
        }
    });
}

async fn open(database: &Database) -> Arc<dyn Store> {
    let clock = Arc::new(ManualClock::new(minutes(600)));
    Arc::new(database.config().clock(clock).open().await.unwrap())
}

/// A post that changes, with its event, by one and by many at once.
async fn commits(size: &Size) {
    let load = Load::new(size.clients);
    for committers in [1, 16, size.committers] {
        let database = Database::open(None).await.unwrap();
        let store = open(&database).await;
        load.fill(store.as_ref(), 100 * committers).await;
        let commits = size.commits / if committers == 1 { 20 } else { 1 };
        let rate = load.commit(&store, committers, commits.div_ceil(committers)).await;
        let bare = bare_commits(&database, committers.min(16), commits).await;
        tell(&format!("commits, {committers} at once"), rate, bare);
        database.remove().await;
    }
}

/// The same rows by bare statements, a transaction for each post and its event.
async fn bare_commits(database: &Database, committers: usize, commits: usize) -> Rate {
    let mut connection = database.superuser().await;
    let rows = sqlx::query("SELECT id, body::text FROM mcmp.post ORDER BY id DESC LIMIT $1");
    let rows = rows.bind(i64::try_from(committers).unwrap()).fetch_all(&mut connection).await;
    let event = sqlx::query_scalar("SELECT body::text FROM mcmp.event LIMIT 1");
    let event: String = event.fetch_one(&mut connection).await.unwrap();
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for row in rows.unwrap() {
        let (id, body): (Uuid, String) = (row.get(0), row.get(1));
        let mut connection = database.superuser().await;
        let event = event.clone();
        tasks.spawn(async move {
            for n in 0..commits / committers {
                let at = start().timestamp_millis() + i64::try_from(n).unwrap();
                sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
                let update = sqlx::query(
                    "UPDATE mcmp.post SET version = version + 1, planned_at = planned_at + 1, \
                     updated_at = $2, body = $3::jsonb WHERE id = $1",
                );
                update.bind(id).bind(at).bind(&body).execute(&mut connection).await.unwrap();
                let insert = sqlx::query(
                    "INSERT INTO mcmp.event (id, version, agency_id, client_id, kind, subject, at, \
                     body, position) VALUES (gen_random_uuid(), 1, $1, $1, 'post.updated', \
                     'post/' || $1, $2, $3::jsonb, nextval('mcmp.event_position'))",
                );
                insert.bind(id).bind(at).bind(&event).execute(&mut connection).await.unwrap();
                sqlx::query("COMMIT").execute(&mut connection).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    Rate { count: commits / committers * committers, took: began.elapsed() }
}

/// Jobs that are claimed and finished, each with its attempt and an event.
async fn drain(size: &Size) {
    let load = Load::new(size.clients);
    for (workers, batch) in [(1, 100), (2, 100), (2, 200), (4, 200)] {
        let database = Database::open(None).await.unwrap();
        let store = open(&database).await;
        load.queue(store.as_ref(), size.lanes, size.jobs, start()).await;
        let mut connection = database.superuser().await;
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
        let rate = load.drain(&store, workers, batch).await;

        let database = Database::open(None).await.unwrap();
        let store = open(&database).await;
        load.queue(store.as_ref(), size.lanes, size.jobs, start()).await;
        let mut connection = database.superuser().await;
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..workers {
            let connection = database.superuser().await;
            tasks.spawn(bare_drain(connection, i64::try_from(batch).unwrap()));
        }
        let count = tasks.join_all().await.into_iter().sum();
        let bare = Rate { count, took: began.elapsed() };
        assert!(rate.count <= bare.count, "the bare ones claim some twice, and all once");
        tell(&format!("claim and finish, {workers} workers, {batch} at once"), rate, bare);
        database.remove().await;
    }
}

const BARE_CLAIM: &str = "WITH lane AS (\
     SELECT account_id FROM mcmp.account_lane WHERE ready_at <= $1 \
     ORDER BY ready_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED), \
     job AS (SELECT first.id, lane.account_id FROM lane CROSS JOIN LATERAL (\
     SELECT id FROM mcmp.publish_job WHERE account_id = lane.account_id AND state = 'scheduled' \
     AND due_at <= $1 ORDER BY planned_at, priority, id LIMIT 1) AS first), \
     taken AS (UPDATE mcmp.account_lane AS t SET ready_at = NULL, in_flight = 1 FROM lane \
     WHERE t.account_id = lane.account_id) \
     UPDATE mcmp.publish_job AS t SET state = 'running', fence = fence + 1, version = version + 1, \
     lease_until = $1 + 60000, body = t.body || jsonb_build_object('state', 'running', \
     'fence', fence + 1, 'version', version + 1, 'lease', jsonb_build_object('worker', 'bench', \
     'until', $1 + 60000)) FROM job WHERE t.id = job.id RETURNING t.id, t.account_id";

const BARE_FINISH: &str = "WITH done AS (\
     UPDATE mcmp.publish_job SET state = 'published', version = version + 1, lease_until = NULL, \
     body = body || jsonb_build_object('state', 'published', 'version', version + 1, 'lease', NULL, \
     'finished_at', 1) WHERE id = ANY($1)) \
     UPDATE mcmp.account_lane AS t SET in_flight = 0, ready_at = (\
     SELECT min(due_at) FROM mcmp.publish_job AS j WHERE j.account_id = t.account_id \
     AND j.state = 'scheduled') WHERE account_id = ANY($2)";

/// Bare statements that claim and finish a batch, the columns and what the body says of them; without
/// attempts and events.
async fn bare_drain(mut connection: PgConnection, batch: i64) -> usize {
    let now = minutes(600).timestamp_millis();
    let mut count = 0;
    loop {
        let claim = sqlx::query(BARE_CLAIM).bind(now).bind(batch);
        let rows = claim.fetch_all(&mut connection).await.unwrap();
        if rows.is_empty() {
            return count;
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
        let accounts: Vec<Uuid> = rows.iter().map(|row| row.get(1)).collect();
        count += ids.len();
        sqlx::query(AssertSqlSafe(BARE_FINISH))
            .bind(ids)
            .bind(accounts)
            .execute(&mut connection)
            .await
            .unwrap();
    }
}
