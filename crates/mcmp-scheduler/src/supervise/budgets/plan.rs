//! Rates that an operator sets.

use std::collections::BTreeMap;

use mcmp_core::account::Platform;
use mcmp_core::publishing::Rate;

/// How many posts platforms take, as the operator says. What a platform tells along with its
/// answers takes the place of it; where neither says anything, nothing is counted.
///
/// ```
/// use chrono::TimeDelta;
/// use mcmp_core::account::Platform;
/// use mcmp_core::publishing::Rate;
/// use mcmp_scheduler::RatePlan;
///
/// // 250 posts of one profile in 24 hours,
/// // <https://developers.facebook.com/docs/threads/overview#rate-limits>.
/// let plan = RatePlan::default()
///     .account(Platform::THREADS, Rate::new(250, TimeDelta::days(1))?);
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RatePlan {
    apps: BTreeMap<Platform, Rate>,
    accounts: BTreeMap<Platform, Rate>,
}

impl RatePlan {
    /// With so many posts to a platform through each of its apps.
    #[must_use]
    pub fn app(mut self, platform: Platform, rate: Rate) -> Self {
        self.apps.insert(platform, rate);
        self
    }

    /// With so many posts to each account of a platform.
    #[must_use]
    pub fn account(mut self, platform: Platform, rate: Rate) -> Self {
        self.accounts.insert(platform, rate);
        self
    }

    /// How many posts a platform takes through one app.
    #[must_use]
    pub fn of_app(&self, platform: &Platform) -> Option<Rate> {
        self.apps.get(platform).copied()
    }

    /// How many posts an account of a platform takes.
    #[must_use]
    pub fn of_account(&self, platform: &Platform) -> Option<Rate> {
        self.accounts.get(platform).copied()
    }
}
