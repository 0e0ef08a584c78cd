//! Up to the visible call, and what comes of it.

use serde_json::json;

use super::*;
use crate::post::Digest;
use crate::publishing::sample::{job, outgoing};
use crate::publishing::{HoldReason, LatenessPolicy, MAX_FAILURES, WhenLate};

#[test]
fn the_plain_way_to_published() {
    let sent = committing(&job(&outgoing(0, false)));
    assert_eq!((sent.state, sent.attempts), (JobState::Committing, 1));
    let step = JobStep::Published { fence: sent.fence, remote: remote(1) };
    let Advanced { job, event, .. } = advance(&sent, &step, at(1)).unwrap();
    assert_eq!((job.state, event), (JobState::Published, Some(EventKind::JobPublished)));
    assert_eq!((job.remote, job.finished_at, job.lease), (Some(remote(1)), Some(at(1)), None));
}

#[test]
fn a_rate_limit_stops_the_account_whatever_people_did_to_the_job() {
    let running = claim(&job(&outgoing(0, false)), at(0)).unwrap();
    let limited = ErrorClass::RateLimited { until: Some(at(900)) };
    let limited = JobStep::Rejected { fence: running.fence, error: error(limited), jitter: 0 };
    let moved = JobStep::Reschedule { due_at: at(500), planned_at: at(500) };
    for by_people in [moved, JobStep::Cancel] {
        let changed = done(&running, &by_people, at(1));
        let advanced = advance(&changed, &limited, at(2)).unwrap();
        assert_eq!(advanced.lane_until, Some(at(900)), "{by_people:?}");
    }
}

#[test]
fn whatever_people_did_after_the_claim_stops_the_call() {
    let running = claim(&job(&outgoing(0, false)), at(0)).unwrap();
    let cancelled = done(&running, &JobStep::Cancel, at(1));
    assert_eq!(refused(&cancelled, &intend(&running), at(2)), Refusal::CancelRequested);
    let release = JobStep::Release { fence: running.fence };
    assert_eq!(done(&cancelled, &release, at(2)).state, JobState::Cancelled);

    let moved = JobStep::Reschedule { due_at: at(500), planned_at: at(500) };
    let moved = done(&running, &moved, at(1));
    assert_eq!(refused(&moved, &intend(&running), at(2)), Refusal::Revised);
    let back = done(&moved, &release, at(2));
    assert_eq!((back.state, back.due_at, back.planned_at), (JobState::Scheduled, at(500), at(500)));

    let digest = Digest::of(&[]);
    let revise = JobStep::Revise {
        revision_id: id(70),
        revision_digest: digest.clone(),
        follow_ups: Vec::new(),
    };
    let revised = done(&running, &revise, at(1));
    assert_eq!(refused(&revised, &intend(&running), at(2)), Refusal::Revised);
    // Whatever the worker still says of the old content counts for nothing.
    for step in [
        JobStep::Fail { fence: running.fence, error: error(ErrorClass::InvalidContent) },
        JobStep::Checkpoint {
            fence: running.fence,
            checkpoint: json!(1),
            resume_in: TimeDelta::zero(),
        },
    ] {
        let back = done(&revised, &step, at(2));
        assert_eq!((back.state, &back.checkpoint), (JobState::Scheduled, &None));
        assert_eq!(back.revision_digest, digest);
    }

    let held = done(&running, &JobStep::Hold { reason: HoldReason::NotApproved }, at(1));
    assert_eq!(refused(&held, &intend(&running), at(2)), Refusal::NotHolder);

    assert_eq!(refused(&running, &intend(&running), at(10)), Refusal::LeaseExpired);
}

#[test]
fn while_the_call_is_under_way_people_are_told_that_it_is_too_late() {
    let sent = committing(&job(&outgoing(0, false)));
    for step in [
        JobStep::Cancel,
        JobStep::RunNow,
        JobStep::Reschedule { due_at: at(9), planned_at: at(9) },
        JobStep::Hold { reason: HoldReason::ByPerson },
    ] {
        assert_eq!(refused(&sent, &step, at(1)), Refusal::TooLate, "{}", step.name());
    }
}

