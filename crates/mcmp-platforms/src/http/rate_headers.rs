//! What answers tell of rate limits in their headers.

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::publishing::{RateReport, RateScope};

use super::HeaderMap;
use super::retry_after::{LONGEST_WAIT, retry_after};

/// How a header tells when a count starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetForm {
    /// Seconds since 1970.
    Epoch,
    /// Seconds from now.
    Delta,
}

/// The headers in which a platform tells of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateHeaders {
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
    form: ResetForm,
}

impl RateHeaders {
    /// `x-ratelimit-limit`, `-remaining` and `-reset`, in use everywhere and standardised nowhere;
    /// `form` is what the platform writes into the last one.
    #[must_use]
    pub const fn x(form: ResetForm) -> Self {
        Self::named("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", form)
    }

    /// Headers of other names, in lower case.
    #[must_use]
    pub const fn named(
        limit: &'static str,
        remaining: &'static str,
        reset: &'static str,
        form: ResetForm,
    ) -> Self {
        Self { limit, remaining, reset, form }
    }

    /// What `headers` tell, as a limit of `scope` with this name; `None` if they tell nothing. A
    /// count that is said to start anew later than [`LONGEST_WAIT`] from `now` starts then.
    #[must_use]
    pub fn report(
        &self,
        headers: &HeaderMap,
        scope: RateScope,
        name: &str,
        now: DateTime<Utc>,
    ) -> Option<RateReport> {
        let reset = number(headers, self.reset);
        let report = RateReport {
            limit: number(headers, self.limit).map(count),
            remaining: number(headers, self.remaining).map(count),
            resets_at: reset.map(|seconds| match self.form {
                ResetForm::Epoch => at_epoch(now, seconds),
                ResetForm::Delta => from_now(now, seconds),
            }),
            ..RateReport::new(scope, name)
        };
        tells_something(report)
    }
}

/// What the headers of the IETF's drafts tell, the separate ones (`ratelimit-limit`,
/// `ratelimit-remaining`, `ratelimit-reset`) or the combined ones (`RateLimit` with
/// `RateLimit-Policy`): <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>.
/// Each policy is a limit of `scope`; one without a name is called `name`.
#[must_use]
pub fn ietf_rates(
    headers: &HeaderMap,
    scope: RateScope,
    name: &str,
    now: DateTime<Utc>,
) -> Vec<RateReport> {
    let (limits, policies) = (items(headers, "ratelimit"), items(headers, "ratelimit-policy"));
    let of_policy = |item: &Item| policies.iter().find(|policy| policy.name == item.name);
    let combined: Vec<_> = limits
        .iter()
        .filter_map(|item| {
            let policy = of_policy(item);
            let called = if item.name.is_empty() { name } else { &item.name };
            tells_something(RateReport {
                limit: item.value("limit").or_else(|| policy?.value("q")).map(count),
                remaining: item.value("r").or_else(|| item.value("remaining")).map(count),
                resets_at: item
                    .value("t")
                    .or_else(|| item.value("reset"))
                    .map(|seconds| from_now(now, seconds)),
                period: policy.and_then(|policy| period(policy.value("w")?)),
                ..RateReport::new(scope, called)
            })
        })
        .collect();
    if !combined.is_empty() {
        return combined;
    }
    let separate = RateHeaders::named(
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        ResetForm::Delta,
    );
    separate
        .report(headers, scope, name, now)
        .map(|report| RateReport {
            // An early draft writes the policy behind the limit: `100, 100;w=60`.
            period: items(headers, "ratelimit-limit")
                .iter()
                .chain(&policies)
                .find_map(|item| period(item.value("w")?)),
            ..report
        })
        .into_iter()
        .collect()
}

/// What `Retry-After` tells: nothing is left until then.
#[must_use]
pub fn exhausted(
    headers: &HeaderMap,
    scope: RateScope,
    name: &str,
    now: DateTime<Utc>,
) -> Option<RateReport> {
    let resets_at = Some(retry_after(headers, now)?);
    Some(RateReport { remaining: Some(0), resets_at, ..RateReport::new(scope, name) })
}

