//! What the platform granted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::Tokens;
use mcmp_core::secret::SecretText;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse, TokenType};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What the platform granted.
#[derive(Clone, PartialEq)]
pub struct Grant {
    /// The tokens. Without a new refresh token in the answer, `refresh` is `None`.
    pub tokens: Tokens,
    /// What the grant allows; `None` if the answer does not say, which means what was asked for.
    pub scopes: Option<BTreeSet<String>>,
    /// What else the answer holds, such as the id of a user or a site. It may hold secrets.
    pub extras: BTreeMap<String, Value>,
}

/// The names of the extras, not what they hold.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("tokens", &self.tokens)
            .field("scopes", &self.scopes)
            .field("extras", &self.extras.keys())
            .finish()
    }
}

/// An answer of a token endpoint. Platforms take liberties: numbers as text, scopes with commas or
/// as a list, no token type.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TokenAnswer {
    access_token: AccessToken,
    #[serde(default)]
    token_type: AnyTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, alias = "refresh_token_expires_in", deserialize_with = "seconds")]
    refresh_expires_in: Option<u64>,
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
    #[serde(flatten)]
    extras: BTreeMap<String, Value>,
}

/// Whatever it is called: the platform's module knows how its tokens are sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AnyTokenType(Value);

impl TokenType for AnyTokenType {}

impl TokenResponse for TokenAnswer {
    type TokenType = AnyTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }
    fn token_type(&self) -> &AnyTokenType {
        &self.token_type
    }
    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }
    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }
    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

impl TokenAnswer {
    /// The grant as of `now`.
    pub(super) fn into_grant(self, now: DateTime<Utc>) -> Grant {
        let refresh = self
            .refresh_token
            .map(|token| SecretText::new(token.into_secret()))
            .filter(|token| !token.is_empty());
        let tokens = Tokens {
            access: SecretText::new(self.access_token.into_secret()),
            refresh,
            access_expires_at: end(now, self.expires_in),
            refresh_expires_at: end(now, self.refresh_expires_in),
        };
        let scopes = self
            .scope
            .map(|scopes| scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect());
        Grant { tokens, scopes, extras: self.extras }
    }
}

/// When something that lasts `seconds` ends; `None` is never, or unknown. Some platforms say zero
/// for never.
fn end(now: DateTime<Utc>, seconds: Option<u64>) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(seconds.filter(|seconds| *seconds > 0)?).ok()?;
    now.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

/// A number, or a text that is one; anything else says nothing.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Scopes in one text, split at spaces and commas, or in a list.
fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Scope>>, D::Error> {
    let split = |text: &str| {
        text.split([' ', ',', '\t', '\n'])
            .filter(|scope| !scope.is_empty())
            .map(|scope| Scope::new(scope.to_owned()))
            .collect()
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(split(&text)),
        Value::Array(items) => {
            let text: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            Some(split(&text.join(" ")))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(json: &str) -> Grant {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        serde_json::from_str::<TokenAnswer>(json).unwrap().into_grant(now)
    }

    #[test]
    fn an_answer_by_the_book() {
        let grant = grant(
            r#"{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt",
                "scope":"read write","blog_id":7}"#,
        );
        assert_eq!(grant.tokens.access.expose(), "at");
        assert_eq!(grant.tokens.refresh.as_ref().unwrap().expose(), "rt");
        assert_eq!(grant.tokens.access_expires_at.unwrap().timestamp(), 1_800_003_600);
        assert_eq!(grant.tokens.refresh_expires_at, None);
        assert_eq!(grant.scopes.unwrap(), BTreeSet::from(["read".into(), "write".into()]));
        assert_eq!(grant.extras["blog_id"], 7);
    }

    #[test]
    fn liberties_are_taken() {
        let odd = grant(
            r#"{"access_token":"at","expires_in":"60","refresh_token":"",
                "refresh_token_expires_in":120,"scope":"a,b, c","id_token":"very-secret"}"#,
        );
        assert_eq!(odd.tokens.refresh, None);
        assert_eq!(odd.tokens.access_expires_at.unwrap().timestamp(), 1_800_000_060);
        assert_eq!(odd.tokens.refresh_expires_at.unwrap().timestamp(), 1_800_000_120);
        assert_eq!(odd.scopes.as_ref().unwrap().len(), 3);
        assert!(!format!("{odd:?}").contains("very-secret"));
        let listed = grant(r#"{"access_token":"at","expires_in":0,"scope":["a","b"]}"#);
        assert_eq!(listed.tokens.access_expires_at, None, "never");
        assert_eq!(listed.scopes.unwrap().len(), 2);
        let huge = grant(r#"{"access_token":"at","expires_in":18446744073709551615,"scope":null}"#);
        assert_eq!((huge.tokens.access_expires_at, huge.scopes), (None, None));
    }
}
