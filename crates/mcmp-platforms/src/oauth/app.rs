//! An app as it is registered with a platform.

use mcmp_core::secret::SecretText;
use mcmp_core::value::InvalidValue;
use url::Url;

/// How the app says who it is when it asks for tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// In a Basic header, what the standard prefers.
    #[default]
    Basic,
    /// In the form that it sends.
    Body,
}

/// An app as it is registered with a platform: its credentials, the platform's endpoints, and what
/// it asks for.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    pub(super) client_id: String,
    pub(super) client_secret: Option<SecretText>,
    pub(super) authorize_url: Url,
    pub(super) token_url: Url,
    pub(super) revoke_url: Option<Url>,
    pub(super) redirect_url: Url,
    pub(super) scopes: Vec<String>,
    pub(super) client_auth: ClientAuth,
    pub(super) authorize_parameters: Vec<(String, String)>,
}

impl OAuthApp {
    /// An app without a secret that asks for nothing in particular.
    ///
    /// # Errors
    /// No client id, or an address that is none.
    pub fn new(
        client_id: impl Into<String>,
        authorize_url: &str,
        token_url: &str,
        redirect_url: &str,
    ) -> Result<Self, InvalidValue> {
        let client_id = client_id.into();
        if client_id.is_empty() {
            return Err(InvalidValue::required("client_id"));
        }
        Ok(Self {
            client_id,
            client_secret: None,
            authorize_url: address("authorize_url", authorize_url)?,
            token_url: address("token_url", token_url)?,
            revoke_url: None,
            redirect_url: address("redirect_url", redirect_url)?,
            scopes: Vec::new(),
            client_auth: ClientAuth::default(),
            authorize_parameters: Vec::new(),
        })
    }

    /// With its secret.
    #[must_use]
    pub fn secret(mut self, secret: SecretText) -> Self {
        self.client_secret = Some(secret);
        self
    }

    /// With the endpoint that ends grants.
    ///
    /// # Errors
    /// Not an address.
    pub fn revoke_url(mut self, revoke_url: &str) -> Result<Self, InvalidValue> {
        self.revoke_url = Some(address("revoke_url", revoke_url)?);
        Ok(self)
    }

    /// Asks for `scope` as well.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// How it says who it is.
    #[must_use]
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
    }

    /// With a parameter of the login page that only this platform has, such as `access_type`.
    #[must_use]
    pub fn authorize_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.authorize_parameters.push((name.into(), value.into()));
        self
    }
}

fn address(field: &str, text: &str) -> Result<Url, InvalidValue> {
    Url::parse(text)
        .ok()
        .filter(Url::has_host)
        .ok_or_else(|| InvalidValue::malformed(field, "an absolute address", text))
}
