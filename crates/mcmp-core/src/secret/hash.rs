//! Tokens that we hand out: shown once, then only a hash is kept.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::SecretText;
use super::encoding::{base32, crc32, from_hex, hex};
use super::text::same;
use crate::entropy::{Entropy, EntropyError};
use crate::value::{InvalidCode, InvalidValue};

/// SHA-256 of a token of [`mint`]: what is stored to recognise the token by.
///
/// A plain hash is enough because the token has 256 random bits; it is not for passwords. Written
/// as 64 hexadecimal digits.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of `token`.
    #[must_use]
    pub fn of(token: &SecretText) -> Self {
        Self(Sha256::digest(token.expose()).into())
    }

    /// A hash as its bytes were stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for stores that keep them as such.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenHash({}...)", hex(&[a, b, c, d]))
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for TokenHash {}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::str::FromStr for TokenHash {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The text is not quoted: it could be the token itself, put in the wrong place.
        from_hex(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| {
            InvalidValue::new(
                InvalidCode::Malformed,
                "token_hash",
                "must be 64 lower-case hexadecimal digits",
            )
        })
    }
}

impl TryFrom<String> for TokenHash {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.to_hex()
    }
}

/// Why no token was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The prefix is not of the form that tokens take.
    #[error(transparent)]
    Prefix(#[from] InvalidValue),
    /// The random source failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Random bytes in a token.
const RANDOM: usize = 32;
/// Digits of the random part, then of the checksum.
const BODY: usize = (RANDOM * 8).div_ceil(5);
const CHECKSUM: usize = 32_usize.div_ceil(5);
/// Most characters of a prefix.
const PREFIX_MAX: usize = 16;

/// Makes a new token and the hash to keep of it.
///
/// The token is `<prefix>_` and 59 characters of `0-9a-z`: 256 random bits and a checksum over all
/// before it, in base 32. One word to select, safe in URLs and headers, and found by secret
/// scanners without guessing. `prefix` is 1 to 16 characters of `a-z0-9`, such as `mcmpkey`.
///
/// ```
/// use mcmp_core::entropy::SeededEntropy;
/// use mcmp_core::secret::{TokenHash, mint, recognize};
///
/// let (token, hash) = mint(&SeededEntropy::new(1), "mcmpkey")?;
/// assert!(token.expose().starts_with("mcmpkey_"));
/// assert_eq!(recognize(&token, "mcmpkey"), Some(hash));
/// # Ok::<(), mcmp_core::secret::MintError>(())
/// ```
///
/// # Errors
/// `prefix` is not of that form, or the random source failed.
pub fn mint(entropy: &dyn Entropy, prefix: &str) -> Result<(SecretText, TokenHash), MintError> {
    check_prefix(prefix)?;
    let mut random = Zeroizing::new([0_u8; RANDOM]);
    entropy.fill(random.as_mut())?;
    let body = Zeroizing::new(base32(random.as_ref()));

    let mut token = String::with_capacity(prefix.len() + 1 + BODY + CHECKSUM);
    token.push_str(prefix);
    token.push('_');
    token.push_str(&body);
    let checksum = checksum_of(&token);
    token.push_str(&checksum);

    let token = SecretText::new(token);
    let hash = TokenHash::of(&token);
    Ok((token, hash))
}

/// The hash to look `token` up by, if prefix, length and checksum are those of a token of [`mint`]:
/// a mistyped or foreign token is refused without asking a store.
#[must_use]
pub fn recognize(token: &SecretText, prefix: &str) -> Option<TokenHash> {
    let digits = token.expose().strip_prefix(prefix)?.strip_prefix('_')?;
    if digits.len() != BODY + CHECKSUM {
        return None;
    }
    let (checked, checksum) =
        token.expose().split_at_checked(token.expose().len().checked_sub(CHECKSUM)?)?;
    same(checksum_of(checked).as_bytes(), checksum.as_bytes()).then(|| TokenHash::of(token))
}

fn checksum_of(text: &str) -> String {
    base32(&crc32(text.as_bytes()).to_be_bytes())
}

fn check_prefix(prefix: &str) -> Result<(), InvalidValue> {
    const FIELD: &str = "prefix";
    if prefix.is_empty() {
        return Err(InvalidValue::required(FIELD));
    }
    if prefix.len() > PREFIX_MAX {
        return Err(InvalidValue::too_long(FIELD, PREFIX_MAX, prefix.chars().count()));
    }
    if !prefix.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')) {
        return Err(InvalidValue::malformed(FIELD, "lower-case letters and digits", prefix));
    }
    Ok(())
}
