//! Tests against a real PostgreSQL server; see `mcmp_test_servers::postgres` for which one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and makes its numbers itself"
)]

mod client_schemas;
mod conformance;
mod draining;
mod failures;
mod fixture;
mod host;
mod isolation;
mod migrations;
mod moving;
mod plans;
mod processes;
mod races;
mod together;
mod wake;
