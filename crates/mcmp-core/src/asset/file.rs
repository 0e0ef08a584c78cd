//! What describes a file: its kind, type, name, checksum and place in the storage.

use serde::{Deserialize, Serialize};

use crate::value::InvalidValue;
use crate::value::text::bounded_text;

bounded_text! {
    /// A description for people who can't see the media. 1 to 5,000 characters; each platform's own limit is a rule.
    AltText, "alt_text", 1..=5000
}
bounded_text! {
    /// A file's name as it was uploaded, without a path. 1 to 255 characters.
    FileName, "file_name", 1..=255
}

/// What kind of media a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssetKind {
    /// A still picture or an animated GIF (`image/gif`).
    Image,
    /// A video.
    Video,
    /// Sound only.
    Audio,
    /// A document, such as a PDF.
    Document,
}

/// A MIME type without parameters, in lower case: `image/jpeg`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mime(String);

impl Mime {
    /// Checks and lower-cases `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Not of the form `type/subtype`.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref().trim().to_ascii_lowercase();
        let token = |part: &str| {
            !part.is_empty()
                && part.len() <= 127
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        match value.split_once('/') {
            Some((kind, subtype)) if token(kind) && token(subtype) => Ok(Self(value)),
            _ => Err(InvalidValue::malformed(field, "a MIME type such as image/jpeg", value)),
        }
    }

    /// The type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind of asset that this type says.
    #[must_use]
    pub fn kind(&self) -> AssetKind {
        match self.0.split_once('/').map(|(kind, _)| kind) {
            Some("image") => AssetKind::Image,
            Some("video") => AssetKind::Video,
            Some("audio") => AssetKind::Audio,
            _ => AssetKind::Document,
        }
    }
}

impl TryFrom<String> for Mime {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("mime", value)
    }
}

impl From<Mime> for String {
    fn from(value: Mime) -> Self {
        value.0
    }
}

/// The SHA-256 of a file's bytes, as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Checksum(String);

impl Checksum {
    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Not 64 hexadecimal digits.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref();
        if value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(value.to_ascii_lowercase()))
        } else {
            Err(InvalidValue::malformed(field, "a SHA-256 in 64 hexadecimal digits", value))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Checksum {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("checksum", value)
    }
}

impl From<Checksum> for String {
    fn from(value: Checksum) -> Self {
        value.0
    }
}

/// Where a file's bytes lie in the media storage: relative, `/`-separated, without `.` and `..`
/// segments, so that no key reaches outside its storage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StorageKey(String);

impl StorageKey {
    /// Most bytes, the limit of S3 keys.
    pub const MAX: usize = 1024;

    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Empty, too long, absolute, or with an empty, `.` or `..` segment, a backslash or a control character.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref();
        if value.is_empty() {
            return Err(InvalidValue::required(field));
        }
        if value.len() > Self::MAX {
            return Err(InvalidValue::too_long(field, Self::MAX, value.len()));
        }
        let safe = value.split('/').all(|part| !matches!(part, "" | "." | ".."))
            && !value.contains('\\')
            && !value.chars().any(char::is_control);
        if !safe {
            return Err(InvalidValue::malformed(
                field,
                "a relative path without empty, . or .. segments",
                value.escape_debug(),
            ));
        }
        Ok(Self(value.to_owned()))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StorageKey {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("storage_key", value)
    }
}

impl From<StorageKey> for String {
    fn from(value: StorageKey) -> Self {
        value.0
    }
}
