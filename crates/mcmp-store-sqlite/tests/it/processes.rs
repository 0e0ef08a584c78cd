//! Processes that are killed, and processes beside one another.

use std::collections::BTreeSet;
use std::sync::Arc;

use mcmp_core::event::Event;
use mcmp_core::post::Comment;
use mcmp_core::store::{Commit, EventPosition, Outbox, Read, StoreError};
use mcmp_core::testkit::{TestStore, survive_kills};
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};

use super::place::{Folder, Seeded, clock, manual, system};

#[test]
fn what_was_acknowledged_survives_kills() {
    let mut folder = None;
    let place = || {
        let file = folder.insert(Folder::new()).file("store.sqlite");
        Ok(file.to_str().unwrap().to_owned())
    };
    let test = "processes::what_was_acknowledged_survives_kills";
    survive_kills(test, 25, place, |file| async {
        let clock = clock();
        let config = SqliteConfig::new(file).clock(manual(&clock));
        TestStore::new(Arc::new(SqliteStore::open(config).await.unwrap()), clock)
    });
}

/// Stores over one file share nothing but the file, as in processes of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_write_to_one_file() {
    const EACH: u64 = 150;
    let folder = Folder::new();
    let stores = [folder.open().await, folder.open().await];
    let seeded = Arc::new(Seeded::new(&stores[0]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for store in &stores {
        for _ in 0..3 {
            let (store, seeded) = (store.clone(), Arc::clone(&seeded));
            tasks.spawn(async move {
                let mut events = BTreeSet::new();
                for seq in 0..EACH / 3 {
                    let (changes, _, event) = seeded.change(seeded.make::<Comment>(seq));
                    store.commit(&system(), changes).await.unwrap();
                    events.insert(event.id);
                }
                events
            });
        }
    }
    let written: BTreeSet<_> = tasks.join_all().await.into_iter().flatten().collect();
    for store in &stores {
        let events = store.events_after(&system(), EventPosition::START, 10_000).await.unwrap();
        let found: BTreeSet<_> = events.iter().map(|(_, event)| event.id).collect();
        assert_eq!(found, written);
        let all = Default::default();
        let comments = Read::<Comment>::count(store, &system(), &all).await.unwrap();
        assert_eq!(comments, 2 * EACH);
        let kept = Read::<Event>::count(store, &system(), &Default::default()).await.unwrap();
        assert_eq!(kept, 2 * EACH);
    }
}

/// Somebody who holds the file for too long is waited for, but not for ever; then all goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_held_is_unavailable_for_a_while() {
    let folder = Folder::new();
    let config = folder.config().busy_timeout(std::time::Duration::from_millis(5));
    let store = SqliteStore::open(config).await.unwrap();
    let seeded = Seeded::new(&store).await;
    let pool = sqlx::SqlitePool::connect_with(
        sqlx::sqlite::SqliteConnectOptions::new().filename(folder.file("store.sqlite")),
    )
    .await
    .unwrap();
    let held = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (changes, comment, _) = seeded.change(seeded.make::<Comment>(1));
    let refused = store.commit(&system(), changes.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
    held.rollback().await.unwrap();
    store.commit(&system(), changes).await.unwrap();
    let found = Read::<Comment>::get(&store, &system(), comment.id).await.unwrap();
    assert_eq!(found, Some(comment));
}
