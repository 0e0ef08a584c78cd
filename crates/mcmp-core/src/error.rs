//! The one error of the facade.

use uuid::Uuid;

use crate::access::{Denied, GrantRefused};
use crate::agency::{FeatureMissing, LimitReached};
use crate::board::MoveRefused;
use crate::entropy::EntropyError;
use crate::lifecycle::Refusal;
use crate::publishing::JobRefused;
use crate::rules::Report;
use crate::rules::limits::LimitsError;
use crate::secret::{MintError, SealError};
use crate::store::{EntityKind, StoreError};
use crate::time::NoFreeSlot;
use crate::value::InvalidValue;

/// Why a use case did not do what it was asked. Nothing was written then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value was refused.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// It is not there, or not within reach: the answer does not tell which.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// Which kind.
        kind: EntityKind,
        /// Which one.
        id: Uuid,
    },
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The actor may not give that away.
    #[error(transparent)]
    GrantRefused(#[from] GrantRefused),
    /// The plan's limit is reached.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The plan does not include it.
    #[error(transparent)]
    FeatureMissing(#[from] FeatureMissing),
    /// The rules refuse the content; all findings at once.
    #[error("the rules refuse it: {} errors", .0.errors().count())]
    RulesViolated(Report),
    /// The post's life does not allow it now.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No single step leads the card to that column.
    #[error(transparent)]
    MoveRefused(#[from] MoveRefused),
    /// The job's state does not allow it now.
    #[error(transparent)]
    JobRefused(#[from] JobRefused),
    /// Every slot is taken, or there are none.
    #[error(transparent)]
    NoFreeSlot(#[from] NoFreeSlot),
    /// Somebody else changed it first: read again.
    #[error("{kind} {id} has changed since it was read")]
    Conflict {
        /// Which kind.
        kind: EntityKind,
        /// Which one.
        id: Uuid,
    },
    /// Another one has this value already.
    #[error("another {kind} has this {field} already")]
    AlreadyExists {
        /// Which kind.
        kind: EntityKind,
        /// Which field.
        field: &'static str,
    },
    /// Others still refer to it: change or delete those first.
    #[error("{kind} {id} is still used: {by}, {count} times")]
    StillUsed {
        /// Which kind.
        kind: EntityKind,
        /// Which one.
        id: Uuid,
        /// What refers to it.
        by: EntityKind,
        /// How many of them.
        count: u64,
    },
    /// A token, key or link that is not known, or has ended.
    #[error("this token is not valid")]
    InvalidToken,
    /// A secret can't be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The machine gives no random numbers.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The portal was built without this part.
    #[error("the portal was built without {part}")]
    NotConfigured {
        /// Which part.
        part: &'static str,
    },
    /// The platforms' limits can't be read.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// What an error means to whoever asked; a server maps it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Change what was asked for (HTTP 400, 422).
    Invalid,
    /// It is not there (404).
    NotFound,
    /// Ask somebody who may (403).
    Denied,
    /// Sign in (401).
    Unauthenticated,
    /// Change the plan (402).
    PlanLimit,
    /// It does not fit the state things are in (409).
    Refused,
    /// Read again and try again (409).
    Conflict,
    /// The same call may work later (503).
    Unavailable,
    /// A fault of the installation (500).
    Internal,
}

impl ErrorKind {
    /// The HTTP status that says the same; see
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-15>.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::PlanLimit => 402,
            Self::Denied => 403,
            Self::NotFound => 404,
            Self::Refused | Self::Conflict => 409,
            Self::Invalid => 422,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

impl Error {
    /// What it means to whoever asked.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) | Self::RulesViolated(_) => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Denied(_) | Self::GrantRefused(_) => ErrorKind::Denied,
            Self::InvalidToken => ErrorKind::Unauthenticated,
            Self::LimitReached(_) | Self::FeatureMissing(_) => ErrorKind::PlanLimit,
            Self::Refused(_) | Self::JobRefused(_) | Self::NoFreeSlot(_) => ErrorKind::Refused,
            Self::MoveRefused(_) | Self::StillUsed { .. } => ErrorKind::Refused,
            Self::Conflict { .. } | Self::AlreadyExists { .. } => ErrorKind::Conflict,
            Self::Store(error) if error.is_temporary() => ErrorKind::Unavailable,
            Self::Seal(_)
            | Self::Entropy(_)
            | Self::Limits(_)
            | Self::NotConfigured { .. }
            | Self::Store(_) => ErrorKind::Internal,
        }
    }

    /// A stable name for programs, in snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_value",
            Self::NotFound { .. } => "not_found",
            Self::Denied(_) => "denied",
            Self::GrantRefused(_) => "grant_refused",
            Self::LimitReached(_) => "limit_reached",
            Self::FeatureMissing(_) => "feature_missing",
            Self::RulesViolated(_) => "rules_violated",
            Self::Refused(_) => "refused",
            Self::MoveRefused(_) => "move_refused",
            Self::JobRefused(_) => "job_refused",
            Self::NoFreeSlot(_) => "no_free_slot",
            Self::Conflict { .. } => "conflict",
            Self::AlreadyExists { .. } => "already_exists",
            Self::StillUsed { .. } => "still_used",
            Self::InvalidToken => "invalid_token",
            Self::Seal(_) => "seal",
            Self::Entropy(_) => "entropy",
            Self::NotConfigured { .. } => "not_configured",
            Self::Limits(_) => "limits",
            Self::Store(_) => "store",
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { kind, id } => Self::Conflict { kind, id },
            StoreError::NotUnique { kind, field } => Self::AlreadyExists { kind, field },
            StoreError::OutOfScope { kind, id } => Self::NotFound { kind, id },
            StoreError::Invalid(invalid) => Self::Invalid(invalid),
            other => Self::Store(other),
        }
    }
}

impl From<MintError> for Error {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Entropy(error) => Self::Entropy(error),
            MintError::Prefix(invalid) => Self::Invalid(invalid),
        }
    }
}
