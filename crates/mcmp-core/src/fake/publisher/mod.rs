//! A platform in memory, with the faults of real ones.

mod state;
#[cfg(test)]
mod tests;

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use sha2::{Digest as _, Sha256};

use super::lock;
use crate::account::{Platform, Tokens};
use crate::analytics::Metrics;
use crate::asset::Checksum;
use crate::id::{AccountId, JobId};
use crate::post::OutgoingMedia;
use crate::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Part, Progress, PublishContext, PublishError,
    Publisher, PublisherCapabilities, RateLog, RateReport, RemoteRef, WentLive,
};
use crate::secret::SecretText;
use crate::service::MediaStorage;
use state::State;

/// What a [`FakePublisher`] can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FakeCall {
    /// [`Publisher::prepare`]
    Prepare,
    /// [`Publisher::go_live`]
    GoLive,
    /// [`Publisher::look_up`]
    LookUp,
    /// [`Publisher::edit`]
    Edit,
    /// [`Publisher::delete`]
    Delete,
    /// [`Publisher::metrics`]
    Metrics,
    /// [`Publisher::refresh_tokens`]
    Refresh,
}

/// What one visible call comes to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OnGoLive {
    /// It goes live, and the answer says so.
    Publish,
    /// It is turned down with this error.
    Refuse(PublishError),
    /// It goes live, and the answer is lost.
    LoseAnswer,
    /// It never arrives, and that can't be seen.
    LoseRequest,
    /// It goes live, and the answer is a server error.
    FailAfterAccepting,
    /// The answer is lost, and it goes live after a while.
    AcceptLate(TimeDelta),
    /// It goes live, and no answer ever comes: the call does not end.
    AcceptAndHang,
    /// It never arrives, and no answer ever comes: the call does not end.
    Hang,
    /// The platform says that it has this already; nothing is created.
    SayDuplicate,
    /// It is accepted, and live from the look-up on that so many others preceded.
    Process {
        /// How many look-ups find it still being processed.
        polls: u32,
    },
    /// It is accepted, and turned down by the look-up that so many others preceded.
    ProcessAndReject {
        /// How many look-ups find it still being processed.
        polls: u32,
        /// What the platform then says.
        error: PublishError,
    },
}

/// A file that came with a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeFile {
    /// The SHA-256 of the bytes that were read from the storage; `None` if they could not be read,
    /// which this platform does not mind.
    pub checksum: Option<Checksum>,
    /// Its description.
    pub alt_text: Option<String>,
}

/// Something that the platform accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakePost {
    /// To which account.
    pub account_id: AccountId,
    /// By which job; the platform itself does not look at it.
    pub job_id: JobId,
    /// Which part of it.
    pub part: Part,
    /// The text.
    pub text: String,
    /// How many media files.
    pub media: usize,
    /// Those files, in order.
    pub files: Vec<FakeFile>,
    /// What it stands under.
    pub parent: Option<RemoteRef>,
    /// The key it came with.
    pub dedupe_key: String,
    /// Where it is.
    pub remote: RemoteRef,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// From when on it is live; `None` while it is processed, and if it was turned down then.
    pub live_from: Option<DateTime<Utc>>,
}

/// A platform in memory: does as it is told, then behaves. Its look-ups are honest.
///
/// It keeps everything that it ever accepted, so that a test can count what is live, and how often.
#[derive(Debug)]
pub struct FakePublisher {
    platform: Platform,
    capabilities: PublisherCapabilities,
    steps: u32,
    state: Mutex<State>,
}

