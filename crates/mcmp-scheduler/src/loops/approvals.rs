//! Approvals whose time has come.

use async_trait::async_trait;

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;

/// Most requests that are looked at at once.
const BATCH: usize = 100;

/// Tells people of approvals that are overdue, and ends those that come too late.
#[derive(Debug)]
pub(crate) struct Approvals;

#[async_trait]
impl Chore for Approvals {
    fn which(&self) -> Loop {
        Loop::Approvals
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let round = engine.upkeep.overdue_approvals(BATCH).await?;
        let every = Again::After(engine.settings.approvals_every);
        Ok(Round { done: round.done, again: if round.more { Again::AtOnce } else { every } })
    }
}
