//! What goes on beside the claims: holding on to jobs, and taking back those of dead workers.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mcmp_core::Error;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, warn};

use crate::engine::Shared;
use crate::telemetry;

/// Most jobs that are taken back at once.
const RESCUE_BATCH: usize = 100;

/// How long one of these rests after a panic.
const REST: Duration = Duration::from_secs(1);

/// Does something for good: again, after a rest, if it panics.
pub(super) async fn whatever_happens<F>(engine: Arc<Shared>, work: fn(Arc<Shared>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let mut task = JoinSet::new();
        task.spawn(work(Arc::clone(&engine)));
        if let Some(Err(error)) = task.join_next().await {
            error!(%error, "holding on to jobs, or taking them back, panicked");
        }
        sleep(engine.pace.around(REST)).await;
    }
}

/// Renews all leases, three times as often as they would run out; rests while there are none.
pub(super) async fn hold(engine: Arc<Shared>) {
    let lease = engine.settings.lease.to_std().unwrap_or(Duration::from_secs(10));
    let beat = (lease / 3).max(Duration::from_millis(1));
    loop {
        if engine.worker.holding() == 0 {
            engine.held.notified().await;
        }
        sleep(beat).await;
        match renew(&engine).await {
            Ok(0) => {}
            Ok(lost) => {
                warn!(lost, "jobs were lost to other workers");
                telemetry::lost(lost);
            }
            // What can't be renewed starts no further step once its lease is nearly over.
            Err(error) => error!(%error, "leases could not be renewed"),
        }
    }
}

async fn renew(engine: &Shared) -> Result<usize, Error> {
    let at = engine.portal.store().now().await?;
    let lost = engine.worker.renew().await?;
    engine.health.renewed(at);
    Ok(lost)
}

/// Takes back jobs whose worker is gone.
pub(super) async fn rescue(engine: Arc<Shared>) {
    loop {
        sleep(engine.pace.around(engine.settings.rescue_every)).await;
        loop {
            match engine.worker.rescue(RESCUE_BATCH).await {
                Ok(rescued) => {
                    telemetry::rescued(rescued);
                    if rescued < RESCUE_BATCH {
                        break;
                    }
                }
                Err(error) => {
                    error!(%error, "jobs of dead workers could not be taken back");
                    break;
                }
            }
        }
    }
}
