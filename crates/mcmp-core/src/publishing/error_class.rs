//! What went wrong, as far as it decides what happens next.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The class of an error. The class alone decides what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "class")]
#[non_exhaustive]
pub enum ErrorClass {
    /// The grant is gone: a person must connect the account again.
    Reconnect,
    /// The grant does not allow this.
    Permission,
    /// Too many calls.
    RateLimited {
        /// When the platform takes calls again, if it said so.
        until: Option<DateTime<Utc>>,
    },
    /// It may work later.
    Transient,
    /// The platform does not take this content.
    InvalidContent,
    /// The platform says that it has this already.
    Duplicate,
    /// It is unknown whether the call took effect.
    UnknownOutcome,
}

/// An error of a platform, with its own words kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct PublishError {
    /// What happens next.
    #[serde(flatten)]
    pub class: ErrorClass,
    /// The platform's own code, such as `190/463` or `http_503`.
    pub code: Option<String>,
    /// What went wrong and what to do, in plain words; never a secret.
    pub message: String,
    /// The platform's own text, unchanged; never a secret.
    pub raw: Option<String>,
}

impl PublishError {
    /// Most characters of a raw text that are kept.
    pub const MAX_RAW: usize = 4_000;

    /// An error of `class`.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, code: None, message: message.into(), raw: None }
    }

    /// With the platform's own code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// With the platform's own text, cut to 4,000 characters.
    #[must_use]
    pub fn raw(mut self, raw: impl AsRef<str>) -> Self {
        self.raw = Some(raw.as_ref().chars().take(Self::MAX_RAW).collect());
        self
    }
}
