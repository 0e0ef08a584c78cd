//! What is sent.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use serde::Serialize;

use super::redact::Redactor;
use super::{HeaderMap, HeaderName, HeaderValue, Method, Url, header};

/// The address in `text`.
///
/// # Errors
/// Not an absolute address ([`ErrorClass::Permission`]: what it was made from must be changed).
pub fn parse_url(text: &str) -> Result<Url, PublishError> {
    Url::parse(text).map_err(|error| {
        PublishError::new(ErrorClass::Permission, format!("the address can't be read: {error}"))
            .code("bad_address")
    })
}

/// A request in the making. It remembers the secrets it carries, so that none of them is kept of
/// its answer; what is wrong with it is told when it is sent.
///
/// ```
/// use mcmp_core::secret::SecretText;
/// use mcmp_platforms::http::{HttpRequest, parse_url};
///
/// let url = parse_url("https://site.example/wp-json/wp/v2/posts")?;
/// let request = HttpRequest::post(url)
///     .basic("editor", &SecretText::new("abcd efgh"))
///     .json(&serde_json::json!({ "title": "Fresh bread" }));
/// assert!(!format!("{request:?}").contains("abcd"));
/// # Ok::<(), mcmp_core::publishing::PublishError>(())
/// ```
#[must_use]
pub struct HttpRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(super) timeout: Option<Duration>,
    pub(super) cut_answer: Option<usize>,
    pub(super) redactor: Redactor,
    pub(super) has_credentials: bool,
    pub(super) invalid: Option<String>,
}

/// Where to and how much: an address and a body may hold secrets.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("headers", &self.headers.keys())
            .field("bytes", &self.body.as_ref().map_or(0, Bytes::len))
            .finish()
    }
}

impl HttpRequest {
    /// A request to `url`.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            timeout: None,
            cut_answer: None,
            redactor: Redactor::new(),
            has_credentials: false,
            invalid: None,
        }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A HEAD.
    pub fn head(url: Url) -> Self {
        Self::new(Method::HEAD, url)
    }

    /// A POST.
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// A PUT.
    pub fn put(url: Url) -> Self {
        Self::new(Method::PUT, url)
    }

    /// A DELETE.
    pub fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url)
    }

    /// With a parameter in the address.
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.url.query_pairs_mut().append_pair(name, value.as_ref());
        self
    }

    /// With a header, in place of an earlier one of that name.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(value.as_ref()) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(_) => self.invalid = Some(format!("the header {name} has a value that can't be")),
        }
        self
    }

    /// With a token that whoever bears it is let in by.
    pub fn bearer(self, token: &SecretText) -> Self {
        let value = SecretText::new(format!("Bearer {}", token.expose()));
        self.secret(token).authorization(&value)
    }

    /// With a user's name and password.
    pub fn basic(mut self, user: &str, password: &SecretText) -> Self {
        let pair = SecretText::new(format!("{user}:{}", password.expose()));
        let value = SecretText::new(format!("Basic {}", BASE64_STANDARD.encode(pair.expose())));
        self.redactor = self.redactor.basic(user, password);
        self.authorization(&value)
    }

    /// With a secret that stands elsewhere in it, in the address or the body: it is kept out of
    /// errors like every other.
    pub fn secret(mut self, secret: &SecretText) -> Self {
        self.redactor = self.redactor.secret(secret);
        self.has_credentials = true;
        self
    }

    fn authorization(mut self, value: &SecretText) -> Self {
        self.has_credentials = true;
        match HeaderValue::from_str(value.expose()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(header::AUTHORIZATION, value);
            }
            Err(_) => self.invalid = Some("the credentials can't stand in a header".to_owned()),
        }
        self
    }

    /// With these bytes as they are.
    pub fn body(mut self, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self.header(header::CONTENT_TYPE, content_type)
    }

    /// With `value` as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body("application/json", bytes),
            Err(error) => {
                self.invalid = Some(format!("the request can't be written as JSON: {error}"));
                self
            }
        }
    }

    /// With `fields` as a form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish()
            .into_bytes();
        self.body("application/x-www-form-urlencoded", form)
    }

    /// Gives it up after this long, whatever the settings say.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Keeps the first `bytes` of the answer and leaves the rest: for answers whose text matters
    /// less than their status. Without it, a longer answer than the settings allow is an error.
    pub fn cut_answer(mut self, bytes: usize) -> Self {
        self.cut_answer = Some(bytes);
        self
    }
}
