//! How late posts start, in real time: five hundred fall due every second, spread over a thousand
//! channels, on a platform whose calls take a while.
//!
//!     cargo bench -p mcmp-benches --bench start_lag
//!     cargo bench -p mcmp-benches --bench start_lag -- --store postgres
//!
//! The stores are `memory`, `sqlite` and `postgres`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that measures and tells"
)]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_benches::agency;
use mcmp_benches::server::Database;
use mcmp_core::Portal;
use mcmp_core::account::Platform;
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::portal::{PostDraft, When};
use mcmp_core::publishing::{
    Intent, LookUp, Progress, PublishContext, PublishError, Publisher, PublisherCapabilities,
    RemoteRef, WentLive,
};
use mcmp_core::secret::{KeyRing, SealKey};
use mcmp_core::store::{MemoryStore, Store};
use mcmp_core::time::{Clock, SystemClock};
use mcmp_scheduler::Engine;
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};
use tokio::task::JoinSet;

const PER_SECOND: i64 = 500;
/// How many plan at once.
const PLANNERS: usize = 16;
const CALL: Duration = Duration::from_millis(20);

/// Notes how late each part was as its first call came.
#[derive(Debug, Default)]
struct Stopwatch {
    lags_ms: Mutex<Vec<i64>>,
}

#[async_trait]
impl Publisher for Stopwatch {
    fn platform(&self) -> &Platform {
        &Platform::THREADS
    }

    fn capabilities(&self) -> PublisherCapabilities {
        PublisherCapabilities { can_look_up: true, ..PublisherCapabilities::default() }
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        let lag = SystemClock.now() - cx.job.planned_at;
        let lag = lag.num_microseconds().unwrap_or(i64::MAX).div_euclid(1_000);
        self.lags_ms.lock().expect("nothing panics in between").push(lag);
        Ok(Progress::Ready { checkpoint: None })
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        tokio::time::sleep(CALL).await;
        Ok(WentLive::Live(RemoteRef { id: cx.dedupe_key(), url: None }))
    }

    async fn look_up(&self, _: &PublishContext<'_>, _: &Intent) -> Result<LookUp, PublishError> {
        Ok(LookUp::Impossible)
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // As cargo bench runs it; cargo test only sees whether it runs at all.
    let is_test = !std::env::args().any(|word| word == "--bench");
    let (seconds, channels) = if is_test { (1, 50) } else { (10, 1_000) };
    let key = SealKey::from_bytes(&[7; 32]).unwrap();
    let sealer = KeyRing::builder().active("k", key).build(Arc::new(SystemEntropy)).unwrap();
    let platform = Arc::new(Stopwatch::default());
    let place = Place::new().await;
    let portal = Portal::builder(place.open().await)
        .sealer(Arc::new(sealer))
        .publisher(platform.clone())
        .build()
        .unwrap();
    let (session, clients) = agency::found(&portal, channels, &[Platform::THREADS]).await;
    let jobs = usize::try_from(PER_SECOND * seconds).unwrap();
    // Planning comes first; all of it is written before the first post is due.
    let each_takes = if matches!(place, Place::Memory) { 1 } else { 8 };
    let first =
        portal.now() + TimeDelta::milliseconds(500 + each_takes * i64::try_from(jobs).unwrap());
    let (session, clients) = (Arc::new(session), Arc::new(clients));
    let mut planners = JoinSet::new();
    for planner in 0..PLANNERS {
        let (session, clients) = (Arc::clone(&session), Arc::clone(&clients));
        planners.spawn(async move {
            for n in (planner..jobs).step_by(PLANNERS) {
                let (client, accounts) = &clients[n % clients.len()];
                let text = "Fresh rye bread from seven o'clock".parse().unwrap();
                let draft = PostDraft::new(*client, text).to(accounts.iter().copied());
                let post = session.posts().create(draft).await.unwrap();
                let after = i64::try_from(n).unwrap() * 1_000 / PER_SECOND;
                let at = first + TimeDelta::milliseconds(after);
                session.posts().schedule(post.id, When::At(at)).await.unwrap();
            }
        });
    }
    planners.join_all().await;
    let ahead = first - portal.now();
    assert!(ahead > TimeDelta::zero(), "planning took longer than expected: {ahead}");

    let running = Engine::builder(portal.clone()).build().unwrap().start();
    let all = ahead + TimeDelta::seconds(seconds + 2);
    tokio::time::sleep(all.to_std().unwrap()).await;
    running.shutdown().await;

    let mut lags = platform.lags_ms.lock().expect("nothing panics in between").clone();
    lags.sort_unstable();
    assert_eq!(lags.len(), jobs, "every post started once");
    assert!(lags.first().is_some_and(|least| *least >= 0), "none started early");
    let at = |percent: usize| lags[(lags.len() - 1) * percent / 100];
    println!(
        "{jobs} posts at {PER_SECOND}/s over {place}: start lag p50 {} ms, p90 {} ms, p99 {} ms, most {} ms",
        at(50),
        at(90),
        at(99),
        at(100),
    );
    place.remove().await;
}

/// Where the posts wait.
#[derive(Debug)]
enum Place {
    Memory,
    Sqlite(tempfile::TempDir),
    Postgres(Box<Database>),
}

impl Place {
    async fn new() -> Self {
        let store = std::env::args().skip_while(|word| word != "--store").nth(1);
        match store.as_deref() {
            Some("postgres") => Self::Postgres(Box::new(Database::open(None).await.unwrap())),
            Some("sqlite") => Self::Sqlite(tempfile::tempdir().unwrap()),
            _ => Self::Memory,
        }
    }

    async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory => Arc::new(MemoryStore::new(Arc::new(SystemClock))),
            Self::Sqlite(folder) => {
                let config = SqliteConfig::new(folder.path().join("store.sqlite"));
                Arc::new(SqliteStore::open(config).await.unwrap())
            }
            Self::Postgres(database) => Arc::new(database.config().open().await.unwrap()),
        }
    }

    async fn remove(self) {
        if let Self::Postgres(database) = self {
            database.remove().await;
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "the store in memory",
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        })
    }
}
