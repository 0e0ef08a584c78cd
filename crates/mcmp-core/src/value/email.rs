//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidValue;

/// An e-mail address, kept in lower case so that one person is one person.
///
/// Lower-casing the local part is not what RFC 5321 says, and what every mail provider does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Most bytes, <https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3> less the brackets.
    pub const MAX: usize = 254;

    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Empty, too long, or not an address with a domain.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref().trim();
        if value.is_empty() {
            return Err(InvalidValue::required(field));
        }
        if value.len() > Self::MAX {
            return Err(InvalidValue::too_long(field, Self::MAX, value.len()));
        }
        let options = email_address::Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        email_address::EmailAddress::parse_with_options(value, options)
            .map_err(|_| InvalidValue::malformed(field, "an e-mail address", value))?;
        Ok(Self(value.to_lowercase()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("email", value)
    }
}

impl FromStr for Email {
    type Err = InvalidValue;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::new("email", value)
    }
}

impl From<Email> for String {
    fn from(value: Email) -> Self {
        value.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
