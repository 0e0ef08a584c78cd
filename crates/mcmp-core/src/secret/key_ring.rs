//! The sealer that keeps its keys in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::context::push_part;
use super::encoding::{from_hex, hex};
use super::{KeyId, SealContext, SealError, Sealed, Sealer, SecretBytes, SecretText};
use crate::entropy::{Entropy, EntropyError};
use crate::value::{InvalidCode, InvalidValue};

/// A key of 32 bytes; wiped when dropped, and never shown again.
pub struct SealKey(Box<XChaCha20Poly1305>);

impl SealKey {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// A key from its bytes.
    ///
    /// # Errors
    /// Not exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidValue> {
        XChaCha20Poly1305::new_from_slice(bytes).map(|cipher| Self(Box::new(cipher))).map_err(
            |_| {
                InvalidValue::new(InvalidCode::Malformed, "key", "must be 32 bytes")
                    .limit(Self::BYTES)
            },
        )
    }

    /// A key from 64 hexadecimal digits of either case.
    ///
    /// # Errors
    /// Anything else. The error does not quote it.
    pub fn from_hex(text: &SecretText) -> Result<Self, InvalidValue> {
        let lower = Zeroizing::new(text.expose().to_ascii_lowercase());
        let bytes = from_hex(&lower).map(Zeroizing::new).ok_or_else(|| {
            InvalidValue::new(InvalidCode::Malformed, "key", "must be 64 hexadecimal digits")
        })?;
        Self::from_bytes(&bytes)
    }

    /// The text of a new random key, for whoever sets up a key ring to put in its configuration.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate(entropy: &dyn Entropy) -> Result<SecretText, EntropyError> {
        let mut bytes = Zeroizing::new([0_u8; Self::BYTES]);
        entropy.fill(bytes.as_mut())?;
        Ok(SecretText::new(hex(bytes.as_ref())))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(***)")
    }
}

/// Seals with XChaCha20-Poly1305, under the active one of its keys; older ones still open.
///
/// To rotate, make a new key active, keep the old one as older, reseal whatever
/// [`needs_reseal`](Sealer::needs_reseal), then drop the old key. Nonces are 24 random bytes, so
/// a key never runs out of them (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha>).
///
/// ```
/// use std::sync::Arc;
/// use mcmp_core::entropy::SystemEntropy;
/// use mcmp_core::id::{AccountId, ClientId, Id};
/// use mcmp_core::secret::{KeyRing, SealContext, SealKey, SealPurpose, Sealer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (client, account) = (ClientId::from_uuid(uuid::Uuid::nil()), AccountId::from_uuid(uuid::Uuid::nil()));
/// let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy)?)?;
/// let ring = KeyRing::builder().active("2026-11", key).build(Arc::new(SystemEntropy))?;
///
/// let context = SealContext::of_client(SealPurpose::ACCESS_TOKEN, client).account(account);
/// let sealed = ring.seal(b"the token", &context)?;
/// assert_eq!(ring.open(&sealed, &context)?.expose(), b"the token");
/// # Ok(())
/// # }
/// ```
pub struct KeyRing {
    active: KeyId,
    keys: BTreeMap<KeyId, SealKey>,
    entropy: Arc<dyn Entropy>,
}

/// Bytes of the nonce before every ciphertext.
const NONCE: usize = 24;
/// Bytes of the authentication tag behind it.
const TAG: usize = 16;

impl KeyRing {
    /// Most bytes of one secret. Tokens and service accounts fit many times over; files don't.
    pub const SECRET_MAX: usize = 65_536;

    /// A ring without keys yet.
    #[must_use]
    pub fn builder() -> KeyRingBuilder {
        KeyRingBuilder { active: None, older: Vec::new() }
    }

