//! What follows from an error, and how long to wait.

use chrono::{DateTime, TimeDelta, Utc};

use super::error_class::ErrorClass;
use super::job::PublishJob;
use super::lateness::WhenLate;

/// What follows from an error of a class, wherever it came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterError {
    /// Refresh the tokens once; if that was tried or is not possible, hold for a person.
    RefreshOrHold,
    /// Give the part up.
    Fail,
    /// Wait until the platform takes calls again; `None` if it did not say until when.
    WaitUntil(Option<DateTime<Utc>>),
    /// Try again after a while.
    RetryLater,
    /// Look on the platform before anything else.
    LookUp,
}

/// What follows from an error of `class`.
#[must_use]
pub fn after_error(class: &ErrorClass) -> AfterError {
    match class {
        ErrorClass::Reconnect => AfterError::RefreshOrHold,
        ErrorClass::Permission | ErrorClass::InvalidContent => AfterError::Fail,
        ErrorClass::RateLimited { until } => AfterError::WaitUntil(*until),
        ErrorClass::Transient => AfterError::RetryLater,
        ErrorClass::Duplicate | ErrorClass::UnknownOutcome => AfterError::LookUp,
    }
}

/// After so many failures the wait is as long as it gets: 5 s doubled eight times is more than
/// 15 min already.
pub(super) const LONGEST_BACKOFF: u32 = 8;

/// How long to wait after a failure that `failures` others preceded: any part of 5 seconds, doubled
/// with each, at most 15 minutes. `jitter` says which part, 0 to 1,000; drawn evenly, this is "full
/// jitter", <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>. It is
/// never shorter than a second, so that no failure is answered by the same call at once.
#[must_use]
pub fn backoff(failures: u32, jitter: u16) -> TimeDelta {
    const FIRST_MS: i64 = 5_000;
    const MAX_MS: i64 = 15 * 60 * 1_000;
    const SHORTEST_MS: i64 = 1_000;
    let whole = (FIRST_MS << failures.min(LONGEST_BACKOFF)).min(MAX_MS);
    let part = whole * i64::from(jitter.min(1_000)) / 1_000;
    TimeDelta::milliseconds(part.max(SHORTEST_MS))
}

/// When to try again after one more failure; `None` if it has failed long enough: as often as its
/// account lets it, or the next try would come after the lateness limit.
pub(super) fn retry_at(job: &PublishJob, jitter: u16, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = later(now, backoff(job.setbacks(), jitter));
    let too_often = job.failures.saturating_add(1) >= job.max_failures.get();
    // What is partly live is finished, however late; then the count alone ends it.
    let too_late = !job.is_live()
        && job.lateness.when_late() != WhenLate::Publish
        && at > later(job.planned_at, job.lateness.limit());
    (!too_often && !too_late).then_some(at)
}

/// `at` plus `by`, never earlier than `at` and never beyond the end of time.
pub(super) fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by.max(TimeDelta::zero())).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::publishing::MAX_FAILURES;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = (0..10).map(|n| backoff(n, 1_000).num_seconds()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    proptest! {
        #[test]
        fn a_wait_is_any_part_of_the_whole_and_never_less_than_a_second(
            failures: u32, jitter in 0_u16..=1_000, beyond: u16,
        ) {
            let (wait, whole) = (backoff(failures, jitter), backoff(failures, 1_000));
            let second = TimeDelta::seconds(1);
            prop_assert!(second <= wait && wait <= whole && whole <= TimeDelta::minutes(15));
            let part = whole.num_milliseconds() * i64::from(jitter) / 1_000;
            prop_assert_eq!(wait, TimeDelta::milliseconds(part).max(second));
            prop_assert!(wait <= backoff(failures.saturating_add(1), jitter));
            prop_assert!(backoff(failures, beyond) <= whole);
        }
    }

    #[test]
    fn trying_takes_about_eight_hours_before_a_part_is_given_up() {
        let on_average: TimeDelta = (0..MAX_FAILURES - 1).map(|n| backoff(n, 500)).sum();
        assert!((on_average - TimeDelta::hours(8)).abs() < TimeDelta::minutes(15), "{on_average}");
    }
}
