//! Lanes: what may start for an account, and when.

use chrono::{DateTime, TimeDelta, Utc};

use super::harness::Kit;
use super::queue::{
    MINUTE, account, change_lane, claim, claim_one, finish, insert, job, new_job, update,
};
use super::world::{World, is_conflict};
use crate::id::{AccountId, Id};
use crate::publishing::{AccountLane, JobState, LaneAction, LaneChange, PauseReason, PublishJob};
use crate::store::{ChangeSet, EntityKind};

async fn lane(world: &World, account: AccountId) -> AccountLane {
    world.store().lane(&world.system, account).await.unwrap().expect("it has a lane")
}

/// The lane can start something now.
async fn is_ready(world: &World, account: AccountId) -> bool {
    let now = world.now().await;
    lane(world, account).await.ready_at.is_some_and(|at| at <= now)
}

/// A lane is ready when its earliest scheduled job is due, and follows every insert, move, cancel,
/// hold, claim, finish and release in the same commit. No lane sleeps while something is due.
pub(super) async fn a_lane_follows_its_jobs(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let ready =
        async |world: &World| -> Option<DateTime<Utc>> { lane(world, account).await.ready_at };

    let mut late = job(&world, 0, account, 60).await;
    assert_eq!(ready(&world).await, Some(late.due_at), "inserted");
    let mut soon = job(&world, 0, account, 30).await;
    assert_eq!(ready(&world).await, Some(soon.due_at), "an earlier one inserted");
    late.due_at -= MINUTE * 50;
    update(&world, &mut late).await.unwrap();
    assert_eq!(ready(&world).await, Some(late.due_at), "moved to earlier");
    late.due_at += MINUTE * 50;
    update(&world, &mut late).await.unwrap();
    assert_eq!(ready(&world).await, Some(soon.due_at), "moved to later");
    soon.state = JobState::Cancelled;
    update(&world, &mut soon).await.unwrap();
    assert_eq!(ready(&world).await, Some(late.due_at), "cancelled");
    late.state = JobState::Held;
    update(&world, &mut late).await.unwrap();
    assert_eq!(ready(&world).await, None, "held");
    late.state = JobState::Scheduled;
    update(&world, &mut late).await.unwrap();
    assert_eq!(ready(&world).await, Some(late.due_at), "released by a person");

    world.advance(MINUTE * 61).await;
    let waiting = job(&world, 0, account, 40).await;
    let mut running = claim_one(&world).await.unwrap();
    assert_eq!(ready(&world).await, None, "full");
    assert_eq!(lane(&world, account).await.in_flight, 1);
    (running.state, running.due_at) = (JobState::Scheduled, world.now().await + MINUTE * 5);
    running.lease = None;
    update(&world, &mut running).await.unwrap();
    assert_eq!(ready(&world).await, Some(running.due_at), "back with a checkpoint");
    assert_eq!(lane(&world, account).await.in_flight, 0);
    world.advance(MINUTE * 5).await;
    let mut running = claim_one(&world).await.unwrap();
    running.state = JobState::Committing;
    update(&world, &mut running).await.unwrap();
    assert_eq!(lane(&world, account).await.in_flight, 1, "the same place");
    running.state = JobState::Unknown;
    update(&world, &mut running).await.unwrap();
    assert_eq!(lane(&world, account).await.in_flight, 0, "an unknown one takes no place");
    assert_eq!(ready(&world).await, Some(waiting.due_at));
    world.advance(MINUTE * 40).await;
    let taken = claim(&world, 10).await;
    let taken = taken.into_iter().find(|job| job.state == JobState::Running).unwrap();
    assert_eq!(taken.id, waiting.id);
    finish(&world, taken).await;
    let at_end = lane(&world, account).await;
    assert_eq!((at_end.ready_at, at_end.in_flight), (None, 0), "nothing is left");
}

/// Never more jobs in flight than the lane allows, and at least one; the rest start as places get
/// free, or when more are allowed.
pub(super) async fn a_lane_holds_no_more_than_it_allows(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    for _ in 0..6 {
        job(&world, 0, account, -1).await;
    }
    change_lane(&world, 0, account, LaneAction::SetMaxInFlight(0)).await;
    assert_eq!(lane(&world, account).await.max_in_flight, 1, "at least one");
    let first = claim_one(&world).await.expect("one place");
    assert_eq!(claim_one(&world).await, None);
    change_lane(&world, 0, account, LaneAction::SetMaxInFlight(3)).await;
    assert!(is_ready(&world, account).await);
    let mut running = vec![first];
    running.extend(claim(&world, 1).await);
    running.extend(claim(&world, 10).await);
    assert_eq!(claim_one(&world).await, None, "three at once");
    assert_eq!(lane(&world, account).await.in_flight, 3);
    change_lane(&world, 0, account, LaneAction::SetMaxInFlight(1)).await;
    for job in running {
        assert_eq!(claim_one(&world).await, None, "not before all but none are through");
        finish(&world, job).await;
    }
    assert!(claim_one(&world).await.is_some());
    assert_eq!(claim_one(&world).await, None);
}

