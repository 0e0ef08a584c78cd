//! What must hold whatever is done to a job, in whatever order.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::account::UnknownOutcomePolicy;
use crate::post::Digest;
use crate::publishing::sample::{job, outgoing};
use crate::publishing::{AfterError, FollowUp, HoldReason, MAX_FAILURES, MaxFailures, after_error};

/// Something that happens to a job.
#[derive(Debug, Clone)]
enum Move {
    Wait(i64),
    Claim,
    /// A step under the job's fence, less `stale`.
    Step {
        kind: usize,
        stale: u64,
        class: ErrorClass,
        seconds: i64,
        jitter: u16,
        lane: bool,
    },
}

fn moves() -> impl Strategy<Value = Move> {
    let class = prop_oneof![
        Just(ErrorClass::Reconnect),
        Just(ErrorClass::Permission),
        Just(ErrorClass::RateLimited { until: None }),
        Just(ErrorClass::RateLimited { until: Some(at(400)) }),
        Just(ErrorClass::Transient),
        Just(ErrorClass::InvalidContent),
        Just(ErrorClass::Duplicate),
        Just(ErrorClass::UnknownOutcome),
    ];
    let seconds = prop_oneof![6 => 0..300_i64, 1 => Just(90_000_i64), 1 => Just(-5_i64)];
    let stale = prop_oneof![6 => Just(0_u64), 1 => 1..3_u64];
    let step = (0..KINDS, stale, class, seconds, any::<u16>(), prop::bool::weighted(0.1)).prop_map(
        |(kind, stale, class, seconds, jitter, lane)| Move::Step {
            kind,
            stale,
            class,
            seconds,
            jitter,
            lane,
        },
    );
    // What leads on to the interesting states comes up more often.
    let towards =
        (prop::sample::select(vec![10, 14, 14, 14, 16, 18, 20, 20, 25, 26, 26]), any::<u16>())
            .prop_map(|(kind, jitter)| Move::Step {
                kind,
                stale: 0,
                class: ErrorClass::Transient,
                seconds: 60,
                jitter,
                lane: false,
            });
    prop_oneof![3 => (0..200_i64).prop_map(Move::Wait), 6 => Just(Move::Claim), 5 => step, 6 => towards]
}

const KINDS: usize = 27;

fn step_of(job: &PublishJob, now: DateTime<Utc>, what: &Move) -> Option<JobStep> {
    let Move::Step { kind, stale, class, seconds, jitter, lane } = what else { return None };
    let (fence, jitter) = (job.fence.wrapping_sub(*stale), *jitter);
    let by = TimeDelta::seconds(*seconds);
    let (at, error, remote) = (now + by, error(*class), remote(u32::from(jitter)));
    let follow_ups = FollowUp::of(&outgoing(usize::from(jitter % 3), jitter % 2 == 0));
    Some(match kind {
        0 => JobStep::Cancel,
        1 => JobStep::Reschedule { due_at: at, planned_at: at },
        2 => JobStep::Revise { revision_id: id(70), revision_digest: Digest::of(&[]), follow_ups },
        3 => JobStep::RunNow,
        4 => JobStep::Hold { reason: HoldReason::ByPerson },
        5 => JobStep::Resume { due_at: at },
        6 => JobStep::ConfirmPublished { remote },
        7 => JobStep::ConfirmAbsent,
        8 => JobStep::Checkpoint { fence, checkpoint: json!(jitter), resume_in: by },
        9 => JobStep::Release { fence },
        10 => JobStep::Reconnected,
        11 => JobStep::Block { fence, error, until: at, lane: *lane },
        12 => JobStep::Fail { fence, error },
        13 => JobStep::HoldIt { fence, reason: HoldReason::Reconnect, error: Some(error) },
        14 => JobStep::Intend { fence, budget: by, attempt_id: id(9) },
        15 => JobStep::Published { fence, remote },
        16 => JobStep::Accepted { fence, checkpoint: json!(jitter), check_in: by },
        17 => JobStep::Rejected { fence, error, jitter },
        18 => JobStep::OutcomeUnknown { fence, error, quiet: QUIET },
        19 => JobStep::LookupFound { fence, remote },
        20 => JobStep::LookupAbsent { fence, quiet: QUIET },
        21 => JobStep::LookupPending { fence, checkpoint: None, check_in: by },
        22 => JobStep::LookupFailed { fence, error, jitter },
        23 => JobStep::LookupImpossible { fence },
        24 => JobStep::JudgeLateness { fence },
        26 => JobStep::Repeat { fence, budget: TimeDelta::seconds(60), attempt_id: id(10) },
        _ => JobStep::ExpireLease { quiet: QUIET },
    })
}

