//! Two sessions at once, at the moments that are easy to get wrong.

use chrono::TimeDelta;
use mcmp_core::event::Event;
use mcmp_core::publishing::{JobState, PublishJob};
use mcmp_core::store::{ChangeSet, Commit, EventPosition, JobQueue, LeaseKey, Outbox};
use mcmp_test_servers::postgres::{database, execute};
use sqlx::{AssertSqlSafe, Connection};

use crate::fixture::{Fixture, finished, inserted, literal, request};

/// A claim that has chosen a job waits for whoever changes it, and then looks again: a job that was
/// cancelled in between does not go out.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_between_choice_and_claim_wins() {
    let mut fixture = Fixture::new(database!("a_cancel_between_choice_and_claim_wins")).await;
    let account = fixture.account().await;
    let job = fixture.insert_job(account, -1).await;
    let mut cancelling = fixture.superuser().await;
    let cancel = format!(
        "BEGIN; UPDATE mcmp.publish_job SET state = 'cancelled', version = version + 1, \
         body = jsonb_set(body, '{{state}}', '\"cancelled\"') WHERE id = {}",
        literal(job.id)
    );
    execute(&mut cancelling, &cancel).await;
    let (store, system) = (fixture.store.clone(), fixture.system());
    let claim = tokio::spawn(async move { store.claim(&system, &request(10)).await.unwrap().jobs });
    fixture.until_somebody_waits().await;
    execute(&mut cancelling, "COMMIT").await;
    assert_eq!(claim.await.unwrap(), []);
    assert_eq!(fixture.lane(account).await.ready_at, None, "and its lane rests");
}

/// An insert and a finish of the same lane at once: whoever is second sees what the first one wrote,
/// so that the lane does not fall asleep over a due job.
#[tokio::test(flavor = "multi_thread")]
async fn no_lane_falls_asleep_between_two_writers() {
    let mut fixture = Fixture::new(database!("no_lane_falls_asleep_between_two_writers")).await;
    for insert_is_first in [true, false] {
        let account = fixture.account().await;
        fixture.insert_job(account, -2).await;
        let running = fixture.claim(1).await.remove(0);
        let mut waiting = fixture.job(account, -1).await;
        let (insert, finish) = (inserted(&mut waiting), finished(running));
        let (first, second) = if insert_is_first { (insert, finish) } else { (finish, insert) };

        let system = fixture.system();
        let mut transaction = fixture.store.pool().begin().await.unwrap();
        fixture.store.commit_in(&mut transaction, &system, first).await.unwrap();
        let store = fixture.store.clone();
        let waits = tokio::spawn(async move { store.commit(&system, second).await });
        fixture.until_somebody_waits().await;
        transaction.commit().await.unwrap();
        waits.await.unwrap().unwrap();

        let (lane, now) = (fixture.lane(account).await, fixture.now().await);
        assert_eq!((lane.in_flight, lane.ready_at), (0, Some(now)), "after the last start");
        let claimed = fixture.claim(10).await;
        assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), [waiting.id]);
    }
}

/// A renewal comes to jobs by their lanes, as commits do: it holds nothing that one waits for while
/// it waits itself. The server would find such a deadlock after a second, and break off one of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_and_a_commit_take_turns() {
    let mut fixture = Fixture::new(database!("a_renewal_and_a_commit_take_turns")).await;
    for _ in 0..3 {
        let account = fixture.account().await;
        fixture.insert_job(account, -1).await;
    }
    let mut jobs = fixture.claim(10).await;
    jobs.sort_unstable_by_key(|job| job.id);
    let key = |job: &PublishJob| LeaseKey { job_id: job.id, fence: job.fence };
    let leases = [key(&jobs[0]), key(&jobs[2])];

    let mut holder = fixture.superuser().await;
    let hold = format!(
        "BEGIN; SELECT 1 FROM mcmp.publish_job WHERE id = {} FOR UPDATE",
        literal(jobs[1].id)
    );
    execute(&mut holder, &hold).await;
    let (store, system, mut host) =
        (fixture.store.clone(), fixture.system(), fixture.superuser().await);
    let commit = tokio::spawn(async move {
        let mut changes = ChangeSet::new();
        for mut job in jobs.into_iter().rev() {
            (job.state, job.lease) = (JobState::Published, None);
            changes.update(&mut job);
        }
        let mut transaction = host.begin().await.unwrap();
        // The one to be broken off, and told so at once; jobs are come to as in a large table.
        let settings = "SET LOCAL deadlock_timeout = '10ms'; SET LOCAL enable_seqscan = off; \
                        SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
        execute(&mut transaction, settings).await;
        store.commit_in(&mut transaction, &system, changes).await.unwrap();
        transaction.commit().await.unwrap();
    });
    fixture.until_so_many_wait(1).await;
    let (store, system) = (fixture.store.clone(), fixture.system());
    let renewal =
        tokio::spawn(
            async move { store.renew(&system, &leases, TimeDelta::minutes(1)).await.unwrap() },
        );
    fixture.until_so_many_wait(2).await;
    execute(&mut holder, "ROLLBACK").await;
    commit.await.unwrap();
    assert_eq!(renewal.await.unwrap(), [], "they are done");
}