#[test]
fn three_deaths_in_a_row_hold_a_job() {
    let mut job = job(&outgoing(0, false));
    for crash in 1..=3 {
        let now = at(crash * 20);
        let running = claim(&job, now).unwrap();
        let rescue = JobStep::ExpireLease { quiet: QUIET };
        assert_eq!(refused(&running, &rescue, now), Refusal::LeaseHeld);
        job = done(&running, &rescue, now + TimeDelta::seconds(10));
    }
    assert_eq!((job.state, job.hold_reason), (JobState::Held, Some(HoldReason::CrashLoop)));
    let resumed = done(&job, &JobStep::Resume { due_at: at(100) }, at(90));
    assert_eq!((resumed.state, resumed.crashes), (JobState::Scheduled, 0));
}

#[test]
fn the_class_of_an_error_decides() {
    use ErrorClass::{
        Duplicate, InvalidContent, Permission, RateLimited, Reconnect, Transient, UnknownOutcome,
    };
    let sent = committing(&job(&outgoing(0, false)));
    let after = |class| {
        let step = JobStep::Rejected { fence: sent.fence, error: error(class), jitter: 1_000 };
        done(&sent, &step, at(1))
    };
    for (class, state) in [
        (Reconnect, JobState::Held),
        (Permission, JobState::Failed),
        (InvalidContent, JobState::Failed),
        (RateLimited { until: Some(at(900)) }, JobState::Scheduled),
        (RateLimited { until: None }, JobState::Scheduled),
        (Transient, JobState::Scheduled),
        (Duplicate, JobState::Unknown),
        (UnknownOutcome, JobState::Unknown),
    ] {
        assert_eq!(after(class).state, state, "{class:?}");
    }
    // A platform that takes no calls takes none for the account's other jobs; so does trouble that
    // may pass soon. What stops a job for good stops no other.
    let stops_others = |class| {
        let step = JobStep::Rejected { fence: sent.fence, error: error(class), jitter: 1_000 };
        advance(&sent, &step, at(1)).unwrap().lane_until
    };
    assert_eq!(stops_others(RateLimited { until: Some(at(900)) }), Some(at(900)));
    assert_eq!(stops_others(Transient), Some(at(6)));
    for class in [Reconnect, Permission, InvalidContent, Duplicate, UnknownOutcome] {
        assert_eq!(stops_others(class), None, "{class:?}");
    }
    let limited = after(RateLimited { until: Some(at(900)) });
    assert_eq!((limited.due_at, limited.failures), (at(900), 0));
    assert_eq!(limited.planned_at, at(0));
    let retried = after(Transient);
    assert_eq!((retried.due_at, retried.failures), (at(6), 1));
}

#[test]
fn retries_end_at_the_lateness_limit() {
    let mut job = job(&outgoing(0, false));
    job.lateness = LatenessPolicy::new(WhenLate::Hold, 10).unwrap();
    let mut waited_until = at(0);
    while job.state == JobState::Scheduled {
        waited_until = job.due_at;
        let running = claim(&job, job.due_at).unwrap();
        let step = JobStep::Rejected { fence: running.fence, error: transient(), jitter: 500 };
        job = done(&running, &step, job.due_at);
    }
    assert_eq!(job.state, JobState::Failed);
    assert!(waited_until > at(120) && waited_until <= at(600));
}

#[test]
fn lateness_is_judged_after_the_claim() {
    let policy = |when| LatenessPolicy::new(when, 60).unwrap();
    for (when, now, state) in [
        (WhenLate::Hold, at(3_600), JobState::Running),
        (WhenLate::Hold, at(3_601), JobState::Held),
        (WhenLate::Skip, at(3_601), JobState::Missed),
        (WhenLate::Publish, at(1_000_000), JobState::Running),
    ] {
        let mut job = job(&outgoing(0, false));
        job.lateness = policy(when);
        let running = claim(&job, now).unwrap();
        let judged = advance(&running, &JobStep::JudgeLateness { fence: 1 }, now).unwrap();
        assert_eq!(judged.job.state, state);
        assert_eq!(judged.event.is_none(), judged.job == running);
    }
    // A person's word outweighs the old plan.
    let mut held = job(&outgoing(0, false));
    held = claim(&held, at(90_000)).unwrap();
    held = done(&held, &JobStep::JudgeLateness { fence: 1 }, at(90_000));
    assert_eq!(held.hold_reason, Some(HoldReason::Late));
    let resumed = done(&held, &JobStep::Resume { due_at: at(90_100) }, at(90_050));
    let running = claim(&resumed, at(90_100)).unwrap();
    let step = JobStep::JudgeLateness { fence: running.fence };
    assert_eq!(done(&running, &step, at(90_100)).state, JobState::Running);
}

