//! Connections that are lost, and a server that goes away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcmp_core::event::Event;
use mcmp_core::post::Post;
use mcmp_core::store::{ChangeSet, Commit, EventPosition, Outbox, Read, StoreError};
use mcmp_core::testkit::{Skip, TestStore, World};
use mcmp_core::time::ManualClock;
use mcmp_store_postgres::PostgresConfig;
use mcmp_test_servers::postgres::database;
use mcmp_test_servers::{script, skipped};
use tokio::task::JoinSet;

use crate::fixture::Fixture;

/// Sessions are ended in the middle of commits, again and again: what was acknowledged is there with
/// its event, what was not is there wholly or not at all, and nothing but `Unavailable` is said.
#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_lose_nothing() {
    const COMMITS: usize = 60;
    let fixture = Arc::new(Fixture::new(database!("lost_connections_lose_nothing")).await);
    let done = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..4 {
        let (fixture, done) = (Arc::clone(&fixture), Arc::clone(&done));
        writers.spawn(async move {
            let mut outcomes = Vec::new();
            for seq in 0..COMMITS as u64 {
                let mut changes = ChangeSet::new();
                let mut post: Post = fixture.world.make(0, seq);
                let event: Event = fixture.world.make(0, seq);
                let event_id = event.id;
                changes.insert(&mut post);
                changes.event(event);
                let result = fixture.store.commit(&fixture.world.system, changes).await;
                if let Err(error) = &result {
                    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
                }
                outcomes.push((post.id, event_id, result.is_ok()));
                done.fetch_add(1, Ordering::Relaxed);
            }
            outcomes
        });
    }
    let mut superuser = fixture.superuser().await;
    let mut ended = 0;
    for round in 1..=10 {
        while done.load(Ordering::Relaxed) < round * COMMITS * 4 / 12 {
            tokio::task::yield_now().await;
        }
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut superuser).await.unwrap();
        ended += count;
    }
    assert!(ended > 0, "sessions were ended");
    let outcomes: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let acknowledged = outcomes.iter().filter(|(_, _, ok)| *ok).count();
    assert!(acknowledged > COMMITS, "most work in spite of it: {acknowledged}");

    let system = fixture.system();
    let events = fixture.store.events_after(&system, EventPosition::START, 10_000).await.unwrap();
    let events: BTreeSet<_> = events.into_iter().map(|(_, event)| event.id).collect();
    for (post, event, ok) in outcomes {
        let post: Option<Post> = fixture.store.get(&system, post).await.unwrap();
        assert_eq!(post.is_some(), events.contains(&event), "all of it or nothing");
        assert!(post.is_some() || !ok, "what is acknowledged is there");
    }
}

/// A server of this test alone, to be stopped and started.
struct OwnServer {
    dir: String,
}

impl OwnServer {
    fn run(&self, command: &[&str]) -> Result<BTreeMap<String, String>, String> {
        script::run("postgres", &[command, &["--dir", &self.dir]].concat())
    }

    fn start(&self) -> Result<BTreeMap<String, String>, Skip> {
        script::start("postgres", &["--stop-when-idle", "5", "--dir", &self.dir])
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ = self.run(&["stop", "--purge"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_survived() {
    let name = format!("mcmp-postgres-test-{}", std::process::id());
    let dir = std::env::temp_dir().join(name).to_str().unwrap().to_owned();
    let server = OwnServer { dir };
    let said = match server.start() {
        Ok(said) => said,
        Err(skip) => return skipped("a_restart_of_the_server_is_survived", &skip),
    };
    let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
    let config =
        PostgresConfig::url(&said["PG_URL"]).allow_superuser().clock(Arc::new(clock.clone()));
    let store = config.open().await.unwrap();
    let world = World::new(TestStore::new(Arc::new(store.clone()), clock)).await;
    let commit = async |seq| {
        let mut changes = ChangeSet::new();
        let mut post: Post = world.make(0, seq);
        changes.insert(&mut post);
        store.commit(&world.system, changes).await.map(|()| post.id)
    };
    // Several idle connections, all of which a restart breaks.
    let idle = [store.pool().acquire().await.unwrap(), store.pool().acquire().await.unwrap()];
    drop(idle);
    let before = commit(1).await.unwrap();
    server.run(&["stop"]).unwrap();
    let while_down = commit(2).await;
    assert!(matches!(while_down, Err(StoreError::Unavailable { .. })), "{while_down:?}");
    server.start().unwrap();
    let after = commit(3).await.unwrap();
    for id in [before, after] {
        let found: Option<Post> = store.get(&world.system, id).await.unwrap();
        assert!(found.is_some());
    }
}
