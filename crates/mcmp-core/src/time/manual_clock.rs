//! A clock that stands still until it is told otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use super::Clock;

/// A clock for tests and simulations: clones share one time, which moves only when it is moved.
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use mcmp_core::time::{Clock, ManualClock};
///
/// let clock = ManualClock::new(DateTime::UNIX_EPOCH);
/// let seen_by_the_worker = clock.clone();
/// clock.advance(TimeDelta::days(365));
/// assert_eq!(seen_by_the_worker.now(), DateTime::UNIX_EPOCH + TimeDelta::days(365));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    millis: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows `at`, cut to whole milliseconds.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self { millis: Arc::new(AtomicI64::new(at.timestamp_millis())) }
    }

    /// Shows `at` from now on; going back is allowed, as machines' clocks do it too.
    pub fn set(&self, at: DateTime<Utc>) {
        self.millis.store(at.timestamp_millis(), Ordering::SeqCst);
    }

    /// Moves on by `by`, or back where it is negative; stops at the ends of what chrono can say.
    pub fn advance(&self, by: TimeDelta) {
        let (first, last) = (
            DateTime::<Utc>::MIN_UTC.timestamp_millis(),
            DateTime::<Utc>::MAX_UTC.timestamp_millis(),
        );
        let moved =
            |millis: i64| Some(millis.saturating_add(by.num_milliseconds()).clamp(first, last));
        // The closure never answers `None`, so the update cannot be refused.
        let _ = self.millis.fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        // Only milliseconds of representable instants are ever stored.
        DateTime::from_timestamp_millis(self.millis.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_time_in_whole_milliseconds() {
        let clock = ManualClock::new(DateTime::from_timestamp(10, 1_999_999).unwrap());
        let other = clock.clone();
        assert_eq!(other.now().timestamp_subsec_nanos(), 1_000_000);
        other.advance(TimeDelta::milliseconds(-1));
        assert_eq!(clock.now(), DateTime::from_timestamp(10, 0).unwrap());
        clock.set(DateTime::UNIX_EPOCH);
        assert_eq!(other.now(), DateTime::UNIX_EPOCH);
    }

    #[test]
    fn the_ends_of_time_are_a_stop_and_no_panic() {
        for (start, by) in
            [(DateTime::<Utc>::MAX_UTC, TimeDelta::MAX), (DateTime::<Utc>::MIN_UTC, TimeDelta::MIN)]
        {
            let clock = ManualClock::new(start);
            clock.advance(by);
            assert_eq!(clock.now().timestamp_millis(), start.timestamp_millis());
        }
    }
}
