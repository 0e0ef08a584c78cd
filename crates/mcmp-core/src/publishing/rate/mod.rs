//! What platforms tell of their rate limits along with other answers.

mod log;
mod report;

pub use log::RateLog;
pub use report::{RateReport, RateScope};
