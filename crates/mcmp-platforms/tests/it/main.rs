//! The platforms against strict fakes of their other side, over real sockets on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share is test code too; clippy knows only functions with #[test]"
)]

mod event_webhooks;
mod fake_server;
mod http;
mod oauth;
mod streaming;
#[cfg(feature = "website-webhook")]
mod website;
#[cfg(feature = "wordpress")]
mod wordpress;
