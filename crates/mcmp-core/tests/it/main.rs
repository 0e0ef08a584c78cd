//! What must hold of the core as a whole, as other crates see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share is test code too; clippy knows only functions with #[test]"
)]

mod compile_fail;
mod memory_conformance;
mod mutants;
mod permission_table;
mod portal;
mod publisher_kit;
