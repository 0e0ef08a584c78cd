//! The client.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mcmp_core::publishing::{ErrorClass, PublishError};

use super::answer::HttpAnswer;
use super::failure::{CallKind, refused, unanswered};
use super::request::HttpRequest;
use super::settings::{HttpSettings, HttpSetupError};
use super::{Method, tls};
use crate::guard::{GuardPolicy, GuardedResolver};
use crate::media::MediaPart;

/// How long an idle connection to a platform's own host is kept. Shorter than what servers keep
/// one, so that a call seldom meets a connection that is just being closed: its outcome would be
/// open for nothing.
const KEEP_IDLE: Duration = Duration::from_secs(10);

/// Sends requests, one call each: it never repeats one by itself, follows no redirect unless told
/// to, uses no proxy of the environment, keeps no cookies, and reads no more of an answer than its
/// limit.
///
/// One is made for hosts that are fixed in code or set by the operator ([`new`](Self::new)),
/// another for addresses that tenants enter ([`guarded`](Self::guarded)). A clone shares the
/// connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    guard: Option<Arc<GuardPolicy>>,
    max_answer: usize,
    upload_timeout: Duration,
}

impl HttpClient {
    /// For a platform's own hosts.
    ///
    /// # Errors
    /// What of the settings can't be.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpSetupError> {
        let builder = builder(settings)?
            .https_only(!settings.guard.takes_plain_http())
            .pool_idle_timeout(KEEP_IDLE);
        Self::build(builder, settings, None)
    }

    /// For addresses that tenants enter: each goes through the [guard](crate::guard). Every call
    /// makes its own connection, so that every call checks where the name leads.
    ///
    /// # Errors
    /// What of the settings can't be.
    pub fn guarded(settings: &HttpSettings) -> Result<Self, HttpSetupError> {
        let guard = settings.guard.clone();
        let builder = builder(settings)?
            .https_only(!guard.takes_plain_http())
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(GuardedResolver::new(guard.clone())));
        Self::build(builder, settings, Some(guard))
    }

    fn build(
        builder: reqwest::ClientBuilder,
        settings: &HttpSettings,
        guard: Option<Arc<GuardPolicy>>,
    ) -> Result<Self, HttpSetupError> {
        let client = builder.build().map_err(|error| HttpSetupError::Client(error.to_string()))?;
        Ok(Self {
            client,
            guard,
            max_answer: settings.max_answer,
            upload_timeout: settings.upload_timeout,
        })
    }

    /// Makes one call. Every answer is one, whatever its status: the platform's module judges it,
    /// with [`HttpAnswer::error`] as the fallback.
    ///
    /// # Errors
    /// There is no answer, or a success whose body broke off or is longer than the limit. `kind`
    /// decides the class where it stays open whether the call took effect.
    pub async fn send(
        &self,
        mut request: HttpRequest,
        kind: CallKind,
    ) -> Result<HttpAnswer, PublishError> {
        let body = request.body.take().map(reqwest::Body::from);
        self.send_with(request, body, kind).await
    }

    /// Makes one call with a media file, or a piece of one, as its body: with its exact length, and
    /// with no more of it in memory than [`MediaPart::MAX_BUFFERED`] bytes.
    ///
    /// # Errors
    /// As [`send`](Self::send); or the storage could not be read.
    pub async fn send_media(
        &self,
        mut request: HttpRequest,
        media: MediaPart<'_>,
        kind: CallKind,
    ) -> Result<HttpAnswer, PublishError> {
        request.timeout = Some(request.timeout.unwrap_or(self.upload_timeout));
        let (body, feed) = media.into_body();
        let answer = self.send_with(request, Some(reqwest::Body::wrap(body)), kind);
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            biased;
            // It may answer before it has everything: then the rest is not read.
            answer = &mut answer => answer,
            fed = feed => match fed {
                Ok(()) => answer.await,
                // The request ends here, incomplete.
                Err(error) if kind == CallKind::Visible => {
                    Err(PublishError { class: kind.open(), ..error })
                }
                Err(error) => Err(error),
            },
        }
    }

    /// Makes a GET or HEAD without credentials and follows up to `hops` redirects, each through
    /// the guard again: to find a site, not to talk to it. [`HttpAnswer::url`] tells where it
    /// ended.
    ///
    /// # Errors
    /// As [`send`](Self::send); or the request carries credentials or is of another method, which
    /// nothing is sent for.
    pub async fn get_following(
        &self,
        request: HttpRequest,
        hops: usize,
    ) -> Result<HttpAnswer, PublishError> {
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        if request.has_credentials || !reads {
            let message = "only a GET or HEAD without credentials follows redirects";
            return Err(PublishError::new(ErrorClass::InvalidContent, message).code("http_request"));
        }
        let (method, headers) = (request.method.clone(), request.headers.clone());
        let (timeout, cut_answer) = (request.timeout, request.cut_answer);
        let mut answer = self.send(request, CallKind::Repeatable).await?;
        for _ in 0..hops {
            let Some(next) = answer.location().filter(|_| answer.is_redirect()) else { break };
            let mut request = HttpRequest::new(method.clone(), next);
            request.headers = headers.clone();
            request.timeout = timeout;
            request.cut_answer = cut_answer;
            answer = self.send(request, CallKind::Repeatable).await?;
        }
        Ok(answer)
    }

    async fn send_with(
        &self,
        request: HttpRequest,
        body: Option<reqwest::Body>,
        kind: CallKind,
    ) -> Result<HttpAnswer, PublishError> {
        if let Some(invalid) = request.invalid {
            return Err(PublishError::new(ErrorClass::InvalidContent, invalid).code("http_request"));
        }
        if let Some(guard) = &self.guard {
            guard.check(&request.url).map_err(refused)?;
        }
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let redactor = request.redactor;
        let mut builder =
            self.client.request(request.method, request.url.clone()).headers(request.headers);
        if let Some(timeout) = request.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return Err(unanswered(error, kind, &host, &redactor)),
        };
        let limit = request.cut_answer.unwrap_or(self.max_answer);
        let (body, end) = read(&mut response, limit).await;
        let answer = HttpAnswer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
            is_cut: !matches!(end, BodyEnd::Whole),
            url: request.url,
            kind,
            redactor,
        };
        // A failure's status says more than its text, and so does any status to who cuts it.
        if !answer.is_success() || request.cut_answer.is_some() {
            return Ok(answer);
        }
        match end {
            BodyEnd::Whole => Ok(answer),
            BodyEnd::OverLimit => {
                let message = format!("the answer is longer than {limit} bytes");
                Err(answer.fail(kind.open(), message).code("answer_too_long"))
            }
            BodyEnd::Broken(error) => Err(unanswered(error, kind, &host, &answer.redactor)),
        }
    }
}

fn builder(settings: &HttpSettings) -> Result<reqwest::ClientBuilder, HttpSetupError> {
    let mut agent = format!("mcmp/{}", env!("CARGO_PKG_VERSION"));
    if let Some(operator) = &settings.operator {
        agent = format!("{agent} {operator}");
        if super::HeaderValue::from_str(&agent).is_err() {
            return Err(HttpSetupError::Operator(operator.clone()));
        }
    }
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls::config(settings)?)
        .user_agent(agent)
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy())
}

/// How a body ended.
enum BodyEnd {
    Whole,
    OverLimit,
    Broken(reqwest::Error),
}

/// Reads a body up to `limit` bytes.
async fn read(response: &mut reqwest::Response, limit: usize) -> (Bytes, BodyEnd) {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = limit.saturating_sub(body.len());
                if chunk.len() > room {
                    body.extend_from_slice(&chunk.slice(..room));
                    return (body.freeze(), BodyEnd::OverLimit);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(None) => return (body.freeze(), BodyEnd::Whole),
            Err(error) => return (body.freeze(), BodyEnd::Broken(error)),
        }
    }
}
