//! Beside a host's own tables, and in its own transactions.

use std::time::Duration;

use mcmp_core::post::Comment;
use mcmp_core::store::{Commit, EventPosition, JobQueue, Outbox, Read, StoreError};
use mcmp_store_sqlite::{OpenError, SqliteConfig, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Row, SqlitePool};

use super::place::{Folder, Seeded, system};

const ORDERS: &str = "CREATE TABLE shop_order (number INTEGER NOT NULL PRIMARY KEY) STRICT";
const ORDER: &str = "INSERT INTO shop_order (number) VALUES (7)";

/// A host with a database of its own, and a store in it.
async fn host(folder: &Folder) -> (SqlitePool, SqliteStore) {
    let options = SqliteConnectOptions::new().filename(folder.file("shop.sqlite"));
    let pool = SqlitePoolOptions::new().connect_with(options.create_if_missing(true)).await;
    let pool = pool.unwrap();
    sqlx::query(ORDERS).execute(&pool).await.unwrap();
    let store = SqliteStore::open(SqliteConfig::with_pool(pool.clone())).await.unwrap();
    (pool, store)
}

async fn orders(pool: &SqlitePool) -> i64 {
    sqlx::query("SELECT count(*) FROM shop_order").fetch_one(pool).await.unwrap().get(0)
}

async fn comment(store: &SqliteStore, comment: &Comment) -> Option<Comment> {
    Read::<Comment>::get(store, &system(), comment.id).await.unwrap()
}

#[tokio::test]
async fn a_hosts_write_and_ours_are_kept_together() {
    let folder = Folder::new();
    let (pool, store) = host(&folder).await;
    let seeded = Seeded::new(&store).await;
    let (changes, wanted, event) = seeded.change(seeded.make::<Comment>(1));
    let mut signal = store.signal();
    signal.mark_unchanged();

    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(ORDER).execute(&mut *transaction).await.unwrap();
    let waker = store.commit_in(&mut transaction, &system(), changes).await.unwrap();
    assert_eq!(comment(&store, &wanted).await, None, "not before the host has committed");
    transaction.commit().await.unwrap();
    assert!(!signal.has_changed().unwrap());
    waker.wake();
    assert!(signal.has_changed().unwrap());

    assert_eq!(orders(&pool).await, 1);
    assert_eq!(comment(&store, &wanted).await, Some(wanted));
    let events = store.events_after(&system(), EventPosition::START, 10).await.unwrap();
    assert_eq!(events.iter().map(|(_, event)| event.id).collect::<Vec<_>>(), [event.id]);
}

#[tokio::test]
async fn a_host_that_rolls_back_takes_ours_back_too() {
    let folder = Folder::new();
    let (pool, store) = host(&folder).await;
    let seeded = Seeded::new(&store).await;
    let (changes, wanted, _) = seeded.change(seeded.make::<Comment>(1));
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(ORDER).execute(&mut *transaction).await.unwrap();
    drop(store.commit_in(&mut transaction, &system(), changes.clone()).await.unwrap());
    transaction.rollback().await.unwrap();
    assert_eq!(orders(&pool).await, 0);
    assert_eq!(comment(&store, &wanted).await, None);
    let events = store.events_after(&system(), EventPosition::START, 10).await.unwrap();
    assert!(events.is_empty());
    store.commit(&system(), changes).await.expect("as if nothing had been");
}

#[tokio::test]
async fn what_is_refused_leaves_the_hosts_transaction_usable() {
    let folder = Folder::new();
    let (pool, store) = host(&folder).await;
    let seeded = Seeded::new(&store).await;
    let (changes, stored, _) = seeded.change(seeded.make::<Comment>(1));
    store.commit(&system(), changes.clone()).await.unwrap();

    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(ORDER).execute(&mut *transaction).await.unwrap();
    // A new one first, so that there is something to take back; then one that is there already.
    let (mut mixed, new, _) = seeded.change(seeded.make::<Comment>(2));
    let mut again = stored.clone();
    mixed.insert(&mut again);
    let refused = store.commit_in(&mut transaction, &system(), mixed).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused:?}");
    let (other, third, _) = seeded.change(seeded.make::<Comment>(3));
    let waker = store.commit_in(&mut transaction, &system(), other).await.unwrap();
    transaction.commit().await.unwrap();
    waker.wake();

    assert_eq!(orders(&pool).await, 1);
    assert_eq!(comment(&store, &new).await, None);
    assert_eq!(comment(&store, &third).await, Some(third));
}

/// Many commits of the store's own wait for the host's transaction and are all kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_writes_wait_for_a_hosts_transaction() {
    let folder = Folder::new();
    let (pool, store) = host(&folder).await;
    let seeded = Seeded::new(&store).await;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for seq in 0..20 {
        let (changes, ..) = seeded.change(seeded.make::<Comment>(seq));
        let store = store.clone();
        waiting.spawn(async move { store.commit(&system(), changes).await });
    }
    tokio::task::yield_now().await;
    sqlx::query(ORDER).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(waiting.join_all().await.into_iter().all(|kept| kept.is_ok()));
    let kept = Read::<Comment>::count(&store, &system(), &Default::default()).await.unwrap();
    assert_eq!((kept, orders(&pool).await), (20, 1));
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    let options = SqliteConnectOptions::new().in_memory(true).shared_cache(true);
    let pool = SqlitePoolOptions::new()
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .unwrap();
    let refused = SqliteStore::open(SqliteConfig::with_pool(pool)).await.unwrap_err();
    assert!(matches!(refused, OpenError::NoWriteAheadLog { .. }), "{refused:?}");
}
