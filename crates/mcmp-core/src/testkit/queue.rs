//! Claims and leases: a due job is taken, by one worker, in its turn.

use chrono::{DateTime, TimeDelta, Utc};

use super::harness::Kit;
use super::samples::Stored;
use super::world::World;
use crate::account::SocialAccount;
use crate::id::{AccountId, JobId};
use crate::publishing::{JobState, LaneAction, LaneChange, PauseReason, PublishJob, WorkerId};
use crate::store::{ChangeSet, ClaimRequest, LeaseKey, StoreError};

/// How long the kit's workers hold a job: off the whole minutes that times move by.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(10 * 60 + 30);

pub(super) const MINUTE: TimeDelta = TimeDelta::minutes(1);

pub(super) fn request(limit: usize) -> ClaimRequest {
    ClaimRequest {
        worker: WorkerId("worker-1".to_owned()),
        limit,
        lease: LEASE,
        ahead: TimeDelta::zero(),
    }
}

pub(super) async fn claim(world: &World, limit: usize) -> Vec<PublishJob> {
    world.store().claim(&world.system, &request(limit)).await.unwrap().jobs
}

/// One job at most, as the test expects.
pub(super) async fn claim_one(world: &World) -> Option<PublishJob> {
    let mut jobs = claim(world, 10).await;
    let job = jobs.pop();
    assert_eq!(jobs, [], "one job at most");
    job
}

/// A connected account of its own.
pub(super) async fn account(world: &mut World, place: usize) -> AccountId {
    let account: SocialAccount = world.make(place, 1);
    world.insert(account).await.id
}

/// A scheduled job that nobody has touched, not yet stored.
pub(super) fn new_job(
    world: &World,
    place: usize,
    account: AccountId,
    due: DateTime<Utc>,
) -> PublishJob {
    let mut job: PublishJob = world.make(place, 1);
    (job.account_id, job.state, job.due_at, job.planned_at) =
        (account, JobState::Scheduled, due, due);
    (job.priority, job.rev, job.fence) = (0, 3, 0);
    (job.lease, job.intent, job.hold_reason, job.finished_at) = (None, None, None, None);
    (job.cancel_requested_at, job.checkpoint, job.crashes) = (None, None, 0);
    job
}

/// A scheduled job, due `minutes` from now; negative ones are due already.
pub(super) async fn job(
    world: &World,
    place: usize,
    account: AccountId,
    minutes: i64,
) -> PublishJob {
    let due = world.now().await + MINUTE * i32::try_from(minutes).unwrap();
    let mut job = new_job(world, place, account, due);
    insert(world, &mut job).await;
    job
}

pub(super) async fn insert(world: &World, job: &mut PublishJob) {
    let mut changes = ChangeSet::new();
    changes.insert(job);
    world.commit(changes).await.unwrap();
}

pub(super) async fn update(world: &World, job: &mut PublishJob) -> Result<(), StoreError> {
    let mut changes = ChangeSet::new();
    changes.update(job);
    world.commit(changes).await
}

/// The job's end, as its worker commits it.
pub(super) async fn finish(world: &World, mut job: PublishJob) -> PublishJob {
    (job.state, job.lease) = (JobState::Published, None);
    update(world, &mut job).await.unwrap();
    job
}

pub(super) async fn change_lane(
    world: &World,
    place: usize,
    account: AccountId,
    action: LaneAction,
) {
    let mut changes = ChangeSet::new();
    changes.lane(LaneChange {
        account_id: account,
        agency_id: world.places[place].agency_id,
        client_id: world.places[place].client_id,
        action,
    });
    world.commit(changes).await.unwrap();
}

pub(super) fn job_ids(jobs: &[PublishJob]) -> Vec<JobId> {
    let mut ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    ids.sort_unstable();
    ids
}

