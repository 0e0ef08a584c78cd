//! Events to the subscribers in this process.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;
use crate::outbox::{EventSubscriber, Reader};

/// One subscriber of an engine. Each has a loop of its own: one that is slow or fails does not keep
/// the others waiting.
#[derive(Debug)]
pub(crate) struct Subscription {
    reader: Reader,
}

impl Subscription {
    pub(crate) fn new(name: &str, subscriber: Arc<dyn EventSubscriber>) -> Self {
        Self { reader: Reader::new(name, subscriber) }
    }
}

#[async_trait]
impl Chore for Subscription {
    fn which(&self) -> Loop {
        Loop::Outbox
    }

    fn part(&self) -> &str {
        self.reader.name()
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let round = self.reader.round(&engine.portal, engine.worker.id()).await?;
        let again = if round.is_more { Again::AtOnce } else { Again::OnSignal };
        Ok(Round { done: round.taken, again })
    }
}