/// The next start of a lane waits until the gap after the last one has passed.
pub(super) async fn a_gap_lies_between_two_starts(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    for _ in 0..3 {
        job(&world, 0, account, -1).await;
    }
    change_lane(&world, 0, account, LaneAction::SetMinGap(30 * 60 * 1_000)).await;
    for _ in 0..2 {
        let before = world.now().await;
        let taken = claim_one(&world).await.expect("it is its turn");
        finish(&world, taken).await;
        assert_eq!(claim_one(&world).await, None, "too soon");
        let ready_at = lane(&world, account).await.ready_at.expect("one more waits");
        let gap = TimeDelta::minutes(30);
        assert!(before + gap <= ready_at && ready_at <= world.now().await + gap);
        assert_eq!(world.store().next_due(&world.system).await.unwrap(), Some(ready_at));
        world.advance(MINUTE * 20).await;
        assert_eq!(claim_one(&world).await, None, "still too soon");
        world.advance(MINUTE * 10).await;
    }
    change_lane(&world, 0, account, LaneAction::SetMinGap(0)).await;
    let taken = claim_one(&world).await.expect("the last one");
    finish(&world, taken).await;
    job(&world, 0, account, -1).await;
    assert!(claim_one(&world).await.is_some(), "no gap any more");
}

/// A paused lane starts nothing, for whichever reason, and goes on when the last reason is gone;
/// jobs that run are left alone.
pub(super) async fn a_paused_lane_starts_nothing(kit: Kit) {
    use PauseReason::{Account, Agency, Client, Reconnect};
    let mut world = kit.world().await;
    let own = account(&mut world, 0).await;
    let other = account(&mut world, 0).await;
    for reason in [Account, Client, Agency, Reconnect] {
        job(&world, 0, own, -1).await;
        change_lane(&world, 0, own, LaneAction::Pause(reason)).await;
        change_lane(&world, 0, own, LaneAction::Pause(reason)).await;
        assert_eq!(claim_one(&world).await, None, "paused: {reason:?}");
        assert_eq!(lane(&world, own).await.ready_at, None);
        job(&world, 0, own, -1).await;
        assert_eq!(lane(&world, own).await.ready_at, None, "an insert does not wake it");
        job(&world, 0, other, -1).await;
        let others = claim_one(&world).await.expect("another lane goes on");
        assert_eq!(others.account_id, other);
        finish(&world, others).await;
        change_lane(&world, 0, own, LaneAction::Resume(reason)).await;
        for _ in 0..2 {
            let taken = claim_one(&world).await.expect("resumed");
            finish(&world, taken).await;
        }
    }
    job(&world, 0, own, -1).await;
    change_lane(&world, 0, own, LaneAction::Pause(Account)).await;
    change_lane(&world, 0, own, LaneAction::Pause(Reconnect)).await;
    change_lane(&world, 0, own, LaneAction::Resume(Account)).await;
    change_lane(&world, 0, own, LaneAction::Resume(Client)).await;
    assert_eq!(claim_one(&world).await, None, "one reason is left");
    change_lane(&world, 0, own, LaneAction::Resume(Reconnect)).await;
    let running = claim_one(&world).await.expect("none is left");
    change_lane(&world, 0, own, LaneAction::Pause(Client)).await;
    assert_eq!(lane(&world, own).await.in_flight, 1);
    finish(&world, running).await;
    assert_eq!(lane(&world, own).await.in_flight, 0, "what ran came to its end");
}

/// A blocked lane waits until the block ends; a shorter block does not shorten a longer one.
pub(super) async fn a_blocked_lane_waits(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    job(&world, 0, account, -1).await;
    let until = world.now().await + MINUTE * 60;
    change_lane(&world, 0, account, LaneAction::BlockUntil(until)).await;
    change_lane(&world, 0, account, LaneAction::BlockUntil(until - MINUTE * 40)).await;
    assert_eq!(lane(&world, account).await.ready_at, Some(until));
    assert_eq!(world.store().next_due(&world.system).await.unwrap(), Some(until));
    for _ in 0..2 {
        assert_eq!(claim_one(&world).await, None);
        world.advance(MINUTE * 30).await;
    }
    assert!(claim_one(&world).await.is_some());
}

