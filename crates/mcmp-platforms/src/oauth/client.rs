//! The three calls, with our client beneath.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use mcmp_core::entropy::{Entropy, EntropyError};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse,
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EndpointNotSet, EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, StandardRevocableToken, TokenUrl,
};
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use super::app::{ClientAuth, OAuthApp};
use super::grant::{Grant, TokenAnswer};
use super::login::{Login, PendingLogin};
use crate::http::{CallKind, HttpAnswer, HttpClient, HttpRequest, header, parse_url};

type AppClient = Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// OAuth 2 with one platform, for one app.
///
/// # Errors tell what to do
/// Only a clear refusal of the grant (`invalid_grant` and its like) is
/// [`ErrorClass::Reconnect`]. What is wrong with the app itself (`invalid_client`) is
/// [`ErrorClass::Permission`]: an operator must act, and no account is disconnected for it.
/// Everything else is a rate limit or transient.
#[derive(Debug, Clone)]
pub struct OAuth {
    http: HttpClient,
    app: OAuthApp,
}

impl OAuth {
    /// For `app`, over `http`.
    #[must_use]
    pub fn new(http: HttpClient, app: OAuthApp) -> Self {
        Self { http, app }
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> &OAuthApp {
        &self.app
    }

    /// Begins a login, with a state and a PKCE secret that are good for it alone.
    ///
    /// # Errors
    /// The random source failed.
    pub fn begin(&self, entropy: &dyn Entropy) -> Result<Login, EntropyError> {
        let random = || {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes)?;
            // 43 characters, the least that a verifier may have.
            Ok::<_, EntropyError>(BASE64_URL_SAFE_NO_PAD.encode(bytes))
        };
        let pending = PendingLogin { state: random()?, verifier: random()? };
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let client = self.client();
        let mut request = client
            .authorize_url(|| CsrfToken::new(pending.state.clone()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.app.scopes.iter().cloned().map(Scope::new));
        for (name, value) in &self.app.authorize_parameters {
            request = request.add_extra_param(name, value);
        }
        let (url, _) = request.url();
        Ok(Login { url: url.into(), pending })
    }

    /// Ends the login that `pending` was kept of: checks the state in the `query` that the person
    /// came back with, and exchanges the code in it for tokens.
    ///
    /// # Errors
    /// Another login's answer, access that was not granted, or what the platform answered.
    pub async fn finish(
        &self,
        pending: &PendingLogin,
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<Grant, PublishError> {
        let code = pending.code(query)?;
        let verifier = SecretText::new(pending.verifier.clone());
        let call = Call::new(self, now, &[&code, &verifier]);
        let client = self.client();
        let answer = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .request_async(&call)
            .await;
        call.grant(answer)
    }

    /// Gets new tokens. One at a time per grant: the caller sees to that. Without a new refresh
    /// token in the answer, `refresh` is `None` and the caller keeps the old one.
    ///
    /// # Errors
    /// What the platform answered instead.
    pub async fn refresh(
        &self,
        refresh: &SecretText,
        now: DateTime<Utc>,
    ) -> Result<Grant, PublishError> {
        let call = Call::new(self, now, &[refresh]);
        let client = self.client();
        let token = RefreshToken::new(refresh.expose().to_owned());
        let answer = client.exchange_refresh_token(&token).request_async(&call).await;
        call.grant(answer)
    }

    /// Ends a grant, by its refresh token if there is one, else by its access token. A token that
    /// the platform does not know (any more) is ended
    /// (<https://www.rfc-editor.org/rfc/rfc7009#section-2.2>).
    ///
    /// # Errors
    /// The platform has no such call (permission, with the code
    /// [`PublishError::NOT_SUPPORTED`]), or what it answered.
    pub async fn revoke(&self, token: &SecretText, now: DateTime<Utc>) -> Result<(), PublishError> {
        let Some(url) = &self.app.revoke_url else {
            let message = "this platform has no call that ends a grant";
            return Err(PublishError::new(ErrorClass::Permission, message)
                .code(PublishError::NOT_SUPPORTED));
        };
        let secret = self.app.client_secret.as_ref();
        let mut form = vec![("token", token.expose())];
        let mut request = HttpRequest::post(url.clone()).secret(token);
        match (self.app.client_auth, secret) {
            (ClientAuth::Basic, Some(secret)) => {
                let (user, password) = self.basic(secret);
                request = request.secret(secret).basic(&user, &password);
            }
            (_, secret) => {
                form.push(("client_id", &self.app.client_id));
                if let Some(secret) = secret {
                    form.push(("client_secret", secret.expose()));
                    request = request.secret(secret);
                }
            }
        }
        let answer = self.http.send(request.form(&form), CallKind::Repeatable).await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(refusal(&answer).unwrap_or_else(|| answer.error(now)))
    }

    /// The app's name and password as the Basic header takes them, each encoded by itself
    /// (<https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1>).
    fn basic(&self, secret: &SecretText) -> (String, SecretText) {
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        (encode(&self.app.client_id), SecretText::new(encode(secret.expose())))
    }

    fn client(&self) -> AppClient {
        let app = &self.app;
        let mut client = Client::new(ClientId::new(app.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(app.authorize_url.clone()))
            .set_token_uri(TokenUrl::from_url(app.token_url.clone()))
            .set_redirect_uri(RedirectUrl::from_url(app.redirect_url.clone()))
            .set_auth_type(match app.client_auth {
                ClientAuth::Basic => AuthType::BasicAuth,
                ClientAuth::Body => AuthType::RequestBody,
            });
        if let Some(secret) = &app.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        client
    }
}

/// One call of a token endpoint, with its answer kept: the `oauth2` crate tells less of it.
struct Call<'a> {
    oauth: &'a OAuth,
    now: DateTime<Utc>,
    secrets: Vec<&'a SecretText>,
    answer: Mutex<Option<HttpAnswer>>,
}

/// A future that can be sent between threads, which one made by a closure can't be proved to be.
impl<'c> AsyncHttpClient<'c> for Call<'_> {
    type Error = PublishError;
    type Future =
        Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, PublishError>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl<'a> Call<'a> {
    fn new(oauth: &'a OAuth, now: DateTime<Utc>, secrets: &[&'a SecretText]) -> Self {
        Self { oauth, now, secrets: secrets.to_vec(), answer: Mutex::new(None) }
    }

    async fn send(
        &self,
        request: oauth2::HttpRequest,
    ) -> Result<oauth2::HttpResponse, PublishError> {
        let (parts, body) = request.into_parts();
        let mut send = HttpRequest::new(parts.method, parse_url(&parts.uri.to_string())?);
        send.headers = parts.headers;
        if let Some(authorization) = send.headers.get_mut(header::AUTHORIZATION) {
            authorization.set_sensitive(true);
        }
        send.body = Some(body.into());
        for secret in &self.secrets {
            send = send.secret(secret);
        }
        if let Some(secret) = &self.oauth.app.client_secret {
            let (user, password) = self.oauth.basic(secret);
            let pair = format!("{user}:{}", password.expose());
            send = send.secret(secret).secret(&BASE64_STANDARD.encode(pair).into());
        }
        let answer = self.oauth.http.send(send, CallKind::Repeatable).await?;
        if answer.status() == 429 || answer.status() >= 500 || answer.is_redirect() {
            return Err(answer.error(self.now));
        }
        let mut response = oauth2::HttpResponse::new(answer.body().to_vec());
        *response.status_mut() = oauth2::http::StatusCode::from_u16(answer.status())
            .map_err(|_| answer.unreadable("an unknown status"))?;
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(response)
    }

    fn grant(
        &self,
        answer: Result<TokenAnswer, RequestTokenError<PublishError, BasicErrorResponse>>,
    ) -> Result<Grant, PublishError> {
        let kept = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (answer, kept) {
            (Ok(answer), kept) => {
                let grant = answer.into_grant(self.now);
                match kept {
                    Some(kept) if grant.tokens.access.is_empty() => {
                        Err(without_raw(kept.unreadable("it holds no access token")))
                    }
                    _ => Ok(grant),
                }
            }
            (Err(RequestTokenError::Request(error)), _) => Err(error),
            // Some platforms answer 200 with an error inside, or an error in a form of their own.
            (Err(_), Some(kept)) => Err(refusal(&kept).unwrap_or_else(|| {
                let error = kept.fail(ErrorClass::Transient, "the token answer can't be read");
                if kept.is_success() { without_raw(error) } else { error }
            })),
            (Err(_), None) => {
                Err(PublishError::new(ErrorClass::Transient, "the token endpoint did not answer"))
            }
        }
    }
}

/// A success holds tokens, which nothing may keep in clear.
fn without_raw(error: PublishError) -> PublishError {
    PublishError { raw: None, ..error }
}

/// The error that the answer tells in the standard's form
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-5.2>), if it does.
fn refusal(answer: &HttpAnswer) -> Option<PublishError> {
    #[derive(Deserialize)]
    struct Refusal {
        error: BasicErrorResponseType,
        #[serde(default)]
        error_description: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
    let code = refusal.error.as_ref().to_owned();
    let class = match code.as_str() {
        "invalid_grant" | "invalid_token" | "access_denied" | "invalid_scope" => {
            ErrorClass::Reconnect
        }
        "slow_down" => ErrorClass::RateLimited { until: None },
        "invalid_client"
        | "unauthorized_client"
        | "invalid_request"
        | "unsupported_grant_type"
        | "unsupported_token_type" => ErrorClass::Permission,
        _ => ErrorClass::Transient,
    };
    let message = refusal.error_description.unwrap_or_else(|| format!("refused: {code}"));
    let message: String = answer.scrub(&message).chars().take(500).collect();
    Some(PublishError::new(class, message).code(answer.scrub(&code)).raw(answer.raw()))
}
