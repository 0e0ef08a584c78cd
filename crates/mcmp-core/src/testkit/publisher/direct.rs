//! Calls the publisher without a worker, for what a worker would never do.

use chrono::TimeDelta;

use super::stage::{Planned, Stage};
use crate::account::{SocialAccount, Tokens};
use crate::id::{AttemptId, Id};
use crate::post::Outgoing;
use crate::publishing::{
    AccountContext, Intent, JobState, LookUp, Part, Progress, PublishContext, PublishJob,
    Publisher, RateLog, RemoteRef, WentLive,
};

/// Most steps before a part must be ready, and most look-ups before it must be live.
const MOST_STEPS: usize = 200;

/// What a context borrows from.
pub(super) struct Direct<'s> {
    stage: &'s Stage,
    pub(super) job: PublishJob,
    pub(super) outgoing: Outgoing,
    pub(super) account: SocialAccount,
    pub(super) tokens: Tokens,
    rates: RateLog,
}

impl<'s> Direct<'s> {
    pub(super) async fn new(stage: &'s Stage, planned: &Planned) -> Self {
        let mut job = stage.job(planned).await;
        if !job.state.is_final() {
            job.state = JobState::Running;
        }
        let outgoing = stage.outgoing(planned).await;
        let (account, tokens) = stage.account().await;
        Self { stage, job, outgoing, account, tokens, rates: RateLog::default() }
    }

    pub(super) fn publisher(&self) -> &dyn Publisher {
        self.stage.watched.as_ref()
    }

    pub(super) fn context(&self) -> PublishContext<'_> {
        PublishContext {
            job: &self.job,
            part: Part::Main,
            outgoing: &self.outgoing,
            account: &self.account,
            tokens: &self.tokens,
            media: self.stage.media.as_ref(),
            rates: &self.rates,
            now: self.stage.now(),
        }
    }

    pub(super) fn account_context(&self) -> AccountContext<'_> {
        AccountContext {
            account: &self.account,
            tokens: &self.tokens,
            rates: &self.rates,
            now: self.stage.now(),
        }
    }

    pub(super) fn intent(&self) -> Intent {
        let (at, budget) = (self.stage.now(), self.publisher().capabilities().go_live_budget);
        let attempt_id = AttemptId::from_uuid(uuid::Uuid::from_u128(1));
        Intent { at, deadline: at + budget, attempt_id, accepted: false, repeats: false }
    }

    /// One step before the visible call; whether there is more to do.
    pub(super) async fn prepare(&mut self) -> bool {
        let answer = self.publisher().prepare(&self.context()).await.expect("a step succeeds");
        self.take(answer)
    }

    /// The same step twice, as after a crash.
    pub(super) async fn prepare_twice(&mut self) -> bool {
        let first = self.publisher().prepare(&self.context()).await.expect("a step succeeds");
        drop(first);
        self.prepare().await
    }

    fn take(&mut self, progress: Progress) -> bool {
        match progress {
            Progress::Continue { checkpoint, resume_in } => {
                self.job.checkpoint = Some(checkpoint);
                self.stage.clock.advance(resume_in.max(TimeDelta::zero()));
                true
            }
            Progress::Ready { checkpoint } => {
                if checkpoint.is_some() {
                    self.job.checkpoint = checkpoint;
                }
                false
            }
            Progress::Live(remote) => {
                panic!("it says that it is live, and nothing was sent: {remote:?}")
            }
        }
    }

    /// All steps before the visible call.
    pub(super) async fn prepare_all(&mut self) {
        for _ in 0..MOST_STEPS {
            if !self.prepare().await {
                return;
            }
        }
        panic!("after {MOST_STEPS} steps it is not ready");
    }

    /// The visible call, up to where the post is live.
    pub(super) async fn go_live(&mut self) -> RemoteRef {
        let intent = self.intent();
        self.job.state = JobState::Committing;
        self.job.intent = Some(intent.clone());
        match self.publisher().go_live(&self.context()).await.expect("it goes live") {
            WentLive::Live(remote) => return remote,
            WentLive::Accepted { checkpoint, check_in } => {
                self.job.checkpoint = Some(checkpoint);
                self.stage.clock.advance(check_in);
            }
        }
        for _ in 0..MOST_STEPS {
            match self.publisher().look_up(&self.context(), &intent).await.expect("it can be asked")
            {
                LookUp::Found(remote) => return remote,
                LookUp::Pending { checkpoint, check_in } => {
                    if checkpoint.is_some() {
                        self.job.checkpoint = checkpoint;
                    }
                    self.stage.clock.advance(check_in);
                }
                other => panic!("what was accepted must go live: {other:?}"),
            }
        }
        panic!("after {MOST_STEPS} look-ups it is not live");
    }
}
