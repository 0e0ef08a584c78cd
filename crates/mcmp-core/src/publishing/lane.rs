//! The lane: what may start for one account, and when. Work is claimed per account, so that order,
//! concurrency, rate and pause hold over all workers at a cost that depends on what is ready and
//! not on what waits.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::job::PublishJob;
use crate::id::{AccountId, AgencyId, ClientId};

/// Why a lane is paused; it goes on once no reason is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PauseReason {
    /// A person paused the account.
    Account,
    /// A person paused the client.
    Client,
    /// The agency is suspended or closed.
    Agency,
    /// The account must be connected again.
    Reconnect,
}

/// What may start for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLane {
    /// Which account.
    pub account_id: AccountId,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose account.
    pub client_id: ClientId,
    /// When something may start; `None` while it is paused, full or without scheduled jobs.
    pub ready_at: Option<DateTime<Utc>>,
    /// Jobs that workers hold now; those whose outcome is only looked up take no place.
    pub in_flight: u32,
    /// Most jobs that workers may hold.
    pub max_in_flight: u32,
    /// Nothing starts before: the platform said so.
    pub blocked_until: Option<DateTime<Utc>>,
    /// The time to leave between two starts, in milliseconds.
    pub min_gap_ms: u32,
    /// Nothing starts before: the gap after the last start.
    pub next_gap_at: Option<DateTime<Utc>>,
    /// Why it is paused.
    pub paused: BTreeSet<PauseReason>,
}

/// What can be changed about a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LaneAction {
    /// Start nothing for this reason.
    Pause(PauseReason),
    /// This reason is gone.
    Resume(PauseReason),
    /// Start nothing before this time; an earlier block stays if it is longer.
    BlockUntil(DateTime<Utc>),
    /// Let so many jobs be in flight; at least one.
    SetMaxInFlight(u32),
    /// Leave so many milliseconds between two starts. Each claim of a scheduled job is one, also for
    /// a job's next step; a look-up is none.
    SetMinGap(u32),
    /// Change nothing, and let the commit be a conflict (of kind
    /// [`EntityKind::SocialAccount`](crate::store::EntityKind::SocialAccount)) if the lane is
    /// paused: a pause comes before a visible call, or after it.
    RequireUnpaused,
}

/// A change of one account's lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneChange {
    /// Which account.
    pub account_id: AccountId,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose account.
    pub client_id: ClientId,
    /// What to change.
    pub action: LaneAction,
}

impl AccountLane {
    /// A lane without jobs.
    #[must_use]
    pub fn new(account_id: AccountId, agency_id: AgencyId, client_id: ClientId) -> Self {
        Self {
            account_id,
            agency_id,
            client_id,
            ready_at: None,
            in_flight: 0,
            max_in_flight: 1,
            blocked_until: None,
            min_gap_ms: 0,
            next_gap_at: None,
            paused: BTreeSet::new(),
        }
    }

    /// Whether a change may be committed; where not, the commit is a conflict.
    #[must_use]
    pub fn allows(&self, action: LaneAction) -> bool {
        action != LaneAction::RequireUnpaused || self.paused.is_empty()
    }

    /// Carries out a change; [`settle`](Self::settle) follows.
    pub fn apply(&mut self, action: LaneAction) {
        match action {
            LaneAction::Pause(reason) => {
                self.paused.insert(reason);
            }
            LaneAction::Resume(reason) => {
                self.paused.remove(&reason);
            }
            LaneAction::BlockUntil(until) => {
                self.blocked_until = self.blocked_until.max(Some(until));
            }
            LaneAction::SetMaxInFlight(most) => self.max_in_flight = most.max(1),
            LaneAction::SetMinGap(ms) => self.min_gap_ms = ms,
            LaneAction::RequireUnpaused => {}
        }
    }

    /// Follows a job that was written: `before` is `None` for a new one. A store calls this with
    /// each job it writes, then [`settle`](Self::settle).
    pub fn follow(&mut self, before: Option<&PublishJob>, after: &PublishJob) {
        let was = before.is_some_and(|job| job.state.is_in_flight());
        let is = after.state.is_in_flight();
        match (was, is) {
            (false, true) => self.in_flight = self.in_flight.saturating_add(1),
            (true, false) => self.in_flight = self.in_flight.saturating_sub(1),
            _ => {}
        }
    }

    /// Notes that a job was started at `now`; [`settle`](Self::settle) follows. Even without a gap
    /// the lane rejoins no earlier than `now`, so that an account with a long backlog comes after
    /// those that wait.
    pub fn start(&mut self, now: DateTime<Utc>) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.next_gap_at =
            now.checked_add_signed(TimeDelta::milliseconds(i64::from(self.min_gap_ms)));
    }

    /// Forgets a job that was deleted; [`settle`](Self::settle) follows.
    pub fn forget(&mut self, job: &PublishJob) {
        if job.state.is_in_flight() {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }

    /// Sets `ready_at`, given when the earliest of the lane's scheduled jobs is due.
    pub fn settle(&mut self, earliest_due: Option<DateTime<Utc>>) {
        let is_open = self.paused.is_empty() && self.in_flight < self.max_in_flight;
        self.ready_at = earliest_due.filter(|_| is_open).map(|due| {
            due.max(self.blocked_until.unwrap_or(due)).max(self.next_gap_at.unwrap_or(due))
        });
    }
}
