//! The publisher.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::Platform;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Part, Progress, PublishContext, PublishError,
    Publisher, PublisherCapabilities, RateLog, RateReport, RateScope, RemoteRef, WentLive,
};

use super::connect::short_hash;
use super::endpoint::Endpoint;
use super::payload::{self, EventType};
use super::site_answer::judge;
use crate::http::{CallKind, HttpAnswer, HttpClient, HttpSettings, HttpSetupError, exhausted};
use crate::signing::{TIMEOUT, message};

/// Publishes to websites by signed messages; see the [module](super) for what they take.
///
/// # A lost answer
/// A site can't be asked for a post, but it acts once per message id. So this publisher has no
/// look-up, and [takes a key](PublisherCapabilities::takes_dedupe_key): a visible call whose outcome
/// is unknown is made once more under the same id, through every gate before it, and a site that
/// keeps to the contract shows the post once.
#[derive(Debug, Clone)]
pub struct WebsiteWebhook {
    http: HttpClient,
    platform: Platform,
}

impl WebsiteWebhook {
    /// Most bytes of a message.
    pub const MAX_BODY: usize = 256 * 1024;

    /// With these settings; a site has 20 seconds to answer, or less if they say so.
    ///
    /// # Errors
    /// What of the settings can't be.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpSetupError> {
        let http = HttpClient::guarded(&settings.clone().timeout_at_most(TIMEOUT))?;
        Ok(Self { http, platform: Platform::WEBSITE })
    }

    /// Sends one message, once.
    pub(super) async fn deliver(
        &self,
        endpoint: &Endpoint,
        id: &str,
        now: DateTime<Utc>,
        body: Bytes,
        kind: CallKind,
    ) -> Result<HttpAnswer, PublishError> {
        if body.len() > Self::MAX_BODY {
            return Err(too_large(body.len()));
        }
        let secrets = [endpoint.secret.clone()];
        let request = message(endpoint.url.clone(), &endpoint.keys, &secrets, id, now, body)
            .map_err(|error| {
                PublishError::new(ErrorClass::InvalidContent, error.to_string()).code("bad_id")
            })?;
        self.http.send(request, kind).await
    }
}

/// Only that the site wants to be left alone: names and numbers of a tenant's own server are not
/// taken over.
fn note_rates(answer: &HttpAnswer, rates: &RateLog, now: DateTime<Utc>) {
    if !answer.is_success() {
        let report = exhausted(answer.headers(), RateScope::Account, RateReport::POSTS, now);
        report.into_iter().for_each(|report| rates.note(report));
    }
}

fn main_only(cx: &PublishContext<'_>) -> Result<(), PublishError> {
    if cx.part == Part::Main {
        return Ok(());
    }
    let message = "a website takes no further parts and no comments";
    Err(PublishError::new(ErrorClass::InvalidContent, message).code(PublishError::NOT_SUPPORTED))
}

#[async_trait]
impl Publisher for WebsiteWebhook {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn capabilities(&self) -> PublisherCapabilities {
        PublisherCapabilities {
            takes_dedupe_key: true,
            edit: true,
            delete: true,
            // The site itself answers a repetition: there is no index to wait for.
            quiet: TimeDelta::seconds(10),
            go_live_budget: TimeDelta::seconds(30),
            call_budget: TimeDelta::minutes(1),
            ..PublisherCapabilities::default()
        }
    }

    /// Makes sure that the message can be made.
    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        main_only(cx)?;
        Endpoint::of(cx.account, cx.tokens)?;
        let size = payload::post(cx, EventType::Published, None).await?.len();
        if size > Self::MAX_BODY {
            return Err(too_large(size));
        }
        Ok(Progress::Ready { checkpoint: None })
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        main_only(cx)?;
        let endpoint = Endpoint::of(cx.account, cx.tokens)?;
        let body = payload::post(cx, EventType::Published, None).await?;
        let id = cx.dedupe_key();
        let answer = self.deliver(&endpoint, &id, cx.now, body, CallKind::Visible).await?;
        note_rates(&answer, cx.rates, cx.now);
        let post_id = cx.job.post_id.to_string();
        let taken = judge(&answer, &endpoint, &[&id, &post_id], cx.now)?;
        Ok(WentLive::Live(taken.remote(&post_id)))
    }

    async fn look_up(&self, _: &PublishContext<'_>, _: &Intent) -> Result<LookUp, PublishError> {
        Ok(LookUp::Impossible)
    }

    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        let endpoint = Endpoint::of(cx.account, cx.tokens)?;
        let body = payload::post(cx, EventType::Updated, Some(remote)).await?;
        // By revision, not by content: going back to an earlier content is a change as well.
        let id = format!("{}-{}-u", cx.job.id, cx.job.revision_id);
        let answer = self.deliver(&endpoint, &id, cx.now, body, CallKind::Repeatable).await?;
        note_rates(&answer, cx.rates, cx.now);
        let post_id = cx.job.post_id.to_string();
        let taken = judge(&answer, &endpoint, &[&id, &post_id], cx.now)?;
        Ok(RemoteRef {
            id: taken.id.unwrap_or_else(|| remote.id.clone()),
            url: taken.url.or_else(|| remote.url.clone()),
        })
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        let endpoint = Endpoint::of(cx.account, cx.tokens)?;
        let body = payload::deleted(remote, cx.now)?;
        // A post may come back and go again, and deleting twice does no harm: each call is its own.
        let item = short_hash(&[&cx.account.id.to_string(), &remote.id]);
        let id = format!("{item}-{}-d", cx.now.timestamp_millis());
        let answer = self.deliver(&endpoint, &id, cx.now, body, CallKind::Repeatable).await?;
        note_rates(&answer, cx.rates, cx.now);
        judge(&answer, &endpoint, &[&id, &remote.id], cx.now).map(|_| ())
    }
}

fn too_large(size: usize) -> PublishError {
    let limit = WebsiteWebhook::MAX_BODY;
    let message = format!("the message has {size} bytes, at most {limit} are sent");
    PublishError::new(ErrorClass::InvalidContent, message).code("too_large")
}
