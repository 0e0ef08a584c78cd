//! Where "now" comes from.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

use super::to_millis;

/// Says what time it is. Whatever waits or looks at time takes one, so that a test
/// turns the clock and waits for nothing.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present instant, in whole milliseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        to_millis(Utc::now())
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> DateTime<Utc> {
        (**self).now()
    }
}
