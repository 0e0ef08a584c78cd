//! While it is unknown whether something is live.

use serde_json::json;

use super::*;
use crate::account::UnknownOutcomePolicy;
use crate::publishing::HoldReason;
use crate::publishing::sample::{job, outgoing};

#[test]
fn a_worker_that_died_during_the_call_leads_to_a_look_up() {
    let sent = committing(&job(&outgoing(0, false)));
    let rescued = done(&sent, &JobStep::ExpireLease { quiet: QUIET }, at(11));
    assert_eq!((rescued.state, rescued.due_at), (JobState::Unknown, at(60 + 120)));
    // The worker lives after all, and comes too late; its evidence is in the attempt.
    let late = JobStep::Published { fence: sent.fence, remote: remote(1) };
    assert_eq!(refused(&rescued, &late, at(12)), Refusal::NotHolder);
}

#[test]
fn absence_is_believed_the_second_time() {
    let unknown = unknown(&job(&outgoing(0, false)));
    let absent = |job: &PublishJob, now| {
        done(job, &JobStep::LookupAbsent { fence: job.fence, quiet: QUIET }, now)
    };
    // A person asks at once: too early to count.
    let hasty = done(&unknown, &JobStep::RunNow, at(2));
    let early = absent(&claim(&hasty, at(2)).unwrap(), at(3));
    assert_eq!((early.state, early.negatives, early.due_at), (JobState::Unknown, 0, at(180)));

    let (claimed, now) = looked_up(&early);
    let once = absent(&claimed, now);
    assert_eq!((once.state, once.negatives, once.due_at), (JobState::Unknown, 1, at(300)));
    let (claimed, now) = looked_up(&once);
    let twice = absent(&claimed, now);
    assert_eq!(
        (twice.state, twice.hold_reason),
        (JobState::Held, Some(HoldReason::UnknownOutcome))
    );
    assert_eq!(refused(&twice, &JobStep::Resume { due_at: now }, now), Refusal::OutcomeUnknown);

    let mut retrying = claimed.clone();
    retrying.unknown_outcome = UnknownOutcomePolicy::Retry;
    assert_eq!(absent(&retrying, now).state, JobState::Scheduled);
    let called_off = done(&claimed, &JobStep::Cancel, now);
    assert_eq!(absent(&called_off, now).state, JobState::Cancelled);
}

#[test]
fn a_person_can_settle_what_the_platform_does_not_tell() {
    let (claimed, now) = looked_up(&unknown(&job(&outgoing(0, false))));
    let held = done(&claimed, &JobStep::LookupImpossible { fence: claimed.fence }, now);
    assert_eq!(held.hold_reason, Some(HoldReason::UnknownOutcome));
    let live = done(&held, &JobStep::ConfirmPublished { remote: remote(4) }, now);
    assert_eq!((live.state, live.remote), (JobState::Published, Some(remote(4))));
    assert_eq!(done(&held, &JobStep::ConfirmAbsent, now).state, JobState::Scheduled);
    assert_eq!(done(&held, &JobStep::RunNow, now).state, JobState::Unknown);
    let noted = done(&held, &JobStep::Cancel, now);
    assert_eq!(noted.state, JobState::Held);
    assert_eq!(done(&noted, &JobStep::ConfirmAbsent, now).state, JobState::Cancelled);
    // Before the call must have ended, nobody can know.
    let fresh = unknown(&job(&outgoing(0, false)));
    assert_eq!(refused(&fresh, &JobStep::ConfirmAbsent, at(5)), Refusal::NotYet { at: at(60) });
}

#[test]
fn accepted_is_not_live_and_never_sent_again() {
    let sent = committing(&job(&outgoing(0, false)));
    let accepted = JobStep::Accepted {
        fence: sent.fence,
        checkpoint: json!("publish-1"),
        check_in: TimeDelta::seconds(30),
    };
    let waiting = done(&sent, &accepted, at(1));
    assert_eq!((waiting.state, waiting.due_at), (JobState::Unknown, at(31)));
    assert!(waiting.intent.as_ref().unwrap().accepted);
    let (claimed, now) = looked_up(&waiting);
    let pending = JobStep::LookupPending {
        fence: claimed.fence,
        checkpoint: None,
        check_in: TimeDelta::seconds(30),
    };
    assert_eq!(done(&claimed, &pending, now).state, JobState::Unknown);
    let for_ever = done(&claimed, &pending, now + TimeDelta::hours(25));
    assert_eq!(for_ever.hold_reason, Some(HoldReason::UnknownOutcome));
    let rejected = JobStep::Rejected {
        fence: claimed.fence,
        error: error(ErrorClass::InvalidContent),
        jitter: 0,
    };
    assert_eq!(done(&claimed, &rejected, now).state, JobState::Failed);
}

#[test]
fn even_an_account_that_would_rather_have_it_twice_has_a_limit() {
    let mut job = job(&outgoing(0, false));
    job.unknown_outcome = UnknownOutcomePolicy::Retry;
    let mut sends = 0;
    while job.state == JobState::Scheduled {
        let sent = committing(&job);
        sends += 1;
        let lost = JobStep::OutcomeUnknown { fence: sent.fence, error: transient(), quiet: QUIET };
        let (claimed, now) = looked_up(&done(&sent, &lost, sent.intent.as_ref().unwrap().at));
        job = done(&claimed, &JobStep::LookupImpossible { fence: claimed.fence }, now);
    }
    assert_eq!((sends, job.hold_reason), (MAX_UNPROVED_SENDS, Some(HoldReason::UnknownOutcome)));
}

