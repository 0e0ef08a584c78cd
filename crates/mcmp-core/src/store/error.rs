//! What a store can answer instead.

use uuid::Uuid;

use super::entity::EntityKind;
use crate::agency::Meter;
use crate::value::InvalidValue;

/// What a store can answer instead of what was asked. A commit that is answered with any of these
/// wrote nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else changed it since it was read, or it is not there: read again and decide again.
    #[error("{kind} {id} has changed since it was read")]
    Conflict {
        /// Which kind.
        kind: EntityKind,
        /// Which one.
        id: Uuid,
    },
    /// Another one has this value already.
    #[error("another {kind} has this {field} already")]
    NotUnique {
        /// Which kind.
        kind: EntityKind,
        /// Which field, as in [`UniqueKey::field`](super::UniqueKey::field).
        field: &'static str,
    },
    /// A meter would pass its limit.
    #[error("{meter} would pass {limit}: {used} are used")]
    MeterFull {
        /// Which meter.
        meter: Meter,
        /// The limit.
        limit: u64,
        /// How much is used.
        used: u64,
    },
    /// The scope does not reach what would be written.
    #[error("{kind} {id} is out of scope")]
    OutOfScope {
        /// Which kind.
        kind: EntityKind,
        /// Which one.
        id: Uuid,
    },
    /// A query or a change set that no store can carry out.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The database can't be reached, or asks to try again later; the same call may work then.
    #[error("the store is not available")]
    Unavailable {
        /// The driver's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else that the database says; trying again will not help.
    #[error("the store failed")]
    Backend {
        /// The driver's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the very same call may work later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
