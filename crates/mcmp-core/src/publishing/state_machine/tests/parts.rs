//! Posts of several parts, and what is tried again.

use super::*;
use crate::post::Digest;
use crate::publishing::sample::{job, outgoing};
use crate::publishing::{FollowUpOutcome, Part};

#[test]
fn each_part_has_its_own_outcome() {
    let mut job = committing(&job(&outgoing(3, true)));
    let parts =
        |job: &PublishJob| job.follow_ups.iter().map(|f| f.outcome.clone()).collect::<Vec<_>>();
    job = done(&job, &JobStep::Published { fence: 1, remote: remote(0) }, at(1));
    assert_eq!(
        (job.state, job.current_part()),
        (JobState::Running, Some(Part::Thread { index: 0 }))
    );
    assert_eq!(
        refused(
            &job,
            &JobStep::Revise {
                revision_id: id(70),
                revision_digest: Digest::of(&[]),
                follow_ups: Vec::new(),
            },
            at(1)
        ),
        Refusal::TooLate
    );

    job = done(&job, &intend(&job), at(2));
    job = done(&job, &JobStep::Published { fence: 1, remote: remote(1) }, at(3));
    assert_eq!(job.parent_of(Part::Thread { index: 1 }), Some(&remote(1)));

    // The second fails: the third has nothing to go under, the comment has.
    job = done(&job, &intend(&job), at(4));
    let no = error(ErrorClass::InvalidContent);
    job = done(&job, &JobStep::Rejected { fence: 1, error: no.clone(), jitter: 0 }, at(5));
    assert_eq!((job.state, job.current_part()), (JobState::Running, Some(Part::FirstComment)));
    assert_eq!(job.parent_of(Part::FirstComment), Some(&remote(0)));

    job = done(&job, &intend(&job), at(6));
    job = done(&job, &JobStep::Published { fence: 1, remote: remote(2) }, at(7));
    assert_eq!(job.state, JobState::Published);
    assert_eq!(
        parts(&job),
        [
            FollowUpOutcome::Live { remote: remote(1) },
            FollowUpOutcome::Failed { error: no },
            FollowUpOutcome::Skipped,
            FollowUpOutcome::Live { remote: remote(2) },
        ]
    );

    // Another try sends what is missing and nothing else.
    let retry = job.retry(id(60), at(100), at(50)).unwrap();
    assert_eq!(retry.current_part(), Some(Part::Thread { index: 1 }));
    assert_eq!(retry.remote, Some(remote(0)));
}

#[test]
fn calling_off_what_is_partly_live_stops_the_rest() {
    let mut job = committing(&job(&outgoing(2, false)));
    job = done(&job, &JobStep::Published { fence: 1, remote: remote(0) }, at(1));
    job = done(&job, &JobStep::Cancel, at(2));
    assert_eq!(refused(&job, &intend(&job), at(3)), Refusal::CancelRequested);
    job = done(&job, &JobStep::Release { fence: 1 }, at(3));
    assert_eq!(job.state, JobState::Published);
    assert!(job.follow_ups.iter().all(|f| f.outcome == FollowUpOutcome::Skipped));
}

#[test]
fn only_what_did_not_go_live_is_tried_again() {
    let scheduled = job(&outgoing(0, false));
    assert_eq!(scheduled.retry(id(60), at(9), at(9)), None);
    let sent = committing(&scheduled);
    let live = done(&sent, &JobStep::Published { fence: 1, remote: remote(1) }, at(1));
    assert_eq!(live.retry(id(60), at(9), at(9)), None);
    let error = error(ErrorClass::InvalidContent);
    let failed = done(&sent, &JobStep::Rejected { fence: 1, error, jitter: 0 }, at(1));
    let retry = failed.retry(id(60), at(9), at(9)).unwrap();
    assert_eq!((retry.state, retry.retry_of), (JobState::Scheduled, Some(failed.id)));
    assert_ne!(retry.dedupe_key(Part::Main), failed.dedupe_key(Part::Main));
    properties::is_sound(&retry).unwrap();
    assert!(claim(&retry, at(9)).is_some());
}

#[test]
fn a_job_reads_back_as_it_was_written() {
    let mut job = committing(&job(&outgoing(2, true)));
    job = done(&job, &JobStep::Published { fence: 1, remote: remote(0) }, at(1));
    let error = error(ErrorClass::RateLimited { until: Some(at(5)) });
    job = done(&job, &JobStep::Fail { fence: 1, error }, at(2));
    let text = serde_json::to_string(&job).unwrap();
    assert_eq!(serde_json::from_str::<PublishJob>(&text).unwrap(), job);
    assert!(job.dedupe_key(Part::Thread { index: 99 }).len() <= 64);
    let refused = advance(&job, &JobStep::RunNow, at(3)).unwrap_err();
    assert_eq!(serde_json::to_value(&refused).unwrap()["reason"], "under_way");
}
