//! What a platform's crate implements.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::Value;

use super::error_class::{ErrorClass, PublishError};
use super::job::{Intent, RemoteRef};
use super::publish_context::{AccountContext, PublishContext};
use super::state_machine::DEFAULT_QUIET;
use crate::account::{Platform, Tokens};
use crate::analytics::Metrics;

/// What a publisher can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublisherCapabilities {
    /// The platform can be asked whether a part is live.
    pub can_look_up: bool,
    /// The platform knows a repetition by a key, and answers it with what it has. Where it can't be
    /// asked otherwise, a call without an answer is made once more, under its key; that is a call
    /// like any other, which waits for pauses and limits.
    pub takes_dedupe_key: bool,
    /// Further parts can be posted under a post.
    pub threads: bool,
    /// A first comment can be posted under a post.
    pub first_comment: bool,
    /// What is live can be changed.
    pub edit: bool,
    /// What is live can be deleted.
    pub delete: bool,
    /// The platform tells numbers.
    pub metrics: bool,
    /// Access tokens can be refreshed.
    pub refresh: bool,
    /// How long "not there" may mean "not there yet"; see [`DEFAULT_QUIET`].
    pub quiet: TimeDelta,
    /// How long the visible call may take; then it is given up and its outcome is unknown.
    pub go_live_budget: TimeDelta,
    /// How long a step before the visible call may take; then it is given up and tried again.
    pub call_budget: TimeDelta,
}

impl Default for PublisherCapabilities {
    /// Nothing but publishing; [`DEFAULT_QUIET`], a minute for the visible call, and ten for a
    /// step before it.
    fn default() -> Self {
        Self {
            can_look_up: false,
            takes_dedupe_key: false,
            threads: false,
            first_comment: false,
            edit: false,
            delete: false,
            metrics: false,
            refresh: false,
            quiet: DEFAULT_QUIET,
            go_live_budget: TimeDelta::minutes(1),
            call_budget: TimeDelta::minutes(10),
        }
    }
}

/// What a step that can be repeated came to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// Everything is prepared: the visible call is next.
    Ready {
        /// What the visible call needs, kept before it is made; `None` keeps what there is.
        checkpoint: Option<Value>,
    },
    /// There is more to do, later.
    Continue {
        /// What the next step needs.
        checkpoint: Value,
        /// How long to wait; zero goes on at once.
        resume_in: TimeDelta,
    },
    /// It turned out to be live already.
    Live(RemoteRef),
}

/// What the visible call came to, if it did not fail.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WentLive {
    /// The platform says that it is live.
    Live(RemoteRef),
    /// The platform took it and is still processing; look-ups tell how it ends.
    Accepted {
        /// What the look-up needs, such as a publish id.
        checkpoint: Value,
        /// When to look.
        check_in: TimeDelta,
    },
}

/// What the platform says about a part whose outcome is unknown.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LookUp {
    /// Live.
    Found(RemoteRef),
    /// Not there, or not there yet.
    Absent,
    /// Taken, and still being processed.
    Pending {
        /// What the next look-up needs; `None` keeps what there is.
        checkpoint: Option<Value>,
        /// When to look again.
        check_in: TimeDelta,
    },
    /// The platform turned it down after it had taken it: it certainly is not live.
    Rejected(PublishError),
    /// The platform can't be asked.
    Impossible,
}