fn repeats(job: &PublishJob) -> bool {
    job.intent.as_ref().is_some_and(|intent| intent.repeats)
}

/// The fields fit the state.
pub(super) fn is_sound(job: &PublishJob) -> Result<(), TestCaseError> {
    use JobState::{Committing, Held, Published, Running, Unknown};
    let state = job.state;
    prop_assert_eq!(job.hold_reason.is_some(), state == Held);
    prop_assert_eq!(job.finished_at.is_some(), state.is_final());
    prop_assert!(job.lease.is_some() || !matches!(state, Running | Committing));
    prop_assert!(job.lease.is_none() || matches!(state, Running | Committing | Unknown));
    prop_assert!(job.intent.is_some() || !matches!(state, Committing | Unknown));
    prop_assert!(job.intent.is_none() || matches!(state, Committing | Unknown | Held));
    prop_assert!(job.failures < job.max_failures.get() || state.is_final());
    prop_assert!(job.negatives == 0 || matches!(state, Unknown | Held));
    if state.is_final() {
        prop_assert_eq!(job.remote.is_some(), state == Published, "live, so published");
        prop_assert!(state != Published || job.current_part().is_none());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_is_sent_twice_without_a_proof(
        moves in prop::collection::vec(moves(), 1..80),
        parts in 0..3_usize,
        holds: bool,
        max_failures in prop::sample::select(vec![1, 2, MAX_FAILURES]),
    ) {
        let mut job = job(&outgoing(parts, parts > 1));
        job.unknown_outcome =
            if holds { UnknownOutcomePolicy::Hold } else { UnknownOutcomePolicy::Retry };
        job.max_failures = MaxFailures::new(max_failures).unwrap();
        let mut now = at(0);
        // What an observer knows of the part that was sent last.
        let mut may_be_live = false;
        let mut call_ended = now;
        let mut seen_absent: Vec<DateTime<Utc>> = Vec::new();

        for what in &moves {
            let before = job.clone();
            match what {
                Move::Wait(seconds) => now += TimeDelta::seconds(*seconds),
                Move::Claim => {
                    if let Some(claimed) = claim(&job, now) {
                        prop_assert!(before.state.may_become(claimed.state));
                        job = claimed;
                    }
                }
                Move::Step { .. } => {
                    let Some(step) = step_of(&job, now, what) else { continue };
                    let answer = advance(&job, &step, now);
                    if before.state.is_final() {
                        prop_assert_eq!(answer.as_ref().unwrap_err().reason, Refusal::Final);
                    }
                    if step.fence().is_some_and(|fence| fence != before.fence) {
                        prop_assert!(answer.is_err(), "a stale fence changed something");
                    }
                    let Ok(advanced) = answer else { continue };
                    job = advanced.job;
                    let (from, to) = (before.state, job.state);
                    prop_assert!(from.may_become(to), "{} from {from} to {to}", step.name());
                    prop_assert_eq!((job.id, job.version, job.fence), (before.id, before.version, before.fence));
                    prop_assert!(job.rev >= before.rev);
                    if let Some(remote) = &before.remote {
                        prop_assert_eq!(job.remote.as_ref(), Some(remote));
                    }
                    prop_assert!(from == to || advanced.event.is_some()
                        || to == JobState::Scheduled, "{} went unsaid", step.name());

                    match step {
                        JobStep::Intend { .. } => {
                            prop_assert!(!may_be_live, "sent again without a proof");
                            prop_assert_eq!(before.rev, before.lease.as_ref().unwrap().claimed_rev);
                            prop_assert!(before.cancel_requested_at.is_none());
                            may_be_live = true;
                            seen_absent.clear();
                            call_ended = job.intent.as_ref().unwrap().deadline;
                        }
                        JobStep::Published { .. } | JobStep::LookupFound { .. }
                        | JobStep::ConfirmPublished { .. } | JobStep::ConfirmAbsent => may_be_live = false,
                        JobStep::Repeat { .. } => {
                            prop_assert!(may_be_live, "there is nothing to repeat");
                            prop_assert!(now >= call_ended, "the call before it may be under way");
                            prop_assert!(before.cancel_requested_at.is_none());
                            prop_assert_eq!(
                                job.dedupe_key(job.current_part().unwrap()),
                                before.dedupe_key(before.current_part().unwrap())
                            );
                            seen_absent.clear();
                            call_ended = job.intent.as_ref().unwrap().deadline;
                        }
                        // An answer that proves that nothing came of it, nor of calls before it.
                        JobStep::Rejected { error, .. } => {
                            may_be_live &= after_error(&error.class) == AfterError::LookUp
                                || (repeats(&before)
                                    && (from == JobState::Committing
                                        || error.class != ErrorClass::InvalidContent));
                        }
                        JobStep::Block { .. } if from == JobState::Committing => {
                            may_be_live = repeats(&before);
                        }
                        JobStep::LookupAbsent { .. } => {
                            seen_absent.push(now);
                            let proved = seen_absent.iter().any(|first| {
                                *first >= call_ended + QUIET && now >= *first + QUIET
                            });
                            // Published: only the parts before it are live.
                            let gone_on = matches!(
                                to,
                                JobState::Scheduled | JobState::Cancelled | JobState::Published
                            );
                            prop_assert!(!gone_on || proved);
                            if gone_on || (to == JobState::Held && job.intent.is_none()) {
                                prop_assert!(proved);
                                may_be_live = false;
                            }
                        }
                        JobStep::LookupPending { .. } => seen_absent.clear(),
                        JobStep::LookupImpossible { .. } if to == JobState::Scheduled => {
                            prop_assert!(!holds, "sent again against the policy");
                            may_be_live = false;
                        }
                        JobStep::ExpireLease { .. } if from == JobState::Committing => {
                            prop_assert_eq!(to, JobState::Unknown);
                        }
                        _ => {}
                    }
                    if from == JobState::Committing && to == JobState::Scheduled {
                        prop_assert!(!may_be_live);
                    }
                    prop_assert_eq!(may_be_live, job.intent.is_some());
                }
            }
            is_sound(&job)?;
        }
    }

    #[test]
    fn no_duration_is_too_long(
        state in prop::sample::select(vec![JobState::Running, JobState::Committing, JobState::Unknown]),
        kind in 0..KINDS,
        by in prop::sample::select(vec![TimeDelta::MAX, TimeDelta::MIN]),
    ) {
        let first = job(&outgoing(1, true));
        let job = match state {
            JobState::Running => claim(&first, at(0)).unwrap(),
            JobState::Committing => committing(&first),
            _ => looked_up(&unknown(&first)).0,
        };
        let what = Move::Step {
            kind, stale: 0, class: ErrorClass::Transient, seconds: 1, jitter: 0, lane: false,
        };
        let mut step = step_of(&job, at(5), &what).unwrap();
        match &mut step {
            JobStep::Checkpoint { resume_in: wait, .. }
            | JobStep::Intend { budget: wait, .. }
            | JobStep::Repeat { budget: wait, .. }
            | JobStep::Accepted { check_in: wait, .. }
            | JobStep::OutcomeUnknown { quiet: wait, .. }
            | JobStep::LookupAbsent { quiet: wait, .. }
            | JobStep::LookupPending { check_in: wait, .. }
            | JobStep::ExpireLease { quiet: wait } => *wait = by,
            _ => {}
        }
        if let Ok(advanced) = advance(&job, &step, at(5)) {
            is_sound(&advanced.job)?;
        }
    }
}
