//! The simple model: maps, and the lane's own functions.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Refusal;
use super::operation::{How, LaneStep};
use crate::campaign::Campaign;
use crate::id::{AccountId, CampaignId, EventId, JobId};
use crate::publishing::{AccountLane, JobState, LaneAction, LaneChange, PublishJob};
use crate::store::{ClaimRequest, Claimed, Entity, LeaseKey};
use crate::testkit::queue::{LEASE, new_job};
use crate::testkit::world::World;

/// Everything that the random operations touch.
#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) accounts: Vec<(usize, AccountId)>,
    pub(super) campaigns: BTreeMap<CampaignId, Campaign>,
    pub(super) jobs: BTreeMap<JobId, PublishJob>,
    pub(super) lanes: BTreeMap<AccountId, AccountLane>,
    pub(super) events: Vec<EventId>,
    pub(super) used: u64,
}

/// Whether two times that something may start at mean the same: now, whenever it became so, or one
/// time, up to how far a clock runs on during a test.
pub(super) fn close(
    found: Option<DateTime<Utc>>,
    expected: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> bool {
    match (found, expected) {
        (None, None) => true,
        (Some(found), Some(expected)) => {
            (found <= now && expected <= now) || (found - expected).abs() < TimeDelta::seconds(10)
        }
        _ => false,
    }
}

fn later(now: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    now + TimeDelta::minutes(minutes)
}

impl Reference {
    pub(super) fn campaign(&self, which: usize) -> Option<Campaign> {
        self.campaigns.values().nth(which % self.campaigns.len().max(1)).cloned()
    }

    pub(super) fn clashes(&self, campaign: &Campaign) -> Option<Refusal> {
        let others = self.campaigns.values().filter(|other| other.id != campaign.id);
        let keys = campaign.unique_keys();
        others.into_iter().any(|other| other.unique_keys() == keys).then_some(Refusal::Taken)
    }

    pub(super) fn new_job(
        &self,
        world: &World,
        account: usize,
        minutes: i64,
        now: DateTime<Utc>,
    ) -> PublishJob {
        let (place, account) = self.accounts[account];
        new_job(world, place, account, later(now, minutes))
    }

    /// A job as somebody would write it next; none if that makes no sense for it.
    pub(super) fn changed_job(
        &self,
        which: usize,
        how: How,
        now: DateTime<Utc>,
    ) -> Option<PublishJob> {
        let mut job = self.jobs.values().nth(which % self.jobs.len().max(1))?.clone();
        let works = job.state.is_in_flight() || job.state == JobState::Unknown;
        let (allowed, state) = match how {
            How::Publish => (works, JobState::Published),
            How::Commit => (job.state == JobState::Running, JobState::Committing),
            How::Lose { .. } => (job.state == JobState::Committing, JobState::Unknown),
            How::Return { .. } => (!job.state.is_final(), JobState::Scheduled),
            How::Move { .. } => (job.state == JobState::Scheduled, JobState::Scheduled),
            How::Hold => (!job.state.is_final(), JobState::Held),
            How::Cancel => {
                (matches!(job.state, JobState::Scheduled | JobState::Held), JobState::Cancelled)
            }
            How::Touch => (true, job.state),
        };
        match how {
            How::Lose { minutes } | How::Return { minutes } | How::Move { minutes } => {
                job.due_at = later(now, minutes);
            }
            _ => {}
        }
        if !state.is_in_flight() && !matches!(how, How::Touch) {
            job.lease = None;
        }
        (job.state, job.rev) = (state, job.rev + 1);
        allowed.then_some(job)
    }

    /// Follows a job that was committed.
    pub(super) fn write_job(&mut self, job: PublishJob) {
        let before = self.jobs.insert(job.id, job.clone());
        let lane = self
            .lanes
            .entry(job.account_id)
            .or_insert_with(|| AccountLane::new(job.account_id, job.agency_id, job.client_id));
        lane.follow(before.as_ref(), &job);
        self.settle(job.account_id);
    }

    fn settle(&mut self, account: AccountId) {
        let earliest = self.scheduled(account).map(|job| job.due_at).min();
        if let Some(lane) = self.lanes.get_mut(&account) {
            lane.settle(earliest);
        }
    }

    fn scheduled(&self, account: AccountId) -> impl Iterator<Item = &PublishJob> {
        self.jobs
            .values()
            .filter(move |job| job.account_id == account && job.state == JobState::Scheduled)
    }

    pub(super) fn lane_change(
        &self,
        world: &World,
        account: usize,
        step: LaneStep,
        now: DateTime<Utc>,
    ) -> LaneChange {
        let (place, account_id) = self.accounts[account];
        LaneChange {
            account_id,
            agency_id: world.places[place].agency_id,
            client_id: world.places[place].client_id,
            action: match step {
                LaneStep::Do(action) => action,
                LaneStep::Block { minutes } => LaneAction::BlockUntil(later(now, minutes)),
            },
        }
    }

    pub(super) fn change_lane(&mut self, change: &LaneChange) {
        let lane = self.lanes.entry(change.account_id).or_insert_with(|| {
            AccountLane::new(change.account_id, change.agency_id, change.client_id)
        });
        lane.apply(change.action);
        self.settle(change.account_id);
    }

    fn ready_lanes(&self, at: DateTime<Utc>) -> Vec<AccountId> {
        let is_ready = |lane: &&AccountLane| lane.ready_at.is_some_and(|ready| ready <= at);
        self.lanes.values().filter(is_ready).map(|lane| lane.account_id).collect()
    }

    fn unknown_due(&self, at: DateTime<Utc>) -> Vec<JobId> {
        let is_due = |job: &&PublishJob| job.state == JobState::Unknown && job.due_at <= at;
        self.jobs.values().filter(is_due).map(|job| job.id).collect()
    }

    /// Checks a claim, and follows it.
    pub(super) fn claim(&mut self, claimed: &Claimed, request: &ClaimRequest) {
        let at = claimed.at;
        let horizon = at + request.ahead;
        let (ready, unknown) = (self.ready_lanes(horizon), self.unknown_due(at));
        assert!(claimed.jobs.len() <= request.limit, "no more than the limit");
        if claimed.jobs.len() < request.limit {
            for account in &ready {
                let started =
                    |job: &PublishJob| job.account_id == *account && job.state == JobState::Running;
                assert!(claimed.jobs.iter().any(started), "a ready lane was passed over");
            }
            for id in &unknown {
                assert!(claimed.jobs.iter().any(|job| job.id == *id), "one was passed over");
            }
        }
        let mut taken = claimed.jobs.clone();
        // As a lane gave them: by when they start, then by their turn.
        taken.sort_by_key(|job| (job.due_at.max(at), job.planned_at, job.priority, job.id));
        for job in taken {
            let mut expected = self.jobs[&job.id].clone();
            (expected.version, expected.fence) = (expected.version.next(), expected.fence + 1);
            let lease = job.lease.clone().expect("a lease");
            assert_eq!((lease.until - at, lease.claimed_rev), (LEASE, expected.rev));
            expected.lease = Some(lease.clone());
            if expected.state == JobState::Unknown {
                assert!(unknown.contains(&job.id), "it was not due");
                assert!(job.due_at >= lease.until, "it comes back after the lease");
                expected.due_at = job.due_at;
            } else {
                let lane = self.lanes.get_mut(&job.account_id).expect("a lane");
                let ready = lane.ready_at.filter(|ready| *ready <= horizon);
                let start = ready.expect("its lane can start something").max(at);
                lane.start(start);
                self.check_turn(&job, start);
                expected.state = JobState::Running;
                if start > at {
                    expected.due_at = start;
                }
            }
            assert_eq!(job, expected);
            self.jobs.insert(job.id, job.clone());
            if job.state == JobState::Running {
                self.settle(job.account_id);
            }
        }
    }

    fn check_turn(&self, job: &PublishJob, at: DateTime<Utc>) {
        let first = self
            .scheduled(job.account_id)
            .filter(|other| other.due_at <= at)
            .min_by_key(|other| (other.planned_at, other.priority, other.id));
        assert_eq!(first.map(|first| first.id), Some(job.id), "another one's turn");
    }

    fn leased(&self) -> impl Iterator<Item = &PublishJob> {
        self.jobs.values().filter(|job| {
            job.lease.is_some() && (job.state.is_in_flight() || job.state == JobState::Unknown)
        })
    }

    /// Every hold that was ever given on the jobs there are, as their last worker knows it.
    pub(super) fn leases(&self) -> Vec<LeaseKey> {
        let key = |job: &PublishJob| LeaseKey { job_id: job.id, fence: job.fence };
        self.jobs.values().filter(|job| job.fence > 0).map(key).collect()
    }

    pub(super) fn held_at(&self, now: DateTime<Utc>) -> Vec<LeaseKey> {
        let is_held = |job: &&PublishJob| job.lease.as_ref().is_some_and(|l| l.until > now);
        let key = |job: &PublishJob| LeaseKey { job_id: job.id, fence: job.fence };
        self.leased().filter(is_held).map(key).collect()
    }

    pub(super) fn renewed(&mut self, stored: PublishJob) {
        let mut expected = self.jobs[&stored.id].clone();
        let lease = stored.lease.as_ref().expect("a lease");
        if let Some(own) = &mut expected.lease {
            own.until = lease.until;
        }
        if expected.state == JobState::Unknown {
            assert!(stored.due_at >= lease.until, "it comes back after the lease");
            expected.due_at = stored.due_at;
        }
        assert_eq!(stored, expected, "nothing else changed");
        self.jobs.insert(stored.id, stored);
    }

    pub(super) fn expired_at(&self, now: DateTime<Utc>) -> Vec<PublishJob> {
        let has_expired = |job: &&PublishJob| {
            job.state.is_in_flight() && job.lease.as_ref().is_none_or(|lease| lease.until <= now)
        };
        self.jobs.values().filter(has_expired).cloned().collect()
    }

    /// What a rescue makes of a job: back in the queue, or to be asked about.
    pub(super) fn rescue(&self, job: &mut PublishJob) {
        job.state = match job.state {
            JobState::Committing => JobState::Unknown,
            _ => JobState::Scheduled,
        };
        (job.lease, job.crashes) = (None, job.crashes + 1);
    }

    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        let lanes = self.lanes.values().filter_map(|lane| lane.ready_at);
        let unknown = self.jobs.values().filter(|job| job.state == JobState::Unknown);
        lanes.chain(unknown.map(|job| job.due_at)).min()
    }
}
