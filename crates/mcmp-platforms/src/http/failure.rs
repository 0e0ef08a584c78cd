//! What a call that broke proves: the difference between "try again" and "look first".

use std::error::Error;

use mcmp_core::publishing::{ErrorClass, PublishError};

use super::redact::Redactor;
use crate::guard::{GuardRefusal, LookupFailed};

/// Whether a call may simply be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// Nothing becomes visible by it: after a broken answer it is made again
    /// ([`ErrorClass::Transient`]).
    Repeatable,
    /// Something may be visible by it: a broken answer leaves that open
    /// ([`ErrorClass::UnknownOutcome`]), unless it proves that nothing was received.
    Visible,
}

impl CallKind {
    /// The class of a failure that leaves open whether the call took effect.
    #[must_use]
    pub fn open(self) -> ErrorClass {
        match self {
            Self::Repeatable => ErrorClass::Transient,
            Self::Visible => ErrorClass::UnknownOutcome,
        }
    }
}

/// What a request that got no answer means.
pub(super) fn unanswered(
    error: reqwest::Error,
    kind: CallKind,
    host: &str,
    redactor: &Redactor,
) -> PublishError {
    // The address may carry a token.
    let error = error.without_url();
    if let Some(refusal) = find::<GuardRefusal>(&error) {
        return refused(*refusal);
    }
    let (class, code, message) = if error.is_builder() {
        (ErrorClass::InvalidContent, "http_request", "the request could not be formed".to_owned())
    } else if find::<LookupFailed>(&error).is_some() {
        (ErrorClass::Transient, "dns", format!("the name {host} could not be looked up"))
    } else if error.is_connect() && error.is_timeout() {
        (ErrorClass::Transient, "connect_timeout", format!("{host} could not be reached in time"))
    } else if error.is_connect() && find::<rustls::Error>(&error).is_some() {
        (ErrorClass::Transient, "tls", format!("no secure connection to {host} could be made"))
    } else if error.is_connect() {
        (ErrorClass::Transient, "connect", format!("{host} could not be reached"))
    } else if error.is_timeout() {
        (kind.open(), "timeout", format!("{host} did not answer in time"))
    } else {
        (kind.open(), "connection_lost", format!("the connection to {host} broke"))
    };
    PublishError::new(class, message).code(code).raw(redactor.scrub(&chain(&error)))
}

/// What the guard's refusal means: the address must be changed, or the operator allows it.
pub(super) fn refused(refusal: GuardRefusal) -> PublishError {
    PublishError::new(ErrorClass::Permission, refusal.to_string()).code(refusal.code())
}

/// An error's own words and those of its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The first cause of type `T`. An I/O error hides what it carries from `source`.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| find::<T>(inner)) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
