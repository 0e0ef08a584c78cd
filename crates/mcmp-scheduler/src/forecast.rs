//! Whether what is planned fits the platforms' limits.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mcmp_core::Error;
use mcmp_core::account::SocialAccount;
use mcmp_core::id::AccountId;
use mcmp_core::publishing::{
    BudgetForecast, BudgetKey, JobState, PublishJob, RateBudget, RateReport,
};
use mcmp_core::store::{Direction, PublishJobFilter, Query, Read, Sort, StoreExt};

use crate::engine::Engine;
use crate::supervise::as_set;

impl Engine {
    /// How the posts that are scheduled between `from` and `until` (left out) fit the limits of
    /// accounts and apps: those that the platforms told, else those in the
    /// [`RatePlan`](crate::RatePlan). Apps are shared, so the posts of all agencies count; what has
    /// no limit is left out. What does not fit is not lost: it goes out as soon as it may.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn forecast(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<BudgetForecast>, Error> {
        let (store, scope) = (self.shared.portal.store(), &self.shared.scope);
        let mut planned = BTreeMap::<AccountId, Vec<DateTime<Utc>>>::new();
        let mut filter = PublishJobFilter::default();
        filter.states = vec![JobState::Scheduled];
        (filter.planned_from, filter.planned_until) = (Some(from), Some(until));
        let mut query = Query::<PublishJob>::new(filter)
            .sorted(Sort::Planned, Direction::Ascending)
            .limit(Query::<PublishJob>::MAX_LIMIT);
        loop {
            let page = Read::<PublishJob>::list(store.as_ref(), scope, &query).await?;
            for job in page.items {
                planned.entry(job.account_id).or_default().push(job.planned_at);
            }
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let mut by_budget = BTreeMap::<String, (RateBudget, Vec<DateTime<Utc>>)>::new();
        for (id, times) in planned {
            let Some(account) = store.find::<SocialAccount>(scope, id).await? else { continue };
            let calls = RateReport::POSTS.to_owned();
            let (platform, credentials) = (account.platform.clone(), account.app_credentials);
            let plan = &self.shared.rates;
            for (key, set) in [
                (
                    BudgetKey::Account { account_id: id, calls: calls.clone() },
                    plan.of_account(&platform),
                ),
                (
                    BudgetKey::App { platform: platform.clone(), credentials, calls },
                    plan.of_app(&platform),
                ),
            ] {
                if let Some((_, all)) = by_budget.get_mut(&key.to_string()) {
                    all.extend(&times);
                    continue;
                }
                let known: Option<RateBudget> = store.find(scope, key.id()).await?;
                let Some(budget) = as_set(&key, known, set, from) else { continue };
                by_budget.insert(key.to_string(), (budget, times.clone()));
            }
        }
        Ok(by_budget.into_values().map(|(budget, times)| budget.forecast(times)).collect())
    }
}
