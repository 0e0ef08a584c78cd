//! The server's time, without asking for it each time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::time::{Clock, SystemClock, to_millis};

/// How long an answer is gone on from. Each step of a job asks for the time several times; a worker
/// whose machine slept must not believe for long that it did not.
const LONGEST: Duration = Duration::from_millis(250);

/// A claim asks anew where the answer is older: claims come often, and nobody else has to ask then.
const FRESH: Duration = Duration::from_millis(100);

/// The machine's own clocks differ by more only if one of them was set or stood still.
const MOST_APART: Duration = Duration::from_millis(50);

/// What the server last said of the time. It said so a little before its answer came, so that what
/// goes on from there is never ahead of the server: nothing starts early by it.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    last: Mutex<Option<Reading>>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    server: DateTime<Utc>,
    at: Instant,
    by_the_wall: DateTime<Utc>,
}

impl Reading {
    /// So much later; `None` if the answer is too old or its age is in doubt.
    fn gone_on(&self, at: Instant, by_the_wall: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = at.checked_duration_since(self.at).filter(|age| *age < LONGEST)?;
        let wall_age = (by_the_wall - self.by_the_wall).to_std().ok()?;
        (wall_age.abs_diff(age) < MOST_APART).then(|| self.server + age)
    }
}

impl ServerClock {
    /// The time, if the server was asked for it just now.
    pub(crate) fn now(&self) -> Option<DateTime<Utc>> {
        self.last()?.gone_on(Instant::now(), SystemClock.now()).map(to_millis)
    }

    /// The time, if the server was asked for it so lately that it need not be asked again.
    pub(crate) fn fresh(&self) -> Option<DateTime<Utc>> {
        let is_fresh = |last: &Reading| last.at.elapsed() < FRESH;
        self.last().filter(is_fresh).and_then(|_| self.now())
    }

    fn last(&self) -> Option<Reading> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what the server has just said; answers with the time, which does not go back behind
    /// what was told before by the way of an answer.
    pub(crate) fn read(&self, server: DateTime<Utc>) -> DateTime<Utc> {
        let (at, by_the_wall) = (Instant::now(), SystemClock.now());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let told = last.and_then(|last| last.gone_on(at, by_the_wall));
        // More than that, and the server's clock was set.
        let told = told.filter(|told| *told - server < TimeDelta::seconds(1));
        let server = told.map_or(server, |told| told.max(server));
        *last = Some(Reading { server, at, by_the_wall });
        to_millis(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn a_time_is_told_once_the_server_has_said_it_and_never_goes_back() {
        let clock = ServerClock::default();
        assert_eq!(clock.now(), None);
        assert_eq!(clock.read(at(5_000)), at(5_000));
        // An answer that was slow on its way.
        assert!(clock.read(at(4_990)) >= at(5_000));
        // The server's clock was set.
        assert_eq!(clock.read(at(1_000)), at(1_000));
        assert_eq!(clock.read(at(90_000)), at(90_000));
    }

    #[test]
    fn an_answer_is_gone_on_from_for_a_moment_and_while_all_clocks_agree() {
        let (began, wall) = (Instant::now(), at(700_000));
        let reading = Reading { server: at(5_000), at: began, by_the_wall: wall };
        let after = |passed: u64, passed_by_the_wall: i64| {
            let wall = wall + TimeDelta::milliseconds(passed_by_the_wall);
            reading.gone_on(began + Duration::from_millis(passed), wall)
        };
        assert_eq!(after(0, 0), Some(at(5_000)));
        assert_eq!(after(100, 120), Some(at(5_100)));
        assert_eq!(after(250, 250), None, "that is long ago");
        assert_eq!(after(10, 3_600_000), None, "the machine slept");
        assert_eq!(after(100, -1), None, "the machine's clock was set");
    }
}
