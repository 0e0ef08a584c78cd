//! What people wait for, read through a durable store, and by the same statement directly: a client's
//! month, its library, a campaign's report.
//!
//!     cargo bench -p mcmp-benches --bench reads
//!     cargo bench -p mcmp-benches --bench reads -- --store postgres --posts 1000000 --snapshots 10000000
//!
//! `--store` is `sqlite`, `postgres` or both; `--posts`, `--assets` and `--snapshots` say how much there
//! is, 0 to leave a part out; `--only-rollups` leaves out the snapshots themselves, which no report
//! reads, where there is no room for them. With `--keep NAME` the database stays, to be found filled
//! by the next run with the same name. Files lie in `TMPDIR`; the PostgreSQL server is
//! `MCMP_BENCH_POSTGRES_URL`'s or `MCMP_TEST_POSTGRES_URL`'s, or the one of `scripts/postgres`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that measures and tells"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mcmp_benches::archive::Archive;
use mcmp_benches::bare::Bare;
use mcmp_benches::numbers::{Numbers, overview, report};
use mcmp_benches::server::Database;
use mcmp_core::access::Scope;
use mcmp_core::analytics::Rollup;
use mcmp_core::asset::Asset;
use mcmp_core::post::Post;
use mcmp_core::store::{Entity, EntityKind, Query, Read};
use mcmp_store_postgres::PostgresStore;
use mcmp_store_sql::{Dialect, list_sql};
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// How much there is of everything.
#[derive(Debug, Clone)]
struct Size {
    clients: usize,
    posts: usize,
    assets: usize,
    snapshots: usize,
    /// Without the snapshots themselves, which no report reads.
    only_rollups: bool,
    reads: usize,
}

impl Size {
    fn from_arguments(given: &[String]) -> Self {
        // As cargo bench runs it; cargo test only sees whether it runs at all.
        if !given.iter().any(|word| word == "--bench") {
            let (clients, posts, assets, snapshots, reads) = (5, 300, 200, 2_000, 5);
            return Self { clients, posts, assets, snapshots, only_rollups: false, reads };
        }
        let number = |name, usual| value_of(given, name).map_or(usual, |n| n.parse().unwrap());
        Self {
            clients: 1_000,
            posts: number("--posts", 100_000),
            assets: number("--assets", 100_000),
            snapshots: number("--snapshots", 1_000_000),
            only_rollups: given.iter().any(|word| word == "--only-rollups"),
            reads: 500,
        }
    }
}

fn value_of<'a>(given: &'a [String], name: &str) -> Option<&'a str> {
    let at = given.iter().position(|word| word == name)?;
    Some(given.get(at + 1).expect("a value").as_str())
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let size = Size::from_arguments(&given);
    let (store, keep) = (value_of(&given, "--store"), value_of(&given, "--keep"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if store.is_none_or(|store| store == "sqlite") {
            sqlite(&size, keep).await;
        }
        if store.is_none_or(|store| store == "postgres") {
            postgres(&size, keep).await;
        }
    });
}

/// A store, and a way past it.
struct Subject<S> {
    store: S,
    bare: Bare,
    name: &'static str,
}

async fn sqlite(size: &Size, keep: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = match keep {
        Some(name) => std::env::temp_dir().join(format!("mcmp_bench_{name}.sqlite")),
        None => folder.path().join("store.sqlite"),
    };
    SqliteStore::open(SqliteConfig::new(&file)).await.unwrap().close().await;
    // As the store's own connections that read are.
    let options = SqliteConnectOptions::new().filename(&file).statement_cache_capacity(500);
    let options = options.row_buffer_size(512).pragma("cache_size", "-8192");
    let archive = Archive::new(size.clients);
    let filler = options.clone().pragma("cache_size", "-262144").connect().await.unwrap();
    let mut filler = Bare::Sqlite(filler);
    fill(&archive, size, &mut filler).await;
    drop(filler);
    // How selective the indexes are is read as a connection opens.
    let store = SqliteStore::open(SqliteConfig::new(&file)).await.unwrap();
    let bare = Bare::Sqlite(options.connect().await.unwrap());
    let mut subject = Subject { store: store.clone(), bare, name: "SQLite" };
    subject.measure(&archive, size, store.dialect()).await;
    store.close().await;
}

async fn postgres(size: &Size, keep: Option<&str>) {
    let database = match Database::open(keep).await {
        Ok(database) => database,
        Err(why) => return println!("PostgreSQL: skipped: {why}"),
    };
    let store: PostgresStore = database.config().open().await.unwrap();
    let archive = Archive::new(size.clients);
    let mut bare = Bare::Postgres(database.superuser().await);
    fill(&archive, size, &mut bare).await;
    let mut subject = Subject { store: store.clone(), bare, name: "PostgreSQL" };
    subject.measure(&archive, size, store.dialect()).await;
    store.pool().close().await;
    if keep.is_none() {
        database.remove().await;
    }
}

