//! One limit, as an answer told it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Whom a limit counts the calls of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RateScope {
    /// The app that calls: all accounts that are connected through it share the limit.
    App,
    /// The account that is called for.
    Account,
}

/// One limit, as a platform's answer told it. What the answer leaves open is `None`; a report
/// without any number says only that there is such a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateReport {
    /// Whom it counts the calls of.
    pub scope: RateScope,
    /// Which calls it counts: the name of the platform's endpoint class, such as `posts`.
    pub name: String,
    /// How many calls are allowed in a period.
    pub limit: Option<u32>,
    /// How many of them are left now.
    pub remaining: Option<u32>,
    /// When the count starts anew.
    pub resets_at: Option<DateTime<Utc>>,
    /// How long a period lasts.
    pub period: Option<TimeDelta>,
}

impl RateReport {
    /// The name of calls that publish.
    pub const POSTS: &str = "posts";
    /// The name of calls that only read, such as for numbers.
    pub const READS: &str = "reads";

    /// A limit of which nothing more is known yet.
    #[must_use]
    pub fn new(scope: RateScope, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { scope, name, limit: None, remaining: None, resets_at: None, period: None }
    }
}
