//! How long to wait, so that many workers don't all come at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::publishing::WorkerId;

/// Spreads one worker's waits: no two workers have the same, and one worker always has the same.
#[derive(Debug)]
pub(crate) struct Pace {
    seed: u64,
    turn: AtomicU64,
}

impl Pace {
    pub(crate) fn of(worker: &WorkerId) -> Self {
        // FNV-1a, <http://www.isthe.com/chongo/tech/comp/fnv/>: the name is random already.
        let seed = worker.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self { seed, turn: AtomicU64::new(0) }
    }

    /// 0 to 999, evenly.
    fn permille(&self) -> u32 {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mixed = (self.seed ^ turn).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        u32::try_from(mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32).unwrap_or(0) % 1_000
    }

    /// `every`, a tenth more or less.
    pub(crate) fn around(&self, every: Duration) -> Duration {
        every * (900 + self.permille() / 5) / 1_000
    }

    /// `until`, later by up to a tenth of the wait, in whole milliseconds: who waits for the same time
    /// comes one by one.
    pub(crate) fn after(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let wait = (until - now).max(TimeDelta::zero());
        let permille = i64::from(self.permille() / 10);
        let later = wait.num_milliseconds().saturating_mul(permille) / 1_000;
        until.checked_add_signed(TimeDelta::milliseconds(later)).unwrap_or(until)
    }

    /// Any part of `longest`, but not less than a tenth: workers that fail together come back at
    /// different times.
    pub(crate) fn part_of(&self, longest: Duration) -> Duration {
        longest * (100 + self.permille() * 9 / 10) / 1_000
    }

    /// The longest waits after errors in a row: a tenth of a second, doubled up to ten seconds, so
    /// that late work does not wait long once the store is back. [`part_of`](Self::part_of) draws
    /// from them.
    pub(crate) fn after_errors(&self) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(10))
            .without_max_times()
            .build()
    }
}

/// How long it is from `now` until `at`; nothing if that has passed.
pub(crate) fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (at - now).to_std().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds(name in ".{0,20}", ms in 0_u64..10_000_000) {
            let pace = Pace::of(&WorkerId(name));
            let (now, every) = (DateTime::UNIX_EPOCH, Duration::from_millis(ms));
            for _ in 0..20 {
                let wait = pace.around(every);
                prop_assert!(wait * 10 >= every * 9 && wait * 10 <= every * 11);
                let part = pace.part_of(every);
                prop_assert!(part * 10 >= every && part <= every);
                let until = now + TimeDelta::from_std(every).unwrap();
                let later = pace.after(until, now) - until;
                prop_assert!(later >= TimeDelta::zero() && later * 10 <= until - now);
                prop_assert_eq!(later.subsec_nanos() % 1_000_000, 0, "stores keep no more");
            }
        }
    }

    #[test]
    fn workers_differ_and_each_repeats_itself() {
        let waits = |name: &str| -> Vec<_> {
            let pace = Pace::of(&WorkerId(name.to_owned()));
            (0..8).map(|_| pace.around(Duration::from_secs(1))).collect()
        };
        assert_eq!(waits("a"), waits("a"));
        assert_ne!(waits("a"), waits("b"));
    }
}
