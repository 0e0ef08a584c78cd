//! A clock that follows tokio's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::time::{Clock, to_millis};
use tokio::time::Instant;

/// A clock that goes as tokio's timers do: while tokio's time is paused, waiting costs nothing and
/// weeks of publishing pass in seconds, the same in every run. For tests and simulations.
///
/// Give it to the store and to the portal.
#[derive(Debug, Clone)]
pub struct TokioClock {
    from: DateTime<Utc>,
    started: Instant,
    shifted_ms: Arc<AtomicI64>,
}

impl TokioClock {
    /// Shows `at` now. Clones share one time.
    #[must_use]
    pub fn starting_at(at: DateTime<Utc>) -> Self {
        Self { from: to_millis(at), started: Instant::now(), shifted_ms: Arc::default() }
    }

    /// Shows a time that is `by` later from now on, or earlier where it is negative, as machines'
    /// clocks do when they are set. Timers take no notice.
    pub fn jump(&self, by: TimeDelta) {
        self.shifted_ms.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for TokioClock {
    fn now(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.started.elapsed()).unwrap_or(TimeDelta::MAX);
        let shifted = TimeDelta::milliseconds(self.shifted_ms.load(Ordering::SeqCst));
        let now =
            self.from.checked_add_signed(passed).and_then(|at| at.checked_add_signed(shifted));
        to_millis(now.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_with_the_timers_and_jumps_on_its_own() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = TokioClock::starting_at(start);
        tokio::time::sleep(Duration::from_secs(86_400 * 400)).await;
        assert_eq!(clock.now(), start + TimeDelta::days(400));
        let seen_elsewhere = clock.clone();
        clock.jump(TimeDelta::hours(-1));
        assert_eq!(seen_elsewhere.now(), start + TimeDelta::days(400) - TimeDelta::hours(1));
    }
}
