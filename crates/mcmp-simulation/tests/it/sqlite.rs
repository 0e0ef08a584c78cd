//! Over SQLite.

use std::sync::Arc;

use mcmp_simulation::{
    a_worker_is_stopped_before_its_call, all_hold, of_range, runs, tells_the_same,
};
use mcmp_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use tempfile::TempDir;

use crate::outside::{made_by, runtime};

/// One of so many seeds that are run over memory: a run takes two seconds.
const SHARE: u64 = 10;

fn config(folder: &TempDir) -> SqliteConfig {
    // What is tested is not the disk.
    SqliteConfig::new(folder.path().join("store.sqlite")).synchronous(Synchronous::Normal)
}

#[test]
fn over_sqlite_a_seed_tells_the_same_story_as_over_memory() {
    let runtime = runtime();
    let sum = all_hold(of_range(0, runs().div_ceil(SHARE)), |seed| {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder);
        tells_the_same(
            seed,
            made_by(runtime.handle(), async |clock| {
                SqliteStore::open(config.clock(Arc::new(clock))).await.unwrap()
            }),
        )
    });
    eprintln!("{sum:?}");
    sum.something_happened();
}

#[test]
fn over_sqlite_a_worker_that_was_stopped_before_its_call_does_not_make_it() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let config = config(&folder);
    a_worker_is_stopped_before_its_call(made_by(runtime.handle(), async |clock| {
        SqliteStore::open(config.clock(Arc::new(clock))).await.unwrap()
    }));
}
