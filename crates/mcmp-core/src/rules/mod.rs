//! What may go out: pure checks of content against limits, all findings at once.
//!
//! [`limits`] holds what each platform takes, as data; [`platform`] checks an
//! [`Outgoing`](crate::post::Outgoing) against it; [`client`] checks it against a client's own
//! rules and calendar; [`text`] counts and reads text the way the platforms do. Every check
//! answers with [`Finding`]s: an error blocks, a warning informs.

pub mod client;
mod finding;
pub mod limits;
mod per_text;
pub mod platform;
pub mod text;

pub use client::ClientRules;
pub use finding::{Finding, FindingCode, Report, Severity};
