//! A model that says what it is told to.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::service::{
    ChatRole, FinishReason, ServiceError, ServiceErrorKind, TextAnswer, TextModel, TextRequest,
    TextUsage,
};

/// A model that says what it is told to, and after that repeats what the user said last. Its
/// tokens are words.
#[derive(Debug, Default)]
pub struct FakeTextModel {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Result<String, ServiceErrorKind>>,
    requests: Vec<TextRequest>,
}

impl FakeTextModel {
    /// A model that nobody has told anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What it says next.
    pub fn say(&self, text: impl Into<String>) {
        lock(&self.state).answers.push_back(Ok(text.into()));
    }

    /// Fails the next `times` requests, after what it was told to say.
    pub fn fail_next(&self, times: usize, kind: ServiceErrorKind) {
        lock(&self.state).answers.extend(std::iter::repeat_n(Err(kind), times));
    }

    /// What it was asked, first to last.
    #[must_use]
    pub fn requests(&self) -> Vec<TextRequest> {
        lock(&self.state).requests.clone()
    }
}

#[async_trait]
impl TextModel for FakeTextModel {
    fn name(&self) -> &str {
        "fake"
    }

    async fn generate(&self, request: &TextRequest) -> Result<TextAnswer, ServiceError> {
        let error = |kind, text| ServiceError::new(kind, "fake_text_model", text);
        let mut state = lock(&self.state);
        state.requests.push(request.clone());
        if request.messages.is_empty() {
            return Err(error(ServiceErrorKind::Invalid, "a conversation without messages"));
        }
        let said = match state.answers.pop_front() {
            Some(Ok(text)) => text,
            Some(Err(kind)) => return Err(error(kind, "told to fail")),
            None => {
                let user = request.messages.iter().rfind(|m| m.role == ChatRole::User);
                user.map(|message| message.text.clone()).unwrap_or_default()
            }
        };
        let limit = usize::try_from(request.max_output_tokens).unwrap_or(usize::MAX);
        let words = |text: &str| text.split_whitespace().count();
        let (text, finish) = if words(&said) > limit {
            let cut: Vec<&str> = said.split_whitespace().take(limit).collect();
            (cut.join(" "), FinishReason::Limit)
        } else {
            (said, FinishReason::Complete)
        };
        let read: usize = request.messages.iter().map(|message| words(&message.text)).sum();
        let usage = TextUsage {
            input_tokens: u64::try_from(read).unwrap_or(u64::MAX),
            output_tokens: u64::try_from(words(&text)).unwrap_or(u64::MAX),
        };
        Ok(TextAnswer { text, finish, usage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ChatMessage;

    #[tokio::test]
    async fn it_says_what_it_is_told_within_the_limit() {
        let model = FakeTextModel::new();
        let request = TextRequest {
            messages: vec![
                ChatMessage::new(ChatRole::System, "Be brief"),
                ChatMessage::new(ChatRole::User, "Fresh bread"),
            ],
            max_output_tokens: 2,
            temperature_permille: None,
        };
        model.say("One two three");
        model.fail_next(1, ServiceErrorKind::Transient);
        let cut = model.generate(&request).await.unwrap();
        assert_eq!((cut.text.as_str(), cut.finish), ("One two", FinishReason::Limit));
        assert_eq!(cut.usage, TextUsage { input_tokens: 4, output_tokens: 2 });
        assert!(model.generate(&request).await.unwrap_err().is_temporary());
        let echo = model.generate(&request).await.unwrap();
        assert_eq!((echo.text.as_str(), echo.finish), ("Fresh bread", FinishReason::Complete));
        assert_eq!(model.requests().len(), 3);
    }
}
