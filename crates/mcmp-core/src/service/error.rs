//! What a service can answer instead.

use chrono::{DateTime, Utc};

/// What went wrong, as far as it decides what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceErrorKind {
    /// It may work later.
    Transient,
    /// Too many calls, or too much.
    RateLimited {
        /// When the service takes calls again, if it said so.
        until: Option<DateTime<Utc>>,
    },
    /// The service does not take our credentials, or does not allow this: an operator must act.
    Refused,
    /// The service does not take what was given, however often.
    Invalid,
    /// What was asked for is not there.
    NotFound,
    /// The service has no such thing.
    NotSupported,
}

/// What a service answered instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service}: {message}")]
pub struct ServiceError {
    /// What happens next.
    pub kind: ServiceErrorKind,
    /// Which service, such as `smtp`.
    pub service: &'static str,
    /// The service's own code, such as `http_503`.
    pub code: Option<String>,
    /// What went wrong, in plain words; never a secret.
    pub message: String,
}

impl ServiceError {
    /// An error of `kind`.
    pub fn new(kind: ServiceErrorKind, service: &'static str, message: impl Into<String>) -> Self {
        Self { kind, service, code: None, message: message.into() }
    }

    /// With the service's own code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Whether the very same call may work later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, ServiceErrorKind::Transient | ServiceErrorKind::RateLimited { .. })
    }
}
