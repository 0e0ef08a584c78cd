//! Standard Webhooks: messages that show who sent them and that they were not changed.
//!
//! Each message carries three headers: `webhook-id`, the same for every attempt to send it;
//! `webhook-timestamp`, when this attempt was made; `webhook-signature`, made over both and the
//! body with a secret that only sender and receiver know
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! ```
//! use chrono::DateTime;
//! use mcmp_platforms::signing::{Headers, SigningKeys, verify};
//!
//! let keys = SigningKeys::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into())?;
//! let now = DateTime::from_timestamp(1_614_265_330, 0).unwrap_or_default();
//! let signature = keys.sign("msg_1", now, b"{}")?;
//!
//! // What a receiver does, with the raw body and before it is parsed:
//! let headers = Headers { id: "msg_1", timestamp: "1614265330", signature: &signature };
//! verify(&keys, &headers, b"{}", now)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod key;
mod message;
mod sender;
mod verify;

pub use key::{SigningKeys, UnfitId};
#[cfg(feature = "website-webhook")]
pub(crate) use message::{TIMEOUT, message};
pub use sender::StandardWebhooks;
pub use verify::{Headers, NotVerified, TOLERANCE, verify};

/// The header of a message's id.
pub const ID: &str = "webhook-id";
/// The header of an attempt's time.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";
