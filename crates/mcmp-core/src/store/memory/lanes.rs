//! The lanes, and the jobs in the orders that they are asked for in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::id::{AccountId, ClientId, JobId};
use crate::publishing::{AccountLane, JobState, PublishJob};

/// How many ready lanes a claim looks at to be fair between clients.
const FAIR_WINDOW: usize = 1_000;

/// An account's scheduled jobs.
#[derive(Debug, Clone, Default, PartialEq)]
struct Scheduled {
    /// By when they are due.
    due: BTreeSet<(DateTime<Utc>, JobId)>,
    /// In the order that they go out in, with when they are due.
    turns: BTreeSet<(Turn, DateTime<Utc>)>,
}

/// A job's turn among its account's due ones: planned first, then the smaller priority.
type Turn = (DateTime<Utc>, i16, JobId);

impl Scheduled {
    fn insert(&mut self, turn: Turn, due_at: DateTime<Utc>) {
        self.due.insert((due_at, turn.2));
        self.turns.insert((turn, due_at));
    }

    fn remove(&mut self, turn: Turn, due_at: DateTime<Utc>) {
        self.due.remove(&(due_at, turn.2));
        self.turns.remove(&(turn, due_at));
    }
}

/// The lanes, and the jobs in the orders that they are asked for in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lanes {
    lanes: BTreeMap<AccountId, AccountLane>,
    /// Lanes that can start something, by when.
    ready: BTreeSet<(DateTime<Utc>, AccountId)>,
    scheduled: BTreeMap<AccountId, Scheduled>,
    /// By when the platform is to be asked.
    unknown: BTreeSet<(DateTime<Utc>, JobId)>,
    /// By the end of their lease.
    in_flight: BTreeSet<(DateTime<Utc>, JobId)>,
}

/// Where a job stands in [`Lanes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Scheduled(AccountId, Turn, DateTime<Utc>),
    Unknown(DateTime<Utc>, JobId),
    InFlight(DateTime<Utc>, JobId),
}

impl Standing {
    fn of(job: &PublishJob) -> Option<Self> {
        match job.state {
            JobState::Scheduled => Some(Self::Scheduled(
                job.account_id,
                (job.planned_at, job.priority, job.id),
                job.due_at,
            )),
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
            Some(Standing::Scheduled(account, turn, due_at)) => {
                if let Some(scheduled) = self.scheduled.get_mut(&account) {
                    scheduled.remove(turn, due_at);
                    if scheduled.due.is_empty() {
                        self.scheduled.remove(&account);
                    }
                }
            }
            Some(Standing::Unknown(due, id)) => drop(self.unknown.remove(&(due, id))),
            Some(Standing::InFlight(until, id)) => drop(self.in_flight.remove(&(until, id))),
            None => {}
        }
        match is {
            Some(Standing::Scheduled(account, turn, due_at)) => {
                self.scheduled.entry(account).or_default().insert(turn, due_at);
            }
            Some(Standing::Unknown(due, id)) => drop(self.unknown.insert((due, id))),
            Some(Standing::InFlight(until, id)) => drop(self.in_flight.insert((until, id))),
            None => {}
        }
    }

    pub(super) fn get(&self, account: AccountId) -> Option<&AccountLane> {
        self.lanes.get(&account)
    }

    /// Whether an account has a lane with nothing in flight and nothing scheduled.
    pub(super) fn is_idle(&self, account: AccountId) -> bool {
        let is_free = self.lanes.get(&account).is_some_and(|lane| lane.in_flight == 0);
        is_free && !self.scheduled.contains_key(&account)
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
        let first = self.scheduled.get(&lane.account_id).and_then(|jobs| jobs.due.first());
        lane.settle(first.map(|(due_at, _)| *due_at));
        lane
    }

    /// Up to `limit` lanes that can start something until `horizon`, those first that could longest.
    /// Where there are more, each client gets one before any gets its second, and those that can
    /// `now` come before those that can't yet.
    pub(super) fn ready(
        &self,
        now: DateTime<Utc>,
        horizon: DateTime<Utc>,
        limit: usize,
    ) -> Vec<AccountId> {
        let ready = self.ready.iter().take_while(|(at, _)| *at <= horizon);
        let window = limit.saturating_add(1).max(FAIR_WINDOW);
        let longest: Vec<_> = ready.take(window).collect();
        if longest.len() <= limit {
            return longest.into_iter().map(|(_, account)| *account).collect();
        }
        let mut lanes_of = HashMap::<ClientId, usize>::new();
        let mut rounds: Vec<(bool, usize, AccountId)> = Vec::with_capacity(longest.len());
        for (at, account) in longest {
            let Some(lane) = self.lanes.get(account) else { continue };
            let round = lanes_of.entry(lane.client_id).or_default();
            rounds.push((*at > now, *round, *account));
            *round += 1;
        }
        // Stable: within a round, those that have been ready longest stay first.
        rounds.sort_by_key(|(is_ahead, round, _)| (*is_ahead, *round));
        rounds.into_iter().take(limit).map(|(.., account)| account).collect()
    }

    /// The scheduled job of an account whose turn it is at `start`.
    pub(super) fn first_due(&self, account: AccountId, start: DateTime<Utc>) -> Option<JobId> {
        let turns = &self.scheduled.get(&account)?.turns;
        turns.iter().find(|(_, due_at)| *due_at <= start).map(|((.., id), _)| *id)
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
