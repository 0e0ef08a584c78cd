//! Duties: work that one worker at a time does, over all workers that share the store.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Portal;
use crate::access::Scope;
use crate::duty::{Duty, DutyName};
use crate::error::Error;
use crate::id::DutyId;
use crate::publishing::WorkerId;
use crate::store::{ChangeSet, EntityKind, StoreError, StoreExt};
use crate::value::InvalidValue;

/// A duty that a worker holds.
///
/// Every write through it is made at its version. After an error of any of them it may be somebody
/// else's: drop it, and take it again when its turn comes.
#[derive(Debug)]
pub struct HeldDuty {
    portal: Portal,
    scope: Scope,
    duty: Duty,
}

impl Portal {
    /// Takes a duty for `lease`, if nobody else holds it; `None` if somebody does. Whoever holds it
    /// already may take it again.
    ///
    /// # Errors
    /// An empty or too long name; or the store can't be reached or fails.
    pub async fn take_duty(
        &self,
        name: &str,
        worker: &WorkerId,
        lease: TimeDelta,
    ) -> Result<Option<HeldDuty>, Error> {
        let name = DutyName::new("name", name)?;
        let (scope, store) = (self.own_scope()?, self.store());
        let now = store.now().await?;
        let found: Option<Duty> = store.find(&scope, DutyId::of(name.as_str())).await?;
        let mut changes = ChangeSet::new();
        let mut duty = match found {
            Some(duty) if duty.is_held(now) && duty.holder.as_ref() != Some(worker) => {
                return Ok(None);
            }
            Some(duty) => duty,
            None => Duty::new(name),
        };
        let is_new = duty.version == crate::store::Version::NEW;
        duty.holder = Some(worker.clone());
        duty.held_until = now.checked_add_signed(lease);
        if is_new {
            changes.insert(&mut duty);
        } else {
            changes.update(&mut duty);
        }
        match store.commit(&scope, changes).await {
            Ok(()) => Ok(Some(HeldDuty { portal: self.clone(), scope, duty })),
            // Somebody was faster.
            Err(StoreError::Conflict { kind: EntityKind::Duty, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl HeldDuty {
    /// Until when it is held, by the store's clock.
    #[must_use]
    pub fn held_until(&self) -> Option<DateTime<Utc>> {
        self.duty.held_until
    }

    /// How far it got; `None` if nothing was ever recorded.
    ///
    /// # Errors
    /// What was recorded is not a `T`.
    pub fn progress<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        Option::<T>::deserialize(&self.duty.progress).map_err(|error| {
            let name = &self.duty.name;
            let message = format!("the progress of “{name}” can't be read: {error}");
            InvalidValue::inconsistent("progress", message).into()
        })
    }

    /// Records how far it got, and holds it for another `lease`.
    ///
    /// # Errors
    /// It is somebody else's by now; `progress` has no JSON; or the store can't be reached or fails.
    pub async fn record<T: Serialize + Sync>(
        &mut self,
        progress: &T,
        lease: TimeDelta,
    ) -> Result<(), Error> {
        let now = self.portal.store().now().await?;
        let mut changes = ChangeSet::new();
        self.duty.held_until = now.checked_add_signed(lease);
        self.record_in(&mut changes, progress)?;
        Ok(self.portal.store().commit(&self.scope, changes).await?)
    }

    /// Adds how far it got to a change set that is committed by the caller: both are written, or
    /// neither.
    pub(crate) fn record_in<T: Serialize>(
        &mut self,
        changes: &mut ChangeSet,
        progress: &T,
    ) -> Result<(), Error> {
        self.duty.progress = serde_json::to_value(progress).map_err(|error| {
            InvalidValue::inconsistent("progress", format!("it has no JSON: {error}"))
        })?;
        changes.update(&mut self.duty);
        Ok(())
    }

    /// Gives it back, for anybody to take.
    ///
    /// # Errors
    /// It is somebody else's by now; or the store can't be reached or fails.
    pub async fn release(mut self) -> Result<(), Error> {
        let mut changes = ChangeSet::new();
        self.duty.holder = None;
        self.duty.held_until = None;
        changes.update(&mut self.duty);
        Ok(self.portal.store().commit(&self.scope, changes).await?)
    }
}
