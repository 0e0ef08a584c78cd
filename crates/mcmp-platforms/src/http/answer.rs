//! What came back.

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use mcmp_core::publishing::{ErrorClass, PublishError};
use serde::de::DeserializeOwned;

use super::failure::CallKind;
use super::redact::Redactor;
use super::retry_after::retry_after;
use super::{HeaderMap, Url, header};

/// Bytes of a body that are looked at for its raw text: at least as many as it may have characters.
const SHOWN: usize = 8 * PublishError::MAX_RAW;

/// An answer, read as far as the limit allows.
#[derive(Clone)]
pub struct HttpAnswer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The body is longer than what was read of it, or broke off.
    pub(super) is_cut: bool,
    pub(super) url: Url,
    pub(super) kind: CallKind,
    pub(super) redactor: Redactor,
}

/// The status and how much: headers and body may hold secrets.
impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAnswer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("is_cut", &self.is_cut)
            .finish()
    }
}

impl HttpAnswer {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the status is 300 to 399: the platform's module decides what that means.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status)
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's value, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where a redirect leads.
    #[must_use]
    pub fn location(&self) -> Option<Url> {
        let target = self.headers.get(header::LOCATION)?.to_str().ok()?;
        self.url.join(target).ok()
    }

    /// Who answered: after [`HttpClient::get_following`](super::HttpClient::get_following), the
    /// last address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The body, as far as it was read. It may echo secrets: what is shown or kept of it goes
    /// through [`raw`](Self::raw).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text with the call's secrets taken out, cut to [`PublishError::MAX_RAW`]
    /// characters.
    #[must_use]
    pub fn raw(&self) -> String {
        let shown = self.body.get(..SHOWN).unwrap_or(&self.body);
        let text = String::from_utf8_lossy(shown);
        let clean = if self.is_cut || shown.len() < self.body.len() {
            // A letter that was cut through would hide the beginning of a secret before it.
            self.redactor.scrub_cut(text.trim_end_matches(char::REPLACEMENT_CHARACTER))
        } else {
            self.redactor.scrub(&text)
        };
        clean.chars().take(PublishError::MAX_RAW).collect()
    }

    /// `text` from this answer with the call's secrets taken out.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        self.redactor.scrub(text)
    }

    /// The body as JSON, whatever the status is.
    ///
    /// # Errors
    /// It can't be read: open for a visible call, transient otherwise; see
    /// [`unreadable`](Self::unreadable).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PublishError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The parser's own message may quote the body.
            self.unreadable(&format!("line {}, column {}", error.line(), error.column()))
        })
    }

    /// An answer that can't be understood: it may hide a success.
    #[must_use]
    pub fn unreadable(&self, why: &str) -> PublishError {
        let class = if self.is_success() { self.kind.open() } else { ErrorClass::Transient };
        self.fail(class, format!("the answer can't be read: {why}")).code("unreadable_answer")
    }

    /// An error of `class` with the code `http_<status>` and the answer's own text.
    pub fn fail(&self, class: ErrorClass, message: impl Into<String>) -> PublishError {
        PublishError::new(class, self.scrub(&message.into()))
            .code(format!("http_{}", self.status))
            .raw(self.raw())
    }

    /// When the platform takes calls again, if the answer says so; see [`retry_after()`].
    #[must_use]
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        retry_after(&self.headers, now)
    }

    /// What the status means if the platform's own code says nothing better.
    ///
    /// | status | class |
    /// |---|---|
    /// | 401 | reconnect |
    /// | 402, 403, 404, 405, 407, 410, 451, every redirect | permission: the address or the grant is wrong |
    /// | 409 | duplicate, which leads to a look-up |
    /// | 429, and 503 with `Retry-After` of a call that can be repeated | rate limited |
    /// | 408, 5xx, and a success that is none | transient; open for a visible call |
    /// | 421, 423, 425 | transient: not carried out |
    /// | every other 4xx | invalid content |
    #[must_use]
    pub fn error(&self, now: DateTime<Utc>) -> PublishError {
        let wait = self.retry_after(now);
        let (class, message) = match self.status {
            401 => (ErrorClass::Reconnect, "the credentials are not accepted"),
            300..=399 => (ErrorClass::Permission, "the address has moved; change it"),
            404 | 405 | 410 => (ErrorClass::Permission, "there is nothing at this address"),
            402 | 403 | 407 | 451 => (ErrorClass::Permission, "this is not allowed"),
            409 => (ErrorClass::Duplicate, "it is there already, or in conflict with what is"),
            429 => (ErrorClass::RateLimited { until: wait }, "too many calls"),
            503 if wait.is_some() && self.kind == CallKind::Repeatable => {
                (ErrorClass::RateLimited { until: wait }, "the service is not available for now")
            }
            421 | 423 | 425 => (ErrorClass::Transient, "not possible just now"),
            413 => (ErrorClass::InvalidContent, "it is too large"),
            400 | 406 | 411..=499 => (ErrorClass::InvalidContent, "the content is not accepted"),
            _ => (self.kind.open(), "the service failed"),
        };
        // 408 says that the request did not come in whole, which is no proof.
        let class = if self.status == 408 { self.kind.open() } else { class };
        self.fail(class, message)
    }
}
