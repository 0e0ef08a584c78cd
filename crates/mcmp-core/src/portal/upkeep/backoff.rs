//! When something that failed is tried again.

use chrono::{DateTime, TimeDelta, Utc};

use super::later;

/// How long to wait after each failure in turn; after as many failures as there are waits and one
/// more, it is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff(pub(super) &'static [TimeDelta]);

/// Standard Webhooks' schedule: at once, and then after each of these,
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
pub(super) const WEBHOOKS: Backoff = Backoff(&[
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
]);

/// For telling people: what is half a day old is no news.
pub(super) const PEOPLE: Backoff = Backoff(&[
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(6),
]);

impl Backoff {
    /// How often it is tried.
    pub(super) fn attempts(self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// When to try again after `attempts` failures; `None` gives it up. Up to a tenth is added to
    /// the wait (`jitter` is 0 to 1,000), and never is it earlier than `not_before`.
    pub(super) fn next(
        self,
        attempts: u32,
        jitter: u16,
        now: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let failures = usize::try_from(attempts).ok()?.saturating_sub(1);
        let wait = *self.0.get(failures)?;
        let extra = wait.num_milliseconds() * i64::from(jitter.min(1_000)) / 10_000;
        let at = later(now, wait + TimeDelta::milliseconds(extra));
        Some(not_before.map_or(at, |earliest| at.max(earliest)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_grow_and_end(jitter in 0_u16..=1_000, not_before in prop::option::of(0_i64..100_000_000)) {
            let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let not_before = not_before.map(|ms| now + TimeDelta::milliseconds(ms));
            for backoff in [WEBHOOKS, PEOPLE] {
                let mut last = now;
                for attempts in 1..backoff.attempts() {
                    let at = backoff.next(attempts, jitter, now, not_before).unwrap();
                    prop_assert!(at > now && at >= last);
                    prop_assert!(not_before.is_none_or(|earliest| at >= earliest));
                    let wait = backoff.0[usize::try_from(attempts).unwrap() - 1];
                    prop_assert!(at <= (now + wait * 11 / 10).max(not_before.unwrap_or(now)));
                    last = at;
                }
                for attempts in backoff.attempts()..backoff.attempts() + 3 {
                    prop_assert_eq!(backoff.next(attempts, jitter, now, not_before), None);
                }
            }
        }
    }

    #[test]
    fn an_endpoint_is_tried_ten_times_within_four_days() {
        let in_all: TimeDelta = WEBHOOKS.0.iter().sum();
        assert_eq!(WEBHOOKS.attempts(), 10);
        assert!(in_all > TimeDelta::days(3) && in_all < TimeDelta::days(4));
    }
}
