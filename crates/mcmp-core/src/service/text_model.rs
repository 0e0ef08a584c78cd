//! Writing text with a language model.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::ServiceError;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatRole {
    /// The instructions that hold for the whole conversation.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who says it.
    pub role: ChatRole,
    /// What is said.
    pub text: String,
}

impl ChatMessage {
    /// A message of `role`.
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRequest {
    /// The conversation so far, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Most tokens of the answer, as the model counts them.
    pub max_output_tokens: u32,
    /// How freely it may choose, in thousandths of the usual 0 to 1; `None` is the model's default.
    pub temperature_permille: Option<u16>,
}

/// Why an answer ends where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FinishReason {
    /// It is complete.
    Complete,
    /// The limit of tokens was reached: the text is cut off.
    Limit,
    /// The model would not answer.
    Declined,
}

/// What an answer cost, in tokens as the model counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextUsage {
    /// Read.
    pub input_tokens: u64,
    /// Written.
    pub output_tokens: u64,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextAnswer {
    /// The text.
    pub text: String,
    /// Why it ends there.
    pub finish: FinishReason,
    /// What it cost.
    pub usage: TextUsage,
}

/// A language model.
#[async_trait]
pub trait TextModel: Debug + Send + Sync + 'static {
    /// Which model, as shown to people beside what it wrote.
    fn name(&self) -> &str;

    /// Answers a conversation.
    ///
    /// # Behavior
    /// - Never more than [`TextRequest::max_output_tokens`].
    /// - What the model writes is content like any other: it goes through rules and approval.
    ///
    /// # Errors
    /// A conversation without messages or longer than the model takes (invalid); or what the
    /// service answered instead.
    async fn generate(&self, request: &TextRequest) -> Result<TextAnswer, ServiceError>;
}
