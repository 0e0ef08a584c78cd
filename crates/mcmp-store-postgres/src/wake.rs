//! Wake-ups: whoever waits for work need not wait for the next poll. They only shorten waiting.
//!
//! In one process a change of [`Wake::signal`] is enough. Other processes are told by `NOTIFY`,
//! after the commit and not within it, as a transaction that notifies takes a lock of the whole
//! database to commit; and at most ten times a second.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::schema_name::SchemaName;

/// The time between two notifications.
const GAP: Duration = Duration::from_millis(100);
/// The longest wait before another try to listen.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Wakes whoever waits, in this process and in others. Its tasks end with it.
#[derive(Debug)]
pub(crate) struct Wake {
    signal: Arc<watch::Sender<u64>>,
    unsent: Arc<Notify>,
    tasks: Vec<JoinHandle<()>>,
}

impl Wake {
    /// Wakes within this process alone.
    pub(crate) fn local() -> Self {
        Self {
            signal: Arc::new(watch::Sender::new(0)),
            unsent: Arc::new(Notify::new()),
            tasks: Vec::new(),
        }
    }

    /// Tells other processes too, and listens to them on a connection of its own.
    pub(crate) fn across_processes(pool: &PgPool, schema: &SchemaName) -> Self {
        let mut wake = Self::local();
        let channel = channel(schema);
        let (pool, unsent) = (pool.clone(), Arc::clone(&wake.unsent));
        let options = PgConnectOptions::clone(&pool.connect_options());
        wake.tasks.push(tokio::spawn(announce(pool, channel.clone(), unsent)));
        wake.tasks.push(tokio::spawn(listen(options, channel, Arc::clone(&wake.signal))));
        wake
    }

    pub(crate) fn signal(&self) -> watch::Receiver<u64> {
        self.signal.subscribe()
    }

    /// Something was committed that somebody may wait for.
    pub(crate) fn up(&self) {
        bump(&self.signal);
        self.unsent.notify_one();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn bump(signal: &watch::Sender<u64>) {
    signal.send_modify(|count| *count = count.wrapping_add(1));
}

/// The channel of a schema; channels are the database's.
fn channel(schema: &SchemaName) -> String {
    format!("{schema}_wake")
}

async fn announce(pool: PgPool, channel: String, unsent: Arc<Notify>) {
    loop {
        unsent.notified().await;
        let notified = sqlx::query("SELECT pg_notify($1, '')").bind(&channel).execute(&pool).await;
        if let Err(error) = notified {
            tracing::debug!(%error, "other processes were not told; they poll");
        }
        tokio::time::sleep(GAP).await;
    }
}

async fn listen(options: PgConnectOptions, channel: String, signal: Arc<watch::Sender<u64>>) {
    let mut pause = GAP;
    loop {
        match listen_once(&options, &channel, &signal).await {
            // It did listen: try again soon.
            Ok(()) => pause = GAP,
            Err(error) => {
                tracing::debug!(%error, "notifications are not heard; polling goes on");
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Listens until the connection is lost.
async fn listen_once(
    options: &PgConnectOptions,
    channel: &str,
    signal: &watch::Sender<u64>,
) -> Result<(), sqlx::Error> {
    // A pool of one, as a listener takes a connection for good.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(channel).await?;
    // What came before is not told.
    bump(signal);
    while listener.try_recv().await?.is_some() {
        bump(signal);
    }
    Ok(())
}
