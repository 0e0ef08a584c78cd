//! Holding on to a job, losing it, and what stops a worker that has lost it.

use super::harness::Kit;
use super::queue::{
    LEASE, MINUTE, account, claim, claim_one, finish, insert, job, job_ids, new_job, update,
};
use crate::publishing::{JobState, PublishJob};
use crate::store::{LeaseKey, StoreError};

fn key(job: &PublishJob) -> LeaseKey {
    LeaseKey { job_id: job.id, fence: job.fence }
}

/// Every claim of a job has a larger fence than the one before, whatever happened in between.
pub(super) async fn fences_grow_and_never_fall_back(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let first = job(&world, 0, account, -9).await;
    for fence in 1..=4 {
        let mut taken = claim_one(&world).await.expect("it is due again");
        assert_eq!((taken.id, taken.fence, taken.state), (first.id, fence, JobState::Running));
        assert_eq!(taken.version.0, 2 * fence, "each claim is a version");
        (taken.state, taken.lease, taken.failures) = (JobState::Scheduled, None, 0);
        update(&world, &mut taken).await.unwrap();
    }
}

/// A lease is renewed for as long as the worker still has the job by that fence; the answer names
/// those that are, and the job's version stays.
pub(super) async fn a_lease_is_renewed_while_it_is_held(kit: Kit) {
    let mut world = kit.world().await;
    for _ in 0..3 {
        let account = account(&mut world, 0).await;
        job(&world, 0, account, -1).await;
    }
    let taken = claim(&world, 3).await;
    let [held, finished, lost] = taken.as_slice() else { panic!("three jobs") };
    finish(&world, finished.clone()).await;
    let mut released = lost.clone();
    (released.state, released.lease) = (JobState::Scheduled, None);
    update(&world, &mut released).await.unwrap();
    let again = claim_one(&world).await.expect("it was given back");
    assert_eq!(again.id, lost.id);

    world.advance(MINUTE * 6).await;
    let before = world.now().await;
    let absent = LeaseKey { job_id: world.maker.id(), fence: 1 };
    let asked = [key(held), key(finished), key(lost), absent, key(&again)];
    let mut renewed = world.store().renew(&world.system, &asked, LEASE).await.unwrap();
    renewed.sort_unstable();
    let mut expected = vec![key(held), key(&again)];
    expected.sort_unstable();
    assert_eq!(renewed, expected);
    let stored = world.stored::<PublishJob>(held.id).await.unwrap();
    assert_eq!(stored.version, held.version, "the version stays");
    assert!(stored.lease.as_ref().unwrap().until >= before + LEASE, "the lease is longer");
    let mut same = stored.clone();
    same.lease.clone_from(&held.lease);
    assert_eq!(same, *held, "nothing else changed");
    world.advance(MINUTE * 6).await;
    assert_eq!(world.store().expired(&world.system, 10).await.unwrap(), [], "it holds on");
    finish(&world, stored).await;
    assert_eq!(world.store().renew(&world.system, &[], LEASE).await.unwrap(), []);
}

/// A lease that has passed is lost, though nobody took the job since; one on a job of unknown
/// outcome is renewed like any, and moves the job's time along.
pub(super) async fn a_lease_that_has_passed_is_lost(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    job(&world, 0, account, -1).await;
    let mut unknown = new_job(&world, 0, account, world.now().await - MINUTE);
    unknown.state = JobState::Unknown;
    insert(&world, &mut unknown).await;
    let taken = claim(&world, 2).await;
    let keys: Vec<_> = taken.iter().map(key).collect();
    world.advance(MINUTE * 6).await;
    let before = world.now().await;
    let renewed = world.store().renew(&world.system, &keys, LEASE).await.unwrap();
    assert_eq!(renewed.len(), 2, "both are held");
    let asked = world.stored::<PublishJob>(unknown.id).await.unwrap();
    assert!(asked.due_at >= before + LEASE, "nobody else asks before the lease ends");
    world.advance(MINUTE * 6).await;
    assert_eq!(claim_one(&world).await, None, "the lease was renewed");
    world.advance(MINUTE * 6).await;
    assert_eq!(world.store().renew(&world.system, &keys, LEASE).await.unwrap(), []);
    assert_eq!(world.store().expired(&world.system, 9).await.unwrap().len(), 1);
}