#[test]
fn what_never_ends_by_time_ends_by_count() {
    let mut job = job(&outgoing(0, false));
    job.lateness = LatenessPolicy::new(WhenLate::Publish, 1).unwrap();
    let mut tries = 0;
    while job.state == JobState::Scheduled {
        let running = claim(&job, job.due_at).unwrap();
        let step = JobStep::Rejected { fence: running.fence, error: transient(), jitter: 0 };
        job = done(&running, &step, job.due_at);
        tries += 1;
    }
    assert_eq!((job.state, tries), (JobState::Failed, MAX_FAILURES));
}

#[test]
fn progress_forgives_failures_until_something_was_sent() {
    let step = |fence| JobStep::Checkpoint {
        fence,
        checkpoint: json!({ "container": 1 }),
        resume_in: TimeDelta::seconds(30),
    };
    let mut fresh = job(&outgoing(0, false));
    (fresh.failures, fresh.crashes) = (4, 2);
    let running = claim(&fresh, at(0)).unwrap();
    let next = done(&running, &step(running.fence), at(1));
    assert_eq!((next.failures, next.crashes, next.due_at), (0, 0, at(31)));
    assert_eq!(next.checkpoint, Some(json!({ "container": 1 })));
    let running = PublishJob { attempts: 1, sends: 1, ..running };
    assert_eq!(done(&running, &step(running.fence), at(1)).failures, 4);
}

#[test]
fn a_limit_without_a_time_is_waited_out_longer_and_longer_and_ends_by_lateness() {
    let mut job = job(&outgoing(0, false));
    let mut waits = Vec::new();
    for _ in 0..100 {
        let now = job.due_at;
        let running = claim(&job, now).unwrap();
        let limited = error(ErrorClass::RateLimited { until: None });
        let step = JobStep::Rejected { fence: running.fence, error: limited, jitter: 1_000 };
        let advanced = advance(&running, &step, now).unwrap();
        job = advanced.job;
        assert_eq!((job.state, advanced.lane_until), (JobState::Scheduled, Some(job.due_at)));
        waits.push((job.due_at - now).num_seconds());
    }
    assert_eq!(&waits[..10], [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    let running = claim(&job, job.due_at).unwrap();
    let judged = done(&running, &JobStep::JudgeLateness { fence: running.fence }, job.due_at);
    assert_eq!(judged.hold_reason, Some(HoldReason::Late));
}

#[test]
fn a_job_that_fails_again_and_again_steps_aside() {
    let mut job = job(&outgoing(0, false));
    let stopped: Vec<bool> = (0..5)
        .map(|_| {
            let running = claim(&job, job.due_at).unwrap();
            let step = JobStep::Rejected { fence: running.fence, error: transient(), jitter: 0 };
            let advanced = advance(&running, &step, job.due_at).unwrap();
            job = advanced.job;
            advanced.lane_until.is_some()
        })
        .collect();
    assert_eq!(stopped, [true, true, true, false, false]);
}

#[test]
fn connected_again_it_goes_on_as_it_was_planned() {
    let running = claim(&job(&outgoing(0, false)), at(0)).unwrap();
    let hold = |reason| JobStep::HoldIt { fence: running.fence, reason, error: None };
    let held = done(&running, &hold(HoldReason::Reconnect), at(1));
    let again = done(&held, &JobStep::Reconnected, at(90_000));
    assert_eq!(
        (again.state, again.due_at, again.planned_at),
        (JobState::Scheduled, at(90_000), at(0))
    );
    let running_again = claim(&again, at(90_000)).unwrap();
    let judge = JobStep::JudgeLateness { fence: running_again.fence };
    let late = done(&running_again, &judge, at(90_000));
    assert_eq!(late.hold_reason, Some(HoldReason::Late), "a day late, and nobody said otherwise");
    let moved = JobStep::Reschedule { due_at: at(99_000), planned_at: at(99_000) };
    let moved = done(&done(&held, &moved, at(2)), &JobStep::Reconnected, at(90_000));
    assert_eq!((moved.state, moved.due_at), (JobState::Scheduled, at(99_000)));
    let other = done(&running, &hold(HoldReason::NotApproved), at(1));
    assert_eq!(refused(&other, &JobStep::Reconnected, at(2)), Refusal::WrongState);
}
