//! Media files on their way to a platform: read from the storage in small pieces while they are
//! sent, so that a video of any size takes the same little memory.
//!
//! The storage is borrowed for the call, and a request's body may not borrow: so the pieces go
//! through a channel that holds a few of them, filled by the same task that waits for the answer.

mod body;
mod source;
#[cfg(test)]
mod tests;

#[cfg(feature = "website-webhook")]
pub(crate) use source::unreadable;
pub use source::{MediaFile, MediaPart};
