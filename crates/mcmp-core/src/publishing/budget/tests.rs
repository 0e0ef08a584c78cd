use proptest::prelude::*;

use super::*;
use crate::account::{AppCredentialsRef, Platform};
use crate::publishing::rate::RateScope;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
}

fn budget(calls: u32, period_ms: i64) -> RateBudget {
    let key = BudgetKey::App {
        platform: Platform::X,
        credentials: AppCredentialsRef::Instance,
        calls: "posts".into(),
    };
    let rate = Rate::new(calls, TimeDelta::milliseconds(period_ms)).unwrap();
    RateBudget::new(key, rate, at(0))
}

fn report(limit: Option<u32>, remaining: Option<u32>, resets_ms: Option<i64>) -> RateReport {
    RateReport {
        scope: RateScope::App,
        name: "posts".to_owned(),
        limit,
        remaining,
        resets_at: resets_ms.map(at),
        period: None,
    }
}

#[test]
fn a_platform_that_has_nothing_left_is_believed() {
    let mut budget = budget(10, 10_000);
    budget.learn(&report(None, Some(0), Some(60_000)), at(0));
    assert_eq!(budget.left(at(59_999)), 0);
    assert_eq!(budget.next_at(at(0)), at(60_000));
    assert!(budget.left(at(60_000)) > 0);
}

#[test]
fn a_short_wait_does_not_use_up_a_long_budget() {
    let mut budget = budget(250, 86_400_000);
    assert_eq!(budget.take(10, at(0)), 10);
    budget.learn(&report(None, Some(0), Some(30_000)), at(0));
    assert_eq!(budget.left(at(29_999)), 0);
    assert!(budget.left(at(30_000)) >= 240);
    // With a limit it is that one which is used up.
    budget.learn(&report(Some(250), Some(0), Some(60_000)), at(30_000));
    assert_eq!(budget.left(at(60_000)), 0);
}

#[test]
fn a_new_limit_keeps_what_was_called() {
    let mut budget = budget(10, 10_000);
    assert_eq!(budget.take(6, at(0)), 6);
    budget.learn(&report(Some(8), None, None), at(0));
    assert_eq!(budget.left(at(0)), 2);
    assert_eq!(budget.left(at(10_000)), 8);
}

#[test]
fn a_rate_of_nothing_is_refused() {
    assert!(Rate::new(0, TimeDelta::seconds(1)).is_err());
    assert!(Rate::new(1, TimeDelta::zero()).is_err());
    assert!(Rate::new(1, TimeDelta::days(400)).is_err());
    assert!(serde_json::from_str::<Rate>(r#"{"calls":0,"period_ms":5}"#).is_err());
}

proptest! {
    /// In no stretch of time are more calls let through than one period's at once and the rate
    /// after that.
    #[test]
    fn a_rate_is_never_passed(
        calls in 1_u32..50,
        period in 1_000_i64..100_000,
        asks in prop::collection::vec((0_i64..5_000, 1_u32..20), 1..80),
    ) {
        let mut budget = budget(calls, period);
        let mut now = 0;
        let mut taken: Vec<(i64, u32)> = Vec::new();
        for (wait, ask) in asks {
            now += wait;
            let got = budget.take(ask, at(now));
            prop_assert!(got <= ask);
            taken.push((now, got));
        }
        for (i, (from, _)) in taken.iter().enumerate() {
            let mut sum = 0_i64;
            for (until, got) in taken.iter().skip(i) {
                sum += i64::from(*got);
                let most = i64::from(calls) + (until - from) * i64::from(calls) / period + 1;
                prop_assert!(sum <= most, "{sum} calls in {} ms", until - from);
            }
        }
    }

    /// Whoever waits as long as told gets a call.
    #[test]
    fn waiting_is_rewarded(calls in 1_u32..50, period in 1_i64..100_000, first in 0_u32..100, remaining: Option<u32>) {
        let mut budget = budget(calls, period);
        budget.take(first, at(0));
        budget.learn(&report(None, remaining, Some(5_000)), at(0));
        let next = budget.next_at(at(0));
        prop_assert!(next <= at(period.max(5_000)));
        prop_assert_eq!(budget.take(1, next), 1);
    }

    /// What is given back can be taken again.
    #[test]
    fn nothing_is_lost(calls in 1_u32..50, period in 1_i64..100_000, first in 1_u32..60) {
        let mut budget = budget(calls, period);
        let before = budget.left(at(0));
        let taken = budget.take(first, at(0));
        prop_assert_eq!(taken, first.min(before));
        budget.give_back(taken, at(0));
        prop_assert_eq!(budget.left(at(0)), before);
    }

    /// What is forecast is what happens: as many wait as find nothing left when their time comes.
    #[test]
    fn a_forecast_comes_true(
        calls in 1_u32..10,
        period in 1_000_i64..100_000,
        before in 0_u32..12,
        planned in prop::collection::vec(0_i64..50_000, 0..40),
    ) {
        let mut budget = budget(calls, period);
        budget.take(before, at(0));
        let forecast = budget.forecast(planned.iter().map(|ms| at(*ms)));
        let mut sorted = planned.clone();
        sorted.sort_unstable();
        let (mut waited, mut now) = (0, at(0));
        for ms in sorted {
            now = now.max(at(ms));
            let mut has_waited = now > at(ms);
            while budget.take(1, now) == 0 {
                has_waited = true;
                now = budget.next_at(now);
            }
            waited += usize::from(has_waited);
        }
        prop_assert_eq!((forecast.planned, forecast.delayed), (planned.len(), waited));
        prop_assert_eq!(forecast.fits(), forecast.first_delayed_at.is_none());
    }
}
