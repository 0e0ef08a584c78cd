//! What MCMP asks of services outside: telling people and programs, keeping media, writing text.
//!
//! Each is a small trait with typed errors that say whether the same call may work later. The
//! callers do the waiting and repeating; implementations do neither.

mod error;
mod media_storage;
mod memory_media;
mod notifier;
mod text_model;
mod webhook_sender;

pub use error::{ServiceError, ServiceErrorKind};
pub use media_storage::{MediaInfo, MediaStorage, SignedUrl};
pub use memory_media::MemoryMedia;
pub use notifier::{Address, Message, Notifier};
pub use text_model::{
    ChatMessage, ChatRole, FinishReason, TextAnswer, TextModel, TextRequest, TextUsage,
};
pub use webhook_sender::{WebhookAnswer, WebhookMessage, WebhookSender};
