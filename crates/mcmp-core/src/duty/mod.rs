//! Work that one worker at a time does, over all workers of an installation: who does it, until
//! when, and how far it got.
//!
//! A duty is a row like any other, written at its version: whoever lost it to another worker gets a
//! conflict with the first thing written under it. Progress that is committed in one change set
//! with what it stands for is therefore made exactly once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Tenancy;
use crate::id::DutyId;
use crate::publishing::WorkerId;
use crate::store::{DutyFilter, Version, entity};
use crate::value::text::bounded_text;

bounded_text! {
    /// Names a duty, such as `outbox/webhooks` or `refresh/<account>`. 1 to 200 characters.
    DutyName, "name", 1..=200
}

/// Work that one worker at a time does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Its id, made from its name: [`DutyId::of`](crate::id::DutyId::of).
    pub id: DutyId,
    /// Grows with every change; whoever holds it writes at the version it took it at.
    pub version: Version,
    /// What it is.
    pub name: DutyName,
    /// Who does it now.
    pub holder: Option<WorkerId>,
    /// Until when it is held, by the store's clock; somebody else may take it from then on.
    pub held_until: Option<DateTime<Utc>>,
    /// How far it got, as whoever does it understands it; `null` before anything was recorded.
    pub progress: Value,
}

impl Duty {
    /// Nobody's yet.
    #[must_use]
    pub fn new(name: DutyName) -> Self {
        Self {
            id: DutyId::of(name.as_str()),
            version: Version::NEW,
            name,
            holder: None,
            held_until: None,
            progress: Value::Null,
        }
    }

    /// Whether somebody holds it at `now`.
    #[must_use]
    pub fn is_held(&self, now: DateTime<Utc>) -> bool {
        self.holder.is_some() && self.held_until.is_some_and(|until| until > now)
    }
}

entity! {
    Duty, DutyId, DutyFilter,
    tenancy: |_duty| Tenancy::Installation,
}
