//! Files that can't be opened, and stores that are closed.

use mcmp_core::post::Comment;
use mcmp_core::store::{Commit, Read, StoreError};
use mcmp_store_sqlite::{OpenError, SqliteConfig, SqliteStore};

use super::place::{Folder, Seeded, system};

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = Folder::new();
    let file = folder.file("store.sqlite");
    std::fs::write(&file, "a letter to a friend, and no database at all; ".repeat(100)).unwrap();
    let refused = SqliteStore::open(folder.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Database { .. }), "{refused:?}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("a letter"));
    let nowhere = SqliteConfig::new(folder.file("no/such/folder/store.sqlite"));
    assert!(matches!(SqliteStore::open(nowhere).await, Err(OpenError::Database { .. })));
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_its_file_whole() {
    let folder = Folder::new();
    let store = folder.open().await;
    let seeded = Seeded::new(&store).await;
    let (changes, comment, _) = seeded.change(seeded.make::<Comment>(1));
    store.commit(&system(), changes).await.unwrap();
    store.close().await;
    let (changes, ..) = seeded.change(seeded.make::<Comment>(2));
    let refused = store.commit(&system(), changes.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
    let refused = store.commit_all(&system(), vec![changes.clone(), changes]).await;
    assert!(refused.iter().all(|one| matches!(one, Err(StoreError::Unavailable { .. }))));
    let refused = Read::<Comment>::get(&store, &system(), comment.id).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");

    // The log is in the file: it can be moved alone.
    assert!(!folder.file("store.sqlite-wal").exists());
    let moved = folder.file("moved.sqlite");
    std::fs::rename(folder.file("store.sqlite"), &moved).unwrap();
    let store = SqliteStore::open(SqliteConfig::new(moved)).await.unwrap();
    let found = Read::<Comment>::get(&store, &system(), comment.id).await.unwrap();
    assert_eq!(found, Some(comment));
}

#[test]
fn a_config_shows_its_file_and_no_more() {
    let shown = format!("{:?}", SqliteConfig::new("/srv/mcmp.sqlite"));
    assert!(shown.contains("/srv/mcmp.sqlite"));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename("/srv/shop.sqlite");
    let options = options.pragma("key", "'correct horse'");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _in_runtime = runtime.enter();
    let pool = sqlx::sqlite::SqlitePoolOptions::new().connect_lazy_with(options);
    let shown = format!("{:?}", SqliteConfig::with_pool(pool));
    assert!(shown.contains("shop.sqlite") && !shown.contains("horse"), "{shown}");
}