/// A lane that says it is ready, and has nothing to start, is put right by the claim that finds out.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_with_nothing_to_start_is_put_right() {
    let mut fixture = Fixture::new(database!("a_lane_with_nothing_to_start_is_put_right")).await;
    let account = fixture.account().await;
    let later = fixture.insert_job(account, 30).await;
    let mut superuser = fixture.superuser().await;
    let wrong = format!(
        "UPDATE mcmp.account_lane SET ready_at = 0, in_flight = 7, max_in_flight = 9 \
         WHERE account_id = {}",
        literal(account)
    );
    execute(&mut superuser, &wrong).await;
    assert_eq!(fixture.claim(10).await, []);
    let lane = fixture.lane(account).await;
    assert_eq!((lane.ready_at, lane.in_flight), (Some(later.due_at), 0));
}

/// A claim passes over a lane that somebody else holds, and waits for nobody.
#[tokio::test]
async fn a_claim_passes_over_held_lanes() {
    let mut fixture = Fixture::new(database!("a_claim_passes_over_held_lanes")).await;
    let (held, free) = (fixture.account().await, fixture.account().await);
    let waits = fixture.insert_job(held, -2).await;
    let goes = fixture.insert_job(free, -1).await;
    let mut holder = fixture.superuser().await;
    let hold = format!(
        "BEGIN; SELECT 1 FROM mcmp.account_lane WHERE account_id = {} FOR UPDATE",
        literal(held)
    );
    execute(&mut holder, &hold).await;
    let claimed = fixture.claim(10).await;
    assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), [goes.id]);
    execute(&mut holder, "ROLLBACK").await;
    let claimed = fixture.claim(10).await;
    assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), [waits.id]);
}

/// An event that is committed late comes late to readers, with all that came after it: none is
/// passed over. What others do in the database without events holds up nobody.
#[tokio::test]
async fn a_slow_commit_hides_no_event() {
    let fixture = Fixture::new(database!("a_slow_commit_hides_no_event")).await;
    let system = fixture.system();
    let event = |seq| {
        let mut changes = ChangeSet::new();
        changes.event(fixture.world.make::<Event>(0, seq));
        changes
    };
    let read = async |after| fixture.store.events_after(&system, after, 100).await.unwrap();
    let place = read(EventPosition::START).await.last().unwrap().0;

    let mut busy = fixture.session().await;
    execute(&mut busy, "BEGIN; CREATE TABLE public.busy (n int)").await;
    fixture.store.commit(&system, event(1)).await.unwrap();
    let (first, _) = read(place).await.remove(0);

    let mut slow = fixture.store.pool().begin().await.unwrap();
    fixture.store.commit_in(&mut slow, &system, event(2)).await.unwrap();
    fixture.store.commit_in(&mut slow, &system, event(3)).await.unwrap();
    fixture.store.commit(&system, event(4)).await.unwrap();
    assert_eq!(read(first).await, [], "the fourth waits for the second and third");
    slow.commit().await.unwrap();
    assert_eq!(read(first).await.len(), 3);

    let last = read(first).await.last().unwrap().0;
    let mut undone = fixture.store.pool().begin().await.unwrap();
    fixture.store.commit_in(&mut undone, &system, event(5)).await.unwrap();
    fixture.store.commit(&system, event(6)).await.unwrap();
    assert_eq!(read(last).await, []);
    undone.rollback().await.unwrap();
    assert_eq!(read(last).await.len(), 1);
}

/// The lane audit of the scheduler would find nothing after a storm of claims and finishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_leaves_every_lane_right() {
    let mut fixture = Fixture::new(database!("a_storm_leaves_every_lane_right")).await;
    let mut jobs = 0;
    for _ in 0..6 {
        let account = fixture.account().await;
        for minutes in 1..=10 {
            fixture.insert_job(account, -minutes).await;
            jobs += 1;
        }
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (store, system) = (fixture.store.clone(), fixture.system());
        workers.spawn(async move {
            let mut done = 0;
            loop {
                let claimed = store.claim(&system, &request(3)).await.unwrap().jobs;
                let next = store.next_due(&system).await.unwrap();
                if claimed.is_empty() && next.is_none() {
                    return done;
                }
                let changes: Vec<_> = claimed.into_iter().map(finished).collect();
                done += changes.len();
                for result in store.commit_all(&system, changes).await {
                    result.unwrap();
                }
            }
        });
    }
    let done: usize = workers.join_all().await.into_iter().sum();
    assert_eq!(done, jobs, "each once");
    let mut superuser = fixture.superuser().await;
    let sql = "SELECT count(*) FROM mcmp.account_lane AS l WHERE in_flight <> 0 \
               OR ready_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM mcmp.publish_job AS j \
               WHERE j.account_id = l.account_id AND j.state = 'scheduled')";
    let wrong: i64 =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut superuser).await.unwrap();
    assert_eq!(wrong, 0);
}
