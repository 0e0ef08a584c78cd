//! What a message says.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use mcmp_core::asset::AssetKind;
use mcmp_core::post::{OutgoingMedia, PlatformOptions, PostKind};
use mcmp_core::publishing::{ErrorClass, PublishContext, PublishError, RemoteRef};
use mcmp_core::service::{ServiceError, ServiceErrorKind};
use serde::Serialize;
use serde_json::Value;

/// How long the links to media work: as long as sites keep ids.
const LINKS_VALID: TimeDelta = TimeDelta::days(4);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum EventType {
    #[serde(rename = "post.published")]
    Published,
    #[serde(rename = "post.updated")]
    Updated,
    #[serde(rename = "post.deleted")]
    Deleted,
    #[serde(rename = "ping")]
    Ping,
}

#[derive(Debug, Serialize)]
struct Envelope<D> {
    r#type: EventType,
    timestamp: String,
    data: D,
}

/// Where the site has it.
#[derive(Debug, Serialize)]
struct Remote<'a> {
    id: &'a str,
    url: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct PostData<'a> {
    post_id: String,
    revision: String,
    client_id: String,
    kind: PostKind,
    title: &'a str,
    slug: Option<&'a str>,
    text: &'a str,
    link: Option<&'a str>,
    scheduled_at: String,
    media: Vec<Medium<'a>>,
    fields: &'a BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<Remote<'a>>,
}

#[derive(Debug, Serialize)]
struct Medium<'a> {
    url: Option<String>,
    mime: &'a str,
    kind: AssetKind,
    name: &'a str,
    bytes: u64,
    sha256: &'a str,
    width: Option<u32>,
    height: Option<u32>,
    duration_ms: Option<u64>,
    alt: Option<&'a str>,
}

/// The post, as the site gets it; `remote` where it has it already.
pub(super) async fn post(
    cx: &PublishContext<'_>,
    event: EventType,
    remote: Option<&RemoteRef>,
) -> Result<Bytes, PublishError> {
    let none = BTreeMap::new();
    let (slug, fields) = match &cx.outgoing.options {
        PlatformOptions::Website(options) => {
            (options.slug.as_ref().map(|slug| slug.as_str()), &options.fields)
        }
        _ => (None, &none),
    };
    let mut media = Vec::with_capacity(cx.outgoing.media.len());
    for file in &cx.outgoing.media {
        media.push(Medium {
            url: link(cx, file).await?,
            mime: file.mime.as_str(),
            kind: file.kind,
            name: file.file_name.as_str(),
            bytes: file.size_bytes,
            sha256: file.checksum.as_str(),
            width: file.facts.width,
            height: file.facts.height,
            duration_ms: file.facts.duration_ms,
            alt: file.alt_text.as_deref(),
        });
    }
    let data = PostData {
        post_id: cx.job.post_id.to_string(),
        revision: cx.job.revision_id.to_string(),
        client_id: cx.job.client_id.to_string(),
        kind: cx.outgoing.kind,
        title: &cx.outgoing.title,
        slug,
        text: &cx.outgoing.text,
        link: cx.outgoing.link.as_ref().map(|link| link.as_str()),
        scheduled_at: time(cx.job.planned_at),
        media,
        fields,
        remote: remote.map(|remote| Remote { id: &remote.id, url: remote.url.as_deref() }),
    };
    // Going live happens at its planned time, whenever a message gets through: repetitions are the
    // same, byte for byte.
    let at = if event == EventType::Published { cx.job.planned_at } else { cx.now };
    write(event, at, data)
}

/// That an item is to go.
pub(super) fn deleted(remote: &RemoteRef, now: DateTime<Utc>) -> Result<Bytes, PublishError> {
    let remote = Remote { id: &remote.id, url: remote.url.as_deref() };
    write(EventType::Deleted, now, BTreeMap::from([("remote", remote)]))
}

/// That the endpoint is connected.
pub(super) fn ping(now: DateTime<Utc>) -> Result<Bytes, PublishError> {
    write(EventType::Ping, now, BTreeMap::<&str, &str>::new())
}

fn write(event: EventType, at: DateTime<Utc>, data: impl Serialize) -> Result<Bytes, PublishError> {
    let envelope = Envelope { r#type: event, timestamp: time(at), data };
    serde_json::to_vec(&envelope).map(Bytes::from).map_err(|error| {
        let message = format!("the message can't be written: {error}");
        PublishError::new(ErrorClass::InvalidContent, message).code("payload")
    })
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A link to a file, where the storage gives links.
async fn link(
    cx: &PublishContext<'_>,
    file: &OutgoingMedia,
) -> Result<Option<String>, PublishError> {
    match cx.media.signed_url(&file.storage_key, LINKS_VALID).await {
        Ok(signed) => Ok(Some(signed.url.as_str().to_owned())),
        Err(ServiceError { kind: ServiceErrorKind::NotSupported, .. }) => Ok(None),
        Err(error) => Err(crate::media::unreadable(&error)),
    }
}
