//! What an answer means that is no success.
//!
//! | file | holds |
//! |---|---|
//! | here | the order in which an answer is judged |
//! | `codes` | the meaning of each of WordPress's codes |

mod codes;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use mcmp_core::publishing::{ErrorClass, PublishError};
use serde_json::Value;

use crate::http::{CallKind, HttpAnswer};
use codes::Meaning;

/// WordPress's own words for a refusal, `{"code", "message", "data": {"status"}}`.
/// <https://developer.wordpress.org/rest-api/extending-the-rest-api/adding-custom-endpoints/#return-value>
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    pub(super) code: String,
    message: String,
    status: Option<u64>,
    /// The term that is there already, of `term_exists`.
    pub(super) term_id: Option<u64>,
}

impl ApiError {
    /// The refusal in a body; `None` for one that is not WordPress's.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        // A warning of PHP may stand before it.
        let start = ["{\"code\":", "{\"error\":"].iter().filter_map(|key| text.find(key)).min()?;
        let json = text.get(start..)?;
        let value: Value = serde_json::Deserializer::from_str(json).into_iter().next()?.ok()?;
        // The older interface of WordPress.com calls the code "error".
        let code = value.get("code").or_else(|| value.get("error"))?.as_str()?.to_owned();
        let message = value.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        let data = value.get("data");
        let number = |key: &str| data.and_then(|data| data.get(key)).and_then(Value::as_u64);
        let (status, term_id) = (number("status"), number("term_id"));
        let refused = Self { code, message, status, term_id };
        Some(match data.and_then(|data| data.get("details")) {
            Some(details) => refused.of_a_parameter(details),
            None => refused,
        })
    }

    /// A parameter may be refused for the lack of a right, which says more than that it was refused:
    /// with a password that is not accepted, `status=any` is an invalid parameter.
    fn of_a_parameter(self, details: &Value) -> Self {
        let Some(details) = details.as_object() else { return self };
        let for_rights = details.values().find_map(|detail| {
            let code = detail.get("code")?.as_str()?;
            let status = detail.pointer("/data/status").and_then(Value::as_u64)?;
            matches!(status, 401 | 403).then(|| (code.to_owned(), status))
        });
        match for_rights {
            Some((code, status)) => Self { code, status: Some(status), ..self },
            None => self,
        }
    }
}

/// What `answer`, which is no success, means; `kind` is that of the call.
pub(super) fn refused(answer: &HttpAnswer, kind: CallKind, now: DateTime<Utc>) -> PublishError {
    let by_status = answer.error(now);
    if matches!(by_status.class, ErrorClass::RateLimited { .. }) {
        return by_status;
    }
    let Some(error) = ApiError::read(answer.body()) else {
        return not_wordpress(answer, kind, by_status);
    };
    let status = error.status.unwrap_or_else(|| answer.status().into());
    let meaning = codes::meaning(&error.code, status, &error.message);
    let class = match meaning {
        // A server error is no proof that nothing was stored.
        _ if answer.status() >= 500 && kind == CallKind::Visible => ErrorClass::UnknownOutcome,
        Meaning::Reconnect => ErrorClass::Reconnect,
        Meaning::NotAllowed | Meaning::NotThere => ErrorClass::Permission,
        Meaning::Content => ErrorClass::InvalidContent,
        Meaning::Passing => kind.open(),
        Meaning::Unknown => by_status.class,
    };
    let what_to_do = match (meaning, class) {
        (Meaning::Reconnect, _) => {
            "the site does not accept the user's application password; connect it again"
        }
        (Meaning::NotAllowed, _) => "the site's user lacks the right for this",
        (Meaning::NotThere, _) => "the site has nothing there",
        (_, ErrorClass::InvalidContent) => "the site does not accept the content",
        _ => "the site failed",
    };
    let words = if error.message.is_empty() { &error.code } else { &error.message };
    answer.fail(class, format!("{what_to_do}: {words}")).code(error.code)
}

/// An answer that WordPress did not write: a firewall's, a host's, a maintenance page.
fn not_wordpress(answer: &HttpAnswer, kind: CallKind, by_status: PublishError) -> PublishError {
    match answer.status() {
        // For good: the address that was connected is not the site's any more.
        301 | 308 => {
            let target =
                answer.location().map(|url| format!(" to {}", url.origin().ascii_serialization()));
            let message =
                format!("the site has moved{}; connect it again", target.unwrap_or_default());
            answer.fail(ErrorClass::Reconnect, message)
        }
        // As forms answer once they are done, or a maintenance mode before.
        302 | 303 | 307 => answer.fail(kind.open(), "the site sends its visitors elsewhere"),
        // It may have looked at the answer, after the request was carried out.
        403 => answer.fail(kind.open(), "a firewall before the site refused the call"),
        404 => answer
            .fail(ErrorClass::Permission, "the site's REST API is not at its address any more"),
        _ => by_status,
    }
}
