//! What the store on SQLite does a second, beside bare statements on the same tables.
//!
//!     cargo bench -p mcmp-benches --bench store_sqlite
//!
//! The files lie in `TMPDIR`: what is measured is that disk too.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that measures and tells"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mcmp_benches::durable::{Load, Rate};
use mcmp_benches::{minutes, start};
use mcmp_core::fake::ManualClock;
use mcmp_core::store::Store;
use mcmp_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqliteConnection};

/// How much there is of everything.
struct Size {
    posts: usize,
    clients: usize,
    committers: usize,
    commits: usize,
    lanes: usize,
    jobs: i64,
}

impl Size {
    fn from_arguments() -> Self {
        let given: Vec<String> = std::env::args().collect();
        // As cargo bench runs it; cargo test only sees whether it runs at all.
        if !given.iter().any(|word| word == "--bench") {
            return Self { posts: 200, clients: 10, committers: 4, commits: 40, lanes: 5, jobs: 4 };
        }
        Self {
            posts: 2_000,
            clients: 1_000,
            committers: 128,
            commits: 20_000,
            lanes: 1_000,
            jobs: 20,
        }
    }
}

async fn open(file: &Path, synchronous: Synchronous) -> (Arc<dyn Store>, SqliteStore) {
    let clock = Arc::new(ManualClock::new(minutes(600)));
    let config = SqliteConfig::new(file).clock(clock).synchronous(synchronous);
    let store = SqliteStore::open(config).await.unwrap();
    (Arc::new(store.clone()), store)
}

async fn raw(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file);
    let options = options.journal_mode(SqliteJournalMode::Wal);
    options.synchronous(SqliteSynchronous::Full).connect().await.unwrap()
}

fn tell(what: &str, rate: Rate, raw: Option<Rate>) {
    let ratio = raw.map(|raw| format!(", {:.2} of bare", rate.per_second() / raw.per_second()));
    println!("{what:<60} {:>8.0}/s{}", rate.per_second(), ratio.unwrap_or_default());
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(&Size::from_arguments()));
}

async fn measure(size: &Size) {
    commits(size).await;
    queue(size).await;
}

/// A post that changes, with its event, by one and by many at once.
async fn commits(size: &Size) {
    let load = Load::new(size.clients);
    for (synchronous, committers) in [
        (Synchronous::Full, 1),
        (Synchronous::Full, 16),
        (Synchronous::Full, size.committers),
        (Synchronous::Normal, size.committers),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.sqlite");
        let (store, own) = open(&file, synchronous).await;
        load.fill(store.as_ref(), size.posts).await;
        let commits = size.commits / if committers == 1 { 20 } else { 1 };
        let rate = load.commit(&store, committers, commits.div_ceil(committers)).await;
        own.close().await;
        let bare = if synchronous == Synchronous::Full {
            Some(bare_commits(&file, committers, commits / committers).await)
        } else {
            None
        };
        tell(&format!("commits, synchronous={synchronous:?}, {committers} at once"), rate, bare);
    }
}

