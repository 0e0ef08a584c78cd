//! Secrets, and signatures made with them.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use mcmp_core::secret::{SecretBytes, SecretText};
use mcmp_core::value::{InvalidCode, InvalidValue};
use sha2::Sha256;

/// Base64 as people paste it: with padding or without.
const PASTED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An id that a message can't have: it is empty or holds a dot, or what no header takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message's id must be 1 to 256 visible ASCII characters without a dot")]
pub struct UnfitId;

/// What messages are signed with: one secret, or two while one takes the other's place.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeys {
    /// Newest first; at least one.
    keys: Vec<SecretBytes>,
}

/// How many, not which.
impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").field("keys", &self.keys.len()).finish()
    }
}

impl SigningKeys {
    /// Most secrets at a time.
    pub const MAX: usize = 4;
    /// Fewest bytes of a secret, by the standard.
    pub const MIN_BYTES: usize = 24;
    /// Most bytes of a secret, by the standard.
    pub const MAX_BYTES: usize = 64;

    /// The secrets in `text`, newest first and separated by spaces: each is Base64, with `whsec_`
    /// before it or without.
    ///
    /// # Errors
    /// No secret or too many, or one that is not Base64 of 24 to 64 bytes. The error holds none.
    pub fn parse(text: &SecretText) -> Result<Self, InvalidValue> {
        Self::of(text.expose().split_whitespace())
    }

    /// The same of secrets that are kept apart.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of_each(secrets: &[SecretText]) -> Result<Self, InvalidValue> {
        Self::of(secrets.iter().map(|secret| secret.expose().trim()))
    }

    fn of<'a>(secrets: impl Iterator<Item = &'a str>) -> Result<Self, InvalidValue> {
        const FIELD: &str = "secret";
        let keys = secrets.map(key).collect::<Result<Vec<_>, _>>()?;
        match keys.len() {
            0 => Err(InvalidValue::required(FIELD)),
            count if count > Self::MAX => Err(InvalidValue::too_long(FIELD, Self::MAX, count)),
            _ => Ok(Self { keys }),
        }
    }

    /// The value of the signature header: one signature with each secret, separated by spaces.
    ///
    /// # Errors
    /// `id` is not fit for one.
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> Result<String, UnfitId> {
        let visible = !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
        if !visible || id.len() > 256 {
            return Err(UnfitId);
        }
        let signatures: Vec<String> = self
            .codes(id, at.timestamp(), body)
            .map(|code| format!("v1,{}", BASE64_STANDARD.encode(code.finalize().into_bytes())))
            .collect();
        Ok(signatures.join(" "))
    }

    /// The code over a message with each secret.
    pub(super) fn codes(
        &self,
        id: &str,
        timestamp: i64,
        body: &[u8],
    ) -> impl Iterator<Item = Hmac<Sha256>> {
        self.keys.iter().filter_map(move |key| {
            // A key of any length is taken.
            let mut code = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
            code.update(format!("{id}.{timestamp}.").as_bytes());
            code.update(body);
            Some(code)
        })
    }
}

fn key(text: &str) -> Result<SecretBytes, InvalidValue> {
    let form = "a signing secret: whsec_ and Base64 of 24 to 64 bytes";
    let refused = || {
        let message = format!("must be {form}");
        InvalidValue::new(InvalidCode::Malformed, "secret", message).limit(form)
    };
    let digits = text.strip_prefix("whsec_").unwrap_or(text);
    let key = SecretBytes::new(PASTED.decode(digits).map_err(|_| refused())?);
    let fits = (SigningKeys::MIN_BYTES..=SigningKeys::MAX_BYTES).contains(&key.expose().len());
    if fits { Ok(key) } else { Err(refused()) }
}
