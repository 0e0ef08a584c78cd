//! What must hold for jobs: by example, and for every order of steps.

mod giving_up;
mod look_ups;
mod parts;
mod properties;
mod steps;

use super::*;
use crate::publishing::sample::{at, claim, id};
use crate::publishing::{ErrorClass, PublishError, RemoteRef};

const QUIET: TimeDelta = TimeDelta::seconds(120);

fn remote(n: u32) -> RemoteRef {
    RemoteRef { id: n.to_string(), url: None }
}

fn error(class: ErrorClass) -> PublishError {
    PublishError::new(class, "no")
}

fn transient() -> PublishError {
    error(ErrorClass::Transient)
}

/// A job that came all the way to its visible call at `at(0)`.
fn committing(job: &PublishJob) -> PublishJob {
    let running = claim(job, job.due_at).unwrap();
    done(&running, &intend(&running), job.due_at)
}

fn intend(job: &PublishJob) -> JobStep {
    JobStep::Intend { fence: job.fence, budget: TimeDelta::seconds(60), attempt_id: id(9) }
}

fn done(job: &PublishJob, step: &JobStep, now: DateTime<Utc>) -> PublishJob {
    advance(job, step, now).unwrap().job
}

fn refused(job: &PublishJob, step: &JobStep, now: DateTime<Utc>) -> Refusal {
    advance(job, step, now).unwrap_err().reason
}

/// An unknown job whose look-up was claimed as soon as it was due.
fn looked_up(job: &PublishJob) -> (PublishJob, DateTime<Utc>) {
    let now = job.due_at;
    (claim(job, now).unwrap(), now)
}

fn unknown(job: &PublishJob) -> PublishJob {
    let sent = committing(job);
    let step = JobStep::OutcomeUnknown {
        fence: sent.fence,
        error: error(ErrorClass::UnknownOutcome),
        quiet: QUIET,
    };
    done(&sent, &step, at(1))
}
