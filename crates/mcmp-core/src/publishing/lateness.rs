//! What happens to a post whose time has passed.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::value::InvalidValue;

/// What to do with a post that is found later than its limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenLate {
    /// Publish it all the same, however late.
    Publish,
    /// Hold it for a person.
    #[default]
    Hold,
    /// Skip it; it counts as missed.
    Skip,
}

/// How late is late, and what then. It is judged at every claim, retries included, so that a
/// night's outage does not end in yesterday's posts at noon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "LatenessFields")]
pub struct LatenessPolicy {
    when_late: WhenLate,
    limit_minutes: u32,
}

#[derive(Deserialize)]
struct LatenessFields {
    when_late: WhenLate,
    limit_minutes: u32,
}

impl TryFrom<LatenessFields> for LatenessPolicy {
    type Error = InvalidValue;

    fn try_from(fields: LatenessFields) -> Result<Self, Self::Error> {
        Self::new(fields.when_late, fields.limit_minutes)
    }
}

impl LatenessPolicy {
    /// Most minutes: 30 days.
    pub const MAX_MINUTES: u32 = 30 * 24 * 60;

    /// Up to `limit_minutes` late is on time; after that, `when_late`.
    ///
    /// # Errors
    /// The limit is zero or more than 30 days.
    pub fn new(when_late: WhenLate, limit_minutes: u32) -> Result<Self, InvalidValue> {
        if !(1..=Self::MAX_MINUTES).contains(&limit_minutes) {
            return Err(InvalidValue::out_of_range(
                "limit_minutes",
                1,
                Self::MAX_MINUTES,
                limit_minutes,
            ));
        }
        Ok(Self { when_late, limit_minutes })
    }

    /// What happens after the limit.
    #[must_use]
    pub fn when_late(&self) -> WhenLate {
        self.when_late
    }

    /// How late is still on time.
    #[must_use]
    pub fn limit(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.limit_minutes))
    }

    /// What to do with a post that is `late` by so much; `None` is to publish it.
    #[must_use]
    pub fn judge(&self, late: TimeDelta) -> Option<WhenLate> {
        match self.when_late {
            WhenLate::Publish => None,
            other => (late > self.limit()).then_some(other),
        }
    }
}

impl Default for LatenessPolicy {
    /// Six hours, then hold for a person.
    fn default() -> Self {
        Self { when_late: WhenLate::Hold, limit_minutes: 6 * 60 }
    }
}
