//! A channel's tokens, in clear and sealed.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::social_account::{SealedTokens, SocialAccount};
use crate::error::Error;
use crate::secret::{SealPurpose, Sealer, SecretText};
use crate::time::to_millis;
use crate::value::InvalidValue;

/// The tokens of a grant in clear, for as long as they are in use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// What calls are made with.
    pub access: SecretText,
    /// What gets a new access token; some platforms have none.
    #[serde(default)]
    pub refresh: Option<SecretText>,
    /// When the access token ends; `None` is never, or unknown.
    #[serde(default)]
    pub access_expires_at: Option<DateTime<Utc>>,
    /// When the refresh token ends; `None` is never, or unknown.
    #[serde(default)]
    pub refresh_expires_at: Option<DateTime<Utc>>,
}

impl Tokens {
    /// An access token that never ends, or whose end is unknown.
    #[must_use]
    pub fn new(access: SecretText) -> Self {
        Self { access, refresh: None, access_expires_at: None, refresh_expires_at: None }
    }

    /// Seals them for `account`. Without a new refresh token the one in `kept` stays: platforms
    /// leave it out of an answer when it has not changed.
    pub(crate) fn seal(
        &self,
        sealer: &dyn Sealer,
        account: &SocialAccount,
        kept: Option<&SealedTokens>,
    ) -> Result<SealedTokens, Error> {
        if self.access.is_empty() {
            return Err(InvalidValue::required("tokens.access").into());
        }
        let seal = |secret: &SecretText, purpose| {
            sealer.seal(secret.expose().as_bytes(), &account.seal_context(purpose))
        };
        let given = self.refresh.as_ref().filter(|token| !token.is_empty());
        let new_refresh = given.map(|token| seal(token, SealPurpose::REFRESH_TOKEN)).transpose()?;
        let new_end = self.refresh_expires_at.map(to_millis);
        let (refresh, refresh_expires_at) = match (new_refresh, kept) {
            (Some(new), _) => (Some(new), new_end),
            (None, Some(kept)) => (kept.refresh.clone(), new_end.or(kept.refresh_expires_at)),
            (None, None) => (None, new_end),
        };
        Ok(SealedTokens {
            access: seal(&self.access, SealPurpose::ACCESS_TOKEN)?,
            refresh,
            access_expires_at: self.access_expires_at.map(to_millis),
            refresh_expires_at,
        })
    }

    /// What [`seal`](Self::seal) sealed.
    pub(crate) fn open(
        sealer: &dyn Sealer,
        account: &SocialAccount,
        sealed: &SealedTokens,
    ) -> Result<Self, Error> {
        let open = |sealed, purpose| -> Result<SecretText, Error> {
            Ok(sealer.open(sealed, &account.seal_context(purpose))?.to_text()?)
        };
        Ok(Self {
            access: open(&sealed.access, SealPurpose::ACCESS_TOKEN)?,
            refresh: sealed
                .refresh
                .as_ref()
                .map(|token| open(token, SealPurpose::REFRESH_TOKEN))
                .transpose()?,
            access_expires_at: sealed.access_expires_at,
            refresh_expires_at: sealed.refresh_expires_at,
        })
    }
}
