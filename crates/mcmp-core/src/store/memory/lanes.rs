//! The lanes, and the jobs in the orders that they are asked for in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::table::remove_from;
use crate::id::{AccountId, JobId};
use crate::publishing::{AccountLane, JobState, PublishJob};

/// A job's place among its account's scheduled ones.
type Place = (DateTime<Utc>, i16, JobId);

/// The lanes, and the jobs in the orders that they are asked for in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lanes {
    lanes: BTreeMap<AccountId, AccountLane>,
    /// Lanes that can start something, by when.
    ready: BTreeSet<(DateTime<Utc>, AccountId)>,
    scheduled: BTreeMap<AccountId, BTreeSet<Place>>,
    /// By when the platform is to be asked.
    unknown: BTreeSet<(DateTime<Utc>, JobId)>,
    /// By the end of their lease.
    in_flight: BTreeSet<(DateTime<Utc>, JobId)>,
}

/// Where a job stands in [`Lanes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Scheduled(AccountId, Place),
    Unknown(DateTime<Utc>, JobId),
    InFlight(DateTime<Utc>, JobId),
}

impl Standing {
    fn of(job: &PublishJob) -> Option<Self> {
        match job.state {
            JobState::Scheduled => {
                Some(Self::Scheduled(job.account_id, (job.due_at, job.priority, job.id)))
            }
            JobState::Unknown => Some(Self::Unknown(job.due_at, job.id)),
            // Without a lease nobody works on it, so it counts as expired.
            state if state.is_in_flight() => Some(Self::InFlight(
                job.lease.as_ref().map_or(DateTime::<Utc>::MIN_UTC, |lease| lease.until),
                job.id,
            )),
            _ => None,
        }
    }
}

impl Lanes {
    /// Follows a job's row; its lane is [`set`](Self::set) by whoever changes the row.
    pub(super) fn follow(&mut self, before: Option<&PublishJob>, after: Option<&PublishJob>) {
        let (was, is) = (before.and_then(Standing::of), after.and_then(Standing::of));
        if was == is {
            return;
        }
        match was {
            Some(Standing::Scheduled(account, place)) => {
                remove_from(&mut self.scheduled, &account, &place);
            }
            Some(Standing::Unknown(due, id)) => drop(self.unknown.remove(&(due, id))),
            Some(Standing::InFlight(until, id)) => drop(self.in_flight.remove(&(until, id))),
            None => {}
        }
        match is {
            Some(Standing::Scheduled(account, place)) => {
                self.scheduled.entry(account).or_default().insert(place);
            }
            Some(Standing::Unknown(due, id)) => drop(self.unknown.insert((due, id))),
            Some(Standing::InFlight(until, id)) => drop(self.in_flight.insert((until, id))),
            None => {}
        }
    }

    pub(super) fn get(&self, account: AccountId) -> Option<&AccountLane> {
        self.lanes.get(&account)
    }

    /// Puts a lane in its place, or takes it away, and answers with what was there.
    pub(super) fn set(
        &mut self,
        account: AccountId,
        lane: Option<AccountLane>,
    ) -> Option<AccountLane> {
        let ready_at = lane.as_ref().and_then(|lane| lane.ready_at);
        let before = match lane {
            Some(lane) => self.lanes.insert(account, lane),
            None => self.lanes.remove(&account),
        };
        let was_ready_at = before.as_ref().and_then(|lane| lane.ready_at);
        if was_ready_at != ready_at {
            if let Some(at) = was_ready_at {
                self.ready.remove(&(at, account));
            }
            if let Some(at) = ready_at {
                self.ready.insert((at, account));
            }
        }
        before
    }

    /// `lane` with its `ready_at` brought up to date.
    pub(super) fn settled(&self, mut lane: AccountLane) -> AccountLane {
        let first = self.scheduled.get(&lane.account_id).and_then(BTreeSet::first);
        lane.settle(first.map(|(due_at, ..)| *due_at));
        lane
    }

    /// Up to `limit` lanes that can start something at `now`, those first that could longest.
    pub(super) fn ready(&self, now: DateTime<Utc>, limit: usize) -> Vec<AccountId> {
        let ready = self.ready.iter().take_while(|(at, _)| *at <= now);
        ready.take(limit).map(|(_, account)| *account).collect()
    }

    /// The scheduled job of an account whose turn it is at `now`.
    pub(super) fn first_due(&self, account: AccountId, now: DateTime<Utc>) -> Option<JobId> {
        let (due_at, _, id) = self.scheduled.get(&account)?.first()?;
        (*due_at <= now).then_some(*id)
    }

    /// Up to `limit` jobs whose platform is to be asked at `now`, those first that waited longest.
    pub(super) fn unknown_due(&self, now: DateTime<Utc>, limit: usize) -> Vec<JobId> {
        let due = self.unknown.iter().take_while(|(at, _)| *at <= now);
        due.take(limit).map(|(_, id)| *id).collect()
    }

    /// Up to `limit` jobs in flight whose lease has passed at `now`, those first that wait longest.
    pub(super) fn expired(&self, now: DateTime<Utc>, limit: usize) -> Vec<JobId> {
        let passed = self.in_flight.iter().take_while(|(until, _)| *until <= now);
        passed.take(limit).map(|(_, id)| *id).collect()
    }

    /// When a claim can find something.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        let lane = self.ready.first().map(|(at, _)| *at);
        let unknown = self.unknown.first().map(|(at, _)| *at);
        lane.into_iter().chain(unknown).min()
    }
}

#[cfg(test)]
impl Lanes {
    /// The same lanes with all orders made from nothing.
    pub(super) fn rebuilt<'a>(&self, jobs: impl Iterator<Item = &'a PublishJob>) -> Self {
        let mut rebuilt = Self::default();
        let mut in_flight = BTreeMap::<AccountId, u32>::new();
        for job in jobs {
            rebuilt.follow(None, Some(job));
            *in_flight.entry(job.account_id).or_default() += u32::from(job.state.is_in_flight());
        }
        for (account, lane) in &self.lanes {
            let mut lane = lane.clone();
            lane.in_flight = in_flight.get(account).copied().unwrap_or_default();
            let lane = rebuilt.settled(lane);
            rebuilt.set(*account, Some(lane));
        }
        rebuilt
    }
}
