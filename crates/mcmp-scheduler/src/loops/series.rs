//! Recurring posts, made ahead of their time.

use async_trait::async_trait;
use mcmp_core::store::Cursor;

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;

/// Most series that are looked at at once.
const BATCH: usize = 50;

/// Makes the posts of all active series, one page of series a round.
#[derive(Debug, Default)]
pub(crate) struct RecurringSeries {
    after: Option<Cursor>,
}

#[async_trait]
impl Chore for RecurringSeries {
    fn which(&self) -> Loop {
        Loop::Series
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let upkeep = &engine.upkeep;
        let made = upkeep.materialize_series(engine.settings.series_ahead, self.after, BATCH);
        let made = engine.alone(Loop::Series, made).await?.unwrap_or_default();
        self.after = made.next;
        let every = Again::After(engine.settings.series_every);
        Ok(Round {
            done: made.posts,
            again: if made.next.is_some() { Again::AtOnce } else { every },
        })
    }
}
