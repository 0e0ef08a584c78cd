//! Events to the subscribers in this process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use tracing::warn;

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

    async fn finish(&mut self, grace: Duration) {
        let name = self.reader.name().to_owned();
        match timeout(grace, self.reader.finish()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(name, %error, "a subscriber's place could not be given back"),
            Err(_) => warn!(name, "a subscriber's place was not given back in time"),
        }
    }
}
