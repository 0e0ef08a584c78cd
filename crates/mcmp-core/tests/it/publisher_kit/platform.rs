//! The fake platform of `mcmp_core::fake`, behind a line that can be told to fail.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::{AccountKind, ExternalId, Platform, Tokens};
use mcmp_core::analytics::Metrics;
use mcmp_core::fake::FakePublisher;
use mcmp_core::portal::Connection;
use mcmp_core::post::PostKind;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Progress, PublishContext, PublishError, Publisher,
    PublisherCapabilities, RemoteRef, WentLive,
};
use mcmp_core::secret::SecretText;
use mcmp_core::testkit::publisher::{
    At, Calls, Draft, Fault, Form, LiveMedia, LivePost, PlatformUnderTest, Refusal, Scripted,
};
use mcmp_core::time::{Clock, ManualClock};
use mcmp_core::value::Name;

/// What lies between a publisher and its platform.
#[derive(Debug, Default)]
struct Line {
    calls: Calls,
    on_call: BTreeMap<usize, Fault>,
    on_visible: BTreeMap<usize, Fault>,
    /// Which tokens are good when an account is connected.
    grant: u32,
    is_revoked: bool,
}

/// A publisher that reaches the fake over a line.
pub(super) struct Linked {
    pub(super) fake: FakePublisher,
    line: Mutex<Line>,
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linked").field("fake", &self.fake).finish_non_exhaustive()
    }
}

fn answer(class: ErrorClass, code: &str, said: &str) -> PublishError {
    PublishError::new(class, format!("the platform answered {code}")).code(code).raw(said)
}

fn said(refusal: Refusal) -> (ErrorClass, &'static str, &'static str) {
    match refusal {
        Refusal::Content => (ErrorClass::InvalidContent, "http_400", "too many adjectives"),
        Refusal::Permission => (ErrorClass::Permission, "http_403", "may not publish"),
        Refusal::Token => (ErrorClass::Reconnect, "http_401", "the session has ended"),
        Refusal::Duplicate => (ErrorClass::Duplicate, "http_409", "posted already"),
        other => panic!("{other:?} is new"),
    }
}

impl Linked {
    fn next(&self, visible: bool) -> Option<Fault> {
        let mut line = self.line.lock().unwrap();
        let Calls { visible: of_visible, total } = line.calls;
        let on_visible = visible.then(|| line.on_visible.remove(&of_visible)).flatten();
        on_visible.or_else(|| line.on_call.remove(&total))
    }

    fn count(&self, visible: bool) {
        let mut line = self.line.lock().unwrap();
        line.calls.total += 1;
        line.calls.visible += usize::from(visible);
    }

    /// One call: what becomes of it, and how it looks from here.
    async fn call<T>(
        &self,
        now: DateTime<Utc>,
        deadline: Option<DateTime<Utc>>,
        call: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        let is_visible = deadline.is_some();
        let fault = self.next(is_visible);
        let unsure = if is_visible { ErrorClass::UnknownOutcome } else { ErrorClass::Transient };
        let broken = || Err(answer(unsure, "closed", "connection closed"));
        let failed = || Err(answer(unsure, "http_503", "the server failed"));
        let limit = deadline.map_or(TimeDelta::seconds(20), |end| (end - now) * 9 / 10);
        let patience = limit.to_std().unwrap_or(Duration::ZERO);
        let no_answer = async {
            let _ = tokio::time::timeout(patience, pending::<()>()).await;
            Err(answer(unsure, "timeout", "no answer came"))
        };
        let result = match fault {
            None => call.await,
            Some(Fault::LoseAnswer) => call.await.and_then(|_| broken()),
            Some(Fault::FailAfterAccepting) => call.await.and_then(|_| failed()),
            Some(Fault::Garbage) => {
                call.await.and_then(|_| Err(answer(unsure, "unreadable", "{\"id\": ")))
            }
            Some(Fault::AcceptAndHang) => {
                let _ = call.await;
                self.count(is_visible);
                return no_answer.await;
            }
            Some(Fault::LoseRequest) => broken(),
            Some(Fault::Unavailable) => failed(),
            Some(Fault::Hang) => {
                self.count(is_visible);
                return no_answer.await;
            }
            Some(Fault::Refuse(refusal)) => {
                let (class, code, text) = said(refusal);
                Err(answer(class, code, text))
            }
            Some(Fault::RateLimit { retry_after }) => {
                let until = retry_after.map(|wait| now + wait);
                Err(answer(ErrorClass::RateLimited { until }, "http_429", "slow down"))
            }
            Some(other) => panic!("{other:?} is new"),
        };
        self.count(is_visible);
        // The fake says what went wrong in its own words, and keeps no raw text.
        result.map_err(|error| match error.raw {
            Some(_) => error,
            None => error.clone().raw(error.message),
        })
    }
}

