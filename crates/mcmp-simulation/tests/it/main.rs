//! The simulation over each store.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a run says what happened in it"
)]

mod memory;
mod outside;
mod postgres;
mod sqlite;
