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
    let Advanced { job, event } = advance(&sent, &step, at(1)).unwrap();
    assert_eq!((job.state, event), (JobState::Published, Some(EventKind::JobPublished)));
    assert_eq!((job.remote, job.finished_at, job.lease), (Some(remote(1)), Some(at(1)), None));
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

    let paused = JobStep::Intend {
        fence: running.fence,
        budget: TimeDelta::seconds(60),
        attempt_id: id(9),
        paused: true,
    };
    assert_eq!(refused(&running, &paused, at(1)), Refusal::Paused);
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
        let step = JobStep::RetryLater { fence: running.fence, error: transient(), jitter: 500 };
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
        let step = JobStep::RetryLater { fence: running.fence, error: transient(), jitter: 0 };
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
    let running = PublishJob { attempts: 1, ..running };
    assert_eq!(done(&running, &step(running.fence), at(1)).failures, 4);
}