/// Publishes to one platform, as a series of steps that each can be the last one before a crash.
///
/// For every [`Part`](super::Part) of a job: [`prepare`](Self::prepare) until it is ready, then
/// [`go_live`](Self::go_live) once. `cx.part` says which part a call is about.
///
/// # Behavior
/// - Errors tell their class, and the class alone decides what happens next. A text that is not
///   known gets the class that is safe to hold on to, and stays in
///   [`PublishError::raw`](super::PublishError).
/// - Nothing sleeps or polls inside a call, and nothing repeats a call by itself.
/// - No token appears in an error, a checkpoint or a `Debug`.
/// - What an answer tells of rate limits is noted in `cx.rates`, whether the call failed or not.
/// - Media are read in bounded pieces, never whole.
#[async_trait]
pub trait Publisher: Debug + Send + Sync + 'static {
    /// Which platform.
    fn platform(&self) -> &Platform;

    /// What it can do.
    fn capabilities(&self) -> PublisherCapabilities;

    /// The next step before the visible call: an upload, a container, a poll of either.
    ///
    /// # Behavior
    /// - Nothing becomes visible.
    /// - It may be called again with the same checkpoint, after a crash.
    ///
    /// # Errors
    /// What the platform answered instead. [`ErrorClass::UnknownOutcome`] is not among the
    /// answers: a step that can be repeated is [`ErrorClass::Transient`].
    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError>;

    /// The one call that makes the part visible.
    ///
    /// # Behavior
    /// - Makes that call at most once, and gives it up before `cx.job.intent`'s deadline.
    ///
    /// # Errors
    /// [`ErrorClass::UnknownOutcome`] unless the answer proves that nothing became visible: a
    /// time-out, a connection that broke after the request was written, a 5xx and a body that
    /// can't be read are unknown. Every other class is such a proof, but for
    /// [`ErrorClass::Duplicate`], which leads to a look-up.
    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError>;

    /// Whether the part of `intent` is live, by the strongest means that the platform has: the
    /// status of a stored container or publish id, a look-up by key, or the account's recent posts
    /// from two minutes before `intent.at`.
    ///
    /// # Behavior
    /// - Only reads.
    ///
    /// # Errors
    /// The platform could not be asked this time.
    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError>;

    /// Changes what is live to what `cx` says, where [`PublisherCapabilities::edit`].
    ///
    /// # Errors
    /// Not possible on this platform; or what the platform answered.
    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        let _ = (cx, remote);
        Err(not_supported(self.platform(), "changing what is live"))
    }

    /// Deletes what is live, where [`PublisherCapabilities::delete`]. What is gone already is
    /// deleted.
    ///
    /// # Errors
    /// Not possible on this platform; or what the platform answered.
    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        let _ = (cx, remote);
        Err(not_supported(self.platform(), "deleting"))
    }

    /// The numbers of a published item since it went live, where [`PublisherCapabilities::metrics`].
    ///
    /// # Errors
    /// Not possible on this platform; or what the platform answered.
    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        let _ = (cx, remote);
        Err(not_supported(self.platform(), "reading numbers"))
    }

    /// Gets new tokens, where [`PublisherCapabilities::refresh`]. One at a time per grant, over
    /// all workers: the caller sees to that. Without a new refresh token in the answer, `refresh`
    /// is `None` and the caller keeps the old one.
    ///
    /// # Errors
    /// [`ErrorClass::Reconnect`] only for a clear refusal of the grant; network errors, 5xx and
    /// 429 are transient or rate limits and leave the account connected.
    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        let _ = cx;
        Err(PublishError::new(
            ErrorClass::Reconnect,
            format!("{} has no refresh; connect the account again", self.platform()),
        ))
    }
}

fn not_supported(platform: &Platform, what: &str) -> PublishError {
    PublishError::new(ErrorClass::Permission, format!("{platform} does not support {what}"))
        .code(PublishError::NOT_SUPPORTED)
}

impl PublishError {
    /// The code of what a platform has no call for.
    pub const NOT_SUPPORTED: &str = "not_supported";
}

/// The publishers of an installation, one per platform.
#[derive(Debug, Clone, Default)]
pub struct Publishers {
    by_platform: BTreeMap<Platform, Arc<dyn Publisher>>,
}

impl Publishers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With `publisher`, in place of an earlier one for the same platform.
    #[must_use]
    pub fn with(mut self, publisher: Arc<dyn Publisher>) -> Self {
        self.by_platform.insert(publisher.platform().clone(), publisher);
        self
    }

    /// The publisher for `platform`.
    #[must_use]
    pub fn get(&self, platform: &Platform) -> Option<&Arc<dyn Publisher>> {
        self.by_platform.get(platform)
    }

    /// The platforms that can be published to, in order.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.by_platform.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakePublisher;

    #[test]
    fn there_is_one_publisher_per_platform() {
        let with = |platform| Arc::new(FakePublisher::new(platform));
        let newer = with(Platform::X);
        let publishers = Publishers::new()
            .with(with(Platform::X))
            .with(with(Platform::THREADS))
            .with(newer.clone());
        let names: Vec<&str> = publishers.platforms().map(Platform::as_str).collect();
        assert_eq!(names, ["threads", "x"]);
        assert!(publishers.get(&Platform::TIKTOK).is_none());
        let found = publishers.get(&Platform::X).unwrap();
        assert!(std::ptr::addr_eq(Arc::as_ptr(found), Arc::as_ptr(&newer)));
    }
}
