//! Tokens that we hand out, and the seal on secrets that we keep. What a token begins with tells
//! people and secret scanners what it is.

use super::Portal;
use crate::error::Error;
use crate::secret::{Sealer, SecretText, TokenHash, mint};

/// Of API keys.
pub(super) const API_KEY: &str = "mcmp";
/// Of invitations.
pub(super) const INVITATION: &str = "mcmpinvite";
/// Of the secrets that webhook messages are signed with.
pub(super) const WEBHOOK_SECRET: &str = "whsec";

impl Portal {
    /// A new token and the hash to keep of it.
    pub(super) fn mint(&self, prefix: &str) -> Result<(SecretText, TokenHash), Error> {
        Ok(mint(self.entropy(), prefix)?)
    }

    /// What seals and opens secrets.
    pub(super) fn sealer(&self) -> Result<&dyn Sealer, Error> {
        self.parts.sealer.as_deref().ok_or(Error::NotConfigured { part: "a sealer" })
    }
}