/// A job whose time has come is taken: running, one fence and one version on, with a lease by the
/// store's time, and otherwise as it was; the store keeps what the worker was given.
pub(super) async fn a_due_job_is_claimed(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let job = job(&world, 0, account, -1).await;
    let before = world.now().await;
    let claimed = world.store().claim(&world.system, &request(5)).await.unwrap();
    let after = world.now().await;
    assert!(before <= claimed.at && claimed.at <= after, "the claim tells the store's time");
    let [taken] = claimed.jobs.as_slice() else { panic!("one job, not {:?}", claimed.jobs) };
    let lease = taken.lease.clone().expect("a lease");
    assert_eq!((lease.worker.0.as_str(), lease.claimed_rev), ("worker-1", job.rev));
    assert!(before + LEASE <= lease.until && lease.until <= after + LEASE);
    let mut expected = job.clone();
    (expected.state, expected.fence, expected.lease) = (JobState::Running, 1, Some(lease));
    expected.version = job.version.next();
    assert_eq!(*taken, expected);
    assert_eq!(world.stored::<PublishJob>(job.id).await, Some(expected));
    assert_eq!(claim(&world, 5).await, [], "it is taken once");
}

/// A job that is due later is not taken, and is as soon as its time comes.
pub(super) async fn a_future_job_waits_for_its_time(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let job = job(&world, 0, account, 90).await;
    assert_eq!(claim_one(&world).await, None);
    world.advance(MINUTE * 60).await;
    assert_eq!(claim_one(&world).await, None);
    world.advance(MINUTE * 30).await;
    assert_eq!(claim_one(&world).await.map(|job| job.id), Some(job.id));
    for state in JobState::ALL {
        if matches!(state, JobState::Scheduled | JobState::Unknown) {
            continue;
        }
        let mut resting = new_job(&world, 1, world.places[1].account_id, job.due_at);
        resting.state = *state;
        insert(&world, &mut resting).await;
    }
    assert_eq!(claim_one(&world).await, None, "no other state is claimed");
}

/// Within a lane, of the jobs that are due the one that was planned first goes first, then the one of
/// smaller priority, then the one that was made first.
pub(super) async fn the_earliest_job_of_a_lane_goes_first(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let now = world.now().await;
    let mut jobs = Vec::new();
    for (minutes, priority) in [(5, 0), (5, -3), (9, 7), (5, 0), (1, -9), (5, i16::MAX)] {
        let mut job = new_job(&world, 0, account, now - MINUTE * minutes);
        job.priority = priority;
        // When it is due says whether it goes, not in which order.
        job.due_at = now - MINUTE * (10 - minutes);
        insert(&world, &mut job).await;
        jobs.push(job);
    }
    let mut waiting = new_job(&world, 0, account, now - MINUTE * 30);
    waiting.due_at = now + MINUTE;
    insert(&world, &mut waiting).await;
    jobs.sort_by_key(|job| (job.planned_at, job.priority, job.id));
    for expected in jobs {
        let taken = claim_one(&world).await.expect("the next one");
        assert_eq!(taken.id, expected.id);
        finish(&world, taken).await;
    }
    assert_eq!(claim_one(&world).await, None);
}

/// A claim starts one job of every ready lane before it starts a second one of any, and each time
/// the lane's next.
pub(super) async fn every_ready_lane_gets_its_start(kit: Kit) {
    let mut world = kit.world().await;
    let mut accounts = Vec::new();
    for place in [0, 0, 1, 3] {
        let account = account(&mut world, place).await;
        change_lane(&world, place, account, LaneAction::SetMaxInFlight(2)).await;
        for minutes in [-30, -20, -10] {
            job(&world, place, account, minutes).await;
        }
        accounts.push(account);
    }
    let now = world.now().await;
    for (round, minutes) in [29, 19].into_iter().enumerate() {
        let jobs = claim(&world, accounts.len()).await;
        let mut taken: Vec<_> = jobs.iter().map(|job| job.account_id).collect();
        taken.sort_unstable();
        assert_eq!(taken, accounts, "round {round}: one of each lane");
        assert!(jobs.iter().all(|job| job.due_at < now - MINUTE * minutes), "its first one");
    }
    assert_eq!(claim(&world, 50).await, [], "all lanes are full");
}

