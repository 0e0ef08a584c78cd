//! Connecting a site with a user's application password.
//! <https://developer.wordpress.org/rest-api/reference/application-passwords/>

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use mcmp_core::account::{AccountKind, ExternalId, Platform, Tokens};
use mcmp_core::portal::Connection;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_core::value::{InvalidValue, Name};
use serde::Deserialize;
use serde_json::Value;

use super::discovery::FoundSite;
use super::metadata::{self, LoginKind};
use super::site::{Login, Site};
use crate::http::HttpClient;

/// Rights that publishing takes. <https://wordpress.org/documentation/article/roles-and-capabilities/>
const REQUIRED: [&str; 3] = ["edit_posts", "publish_posts", "upload_files"];
/// Further rights that are worth knowing of.
const NOTED: [&str; 5] = [
    "delete_published_posts",
    "edit_others_posts",
    "edit_published_posts",
    "manage_categories",
    "unfiltered_html",
];

/// The user whose login it is. PHP writes an empty object as an empty list.
#[derive(Debug, Deserialize)]
struct Me {
    id: u64,
    #[serde(default)]
    username: String,
    #[serde(default)]
    capabilities: Value,
}

impl Me {
    fn may(&self, right: &str) -> bool {
        match self.capabilities.get(right) {
            Some(Value::Bool(may)) => *may,
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            _ => false,
        }
    }
}

/// Checks the login with a real call, and that its user may publish.
///
/// # Errors
/// The password is not accepted (reconnect), rights are missing, by name (permission), or what the
/// site answered.
pub(super) async fn connect(
    http: &HttpClient,
    found: &FoundSite,
    user: &str,
    password: &SecretText,
    now: DateTime<Utc>,
) -> Result<Connection, PublishError> {
    let user = user.trim();
    if user.is_empty() || user.contains(':') || password.expose().trim().is_empty() {
        let message = "a user name without a colon and an application password are needed";
        return Err(PublishError::new(ErrorClass::InvalidContent, message).code("bad_login"));
    }
    // Shown in groups, which are not part of it.
    let password = SecretText::new(password.expose().split_whitespace().collect::<String>());
    let login = Login::Password { user: user.to_owned(), password: password.clone() };
    let site = Site::new(http, found.root.clone(), login, now);
    let query = [("context", "edit"), ("_fields", "id,username,capabilities")];
    let me: Me = site.get(&["users", "me"], &query).await?;
    let missing: Vec<&str> = REQUIRED.into_iter().filter(|right| !me.may(right)).collect();
    if !missing.is_empty() {
        let message = format!(
            "the user “{user}” may not publish on {}: {} missing; an author or an editor may",
            found.identity(),
            missing.join(", ")
        );
        return Err(PublishError::new(ErrorClass::Permission, message).code("missing_rights"));
    }
    let tokens = Tokens::new(Login::access_token(user, &password));
    let mut connection = connection(found, tokens, LoginKind::Password)?;
    connection.handle =
        Some(if me.username.is_empty() { user.to_owned() } else { me.username.clone() });
    connection.metadata.insert("wordpress_user_id".to_owned(), Value::from(me.id));
    connection.required_scopes = REQUIRED.map(str::to_owned).into();
    connection.granted_scopes = rights(&me);
    Ok(connection)
}

fn rights(me: &Me) -> BTreeSet<String> {
    REQUIRED.iter().chain(&NOTED).filter(|right| me.may(right)).map(|&right| right.into()).collect()
}

/// A connection to a site, with what the site itself says.
pub(super) fn connection(
    found: &FoundSite,
    tokens: Tokens,
    login: LoginKind,
) -> Result<Connection, PublishError> {
    let identity = found.identity();
    let odd = |error: InvalidValue| {
        PublishError::new(ErrorClass::InvalidContent, error.to_string()).code("bad_site")
    };
    let name: String = found.name.chars().filter(|c| !c.is_control()).take(Name::MAX).collect();
    let name = Name::new("name", &name)
        .or_else(|_| Name::new("name", identity.chars().take(Name::MAX).collect::<String>()));
    let mut connection = Connection::new(
        Platform::WORDPRESS,
        AccountKind::Site,
        ExternalId::new("external_id", &identity).map_err(odd)?,
        name.map_err(odd)?,
        tokens,
    );
    connection.metadata = metadata::of(&found.root, login);
    connection.metadata.insert("site_url".to_owned(), Value::from(found.home.as_str()));
    Ok(connection)
}
