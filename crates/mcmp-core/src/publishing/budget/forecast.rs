//! Whether what is planned fits a budget.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{BudgetKey, Rate, RateBudget};

/// How a plan fits a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BudgetForecast {
    /// Whose calls.
    pub key: BudgetKey,
    /// What the platform takes.
    pub rate: Rate,
    /// How many calls are planned.
    pub planned: usize,
    /// How many of them have to wait.
    pub delayed: usize,
    /// The first planned time that is not kept.
    pub first_delayed_at: Option<DateTime<Utc>>,
    /// The longest wait, in milliseconds.
    pub longest_wait_ms: i64,
}

impl BudgetForecast {
    /// Whether everything goes out at its time.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.delayed == 0
    }
}

impl RateBudget {
    /// How calls that are planned at these times fit, in any order, one call each: which of them
    /// would find nothing left and have to wait.
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mcmp_core::account::{AppCredentialsRef, Platform};
    /// use mcmp_core::publishing::{BudgetKey, Rate, RateBudget};
    ///
    /// let key = BudgetKey::App {
    ///     platform: Platform::THREADS,
    ///     credentials: AppCredentialsRef::Instance,
    ///     calls: "posts".to_owned(),
    /// };
    /// let noon = DateTime::from_timestamp(1_800_014_400, 0).unwrap();
    /// let budget = RateBudget::new(key, Rate::new(2, TimeDelta::hours(1))?, noon);
    /// let forecast = budget.forecast([noon, noon, noon]);
    /// assert_eq!((forecast.planned, forecast.delayed), (3, 1));
    /// assert_eq!(forecast.longest_wait_ms, 30 * 60 * 1_000);
    /// # Ok::<(), mcmp_core::value::InvalidValue>(())
    /// ```
    pub fn forecast(&self, planned: impl IntoIterator<Item = DateTime<Utc>>) -> BudgetForecast {
        let mut planned: Vec<_> = planned.into_iter().collect();
        planned.sort_unstable();
        let mut left = self.clone();
        let mut forecast = BudgetForecast {
            key: self.key.clone(),
            rate: self.rate,
            planned: planned.len(),
            delayed: 0,
            first_delayed_at: None,
            longest_wait_ms: 0,
        };
        let mut free_from = DateTime::<Utc>::MIN_UTC;
        for at in planned {
            let goes_at = left.next_at(at.max(free_from));
            left.take(1, goes_at);
            free_from = goes_at;
            if goes_at > at {
                forecast.delayed += 1;
                forecast.first_delayed_at.get_or_insert(at);
                let wait = (goes_at - at).num_milliseconds();
                forecast.longest_wait_ms = forecast.longest_wait_ms.max(wait);
            }
        }
        forecast
    }
}