impl FakePublisher {
    /// A platform that can do everything but know a repetition by its key.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        let capabilities = PublisherCapabilities {
            can_look_up: true,
            takes_dedupe_key: false,
            threads: true,
            first_comment: true,
            edit: true,
            delete: true,
            metrics: true,
            refresh: true,
            ..PublisherCapabilities::default()
        };
        Self::with_capabilities(platform, capabilities)
    }

    /// A platform that can do this much. One that takes dedupe keys answers a repetition with what
    /// it has; one that can't be asked calls every look-up impossible.
    #[must_use]
    pub fn with_capabilities(platform: Platform, capabilities: PublisherCapabilities) -> Self {
        Self { platform, capabilities, steps: 0, state: Mutex::default() }
    }

    /// Takes so many steps before a part is ready, a second apart.
    #[must_use]
    pub fn steps_to_prepare(mut self, steps: u32) -> Self {
        self.steps = steps;
        self
    }

    /// What the next visible calls come to, one after the other; those after them go live.
    pub fn on_go_live(&self, script: impl IntoIterator<Item = OnGoLive>) {
        lock(&self.state).script.extend(script);
    }

    /// Fails the next `times` calls of a kind, before anything else comes of them.
    pub fn fail_next(&self, call: FakeCall, times: usize, error: &PublishError) {
        lock(&self.state)
            .failures
            .entry(call)
            .or_default()
            .extend(std::iter::repeat_n(error.clone(), times));
    }

    /// Answers every call before `until` with a rate limit.
    pub fn limit_until(&self, until: DateTime<Utc>) {
        lock(&self.state).limited_until = Some(until);
    }

    /// Tells of these rate limits with every answer from now on.
    pub fn report_rates(&self, rates: impl IntoIterator<Item = RateReport>) {
        lock(&self.state).rates = rates.into_iter().collect();
    }

    /// Takes no access token but `token` from now on, until a refresh gives out a new one. Before
    /// the first call of this, any token is good.
    pub fn accept_only(&self, token: &SecretText) {
        lock(&self.state).valid_token = Some(token.clone());
    }

    /// The numbers that a published item shows from now on.
    pub fn show_metrics(&self, remote: &RemoteRef, metrics: Metrics) {
        lock(&self.state).metrics.insert(remote.id.clone(), metrics);
    }

    /// Everything it accepted, first to last, without what was deleted.
    #[must_use]
    pub fn accepted(&self) -> Vec<FakePost> {
        lock(&self.state).posts.clone()
    }

    /// What is live on `account` at `now`, first to last.
    #[must_use]
    pub fn live_on(&self, account: AccountId, now: DateTime<Utc>) -> Vec<FakePost> {
        let mut posts = self.accepted();
        posts.retain(|post| post.account_id == account && post.is_live(now));
        posts
    }

    /// How often a part of a job is live at `now`: more than once is a double.
    #[must_use]
    pub fn times_live(&self, job: JobId, part: Part, now: DateTime<Utc>) -> usize {
        let posts = self.accepted();
        posts.iter().filter(|p| p.job_id == job && p.part == part && p.is_live(now)).count()
    }

    /// How often it was asked.
    #[must_use]
    pub fn calls(&self, call: FakeCall) -> u64 {
        lock(&self.state).calls.get(&call).copied().unwrap_or(0)
    }

    /// What every call goes through first.
    fn admit(
        &self,
        call: FakeCall,
        token: &SecretText,
        rates: &RateLog,
        now: DateTime<Utc>,
    ) -> Result<(), PublishError> {
        let mut state = lock(&self.state);
        state.tell_rates(rates);
        state.admit(call, token, now)
    }
}

impl FakePost {
    /// Whether it can be seen at `now`.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.live_from.is_some_and(|from| from <= now)
    }
}

/// The SHA-256 of a file's bytes, read in pieces.
async fn checksum(media: &dyn MediaStorage, file: &OutgoingMedia) -> Option<Checksum> {
    const PIECE: usize = 1 << 20;
    let (mut hash, mut read) = (Sha256::new(), 0_u64);
    loop {
        let piece = media.read_chunk(&file.storage_key, read, PIECE).await.ok()?;
        if piece.is_empty() {
            let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Checksum::new("checksum", digits).ok();
        }
        hash.update(&piece);
        read = read.checked_add(u64::try_from(piece.len()).ok()?)?;
    }
}

fn unknown(code: &str, message: &str) -> PublishError {
    PublishError::new(ErrorClass::UnknownOutcome, message).code(code)
}

