//! Events, in the order they happened, to whoever in this process wants them.

use std::fmt::Debug;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::duty::DutyName;
use mcmp_core::event::Event;
use mcmp_core::portal::HeldDuty;
use mcmp_core::publishing::WorkerId;
use mcmp_core::store::{EventPosition, ReadUpTo};
use mcmp_core::{Error, Portal};
use tokio::time::Instant;

use crate::supervise::system;
use crate::telemetry;

/// Wants to know what happens, such as to index posts for search or to tell open browsers.
///
/// Every event of the installation comes at least once and in the order of the commits, to one
/// process at a time over all that share the store; one that takes longer than 20 seconds for an
/// event may meet another process that goes on meanwhile. How far it got is kept in the store under its
/// name, so nothing is missed while no process runs.
#[async_trait]
pub trait EventSubscriber: Debug + Send + Sync + 'static {
    /// Takes one event. It may come again after a crash: [`Event::id`] tells.
    ///
    /// # Errors
    /// It could not be taken now; it comes again after a while, and nothing after it before. A
    /// panic counts as the same.
    async fn take(&self, event: &Event) -> Result<(), SubscriberError>;
}

/// Why a subscriber could not take an event.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SubscriberError(Box<dyn std::error::Error + Send + Sync>);

impl SubscriberError {
    /// For this reason.
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

/// Most events that are read at once.
const BATCH: usize = 200;
/// How long a process reads for a subscriber before another may take over.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// A process reads no further under a lease that ends this soon.
const MARGIN: TimeDelta = TimeDelta::seconds(10);
/// How long a subscriber takes events before its place is noted, which renews the lease.
const NOTE_AFTER: Duration = Duration::from_secs(5);

/// What the names of such duties begin with.
const PREFIX: &str = "outbox/";
/// Most characters of a subscriber's name.
pub(crate) const MAX_NAME: usize = DutyName::MAX - PREFIX.len();

/// The duty that a subscriber's position is kept under.
pub(crate) fn duty_of(subscriber: &str) -> String {
    format!("{PREFIX}{}", subscriber.trim())
}

/// Reads for one subscriber.
#[derive(Debug)]
pub(crate) struct Reader {
    name: String,
    subscriber: Arc<dyn EventSubscriber>,
    /// Held from the first event on for as long as there are more.
    duty: Option<HeldDuty>,
    /// Nothing up to here is new.
    seen: EventPosition,
}

/// What came of one round.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) taken: usize,
    pub(crate) is_more: bool,
}

impl Reader {
    /// For a subscriber whose position is kept under `name`.
    pub(crate) fn new(name: &str, subscriber: Arc<dyn EventSubscriber>) -> Self {
        let name = name.to_owned();
        Self { name, subscriber, duty: None, seen: EventPosition::START }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Gives the subscriber what it has not seen; nothing if another process does that now.
    pub(crate) async fn round(
        &mut self,
        portal: &Portal,
        worker: &WorkerId,
    ) -> Result<Round, ReadError> {
        let idle = Round { taken: 0, is_more: false };
        let (store, scope) = (portal.store(), system()?);
        if store.events_after(&scope, self.seen, 1).await.map_err(Error::from)?.is_empty() {
            return Ok(idle);
        }
        let now = store.now().await.map_err(Error::from)?;
        let held = self
            .duty
            .take()
            .filter(|duty| duty.held_until().is_some_and(|until| until - now > MARGIN));
        let mut duty = match held {
            Some(duty) => duty,
            None => {
                let name = duty_of(&self.name);
                let Some(mut duty) = portal.take_duty(&name, worker, LEASE).await? else {
                    return Ok(idle);
                };
                let known = duty.progress::<ReadUpTo>()?;
                self.seen = known.unwrap_or_default().position;
                if known.is_none() {
                    // From now on what it has not read is kept for it.
                    duty.record(&ReadUpTo { position: self.seen }, LEASE).await?;
                }
                duty
            }
        };
        let events = store.events_after(&scope, self.seen, BATCH).await.map_err(Error::from)?;
        let (mut is_more, began) = (events.len() == BATCH, Instant::now());
        let (mut taken, mut refused, mut position) = (0, None, self.seen);
        for (at, event) in events {
            if let Err(error) = give(self.subscriber.as_ref(), &event).await {
                refused = Some(error);
                break;
            }
            (taken, position) = (taken + 1, at);
            if began.elapsed() > NOTE_AFTER {
                is_more = true;
                break;
            }
        }
        if taken > 0 {
            duty.record(&ReadUpTo { position }, LEASE).await?;
            telemetry::read_up_to(&self.name, position.0);
            self.seen = position;
        }
        self.duty = Some(duty);
        match refused {
            Some(error) => Err(ReadError::Refused { subscriber: self.name.clone(), error }),
            None => Ok(Round { taken, is_more }),
        }
    }

    /// Lets another process read at once.
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        let Some(duty) = self.duty.take() else { return Ok(()) };
        match duty.release().await {
            // Its lease had run out, and another one reads already.
            Err(Error::Conflict { .. }) => Ok(()),
            result => result,
        }
    }
}

/// Gives an event; a panic is a refusal, so that what was taken before it is noted.
async fn give(subscriber: &dyn EventSubscriber, event: &Event) -> Result<(), SubscriberError> {
    let mut taking = subscriber.take(event);
    poll_fn(move |cx| {
        // What is left of it is never polled again.
        match catch_unwind(AssertUnwindSafe(|| taking.as_mut().poll(cx))) {
            Ok(answer) => answer,
            Err(_) => Poll::Ready(Err(SubscriberError::new("it panicked"))),
        }
    })
    .await
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("“{subscriber}” could not take an event: {error}")]
    Refused { subscriber: String, error: SubscriberError },
    #[error(transparent)]
    Core(#[from] Error),
}
