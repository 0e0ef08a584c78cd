//! How many calls a platform takes: kept in the store, so that all workers share one count.

mod forecast;
mod key;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::rate::RateReport;
use crate::access::Tenancy;
use crate::id::RateBudgetId;
use crate::store::{RateBudgetFilter, Version, entity};
use crate::time::to_millis;
use crate::value::InvalidValue;

pub use forecast::BudgetForecast;
pub use key::BudgetKey;

/// So many calls in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RateParts", into = "RateParts")]
pub struct Rate {
    calls: u32,
    period_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateParts {
    calls: u32,
    period_ms: u64,
}

impl TryFrom<RateParts> for Rate {
    type Error = InvalidValue;

    fn try_from(parts: RateParts) -> Result<Self, Self::Error> {
        let period = i64::try_from(parts.period_ms).unwrap_or(i64::MAX);
        Self::new(parts.calls, TimeDelta::try_milliseconds(period).unwrap_or(TimeDelta::MAX))
    }
}

impl From<Rate> for RateParts {
    fn from(rate: Rate) -> Self {
        Self { calls: rate.calls, period_ms: rate.period_ms }
    }
}

impl Rate {
    /// Longest period: a leap year.
    pub const MAX_PERIOD: TimeDelta = TimeDelta::days(366);

    /// `calls` in every `period`; as many may be made at once.
    ///
    /// # Errors
    /// No calls at all, or a period that is not between a millisecond and
    /// [`MAX_PERIOD`](Self::MAX_PERIOD).
    pub fn new(calls: u32, period: TimeDelta) -> Result<Self, InvalidValue> {
        if calls == 0 {
            return Err(InvalidValue::required("rate.calls"));
        }
        let longest = Self::MAX_PERIOD.num_milliseconds();
        let ms = period.num_milliseconds();
        match u64::try_from(ms) {
            Ok(period_ms) if (1..=longest).contains(&ms) => Ok(Self { calls, period_ms }),
            _ => Err(InvalidValue::out_of_range("rate.period_ms", 1, longest, ms)),
        }
    }

    /// How many calls.
    #[must_use]
    pub fn calls(self) -> u32 {
        self.calls
    }

    /// In how long.
    #[must_use]
    pub fn period(self) -> TimeDelta {
        TimeDelta::milliseconds(i64::try_from(self.period_ms).unwrap_or(i64::MAX / 2))
    }

    /// How long `calls` calls take at this rate, rounded up to a millisecond.
    #[must_use]
    pub fn time_of(self, calls: u32) -> TimeDelta {
        let product = u128::from(self.period_ms) * u128::from(calls);
        let ms = product.div_ceil(u128::from(self.calls));
        TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX / 2))
    }

    /// How many whole calls fit into `time` at this rate.
    fn calls_in(self, time: TimeDelta) -> u32 {
        let ms = u128::from(u64::try_from(time.num_milliseconds()).unwrap_or(0));
        let calls = ms * u128::from(self.calls) / u128::from(self.period_ms);
        u32::try_from(calls).unwrap_or(u32::MAX)
    }
}

/// What is left of a rate: a bucket that fills evenly (GCRA,
/// <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>), corrected by what the platform says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateBudget {
    /// Its id, made from its key.
    pub id: RateBudgetId,
    /// Grows with every change.
    pub version: Version,
    /// Whose calls are counted.
    pub key: BudgetKey,
    /// What the platform takes.
    pub rate: Rate,
    /// Whether the platform told so; else it is the operator's word.
    #[serde(default)]
    pub learnt: bool,
    /// When the bucket is full again, if nobody calls.
    pub full_at: DateTime<Utc>,
    /// No call before: the platform said so.
    pub blocked_until: Option<DateTime<Utc>>,
}

entity! {
    RateBudget, RateBudgetId, RateBudgetFilter,
    tenancy: |_budget| Tenancy::Installation,
}

impl RateBudget {
    /// A full one.
    #[must_use]
    pub fn new(key: BudgetKey, rate: Rate, now: DateTime<Utc>) -> Self {
        Self {
            id: key.id(),
            version: Version::NEW,
            key,
            rate,
            learnt: false,
            full_at: to_millis(now),
            blocked_until: None,
        }
    }

    /// How many calls could be made at `now`.
    #[must_use]
    pub fn left(&self, now: DateTime<Utc>) -> u32 {
        if self.blocked_until.is_some_and(|until| until > now) {
            return 0;
        }
        // What is missing until the bucket is full has been called.
        let missing = (self.full_at - now).max(TimeDelta::zero());
        self.rate.calls_in((self.rate.period() - missing).max(TimeDelta::zero()))
    }

    /// When a call could be made; `now` if one could already.
    #[must_use]
    pub fn next_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let filled = self.full_at - self.rate.period() + self.rate.time_of(1);
        now.max(filled).max(self.blocked_until.unwrap_or(now))
    }

    /// Takes up to `calls` calls and says how many.
    pub fn take(&mut self, calls: u32, now: DateTime<Utc>) -> u32 {
        let taken = calls.min(self.left(now));
        self.full_at = self.full_at.max(now) + self.rate.time_of(taken);
        taken
    }

    /// Gives back calls that were taken and not made.
    pub fn give_back(&mut self, calls: u32, now: DateTime<Utc>) {
        self.full_at = (self.full_at - self.rate.time_of(calls)).max(now);
    }

    /// Lets nobody call before `until`; a longer block stays.
    pub fn block_until(&mut self, until: DateTime<Utc>) {
        self.blocked_until = self.blocked_until.max(Some(to_millis(until)));
    }

    /// Goes on with another rate; as many calls stay counted as were.
    pub fn change_rate(&mut self, rate: Rate, now: DateTime<Utc>) {
        let used = self.rate.calls.saturating_sub(self.left_unblocked(now));
        self.rate = rate;
        self.full_at = now + rate.time_of(used.min(rate.calls));
    }

    /// Takes over what the platform told about its limit. It is believed where it leaves less than
    /// counted here; more may be left only because calls are under way that it has not seen. That
    /// nothing is left until some time, without a limit that would say of how many, stops calls
    /// until then and says nothing of what is counted here.
    pub fn learn(&mut self, report: &RateReport, now: DateTime<Utc>) {
        let period = report.period.unwrap_or_else(|| self.rate.period());
        if let Some(calls) = report.limit
            && let Ok(rate) = Rate::new(calls, period)
        {
            self.change_rate(rate, now);
            self.learnt = true;
        }
        let Some(remaining) = report.remaining else { return };
        let blocked_until = report.resets_at.filter(|_| remaining == 0);
        if report.limit.is_some() || blocked_until.is_none() {
            let left = self.left_unblocked(now);
            self.full_at =
                self.full_at.max(now) + self.rate.time_of(left.saturating_sub(remaining));
        }
        if let Some(until) = blocked_until {
            self.block_until(until);
        }
    }

    fn left_unblocked(&self, now: DateTime<Utc>) -> u32 {
        Self { blocked_until: None, ..self.clone() }.left(now)
    }
}
