//! The loops beside publishing, in engines that run.

mod approvals;
mod clean_up;
mod metrics;
mod notifications;
mod refresh;
mod restart;
mod series;
mod split;
mod subscribers;
mod webhooks;
