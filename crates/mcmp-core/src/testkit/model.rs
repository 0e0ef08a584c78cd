//! Random operations, on the store and on a simple model of it: after every step both agree.

mod operation;
mod reference;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::harness::Kit;
use super::queue::{LEASE, account, request};
use super::vary::Vary;
use super::world::{World, ids};
use crate::agency::Meter;
use crate::campaign::Campaign;
use crate::event::Event;
use crate::publishing::{AccountLane, PublishJob};
use crate::store::{
    ChangeSet, ClaimRequest, Entity, EventPosition, LeaseKey, MeterChange, Query, StoreError,
    Version,
};
use crate::value::Name;
use operation::{Op, operations};
use reference::{Reference, close};

/// Random inserts, changes, deletions, meters, jobs, claims, leases, lane changes and moves of time:
/// after every step all reads agree with a model of the store, and each refusal is the one it
/// should be. What fails is shrunk to the fewest operations.
pub(super) async fn random_operations_agree_with_the_model(kit: Kit) {
    let cases =
        std::env::var("MCMP_KIT_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12);
    let runtime = tokio::runtime::Handle::current();
    let config =
        Config { cases, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    let outcome = tokio::task::spawn_blocking(move || {
        let mut runner = TestRunner::new(config);
        runner.run(&operations(), |ops| {
            runtime.block_on(async {
                let mut case = Case::new(kit.world().await).await;
                for op in ops {
                    case.step(op).await;
                    case.agrees().await;
                }
            });
            Ok::<(), TestCaseError>(())
        })
    });
    if let Err(error) = outcome.await.unwrap() {
        panic!("{error}");
    }
}

/// The store and the model side by side.
struct Case {
    world: World,
    model: Reference,
    start: EventPosition,
}

impl Case {
    async fn new(mut world: World) -> Self {
        let mut model = Reference::default();
        for place in [0, 1, 3] {
            let account = account(&mut world, place).await;
            model.accounts.push((place, account));
        }
        let events = world.store().events_after(&world.system, EventPosition::START, 10_000).await;
        let start = events.unwrap().last().map_or(EventPosition::START, |last| last.0);
        Self { world, model, start }
    }

    async fn step(&mut self, op: Op) {
        match op {
            Op::Insert { place, seed } => {
                let mut campaign: Campaign = self.world.make(place, seed);
                campaign.name = few_names(seed);
                let clash = self.model.clashes(&campaign);
                let mut changes = ChangeSet::new();
                changes.insert(&mut campaign);
                if self.commit(changes, clash).await {
                    self.model.campaigns.insert(campaign.id, campaign);
                }
            }
            Op::Change { which, seed, stale } => {
                let Some(mut campaign) = self.model.campaign(which) else { return };
                let mut changes = ChangeSet::new();
                if stale {
                    campaign.version = Version(campaign.version.0 - 1);
                }
                campaign.name = few_names(seed);
                campaign.description = Vary::new(seed).markdown();
                let refused =
                    if stale { Some(Refusal::Conflict) } else { self.model.clashes(&campaign) };
                changes.update(&mut campaign);
                if self.commit(changes, refused).await {
                    self.model.campaigns.insert(campaign.id, campaign);
                }
            }
            Op::Delete { which, stale } => {
                let Some(mut campaign) = self.model.campaign(which) else { return };
                if stale {
                    campaign.version = campaign.version.next();
                }
                let mut changes = ChangeSet::new();
                changes.delete(campaign.clone());
                if self.commit(changes, stale.then_some(Refusal::Conflict)).await {
                    self.model.campaigns.remove(&campaign.id);
                }
            }
            Op::Count { by, limit } => {
                let after = self.model.used.saturating_add_signed(by);
                let full = by > 0 && limit.is_some_and(|limit| after > limit);
                let mut changes = ChangeSet::new();
                changes.meter(MeterChange {
                    agency_id: self.world.places[0].agency_id,
                    meter: Meter::Clients,
                    month: None,
                    by,
                    limit,
                });
                if self.commit(changes, full.then_some(Refusal::Full)).await {
                    self.model.used = after;
                }
            }
            Op::NewJob { account, minutes, priority } => {
                let now = self.world.now().await;
                let mut job = self.model.new_job(&self.world, account, minutes, now);
                job.priority = priority;
                let mut changes = ChangeSet::new();
                changes.insert(&mut job);
                self.commit(changes, None).await;
                self.model.write_job(job);
            }
            Op::Write { which, how, stale } => {
                let now = self.world.now().await;
                let Some(mut job) = self.model.changed_job(which, how, now) else { return };
                if stale {
                    job.version = Version(job.version.0 - 1);
                }
                let mut changes = ChangeSet::new();
                changes.update(&mut job);
                if self.commit(changes, stale.then_some(Refusal::Conflict)).await {
                    self.model.write_job(job);
                }
            }
            Op::Lane { account, action } => {
                let now = self.world.now().await;
                let change = self.model.lane_change(&self.world, account, action, now);
                let mut changes = ChangeSet::new();
                changes.lane(change.clone());
                self.commit(changes, None).await;
                self.model.change_lane(&change);
            }
            Op::Claim { limit, ahead } => {
                let request = ClaimRequest { ahead: TimeDelta::minutes(ahead), ..request(limit) };
                let claimed = self.world.store().claim(&self.world.system, &request).await.unwrap();
                self.model.claim(&claimed, &request);
                assert!(close(claimed.next_due, self.model.next_due(), claimed.at));
            }
            Op::Renew => self.renew().await,
            Op::Rescue => self.rescue().await,
            Op::Advance { minutes } => {
                self.world.advance(TimeDelta::minutes(minutes)).await;
            }
        }
    }

    /// Commits with an event; whether it was taken, which is as expected.
    async fn commit(&mut self, mut changes: ChangeSet, refused: Option<Refusal>) -> bool {
        let event: Event = self.world.make(0, self.model.events.len() as u64);
        changes.event(event.clone());
        let answer = self.world.commit(changes).await;
        let agrees = matches!(
            (&answer, refused),
            (Ok(()), None)
                | (Err(StoreError::Conflict { .. }), Some(Refusal::Conflict))
                | (Err(StoreError::NotUnique { .. }), Some(Refusal::Taken))
                | (Err(StoreError::MeterFull { .. }), Some(Refusal::Full))
        );
        assert!(agrees, "expected {refused:?}, the store says {answer:?}");
        if answer.is_ok() {
            self.model.events.push(event.id);
        }
        answer.is_ok()
    }

    async fn renew(&mut self) {
        let held: Vec<LeaseKey> = self.model.leases();
        let before = self.world.now().await;
        let mut renewed = self.world.store().renew(&self.world.system, &held, LEASE).await.unwrap();
        renewed.sort_unstable();
        assert_eq!(renewed, self.model.held_at(before), "what is still held");
        for key in renewed {
            let stored = self.world.stored::<PublishJob>(key.job_id).await.unwrap();
            let until = stored.lease.as_ref().map(|lease| lease.until);
            assert!(until >= Some(before + LEASE), "the lease is longer");
            self.model.renewed(stored);
        }
    }

    async fn rescue(&mut self) {
        let now = self.world.now().await;
        let mut expired = self.world.store().expired(&self.world.system, 500).await.unwrap();
        expired.sort_by_key(|job| job.id);
        assert_eq!(expired, self.model.expired_at(now), "what has expired");
        for mut job in expired {
            self.model.rescue(&mut job);
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            self.commit(changes, None).await;
            self.model.write_job(job);
        }
    }

    /// Every read agrees with the model.
    async fn agrees(&self) {
        let world = &self.world;
        let manager = world.readers.iter().find(|reader| reader.name == "manager").unwrap();
        for scope in [&world.system, &world.readers[0].scope, &manager.scope] {
            let mut expected: Vec<_> = world.all::<Campaign>();
            expected.extend(self.model.campaigns.values().cloned());
            expected.retain(|row| scope.sees(row.tenancy()));
            expected.sort_by_key(|row| row.id);
            let query = Query::new(Default::default()).limit(7);
            let found = world.walk::<Campaign>(scope, query).await;
            assert_eq!(ids(&found), ids(&expected));
            assert_eq!(found, expected);
        }
        let mut jobs =
            world.walk::<PublishJob>(&world.system, Query::new(Default::default())).await;
        jobs.retain(|job| self.model.jobs.contains_key(&job.id));
        let expected: Vec<_> = self.model.jobs.values().cloned().collect();
        assert_eq!(jobs, expected);

        let now = world.now().await;
        for (_, account) in &self.model.accounts {
            let found = world.store().lane(&world.system, *account).await.unwrap();
            same_lane(found.as_ref(), self.model.lanes.get(account), now);
        }
        let next = world.store().next_due(&world.system).await.unwrap();
        assert!(close(next, self.model.next_due(), now), "{next:?} {:?}", self.model.next_due());
        let found = world.store().events_after(&world.system, self.start, 10_000).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|(_, event)| event.id).collect();
        assert_eq!(found, self.model.events);
        let agency = world.places[0].agency_id;
        let used = world.store().usage(&world.system, agency, Meter::Clients, None).await.unwrap();
        assert_eq!(used, self.model.used);
    }
}

/// How a commit must be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Conflict,
    Taken,
    Full,
}

fn few_names(seed: u64) -> Name {
    Name::new("name", format!("Name {}", seed % 5)).unwrap()
}

fn same_lane(found: Option<&AccountLane>, expected: Option<&AccountLane>, now: DateTime<Utc>) {
    let (Some(found), Some(expected)) = (found, expected) else {
        assert_eq!(found, expected);
        return;
    };
    assert!(close(found.ready_at, expected.ready_at, now), "{found:?} {expected:?}");
    assert!(close(found.next_gap_at, expected.next_gap_at, now), "{found:?} {expected:?}");
    let mut same = found.clone();
    (same.ready_at, same.next_gap_at) = (expected.ready_at, expected.next_gap_at);
    assert_eq!(same, *expected);
}