/// Fills what is to be read, but for tables that were filled before.
async fn fill(archive: &Archive, size: &Size, bare: &mut Bare) {
    if size.posts > 0 && !bare.is_filled(EntityKind::Post).await {
        filled("posts", bare.fill(EntityKind::Post, archive.posts(size.posts))).await;
    }
    if size.assets > 0 && !bare.is_filled(EntityKind::Asset).await {
        filled("files", bare.fill(EntityKind::Asset, archive.assets(size.assets))).await;
    }
    if size.snapshots > 0 && !bare.is_filled(EntityKind::Rollup).await {
        let numbers = Numbers::new(archive, size.snapshots);
        println!("{} readings", numbers.count());
        if !size.only_rollups {
            filled("snapshots", bare.fill(EntityKind::Snapshot, numbers.snapshots())).await;
        }
        filled("rollups", bare.fill(EntityKind::Rollup, numbers.rollups())).await;
    }
}

async fn filled(what: &str, filling: impl Future<Output = usize>) {
    let began = Instant::now();
    let count = filling.await;
    println!("{count} {what} in {:.1?}", began.elapsed());
}

impl<S> Subject<S>
where
    S: Read<Post> + Read<Asset> + Read<Rollup>,
{
    async fn measure(&mut self, archive: &Archive, size: &Size, dialect: &dyn Dialect) {
        if size.posts > 0 {
            let month = |n| archive.month(n);
            self.lists("a client's month", archive, size, dialect, month).await;
        }
        if size.assets > 0 {
            for (place, (name, _)) in archive.library(0, size.assets).into_iter().enumerate() {
                let query = |n| archive.library(n, size.assets).swap_remove(place).1;
                self.lists(name, archive, size, dialect, query).await;
            }
        }
        if size.snapshots > 0 {
            let query = |n| report(archive.holder(n), 365);
            self.lists("a campaign's year, day by day", archive, size, dialect, query).await;
            let query = |n| report(archive.holder(n), 30);
            self.lists("a campaign's first 30 days", archive, size, dialect, query).await;
            let query = |n| overview(archive.holder(n), 365);
            self.lists("a client's year, day by day", archive, size, dialect, query).await;
        }
    }

    /// Lists of many clients, by people who run them; the same ones directly, in turn.
    async fn lists<E: Entity>(
        &mut self,
        what: &str,
        archive: &Archive,
        size: &Size,
        dialect: &dyn Dialect,
        query: impl Fn(usize) -> Query<E>,
    ) where
        S: Read<E>,
    {
        let asked: Vec<(Scope, Query<E>)> =
            (0..size.reads).map(|n| n * 7).map(|n| (archive.manager(n), query(n))).collect();
        let (mut took, mut bare, mut items) = (Vec::new(), Vec::new(), 0);
        for is_warm in [false, true] {
            for (n, (scope, query)) in asked.iter().enumerate() {
                let began = Instant::now();
                let page = Read::<E>::list(&self.store, scope, query).await.unwrap();
                if is_warm {
                    took.push(began.elapsed());
                    items += page.items.len();
                }
                // Another one, of which less is at hand.
                let (scope, query) = &asked[(n + size.reads / 2) % size.reads];
                let (sql, values) = list_sql(dialect, scope, query).unwrap();
                let began = Instant::now();
                self.bare.read(&sql, &values).await;
                if is_warm {
                    bare.push(began.elapsed());
                }
            }
        }
        took.sort_unstable();
        bare.sort_unstable();
        let [store_50, store_99, bare_50, bare_99] =
            [part(&took, 50), part(&took, 99), part(&bare, 50), part(&bare, 99)];
        println!(
            "{:<11} {what:<34} {:>4} items  p50 {:>8.2?} (bare {:>8.2?}, x{:.2})  \
             p99 {:>8.2?} (bare {:>8.2?}, x{:.2})",
            self.name,
            items / size.reads,
            store_50,
            bare_50,
            store_50.as_secs_f64() / bare_50.as_secs_f64(),
            store_99,
            bare_99,
            store_99.as_secs_f64() / bare_99.as_secs_f64(),
        );
    }
}

/// Of sorted times, the one that so many in a hundred are below.
fn part(took: &[Duration], part: usize) -> Duration {
    took[(took.len() * part / 100).min(took.len() - 1)]
}