/// Where more lanes are ready than a claim may take, every client gets one before any gets its
/// second, however long the lanes of one have been ready.
pub(super) async fn clients_share_a_claim(kit: Kit) {
    let mut world = kit.world().await;
    for place in [0, 0, 0, 0, 0, 0, 1, 3] {
        let account = account(&mut world, place).await;
        job(&world, place, account, if place == 0 { -60 } else { -1 }).await;
    }
    let clients = |jobs: &[PublishJob]| -> Vec<_> {
        let mut clients: Vec<_> = jobs.iter().map(|job| job.client_id).collect();
        clients.sort_unstable();
        clients
    };
    let mut first: Vec<_> = [0, 1, 3, 0].map(|place| world.places[place].client_id).into();
    first.sort_unstable();
    assert_eq!(clients(&claim(&world, 4).await), first, "one each, and one over");
    let rest = claim(&world, 4).await;
    assert_eq!(clients(&rest), [world.places[0].client_id; 4], "no place stays empty");
}

/// Where more lanes are ready than a claim may take, those go first that have been ready longest.
pub(super) async fn lanes_ready_longest_come_first(kit: Kit) {
    let mut world = kit.world().await;
    let mut by_age = Vec::new();
    for minutes in [-20, -50, -10, -40, -30] {
        let account = account(&mut world, 0).await;
        by_age.push((minutes, job(&world, 0, account, minutes).await.id));
    }
    by_age.sort_unstable();
    for expected in by_age.chunks(2) {
        let mut expected: Vec<_> = expected.iter().map(|(_, id)| *id).collect();
        expected.sort_unstable();
        assert_eq!(job_ids(&claim(&world, 2).await), expected);
    }
}

/// A claim takes no more than it asks for, jobs of unknown outcome included, and none for zero.
pub(super) async fn a_claim_keeps_to_its_limit(kit: Kit) {
    let mut world = kit.world().await;
    for _ in 0..6 {
        let account = account(&mut world, 0).await;
        job(&world, 0, account, -1).await;
        let mut unknown = new_job(&world, 0, account, world.now().await - MINUTE);
        unknown.state = JobState::Unknown;
        insert(&world, &mut unknown).await;
    }
    assert_eq!(claim(&world, 0).await, []);
    let mut taken = Vec::new();
    for limit in [1, 4, 5, 100] {
        let jobs = claim(&world, limit).await;
        assert!(jobs.len() <= limit && !jobs.is_empty(), "{limit}");
        taken.extend(job_ids(&jobs));
    }
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 12, "all are taken, each once");
}

/// Where more waits than a claim may take, lanes and jobs of unknown outcome both get a share.
pub(super) async fn lanes_and_unknown_jobs_share_a_claim(kit: Kit) {
    let mut world = kit.world().await;
    for minutes in 1..=8 {
        let account = account(&mut world, 0).await;
        job(&world, 0, account, -minutes).await;
        let mut unknown = new_job(&world, 0, account, world.now().await - MINUTE * 30);
        unknown.state = JobState::Unknown;
        insert(&world, &mut unknown).await;
    }
    let taken = claim(&world, 6).await;
    for state in [JobState::Running, JobState::Unknown] {
        let share = taken.iter().filter(|job| job.state == state).count();
        assert!(share > 0, "{state} ones get a share of {}", taken.len());
    }
    assert_eq!(taken.len(), 6);
}

