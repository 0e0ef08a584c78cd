//! How a rule is run: a fresh fake platform, a runtime of its own, a verdict.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use super::platform::PlatformUnderTest;
use super::stage::Stage;
use crate::testkit::Skip;
use crate::testkit::harness::said_by;
use crate::time::ManualClock;

/// What came of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The publisher keeps the rule.
    Passed,
    /// It does not, and how that showed.
    Failed(String),
    /// The rule is about something that this platform has not, and what that is.
    NotHere(String),
    /// There was no fake to try it on.
    Skipped(Skip),
}

/// Why a rule says nothing about a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotHere(pub(super) String);

/// What came of a rule that did not fail.
pub(super) type Applied = Result<(), NotHere>;

pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;
type Subject = Arc<dyn PlatformUnderTest>;
type Factory = Arc<dyn Fn(ManualClock) -> Boxed<Result<Subject, Skip>>>;

/// Where a rule gets its platforms from.
pub(super) struct Kit {
    factory: Factory,
    first: Mutex<Option<(ManualClock, Subject)>>,
    stages: Mutex<Vec<Stage>>,
}

fn clock() -> ManualClock {
    ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap())
}

impl Kit {
    async fn open(factory: Factory) -> Result<Self, Skip> {
        let clock = clock();
        let first = factory(clock.clone()).await?;
        if !first.uses_sockets() {
            tokio::time::pause();
        }
        Ok(Self { factory, first: Mutex::new(Some((clock, first))), stages: Mutex::default() })
    }

    /// A fresh platform with an account that is connected to it.
    pub(super) async fn stage(&self) -> Stage {
        let first = self.first.lock().unwrap().take();
        let (clock, platform) = match first {
            Some(first) => first,
            None => {
                let clock = clock();
                let made = (self.factory)(clock.clone()).await;
                (clock, made.expect("a fake was there a moment ago"))
            }
        };
        let stage = Stage::new(clock, platform).await;
        self.stages.lock().unwrap().push(stage.clone());
        stage
    }

    /// Whatever the rule was about, no secret may have come out of it.
    async fn check_secrets(&self) {
        let stages = self.stages.lock().unwrap().clone();
        for stage in stages {
            stage.check_secrets().await;
        }
    }
}

/// One rule that every publisher keeps.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, with its concern: `outcomes::a_lost_answer_is_found_again`.
    pub name: &'static str,
    pub(super) body: for<'k> fn(&'k Kit) -> Pin<Box<dyn Future<Output = Applied> + 'k>>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

impl Rule {
    /// Tries the rule on a platform that `fresh` makes; failing is an answer, not a panic.
    pub fn check<P, F, Fut>(&self, fresh: F) -> Verdict
    where
        P: PlatformUnderTest,
        F: Fn(ManualClock) -> Fut + 'static,
        Fut: Future<Output = Result<P, Skip>> + 'static,
    {
        match catch_unwind(AssertUnwindSafe(|| self.execute(fresh))) {
            Ok(Ok(Ok(()))) => Verdict::Passed,
            Ok(Ok(Err(NotHere(what)))) => Verdict::NotHere(what),
            Ok(Err(skip)) => Verdict::Skipped(skip),
            Err(panic) => Verdict::Failed(said_by(panic.as_ref())),
        }
    }

    fn execute<P, F, Fut>(&self, fresh: F) -> Result<Applied, Skip>
    where
        P: PlatformUnderTest,
        F: Fn(ManualClock) -> Fut + 'static,
        Fut: Future<Output = Result<P, Skip>> + 'static,
    {
        // One thread, so that tokio's clock can be stopped.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let factory: Factory = Arc::new(move |clock| {
                let made = fresh(clock);
                Box::pin(async move { Ok(Arc::new(made.await?) as Subject) })
            });
            let kit = Kit::open(factory).await?;
            let applied = (self.body)(&kit).await;
            kit.check_secrets().await;
            Ok(applied)
        })
    }
}

/// Runs the rule `name` on a platform that `fresh` makes; what
/// [`publisher_conformance!`](crate::publisher_conformance) calls in each of its tests.
///
/// # Panics
/// The publisher breaks the rule, or there is no fake to try it on and `MCMP_REQUIRE_SERVICES=1` is
/// set.
#[allow(clippy::print_stderr, reason = "a rule that was not tried must not look like a kept one")]
pub fn run<P, F, Fut>(name: &str, fresh: F)
where
    P: PlatformUnderTest,
    F: Fn(ManualClock) -> Fut + 'static,
    Fut: Future<Output = Result<P, Skip>> + 'static,
{
    let rule = super::rule(name).expect("a rule of this kit");
    match rule.execute(fresh) {
        Ok(Ok(())) => {}
        Ok(Err(NotHere(what))) => eprintln!("NOT HERE {name}: this platform has no {what}"),
        Err(Skip { what, install }) => {
            let required = std::env::var("MCMP_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
            assert!(!required, "{name} can't be skipped here: {what}; {install}");
            eprintln!("SKIPPED {name}: {what}; {install}");
        }
    }
}
