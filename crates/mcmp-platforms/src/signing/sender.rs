//! Telling other programs what happened, by signed messages.

use async_trait::async_trait;
use bytes::Bytes;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::service::{
    ServiceError, ServiceErrorKind, WebhookAnswer, WebhookMessage, WebhookSender,
};

use super::key::SigningKeys;
use super::message::{TIMEOUT, message};
use crate::http::{CallKind, HttpClient, HttpSettings, HttpSetupError, parse_url};

/// The name that errors carry.
const SERVICE: &str = "webhooks";

/// Sends the portal's event messages to their endpoints: signed by Standard Webhooks, through the
/// [guard](crate::guard).
///
/// ```
/// use std::sync::Arc;
/// use mcmp_core::service::WebhookSender;
/// use mcmp_platforms::http::HttpSettings;
/// use mcmp_platforms::signing::StandardWebhooks;
///
/// let sender: Arc<dyn WebhookSender> = Arc::new(StandardWebhooks::new(&HttpSettings::new())?);
/// # Ok::<(), mcmp_platforms::http::HttpSetupError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StandardWebhooks {
    http: HttpClient,
}

impl StandardWebhooks {
    /// With these settings; an endpoint has 20 seconds to answer, or less if they say so.
    ///
    /// # Errors
    /// What of the settings can't be.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpSetupError> {
        Ok(Self { http: HttpClient::guarded(&settings.clone().timeout_at_most(TIMEOUT))? })
    }
}

fn invalid(message: impl std::fmt::Display) -> ServiceError {
    ServiceError::new(ServiceErrorKind::Invalid, SERVICE, message.to_string())
}

fn unanswered(error: &PublishError) -> ServiceError {
    let kind = match error.class {
        ErrorClass::Permission => ServiceErrorKind::Refused,
        ErrorClass::InvalidContent => ServiceErrorKind::Invalid,
        _ => ServiceErrorKind::Transient,
    };
    let told = ServiceError::new(kind, SERVICE, error.message.clone());
    match &error.code {
        Some(code) => told.code(code.clone()),
        None => told,
    }
}

#[async_trait]
impl WebhookSender for StandardWebhooks {
    async fn send(&self, sent: &WebhookMessage<'_>) -> Result<WebhookAnswer, ServiceError> {
        let keys = SigningKeys::of_each(sent.secrets).map_err(invalid)?;
        let url = parse_url(sent.url.as_str()).map_err(|error| unanswered(&error))?;
        let body = Bytes::copy_from_slice(sent.body);
        let request =
            message(url, &keys, sent.secrets, sent.id, sent.sent_at, body).map_err(invalid)?;
        // Whoever calls repeats the message under its id.
        let answer = self
            .http
            .send(request, CallKind::Repeatable)
            .await
            .map_err(|error| unanswered(&error))?;
        let retry_after = answer.retry_after(sent.sent_at).map(|until| until - sent.sent_at);
        Ok(WebhookAnswer { retry_after, ..WebhookAnswer::new(answer.status()) })
    }
}
