//! What of a lane is moved: its settings. The rest follows from its jobs, but for the end of the
//! last gap.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, AgencyId, ClientId};
use crate::publishing::{AccountLane, LaneAction, LaneChange, PauseReason};

/// The settings of an account's lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaneSettings {
    pub(super) account_id: AccountId,
    pub(super) agency_id: AgencyId,
    pub(super) client_id: ClientId,
    max_in_flight: u32,
    min_gap_ms: u32,
    blocked_until: Option<DateTime<Utc>>,
    paused: BTreeSet<PauseReason>,
}

impl LaneSettings {
    pub(super) fn of(lane: &AccountLane) -> Self {
        Self {
            account_id: lane.account_id,
            agency_id: lane.agency_id,
            client_id: lane.client_id,
            max_in_flight: lane.max_in_flight,
            min_gap_ms: lane.min_gap_ms,
            blocked_until: lane.blocked_until,
            paused: lane.paused.clone(),
        }
    }

    /// Whether some job can be in flight, as in every lane.
    pub(super) fn lets_jobs_through(&self) -> bool {
        self.max_in_flight > 0
    }

    /// What makes a new lane like this one.
    pub(super) fn changes(&self) -> impl Iterator<Item = LaneChange> + '_ {
        [LaneAction::SetMaxInFlight(self.max_in_flight), LaneAction::SetMinGap(self.min_gap_ms)]
            .into_iter()
            .chain(self.blocked_until.map(LaneAction::BlockUntil))
            .chain(self.paused.iter().map(|reason| LaneAction::Pause(*reason)))
            .map(|action| LaneChange {
                account_id: self.account_id,
                agency_id: self.agency_id,
                client_id: self.client_id,
                action,
            })
    }
}