/// A job of unknown outcome is taken when it is due, also from a full or paused lane: it keeps its
/// state, takes no place, and comes back only after the lease.
pub(super) async fn unknown_jobs_are_claimed_without_a_place(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let running = job(&world, 0, account, -5).await;
    let mut unknown = new_job(&world, 0, account, world.now().await + MINUTE * 2);
    unknown.state = JobState::Unknown;
    insert(&world, &mut unknown).await;
    assert_eq!(claim_one(&world).await.map(|job| job.id), Some(running.id), "it is not due");
    world.advance(MINUTE * 2).await;
    change_lane(&world, 0, account, LaneAction::Pause(PauseReason::Account)).await;

    for fence in [1, 2] {
        let now = world.now().await;
        let taken = claim_one(&world).await.expect("the lane is full, and it is taken");
        assert_eq!((taken.id, taken.state), (unknown.id, JobState::Unknown));
        assert_eq!((taken.fence, taken.version), (fence, unknown.version.next()));
        let lease = taken.lease.clone().expect("a lease");
        assert!(lease.until >= now + LEASE && taken.due_at >= lease.until, "it comes back later");
        assert_eq!(world.stored::<PublishJob>(unknown.id).await.as_ref(), Some(&taken));
        let lane = world.store().lane(&world.system, account).await.unwrap().unwrap();
        assert_eq!(lane.in_flight, 1, "it takes no place");
        assert_eq!(claim_one(&world).await, None, "not before its time");
        world.advance(MINUTE * 12).await;
        unknown = taken;
    }
}

/// The time of the next claim: of the earliest lane or job of unknown outcome; none while nothing
/// waits or all that waits is paused.
pub(super) async fn next_due_names_the_next_claim(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let next = async |world: &World| world.store().next_due(&world.system).await.unwrap();
    assert_eq!(next(&world).await, None);
    let late = job(&world, 0, account, 60).await;
    assert_eq!(next(&world).await, Some(late.due_at));
    let soon = job(&world, 0, account, 20).await;
    assert_eq!(next(&world).await, Some(soon.due_at));
    change_lane(&world, 0, account, LaneAction::Pause(PauseReason::Client)).await;
    assert_eq!(next(&world).await, None, "paused");
    let mut unknown = new_job(&world, 0, account, late.due_at + MINUTE);
    unknown.state = JobState::Unknown;
    insert(&world, &mut unknown).await;
    assert_eq!(next(&world).await, Some(unknown.due_at), "to be asked about");
    change_lane(&world, 0, account, LaneAction::Resume(PauseReason::Client)).await;
    assert_eq!(next(&world).await, Some(soon.due_at));
    world.advance(MINUTE * 21).await;
    assert!(next(&world).await.unwrap() <= world.now().await, "something is due");
    let running = claim_one(&world).await.unwrap();
    assert_eq!(next(&world).await, Some(unknown.due_at), "the lane is full");
    finish(&world, running).await;
    assert_eq!(next(&world).await, Some(late.due_at));
}

async fn claim_ahead(world: &World, limit: usize, minutes: i32) -> Vec<PublishJob> {
    let request = ClaimRequest { ahead: MINUTE * minutes, ..request(limit) };
    let claimed = world.store().claim(&world.system, &request).await.unwrap();
    let next_due = world.store().next_due(&world.system).await.unwrap();
    assert_eq!(claimed.next_due, next_due, "a claim tells what is left");
    claimed.jobs
}

/// A claim that looks ahead takes what its lanes can start until then, and nothing that comes later;
/// each with the time from when on something may be called for it.
pub(super) async fn jobs_are_claimed_ahead_of_their_time(kit: Kit) {
    let mut world = kit.world().await;
    let own = account(&mut world, 0).await;
    let (planned, blocked) = (account(&mut world, 0).await, account(&mut world, 1).await);
    let soon = job(&world, 0, planned, 20).await;
    let late = job(&world, 0, own, 31).await;
    let shut = job(&world, 1, blocked, 5).await;
    let until = shut.due_at + MINUTE * 10;
    change_lane(&world, 1, blocked, LaneAction::BlockUntil(until)).await;
    let mut unknown = new_job(&world, 0, own, soon.due_at);
    unknown.state = JobState::Unknown;
    insert(&world, &mut unknown).await;

    assert_eq!(claim_ahead(&world, 10, 0).await, []);
    assert_eq!(claim_ahead(&world, 10, -5).await, []);
    assert_eq!(claim_ahead(&world, 10, 14).await, [], "the one is blocked, the other too late");
    let taken = claim_ahead(&world, 10, 30).await;
    let mut expected = vec![(shut.id, until), (soon.id, soon.due_at)];
    expected.sort_unstable();
    let mut found: Vec<_> = taken.iter().map(|job| (job.id, job.due_at)).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "and what is unknown waits for its time");
    for job in taken {
        assert_eq!((job.state, job.fence), (JobState::Running, 1));
        assert_eq!(world.stored::<PublishJob>(job.id).await.as_ref(), Some(&job));
        let lane = world.store().lane(&world.system, job.account_id).await.unwrap().unwrap();
        assert_eq!((lane.in_flight, lane.ready_at), (1, None), "it has its place");
        assert!(lane.next_gap_at >= Some(job.due_at), "its start is then");
    }
    assert_eq!(job_ids(&claim_ahead(&world, 10, 31).await), [late.id]);
}

