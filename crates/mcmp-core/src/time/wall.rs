//! What a person means by "at half past nine in Vienna", and the instant that follows from it.

use chrono::{
    DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

use super::range::{check_day, local_time};
use crate::value::InvalidValue;

/// Which of two equal local times is meant where clocks go back and show an hour twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// The first one. What a person gets who names only the local time.
    #[default]
    Earlier,
    /// The second one. Comes from an instant, or from a person who was asked.
    Later,
}

impl Fold {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    fn is_earlier(&self) -> bool {
        *self == Self::Earlier
    }
}

/// A local time in a zone: what the person meant, kept beside the instant it came to.
///
/// The instant follows by [`resolve`](Self::resolve), which has an answer for every local time:
///
/// | clocks | example | instant |
/// |---|---|---|
/// | show it once | | that one |
/// | skip it | 02:30 on a night when 02:00 becomes 03:00 | later by what was skipped: 03:30 |
/// | show it twice | 02:30 on a night when 03:00 becomes 02:00 | the first, or the one [`Fold`] says |
///
/// This is how calendars read RFC 5545, section 3.3.5 (<https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5>).
///
/// ```
/// use chrono::{NaiveDate, TimeDelta};
/// use mcmp_core::time::{ClockShift, WallTime};
///
/// let night = NaiveDate::from_ymd_opt(2027, 3, 28).unwrap();
/// let wall = WallTime::new(night.and_hms_opt(2, 30, 0).unwrap(), chrono_tz::Europe::Vienna)?;
/// let resolved = wall.resolve();
/// assert_eq!(resolved.at.to_rfc3339(), "2027-03-28T01:30:00+00:00"); // 03:30 in Vienna
/// assert_eq!(resolved.shift, Some(ClockShift::Skipped { by: TimeDelta::hours(1) }));
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WallTimeParts", into = "WallTimeParts")]
pub struct WallTime {
    local: NaiveDateTime,
    zone: Tz,
    fold: Fold,
}

impl WallTime {
    /// `local`, cut to whole milliseconds, on the clocks of `zone`.
    ///
    /// # Errors
    /// A day outside [`FIRST_DAY`](super::FIRST_DAY)`..=`[`LAST_DAY`](super::LAST_DAY).
    pub fn new(local: NaiveDateTime, zone: Tz) -> Result<Self, InvalidValue> {
        let local = super::to_millis(local.and_utc()).naive_utc();
        check_day("local", local.date())?;
        Ok(Self { local, zone, fold: Fold::Earlier })
    }

    /// The same local time with a say in which of two is meant.
    #[must_use]
    pub fn with_fold(mut self, fold: Fold) -> Self {
        self.fold = fold;
        self
    }

    /// What the clocks of `zone` show at `at`; resolves to `at` again.
    ///
    /// # Errors
    /// A local day outside [`FIRST_DAY`](super::FIRST_DAY)`..=`[`LAST_DAY`](super::LAST_DAY).
    pub fn from_instant(at: DateTime<Utc>, zone: Tz) -> Result<Self, InvalidValue> {
        let at = super::to_millis(at);
        let local = local_time(at, zone).unwrap_or_else(|| at.naive_utc());
        check_day("at", local.date())?;
        let fold = match zone.from_local_datetime(&local) {
            MappedLocalTime::Ambiguous(one, other) if one.max(other) == at => Fold::Later,
            _ => Fold::Earlier,
        };
        Ok(Self { local, zone, fold })
    }

    /// What the clocks show.
    #[must_use]
    pub fn local(&self) -> NaiveDateTime {
        self.local
    }

    /// Whose clocks.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Which one, where the clocks show it twice.
    #[must_use]
    pub fn fold(&self) -> Fold {
        self.fold
    }

