//! Endpoints in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::lock;
use crate::secret::SecretText;
use crate::service::{
    ServiceError, ServiceErrorKind, WebhookAnswer, WebhookMessage, WebhookSender,
};
use crate::value::WebUrl;

/// Endpoints in memory: they take everything, unless told otherwise, and keep what they were sent.
#[derive(Debug, Default)]
pub struct FakeWebhookSender {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<SentWebhook>,
    answers: VecDeque<Answer>,
}

/// What an endpoint was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentWebhook {
    /// Where to.
    pub url: WebUrl,
    /// The message's id.
    pub id: String,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// The body.
    pub body: Vec<u8>,
    /// How many secrets it was signed with.
    pub signatures: usize,
    /// The newest of them.
    pub secret: Option<SecretText>,
}

#[derive(Debug)]
enum Answer {
    Head(WebhookAnswer),
    Nothing(ServiceErrorKind),
}

impl FakeWebhookSender {
    /// Endpoints that were sent nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next message is answered with this status.
    pub fn answer_next(&self, status: u16) {
        self.answer(Answer::Head(WebhookAnswer::new(status)));
    }

    /// The next message is answered with this status, and the wish to be left alone for so long.
    pub fn ask_for_time(&self, status: u16, retry_after: TimeDelta) {
        let head = WebhookAnswer { status, retry_after: Some(retry_after) };
        self.answer(Answer::Head(head));
    }

    /// The next message arrives, and no answer comes back.
    pub fn lose_next_answer(&self, kind: ServiceErrorKind) {
        self.answer(Answer::Nothing(kind));
    }

    /// Forgets the answers that were still to be given.
    pub fn drop_answers(&self) {
        lock(&self.state).answers.clear();
    }

    /// What was sent, first to last, repetitions included.
    #[must_use]
    pub fn sent(&self) -> Vec<SentWebhook> {
        lock(&self.state).sent.clone()
    }

    fn answer(&self, answer: Answer) {
        lock(&self.state).answers.push_back(answer);
    }
}

#[async_trait]
impl WebhookSender for FakeWebhookSender {
    async fn send(&self, message: &WebhookMessage<'_>) -> Result<WebhookAnswer, ServiceError> {
        let mut state = lock(&self.state);
        state.sent.push(SentWebhook {
            url: message.url.clone(),
            id: message.id.to_owned(),
            sent_at: message.sent_at,
            body: message.body.to_vec(),
            signatures: message.secrets.len(),
            secret: message.secrets.first().cloned(),
        });
        match state.answers.pop_front() {
            None => Ok(WebhookAnswer::new(200)),
            Some(Answer::Head(answer)) => Ok(answer),
            Some(Answer::Nothing(kind)) => {
                Err(ServiceError::new(kind, "fake_webhook", "there was no answer"))
            }
        }
    }
}
