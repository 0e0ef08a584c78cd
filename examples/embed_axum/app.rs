//! The application as it was: its own users, in its own table, signed in by its own tokens. Nothing
//! here knows what publishing takes, but for one column more in the table of users.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::routing::get;
use mcmp_core::id::UserId;
use mcmp_core::value::{Email, Name};

use crate::publishing::{self, Publishing};

/// A row of the application's users.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) email: Email,
    pub(crate) name: Name,
    /// Who that is to MCMP.
    pub(crate) publishing_id: Option<UserId>,
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    /// Users by the token that they sign in with.
    pub(crate) users: Arc<Mutex<BTreeMap<String, User>>>,
    pub(crate) publishing: Publishing,
}

/// Whoever sent the request.
pub(crate) struct SignedIn(pub(crate) User);

impl FromRequestParts<App> for SignedIn {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, StatusCode> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer "));
        let users = app.users.lock().unwrap_or_else(PoisonError::into_inner);
        let user = token.and_then(|token| users.get(token));
        user.cloned().map(SignedIn).ok_or(StatusCode::UNAUTHORIZED)
    }
}

pub(crate) fn router(app: App) -> axum::Router {
    axum::Router::new().route("/me", get(me)).merge(publishing::routes()).with_state(app)
}

async fn me(SignedIn(user): SignedIn) -> String {
    format!("{} <{}>", user.name, user.email)
}
