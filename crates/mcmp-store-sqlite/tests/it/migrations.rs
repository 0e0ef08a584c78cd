//! Tables that are made, and tables of an older version that are filled.

use std::path::Path;
use std::process::Command;

use chrono::TimeDelta;
use mcmp_core::agency::Meter;
use mcmp_core::store::{
    ChangeSet, Commit, Entity, EventPosition, JobQueue, MeterChange, Outbox, Query,
};
use mcmp_core::testkit::Sample;
use mcmp_core::time::Clock;
use mcmp_store_sqlite::{OpenError, SqliteConfig, SqliteStore, TablePrefix};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};

use super::place::{Folder, Seeded, clock, system};

async fn connect(file: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    options.create_if_missing(true).connect().await.unwrap()
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(connection).await.unwrap().get(0)
}

/// Calls a macro with every kind of entity.
macro_rules! every_kind {
    ($each:ident) => {
        $each! {
            mcmp_core::agency::Agency, mcmp_core::client::Client, mcmp_core::member::User,
            mcmp_core::member::Membership, mcmp_core::member::Invitation,
            mcmp_core::member::ApiKey, mcmp_core::account::SocialAccount, mcmp_core::post::Post,
            mcmp_core::post::Revision, mcmp_core::post::Comment, mcmp_core::post::HistoryEntry,
            mcmp_core::approval::ReviewLink, mcmp_core::series::Series,
            mcmp_core::campaign::Campaign, mcmp_core::campaign::Brief,
            mcmp_core::campaign::Creator, mcmp_core::board::Task, mcmp_core::asset::Asset,
            mcmp_core::publishing::PublishJob, mcmp_core::publishing::Attempt,
            mcmp_core::analytics::Snapshot, mcmp_core::analytics::Rollup,
            mcmp_core::notification::Notification, mcmp_core::webhook::WebhookEndpoint,
            mcmp_core::webhook::Delivery, mcmp_core::event::Event, mcmp_core::duty::Duty,
            mcmp_core::publishing::RateBudget,
        }
    };
}

const FIXTURE: &str = include_str!("../fixtures/version_1.sql");

/// A file as version 1 left it, with something of every kind in it.
async fn version_1(file: &Path, prefix: &str) {
    let mut connection = connect(file).await;
    let schema = include_str!("../../migrations/0001_first.sql").replace("{prefix}", prefix);
    let applied = format!(
        "CREATE TABLE {prefix}migration (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) \
         STRICT; INSERT INTO {prefix}migration VALUES (1, 'first');"
    );
    for sql in [schema, applied, FIXTURE.replace("{prefix}", prefix)] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
}

async fn all_of<E: Sample>(store: &SqliteStore) -> Vec<E> {
    let query = Query::<E>::new(Default::default());
    E::read(store).list(&system(), &query).await.unwrap().items
}

#[tokio::test]
async fn a_filled_file_of_version_1_is_taken_up() {
    let folder = Folder::new();
    for prefix in ["mcmp_", "other_"] {
        version_1(&folder.file("store.sqlite"), prefix).await;
        let config = folder.config().prefix(TablePrefix::new(prefix).unwrap());
        let store = SqliteStore::open(config).await.unwrap();
        macro_rules! check {
            ($($kind:ty),+ $(,)?) => {$(
                assert!(!all_of::<$kind>(&store).await.is_empty(), "{}", <$kind as Entity>::KIND);
            )+};
        }
        every_kind!(check);
        let agency = all_of::<mcmp_core::agency::Agency>(&store).await.remove(0).id;
        let used = store.usage(&system(), agency, Meter::StorageBytes, None).await.unwrap();
        assert_eq!(used, 7);
        let job = all_of::<mcmp_core::publishing::PublishJob>(&store).await.remove(0);
        assert!(store.lane(&system(), job.account_id).await.unwrap().is_some());
        let events = store.events_after(&system(), EventPosition::START, 10).await.unwrap();
        // And is written to.
        let seeded = Seeded::new(&store).await;
        let (changes, _, event) = seeded.change(seeded.make::<mcmp_core::post::Comment>(1));
        store.commit(&system(), changes).await.unwrap();
        let later = events.last().unwrap().0;
        let new = store.events_after(&system(), later, 10).await.unwrap();
        assert_eq!(new.iter().map(|(_, event)| event.id).collect::<Vec<_>>(), [event.id]);
    }
}