fn tells_something(report: RateReport) -> Option<RateReport> {
    let tells = report.limit.is_some() || report.remaining.is_some() || report.resets_at.is_some();
    tells.then_some(report)
}

/// More than fits is as good as no limit.
fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// So many seconds after 1970, no later than an answer can ask for: an odd one, such as one that
/// counts milliseconds, must not stop an app for years.
fn at_epoch(now: DateTime<Utc>, seconds: u64) -> DateTime<Utc> {
    let latest = now + LONGEST_WAIT;
    let at = i64::try_from(seconds).ok().and_then(|at| DateTime::from_timestamp(at, 0));
    at.map_or(latest, |at| at.min(latest))
}

fn from_now(now: DateTime<Utc>, seconds: u64) -> DateTime<Utc> {
    now + period(seconds).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

fn period(seconds: u64) -> Option<TimeDelta> {
    TimeDelta::try_seconds(i64::try_from(seconds).ok()?)
}

/// The number that a header begins with: some write a fraction or a list behind it.
fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    value.split([',', ';', '.']).next()?.trim().parse().ok()
}

/// One item of a structured list: its name, and its parameters.
#[derive(Debug)]
struct Item {
    name: String,
    parameters: Vec<(String, u64)>,
}

impl Item {
    fn value(&self, name: &str) -> Option<u64> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }
}

/// The items of a header such as `"hourly";q=100;w=3600, "daily";q=1000;w=86400`, or of the older
/// `limit=100, remaining=50, reset=30`, which is one item without a name.
fn items(headers: &HeaderMap, name: &str) -> Vec<Item> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut items: Vec<Item> = Vec::new();
    for piece in values.flat_map(|value| value.split(',')) {
        let mut parts = piece.split(';').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let mut parameters: Vec<_> = parts.filter_map(parameter).collect();
        match parameter(first) {
            Some(bare) => {
                parameters.insert(0, bare);
                match items.last_mut().filter(|item| item.name.is_empty()) {
                    Some(item) => item.parameters.append(&mut parameters),
                    None => items.push(Item { name: String::new(), parameters }),
                }
            }
            None => {
                // The number of an early draft's policy is no name.
                let name = first.trim_matches('"');
                let is_number = name.bytes().all(|b| b.is_ascii_digit());
                let name = if is_number { String::new() } else { name.to_owned() };
                items.push(Item { name, parameters });
            }
        }
    }
    items
}