#[async_trait]
impl Publisher for Linked {
    fn platform(&self) -> &Platform {
        self.fake.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.fake.capabilities()
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        self.call(cx.now, None, self.fake.prepare(cx)).await
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        let deadline = cx.job.intent.as_ref().unwrap().deadline;
        self.call(cx.now, Some(deadline), self.fake.go_live(cx)).await
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        self.call(cx.now, None, self.fake.look_up(cx, intent)).await
    }

    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        if !self.capabilities().edit {
            return Err(not_supported());
        }
        self.call(cx.now, None, self.fake.edit(cx, remote)).await
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        if !self.capabilities().delete {
            return Err(not_supported());
        }
        self.call(cx.now, None, self.fake.delete(cx, remote)).await
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        if !self.capabilities().metrics {
            return Err(not_supported());
        }
        self.call(cx.now, None, self.fake.metrics(cx, remote)).await
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let is_revoked = self.line.lock().unwrap().is_revoked;
        if !self.capabilities().refresh || is_revoked {
            return Err(answer(ErrorClass::Reconnect, "invalid_grant", "the grant has ended"));
        }
        self.call(cx.now, None, self.fake.refresh_tokens(cx)).await
    }
}

fn not_supported() -> PublishError {
    PublishError::new(ErrorClass::Permission, "not on this one").code(PublishError::NOT_SUPPORTED)
}

/// A fake platform with its publisher, which may be wrapped in another one.
pub(super) struct FakePlatform {
    pub(super) linked: Arc<Linked>,
    pub(super) publisher: Arc<dyn Publisher>,
    clock: ManualClock,
}

impl FakePlatform {
    pub(super) fn new(clock: ManualClock, fake: FakePublisher) -> Self {
        let linked = Arc::new(Linked { fake, line: Mutex::default() });
        Self { publisher: linked.clone(), linked, clock }
    }

    fn tokens(grant: u32) -> Tokens {
        Tokens {
            refresh: Some(SecretText::new(format!("refresh&secret={grant}"))),
            ..Tokens::new(SecretText::new(format!("access/secret+{grant}")))
        }
    }

    fn next_grant(&self, is_revoked: bool) -> Scripted {
        let mut line = self.linked.line.lock().unwrap();
        line.grant += 1;
        line.is_revoked = is_revoked;
        self.linked.fake.accept_only(&Self::tokens(line.grant).access);
        Scripted::Yes
    }
}

#[async_trait]
impl PlatformUnderTest for FakePlatform {
    fn publisher(&self) -> Arc<dyn Publisher> {
        self.publisher.clone()
    }

    fn connection(&self) -> Connection {
        let mut line = self.linked.line.lock().unwrap();
        line.is_revoked = false;
        let id = ExternalId::new("external_id", "4711").unwrap();
        let name = Name::new("display_name", "Bakery").unwrap();
        let platform = self.linked.platform().clone();
        Connection::new(platform, AccountKind::Profile, id, name, Self::tokens(line.grant))
    }

    fn draft(&self, form: Form) -> Option<Draft> {
        let can = self.linked.capabilities();
        let draft = Draft::of(form);
        match form {
            Form::Thread if !can.threads => None,
            Form::FirstComment if !can.first_comment => None,
            Form::Images => Some(draft.kind(PostKind::Carousel)),
            _ => Some(draft),
        }
    }

    async fn script(&self, at: At, fault: Fault) -> Scripted {
        let mut line = self.linked.line.lock().unwrap();
        let so_far = line.calls;
        match at {
            At::Visible(n) => line.on_visible.insert(so_far.visible + n, fault),
            At::Call(n) => line.on_call.insert(so_far.total + n, fault),
            other => panic!("{other:?} is new"),
        };
        match fault {
            Fault::Refuse(refusal) => Scripted::Saying(said(refusal).2.to_owned()),
            _ => Scripted::Yes,
        }
    }

    async fn live(&self) -> Vec<LivePost> {
        let now = self.clock.now();
        let mut posts = self.linked.fake.accepted();
        posts.retain(|post| post.is_live(now));
        posts
            .into_iter()
            .map(|post| LivePost {
                id: post.remote.id,
                url: post.remote.url,
                title: None,
                text: post.text,
                media: post
                    .files
                    .into_iter()
                    .map(|file| LiveMedia {
                        checksum: file.checksum.expect("the file is there"),
                        alt_text: file.alt_text,
                    })
                    .collect(),
                parent: post.parent.map(|parent| parent.id),
            })
            .collect()
    }

    fn calls(&self) -> Calls {
        self.linked.line.lock().unwrap().calls
    }

    async fn expire_token(&self) -> Scripted {
        self.next_grant(false)
    }

    async fn revoke(&self) -> Scripted {
        self.next_grant(true)
    }

    fn uses_sockets(&self) -> bool {
        false
    }

    fn knows_its_own(&self) -> bool {
        self.linked.capabilities().takes_dedupe_key
    }
}
