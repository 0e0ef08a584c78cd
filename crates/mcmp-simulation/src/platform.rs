//! A platform as one process sees it: with the process's life and the net in between, and with
//! whatever a mutant breaks.

use std::sync::Arc;

use async_trait::async_trait;
use mcmp_core::account::{Platform, Tokens};
use mcmp_core::analytics::Metrics;
use mcmp_core::fake::{FakeCall, FakePublisher};
use mcmp_core::post::Outgoing;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, Intent, JobState, LookUp, Part, Progress, PublishContext,
    PublishError, PublishJob, Publisher, PublisherCapabilities, RemoteRef, WentLive,
};
use mcmp_core::secret::SecretText;
use tokio::time::sleep;

use super::faults;
use super::hub::Hub;
use super::ledger::CallKind;
use super::life::Life;
use super::mutants::Mutant;
use super::witness::short;

#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) hub: Arc<Hub>,
    pub(crate) life: Arc<Life>,
    pub(crate) platform: Arc<FakePublisher>,
    /// Chance in a thousand that a call meets a fault.
    pub(crate) faults: u32,
}

impl Remote {
    /// A request or an answer is on its way.
    async fn travel(&self) {
        let time = self.hub.dice(|dice| match dice.below(40) {
            0 if !self.hub.is_calm() => dice.seconds(5, 50),
            1..=6 => dice.millis(500, 4_000),
            _ => dice.millis(1, 200),
        });
        sleep(time).await;
    }

    /// The next call of a kind fails, now and then.
    fn fail_perhaps(&self, call: FakeCall) {
        if self.hub.is_calm() {
            return;
        }
        let now = self.hub.now();
        let chance = if call == FakeCall::Refresh { self.faults } else { self.faults / 2 };
        let error = self.hub.dice(|dice| {
            let error = faults::error(dice, now);
            let is_wanted = call != FakeCall::Refresh || error.class != ErrorClass::Duplicate;
            (dice.permille(chance) && is_wanted).then_some(error)
        });
        if let Some(error) = error {
            self.platform.fail_next(call, 1, &error);
        }
    }

    /// Notes what a worker heard.
    fn hear(&self, cx: &PublishContext<'_>, call: &str, answer: Result<String, &PublishError>) {
        let part = match cx.part {
            Part::Main => String::new(),
            part => format!(" {part:?}"),
        };
        let what = match &answer {
            Ok(said) => said.clone(),
            Err(error) => format!("{:?}: {}", error.class, error.message),
        };
        self.hub.note(&self.life.name, format!("{call} {}{part}: {what}", short(cx.job.id)));
        let mut ledger = self.hub.ledger();
        // A worker whose job was changed under its hands asks again, and goes by the last answer.
        ledger.limits_heard.remove(&(cx.job.id, cx.job.fence));
        let Err(error) = answer else { return };
        match error.class {
            ErrorClass::Reconnect => {
                ledger.refused.insert(cx.account.id);
            }
            ErrorClass::RateLimited { until: Some(until) } if until > self.hub.now() => {
                ledger.limits_heard.insert((cx.job.id, cx.job.fence), until);
            }
            _ => {}
        }
    }

    fn spoiled(&self, cx: &PublishContext<'_>, error: PublishError) -> PublishError {
        if self.hub.is(Mutant::TokenIsTold) {
            let message = format!("bad token {}", cx.tokens.access.expose());
            return PublishError { message, ..error };
        }
        error
    }

    fn complain_if_early(&self, cx: &PublishContext<'_>) {
        let mut due = cx.job.planned_at;
        if cx.job.state == JobState::Running {
            due = due.max(cx.job.due_at);
        }
        let left = self.hub.ledger().left_until(cx.job.id, due);
        if let Some(left) = left {
            let job = short(cx.job.id);
            self.hub.violation(format!("a call for {job} begins {left} before its time"));
        }
    }

    async fn send(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        let hub = &self.hub;
        let outgoing = match hub.is(Mutant::TextIsChanged) {
            true => Outgoing { text: format!("{} #ad", cx.outgoing.text), ..cx.outgoing.clone() },
            false => cx.outgoing.clone(),
        };
        let job = match hub.is(Mutant::ParentIsForgotten) {
            true => PublishJob { remote: None, ..cx.job.clone() },
            false => cx.job.clone(),
        };
        let cx = &PublishContext { outgoing: &outgoing, job: &job, ..*cx };
        if !hub.is_calm()
            && let Some(fault) = hub.dice(|dice| faults::on_go_live(dice, self.faults, hub.now()))
        {
            hub.note("net", format!("{} meets {fault:?}", short(job.id)));
            self.platform.on_go_live([fault]);
        }
        let answer = self.platform.go_live(cx).await;
        match answer {
            Err(error) if error.class == ErrorClass::UnknownOutcome => {
                if hub.is(Mutant::CallIsRepeated) {
                    return self.platform.go_live(cx).await;
                }
                if hub.is(Mutant::SuccessIsMadeUp) {
                    let remote = RemoteRef { id: "made-up".to_owned(), url: None };
                    return Ok(WentLive::Live(remote));
                }
                if hub.is(Mutant::LostAnswerIsTransient) {
                    return Err(PublishError { class: ErrorClass::Transient, ..error });
                }
                Err(error)
            }
            answer => answer,
        }
    }
}

