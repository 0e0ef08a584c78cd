//! Copies of the file that are made while it is written to.

use std::sync::Arc;

use mcmp_core::post::Comment;
use mcmp_core::store::{Commit, EventPosition, Outbox, Read};
use mcmp_core::testkit::{TestStore, World};
use mcmp_store_sqlite::{BackupError, SqliteConfig, SqliteStore};

use super::place::{Folder, Seeded, clock, manual, system};

#[tokio::test]
async fn a_backup_opens_equal() {
    let (folder, clock) = (Folder::new(), clock());
    let store = SqliteStore::open(folder.config().clock(manual(&clock))).await.unwrap();
    let world = World::new(TestStore::new(Arc::new(store.clone()), clock.clone())).await;
    let copy = folder.file("it's a copy.sqlite");
    store.backup(&copy).await.unwrap();
    let before = world.dump().await;
    let copied = SqliteStore::open(SqliteConfig::new(&copy).clock(manual(&clock))).await.unwrap();
    let again = store.backup(&copy).await.unwrap_err();
    assert!(matches!(again, BackupError::Exists), "{again:?}");
    for record in &world.kept {
        assert!(before.iter().any(|row| row.contains(&record.id().to_string())));
    }
    assert_eq!(world.dump_of(&copied).await, before);
}

/// What a copy holds is a state that there was: commits that are whole, and none after a gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_while_writing_is_one_state() {
    let folder = Folder::new();
    let store = folder.open().await;
    let seeded = Arc::new(Seeded::new(&store).await);
    let writing = {
        let (store, seeded) = (store.clone(), Arc::clone(&seeded));
        tokio::spawn(async move {
            let mut order = Vec::new();
            for seq in 0..300 {
                let (changes, comment, event) = seeded.change(seeded.make::<Comment>(seq));
                store.commit(&system(), changes).await.unwrap();
                order.push((comment.id, event.id));
            }
            order
        })
    };
    let mut copies = Vec::new();
    for round in 0..3 {
        let copy = folder.file(&format!("copy-{round}.sqlite"));
        store.backup(&copy).await.unwrap();
        copies.push(copy);
    }
    let order = writing.await.unwrap();
    for copy in copies {
        assert!(!copy.with_extension("sqlite.partial").exists());
        let copied = SqliteStore::open(SqliteConfig::new(copy)).await.unwrap();
        let events = copied.events_after(&system(), EventPosition::START, 1_000).await.unwrap();
        let events: Vec<_> = events.iter().map(|(_, event)| event.id).collect();
        let (kept, later) = order.split_at(events.len());
        assert_eq!(events, kept.iter().map(|(_, event)| *event).collect::<Vec<_>>());
        for (comment, is_kept) in
            kept.iter().map(|(id, _)| (id, true)).chain(later.iter().map(|(id, _)| (id, false)))
        {
            let found = Read::<Comment>::get(&copied, &system(), *comment).await.unwrap();
            assert_eq!(found.is_some(), is_kept);
        }
    }
}
