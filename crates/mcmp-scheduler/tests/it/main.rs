//! The engine over the store in memory, in time that stands still until somebody waits.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it does not expect fails"
)]

mod ahead;
mod engine;
mod loops;
mod outbox;
mod settings;
mod supervise;
mod telemetry;
mod troubled_store;
mod troubles;
mod world;
