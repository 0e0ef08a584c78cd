//! A circuit breaker: stops calls that can only fail, and lets one through to see whether that is
//! still so.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::id::JobId;

/// When a breaker opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trip {
    /// At so many calls within the window, or more.
    pub(super) calls: usize,
    /// Of which so many in a hundred failed.
    pub(super) percent: usize,
    /// How far back calls count.
    pub(super) window: TimeDelta,
    /// How long it stays open the first time; doubled each time that the probe fails.
    pub(super) rest: TimeDelta,
    /// How long it stays open at most.
    pub(super) longest_rest: TimeDelta,
}

/// How long a probe may be under way before another one is let through.
const PROBE: TimeDelta = TimeDelta::minutes(1);

/// Counts calls, and says whether the next one may be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Breaker {
    calls: VecDeque<(DateTime<Utc>, bool)>,
    /// Set while it is open, and until a probe succeeded.
    open: Option<Open>,
    /// Whose call failed last.
    failed_last: Option<JobId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    until: DateTime<Utc>,
    rest: TimeDelta,
    probe_until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// When to ask again, if no call is let through now.
    pub(super) fn shut_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let open = self.open?;
        let until = open.probe_until.map_or(open.until, |probe| probe.max(open.until));
        (now < until).then_some(until)
    }

    /// Lets a call through, as a probe if it is open, or says when to ask again.
    pub(super) fn admit(&mut self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        if let Some(until) = self.shut_until(now) {
            return Err(until);
        }
        if let Some(open) = &mut self.open {
            open.probe_until = now.checked_add_signed(PROBE);
        }
        Ok(())
    }

    /// Notes how a job's call ended. One that fails again, with nobody else in between, says nothing
    /// new: it may be its own fault, and it waits by itself. If it was the probe, the next call is.
    pub(super) fn note_of(&mut self, job: JobId, trip: &Trip, failed: bool, now: DateTime<Utc>) {
        if failed && self.failed_last.replace(job) == Some(job) {
            if let Some(open) = &mut self.open {
                open.probe_until = None;
            }
            return;
        }
        if !failed {
            self.failed_last = None;
        }
        self.note(trip, failed, now);
    }

    /// Notes how a call ended.
    pub(super) fn note(&mut self, trip: &Trip, failed: bool, now: DateTime<Utc>) {
        match &mut self.open {
            Some(_) if !failed => *self = Self::default(),
            // Calls that were under way as it opened say nothing new.
            Some(open) if open.probe_until.is_none() => {}
            Some(open) => {
                let rest = (open.rest * 2).min(trip.longest_rest);
                *open = Open { until: later(now, rest), rest, probe_until: None };
            }
            None => {
                self.calls.push_back((now, failed));
                while self.calls.len() > trip.calls.saturating_mul(4)
                    || self.calls.front().is_some_and(|(at, _)| now - *at > trip.window)
                {
                    self.calls.pop_front();
                }
                let failures = self.calls.iter().filter(|(_, failed)| *failed).count();
                if failed
                    && self.calls.len() >= trip.calls
                    && failures * 100 >= self.calls.len() * trip.percent
                {
                    self.calls.clear();
                    let (until, rest) = (later(now, trip.rest), trip.rest);
                    self.open = Some(Open { until, rest, probe_until: None });
                }
            }
        }
    }

    /// Whether nothing that failed is remembered, or all of it so long ago that it counts no more.
    pub(super) fn is_idle(&self, trip: &Trip, now: DateTime<Utc>) -> bool {
        let counts = |(at, failed): &(DateTime<Utc>, bool)| *failed && now - *at <= trip.window;
        let is_over = |open: Open| {
            let until = open.probe_until.map_or(open.until, |probe| probe.max(open.until));
            now - until > trip.longest_rest + trip.window
        };
        self.open.is_none_or(is_over) && !self.calls.iter().any(counts)
    }
}

fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use mcmp_core::id::Id;
    use proptest::prelude::*;

    use super::*;

    const TRIP: Trip = Trip {
        calls: 4,
        percent: 50,
        window: TimeDelta::seconds(60),
        rest: TimeDelta::seconds(10),
        longest_rest: TimeDelta::seconds(35),
    };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(breaker.admit(at(0)), Ok(()));
            breaker.note(&TRIP, true, at(0));
        }
        breaker
    }

    #[test]
    fn it_opens_rests_longer_each_time_and_closes_with_a_success() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(9)), Err(at(10)));
        breaker.note(&TRIP, true, at(9));
        assert_eq!(breaker.admit(at(10)), Ok(()), "a probe");
        assert_eq!(breaker.admit(at(10)), Err(at(70)), "one at a time");
        breaker.note(&TRIP, true, at(11));
        assert_eq!(breaker.admit(at(12)), Err(at(31)), "twice as long");
        assert_eq!(breaker.admit(at(31)), Ok(()));
        breaker.note(&TRIP, true, at(31));
        assert_eq!(breaker.admit(at(32)), Err(at(66)), "no longer than the longest");
        assert_eq!(breaker.admit(at(66)), Ok(()));
        breaker.note(&TRIP, false, at(67));
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_job_that_fails_again_and_again_opens_nothing_and_keeps_nothing_shut() {
        let job = |n: u8| -> JobId {
            Id::from_uuid(format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap())
        };
        let mut breaker = Breaker::default();
        for second in 0..20 {
            breaker.note_of(job(1), &TRIP, true, at(second));
            assert_eq!(breaker.admit(at(second)), Ok(()));
        }
        for n in 2..5 {
            breaker.note_of(job(n), &TRIP, true, at(20));
        }
        assert_eq!(breaker.admit(at(21)), Err(at(30)), "four jobs, one after the other");
        assert_eq!(breaker.admit(at(30)), Ok(()));
        breaker.note_of(job(4), &TRIP, true, at(30));
        assert_eq!(breaker.admit(at(30)), Ok(()), "the next call is the probe");
        breaker.note_of(job(1), &TRIP, true, at(30));
        assert_eq!(breaker.admit(at(31)), Err(at(50)), "twice as long");
    }

    #[test]
    fn a_probe_that_never_ends_is_followed_by_another() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(10)), Ok(()));
        assert_eq!(breaker.admit(at(70)), Ok(()));
    }

    #[test]
    fn few_failures_among_many_calls_and_old_ones_leave_it_closed() {
        let mut breaker = Breaker::default();
        for second in 0..100 {
            breaker.note(&TRIP, second % 4 == 0, at(second));
            assert_eq!(breaker.admit(at(second)), Ok(()));
        }
        let mut breaker = Breaker::default();
        for minutes in 0..20 {
            breaker.note(&TRIP, true, at(minutes * 61));
            assert_eq!(breaker.admit(at(minutes * 61)), Ok(()));
        }
    }

    proptest! {
        /// Whoever waits as long as told gets through, and a success makes everything good.
        #[test]
        fn it_never_stays_shut(steps in prop::collection::vec((any::<bool>(), 0_i64..40), 0..60)) {
            let mut breaker = Breaker::default();
            let mut now = at(0);
            for (failed, wait) in steps {
                now += TimeDelta::seconds(wait);
                if let Err(until) = breaker.admit(now) {
                    prop_assert!(until > now && until - now <= PROBE);
                    now = until;
                    if let Err(until) = breaker.admit(now) {
                        now = until;
                        prop_assert_eq!(breaker.admit(now), Ok(()));
                    }
                }
                breaker.note(&TRIP, failed, now);
                if !failed {
                    prop_assert_eq!(breaker.admit(now), Ok(()));
                }
            }
        }
    }
}
