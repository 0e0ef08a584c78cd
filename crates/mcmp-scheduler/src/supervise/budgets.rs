//! How many calls platforms take: one count over all workers, of which each takes what a second
//! needs, so that the count is not written with every post.

mod local;
mod plan;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::id::ClientId;
use mcmp_core::portal::CallReport;
use mcmp_core::publishing::{
    BudgetKey, JobState, PublishJob, Rate, RateBudget, RateReport, RateScope,
};
use mcmp_core::store::{ChangeSet, EntityKind, StoreError, StoreExt, Version};
use mcmp_core::{Error, Portal};
use tokio::sync::Mutex as AsyncMutex;

use super::apps::App;
use super::{Wait, WaitReason};
use local::{Local, Taken};
pub use plan::RatePlan;

/// How long calls that were taken may be made.
const BLOCK: TimeDelta = TimeDelta::seconds(1);
/// How long it counts that there is no such budget: another worker may learn of one.
const NO_BUDGET: TimeDelta = TimeDelta::seconds(1);
/// How often workers may write one budget at the same time before one of them gives up.
const MAX_TRIES: usize = 20;
/// From so many budgets on, those that matter no longer are forgotten.
const MANY: usize = 1_000;

/// The budgets of one engine.
#[derive(Debug)]
pub(super) struct Budgets {
    portal: Portal,
    scope: Scope,
    plan: RatePlan,
    locals: Mutex<Locals>,
}

/// What is known of each budget. Each has a lock of its own, so that a store that takes its time
/// over one keeps nobody waiting who asks for another.
#[derive(Debug)]
struct Locals {
    by_key: HashMap<BudgetKey, Arc<AsyncMutex<Local>>>,
    /// How many there are when idle ones are looked for next.
    look_at: usize,
}

impl Locals {
    fn of(&mut self, key: &BudgetKey, now: DateTime<Utc>) -> Arc<AsyncMutex<Local>> {
        if let Some(known) = self.by_key.get(key) {
            return Arc::clone(known);
        }
        if self.by_key.len() >= self.look_at {
            self.by_key.retain(|_, local| {
                let is_used = Arc::strong_count(local) > 1;
                is_used || local.try_lock().is_ok_and(|local| !local.is_idle(now))
            });
            self.look_at = (self.by_key.len() * 2).max(MANY);
        }
        Arc::clone(self.by_key.entry(key.clone()).or_default())
    }
}

impl Budgets {
    pub(super) fn new(portal: Portal, scope: Scope, plan: RatePlan) -> Self {
        let locals = Mutex::new(Locals { by_key: HashMap::new(), look_at: MANY });
        Self { portal, scope, plan, locals }
    }

    fn local(&self, key: &BudgetKey, now: DateTime<Utc>) -> Arc<AsyncMutex<Local>> {
        // Each entry is whole whatever a thread that panicked was about.
        self.locals.lock().unwrap_or_else(PoisonError::into_inner).of(key, now)
    }

    /// Takes a call that publishes from the account's budget and the app's, or says when to ask
    /// again. A part that takes several steps takes one: what has a checkpoint has been counted. One
    /// that is sent once more under its key takes another one.
    pub(super) async fn wait_of(
        &self,
        job: &PublishJob,
        app: &App,
        now: DateTime<Utc>,
    ) -> Result<Option<Wait>, Error> {
        if is_counted(job) {
            return Ok(None);
        }
        let account = account_key(job);
        let of_account = self.plan.of_account(&job.platform);
        if let Err(until) = self.take(&account, of_account, job.client_id, now).await? {
            return Ok(Some(Wait::for_a_turn(until, WaitReason::Budget)));
        }
        let of_app = self.plan.of_app(&job.platform);
        let key = app.budget(RateReport::POSTS);
        if let Err(until) = self.take(&key, of_app, job.client_id, now).await? {
            self.give_back(&account, now).await;
            return Ok(Some(Wait::for_a_turn(until, WaitReason::Budget)));
        }
        Ok(None)
    }

    /// Notes which budgets of a job that is due soon do not exist: nobody has to ask for those when
    /// its time comes. Nothing is taken of those that do.
    pub(super) async fn read_ahead(&self, job: &PublishJob, app: &App) -> Result<(), Error> {
        let store = self.portal.store();
        let now = store.now().await?;
        let until = now + NO_BUDGET;
        if is_counted(job) || until <= job.due_at {
            return Ok(());
        }
        let of_account = (account_key(job), self.plan.of_account(&job.platform));
        let of_app = (app.budget(RateReport::POSTS), self.plan.of_app(&job.platform));
        for (key, _) in [of_account, of_app].iter().filter(|(_, set)| set.is_none()) {
            let local = self.local(key, now);
            if !local.lock().await.asks_ahead(job.due_at, now) {
                continue;
            }
            // Without the lock: those whose time has come do not wait for this.
            let found: Option<RateBudget> = store.find(&self.scope, key.id()).await?;
            if found.is_none() {
                local.lock().await.had_no_budget(now, until);
            }
        }
        Ok(())
    }

    /// Gives back what [`wait_of`](Self::wait_of) took, as the call is not made after all.
    pub(super) async fn give_back_all(&self, job: &PublishJob, app: &App, now: DateTime<Utc>) {
        if !is_counted(job) {
            self.give_back(&account_key(job), now).await;
            self.give_back(&app.budget(RateReport::POSTS), now).await;
        }
    }

