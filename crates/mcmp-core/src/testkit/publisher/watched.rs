//! The publisher under test, with everything written down that comes out of it, and a place for a
//! process to die at.

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::account::{Platform, Tokens};
use crate::analytics::Metrics;
use crate::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Progress, PublishContext, PublishError, Publisher,
    PublisherCapabilities, RemoteRef, WentLive,
};
use crate::testkit::harness::said_by;

/// How long a call may take that no worker gives up, before a rule does. No publisher waits for
/// anything inside a call, so only its own time limit is waited for.
const LONGEST_CALL: Duration = Duration::from_secs(60);

/// Passes every call on.
pub(super) struct Watched {
    inner: Arc<dyn Publisher>,
    written: Mutex<Written>,
    /// How many edges of calls were passed: one before each call, one after it.
    edges: AtomicUsize,
    dies_at: Mutex<Option<usize>>,
    died: Notify,
}

#[derive(Default)]
struct Written {
    texts: Vec<(String, String)>,
    secrets: BTreeSet<String>,
    errors: Vec<PublishError>,
    go_lives: usize,
    /// What a call panicked with.
    panic: Option<String>,
}

/// What the publisher itself shows, so that a secret in it is found.
impl Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.inner).finish()
    }
}

impl Watched {
    pub(super) fn new(inner: Arc<dyn Publisher>) -> Self {
        Self {
            inner,
            written: Mutex::default(),
            edges: AtomicUsize::new(0),
            dies_at: Mutex::default(),
            died: Notify::new(),
        }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that came out of it, with what it is.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        self.written().texts.clone()
    }

    /// Every token that it was given or gave.
    pub(super) fn secrets(&self) -> BTreeSet<String> {
        self.written().secrets.clone()
    }

    /// Every error that it answered with, first to last.
    pub(super) fn errors(&self) -> Vec<PublishError> {
        self.written().errors.clone()
    }

    /// How often its visible call was asked for.
    pub(super) fn go_lives(&self) -> usize {
        self.written().go_lives
    }

    /// Panics if a call did: a worker takes that for an error, and a rule does not.
    pub(super) fn raise(&self) {
        let panic = self.written().panic.take();
        if let Some(message) = panic {
            panic!("{message}");
        }
    }

    /// The process dies at the edge of a call that so many others precede from the very start.
    pub(super) fn die_at(&self, edge: usize) {
        *self.dies_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(edge);
    }

    /// Ends once the process has died.
    pub(super) async fn death(&self) {
        self.died.notified().await;
    }

    /// Writes down what a call panics with.
    async fn heard<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        poll_fn(|cx| {
            catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))).unwrap_or_else(|panic| {
                self.written().panic = Some(said_by(panic.as_ref()));
                resume_unwind(panic)
            })
        })
        .await
    }

    async fn edge(&self) {
        let edge = self.edges.fetch_add(1, Ordering::SeqCst);
        let dies = {
            let mut dies_at = self.dies_at.lock().unwrap_or_else(PoisonError::into_inner);
            dies_at.take_if(|at| *at == edge).is_some()
        };
        if dies {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn given(&self, tokens: &Tokens) {
        let both = [Some(&tokens.access), tokens.refresh.as_ref()];
        let mut written = self.written();
        written.secrets.extend(both.into_iter().flatten().map(|token| token.expose().to_owned()));
    }

    fn answered<T: Debug>(&self, call: &str, answer: &Result<T, PublishError>) {
        let mut written = self.written();
        let what = format!("the answer of {call}");
        written.texts.push((what.clone(), format!("{answer:?}")));
        if let Err(error) = answer {
            written.texts.push((what.clone(), error.to_string()));
            let raw = error.raw.clone().unwrap_or_default();
            written.texts.push((what, raw));
            written.errors.push(error.clone());
        }
        written.texts.push(("the publisher's Debug".to_owned(), format!("{:?}", self.inner)));
    }

    async fn step<T: Debug>(
        &self,
        call: &str,
        tokens: &Tokens,
        step: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        self.given(tokens);
        self.edge().await;
        let answer = step.await;
        self.answered(call, &answer);
        self.edge().await;
        answer
    }
}

async fn limited<T>(
    call: &str,
    step: impl Future<Output = Result<T, PublishError>>,
) -> Result<T, PublishError> {
    let Ok(answer) = tokio::time::timeout(LONGEST_CALL, step).await else {
        panic!("{call} has no time limit of its own: it hung for {LONGEST_CALL:?}");
    };
    answer
}

#[async_trait]
impl Publisher for Watched {
    fn platform(&self) -> &Platform {
        self.inner.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.inner.capabilities()
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        self.heard(async {
            let answer = self.step("prepare", cx.tokens, self.inner.prepare(cx)).await;
            let class = answer.as_ref().err().map(|error| error.class);
            assert_ne!(
                class,
                Some(ErrorClass::UnknownOutcome),
                "prepare can be repeated: what fails in it is transient, never unknown"
            );
            answer
        })
        .await
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        let intent = cx.job.intent.as_ref().expect("the intent stands before the visible call");
        let left = (intent.deadline - cx.now).to_std().expect("the deadline lies ahead");
        // Before the worker does it, so that it shows who did.
        let left = left.mul_f64(0.99);
        self.written().go_lives += 1;
        let call = tokio::time::timeout(left, self.inner.go_live(cx));
        let in_time = async {
            call.await.unwrap_or_else(|_| {
                panic!("go_live still waited at the intent's deadline, {left:?} after its start")
            })
        };
        self.heard(self.step("go_live", cx.tokens, in_time)).await
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        let looking = limited("look_up", self.inner.look_up(cx, intent));
        self.heard(self.step("look_up", cx.tokens, looking)).await
    }

    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        self.step("edit", cx.tokens, limited("edit", self.inner.edit(cx, remote))).await
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        self.step("delete", cx.tokens, limited("delete", self.inner.delete(cx, remote))).await
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        self.step("metrics", cx.tokens, limited("metrics", self.inner.metrics(cx, remote))).await
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let asking = limited("refresh_tokens", self.inner.refresh_tokens(cx));
        let answer = self.heard(self.step("refresh_tokens", cx.tokens, asking)).await;
        if let Ok(tokens) = &answer {
            self.given(tokens);
        }
        answer
    }
}