#[async_trait]
impl Publisher for FakePublisher {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.capabilities
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        self.admit(FakeCall::Prepare, &cx.tokens.access, cx.rates, cx.now)?;
        let done = cx.checkpoint().and_then(|at| at.get("step")).and_then(Value::as_u64);
        let done = done.unwrap_or(0);
        if done < u64::from(self.steps) {
            return Ok(Progress::Continue {
                checkpoint: json!({ "step": done + 1 }),
                resume_in: TimeDelta::seconds(1),
            });
        }
        Ok(Progress::Ready { checkpoint: None })
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        self.admit(FakeCall::GoLive, &cx.tokens.access, cx.rates, cx.now)?;
        let what = lock(&self.state).script.pop_front().unwrap_or(OnGoLive::Publish);
        let mut files = Vec::new();
        for file in cx.media_files() {
            files.push(FakeFile {
                checksum: checksum(cx.media, file).await,
                alt_text: file.alt_text.clone(),
            });
        }
        let accept = |live_from| {
            let known = self.capabilities.takes_dedupe_key;
            lock(&self.state).accept(cx, &files, live_from, known)
        };
        let lost = || unknown("timeout", "no answer came");
        let check = |remote: RemoteRef| WentLive::Accepted {
            checkpoint: json!({ "publish_id": remote.id }),
            check_in: TimeDelta::seconds(5),
        };
        match what {
            OnGoLive::Publish => Ok(WentLive::Live(accept(Some(cx.now)))),
            OnGoLive::Refuse(error) => Err(error),
            OnGoLive::LoseAnswer => {
                accept(Some(cx.now));
                Err(lost())
            }
            OnGoLive::LoseRequest => Err(lost()),
            OnGoLive::FailAfterAccepting => {
                accept(Some(cx.now));
                Err(unknown("http_500", "the platform failed"))
            }
            OnGoLive::AcceptLate(after) => {
                let from = cx.now.checked_add_signed(after).unwrap_or(DateTime::<Utc>::MAX_UTC);
                accept(Some(from));
                Err(lost())
            }
            OnGoLive::AcceptAndHang => {
                accept(Some(cx.now));
                std::future::pending().await
            }
            OnGoLive::Hang => std::future::pending().await,
            OnGoLive::SayDuplicate => {
                Err(PublishError::new(ErrorClass::Duplicate, "it is there already"))
            }
            OnGoLive::Process { polls } => {
                let remote = accept(None);
                lock(&self.state).process(&remote, polls, None);
                Ok(check(remote))
            }
            OnGoLive::ProcessAndReject { polls, error } => {
                let remote = accept(None);
                lock(&self.state).process(&remote, polls, Some(error));
                Ok(check(remote))
            }
        }
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        self.admit(FakeCall::LookUp, &cx.tokens.access, cx.rates, cx.now)?;
        if !self.capabilities.can_look_up {
            return Ok(LookUp::Impossible);
        }
        let mut state = lock(&self.state);
        let publish_id = cx.checkpoint().and_then(|at| at.get("publish_id"));
        if let Some(id) = publish_id.and_then(Value::as_str)
            && let Some(answer) = state.poll(id, cx.now)
        {
            return Ok(answer);
        }
        Ok(state.find(cx, intent, self.capabilities.takes_dedupe_key))
    }

    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        self.admit(FakeCall::Edit, &cx.tokens.access, cx.rates, cx.now)?;
        let mut state = lock(&self.state);
        match state.posts.iter_mut().find(|post| post.remote.id == remote.id) {
            Some(post) => {
                cx.text().clone_into(&mut post.text);
                Ok(post.remote.clone())
            }
            None => Err(PublishError::new(ErrorClass::InvalidContent, "there is no such post")),
        }
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        self.admit(FakeCall::Delete, &cx.tokens.access, cx.rates, cx.now)?;
        lock(&self.state).posts.retain(|post| post.remote.id != remote.id);
        Ok(())
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        self.admit(FakeCall::Metrics, &cx.tokens.access, cx.rates, cx.now)?;
        Ok(lock(&self.state).metrics.get(&remote.id).cloned().unwrap_or_default())
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let mut state = lock(&self.state);
        state.tell_rates(cx.rates);
        // A refresh does not need the access token that it replaces.
        let any = state.valid_token.clone().unwrap_or_else(|| cx.tokens.access.clone());
        state.admit(FakeCall::Refresh, &any, cx.now)?;
        state.refresh(cx.tokens.refresh.as_ref(), cx.now)
    }
}
