//! Work that comes piece by piece and waits for others: deliveries, notifications, numbers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::notification::Notification;
use mcmp_core::portal::{MetricsSchedule, Upkeep};
use mcmp_core::publishing::PublishJob;
use mcmp_core::webhook::Delivery;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tracing::{Instrument, Span, error};

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;
use crate::supervise::EngineSupervisor;
use crate::telemetry;

/// How long a piece is this process's.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How long it may take: it is given up before another process takes it.
const PATIENCE: Duration = Duration::from_secs(100);

/// Pieces of one kind: claimed, then each carried out on its own.
#[async_trait]
pub(crate) trait Pieces: Send + Sync + 'static {
    type Piece: Send + 'static;

    fn which(&self) -> Loop;

    async fn claim(&self, upkeep: &Upkeep, limit: usize) -> Result<Vec<Self::Piece>, Error>;

    async fn carry_out(&self, upkeep: &Upkeep, piece: Self::Piece) -> Result<(), Error>;
}

/// Deliveries to webhook endpoints.
#[derive(Debug)]
pub(crate) struct Deliveries;

#[async_trait]
impl Pieces for Deliveries {
    type Piece = Delivery;

    fn which(&self) -> Loop {
        Loop::Deliveries
    }

    async fn claim(&self, upkeep: &Upkeep, limit: usize) -> Result<Vec<Delivery>, Error> {
        upkeep.claim_deliveries(limit, LEASE).await
    }

    async fn carry_out(&self, upkeep: &Upkeep, piece: Delivery) -> Result<(), Error> {
        upkeep.send_delivery(piece).await.map(drop)
    }
}

/// Notifications to people, outside the product.
#[derive(Debug)]
pub(crate) struct Notifications;

#[async_trait]
impl Pieces for Notifications {
    type Piece = Notification;

    fn which(&self) -> Loop {
        Loop::Notifications
    }

    async fn claim(&self, upkeep: &Upkeep, limit: usize) -> Result<Vec<Notification>, Error> {
        upkeep.claim_notifications(limit, LEASE).await
    }

    async fn carry_out(&self, upkeep: &Upkeep, piece: Notification) -> Result<(), Error> {
        upkeep.send_notification(piece).await.map(drop)
    }
}

/// Readings of published items' numbers.
#[derive(Debug)]
pub(crate) struct Polls {
    pub(crate) schedule: MetricsSchedule,
    pub(crate) supervisor: Arc<EngineSupervisor>,
}

#[async_trait]
impl Pieces for Polls {
    type Piece = PublishJob;

    fn which(&self) -> Loop {
        Loop::Metrics
    }

    async fn claim(&self, upkeep: &Upkeep, limit: usize) -> Result<Vec<PublishJob>, Error> {
        upkeep.claim_metrics(limit, LEASE).await
    }

    async fn carry_out(&self, upkeep: &Upkeep, piece: PublishJob) -> Result<(), Error> {
        upkeep.poll_metrics(piece, &self.schedule, Some(&*self.supervisor)).await.map(drop)
    }
}

/// Works on several pieces at once.
pub(crate) struct Sends<P> {
    pieces: Arc<P>,
    tasks: JoinSet<()>,
}

impl<P: Pieces> Sends<P> {
    pub(crate) fn new(pieces: P) -> Self {
        Self { pieces: Arc::new(pieces), tasks: JoinSet::new() }
    }

    fn begin(&mut self, upkeep: Upkeep, piece: P::Piece) {
        let (pieces, span) = (Arc::clone(&self.pieces), Span::current());
        let work = async move {
            // A piece that was not written down comes back after its lease.
            let name = pieces.which().as_str();
            match timeout(PATIENCE, pieces.carry_out(&upkeep, piece)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => error!(name, %error, "a piece could not be carried out"),
                Err(_) => error!(name, "a piece took too long and was given up"),
            }
        };
        self.tasks.spawn(work.instrument(span));
    }

    /// A piece that panics costs nobody else anything; it comes back after its lease.
    fn note_end(&self, done: Result<(), JoinError>) {
        if let Err(error) = done {
            error!(name = self.pieces.which().as_str(), %error, "a piece's task panicked");
            telemetry::loop_failed(self.pieces.which());
        }
    }
}

#[async_trait]
impl<P: Pieces> Chore for Sends<P> {
    fn which(&self) -> Loop {
        self.pieces.which()
    }

    /// A place is free.
    async fn ready(&mut self, engine: &Shared) {
        while self.tasks.len() >= engine.settings.sends_at_once
            && let Some(done) = self.tasks.join_next().await
        {
            self.note_end(done);
        }
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        while let Some(done) = self.tasks.try_join_next() {
            self.note_end(done);
        }
        let free = engine.settings.sends_at_once.saturating_sub(self.tasks.len());
        let upkeep = &engine.upkeep;
        let claimed = self.pieces.claim(upkeep, free).await?;
        let done = claimed.len();
        for piece in claimed {
            self.begin(upkeep.clone(), piece);
        }
        let is_more = done == free;
        let every = Again::After(engine.settings.sends_every);
        Ok(Round { done, again: if is_more { Again::AtOnce } else { every } })
    }

    async fn finish(&mut self, grace: Duration) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(grace, all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}
