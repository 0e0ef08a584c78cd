//! Old data.

use async_trait::async_trait;
use mcmp_core::portal::Sweep;

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;

/// Most things that are looked at at once.
const BATCH: usize = 200;

/// Deletes what is older than the installation keeps it, a little each round.
#[derive(Debug, Default)]
pub(crate) struct CleanUp {
    sweep: Sweep,
}

#[async_trait]
impl Chore for CleanUp {
    fn which(&self) -> Loop {
        Loop::Retention
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let upkeep = &engine.upkeep;
        let swept = upkeep.sweep(&mut self.sweep, &engine.settings.retention, BATCH);
        let swept = engine.alone(Loop::Retention, swept).await?.unwrap_or_default();
        let every = Again::After(engine.settings.retention_every);
        Ok(Round { done: swept.done, again: if swept.more { Again::AtOnce } else { every } })
    }
}
