//! The span of time in which things can be planned, and the way from an instant to a local time.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use crate::value::InvalidValue;

/// First day that can be planned or shown. Nothing was posted before, and every store holds it.
pub const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Last day that can be planned or shown. It bounds every search for a slot or an occurrence.
pub const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2199, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

pub(super) fn check_day(field: &str, day: NaiveDate) -> Result<NaiveDate, InvalidValue> {
    if (FIRST_DAY..=LAST_DAY).contains(&day) {
        Ok(day)
    } else {
        Err(InvalidValue::out_of_range(field, FIRST_DAY, LAST_DAY, day))
    }
}

/// The same instant in whole milliseconds, earlier where it had parts of one. Stores keep
/// milliseconds, so an instant that was not cut would come back different.
#[must_use]
pub fn to_millis(at: DateTime<Utc>) -> DateTime<Utc> {
    let nanos = at.timestamp_subsec_nanos();
    // Most are cut already. From a second on they are a leap second's.
    if nanos.is_multiple_of(1_000_000) && nanos < 1_000_000_000 {
        return at;
    }
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

/// What the clocks of `zone` show at `at`; `None` beyond what chrono can say.
pub(super) fn local_time(at: DateTime<Utc>, zone: Tz) -> Option<NaiveDateTime> {
    let utc = at.naive_utc();
    utc.checked_add_offset(zone.offset_from_utc_datetime(&utc).fix())
}

/// The local day at `at`, moved into the plannable span where it lies outside.
pub(super) fn local_day_clamped(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    match local_time(at, zone) {
        Some(local) => local.date().clamp(FIRST_DAY, LAST_DAY),
        None if at < DateTime::UNIX_EPOCH => FIRST_DAY,
        None => LAST_DAY,
    }
}

/// A time of day that a person can set: whole seconds, no leap second.
pub(super) fn is_whole_second(time: NaiveTime) -> bool {
    chrono::Timelike::nanosecond(&time) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Datelike;

    #[test]
    fn the_span_is_the_one_written_down() {
        assert_eq!((FIRST_DAY.year(), LAST_DAY.year()), (1900, 2199));
    }

    #[test]
    fn milliseconds_are_cut_downwards_on_both_sides_of_1970() {
        let at = |secs, nanos| DateTime::from_timestamp(secs, nanos).unwrap();
        assert_eq!(to_millis(at(1, 999_999_999)), at(1, 999_000_000));
        assert_eq!(to_millis(at(-1, 999_999_999)), at(-1, 999_000_000));
        assert_eq!(to_millis(at(59, 1_500_000_000)), at(60, 500_000_000), "no leap seconds");
        assert!(to_millis(DateTime::<Utc>::MAX_UTC) <= DateTime::<Utc>::MAX_UTC);
        assert_eq!(to_millis(DateTime::<Utc>::MIN_UTC), DateTime::<Utc>::MIN_UTC);
    }
}
