//! Names that stand in URLs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::InvalidValue;

/// A URL-safe name, also a DNS label, so that it can serve as a subdomain: 1 to 63 characters of
/// `a-z`, `0-9` and `-`, with a letter or digit at both ends.
///
/// ```
/// use mcmp_core::value::Slug;
///
/// assert_eq!(Slug::new("slug", "acme-bakery")?.as_str(), "acme-bakery");
/// assert!(Slug::new("slug", "-acme").is_err());
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// Most characters: a DNS label's, <https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4>.
    pub const MAX: usize = 63;

    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Empty, too long, or not of the form above.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref();
        if value.is_empty() {
            return Err(InvalidValue::required(field));
        }
        if value.len() > Self::MAX {
            return Err(InvalidValue::too_long(field, Self::MAX, value.chars().count()));
        }
        let formed = value.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !value.starts_with('-')
            && !value.ends_with('-');
        if !formed {
            return Err(InvalidValue::malformed(
                field,
                "lower-case letters, digits and inner hyphens",
                value,
            ));
        }
        Ok(Self(value.to_owned()))
    }

    /// The slug.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("slug", value)
    }
}

impl std::str::FromStr for Slug {
    type Err = InvalidValue;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::new("slug", value)
    }
}

impl From<Slug> for String {
    fn from(value: Slug) -> Self {
        value.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
