//! When the platform takes calls again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{HeaderMap, header};

/// Longest wait that an answer can ask for: what it asks beyond that is cut, so that an odd answer
/// can't put a post off for years.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// What `Retry-After` says: seconds or an HTTP date,
/// <https://www.rfc-editor.org/rfc/rfc9110#name-retry-after>. A time before `now` is `now`, one
/// beyond [`LONGEST_WAIT`] is that; what can't be read is `None`.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let latest = now + LONGEST_WAIT;
    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let until = if is_number {
        let seconds = value.parse().unwrap_or(i64::MAX);
        TimeDelta::try_seconds(seconds).map_or(latest, |wait| now + wait.min(LONGEST_WAIT))
    } else {
        DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?)
    };
    Some(until.clamp(now, latest))
}

#[cfg(test)]
mod tests {
    use super::super::HeaderValue;
    use super::*;

    fn after(value: &str) -> Option<i64> {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        retry_after(&headers, now).map(|until| (until - now).num_seconds())
    }

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        assert_eq!(after("120"), Some(120));
        assert_eq!(after(" 0 "), Some(0));
        assert_eq!(after("99999999999999999999"), Some(24 * 3600));
        assert_eq!(after("9223372036854775807"), Some(24 * 3600));
        // 2027-01-15 is now.
        assert_eq!(after("Fri, 15 Jan 2027 08:10:00 GMT"), Some(600));
        assert_eq!(after("Fri, 15 Jan 2021 08:10:00 GMT"), Some(0));
        assert_eq!(after("Thu, 15 Jan 2093 08:10:00 GMT"), Some(24 * 3600));
        for odd in ["", "soon", "-5", "1.5", "2027-01-15"] {
            assert_eq!(after(odd), None, "{odd}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), DateTime::UNIX_EPOCH), None);
    }
}
