//! Wake-ups across processes.

use mcmp_core::store::{Commit, JobQueue};
use mcmp_test_servers::postgres::database;

use crate::fixture::{Fixture, inserted};

/// Another store of the same database is woken by a commit, which it did not make.
#[tokio::test]
async fn another_process_is_woken() {
    let mut fixture = Fixture::new(database!("another_process_is_woken")).await;
    let telling = fixture.database.config().open().await.unwrap();
    let listening = fixture.database.config().open().await.unwrap();
    let mut signal = listening.signal();
    // It bumps once when it begins to listen.
    signal.changed().await.unwrap();
    let account = fixture.account().await;
    let mut job = fixture.job(account, 0).await;
    signal.mark_unchanged();
    telling.commit(&fixture.system(), inserted(&mut job)).await.unwrap();
    signal.changed().await.unwrap();
}

/// A commit wakes whoever waits in its own process, without a word over the network.
#[tokio::test]
async fn the_own_process_is_woken_at_once() {
    let mut fixture = Fixture::new(database!("the_own_process_is_woken_at_once")).await;
    let account = fixture.account().await;
    let mut signal = fixture.store.signal();
    signal.mark_unchanged();
    fixture.insert_job(account, 0).await;
    assert!(signal.has_changed().unwrap());
}