/// Jobs in flight whose lease has passed are found, up to the limit, and no others; what follows is
/// committed at their version, against which the late worker fails.
pub(super) async fn expired_leases_are_found(kit: Kit) {
    let mut world = kit.world().await;
    let mut unknown = new_job(&world, 0, world.places[0].account_id, world.now().await - MINUTE);
    unknown.state = JobState::Unknown;
    insert(&world, &mut unknown).await;
    for _ in 0..3 {
        let account = account(&mut world, 0).await;
        job(&world, 0, account, -1).await;
    }
    let mut taken = claim(&world, 10).await;
    taken.retain(|job| job.state == JobState::Running);
    assert_eq!(taken.len(), 3);
    let mut committing = taken[0].clone();
    committing.state = JobState::Committing;
    update(&world, &mut committing).await.unwrap();
    assert_eq!(world.store().expired(&world.system, 10).await.unwrap(), []);
    world.advance(MINUTE * 11).await;

    let expired = world.store().expired(&world.system, 10).await.unwrap();
    assert_eq!(job_ids(&expired), job_ids(&taken), "running and committing ones");
    assert!(expired.contains(&committing), "as they are stored");
    assert_eq!(world.store().expired(&world.system, 2).await.unwrap().len(), 2);
    for mut job in expired {
        (job.state, job.lease, job.crashes) = (JobState::Scheduled, None, 1);
        update(&world, &mut job).await.unwrap();
    }
    let mut late = taken[1].clone();
    late.state = JobState::Published;
    update(&world, &mut late).await.expect_err("its worker comes too late");
    assert_eq!(world.store().expired(&world.system, 10).await.unwrap(), []);
    let mut again = claim(&world, 10).await;
    again.retain(|job| job.state == JobState::Running);
    assert_eq!(job_ids(&again), job_ids(&taken), "all go on");
}

/// A job that somebody moves or calls off while it runs is changed; its worker's commit is a
/// conflict, at every step after that.
pub(super) async fn a_change_while_running_stops_the_worker(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    job(&world, 0, account, -1).await;
    let taken = claim_one(&world).await.unwrap();
    let mut moved = taken.clone();
    (moved.rev, moved.cancel_requested_at) = (taken.rev + 1, Some(world.now().await));
    update(&world, &mut moved).await.unwrap();
    let mut committing = taken.clone();
    committing.state = JobState::Committing;
    let error = update(&world, &mut committing).await.expect_err("the intent is refused");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    assert_eq!(world.stored::<PublishJob>(taken.id).await.as_ref(), Some(&moved));
    let renewed = world.store().renew(&world.system, &[key(&taken)], LEASE).await.unwrap();
    assert_eq!(renewed, [key(&taken)], "it still holds the job, to give it back");
    let lane = world.store().lane(&world.system, account).await.unwrap().unwrap();
    assert_eq!(lane.in_flight, 1, "it still takes a place");
}

/// Once the worker's intent is committed, a change decided on what was before is a conflict.
pub(super) async fn a_worker_that_was_first_stops_the_change(kit: Kit) {
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    let seen = job(&world, 0, account, -1).await;
    let mut committing = claim_one(&world).await.unwrap();
    let mut cancelled = seen.clone();
    cancelled.state = JobState::Cancelled;
    update(&world, &mut cancelled).await.expect_err("it runs already");
    let running = committing.clone();
    committing.state = JobState::Committing;
    update(&world, &mut committing).await.unwrap();
    let mut cancelled = running;
    cancelled.cancel_requested_at = Some(world.now().await);
    update(&world, &mut cancelled).await.expect_err("it is being sent");
    assert_eq!(world.stored::<PublishJob>(seen.id).await, Some(committing));
}
