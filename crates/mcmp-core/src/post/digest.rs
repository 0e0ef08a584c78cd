//! A short name for everything that would go out.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::outgoing::{Outgoing, OutgoingMedia};
use crate::value::InvalidValue;

/// A SHA-256 over everything that would go out: equal exactly if the same would go out.
///
/// Covered, per account: the form, title, text, link, first comment, further parts, options, and
/// each media file by its bytes' checksum with type and description, all in order. Not covered:
/// what only people see (tags, category, campaign, notes), ids of variants, ids and file names of
/// media, the order of variants. An asset that an option names (a cover) counts by its id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// Of what would go out.
    #[must_use]
    pub fn of(outgoing: &[Outgoing]) -> Self {
        let mut items: Vec<&Outgoing> = outgoing.iter().collect();
        items.sort_by_key(|item| item.account_id);
        let mut hash = CanonicalHash(Sha256::new());
        hash.count(items.len());
        for item in items {
            hash.item(item);
        }
        Self(hex(&hash.0.finalize()))
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Feeds values to a hash so that no two different sequences of values feed the same bytes: every
/// text and list is preceded by its length, every optional value by a mark.
struct CanonicalHash(Sha256);

impl CanonicalHash {
    fn count(&mut self, n: usize) {
        self.0.update((n as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.0.update([1]);
                self.text(text);
            }
            None => self.0.update([0]),
        }
    }

    fn item(&mut self, item: &Outgoing) {
        self.0.update(item.account_id.to_string().as_bytes());
        self.text(item.platform.as_str());
        self.json(&serde_json::to_value(item.kind).unwrap_or_default());
        self.text(&item.title);
        self.text(&item.text);
        self.media(&item.media);
        self.optional(item.link.as_ref().map(|link| link.as_str()));
        self.optional(item.first_comment.as_deref());
        self.count(item.thread.len());
        for part in &item.thread {
            self.text(&part.text);
            self.media(&part.media);
        }
        self.json(&serde_json::to_value(&item.options).unwrap_or_default());
    }

    fn media(&mut self, media: &[OutgoingMedia]) {
        self.count(media.len());
        for file in media {
            self.text(file.checksum.as_str());
            self.text(file.mime.as_str());
            self.optional(file.alt_text.as_deref());
        }
    }

    /// A JSON value, with the keys of its objects in order: a map's own order says nothing.
    fn json(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.0.update([b'[']);
                self.count(items.len());
                items.iter().for_each(|item| self.json(item));
            }
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                self.0.update([b'{']);
                self.count(entries.len());
                for (key, value) in entries {
                    self.text(key);
                    self.json(value);
                }
            }
            Value::String(text) => {
                self.0.update([b'"']);
                self.text(text);
            }
            plain => {
                self.0.update([b'v']);
                self.text(&plain.to_string());
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        for nibble in [byte >> 4, byte & 0xf] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        out
    })
}

impl TryFrom<String> for Digest {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        let formed =
            value.len() == 64 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if formed {
            Ok(Self(value))
        } else {
            Err(InvalidValue::malformed("digest", "a SHA-256 in 64 hexadecimal digits", value))
        }
    }
}

impl From<Digest> for String {
    fn from(value: Digest) -> Self {
        value.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.0)
    }
}