fn parameter(text: &str) -> Option<(String, u64)> {
    let (name, value) = text.split_once('=')?;
    let value = value.trim().parse().ok()?;
    Some((name.trim().to_ascii_lowercase(), value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{HeaderName, HeaderValue};
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    /// Name, limit, remaining, seconds until the reset, seconds of the period.
    type Told = (String, Option<u32>, Option<u32>, Option<i64>, Option<i64>);

    fn told(report: RateReport) -> Told {
        (
            report.name,
            report.limit,
            report.remaining,
            report.resets_at.map(|at| (at - now()).num_seconds()),
            report.period.map(|period| period.num_seconds()),
        )
    }

    fn ietf(pairs: &[(&'static str, &str)]) -> Vec<Told> {
        let found = ietf_rates(&headers(pairs), RateScope::App, "posts", now());
        found.into_iter().map(told).collect()
    }

    #[test]
    fn the_common_headers() {
        let told = |pairs: &[_], form| {
            RateHeaders::x(form).report(&headers(pairs), RateScope::App, "posts", now()).map(told)
        };
        let given = [
            ("x-ratelimit-limit", "900"),
            ("x-ratelimit-remaining", "12"),
            ("x-ratelimit-reset", "1800000060"),
        ];
        let expected = ("posts".to_owned(), Some(900), Some(12), Some(60), None);
        assert_eq!(told(&given, ResetForm::Epoch), Some(expected));
        let given = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "59.5")];
        let expected = ("posts".to_owned(), None, Some(0), Some(59), None);
        assert_eq!(told(&given, ResetForm::Delta), Some(expected));
        assert_eq!(told(&[("x-ratelimit-limit", "many")], ResetForm::Delta), None);
        let huge = [("x-ratelimit-limit", "99999999999"), ("x-ratelimit-reset", "99999999999999")];
        let day = Some(24 * 3_600);
        let expected = ("posts".to_owned(), Some(u32::MAX), None, day, None);
        assert_eq!(told(&huge, ResetForm::Delta), Some(expected.clone()));
        assert_eq!(told(&huge, ResetForm::Epoch), Some(expected));
        // Milliseconds where seconds are due.
        let odd = [("x-ratelimit-reset", "1800000060000")];
        let expected = ("posts".to_owned(), None, None, day, None);
        assert_eq!(told(&odd, ResetForm::Epoch), Some(expected.clone()));
        assert_eq!(told(&[("x-ratelimit-reset", "2592000")], ResetForm::Delta), Some(expected));
    }

    #[test]
    fn the_drafts_of_a_standard() {
        let name = |name: &str| name.to_owned();
        assert_eq!(
            ietf(&[
                ("ratelimit", "\"hourly\";r=50;t=30, \"daily\";r=900"),
                ("ratelimit-policy", "\"hourly\";q=100;w=3600"),
                ("ratelimit-policy", "\"daily\";q=1000;w=86400"),
            ]),
            [
                (name("hourly"), Some(100), Some(50), Some(30), Some(3600)),
                (name("daily"), Some(1000), Some(900), None, Some(86400)),
            ]
        );
        assert_eq!(
            ietf(&[
                ("ratelimit", "limit=100, remaining=50, reset=5"),
                ("ratelimit-policy", "100;w=10")
            ]),
            [(name("posts"), Some(100), Some(50), Some(5), Some(10))]
        );
        assert_eq!(
            ietf(&[
                ("ratelimit-limit", "100, 100;w=60"),
                ("ratelimit-remaining", "1"),
                ("ratelimit-reset", "7"),
            ]),
            [(name("posts"), Some(100), Some(1), Some(7), Some(60))]
        );
        assert_eq!(ietf(&[]), []);
        assert_eq!(ietf(&[("ratelimit", "soon")]), []);
    }

    #[test]
    fn retry_after_says_that_nothing_is_left() {
        let wait = headers(&[("retry-after", "30")]);
        let report = exhausted(&wait, RateScope::Account, "posts", now()).unwrap();
        assert_eq!(report.scope, RateScope::Account);
        assert_eq!(told(report), ("posts".to_owned(), None, Some(0), Some(30), None));
        assert_eq!(exhausted(&HeaderMap::new(), RateScope::App, "posts", now()), None);
    }

    proptest! {
        #[test]
        fn nothing_in_a_header_breaks_it(text in "[ -~]{0,40}") {
            let given = headers(&[
                ("ratelimit", &text),
                ("ratelimit-policy", &text),
                ("ratelimit-limit", &text),
                ("ratelimit-reset", &text),
                ("x-ratelimit-reset", &text),
                ("retry-after", &text),
            ]);
            for report in ietf_rates(&given, RateScope::App, "posts", now()) {
                prop_assert!(!report.name.is_empty());
                prop_assert!(report.resets_at.is_none_or(|at| at <= now() + LONGEST_WAIT));
            }
            for form in [ResetForm::Epoch, ResetForm::Delta] {
                let told = RateHeaders::x(form).report(&given, RateScope::App, "p", now());
                let resets_at = told.and_then(|report| report.resets_at);
                prop_assert!(resets_at.is_none_or(|at| at <= now() + LONGEST_WAIT));
            }
            let _ = exhausted(&given, RateScope::App, "p", now());
        }
    }
}