/// A job that is deleted leaves its lane: its place is free, and what it was due for is forgotten.
pub(super) async fn a_deleted_job_leaves_its_lane(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let delete = async |world: &World, job: PublishJob| {
        let mut changes = ChangeSet::new();
        changes.delete(job);
        world.commit(changes).await.unwrap();
    };
    let first = job(&world, 0, account, -2).await;
    let second = job(&world, 0, account, 30).await;
    delete(&world, first).await;
    assert_eq!(lane(&world, account).await.ready_at, Some(second.due_at));
    assert_eq!(claim_one(&world).await, None);
    world.advance(MINUTE * 30).await;
    let running = claim_one(&world).await.unwrap();
    let third = job(&world, 0, account, -1).await;
    delete(&world, running).await;
    assert_eq!(lane(&world, account).await.in_flight, 0);
    assert_eq!(claim_one(&world).await.map(|job| job.id), Some(third.id));
}

/// A lane is there from the first job or change of its account, with one place and no gap.
pub(super) async fn a_lane_is_there_from_its_first_job_or_change(kit: Kit) {
    let mut world = kit.world().await;
    let (by_job, by_change, neither) =
        (account(&mut world, 0).await, account(&mut world, 0).await, account(&mut world, 0).await);
    let place = world.places[0].clone();
    let mut expected = AccountLane::new(by_job, place.agency_id, place.client_id);
    expected.ready_at = Some(job(&world, 0, by_job, 5).await.due_at);
    assert_eq!(lane(&world, by_job).await, expected);
    change_lane(&world, 0, by_change, LaneAction::SetMinGap(1_000)).await;
    let mut expected = AccountLane::new(by_change, place.agency_id, place.client_id);
    expected.min_gap_ms = 1_000;
    assert_eq!(lane(&world, by_change).await, expected);
    assert_eq!(world.store().lane(&world.system, neither).await.unwrap(), None);
}

/// Jobs and lane changes of one commit take effect together, in order; a commit that fails leaves
/// the lane as it was.
pub(super) async fn a_lane_change_is_part_of_its_commit(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let mut job = new_job(&world, 0, account, world.now().await - MINUTE);
    let pause = |action| LaneChange {
        account_id: account,
        agency_id: world.places[0].agency_id,
        client_id: world.places[0].client_id,
        action,
    };
    let mut changes = ChangeSet::new();
    changes.insert(&mut job);
    changes.lane(pause(LaneAction::Pause(PauseReason::Account)));
    world.commit(changes).await.unwrap();
    let before = lane(&world, account).await;
    assert_eq!(before.ready_at, None, "paused with its first job");

    let mut changes = ChangeSet::new();
    changes.lane(pause(LaneAction::Resume(PauseReason::Account)));
    changes.insert(&mut job.clone());
    world.commit(changes).await.expect_err("inserted twice");
    assert_eq!(lane(&world, account).await, before);
    assert_eq!(claim_one(&world).await, None);

    // A running job ends and the next one comes in the same commit.
    change_lane(&world, 0, account, LaneAction::Resume(PauseReason::Account)).await;
    let mut running = claim_one(&world).await.unwrap();
    let mut next = new_job(&world, 0, account, world.now().await - MINUTE);
    let mut changes = ChangeSet::new();
    changes.insert(&mut next);
    running.state = JobState::Published;
    changes.update(&mut running);
    world.commit(changes).await.unwrap();
    let taken = claim_one(&world).await.expect("no lane sleeps");
    assert_eq!(taken.id, next.id);
    let mut late = new_job(&world, 0, account, world.now().await - MINUTE);
    insert(&world, &mut late).await;
    assert_eq!(claim_one(&world).await, None, "and none starts a second job");
}

/// A commit that requires an unpaused lane is a conflict while the lane is paused, and leaves
/// nothing; else it changes nothing about the lane.
pub(super) async fn a_pause_stops_a_commit_that_requires_none(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let mut job = job(&world, 0, account, 60).await;
    for reason in [PauseReason::Client, PauseReason::Account] {
        for (is_paused, action) in
            [(true, LaneAction::Pause(reason)), (false, LaneAction::Resume(reason))]
        {
            change_lane(&world, 0, account, action).await;
            let (before, mut changed) = (lane(&world, account).await, job.clone());
            changed.rev += 1;
            let mut changes = ChangeSet::new();
            changes.update(&mut changed);
            changes.lane(LaneChange {
                account_id: account,
                agency_id: world.places[0].agency_id,
                client_id: world.places[0].client_id,
                action: LaneAction::RequireUnpaused,
            });
            match world.commit(changes).await {
                Err(error) => {
                    assert!(is_paused, "{error:?}");
                    let kind = EntityKind::SocialAccount;
                    assert!(is_conflict(&error, kind, account.uuid()), "{error:?}");
                }
                Ok(()) => {
                    assert!(!is_paused, "{reason:?}");
                    job = changed;
                }
            }
            assert_eq!(world.stored::<PublishJob>(job.id).await.as_ref(), Some(&job));
            assert_eq!(lane(&world, account).await, before);
        }
    }
}