/// The same rows by bare statements: transactions with as many changes as there were committers.
async fn bare_commits(file: &Path, together: usize, transactions: usize) -> Rate {
    let mut connection = raw(file).await;
    let together_as = i64::try_from(together).unwrap();
    let rows = sqlx::query("SELECT id, body FROM mcmp_post ORDER BY id DESC LIMIT $1");
    let rows = rows.bind(together_as).fetch_all(&mut connection).await.unwrap();
    let posts: Vec<(Vec<u8>, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let event = sqlx::query("SELECT body FROM mcmp_event LIMIT 1");
    let event: String = event.fetch_one(&mut connection).await.unwrap().get(0);
    let began = Instant::now();
    for n in 0..transactions {
        let at = start().timestamp_millis() + i64::try_from(n).unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        for (id, body) in &posts {
            let update = sqlx::query(
                "UPDATE mcmp_post SET version = version + 1, status = 'draft', planned_at = \
                 planned_at + 1, updated_at = $2, created_at = $2, campaign_id = NULL, series_id = \
                 NULL, approval_due_at = NULL, body = $3 WHERE id = $1",
            );
            update.bind(id).bind(at).bind(body).execute(&mut connection).await.unwrap();
            let insert = sqlx::query(
                "INSERT INTO mcmp_event (id, version, agency_id, client_id, kind, subject, at, body) \
                 VALUES (randomblob(16), 1, $1, $1, 'post_updated', 'post/' || hex($1), $2, $3)",
            );
            insert.bind(id).bind(at).bind(&event).execute(&mut connection).await.unwrap();
        }
        sqlx::query("COMMIT").execute(&mut connection).await.unwrap();
    }
    Rate { count: transactions * posts.len(), took: began.elapsed() }
}

/// Jobs that are claimed and finished.
async fn queue(size: &Size) {
    let load = Load::new(size.clients);
    for (workers, batch) in [(1, 50), (4, 50), (4, 200)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.sqlite");
        let (store, own) = open(&file, Synchronous::Full).await;
        load.queue(store.as_ref(), size.lanes, size.jobs, start()).await;
        own.close().await;
        let copy = folder.path().join("copy.sqlite");
        std::fs::copy(&file, &copy).unwrap();
        let (store, own) = open(&file, Synchronous::Full).await;
        let rate = load.drain(&store, workers, batch).await;
        own.close().await;
        let bare = bare_drain(&copy, batch).await;
        assert_eq!(rate.count, bare.count);
        tell(&format!("claim and finish, {workers} workers, {batch} at once"), rate, Some(bare));
    }
}

/// The same by bare statements that claim and finish a batch.
async fn bare_drain(file: &Path, batch: usize) -> Rate {
    let mut connection = raw(file).await;
    let now = minutes(600).timestamp_millis();
    let began = Instant::now();
    let mut count = 0;
    loop {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        let claim = sqlx::query(
            "UPDATE mcmp_publish_job SET state = 'running', fence = fence + 1, version = version + 1, \
             lease_until = $1 + 60000, body = body WHERE id IN (SELECT (SELECT j.id FROM mcmp_publish_job j \
             WHERE j.account_id = l.account_id AND j.state = 'scheduled' AND j.due_at <= $1 \
             ORDER BY j.planned_at, j.priority, j.id LIMIT 1) FROM mcmp_account_lane l \
             WHERE l.ready_at <= $1 ORDER BY l.ready_at LIMIT $2) RETURNING id, account_id",
        );
        let batch = i64::try_from(batch).unwrap();
        let rows = claim.bind(now).bind(batch).fetch_all(&mut connection).await.unwrap();
        let lane =
            "UPDATE mcmp_account_lane SET ready_at = $2, in_flight = $3 WHERE account_id = $1";
        for row in &rows {
            let account: Vec<u8> = row.get(1);
            let lane = sqlx::query(lane).bind(account).bind(None::<i64>).bind(1);
            lane.execute(&mut connection).await.unwrap();
        }
        sqlx::query("COMMIT").execute(&mut connection).await.unwrap();
        if rows.is_empty() {
            break;
        }
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        for row in &rows {
            let (id, account): (Vec<u8>, Vec<u8>) = (row.get(0), row.get(1));
            let finish = sqlx::query(
                "UPDATE mcmp_publish_job SET state = 'published', version = version + 1, \
                 lease_until = NULL, body = body WHERE id = $1",
            );
            finish.bind(id).execute(&mut connection).await.unwrap();
            let due = sqlx::query(
                "SELECT min(due_at) FROM mcmp_publish_job WHERE account_id = $1 AND state = 'scheduled'",
            );
            let due: Option<i64> =
                due.bind(&account).fetch_one(&mut connection).await.unwrap().get(0);
            let lane = sqlx::query(lane).bind(account).bind(due).bind(0);
            lane.execute(&mut connection).await.unwrap();
        }
        sqlx::query("COMMIT").execute(&mut connection).await.unwrap();
        count += rows.len();
    }
    Rate { count, took: began.elapsed() }
}
