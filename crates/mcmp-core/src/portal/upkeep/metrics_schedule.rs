//! How often the numbers of what was published are read, by its age.

use chrono::{DateTime, TimeDelta, Utc};

use super::later;
use crate::value::InvalidValue;

/// Until some age, numbers are read so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollStep {
    /// Up to this age, and once more at it.
    pub until: TimeDelta,
    /// So often, counted from the step's beginning.
    pub every: TimeDelta,
}

/// How often the numbers of what was published are read, by its age: often while they change fast,
/// then less and less, then never again.
///
/// The first reading is an hour after it went live, whatever the schedule says after that.
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use mcmp_core::portal::MetricsSchedule;
///
/// let schedule = MetricsSchedule::default();
/// let live = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
/// let after = |age| schedule.next(live, live + age).map(|at| at - live);
/// assert_eq!(after(TimeDelta::minutes(90)), Some(TimeDelta::hours(2)));
/// assert_eq!(after(TimeDelta::hours(25)), Some(TimeDelta::hours(30)));
/// assert_eq!(after(TimeDelta::days(90)), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsSchedule {
    steps: Vec<PollStep>,
}

impl Default for MetricsSchedule {
    /// Every hour for a day, every six hours for a week, every day for 30 days, every week for 90.
    fn default() -> Self {
        let step = |until, every| PollStep { until, every };
        Self {
            steps: vec![
                step(TimeDelta::days(1), TimeDelta::hours(1)),
                step(TimeDelta::days(7), TimeDelta::hours(6)),
                step(TimeDelta::days(30), TimeDelta::days(1)),
                step(TimeDelta::days(90), TimeDelta::weeks(1)),
            ],
        }
    }
}

impl MetricsSchedule {
    /// Shortest time between two readings: platforms allow few, and bring numbers up to date rarely.
    pub const MIN_EVERY: TimeDelta = TimeDelta::minutes(1);

    /// The given steps, by growing age; none is never.
    ///
    /// # Errors
    /// A step that ends no later than the one before it, or reads more often than
    /// [`MIN_EVERY`](Self::MIN_EVERY).
    pub fn new(steps: Vec<PollStep>) -> Result<Self, InvalidValue> {
        let mut from = TimeDelta::zero();
        for (i, step) in steps.iter().enumerate() {
            if step.until <= from {
                let message = "must be later than the step before it ends";
                return Err(InvalidValue::inconsistent(format!("steps[{i}].until"), message));
            }
            if step.every < Self::MIN_EVERY {
                let (min, actual) = (Self::MIN_EVERY.num_seconds(), step.every.num_seconds());
                let field = format!("steps[{i}].every");
                return Err(InvalidValue::out_of_range(field, min, i64::MAX, actual));
            }
            from = step.until;
        }
        Ok(Self { steps })
    }

    /// When they are read next after `now`, of what went live at `published_at`; `None` once they
    /// are read no more. What was passed over is not made up for.
    #[must_use]
    pub fn next(&self, published_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = (now - published_at).max(TimeDelta::zero());
        let index = self.steps.iter().position(|step| age < step.until)?;
        let step = self.steps.get(index)?;
        let before = index.checked_sub(1).and_then(|before| self.steps.get(before));
        let from = before.map_or(TimeDelta::zero(), |before| before.until);
        let (within, every) = ((age - from).num_milliseconds(), step.every.num_milliseconds());
        let turns = within.checked_div(every).unwrap_or_default().saturating_add(1);
        let next = from + TimeDelta::milliseconds(turns.saturating_mul(every));
        Some(later(published_at, next.min(step.until)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedules() -> impl Strategy<Value = MetricsSchedule> {
        prop::collection::vec((1_i64..5_000, 1_i64..900), 0..5).prop_map(|steps| {
            let mut until = TimeDelta::zero();
            let step = |(length, every)| {
                until += TimeDelta::minutes(length);
                PollStep { until, every: TimeDelta::minutes(every) }
            };
            MetricsSchedule::new(steps.into_iter().map(step).collect()).unwrap()
        })
    }

    proptest! {
        #[test]
        fn it_goes_forward_until_the_last_step_ends(
            schedule in schedules(), age in 0_i64..3_000_000, late in 0_i64..600_000,
        ) {
            let live = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let end = schedule.steps.last().map(|step| live + step.until);
            let now = live + TimeDelta::seconds(age);
            let next = schedule.next(live, now);
            prop_assert_eq!(next.is_some(), end.is_some_and(|end| now < end));
            if let Some(next) = next {
                let step = schedule.steps.iter().find(|step| now - live < step.until).unwrap();
                prop_assert!(next > now && next <= now + step.every);
                prop_assert!(Some(next) <= end);
                // Whenever it is asked before then, it says the same.
                let between = now + (next - now) / 2;
                prop_assert_eq!(schedule.next(live, between), Some(next));
                // After a pause it goes on, and makes nothing up.
                let back = next + TimeDelta::seconds(late);
                prop_assert!(schedule.next(live, back).is_none_or(|then| then > back));
            }
        }
    }

    #[test]
    fn the_usual_one_reads_less_and_less() {
        let (schedule, live) = (MetricsSchedule::default(), DateTime::UNIX_EPOCH);
        let (mut at, mut readings) = (live + TimeDelta::hours(1), 0);
        let mut gap = TimeDelta::zero();
        while let Some(next) = schedule.next(live, at) {
            assert!(next - at >= gap || next - live == TimeDelta::days(90), "{readings}");
            (gap, at, readings) = (next - at, next, readings + 1);
        }
        assert_eq!((at - live, readings), (TimeDelta::days(90), 23 + 24 + 23 + 9));
    }

    #[test]
    fn steps_must_make_sense() {
        let step = |until, every| PollStep {
            until: TimeDelta::hours(until),
            every: TimeDelta::seconds(every),
        };
        assert!(MetricsSchedule::new(vec![step(2, 60), step(2, 60)]).is_err());
        assert!(MetricsSchedule::new(vec![step(2, 59)]).is_err());
        let never = MetricsSchedule::new(Vec::new()).unwrap();
        assert_eq!(never.next(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH), None);
    }
}
