//! Publishers that each break one promise.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::account::{Platform, Tokens};
use mcmp_core::analytics::Metrics;
use mcmp_core::post::Outgoing;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, FollowUpOutcome, Intent, LookUp, Part, Progress, PublishContext,
    PublishError, PublishJob, Publisher, PublisherCapabilities, RemoteRef, WentLive,
};
use serde_json::json;

use super::platform::Linked;

/// Which promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    RepeatsTheVisibleCall,
    CallsALostAnswerTransient,
    CallsALostAnswerSuccess,
    CallsLostStepsUnknown,
    WaitsForEver,
    ForgetsTheSecondFile,
    TurnsFilesAround,
    DropsDescriptions,
    TrimsTexts,
    EscapesTexts,
    TellsAnotherId,
    TellsNoAddress,
    LooksByTextAlone,
    LooksForAnyPost,
    FindsNothing,
    FindsWhatIsNotThere,
    SendsWhereItShouldLook,
    ShowsTheTokenInErrors,
    ShowsTheTokenEncoded,
    ShowsTheTokenInDebug,
    KeepsTheTokenInItsCheckpoint,
    StartsOverAtEachStep,
    RefusesToRepeatAStep,
    PublishesAsItPrepares,
    ReadsFilesWhole,
    PutsAllUnderTheFirst,
    PutsNothingUnderAnything,
    CallsRefusalsTransient,
    CallsPermissionsContent,
    DropsThePlatformsWords,
    DropsThePlatformsCode,
    ForgetsWhenALimitEnds,
    CallsALimitTransient,
    CallsEndedTokensPermission,
    CallsADuplicateSuccess,
    GivesTheOldTokens,
    CallsTroubleAtARefreshARefusal,
    CallsARefusedGrantTrouble,
    FailsAtTheSecondDeletion,
    DeletesNothing,
    PublishesAnewToChange,
    ChangesNothing,
    TellsNoNumbers,
    DoesWhatItSaysItCanNot,
    ClaimsThreads,
}

