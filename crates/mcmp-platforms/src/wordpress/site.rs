//! Calls to one site, with the login that its account has.

use std::time::Duration;

use chrono::{DateTime, Utc};
use mcmp_core::account::{SocialAccount, Tokens};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::metadata;
use super::refusal::refused;
use super::root::ApiRoot;
use crate::http::{CallKind, HttpAnswer, HttpClient, HttpRequest, Method};

/// What calls are let in by.
#[derive(Debug, Clone)]
pub(super) enum Login {
    /// A user of the site and one of its application passwords.
    Password { user: String, password: SecretText },
    /// A token of WordPress.com.
    Bearer(SecretText),
}

impl Login {
    /// The access token that an account keeps: `user:password`, as the Basic scheme joins them. A
    /// user name has no colon, <https://developer.wordpress.org/reference/functions/sanitize_user/>.
    pub(super) fn access_token(user: &str, password: &SecretText) -> SecretText {
        SecretText::new(format!("{user}:{}", password.expose()))
    }
}

/// One site, for one step.
#[derive(Debug)]
pub(super) struct Site<'a> {
    http: &'a HttpClient,
    root: ApiRoot,
    login: Login,
    now: DateTime<Utc>,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        http: &'a HttpClient,
        root: ApiRoot,
        login: Login,
        now: DateTime<Utc>,
    ) -> Self {
        Self { http, root, login, now }
    }

    /// The site that `account` is.
    ///
    /// # Errors
    /// It was not connected by this module: it must be connected again.
    pub(super) fn of(
        http: &'a HttpClient,
        account: &SocialAccount,
        tokens: &Tokens,
        now: DateTime<Utc>,
    ) -> Result<Self, PublishError> {
        let root = metadata::api_root(account).ok_or_else(|| {
            reconnect("the account does not say where the site's REST API is; connect it again")
        })?;
        let login = match metadata::login(account) {
            metadata::LoginKind::Bearer => Login::Bearer(tokens.access.clone()),
            metadata::LoginKind::Password => {
                let (user, password) = tokens.access.expose().split_once(':').ok_or_else(|| {
                    reconnect("the account has no application password; connect it again")
                })?;
                Login::Password { user: user.to_owned(), password: SecretText::new(password) }
            }
        };
        Ok(Self::new(http, root, login, now))
    }

    /// A request to `path`, with the login.
    pub(super) fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> HttpRequest {
        let request = HttpRequest::new(method, self.root.call(path, query));
        match &self.login {
            Login::Password { user, password } => request.basic(user, password),
            Login::Bearer(token) => request.bearer(token),
        }
    }

    /// Sends a request: any answer that is no success is an error.
    ///
    /// # Errors
    /// No answer, or what the answer means.
    pub(super) async fn send(
        &self,
        request: HttpRequest,
        kind: CallKind,
    ) -> Result<HttpAnswer, PublishError> {
        let answer = self.http.send(request, kind).await?;
        self.judge(answer, kind)
    }

    /// `answer`, if it is a success.
    ///
    /// # Errors
    /// What the answer means.
    pub(super) fn judge(
        &self,
        answer: HttpAnswer,
        kind: CallKind,
    ) -> Result<HttpAnswer, PublishError> {
        if answer.is_success() { Ok(answer) } else { Err(refused(&answer, kind, self.now)) }
    }

    /// Reads.
    ///
    /// # Errors
    /// No answer, what the answer means, or one that can't be read.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, PublishError> {
        let request = self.request(Method::GET, path, query);
        self.send(request, CallKind::Repeatable).await?.json()
    }

    /// Writes what can be written again.
    ///
    /// # Errors
    /// No answer, what the answer means, or one that can't be read.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &(impl Serialize + Sync),
    ) -> Result<T, PublishError> {
        let request = self.request(Method::POST, path, query).json(body);
        self.send(request, CallKind::Repeatable).await?.json()
    }

    pub(super) fn http(&self) -> &HttpClient {
        self.http
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

fn reconnect(message: &str) -> PublishError {
    PublishError::new(ErrorClass::Reconnect, message).code("not_connected")
}

/// How long the visible call may take when it must have ended at `deadline`.
pub(super) fn time_left(from: DateTime<Utc>, deadline: DateTime<Utc>) -> Duration {
    // A little earlier, so that the answer is recorded by then.
    let left = (deadline - from) * 9 / 10;
    left.to_std().unwrap_or_default().max(Duration::from_millis(1))
}
