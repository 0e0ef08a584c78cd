//! What an operator paused.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::portal::Pauses;
use mcmp_core::publishing::PublishJob;
use mcmp_core::{Error, Portal};
use tokio::time::Instant;

use super::{Wait, WaitReason};

/// How long what was read counts.
const FRESH: Duration = Duration::from_secs(1);
/// How long a job of a paused platform rests before it is looked at again.
const REST: TimeDelta = TimeDelta::minutes(1);

/// Reads what is paused, once a second at most.
#[derive(Debug)]
pub(super) struct PauseWatch {
    portal: Portal,
    read: Mutex<Option<(Instant, Pauses)>>,
}

impl PauseWatch {
    pub(super) fn new(portal: Portal) -> Self {
        Self { portal, read: Mutex::default() }
    }

    pub(super) async fn current(&self) -> Result<Pauses, Error> {
        self.read_within(FRESH).await
    }

    /// Reads it now if it would be read soon: who comes then has it at once.
    pub(super) async fn read_ahead(&self) -> Result<(), Error> {
        self.read_within(FRESH / 2).await.map(drop)
    }

    async fn read_within(&self, age: Duration) -> Result<Pauses, Error> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, pauses)) = read
            && at.elapsed() < age
        {
            return Ok(pauses);
        }
        let asked_at = Instant::now();
        let pauses = self.portal.pauses().await?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((asked_at, pauses.clone()));
        Ok(pauses)
    }

    /// What was read last, however long ago.
    pub(super) fn last(&self) -> Pauses {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.as_ref().map(|(_, pauses)| pauses.clone()).unwrap_or_default()
    }

    pub(super) async fn wait_of(
        &self,
        job: &PublishJob,
        now: DateTime<Utc>,
    ) -> Result<Option<Wait>, Error> {
        let pauses = self.current().await?;
        let is_paused = pauses.everything || pauses.platforms.contains(&job.platform);
        Ok(is_paused.then(|| Wait::until(now + REST, WaitReason::Paused)))
    }
}