    /// Takes one call for a client, or says when it is that client's turn. Without a budget, set or
    /// learnt, every call is free.
    pub(super) async fn take(
        &self,
        key: &BudgetKey,
        set: Option<Rate>,
        client: ClientId,
        now: DateTime<Utc>,
    ) -> Result<Result<(), DateTime<Utc>>, Error> {
        let local = self.local(key, now);
        let mut local = local.lock().await;
        if let Taken::Known(answer) = local.take(client, now) {
            return Ok(answer);
        }
        let unused = local.unused();
        match self.take_block(key, set, unused).await? {
            None => local.no_budget_until(now + NO_BUDGET),
            Some((budget, taken, at)) => {
                local.refill(taken, now + BLOCK, budget.next_at(at), budget.rate.time_of(1));
            }
        }
        match local.take(client, now) {
            Taken::Known(answer) => Ok(answer),
            Taken::AskTheStore => Ok(Err(now + BLOCK)),
        }
    }

    async fn give_back(&self, key: &BudgetKey, now: DateTime<Utc>) {
        self.local(key, now).lock().await.give_back();
    }

    /// Takes what a second needs from the store's count, and gives back what was not needed. `None`
    /// if there is no such budget. The time is the store's.
    async fn take_block(
        &self,
        key: &BudgetKey,
        set: Option<Rate>,
        unused: u32,
    ) -> Result<Option<(RateBudget, u32, DateTime<Utc>)>, Error> {
        self.change(key, |budget, now| {
            let mut budget = as_set(key, budget, set, now)?;
            budget.give_back(unused, now);
            let taken = budget.take(block_of(budget.rate), now);
            Some((budget, taken))
        })
        .await
    }

    /// Takes over what an answer told of limits: always that nothing is left; otherwise what is
    /// near enough to matter.
    pub(super) async fn learn(&self, call: &CallReport<'_>) -> Result<(), Error> {
        for report in call.rates.iter().filter(|report| matters(report)) {
            let key = match report.scope {
                RateScope::App => App::of(call.account).budget(&report.name),
                _ => BudgetKey::Account { account_id: call.account.id, calls: report.name.clone() },
            };
            let local = self.local(&key, call.at);
            let mut local = local.lock().await;
            if !local.may_learn(report, call.at) {
                continue;
            }
            self.change(&key, |budget, now| {
                let known =
                    budget.or_else(|| Some(RateBudget::new(key.clone(), rate_in(report)?, now)));
                let mut budget = known?;
                budget.learn(report, now);
                Some((budget, ()))
            })
            .await?;
            local.forget();
        }
        Ok(())
    }

    /// Reads, changes and writes a budget; again where another worker was faster.
    async fn change<T>(
        &self,
        key: &BudgetKey,
        change: impl Fn(Option<RateBudget>, DateTime<Utc>) -> Option<(RateBudget, T)>,
    ) -> Result<Option<(RateBudget, T, DateTime<Utc>)>, Error> {
        let store = self.portal.store();
        let mut tries_left = MAX_TRIES;
        loop {
            let now = store.now().await?;
            let before: Option<RateBudget> = store.find(&self.scope, key.id()).await?;
            let Some((mut budget, answer)) = change(before.clone(), now) else { return Ok(None) };
            if before.as_ref() == Some(&budget) {
                return Ok(Some((budget, answer, now)));
            }
            let mut changes = ChangeSet::new();
            if budget.version == Version::NEW {
                changes.insert(&mut budget);
            } else {
                changes.update(&mut budget);
            }
            match store.commit(&self.scope, changes).await {
                Ok(()) => return Ok(Some((budget, answer, now))),
                Err(StoreError::Conflict { kind: EntityKind::RateBudget, .. })
                    if tries_left > 0 =>
                {
                    tries_left -= 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether a job took its call at an earlier step.
fn is_counted(job: &PublishJob) -> bool {
    job.checkpoint.is_some() && job.state != JobState::Unknown
}

/// The budget of an account's calls that publish.
fn account_key(job: &PublishJob) -> BudgetKey {
    BudgetKey::Account { account_id: job.account_id, calls: RateReport::POSTS.to_owned() }
}

/// A budget as it is with what the operator set, unless the platform told otherwise; `None` if
/// nobody said anything.
pub(crate) fn as_set(
    key: &BudgetKey,
    known: Option<RateBudget>,
    set: Option<Rate>,
    now: DateTime<Utc>,
) -> Option<RateBudget> {
    let Some(mut budget) = known else {
        return Some(RateBudget::new(key.clone(), set?, now));
    };
    if let Some(set) = set.filter(|set| !budget.learnt && *set != budget.rate) {
        budget.change_rate(set, now);
    }
    Some(budget)
}

/// What a second needs, and one at least.
fn block_of(rate: Rate) -> u32 {
    let ms = rate.period().num_milliseconds().max(1);
    let per_second = i64::from(rate.calls()).saturating_mul(1_000) / ms;
    u32::try_from(per_second).unwrap_or(u32::MAX).clamp(1, 1_000)
}

/// A limit of an account that is far away is not worth a row.
fn matters(report: &RateReport) -> bool {
    match (report.scope, report.limit, report.remaining) {
        (_, _, Some(0)) => true,
        (RateScope::App, Some(_), _) => true,
        (_, Some(limit), Some(remaining)) => u64::from(remaining) * 10 <= u64::from(limit),
        _ => false,
    }
}

/// The rate that a report tells; where it tells only that nothing is left, one that never matters.
fn rate_in(report: &RateReport) -> Option<Rate> {
    let period = report.period.unwrap_or(TimeDelta::days(1));
    Rate::new(report.limit.unwrap_or(u32::MAX), period).ok()
}
