//! Sites on WordPress.com, and sites that Jetpack connects to it, over OAuth.
//! <https://developer.wordpress.com/docs/oauth2/>

use chrono::{DateTime, Utc};
use mcmp_core::account::Tokens;
use mcmp_core::entropy::{Entropy, EntropyError};
use mcmp_core::portal::Connection;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_core::value::InvalidValue;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::connect::connection;
use super::discovery::FoundSite;
use super::metadata::LoginKind;
use super::refusal::refused;
use super::root::ApiRoot;
use crate::http::{CallKind, HttpClient, HttpRequest};
use crate::oauth::{Login, OAuth, OAuthApp, PendingLogin};

/// Where WordPress.com's API lies, also for the sites of others.
const API: &str = "https://public-api.wordpress.com";
/// What publishing asks for; `sites` lists them.
const SCOPES: [&str; 5] = ["posts", "media", "taxonomy", "comments", "sites"];

/// An application as it is registered with WordPress.com, at
/// <https://developer.wordpress.com/apps/>.
#[derive(Debug, Clone)]
pub struct WordPressComApp {
    api: Url,
    client_id: String,
    client_secret: SecretText,
    redirect_url: String,
}

impl WordPressComApp {
    /// An application with its credentials and the address that people come back to.
    ///
    /// # Errors
    /// No client id.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: SecretText,
        redirect_url: impl Into<String>,
    ) -> Result<Self, InvalidValue> {
        let client_id = client_id.into();
        if client_id.is_empty() {
            return Err(InvalidValue::required("client_id"));
        }
        let api = Url::parse(API).map_err(|_| InvalidValue::malformed("api", "an address", API))?;
        Ok(Self { api, client_id, client_secret, redirect_url: redirect_url.into() })
    }

    /// With the API elsewhere: for tests.
    #[must_use]
    pub fn at(mut self, api: Url) -> Self {
        self.api = api;
        self
    }

    /// The endpoints are those of
    /// <https://public-api.wordpress.com/.well-known/openid-configuration>.
    fn oauth(&self, http: HttpClient) -> Result<OAuth, InvalidValue> {
        let api = self.api.as_str().trim_end_matches('/');
        let mut app = OAuthApp::new(
            &self.client_id,
            &format!("{api}/oauth2-1/authorize"),
            &format!("{api}/oauth2-1/token"),
            &self.redirect_url,
        )?
        .secret(self.client_secret.clone())
        .revoke_url(&format!("{api}/oauth2-1/revoke"))?;
        for scope in SCOPES {
            app = app.scope(scope);
        }
        Ok(OAuth::new(http, app))
    }
}

/// The application with its connection to WordPress.com.
#[derive(Debug, Clone)]
pub(super) struct Com {
    http: HttpClient,
    api: Url,
    oauth: OAuth,
}

/// A site of the person who granted access.
#[derive(Debug, Deserialize)]
struct ComSite {
    #[serde(rename = "ID")]
    id: u64,
    #[serde(rename = "URL")]
    url: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    capabilities: Value,
}

#[derive(Debug, Deserialize)]
struct ComSites {
    sites: Vec<ComSite>,
}

impl Com {
    pub(super) fn new(http: HttpClient, app: &WordPressComApp) -> Result<Self, InvalidValue> {
        Ok(Self { oauth: app.oauth(http.clone())?, http, api: app.api.clone() })
    }

    pub(super) fn begin(&self, entropy: &dyn Entropy) -> Result<Login, EntropyError> {
        self.oauth.begin(entropy)
    }

    /// A connection for each site on which the person may publish.
    ///
    /// # Errors
    /// Access was not granted, or what WordPress.com answered.
    pub(super) async fn finish(
        &self,
        pending: &PendingLogin,
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Connection>, PublishError> {
        let grant = self.oauth.finish(pending, query, now).await?;
        let mut url = self.api.clone();
        url.set_path("/rest/v1.1/me/sites");
        let request = HttpRequest::get(url)
            .query("fields", "ID,URL,name,capabilities")
            .bearer(&grant.tokens.access);
        let answer = self.http.send(request, CallKind::Repeatable).await?;
        if !answer.is_success() {
            return Err(refused(&answer, CallKind::Repeatable, now));
        }
        let sites: ComSites = answer.json()?;
        let may_publish = |site: &ComSite| {
            ["publish_posts", "edit_posts", "upload_files"]
                .iter()
                .all(|right| site.capabilities.get(right) != Some(&Value::Bool(false)))
        };
        sites
            .sites
            .into_iter()
            .filter(may_publish)
            .map(|site| {
                let mut connection =
                    connection(&self.found(&site)?, grant.tokens.clone(), LoginKind::Bearer)?;
                connection.granted_scopes =
                    grant.scopes.clone().unwrap_or_else(|| SCOPES.map(str::to_owned).into());
                Ok(connection)
            })
            .collect()
    }

    fn found(&self, site: &ComSite) -> Result<FoundSite, PublishError> {
        let odd = |what: &str| {
            let message = format!("WordPress.com tells of a site whose {what} can't be read");
            PublishError::new(ErrorClass::Transient, message).code("bad_site")
        };
        let home = Url::parse(&site.url).map_err(|_| odd("address"))?;
        let root = ApiRoot::of_wordpress_com(&self.api, &site.id.to_string())
            .map_err(|_| odd("number"))?;
        let name = match site.name.trim() {
            "" => home.host_str().unwrap_or_default().to_owned(),
            name => name.to_owned(),
        };
        Ok(FoundSite { root, name, install: home.clone(), home, authorize: None })
    }

    /// New tokens for `tokens`.
    ///
    /// # Errors
    /// There is no refresh token, or what WordPress.com answered.
    pub(super) async fn refresh(
        &self,
        tokens: &Tokens,
        now: DateTime<Utc>,
    ) -> Result<Tokens, PublishError> {
        let refresh = tokens.refresh.as_ref().ok_or_else(|| {
            let message = "WordPress.com gave no way to renew the access; connect the site again";
            PublishError::new(ErrorClass::Reconnect, message).code("no_refresh_token")
        })?;
        Ok(self.oauth.refresh(refresh, now).await?.tokens)
    }
}
