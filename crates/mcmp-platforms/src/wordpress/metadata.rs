//! What an account keeps about its site, beside the tokens. None of it is secret.

use std::collections::BTreeMap;

use mcmp_core::account::SocialAccount;
use serde_json::Value;

use super::root::ApiRoot;

/// Where the site's REST API lies: an [`ApiRoot`].
const API_ROOT: &str = "wordpress_api_root";
/// How calls are let in: `application_password` or `oauth2`.
const LOGIN: &str = "wordpress_login";
const PASSWORD: &str = "application_password";
const OAUTH: &str = "oauth2";

/// How calls are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginKind {
    /// With a user's application password.
    Password,
    /// With a token of WordPress.com.
    Bearer,
}

/// What a connection says of its site.
pub(super) fn of(root: &ApiRoot, login: LoginKind) -> BTreeMap<String, Value> {
    let login = match login {
        LoginKind::Password => PASSWORD,
        LoginKind::Bearer => OAUTH,
    };
    BTreeMap::from([
        (API_ROOT.to_owned(), Value::from(root.as_str())),
        (LOGIN.to_owned(), Value::from(login)),
    ])
}

pub(super) fn api_root(account: &SocialAccount) -> Option<ApiRoot> {
    account.metadata.get(API_ROOT)?.as_str()?.to_owned().try_into().ok()
}

pub(super) fn login(account: &SocialAccount) -> LoginKind {
    match account.metadata.get(LOGIN).and_then(Value::as_str) {
        Some(OAUTH) => LoginKind::Bearer,
        _ => LoginKind::Password,
    }
}