#[tokio::test]
async fn prefixes_keep_stores_apart() {
    let folder = Folder::new();
    let one = folder.open().await;
    let config = folder.config().prefix(TablePrefix::new("second_").unwrap());
    let two = SqliteStore::open(config).await.unwrap();
    Seeded::new(&one).await;
    assert_eq!(all_of::<mcmp_core::client::Client>(&one).await.len(), 1);
    assert_eq!(all_of::<mcmp_core::client::Client>(&two).await.len(), 0);
}

#[tokio::test]
async fn a_newer_file_is_refused() {
    let folder = Folder::new();
    folder.open().await.close().await;
    let mut connection = connect(&folder.file("store.sqlite")).await;
    let newer = "INSERT INTO mcmp_migration VALUES (1000, 'later')";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    let refused = SqliteStore::open(folder.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::NewerSchema { found: 1000, .. }), "{refused:?}");
}

/// Processes that make the tables of one new file at once.
#[test]
fn processes_open_a_new_file_at_once() {
    const FILE: &str = "MCMP_OPEN_AT_ONCE";
    const NUMBER: &str = "MCMP_OPEN_AT_ONCE_NUMBER";
    if let Ok(file) = std::env::var(FILE) {
        let number: i64 = std::env::var(NUMBER).unwrap().parse().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(async {
            let store = SqliteStore::open(SqliteConfig::new(file)).await.unwrap();
            Seeded::at(&store, clock().now() + TimeDelta::seconds(number)).await;
            store.close().await;
        });
    }
    for _ in 0..5 {
        let folder = Folder::new();
        let file = folder.file("store.sqlite");
        let start = |number: u32| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["migrations::processes_open_a_new_file_at_once", "--exact"]);
            command
                .env(FILE, &file)
                .env(NUMBER, number.to_string())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        };
        let children: Vec<_> = (0..4).map(start).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut connection = connect(&file).await;
            assert_eq!(number(&mut connection, "SELECT count(*) FROM mcmp_migration").await, 1);
            assert_eq!(number(&mut connection, "SELECT count(*) FROM mcmp_client").await, 4);
        });
    }
}

/// Writes the fixture of the present version, for the tests of those that come.
#[tokio::test]
#[ignore = "run by hand when a version is released: MCMP_FIXTURE names the file"]
async fn write_the_fixture() {
    let folder = Folder::new();
    let store = folder.open().await;
    let seeded = Seeded::new(&store).await;
    let mut changes = ChangeSet::new();
    let (agency_id, meter) = (seeded.place.agency_id, Meter::StorageBytes);
    changes.meter(MeterChange { agency_id, meter, month: None, by: 7, limit: None });
    macro_rules! put {
        ($($kind:ty),+ $(,)?) => {$(
            mcmp_core::testkit::Stored::put(&mut seeded.make::<$kind>(3), &mut changes);
        )+};
    }
    every_kind!(put);
    store.commit(&system(), changes).await.unwrap();
    store.close().await;
    let mut connection = connect(&folder.file("store.sqlite")).await;
    let mut sql =
        String::from("-- Something of every kind, as version 1 of the tables keeps it.\n");
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'mcmp\\_%' \
                  ESCAPE '\\' AND name <> 'mcmp_migration' ORDER BY rowid";
    for table in sqlx::query(tables).fetch_all(&mut connection).await.unwrap() {
        let table: String = table.get(0);
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns = sqlx::query(AssertSqlSafe(columns)).fetch_all(&mut connection).await.unwrap();
        let columns: Vec<String> = columns.iter().map(|column| column.get(0)).collect();
        let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("quote({name})")).collect();
        let rows = format!("SELECT {} FROM {table}", quoted.join(" || ', ' || "));
        let bare = table.trim_start_matches("mcmp_");
        for row in sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap() {
            let values: String = row.get(0);
            sql.push_str(&format!("INSERT INTO \"{{prefix}}{bare}\" ({})\n", names.join(", ")));
            sql.push_str(&format!("    VALUES ({values});\n"));
        }
    }
    std::fs::write(std::env::var("MCMP_FIXTURE").unwrap(), sql).unwrap();
}
