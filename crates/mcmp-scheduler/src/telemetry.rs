//! What the engine tells of its work: counters, histograms and gauges through the
//! [`metrics`](https://docs.rs/metrics) facade, under the names listed in [`names`].

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::Platform;
use mcmp_core::portal::{CallReport, CarriedOut};
use mcmp_core::publishing::{ErrorClass, JobState};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::loops::Loop;
use crate::supervise::WaitReason;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)+) => {
        /// The names of what is told. No label names a tenant; clients and accounts are in the
        /// spans.
        pub mod names {
            $($(#[$doc])* pub const $name: &str = $wire;)+
            /// All of them.
            pub const ALL: &[&str] = &[$($name),+];
        }
    };
}

names! {
    /// Histogram, seconds, by `platform`: from when a job was due until the first call for it, other than to
    /// look for what was sent.
    START_LAG = "mcmp_start_lag_seconds",
    /// Histogram, seconds, by `platform`: from when a post was planned until it was live.
    PUBLISH_LAG = "mcmp_publish_lag_seconds",
    /// Histogram, seconds: how long a claim took.
    CLAIM_SECONDS = "mcmp_claim_seconds",
    /// Counter: jobs that were claimed.
    CLAIMED = "mcmp_jobs_claimed_total",
    /// Counter: claims that found nothing.
    CLAIMS_EMPTY = "mcmp_claims_empty_total",
    /// Counter, by `platform` and `state`: where jobs stood as their worker let go of them.
    CARRIED_OUT = "mcmp_jobs_carried_out_total",
    /// Counter, by `reason`: steps that were refused, such as after a cancel.
    REFUSED = "mcmp_steps_refused_total",
    /// Counter: jobs that another worker took meanwhile.
    LOST = "mcmp_leases_lost_total",
    /// Counter: jobs that were taken back from workers that were gone.
    RESCUED = "mcmp_jobs_rescued_total",
    /// Counter, by `platform` and `reason`: jobs sent back to wait for a pause, a limit or a
    /// platform that is down.
    WAITED = "mcmp_jobs_waited_total",
    /// Counter, by `platform`, `call` and `outcome` (`ok` or the class of the error): calls.
    CALLS = "mcmp_platform_calls_total",
    /// Gauge: jobs that this process works on.
    IN_FLIGHT = "mcmp_jobs_in_flight",
    /// Gauge, seconds: how late the oldest due job is.
    OLDEST_DUE = "mcmp_oldest_due_seconds",
    /// Counter, by `loop`: errors of the engine's loops.
    LOOP_ERRORS = "mcmp_loop_errors_total",
    /// Counter, by `loop`: things that the engine's loops did.
    LOOP_DONE = "mcmp_loop_done_total",
    /// Gauge, by `subscriber`: events that were read last, by their position.
    OUTBOX_POSITION = "mcmp_outbox_position",
}

/// Gives the installed recorder units and descriptions; later calls do no harm.
pub(crate) fn describe() {
    let seconds = Unit::Seconds;
    describe_histogram!(names::START_LAG, seconds, "From due to the first call");
    describe_histogram!(names::PUBLISH_LAG, seconds, "From planned to live");
    describe_histogram!(names::CLAIM_SECONDS, seconds, "How long a claim took");
    describe_counter!(names::CLAIMED, "Jobs that were claimed");
    describe_counter!(names::CLAIMS_EMPTY, "Claims that found nothing");
    describe_counter!(names::CARRIED_OUT, "Jobs by the state that their worker left them in");
    describe_counter!(names::REFUSED, "Steps that were refused");
    describe_counter!(names::LOST, "Jobs that another worker took meanwhile");
    describe_counter!(names::RESCUED, "Jobs taken back from workers that were gone");
    describe_counter!(names::WAITED, "Jobs sent back to wait");
    describe_counter!(names::CALLS, "Calls to platforms");
    describe_gauge!(names::IN_FLIGHT, "Jobs that this process works on");
    describe_gauge!(names::OLDEST_DUE, seconds, "How late the oldest due job is");
    describe_counter!(names::LOOP_ERRORS, "Errors of the engine's loops");
    describe_counter!(names::LOOP_DONE, "Things that the engine's loops did");
    describe_gauge!(names::OUTBOX_POSITION, "Position of the event that was read last");
}

pub(crate) fn claimed(jobs: usize, took: std::time::Duration) {
    histogram!(names::CLAIM_SECONDS).record(took.as_secs_f64());
    if jobs == 0 {
        counter!(names::CLAIMS_EMPTY).increment(1);
    } else {
        counter!(names::CLAIMED).increment(count(jobs));
    }
}

/// `due_at` is when the job was due as it was claimed.
pub(crate) fn carried_out(done: &CarriedOut, due_at: DateTime<Utc>) {
    let (job, platform) = (&done.job, done.job.platform.to_string());
    if let Some(started_at) = done.started_at {
        histogram!(names::START_LAG, "platform" => platform.clone())
            .record(seconds(started_at - due_at));
    }
    if done.lost {
        counter!(names::LOST).increment(1);
    }
    if let Some(reason) = &done.refusal {
        counter!(names::REFUSED, "reason" => reason.to_string()).increment(1);
    }
    counter!(names::CARRIED_OUT, "platform" => platform.clone(), "state" => job.state.as_str())
        .increment(1);
    if job.state == JobState::Published
        && let Some(finished_at) = job.finished_at
    {
        histogram!(names::PUBLISH_LAG, "platform" => platform)
            .record(seconds(job.late_by(finished_at)));
    }
}

pub(crate) fn in_flight(jobs: usize) {
    gauge!(names::IN_FLIGHT).set(f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)));
}

pub(crate) fn oldest_due(late_by: TimeDelta) {
    gauge!(names::OLDEST_DUE).set(seconds(late_by));
}

pub(crate) fn rescued(jobs: usize) {
    counter!(names::RESCUED).increment(count(jobs));
}

pub(crate) fn lost(jobs: usize) {
    counter!(names::LOST).increment(count(jobs));
}

pub(crate) fn waited(platform: &Platform, reason: WaitReason) {
    counter!(names::WAITED, "platform" => platform.to_string(), "reason" => reason.code())
        .increment(1);
}

pub(crate) fn called(call: &CallReport<'_>) {
    let outcome = call.error.map_or("ok", |error| class_name(error.class));
    let platform = call.account.platform.to_string();
    counter!(names::CALLS, "platform" => platform, "call" => call.call.as_str(), "outcome" => outcome)
        .increment(1);
}

pub(crate) fn loop_done(which: Loop, done: usize) {
    counter!(names::LOOP_DONE, "loop" => which.as_str()).increment(count(done));
}

pub(crate) fn loop_failed(which: Loop) {
    counter!(names::LOOP_ERRORS, "loop" => which.as_str()).increment(1);
}

#[allow(clippy::cast_precision_loss, reason = "a position shown as a gauge")]
pub(crate) fn read_up_to(subscriber: &str, position: u64) {
    gauge!(names::OUTBOX_POSITION, "subscriber" => subscriber.to_owned()).set(position as f64);
}

fn class_name(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Reconnect => "reconnect",
        ErrorClass::Permission => "permission",
        ErrorClass::RateLimited { .. } => "rate_limited",
        ErrorClass::Transient => "transient",
        ErrorClass::InvalidContent => "invalid_content",
        ErrorClass::Duplicate => "duplicate",
        ErrorClass::UnknownOutcome => "unknown_outcome",
        _ => "other",
    }
}

fn seconds(time: TimeDelta) -> f64 {
    time.to_std().map_or(0.0, |time| time.as_secs_f64())
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
