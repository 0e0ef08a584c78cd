//! Facts that happened, written with the change that caused them: they feed the audit log,
//! notifications, webhooks and live updates.

mod change;
mod kind;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{ActorRef, Tenancy};
use crate::id::{AgencyId, ClientId, EventId, Id};
use crate::store::{Entity, EntityKind, EventFilter, Version, entity};
use crate::value::Note;

pub use change::FieldChange;
pub use kind::EventKind;

/// What an event or a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Which kind of thing.
    pub kind: EntityKind,
    /// Its id.
    pub id: Uuid,
}

impl Subject {
    /// A stored thing.
    #[must_use]
    pub fn of<E: Entity>(entity: &E) -> Self {
        Self { kind: E::KIND, id: entity.id().uuid() }
    }
}

/// A fact that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Always 1: it never changes.
    pub version: Version,
    /// In which agency.
    pub agency_id: AgencyId,
    /// For which client; `None` for the agency's own affairs.
    pub client_id: Option<ClientId>,
    /// Who.
    pub actor: ActorRef,
    /// What.
    pub kind: EventKind,
    /// To what.
    pub subject: Subject,
    /// Before and after, field by field; secrets are never among them. Shared between copies of the
    /// event, as they are most of it.
    #[serde(with = "change::shared")]
    pub changes: Arc<[FieldChange]>,
    /// Why, if somebody said.
    pub note: Option<Note>,
    /// When.
    pub at: DateTime<Utc>,
}

entity! {
    Event, EventId, EventFilter,
    tenancy: |event| Tenancy::Log(event.agency_id, event.client_id),
}
