//! What must hold of the store on SQLite, as its users see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share is test code too; clippy knows only functions with #[test]"
)]

mod backup;
mod conformance;
mod engine;
mod files;
mod host;
mod migrations;
mod moving;
mod place;
mod processes;