pub(super) struct Broken {
    inner: Arc<Linked>,
    fault: Option<Fault>,
    has_sent: AtomicBool,
    last_token: std::sync::Mutex<String>,
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Broken");
        if self.is(Fault::ShowsTheTokenInDebug) {
            debug.field("token", &self.last_token.lock().unwrap());
        }
        debug.field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Broken {
    pub(super) fn new(inner: Arc<Linked>, fault: Option<Fault>) -> Self {
        Self { inner, fault, has_sent: AtomicBool::new(false), last_token: Default::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// What it makes of what goes out.
    fn change(&self, outgoing: &Outgoing) -> Outgoing {
        let mut outgoing = outgoing.clone();
        match self.fault {
            Some(Fault::ForgetsTheSecondFile) if outgoing.media.len() > 1 => {
                outgoing.media.remove(1);
            }
            Some(Fault::TurnsFilesAround) => outgoing.media.reverse(),
            Some(Fault::DropsDescriptions) => {
                outgoing.media.iter_mut().for_each(|file| file.alt_text = None);
            }
            Some(Fault::TrimsTexts) => {
                outgoing.text = outgoing.text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            Some(Fault::EscapesTexts) => outgoing.text = outgoing.text.replace('&', "&amp;"),
            _ => {}
        }
        outgoing
    }

    /// Which parents it gives to what follows.
    fn place(&self, cx: &PublishContext<'_>) -> PublishJob {
        let mut job = cx.job.clone();
        if cx.part != Part::Main {
            if self.is(Fault::PutsNothingUnderAnything) {
                job.remote = None;
            }
            if self.is(Fault::PutsAllUnderTheFirst) {
                for follow_up in &mut job.follow_ups {
                    if let (FollowUpOutcome::Live { remote }, Some(first)) =
                        (&mut follow_up.outcome, &cx.job.remote)
                    {
                        *remote = first.clone();
                    }
                }
            }
        }
        job
    }

    fn answer<T>(&self, token: &str, answer: Result<T, PublishError>) -> Result<T, PublishError> {
        self.last_token.lock().unwrap().replace_range(.., token);
        let mut error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let reached = error.code.as_deref() == Some("closed");
        match self.fault {
            Some(Fault::ShowsTheTokenInErrors) => {
                error.message = format!("GET /me?access_token={token} failed");
            }
            Some(Fault::ShowsTheTokenEncoded) => {
                error.raw = error.raw.map(|raw| {
                    format!("{raw}?t={}", token.replace('/', "%2F").replace('+', "%2B"))
                });
            }
            Some(Fault::CallsALostAnswerTransient) if reached => {
                error.class = ErrorClass::Transient;
            }
            Some(Fault::CallsLostStepsUnknown) if reached => {
                error.class = ErrorClass::UnknownOutcome;
            }
            Some(Fault::CallsRefusalsTransient) if error.class == ErrorClass::InvalidContent => {
                error.class = ErrorClass::Transient;
            }
            Some(Fault::CallsPermissionsContent) if error.class == ErrorClass::Permission => {
                error.class = ErrorClass::InvalidContent;
            }
            Some(Fault::CallsEndedTokensPermission) if error.class == ErrorClass::Reconnect => {
                error.class = ErrorClass::Permission;
            }
            Some(Fault::DropsThePlatformsWords) => error.raw = Some("it failed".to_owned()),
            Some(Fault::DropsThePlatformsCode) => error.code = None,
            Some(Fault::ForgetsWhenALimitEnds) => {
                if let ErrorClass::RateLimited { until } = &mut error.class {
                    *until = None;
                }
            }
            Some(Fault::CallsALimitTransient)
                if matches!(error.class, ErrorClass::RateLimited { .. }) =>
            {
                error.class = ErrorClass::Transient;
            }
            _ => {}
        }
        Err(error)
    }
}

#[async_trait]
impl Publisher for Broken {
    fn platform(&self) -> &Platform {
        self.inner.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        let mut can = self.inner.capabilities();
        match self.fault {
            Some(Fault::DoesWhatItSaysItCanNot) => can.delete = false,
            Some(Fault::ClaimsThreads) => can.threads = !can.threads,
            _ => {}
        }
        can
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        let (token, outgoing) = (cx.tokens.access.expose(), self.change(cx.outgoing));
        let mut job = self.place(cx);
        let mut changed = PublishContext { outgoing: &outgoing, ..*cx };
        match self.fault {
            Some(Fault::StartsOverAtEachStep) => {
                job.checkpoint = None;
                changed.job = &job;
            }
            Some(Fault::RefusesToRepeatAStep)
                if cx.checkpoint().is_none() && self.has_sent.swap(true, Ordering::SeqCst) =>
            {
                return Err(PublishError::new(ErrorClass::InvalidContent, "begun already"));
            }
            Some(Fault::PublishesAsItPrepares) => {
                self.inner.fake.go_live(&changed).await?;
            }
            Some(Fault::ReadsFilesWhole) => {
                for file in cx.media_files() {
                    let whole = cx.media.read_chunk(&file.storage_key, 0, usize::MAX).await;
                    assert!(whole.is_ok());
                }
            }
            _ => {}
        }
        let mut answer = self.answer(token, self.inner.prepare(&changed).await);
        if let (Ok(Progress::Ready { checkpoint }), true) =
            (&mut answer, self.is(Fault::KeepsTheTokenInItsCheckpoint))
        {
            *checkpoint = Some(json!({ "step": 9, "session": token }));
        }
        answer
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        let (token, outgoing) = (cx.tokens.access.expose(), self.change(cx.outgoing));
        let job = self.place(cx);
        let changed = PublishContext { outgoing: &outgoing, job: &job, ..*cx };
        let mut answer = self.answer(token, self.inner.go_live(&changed).await);
        match (self.fault, &mut answer) {
            (Some(Fault::RepeatsTheVisibleCall), Err(error))
                if error.class == ErrorClass::UnknownOutcome =>
            {
                answer = self.inner.go_live(&changed).await;
            }
            (Some(Fault::WaitsForEver), Err(error)) if error.code.as_deref() == Some("timeout") => {
                pending().await
            }
            (Some(Fault::CallsALostAnswerSuccess), Err(error))
                if error.class == ErrorClass::UnknownOutcome =>
            {
                answer = Ok(WentLive::Live(RemoteRef { id: "fake-1".to_owned(), url: None }));
            }
            (Some(Fault::CallsADuplicateSuccess), Err(error))
                if error.class == ErrorClass::Duplicate =>
            {
                answer = Ok(WentLive::Live(RemoteRef { id: "fake-1".to_owned(), url: None }));
            }
            (Some(Fault::TellsAnotherId), Ok(WentLive::Live(remote))) => remote.id.push('x'),
            (Some(Fault::TellsNoAddress), Ok(WentLive::Live(remote))) => remote.url = None,
            _ => {}
        }
        answer
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        let token = cx.tokens.access.expose();
        let mut accepted = self.inner.fake.accepted().into_iter();
        let found = match self.fault {
            Some(Fault::FindsNothing) => return Ok(LookUp::Absent),
            Some(Fault::FindsWhatIsNotThere) => {
                Some(RemoteRef { id: "fake-1".to_owned(), url: None })
            }
            Some(Fault::LooksByTextAlone) => {
                accepted.find(|post| post.text == cx.text()).map(|post| post.remote)
            }
            Some(Fault::LooksForAnyPost) => accepted.next().map(|post| post.remote),
            Some(Fault::SendsWhereItShouldLook) => {
                let sent = self.inner.fake.go_live(cx).await?;
                let WentLive::Live(remote) = sent else { panic!("it goes live at once") };
                return Ok(LookUp::Found(remote));
            }
            _ => return self.answer(token, self.inner.look_up(cx, intent).await),
        };
        Ok(found.map_or(LookUp::Absent, LookUp::Found))
    }

    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        match self.fault {
            Some(Fault::ChangesNothing) => Ok(remote.clone()),
            Some(Fault::PublishesAnewToChange) => match self.inner.fake.go_live(cx).await? {
                WentLive::Live(remote) => Ok(remote),
                other => panic!("{other:?}"),
            },
            _ => self.inner.edit(cx, remote).await,
        }
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        match self.fault {
            Some(Fault::DeletesNothing) => Ok(()),
            Some(Fault::FailsAtTheSecondDeletion) if self.has_sent.swap(true, Ordering::SeqCst) => {
                Err(PublishError::new(ErrorClass::InvalidContent, "there is no such post"))
            }
            _ => self.inner.delete(cx, remote).await,
        }
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        if self.is(Fault::TellsNoNumbers) {
            return Err(PublishError::new(ErrorClass::Permission, "ask somebody else"));
        }
        self.inner.metrics(cx, remote).await
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let mut answer = self.inner.refresh_tokens(cx).await;
        match (self.fault, &mut answer) {
            (Some(Fault::GivesTheOldTokens), Ok(tokens)) => {
                tokens.access.clone_from(&cx.tokens.access);
                tokens.access_expires_at = Some(cx.now + TimeDelta::hours(1));
            }
            (Some(Fault::CallsTroubleAtARefreshARefusal), Err(error)) => {
                error.class = ErrorClass::Reconnect;
            }
            (Some(Fault::CallsARefusedGrantTrouble), Err(error)) => {
                error.class = ErrorClass::Transient;
            }
            _ => {}
        }
        answer
    }
}
