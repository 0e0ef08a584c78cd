//! The real servers that tests use: [`script`] starts those of `scripts/`, [`postgres`] makes a
//! database for each test, and [`skipped`] says so where there is none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "code of tests: what does not go as expected fails the test"
)]

pub mod postgres;
pub mod script;

use mcmp_core::testkit::Skip;

/// Says that a test is skipped, for want of a server; fails it where `MCMP_REQUIRE_SERVICES=1`
/// says that none may be skipped, as in CI.
#[allow(clippy::print_stderr, reason = "a skipped test must not look like a passed one")]
pub fn skipped(test: &str, Skip { what, install }: &Skip) {
    let required = std::env::var("MCMP_REQUIRE_SERVICES").is_ok_and(|v| v == "1");
    assert!(!required, "{test} can't be skipped here: {what}; {install}");
    eprintln!("SKIPPED {test}: {what}; {install}");
}
