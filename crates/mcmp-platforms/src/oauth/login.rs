//! A login that is under way.

use std::fmt;

use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// A login that begins.
#[derive(Debug, Clone)]
pub struct Login {
    /// Where the person goes to grant access.
    pub url: String,
    /// What the host keeps until they come back, in that person's session.
    pub pending: PendingLogin,
}

/// What is kept while a person is at the platform, good for one login: the state that shows that
/// whoever comes back is who went, and the secret that the code is worth nothing without (PKCE,
/// <https://www.rfc-editor.org/rfc/rfc7636>).
///
/// It can be written, so that it outlives a request: in a session on the server, or in an encrypted
/// cookie, never where another person could read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogin {
    pub(super) state: String,
    pub(super) verifier: String,
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingLogin(***)")
    }
}

impl PendingLogin {
    /// The code in the query that the platform sent the person back with.
    pub(super) fn code(&self, query: &str) -> Result<SecretText, PublishError> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let value = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(found, _)| found == name)
                .map(|(_, value)| value.into_owned())
        };
        let state = SecretText::new(value("state").unwrap_or_default());
        if state != SecretText::new(self.state.clone()) || state.is_empty() {
            let message = "this answer does not belong to a login that was begun here";
            return Err(PublishError::new(ErrorClass::Permission, message).code("oauth_state"));
        }
        if let Some(error) = value("error") {
            let raw = value("error_description").unwrap_or_default();
            let error: String = error.chars().take(100).collect();
            let message = format!("access was not granted: {error}");
            return Err(PublishError::new(ErrorClass::Reconnect, message).code(error).raw(raw));
        }
        value("code").filter(|code| !code.is_empty()).map(SecretText::new).ok_or_else(|| {
            let message = "the platform sent nobody back with a code";
            PublishError::new(ErrorClass::Reconnect, message).code("oauth_no_code")
        })
    }
}
