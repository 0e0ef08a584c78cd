//! When a part that fails again and again is given up.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::publishing::sample::{job, outgoing};
use crate::publishing::{
    FollowUpOutcome, HoldReason, LatenessPolicy, MAX_FAILURES, MaxFailures, Part, WhenLate,
};

/// Something that is no failure, and puts the part off.
#[derive(Debug, Clone, Copy)]
enum Delay {
    /// A rate limit without a time.
    Limit,
    /// Something else that it has to wait for, with a time.
    Block,
}

/// A way to fail.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// The call is turned down before it is made visible.
    Preparing,
    /// The visible call is turned down.
    Sending,
    /// The platform takes it, works on it, can't be reached, and turns it down in the end.
    Processing,
}

fn endless(max_failures: u32, parts: usize) -> PublishJob {
    let mut job = job(&outgoing(parts, false));
    job.max_failures = MaxFailures::new(max_failures).unwrap();
    job.lateness = LatenessPolicy::new(WhenLate::Publish, 1).unwrap();
    job
}

fn put_off(job: &PublishJob, delay: Delay) -> PublishJob {
    let (running, now) = looked_up(job);
    let fence = running.fence;
    let limited = error(ErrorClass::RateLimited { until: None });
    let step = match delay {
        Delay::Limit => JobStep::Rejected { fence, error: limited, jitter: 1_000 },
        Delay::Block => JobStep::Block { fence, error: limited, until: now, lane: false },
    };
    done(&running, &step, now)
}

fn failed(job: &PublishJob, how: Failure) -> PublishJob {
    let (mut job, now) = looked_up(job);
    let turned_down =
        |job: &PublishJob| JobStep::Rejected { fence: job.fence, error: transient(), jitter: 500 };
    match how {
        Failure::Preparing => {}
        Failure::Sending => job = done(&job, &intend(&job), now),
        Failure::Processing => {
            job = done(&job, &intend(&job), now);
            let (fence, check_in) = (job.fence, TimeDelta::seconds(5));
            let taken = JobStep::Accepted { fence, checkpoint: json!("it"), check_in };
            job = looked_up(&done(&job, &taken, now)).0;
            for _ in 0..3 {
                let out_of_reach =
                    JobStep::LookupFailed { fence: job.fence, error: transient(), jitter: 0 };
                let due_at = job.due_at;
                job = looked_up(&done(&job, &out_of_reach, due_at)).0;
            }
            let pending = JobStep::LookupPending { fence: job.fence, checkpoint: None, check_in };
            let due_at = job.due_at;
            job = looked_up(&done(&job, &pending, due_at)).0;
        }
    }
    let now = job.due_at.max(now);
    done(&job, &turned_down(&job), now)
}

fn caps() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1), Just(2), Just(MAX_FAILURES), 1..=MAX_FAILURES]
}

proptest! {
    #[test]
    fn a_part_is_given_up_with_the_failure_that_is_one_too_many_and_no_sooner(
        cap in caps(),
        failures in prop::collection::vec(
            prop::sample::select(vec![Failure::Preparing, Failure::Sending, Failure::Processing]),
            MAX_FAILURES as usize,
        ),
        delays in prop::collection::vec(
            (1..6_u32, prop::sample::select(vec![Delay::Limit, Delay::Block])),
            0..30,
        ),
    ) {
        let mut job = endless(cap, 0);
        for (number, how) in (1..=cap).zip(failures) {
            for (_, delay) in delays.iter().filter(|(before, _)| *before == number) {
                job = put_off(&job, *delay);
                prop_assert_eq!((job.state, job.failures), (JobState::Scheduled, number - 1));
            }
            job = failed(&job, how);
            let state = if number < cap { JobState::Scheduled } else { JobState::Failed };
            prop_assert_eq!((job.state, job.failures), (state, number), "{:?}", how);
            properties::is_sound(&job)?;
        }
        prop_assert_eq!(&job.last_error, &Some(transient()));
    }
}

#[test]
fn limits_and_look_ups_bring_no_part_nearer_to_its_end_and_are_waited_out_longer() {
    let mut job = endless(2, 0);
    let mut waits = Vec::new();
    for _ in 0..12 {
        let due_at = job.due_at;
        job = put_off(&job, Delay::Limit);
        waits.push((job.due_at - due_at).num_seconds());
    }
    assert_eq!((&waits[..3], waits[11]), (&[5, 10, 20][..], 900));
    let once = failed(&job, Failure::Sending);
    assert_eq!((once.state, once.failures), (JobState::Scheduled, 1));
    assert_eq!(failed(&once, Failure::Sending).state, JobState::Failed);
}

#[test]
fn each_part_and_each_try_has_its_failures_to_itself() {
    let mut job = endless(2, 1);
    job = failed(&job, Failure::Sending);
    let (running, now) = looked_up(&job);
    let sent = done(&running, &intend(&running), now);
    job = done(&sent, &JobStep::Published { fence: sent.fence, remote: remote(0) }, now);
    assert_eq!((job.current_part(), job.failures), (Some(Part::Thread { index: 0 }), 0));
    // The main item is live: only what follows is given up.
    job = done(&job, &JobStep::Release { fence: job.fence }, now);
    job = failed(&job, Failure::Preparing);
    assert_eq!((job.state, job.failures), (JobState::Scheduled, 1));
    job = failed(&job, Failure::Preparing);
    assert_eq!(job.state, JobState::Published);
    assert_eq!(job.follow_ups[0].outcome, FollowUpOutcome::Failed { error: transient() });

    let mut again = job.retry(id(60), at(9_000), at(9_000)).unwrap();
    assert_eq!((again.max_failures.get(), again.failures, again.waits), (2, 0, 0));
    for state in [JobState::Scheduled, JobState::Published] {
        again = failed(&again, Failure::Sending);
        assert_eq!(again.state, state);
    }
}

#[test]
fn a_persons_word_gives_a_part_its_failures_back() {
    let tired = put_off(&failed(&endless(2, 0), Failure::Preparing), Delay::Limit);
    assert_eq!((tired.failures, tired.waits), (1, 1));
    let moved = JobStep::Reschedule { due_at: at(900), planned_at: at(900) };
    let held = done(&tired, &JobStep::Hold { reason: HoldReason::ByPerson }, at(10));
    for fresh in
        [done(&tired, &moved, at(10)), done(&held, &JobStep::Resume { due_at: at(900) }, at(10))]
    {
        assert_eq!((fresh.failures, fresh.waits), (0, 0));
        let once = failed(&fresh, Failure::Preparing);
        assert_eq!(once.state, JobState::Scheduled);
        assert_eq!(failed(&once, Failure::Preparing).state, JobState::Failed);
    }
}