/// From a lane ahead of its time the job is taken whose turn it will be then, also where one that
/// was planned earlier becomes due within the look-ahead; and lanes that are ready come first.
pub(super) async fn a_claim_ahead_keeps_turns(kit: Kit) {
    let mut world = kit.world().await;
    let now = world.now().await;
    let own = account(&mut world, 0).await;
    let first = job(&world, 0, own, 5).await;
    let mut retried = new_job(&world, 0, own, now + MINUTE * 15);
    retried.planned_at = now - MINUTE * 30;
    insert(&world, &mut retried).await;
    change_lane(&world, 0, own, LaneAction::SetMinGap(60_000)).await;
    let taken = claim_ahead(&world, 10, 20).await;
    assert_eq!(job_ids(&taken), [first.id]);
    finish(&world, taken[0].clone()).await;
    let lane = world.store().lane(&world.system, own).await.unwrap().unwrap();
    assert_eq!(lane.next_gap_at, Some(first.due_at + MINUTE), "a gap from its start");
    assert_eq!(job_ids(&claim_ahead(&world, 10, 20).await), [retried.id]);

    let mut ready = Vec::new();
    for _ in 0..3 {
        let account = account(&mut world, 0).await;
        ready.push(job(&world, 0, account, -1).await.id);
    }
    let other = account(&mut world, 1).await;
    let ahead = job(&world, 1, other, 10).await;
    ready.sort_unstable();
    assert_eq!(job_ids(&claim_ahead(&world, 3, 20).await), ready, "another client's can wait");
    assert_eq!(job_ids(&claim_ahead(&world, 3, 20).await), [ahead.id]);
}

/// Claims, leases and the plan are for the system; everybody else is told that it is out of scope,
/// and takes nothing.
pub(super) async fn the_queue_is_the_systems(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let job = job(&world, 0, account, -1).await;
    let lease = [LeaseKey { job_id: job.id, fence: 1 }];
    for reader in world.readers.iter().filter(|reader| !reader.scope.is_system()) {
        let (store, scope) = (world.store(), &reader.scope);
        let answers = [
            store.claim(scope, &request(5)).await.map(|_| ()),
            store.renew(scope, &lease, LEASE).await.map(|_| ()),
            store.expired(scope, 5).await.map(|_| ()),
            store.next_due(scope).await.map(|_| ()),
        ];
        for (i, answer) in answers.into_iter().enumerate() {
            let refused = matches!(answer, Err(StoreError::OutOfScope { .. }));
            assert!(refused, "call {i} by {}: {answer:?}", reader.name);
        }
    }
    assert_eq!(world.stored::<PublishJob>(job.id).await, Some(job), "nobody took it");
    let in_agency = world.readers.iter().find(|r| r.name == "system in an agency").unwrap();
    let taken = world.store().claim(&in_agency.scope, &request(5)).await.unwrap();
    assert_eq!(taken.jobs.len(), 1, "the system may, wherever it was opened");
    let _reads = PublishJob::read(world.store());
}
