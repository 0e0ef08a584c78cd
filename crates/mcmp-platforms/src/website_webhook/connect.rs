//! How an endpoint is connected.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use mcmp_core::account::{AccountKind, ExternalId, Platform, Tokens};
use mcmp_core::portal::Connection;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_core::value::{InvalidValue, Name, WebUrl};
use sha2::{Digest, Sha256};

use super::endpoint::{ENDPOINT, Endpoint};
use super::payload;
use super::publisher::WebsiteWebhook;
use crate::http::{CallKind, parse_url};

impl WebsiteWebhook {
    /// Sends the endpoint a signed `ping`; if it is taken, what
    /// [`accounts().connect`](mcmp_core::portal::Accounts::connect) needs.
    ///
    /// `secret` is one of [`SigningKeys`](crate::signing::SigningKeys), and becomes the account's
    /// access token. To replace one, connect again with both, the new one first and a space
    /// between, and once more with the new one alone when the site knows it.
    ///
    /// # Errors
    /// An address that is not allowed, a secret that is none, or what the site answered instead of
    /// a success.
    pub async fn connect(
        &self,
        name: Name,
        url: &WebUrl,
        secret: &SecretText,
        now: DateTime<Utc>,
    ) -> Result<Connection, PublishError> {
        let endpoint = Endpoint::new(parse_url(url.as_str())?, secret)?;
        let address = endpoint.url.as_str().to_owned();
        let id = format!("ping-{}-{}", short_hash(&[&address]), now.timestamp_millis());
        let body = payload::ping(now)?;
        let answer = self.deliver(&endpoint, &id, now, body, CallKind::Repeatable).await?;
        super::site_answer::judge(&answer, &endpoint, &[&id], now)?;
        // An id is shorter than an address may be.
        let external_id = ExternalId::new("external_id", &address)
            .or_else(|_| ExternalId::new("external_id", format!("sha256:{}", hash(&[&address]))))
            .map_err(|error| unfit(&error))?;
        let tokens = Tokens::new(secret.clone());
        let mut connection =
            Connection::new(Platform::WEBSITE, AccountKind::Site, external_id, name, tokens);
        connection.metadata.insert(ENDPOINT.to_owned(), address.into());
        Ok(connection)
    }
}

fn unfit(error: &InvalidValue) -> PublishError {
    PublishError::new(ErrorClass::Permission, error.to_string()).code("bad_address")
}

/// The SHA-256 of `parts`, one after the other, in hexadecimal digits.
fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Enough of it to tell messages apart.
pub(super) fn short_hash(parts: &[&str]) -> String {
    let mut digits = hash(parts);
    digits.truncate(16);
    digits
}
