//! Events on their way to webhook endpoints.

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::portal::{HeldDuty, Upkeep};
use mcmp_core::store::{EventPosition, ReadUpTo};

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;
use crate::supervise::system;

/// Most events that are looked at at once.
const BATCH: usize = 200;
/// How long a process does it before another may take over.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// Turns events into deliveries.
#[derive(Debug, Default)]
pub(crate) struct FanOut {
    /// Nothing up to here is new: spares taking the duty for nothing.
    seen: EventPosition,
}

impl FanOut {
    async fn with(&mut self, duty: &mut HeldDuty, upkeep: &Upkeep) -> Result<Round, ChoreError> {
        let round = upkeep.fan_out_webhooks(duty, BATCH).await?;
        self.seen = duty.progress::<ReadUpTo>()?.unwrap_or_default().position;
        let again = if round.more { Again::AtOnce } else { Again::OnSignal };
        Ok(Round { done: round.done, again })
    }
}

#[async_trait]
impl Chore for FanOut {
    fn which(&self) -> Loop {
        Loop::WebhookFanOut
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let (portal, idle) = (&engine.portal, Round { done: 0, again: Again::OnSignal });
        let new = portal.store().events_after(&system()?, self.seen, 1).await;
        if new.map_err(mcmp_core::Error::from)?.is_empty() {
            return Ok(idle);
        }
        let name = Upkeep::WEBHOOKS_DUTY;
        let Some(mut duty) = portal.take_duty(name, engine.worker.id(), LEASE).await? else {
            return Ok(idle);
        };
        let round = self.with(&mut duty, &engine.upkeep).await?;
        duty.release().await?;
        Ok(round)
    }
}
