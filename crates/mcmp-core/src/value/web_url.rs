//! Links that people enter.

use std::fmt;

use iri_string::types::IriStr;
use serde::{Deserialize, Serialize};

use super::InvalidValue;

/// An absolute `http` or `https` link, international characters allowed (RFC 3987), without a
/// user name or password inside.
///
/// It says nothing about where the host lies: whoever sends a request to it applies the SSRF guard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebUrl(String);

impl WebUrl {
    /// Most characters, what browsers and platforms take alike.
    pub const MAX: usize = 2048;

    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Empty, too long, not an absolute http(s) link, or one that carries credentials.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref().trim();
        if value.is_empty() {
            return Err(InvalidValue::required(field));
        }
        let length = value.chars().count();
        if length > Self::MAX {
            return Err(InvalidValue::too_long(field, Self::MAX, length));
        }
        let refused = || InvalidValue::malformed(field, "an absolute http or https link", value);
        let parsed = IriStr::new(value).map_err(|_| refused())?;
        let scheme = parsed.scheme_str();
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(refused());
        }
        let authority = parsed.authority_components().ok_or_else(refused)?;
        if authority.host().is_empty() {
            return Err(refused());
        }
        if authority.userinfo().is_some() {
            // The value is left out: it holds a password.
            return Err(InvalidValue::malformed(field, "a link without credentials", "***"));
        }
        Ok(Self(value.to_owned()))
    }

    /// The link as it was entered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without the port, as it was entered.
    #[must_use]
    pub fn host(&self) -> &str {
        IriStr::new(&self.0)
            .ok()
            .and_then(|iri| iri.authority_components())
            .map_or("", |authority| authority.host())
    }
}

impl TryFrom<String> for WebUrl {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("url", value)
    }
}

impl std::str::FromStr for WebUrl {
    type Err = InvalidValue;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::new("url", value)
    }
}

impl From<WebUrl> for String {
    fn from(value: WebUrl) -> Self {
        value.0
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