    /// The instant, and what a clock change did to the local time, if one did.
    #[must_use]
    pub fn resolve(&self) -> Resolved {
        match self.zone.from_local_datetime(&self.local) {
            MappedLocalTime::Single(at) => Resolved { at: at.to_utc(), shift: None },
            MappedLocalTime::Ambiguous(one, other) => {
                let (earlier, later) = (one.min(other).to_utc(), one.max(other).to_utc());
                let at = if self.fold == Fold::Later { later } else { earlier };
                Resolved { at, shift: Some(ClockShift::Doubled { earlier, later }) }
            }
            MappedLocalTime::None => {
                let gap = Gap::around(self.local, self.zone);
                let at = (self.local - gap.before).and_utc();
                Resolved { at, shift: Some(ClockShift::Skipped { by: gap.length }) }
            }
        }
    }
}

/// The first instant of the local day: midnight, or the moment the clocks leap over it. A day that
/// the zone skips starts where the next one does.
pub(super) fn day_start(day: NaiveDate, zone: Tz) -> Result<DateTime<Utc>, InvalidValue> {
    let midnight = check_day("date", day)?.and_time(NaiveTime::MIN);
    Ok(match zone.from_local_datetime(&midnight) {
        MappedLocalTime::Single(at) => at.to_utc(),
        MappedLocalTime::Ambiguous(one, other) => one.min(other).to_utc(),
        MappedLocalTime::None => Gap::around(midnight, zone).leap,
    })
}

/// The leap of the clocks over a local time.
struct Gap {
    /// When they leap.
    leap: DateTime<Utc>,
    /// The offset until then.
    before: FixedOffset,
    /// How far they leap.
    length: TimeDelta,
}

impl Gap {
    fn around(local: NaiveDateTime, zone: Tz) -> Self {
        // A zone's offsets reach back without end, so every gap has a beginning; were there none,
        // the offset at the same reading of UTC's clocks is the nearest there is.
        let (first_skipped, before) = match GapInfo::new(&local, &zone).and_then(|gap| gap.begin) {
            Some((first_skipped, before)) => (first_skipped, before.fix()),
            None => (local, zone.offset_from_utc_datetime(&local).fix()),
        };
        let leap = first_skipped - before;
        let after = zone.offset_from_utc_datetime(&leap).fix();
        let length =
            TimeDelta::seconds(i64::from(after.local_minus_utc() - before.local_minus_utc()));
        Self { leap: leap.and_utc(), before, length }
    }
}

/// A local time's instant, with what the caller should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The instant.
    pub at: DateTime<Utc>,
    /// What a clock change did to the local time; `None` on every ordinary day.
    pub shift: Option<ClockShift>,
}

/// What a clock change did to a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClockShift {
    /// The clocks never show it; it was moved later.
    Skipped {
        /// How far, which is how far the clocks leap.
        #[serde(rename = "by_seconds", with = "whole_seconds")]
        by: TimeDelta,
    },
    /// The clocks show it twice; one was taken, the earlier unless the wall time says otherwise.
    Doubled {
        /// The first.
        earlier: DateTime<Utc>,
        /// The second.
        later: DateTime<Utc>,
    },
}

mod whole_seconds {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        span: &TimeDelta,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(span.num_seconds())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<TimeDelta, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        TimeDelta::try_seconds(seconds).ok_or_else(|| D::Error::custom("too many seconds"))
    }
}

#[derive(Serialize, Deserialize)]
struct WallTimeParts {
    local: NaiveDateTime,
    zone: Tz,
    #[serde(default, skip_serializing_if = "Fold::is_earlier")]
    fold: Fold,
}

impl TryFrom<WallTimeParts> for WallTime {
    type Error = InvalidValue;

    fn try_from(parts: WallTimeParts) -> Result<Self, Self::Error> {
        Ok(Self::new(parts.local, parts.zone)?.with_fold(parts.fold))
    }
}

impl From<WallTime> for WallTimeParts {
    fn from(wall: WallTime) -> Self {
        Self { local: wall.local, zone: wall.zone, fold: wall.fold }
    }
}
