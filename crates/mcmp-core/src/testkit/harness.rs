//! How a rule is run: a fresh store, a runtime of its own, a verdict.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::world::World;
use crate::store::Store;
use crate::time::ManualClock;

/// Moves the time that a store goes by, so that leases end and jobs fall due without waiting.
///
/// A store over an injected clock hands out its [`ManualClock`]. A store that goes by its
/// server's clock adds an offset in a way that only its tests can reach, such as a function in the
/// test's own schema. The clock may run on by itself in between: the kit never asks for a time to
/// the second, and never moves it back.
#[async_trait]
pub trait StoreTime: Send + Sync {
    /// Moves the store's time on by `by`.
    async fn advance(&self, by: TimeDelta);
}

#[async_trait]
impl StoreTime for ManualClock {
    async fn advance(&self, by: TimeDelta) {
        ManualClock::advance(self, by);
    }
}

/// A fresh, empty store, and what moves its time.
pub struct TestStore {
    /// The store, with nothing in it.
    pub store: Arc<dyn Store>,
    /// What moves its time.
    pub time: Arc<dyn StoreTime>,
    guard: Option<Box<dyn Any + Send + Sync>>,
}

impl TestStore {
    /// A store whose time `time` moves.
    pub fn new(store: Arc<dyn Store>, time: impl StoreTime + 'static) -> Self {
        Self { store, time: Arc::new(time), guard: None }
    }

    /// Keeps `guard` until the rule is through: a temporary folder, a database to drop.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }
}

impl fmt::Debug for TestStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestStore").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Why there is no store to test here.
///
/// The test is then skipped, by name, unless `MCMP_REQUIRE_SERVICES=1` is set: that makes it fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// What is missing.
    pub what: String,
    /// What to install or set.
    pub install: String,
}

/// What came of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The store keeps the rule.
    Passed,
    /// It does not, and how that showed.
    Failed(String),
    /// There was no store to try it on.
    Skipped(Skip),
}

pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Factory = Arc<dyn Fn() -> Boxed<Result<TestStore, Skip>> + Send + Sync>;

/// Where a rule gets its stores from.
#[derive(Clone)]
pub struct Kit {
    factory: Factory,
    first: Arc<Mutex<Option<TestStore>>>,
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").finish_non_exhaustive()
    }
}

impl Kit {
    async fn open(factory: Factory) -> Result<Self, Skip> {
        let first = factory().await?;
        Ok(Self { factory, first: Arc::new(Mutex::new(Some(first))) })
    }

    /// A fresh store.
    pub(super) async fn fresh(&self) -> TestStore {
        let first = self.first.lock().unwrap().take();
        match first {
            Some(store) => store,
            None => (self.factory)().await.expect("a store was there a moment ago"),
        }
    }

    /// A fresh store with two agencies in it.
    pub(super) async fn world(&self) -> World {
        World::new(self.fresh().await).await
    }
}

/// One rule that every store keeps.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, with its concern: `isolation::get_sees_what_the_scope_sees`.
    pub name: &'static str,
    pub(super) body: fn(Kit) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

impl Rule {
    /// Tries the rule on a store that `fresh` makes; failing is an answer, not a panic.
    pub fn check<F, Fut>(&self, fresh: F) -> Verdict
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<TestStore, Skip>> + Send + 'static,
    {
        match catch_unwind(AssertUnwindSafe(|| self.execute(fresh))) {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(skip)) => Verdict::Skipped(skip),
            Err(panic) => Verdict::Failed(said_by(panic.as_ref())),
        }
    }

    fn execute<F, Fut>(&self, fresh: F) -> Result<(), Skip>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<TestStore, Skip>> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let factory: Factory = Arc::new(move || Box::pin(fresh()));
            let kit = Kit::open(factory).await?;
            (self.body)(kit).await;
            Ok(())
        })
    }
}

pub(super) fn said_by(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}

/// Runs the rule `name` on a store that `fresh` makes; what
/// [`store_conformance!`](crate::store_conformance) calls in each of its tests.
///
/// # Panics
/// The store breaks the rule, or there is none to test and `MCMP_REQUIRE_SERVICES=1` is set.
#[allow(clippy::print_stderr, reason = "a skipped test must not look like a passed one")]
pub fn run<F, Fut>(name: &str, fresh: F)
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<TestStore, Skip>> + Send + 'static,
{
    let rule = super::rule(name).expect("a rule of this kit");
    if let Err(Skip { what, install }) = rule.execute(fresh) {
        let required = std::env::var("MCMP_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
        assert!(!required, "{name} can't be skipped here: {what}; {install}");
        eprintln!("SKIPPED {name}: {what}; {install}");
    }
}
