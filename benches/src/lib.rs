//! What the benchmarks measure with: the same posts, ids and times in every run.
//!
//! Nothing here comes from outside, so set-up that fails just panics.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "set-up of benchmarks: all values are written here"
)]

/// As servers run: much of what is measured is allocated and freed again soon.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod agency;
pub mod archive;
pub mod bare;
pub mod cast;
pub mod content;
pub mod durable;
pub mod house;
pub mod memory;
pub mod numbers;
pub mod server;
pub mod tally;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::entropy::{IdSource, SeededEntropy};
use mcmp_core::id::Id;

/// The time at which all benchmarks begin: a Monday morning.
#[must_use]
pub fn start() -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

/// So long after [`start`].
#[must_use]
pub fn minutes(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

/// Ids that are the same in every run.
#[derive(Debug)]
pub struct Ids(IdSource);

impl Default for Ids {
    fn default() -> Self {
        Self(IdSource::new(Arc::new(SeededEntropy::new(1))))
    }
}

impl Ids {
    /// The next one.
    pub fn next<I: Id>(&self) -> I {
        self.at(start())
    }

    /// The next one, of something that was made at this time.
    pub fn at<I: Id>(&self, time: DateTime<Utc>) -> I {
        self.0.next(time).unwrap()
    }
}

/// The value of a future that waits for nothing, as all over a store in memory: without a runtime,
/// whose own cost would be measured along.
///
/// # Panics
/// The future waits after all.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here may wait"),
    }
}
