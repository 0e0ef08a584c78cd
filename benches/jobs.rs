//! What one step of a job costs.
#![allow(clippy::expect_used, reason = "set-up of benchmarks: all values are written here")]

use std::fmt;

use chrono::TimeDelta;
use divan::{Bencher, black_box};
use mcmp_benches::cast::{Cast, claimed};
use mcmp_benches::content::{POST, outgoing};
use mcmp_benches::minutes;
use mcmp_core::account::Platform;
use mcmp_core::publishing::{ErrorClass, JobStep, PublishError, PublishJob, RemoteRef, advance};

fn main() {
    divan::main();
}

struct Case {
    name: &'static str,
    job: PublishJob,
    step: JobStep,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn cases() -> Vec<Case> {
    let cast = Cast::default();
    let item = outgoing(&Platform::FACEBOOK, POST, &cast.ids);
    let waiting = cast.job(&cast.account(item.account_id), &item, minutes(0));
    let running = claimed(waiting.clone());
    let fence = running.fence;
    let intend =
        JobStep::Intend { fence, budget: TimeDelta::seconds(60), attempt_id: cast.ids.next() };
    let committing = advance(&running, &intend, minutes(0)).expect("a claimed job").job;
    let remote = RemoteRef { id: "1234567890".to_owned(), url: None };
    let error = PublishError::new(ErrorClass::UnknownOutcome, "no answer came");
    let unknown =
        JobStep::OutcomeUnknown { fence, error: error.clone(), quiet: TimeDelta::minutes(2) };
    let transient = PublishError::new(ErrorClass::Transient, "bad gateway");
    let rejected = JobStep::Rejected { fence, error: transient, jitter: 500 };
    let reschedule = JobStep::Reschedule { due_at: minutes(60), planned_at: minutes(60) };
    vec![
        Case { name: "reschedule", job: waiting, step: reschedule },
        Case {
            name: "judge lateness",
            job: running.clone(),
            step: JobStep::JudgeLateness { fence },
        },
        Case { name: "intend", job: running.clone(), step: intend },
        Case { name: "rejected", job: committing.clone(), step: rejected },
        Case { name: "unknown", job: committing.clone(), step: unknown },
        Case { name: "published", job: committing, step: JobStep::Published { fence, remote } },
    ]
}

#[divan::bench(args = cases())]
fn step(bencher: Bencher<'_, '_>, case: &Case) {
    assert!(advance(&case.job, &case.step, minutes(1)).is_ok(), "{case}");
    bencher.bench(|| advance(black_box(&case.job), &case.step, minutes(1)));
}
