//! Whoever watches over a worker's calls: lets them through, and is told what they came to.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::account::SocialAccount;
use crate::error::Error;
use crate::publishing::{PublishError, PublishJob, RateReport};

/// Watches over calls to platforms, for what goes beyond one job: limits that an app's
/// accounts share, platforms that are down. Without one everything goes.
#[async_trait]
pub trait Supervisor: Debug + Send + Sync + 'static {
    /// Asked before a claimed job's next call: before every step that prepares a part, so once
    /// more for each part, and before every look-up. Nothing is asked between a part that is ready
    /// and its visible call.
    ///
    /// `call` is what comes next: [`PublisherCall::LookUp`] only reads; [`PublisherCall::Prepare`]
    /// may lead to the visible call, also for a job whose outcome is unknown: where a platform knows
    /// a repetition by its key, that is asked by sending once more.
    ///
    /// # Errors
    /// It can't be told; then the job is given back and the worker's call fails.
    async fn admit(&self, job: &PublishJob, call: PublisherCall) -> Result<Admission, Error>;

    /// Told of a job that was claimed ahead of its time: [`admit`](Self::admit) is asked when that
    /// comes, and what it takes to answer can be read by then. Nothing is decided here.
    async fn foresee(&self, _job: &PublishJob) {}

    /// Told what each call came to, once that is recorded.
    ///
    /// # Errors
    /// It can't be noted; what the call came to is recorded all the same, then the worker's call
    /// fails.
    async fn observe(&self, call: &CallReport<'_>) -> Result<(), Error>;
}

/// Whether a job's next call may be made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Admission {
    /// It may.
    Go,
    /// Not yet. The job goes back, and that is no failure of it.
    Wait {
        /// When to ask again.
        until: DateTime<Utc>,
        /// Why, as people see it at the job.
        error: PublishError,
        /// Whether nothing else starts for the account before, either.
        lane: bool,
    },
}

/// What a publisher was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PublisherCall {
    /// [`Publisher::prepare`](crate::publishing::Publisher::prepare)
    Prepare,
    /// [`Publisher::go_live`](crate::publishing::Publisher::go_live)
    GoLive,
    /// [`Publisher::look_up`](crate::publishing::Publisher::look_up)
    LookUp,
    /// [`Publisher::refresh_tokens`](crate::publishing::Publisher::refresh_tokens)
    Refresh,
    /// [`Publisher::metrics`](crate::publishing::Publisher::metrics)
    Metrics,
}

impl PublisherCall {
    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::GoLive => "go_live",
            Self::LookUp => "look_up",
            Self::Refresh => "refresh",
            Self::Metrics => "metrics",
        }
    }
}

/// What one call of a publisher came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallReport<'a> {
    /// The job as the call was made.
    pub job: &'a PublishJob,
    /// The account that it was made for.
    pub account: &'a SocialAccount,
    /// What was asked.
    pub call: PublisherCall,
    /// What went wrong; `None` if the call did what it is for.
    pub error: Option<&'a PublishError>,
    /// What the answers told of rate limits.
    pub rates: Vec<RateReport>,
    /// When the answer was there, by the store's clock.
    pub at: DateTime<Utc>,
}
