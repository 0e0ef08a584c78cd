//! Handing messages to other programs.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::ServiceError;
use crate::secret::SecretText;
use crate::value::WebUrl;

/// One attempt to tell an endpoint something.
#[derive(Debug, Clone, Copy)]
pub struct WebhookMessage<'a> {
    /// Where to.
    pub url: &'a WebUrl,
    /// The message's id: the same for every attempt to send it, so that the receiver knows a
    /// repetition. The `webhook-id` header of Standard Webhooks,
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
    pub id: &'a str,
    /// When this attempt is made: the `webhook-timestamp` header, in whole seconds there.
    pub sent_at: DateTime<Utc>,
    /// The body, JSON in UTF-8; signed and sent as these very bytes.
    pub body: &'a [u8],
    /// What to sign with, newest first; one signature for each.
    pub secrets: &'a [SecretText],
}

/// What an endpoint answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The HTTP status.
    pub status: u16,
    /// How long it asks to be left alone, from its `Retry-After` header.
    pub retry_after: Option<TimeDelta>,
}

impl WebhookAnswer {
    /// A status alone.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, retry_after: None }
    }
}

/// Hands messages to other programs.
#[async_trait]
pub trait WebhookSender: Debug + Send + Sync + 'static {
    /// Sends one message, once, and waits for the answer's head.
    ///
    /// # Behavior
    /// - Every answer of the endpoint is `Ok`, whatever its status: the caller decides what follows.
    /// - Redirects are not followed: they are answers like any other.
    /// - Only ever calls addresses that the operator allows.
    ///
    /// # Errors
    /// There was no answer: the host is not found or does not answer in time (transient), or its
    /// address is not allowed (refused). Never holds a secret.
    async fn send(&self, message: &WebhookMessage<'_>) -> Result<WebhookAnswer, ServiceError>;
}
