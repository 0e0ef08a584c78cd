//! A signed message as a request.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use mcmp_core::secret::SecretText;

use super::key::{SigningKeys, UnfitId};
use super::{ID, SIGNATURE, TIMESTAMP};
use crate::http::{HeaderName, HttpRequest, Url};

/// How long whoever gets a message may take to answer; the standard advises 15 to 30 seconds.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// Most bytes of an answer that are read.
const ANSWER: usize = 64 * 1024;

/// The POST of `body`, as these very bytes, signed as an attempt of `at`. `secrets` are what `keys`
/// were made of: whoever they are sent to knows them and may echo them.
pub(crate) fn message(
    url: Url,
    keys: &SigningKeys,
    secrets: &[SecretText],
    id: &str,
    at: DateTime<Utc>,
    body: Bytes,
) -> Result<HttpRequest, UnfitId> {
    let signature = keys.sign(id, at, &body)?;
    let mut request = HttpRequest::post(url)
        .body("application/json", body)
        .header(HeaderName::from_static(ID), id)
        .header(HeaderName::from_static(TIMESTAMP), at.timestamp().to_string())
        .header(HeaderName::from_static(SIGNATURE), signature)
        .cut_answer(ANSWER);
    for secret in secrets.iter().flat_map(|secret| secret.expose().split_whitespace()) {
        let digits = secret.strip_prefix("whsec_").unwrap_or(secret);
        request = request.secret(&SecretText::new(digits));
    }
    Ok(request)
}
