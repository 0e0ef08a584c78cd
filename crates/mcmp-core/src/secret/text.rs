//! Secrets in clear, for as long as they are in use.

use std::fmt;

use ctutils::CtEq;
use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

use crate::value::{InvalidCode, InvalidValue};

/// Text that must not be seen: a token, a password, a key.
///
/// It prints as `SecretText(***)`, is compared in constant time and wiped when dropped. It can be
/// deserialised, so that requests and configuration can hold one, but never serialised or
/// displayed:
///
/// ```compile_fail,E0277
/// fn written<T: serde::Serialize>() {}
/// written::<mcmp_core::secret::SecretText>();
/// ```
///
/// ```compile_fail,E0277
/// fn shown<T: std::fmt::Display>() {}
/// shown::<mcmp_core::secret::SecretText>();
/// ```
///
/// What is meant to be stored can be written:
///
/// ```
/// fn written<T: serde::Serialize>() {}
/// written::<mcmp_core::secret::Sealed>();
/// written::<mcmp_core::secret::TokenHash>();
/// ```
///
/// Parsers keep copies out of our reach, and some quote their input in errors (`toml` shows the
/// line): read secrets from sources that hold nothing else, or don't show such an error.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes `secret` over; its memory is wiped when this is dropped.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The secret in clear, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretText {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for SecretText {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(***)")
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for SecretText {}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error of the format would quote what it found instead of text.
        String::deserialize(deserializer)
            .map(Self::new)
            .map_err(|_| de::Error::custom("a secret must be text"))
    }
}

/// Bytes that must not be seen, under the same rules as [`SecretText`].
///
/// ```compile_fail,E0277
/// fn written<T: serde::Serialize>() {}
/// written::<mcmp_core::secret::SecretBytes>();
/// ```
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes `secret` over; its memory is wiped when this is dropped.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The secret in clear, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text.
    ///
    /// # Errors
    /// It is not UTF-8. The error does not hold it.
    pub fn to_text(&self) -> Result<SecretText, InvalidValue> {
        std::str::from_utf8(&self.0)
            .map(SecretText::new)
            .map_err(|_| InvalidValue::new(InvalidCode::Malformed, "secret", "must be UTF-8 text"))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(***)")
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for SecretBytes {}

/// Equality whose duration tells the lengths at most, never where two secrets differ.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).to_bool()
}