#[async_trait]
impl Publisher for Remote {
    fn platform(&self) -> &Platform {
        self.platform.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.platform.capabilities()
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        self.complain_if_early(cx);
        let _call = self.hub.begin(&self.life, CallKind::Prepare, cx.account.id, Some(cx.job.id));
        let entered = self.life.enter("prepare").await;
        self.travel().await;
        self.fail_perhaps(FakeCall::Prepare);
        let answer = self.platform.prepare(cx).await.map_err(|error| self.spoiled(cx, error));
        self.life.leave(entered).await;
        let said = answer.as_ref().map(|progress| match progress {
            Progress::Ready { .. } => "ready".to_owned(),
            other => format!("{other:?}"),
        });
        self.hear(cx, "prepare", said);
        answer
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        self.complain_if_early(cx);
        let kind = match self.hub.ledger().has_no_place(cx.job.id) {
            true => CallKind::Repeat,
            false => CallKind::GoLive,
        };
        let _call = self.hub.begin(&self.life, kind, cx.account.id, Some(cx.job.id));
        let before = self.platform.accepted().len();
        let entered = self.life.enter("go_live").await;
        self.travel().await;
        let answer = self.send(cx).await.map_err(|error| self.spoiled(cx, error));
        let accepted = self.platform.accepted().len() > before;
        let seen = if accepted { "accepted" } else { "not accepted" };
        self.hub.note("net", format!("{} is {seen}", short(cx.job.id)));
        self.life.leave(entered).await;
        self.travel().await;
        self.hear(
            cx,
            "go_live",
            answer.as_ref().map(|live| match live {
                WentLive::Live(remote) => format!("live at {}", remote.id),
                other => format!("{other:?}"),
            }),
        );
        answer
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        let _call = self.hub.begin(&self.life, CallKind::LookUp, cx.account.id, Some(cx.job.id));
        let entered = self.life.enter("look_up").await;
        self.travel().await;
        self.fail_perhaps(FakeCall::LookUp);
        let mut answer = self.platform.look_up(cx, intent).await;
        if self.hub.is(Mutant::LookUpFindsNothing) && matches!(answer, Ok(LookUp::Found(_))) {
            answer = Ok(LookUp::Absent);
        }
        self.life.leave(entered).await;
        self.hear(
            cx,
            "look_up",
            answer.as_ref().map(|found| match found {
                LookUp::Found(remote) => format!("found {}", remote.id),
                LookUp::Rejected(error) => format!("rejected: {}", error.message),
                LookUp::Absent => "absent".to_owned(),
                LookUp::Impossible => "impossible".to_owned(),
                other => format!("{other:?}"),
            }),
        );
        answer
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        let entered = self.life.enter("metrics").await;
        let answer = self.platform.metrics(cx, remote).await;
        self.life.leave(entered).await;
        if answer.as_ref().is_err_and(|error| error.class == ErrorClass::Reconnect) {
            self.hub.ledger().refused.insert(cx.account.id);
        }
        answer
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let id = cx.account.id;
        let _call = self.hub.begin(&self.life, CallKind::Refresh, id, None);
        let token = cx.tokens.refresh.as_ref().map(|token| token.expose().to_owned());
        let used = token.clone().map(|token| (id, token));
        if used.is_some_and(|used| self.hub.ledger().rotated.contains(&used)) {
            self.hub.violation(format!("channel {} uses a refresh token twice", short(id)));
        }
        let entered = self.life.enter("refresh").await;
        self.travel().await;
        self.fail_perhaps(FakeCall::Refresh);
        let answer = self.platform.refresh_tokens(cx).await.map(|tokens| Tokens {
            refresh: tokens.refresh.map(|token| SecretText::new(token.expose().to_owned())),
            ..tokens
        });
        if answer.is_ok() {
            let mut ledger = self.hub.ledger();
            ledger.counts.refreshes += 1;
            ledger.exchanged.extend(token.map(|token| (id, token)));
        }
        self.life.leave(entered).await;
        self.travel().await;
        match &answer {
            Ok(_) => self.hub.note(&self.life.name, format!("refreshes channel {}", short(id))),
            Err(error) => {
                let what = format!("refresh of {}: {:?}", short(id), error.class);
                self.hub.note(&self.life.name, what);
                if error.class == ErrorClass::Reconnect {
                    self.hub.ledger().refused.insert(id);
                }
            }
        }
        answer
    }
}
