//! Telling people outside the product.

use std::fmt::Debug;

use async_trait::async_trait;

use super::ServiceError;
use crate::id::NotificationId;
use crate::notification::NotificationChannel;
use crate::value::{Email, WebUrl};

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A mailbox.
    Email(Email),
    /// A chat room or person, by the chat service's own id or incoming address.
    Chat(String),
    /// A telephone number, as `+` and digits (E.164, <https://www.itu.int/rec/T-REC-E.164>).
    Sms(String),
}

impl Address {
    /// The channel that it belongs to.
    #[must_use]
    pub fn channel(&self) -> NotificationChannel {
        match self {
            Self::Email(_) => NotificationChannel::Email,
            Self::Chat(_) => NotificationChannel::Chat,
            Self::Sms(_) => NotificationChannel::Sms,
        }
    }
}

/// What one person is told. All of it is plain text: whoever renders it escapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The notification it comes from: the same for every attempt to send it.
    pub id: NotificationId,
    /// One line, for channels that have one.
    pub title: String,
    /// What is said.
    pub text: String,
    /// Where to look or act.
    pub link: Option<WebUrl>,
}

/// Delivers messages on one channel.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Which channel.
    fn channel(&self) -> NotificationChannel;

    /// Hands `message` to the service that delivers it to `to`.
    ///
    /// # Behavior
    /// - Passes [`Message::id`] on as an idempotency key where the service takes one: the caller
    ///   repeats a call whose answer was lost.
    /// - An address of another channel is refused as invalid.
    ///
    /// # Errors
    /// What the service answered instead; [`ServiceError::is_temporary`] says whether to try again.
    async fn deliver(&self, to: &Address, message: &Message) -> Result<(), ServiceError>;
}
