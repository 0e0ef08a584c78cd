//! What a sealer promises, and the sealed value that stores keep.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::encoding::{from_hex, hex};
use super::{SealContext, SecretBytes};
use crate::entropy::EntropyError;
use crate::value::{InvalidCode, InvalidValue};

/// Turns secrets into something that can be stored, and back.
///
/// [`KeyRing`](super::KeyRing) keeps its keys in memory; a key service can stand in its place.
pub trait Sealer: fmt::Debug + Send + Sync + 'static {
    /// Seals `secret`; it opens again only under the same context.
    ///
    /// # Errors
    /// The secret is too long, or the random source failed.
    fn seal(&self, secret: &[u8], bound_to: &SealContext) -> Result<Sealed, SealError>;

    /// The secret in `sealed`.
    ///
    /// # Errors
    /// The key is not known, the value is malformed, or it was changed or sealed under another
    /// context.
    fn open(&self, sealed: &Sealed, bound_to: &SealContext) -> Result<SecretBytes, SealError>;

    /// Whether `sealed` should be sealed anew, because its key is no longer the one in use.
    fn needs_reseal(&self, sealed: &Sealed) -> bool;

    /// Seals the secret in `sealed` anew, under the key now in use.
    ///
    /// # Errors
    /// As [`open`](Self::open) and [`seal`](Self::seal).
    fn reseal(&self, sealed: &Sealed, bound_to: &SealContext) -> Result<Sealed, SealError> {
        let secret = self.open(sealed, bound_to)?;
        self.seal(secret.expose(), bound_to)
    }
}

/// Why a secret could not be sealed or opened. No variant holds the secret or any part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Sealed with a key that is not here.
    #[error("no key with the id {key_id}")]
    UnknownKey {
        /// The key that is missing.
        key_id: KeyId,
    },
    /// Changed since it was sealed, or sealed for something else; which of them can't be told.
    #[error("the sealed value was changed, or belongs to something else")]
    Refused,
    /// Not a sealed value at all.
    #[error("not a sealed value")]
    Malformed,
    /// The secret is longer than the sealer takes.
    #[error("a secret of {actual} bytes is too long to seal, {limit} fit")]
    TooLong {
        /// Most bytes.
        limit: usize,
        /// Bytes given.
        actual: usize,
    },
    /// No random bytes to be had.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Names a key: 1 to 32 characters of `a-z`, `0-9`, `-` and `_`. Not secret; it stands in clear
/// before every value sealed with the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// Most characters.
    pub const MAX: usize = 32;

    /// Checks `value`.
    ///
    /// # Errors
    /// Empty, too long, or with other characters. The error does not quote the value, which could
    /// be a key put in the wrong place.
    pub fn new(value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        const FIELD: &str = "key_id";
        let value = value.as_ref();
        if value.is_empty() {
            return Err(InvalidValue::required(FIELD));
        }
        if value.len() > Self::MAX {
            return Err(InvalidValue::too_long(FIELD, Self::MAX, value.chars().count()));
        }
        if !value.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')) {
            return Err(InvalidValue::new(
                InvalidCode::Malformed,
                FIELD,
                "must be lower-case letters, digits, hyphens and underscores",
            ));
        }
        Ok(Self(value.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyId {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<KeyId> for String {
    fn from(value: KeyId) -> Self {
        value.0
    }
}

/// A sealed secret, safe to store. As text, in JSON and in tables alike: `v1.<key id>.<hex>`.
///
/// It hides the secret, not its length. `Debug` shows the key's id alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed {
    key_id: KeyId,
    body: Vec<u8>,
}

impl Sealed {
    const VERSION: &str = "v1";

    /// For implementors of [`Sealer`]: `body` is all that opening needs besides the key.
    #[must_use]
    pub fn new(key_id: KeyId, body: Vec<u8>) -> Self {
        Self { key_id, body }
    }

    /// The key it was sealed with.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// What [`Sealed::new`] was given.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The text form.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}.{}", Self::VERSION, self.key_id, hex(&self.body))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id)
    }
}

impl std::str::FromStr for Sealed {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Self::VERSION), Some(key_id), Some(body), None) => Ok(Self {
                key_id: KeyId::new(key_id).map_err(|_| SealError::Malformed)?,
                body: from_hex(body).ok_or(SealError::Malformed)?,
            }),
            _ => Err(SealError::Malformed),
        }
    }
}

impl TryFrom<String> for Sealed {
    type Error = SealError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        sealed.to_text()
    }
}
