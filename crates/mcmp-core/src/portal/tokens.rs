//! Tokens that we hand out, and the seal on secrets that we keep. What a token begins with tells
//! people and secret scanners what it is.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::Portal;
use crate::error::Error;
use crate::secret::{Sealer, SecretText, TokenHash, mint};

/// Of API keys.
pub(super) const API_KEY: &str = "mcmp";
/// Of invitations.
pub(super) const INVITATION: &str = "mcmpinvite";
/// Of the secrets that webhook messages are signed with.
const WEBHOOK_SECRET: &str = "whsec";

impl Portal {
    /// A new token and the hash to keep of it.
    pub(super) fn mint(&self, prefix: &str) -> Result<(SecretText, TokenHash), Error> {
        Ok(mint(self.entropy(), prefix)?)
    }

    /// A secret to sign webhook messages with: 32 random bytes in the form that Standard Webhooks
    /// asks for,
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
    pub(super) fn webhook_secret(&self) -> Result<SecretText, Error> {
        let mut key = Zeroizing::new([0; 32]);
        self.entropy().fill(key.as_mut())?;
        let digits = Zeroizing::new(BASE64_STANDARD.encode(*key));
        Ok(SecretText::new(format!("{WEBHOOK_SECRET}_{}", *digits)))
    }

    /// What seals and opens secrets.
    pub(super) fn sealer(&self) -> Result<&dyn Sealer, Error> {
        self.parts.sealer.as_deref().ok_or(Error::NotConfigured { part: "a sealer" })
    }
}
