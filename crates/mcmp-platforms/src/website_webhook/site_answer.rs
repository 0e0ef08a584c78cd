//! What the site says.

use chrono::{DateTime, Utc};
use mcmp_core::publishing::{ErrorClass, PublishError, RemoteRef};
use serde_json::Value;

use super::endpoint::Endpoint;
use crate::http::HttpAnswer;

/// Most characters of a site's id that are kept.
const MAX_ID: usize = 200;

/// What the site says of a message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its own id of the post.
    pub(super) id: Option<String>,
    /// Where the post is to be seen.
    pub(super) url: Option<String>,
}

impl Taken {
    /// Where the post is; a site that tells no id knows it by `post_id`.
    pub(super) fn remote(self, post_id: &str) -> RemoteRef {
        RemoteRef { id: self.id.unwrap_or_else(|| post_id.to_owned()), url: self.url }
    }
}

/// What `answer` to the message `message_id` means. `names` are what a 409 must hold one of to say
/// that the message came before.
pub(super) fn judge(
    answer: &HttpAnswer,
    endpoint: &Endpoint,
    names: &[&str],
    now: DateTime<Utc>,
) -> Result<Taken, PublishError> {
    let came_before = answer.status() == 409 && {
        let text = String::from_utf8_lossy(answer.body());
        names.iter().any(|name| text.contains(name))
    };
    if answer.is_success() || came_before {
        // The contract asks for no body, so one that can't be read takes nothing back.
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let field = |name: &str| body.get(name).unwrap_or(&Value::Null);
        let id = match field("id") {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        let id = id.map(|id| answer.scrub(id.trim()).chars().take(MAX_ID).collect::<String>());
        let url = field("url").as_str().and_then(|url| endpoint.permalink(url));
        return Ok(Taken { id: id.filter(|id| !id.is_empty()), url });
    }
    Err(match answer.status() {
        403 => answer.fail(ErrorClass::Reconnect, "the site does not accept the signature"),
        410 => answer.fail(ErrorClass::Reconnect, "the site takes no messages at this address"),
        _ => answer.error(now),
    })
}