#[test]
fn a_look_up_that_fails_is_no_answer() {
    let (claimed, now) = looked_up(&unknown(&job(&outgoing(0, false))));
    let failed = |class, now| {
        let error = error(class);
        done(&claimed, &JobStep::LookupFailed { fence: claimed.fence, error, jitter: 0 }, now)
    };
    let later = failed(ErrorClass::Transient, now);
    assert_eq!((later.state, later.negatives), (JobState::Unknown, 0));
    assert_eq!(later.due_at, now + TimeDelta::seconds(1));
    let blocked = failed(ErrorClass::RateLimited { until: Some(at(9_000)) }, now);
    assert_eq!((blocked.state, blocked.due_at), (JobState::Unknown, at(9_000)));
    let tired = failed(ErrorClass::Transient, now + LOOK_UP_LIMIT);
    assert_eq!(tired.hold_reason, Some(HoldReason::UnknownOutcome));
    // Connected again, it looks again; it does not send.
    let held = failed(ErrorClass::Reconnect, now);
    assert_eq!(held.hold_reason, Some(HoldReason::Reconnect));
    assert_eq!(done(&held, &JobStep::Resume { due_at: now }, now).state, JobState::Unknown);
    assert_eq!(done(&held, &JobStep::Reconnected, now).state, JobState::Unknown);
}

fn repeat(job: &PublishJob) -> JobStep {
    JobStep::Repeat { fence: job.fence, budget: TimeDelta::seconds(60), attempt_id: id(10) }
}

#[test]
fn a_call_that_the_platform_knows_by_its_key_is_made_again() {
    let (claimed, now) = looked_up(&unknown(&job(&outgoing(0, false))));
    let again = done(&claimed, &repeat(&claimed), now);
    assert_eq!((again.state, again.attempts, again.sends), (JobState::Committing, 2, 2));
    let live = JobStep::Published { fence: again.fence, remote: remote(1) };
    assert_eq!(done(&again, &live, now).state, JobState::Published);
    // A worker that dies in it leaves the question open.
    let later = now + TimeDelta::seconds(11);
    let rescued = done(&again, &JobStep::ExpireLease { quiet: QUIET }, later);
    assert_eq!(rescued.state, JobState::Unknown);

    // No error says anything of the calls before it.
    let rejected = |class| {
        let step = JobStep::Rejected { fence: again.fence, error: error(class), jitter: 0 };
        done(&again, &step, now)
    };
    for class in [ErrorClass::Transient, ErrorClass::RateLimited { until: None }] {
        let open = rejected(class);
        assert_eq!(open.state, JobState::Unknown, "{class:?}");
        assert!(open.due_at > now && open.intent.is_some());
    }
    for (class, reason) in [
        (ErrorClass::Reconnect, HoldReason::Reconnect),
        (ErrorClass::Permission, HoldReason::UnknownOutcome),
        (ErrorClass::InvalidContent, HoldReason::UnknownOutcome),
    ] {
        let held = rejected(class);
        assert_eq!((held.hold_reason, held.intent.is_some()), (Some(reason), true), "{class:?}");
    }
    // Asked for the part itself, the platform says what became of it.
    let accepted = JobStep::Accepted {
        fence: again.fence,
        checkpoint: json!({ "publish_id": 1 }),
        check_in: TimeDelta::seconds(5),
    };
    let (claimed, now) = looked_up(&done(&again, &accepted, now));
    let error = error(ErrorClass::InvalidContent);
    let step = JobStep::Rejected { fence: claimed.fence, error, jitter: 0 };
    assert_eq!(done(&claimed, &step, now).state, JobState::Failed);
}

#[test]
fn a_call_is_not_made_again_while_it_may_be_under_way_nor_against_anybodys_will() {
    let (claimed, now) = looked_up(&unknown(&job(&outgoing(0, false))));
    let hasty = done(&unknown(&job(&outgoing(0, false))), &JobStep::RunNow, at(2));
    let hasty = claim(&hasty, at(2)).unwrap();
    assert_eq!(refused(&hasty, &repeat(&hasty), at(3)), Refusal::NotYet { at: at(60) });
    let cancelled = done(&claimed, &JobStep::Cancel, now);
    assert_eq!(refused(&cancelled, &repeat(&claimed), now), Refusal::CancelRequested);
    let accepted = JobStep::LookupPending {
        fence: claimed.fence,
        checkpoint: None,
        check_in: TimeDelta::zero(),
    };
    let accepted = claim(&done(&claimed, &accepted, now), now).unwrap();
    assert_eq!(refused(&accepted, &repeat(&accepted), now), Refusal::OutcomeUnknown);
    let late = claim(&claimed, claimed.due_at.max(at(90_000))).unwrap();
    assert_eq!(refused(&late, &repeat(&late), at(90_000)), Refusal::OutcomeUnknown);
    let often = PublishJob { sends: MAX_REPEATS, ..claimed };
    assert_eq!(refused(&often, &repeat(&often), now), Refusal::OutcomeUnknown);
}
