//! After an outage, what is late goes out one after another, not all at once.

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::publishing::{BudgetKey, LaneAction, LaneChange, PublishJob, Rate};
use mcmp_core::store::ChangeSet;
use mcmp_core::{Error, Portal};

use super::budgets::Budgets;
use super::{Wait, WaitReason};
use crate::settings::EngineSettings;

/// Spreads the starts of late jobs: so many a second over all workers, and a rest for each account
/// between two of its own.
#[derive(Debug)]
pub(super) struct CatchUp {
    portal: Portal,
    scope: Scope,
    rate: Rate,
    late_after: TimeDelta,
    gap: TimeDelta,
}

impl CatchUp {
    pub(super) fn new(
        portal: Portal,
        scope: Scope,
        settings: &EngineSettings,
    ) -> Result<Self, Error> {
        Ok(Self {
            portal,
            scope,
            rate: Rate::new(settings.catch_up_per_second, TimeDelta::seconds(1))?,
            late_after: settings.catch_up_after,
            gap: settings.catch_up_gap,
        })
    }

    /// Whether it is late for another reason than its own failures.
    fn is_left_behind(&self, job: &PublishJob, now: DateTime<Utc>) -> bool {
        let failed = job
            .last_error
            .as_ref()
            .is_some_and(|e| !e.code.as_deref().is_some_and(WaitReason::left_it_behind));
        // What was made ready already goes on at its own pace.
        let is_under_way = job.checkpoint.is_some() || job.has_begun();
        let was_tried =
            job.attempts > 0 || job.failures > 0 || job.waits > 0 || is_under_way || failed;
        !was_tried && job.late_by(now) > self.late_after
    }

    pub(super) async fn wait_of(
        &self,
        job: &PublishJob,
        budgets: &Budgets,
        now: DateTime<Utc>,
    ) -> Result<Option<Wait>, Error> {
        if !self.is_left_behind(job, now) {
            return Ok(None);
        }
        let turn = budgets.take(&BudgetKey::CatchUp, Some(self.rate), job.client_id, now).await?;
        if let Err(until) = turn {
            return Ok(Some(Wait::for_a_turn(until, WaitReason::CatchUp)));
        }
        if self.gap > TimeDelta::zero() {
            let mut changes = ChangeSet::new();
            changes.lane(LaneChange {
                account_id: job.account_id,
                agency_id: job.agency_id,
                client_id: job.client_id,
                action: LaneAction::BlockUntil(
                    now.checked_add_signed(self.gap).unwrap_or(DateTime::<Utc>::MAX_UTC),
                ),
            });
            self.portal.store().commit(&self.scope, changes).await?;
        }
        Ok(None)
    }
}
