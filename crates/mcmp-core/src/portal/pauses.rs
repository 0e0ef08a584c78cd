//! Stopping all publishing, or that to one platform, for a whole installation. Accounts and clients
//! are paused through their own use cases.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Portal;
use crate::account::Platform;
use crate::duty::Duty;
use crate::error::Error;
use crate::id::{DutyId, Id};
use crate::publishing::WorkerId;
use crate::store::{EntityKind, StoreExt};
use crate::value::InvalidValue;

/// What is paused for the whole installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Pauses {
    /// Nothing is published at all.
    pub everything: bool,
    /// Nothing is published to these platforms.
    pub platforms: BTreeSet<Platform>,
}

/// How much to pause, or to take up again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PauseScope {
    /// All publishing.
    Everything,
    /// Publishing to one platform.
    Platform(Platform),
}

/// Names the duty that keeps [`Pauses`].
pub(crate) const PAUSES_DUTY: &str = "publishing/pauses";

/// Several operators at once are rare, and each needs moments.
const MAX_TRIES: usize = 10;

impl Portal {
    /// What is paused for the whole installation.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn pauses(&self) -> Result<Pauses, Error> {
        let found: Option<Duty> =
            self.store().find(&self.own_scope()?, DutyId::of(PAUSES_DUTY)).await?;
        let Some(duty) = found else { return Ok(Pauses::default()) };
        let read = Option::<Pauses>::deserialize(&duty.progress);
        let pauses = read.map_err(|error| {
            InvalidValue::inconsistent("progress", format!("{PAUSES_DUTY} can't be read: {error}"))
        })?;
        Ok(pauses.unwrap_or_default())
    }

    /// Publishes nothing, or nothing to one platform, from now on. What is under way ends first;
    /// workers notice within a second. For an operator: it is not bound to an agency.
    ///
    /// # Errors
    /// Somebody else is changing it at this moment; or the store can't be reached or fails.
    pub async fn pause(&self, what: PauseScope) -> Result<Pauses, Error> {
        self.change_pauses(|pauses| match what.clone() {
            PauseScope::Everything => pauses.everything = true,
            PauseScope::Platform(platform) => drop(pauses.platforms.insert(platform)),
        })
        .await
    }

    /// Takes up again what [`pause`](Self::pause) stopped. What was due meanwhile is late, and each
    /// post's policy says what happens then. Accounts of a platform go on within a minute.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub async fn resume(&self, what: PauseScope) -> Result<Pauses, Error> {
        self.change_pauses(|pauses| match &what {
            PauseScope::Everything => pauses.everything = false,
            PauseScope::Platform(platform) => drop(pauses.platforms.remove(platform)),
        })
        .await
    }

    async fn change_pauses(&self, change: impl Fn(&mut Pauses)) -> Result<Pauses, Error> {
        let lease = TimeDelta::seconds(5);
        let changer = WorkerId(self.new_id::<DutyId>()?.to_string());
        for _ in 0..MAX_TRIES {
            let Some(mut duty) = self.take_duty(PAUSES_DUTY, &changer, lease).await? else {
                continue;
            };
            let mut pauses: Pauses = duty.progress()?.unwrap_or_default();
            change(&mut pauses);
            duty.record(&pauses, lease).await?;
            duty.release().await?;
            return Ok(pauses);
        }
        Err(Error::Conflict { kind: EntityKind::Duty, id: DutyId::of(PAUSES_DUTY).uuid() })
    }
}
