//! A runtime beside the runs', for stores that work on it.

use std::sync::Arc;

use mcmp_core::store::{MemoryStore, Store};
use mcmp_core::time::ManualClock;
use mcmp_scheduler::TokioClock;
use mcmp_simulation::{Outside, of_range, tells_the_same};
use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime whose threads go on by themselves.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Makes the store of a run, on another runtime.
pub(crate) fn made_by<S: Store + 'static>(
    runtime: &Handle,
    new_store: impl AsyncFnOnce(ManualClock) -> S,
) -> impl FnOnce(TokioClock) -> Arc<dyn Store> {
    move |time| Arc::new(Outside::new(runtime, time, new_store))
}

#[test]
fn a_store_on_another_runtime_changes_no_story() {
    let runtime = runtime();
    for seed in of_range(0, 10) {
        let in_memory = async |clock| MemoryStore::new(Arc::new(clock));
        tells_the_same(seed, made_by(runtime.handle(), in_memory));
    }
}