    /// A ring from its text form: `<id>:<64 hexadecimal digits>`, comma separated, the active key
    /// first. White space around entries is ignored.
    ///
    /// # Errors
    /// No key, an entry of another form, or an id twice. The error names the entry by its place
    /// and never quotes it.
    pub fn parse(text: &SecretText, entropy: Arc<dyn Entropy>) -> Result<Self, InvalidValue> {
        let mut builder = Self::builder();
        if !text.expose().trim().is_empty() {
            for (place, entry) in text.expose().split(',').enumerate() {
                let field = || format!("keys[{place}]");
                let (id, key) = entry.trim().split_once(':').ok_or_else(|| {
                    InvalidValue::new(InvalidCode::Malformed, field(), "must be <id>:<key>")
                })?;
                let key = SealKey::from_hex(&SecretText::new(key))
                    .map_err(|refused| refused.under(field()))?;
                KeyId::new(id).map_err(|refused| refused.under(field()))?;
                builder = if place == 0 { builder.active(id, key) } else { builder.older(id, key) };
            }
        }
        builder.build(entropy)
    }

    /// The key that seals.
    #[must_use]
    pub fn active(&self) -> &KeyId {
        &self.active
    }

    /// Every key, by id.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    fn key(&self, id: &KeyId) -> Result<&SealKey, SealError> {
        self.keys.get(id).ok_or_else(|| SealError::UnknownKey { key_id: id.clone() })
    }
}

/// The key's id is authenticated too, so a value can't be passed off as another key's.
fn associated_data(key_id: &KeyId, bound_to: &SealContext) -> Vec<u8> {
    let mut data = bound_to.associated_data();
    push_part(&mut data, key_id.as_str().as_bytes());
    data
}

impl Sealer for KeyRing {
    fn seal(&self, secret: &[u8], bound_to: &SealContext) -> Result<Sealed, SealError> {
        let too_long = || SealError::TooLong { limit: Self::SECRET_MAX, actual: secret.len() };
        if secret.len() > Self::SECRET_MAX {
            return Err(too_long());
        }
        let mut nonce = [0_u8; NONCE];
        self.entropy.fill(&mut nonce)?;
        let aad = associated_data(&self.active, bound_to);
        let ciphertext = self
            .key(&self.active)?
            .0
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &aad })
            .map_err(|_| too_long())?;
        let mut body = Vec::with_capacity(NONCE + ciphertext.len());
        body.extend_from_slice(&nonce);
        body.extend_from_slice(&ciphertext);
        Ok(Sealed::new(self.active.clone(), body))
    }

    fn open(&self, sealed: &Sealed, bound_to: &SealContext) -> Result<SecretBytes, SealError> {
        let key = self.key(sealed.key_id())?;
        let (nonce, ciphertext) =
            sealed.body().split_first_chunk::<NONCE>().ok_or(SealError::Malformed)?;
        if ciphertext.len() < TAG {
            return Err(SealError::Malformed);
        }
        let aad = associated_data(sealed.key_id(), bound_to);
        key.0
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .map(SecretBytes::new)
            .map_err(|_| SealError::Refused)
    }

    fn needs_reseal(&self, sealed: &Sealed) -> bool {
        *sealed.key_id() != self.active
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("active", &self.active.as_str())
            .field("keys", &self.keys.keys().map(KeyId::as_str).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Collects the keys of a [`KeyRing`].
#[derive(Debug)]
pub struct KeyRingBuilder {
    active: Option<(String, SealKey)>,
    older: Vec<(String, SealKey)>,
}

impl KeyRingBuilder {
    /// The key that seals from now on. One given before becomes an older one.
    #[must_use]
    pub fn active(mut self, id: impl Into<String>, key: SealKey) -> Self {
        self.older.extend(self.active.replace((id.into(), key)));
        self
    }

    /// A key that only opens what it sealed before.
    #[must_use]
    pub fn older(mut self, id: impl Into<String>, key: SealKey) -> Self {
        self.older.push((id.into(), key));
        self
    }

    /// The ring; its nonces come from `entropy`.
    ///
    /// # Errors
    /// No active key, an id that is not a [`KeyId`], or an id twice.
    pub fn build(self, entropy: Arc<dyn Entropy>) -> Result<KeyRing, InvalidValue> {
        let (active, key) = self.active.ok_or_else(|| InvalidValue::required("active_key"))?;
        let active = KeyId::new(active)?;
        let mut keys = BTreeMap::from([(active.clone(), key)]);
        for (id, key) in self.older {
            let id = KeyId::new(id)?;
            if keys.contains_key(&id) {
                return Err(InvalidValue::duplicate("key_id", id));
            }
            keys.insert(id, key);
        }
        Ok(KeyRing { active, keys, entropy })
    }
}
