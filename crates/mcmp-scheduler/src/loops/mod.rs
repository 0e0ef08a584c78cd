//! The loops that keep everything but publishing going: each does a little, says when it wants to
//! be called again, and never brings another one down.

mod approvals;
mod fan_out;
mod outbox;
mod refresh;
mod retention;
mod sends;
mod series;

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::Error;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{Instrument, error, info_span};

use crate::engine::Shared;
use crate::outbox::ReadError;
use crate::telemetry;
pub(crate) use approvals::Approvals;
pub(crate) use fan_out::FanOut;
pub(crate) use outbox::Subscription;
pub(crate) use refresh::Refresh;
pub(crate) use retention::CleanUp;
pub(crate) use sends::{Deliveries, Notifications, Polls, Sends};
pub(crate) use series::RecurringSeries;

macro_rules! loops {
    ($($(#[$doc:meta])* $name:ident = $wire:literal),+ $(,)?) => {
        /// What an engine does. Each can be left to another process; see
        /// [`EngineBuilder::only`](crate::EngineBuilder::only).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Loop {
            $($(#[$doc])* #[serde(rename = $wire)] $name,)+
        }

        impl Loop {
            /// All of them.
            pub const ALL: &'static [Loop] = &[$(Loop::$name),+];

            /// The wire name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Loop::$name => $wire,)+
                }
            }
        }
    };
}

loops! {
    /// Claims and publishes what is due, and takes back what dead workers left.
    Publish = "publish",
    /// Gives events to the subscribers in this process.
    Outbox = "outbox",
    /// Refreshes tokens ahead of their end, and tells people of grants that end.
    Refresh = "refresh",
    /// Reads the numbers of what was published.
    Metrics = "metrics",
    /// Turns events into deliveries to webhook endpoints.
    WebhookFanOut = "webhook_fan_out",
    /// Sends deliveries to webhook endpoints.
    Deliveries = "deliveries",
    /// Tells people outside the product what concerns them.
    Notifications = "notifications",
    /// Tells people of approvals that are overdue, and ends those that come too late.
    Approvals = "approvals",
    /// Makes recurring posts ahead of their time.
    Series = "series",
    /// Cleans up old data.
    Retention = "retention",
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All loops, for builders.
pub(crate) fn all() -> BTreeSet<Loop> {
    Loop::ALL.iter().copied().collect()
}

/// What one round did, and when the next one should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) done: usize,
    pub(crate) again: Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// There is more to do.
    AtOnce,
    /// After so long, give or take a tenth.
    After(Duration),
    /// When something is committed, and after a while anyway.
    OnSignal,
}

/// One loop's work.
#[async_trait]
pub(crate) trait Chore: Send {
    fn which(&self) -> Loop;

    /// Which part of the loop, where it has several.
    fn part(&self) -> &str {
        ""
    }

    /// Waits until a round can do something. It may be given up at any time.
    async fn ready(&mut self, _engine: &Shared) {}

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError>;

    /// Lets what is under way end, within the time for it.
    async fn finish(&mut self, _grace: Duration) {}
}

/// Why a round failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoreError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// How long work that one process does for all may take before another takes over.
const ALONE: TimeDelta = TimeDelta::minutes(1);

impl Shared {
    /// Does something that needs to be done once over all processes: `None` if another one is at it.
    async fn alone<T>(
        &self,
        which: Loop,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, Error> {
        let name = format!("loop/{which}");
        let taken = self.portal.take_duty(&name, self.worker.id(), ALONE).await?;
        let Some(duty) = taken else { return Ok(None) };
        let result = work.await;
        match duty.release().await {
            // It took longer than expected, and another one has taken over.
            Ok(()) | Err(Error::Conflict { .. }) => result.map(Some),
            Err(error) => result.and(Err(error)),
        }
    }
}

/// The shortest time between two rounds that signals cause: what is committed together is looked at
/// together.
const SPACING: Duration = Duration::from_millis(20);

/// Calls a chore again and again until it is told to stop; errors only slow it down.
pub(crate) async fn run(
    mut chore: impl Chore,
    engine: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let which = chore.which();
    let mut signal = engine.portal.store().signal();
    let mut after_errors = engine.pace.after_errors();
    while !*stop.borrow_and_update() {
        tokio::select! {
            biased;
            _ = stop.changed() => continue,
            () = chore.ready(&engine) => {}
        }
        signal.mark_unchanged();
        let span = info_span!("mcmp_loop", name = which.as_str(), part = chore.part());
        let again = match chore.round(&engine).instrument(span).await {
            Ok(round) => {
                after_errors = engine.pace.after_errors();
                engine.health.ok(which, chore.part(), engine.portal.now());
                telemetry::loop_done(which, round.done);
                round.again
            }
            Err(error) => {
                let part = chore.part();
                error!(name = which.as_str(), part, %error, "a loop of the engine failed");
                engine.health.failed(which, part, &error.to_string());
                telemetry::loop_failed(which);
                let longest = after_errors.next().unwrap_or(engine.settings.poll);
                Again::After(engine.pace.part_of(longest))
            }
        };
        let (wait, wakes) = match again {
            Again::AtOnce => continue,
            Again::After(wait) => (engine.pace.around(wait), false),
            Again::OnSignal => (engine.pace.around(engine.settings.poll), true),
        };
        let woken = tokio::select! {
            biased;
            _ = stop.changed() => false,
            _ = signal.changed(), if wakes => true,
            () = sleep(wait) => false,
        };
        if woken {
            sleep(SPACING).await;
        }
    }
    chore.finish(engine.settings.grace).await;
}
