//! How posts go out: jobs, their states and evidence, and the platforms' side of it.
//!
//! | file | holds |
//! |---|---|
//! | `job`, `follow_up`, `plan` | the job, its parts, its attempts, and how it comes to be |
//! | `job_table`, `step`, `state_machine`, `retry` | where a job can go, and the one function that moves it |
//! | `error_class` | what went wrong, as far as it decides what happens next |
//! | `lane` | what may start for an account, and when |
//! | `budget`, `rate` | how many calls a platform takes, and what it tells about that |
//! | `way_out` | what a person can do about a job that goes no further by itself |
//! | `lateness` | what happens to a post whose time has passed |
//! | `max_failures` | how often a part may fail before it is given up |
//! | `publisher`, `publish_context` | what a platform's crate implements, and what it is given |

mod budget;
mod error_class;
mod follow_up;
mod job;
mod job_table;
mod lane;
mod lateness;
mod max_failures;
mod plan;
mod publish_context;
mod publisher;
mod rate;
mod retry;
#[cfg(test)]
pub(crate) mod sample;
mod state_machine;
mod step;
mod way_out;

pub use budget::{BudgetForecast, BudgetKey, Rate, RateBudget};
pub use error_class::{ErrorClass, PublishError};
pub use follow_up::{FollowUp, FollowUpOutcome, Part};
pub use job::{
    Attempt, HoldReason, Intent, JobState, Lease, Outcome, PublishJob, RemoteRef, WorkerId,
};
pub use lane::{AccountLane, LaneAction, LaneChange, PauseReason};
pub use lateness::{LatenessPolicy, WhenLate};
pub use max_failures::{MAX_FAILURES, MaxFailures};
pub use plan::JobPlan;
pub use publish_context::{AccountContext, PublishContext};
pub use publisher::{LookUp, Progress, Publisher, PublisherCapabilities, Publishers, WentLive};
pub use rate::{RateLog, RateReport, RateScope};
pub use retry::{AfterError, after_error, backoff};
pub use state_machine::{
    Advanced, DEFAULT_QUIET, LOOK_UP_LIMIT, MAX_CRASHES, MAX_REPEATS, MAX_UNPROVED_SENDS,
    NEGATIVES_NEEDED, ORDER_KEPT_FAILURES, advance,
};
pub use step::{JobRefused, JobStep, Refusal};
pub use way_out::WayOut;
