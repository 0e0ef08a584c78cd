//! Files to the site's media library, each once: a file that an earlier try stored is found again
//! by its name. <https://developer.wordpress.org/rest-api/reference/media/>

use mcmp_core::post::OutgoingMedia;
use mcmp_core::publishing::{PublishContext, PublishError};
use serde::Deserialize;
use serde_json::json;

use super::prepared::Uploaded;
use super::refusal::refused;
use super::site::Site;
use super::{content, naming};
use crate::http::{CallKind, HttpAnswer, Method, header};
use crate::media::MediaFile;

/// A file of the media library.
#[derive(Debug, Deserialize)]
struct Attachment {
    id: u64,
    source_url: String,
}

impl From<Attachment> for Uploaded {
    fn from(file: Attachment) -> Self {
        Self { id: file.id, url: file.source_url, described: false }
    }
}

const FIELDS: (&str, &str) = ("_fields", "id,source_url");

/// Stores `media` under the name `stem`, unless it is there.
///
/// # Errors
/// The storage can't be read, or what the site answered.
pub(super) async fn store(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
    media: &OutgoingMedia,
    stem: &str,
) -> Result<Uploaded, PublishError> {
    let same_name = [("slug", stem), ("context", "edit"), FIELDS];
    let there: Vec<Attachment> = site.get(&["media"], &same_name).await?;
    if let Some(file) = there.into_iter().next() {
        return Ok(file.into());
    }
    let name = format!("{stem}.{}", naming::file_ending(media));
    let request = site
        .request(Method::POST, &["media"], &[FIELDS])
        .header(header::CONTENT_TYPE, media.mime.as_str())
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    let body = MediaFile::of(cx, media).whole();
    let answer = site.http().send_media(request, body, CallKind::Repeatable).await?;
    if answer.is_success() {
        return answer.json::<Attachment>().map(Into::into);
    }
    let Some(id) = stored_id(&answer) else {
        return Err(refused(&answer, CallKind::Repeatable, site.now()));
    };
    // The file is there, and making its smaller sizes failed: that alone is done again.
    let id = id.to_string();
    let rest = json!({ "action": "create-image-subsizes" });
    let file: Attachment = site.post(&["media", &id, "post-process"], &[FIELDS], &rest).await?;
    Ok(file.into())
}

/// Which file a failed upload left behind, if the site says so.
fn stored_id(answer: &HttpAnswer) -> Option<u64> {
    let id = answer.header("X-WP-Upload-Attachment-ID")?.trim().parse().ok()?;
    (answer.status() >= 500).then_some(id)
}

/// Gives a stored file its description.
///
/// # Errors
/// What the site answered.
pub(super) async fn describe(
    site: &Site<'_>,
    media: &OutgoingMedia,
    uploaded: &mut Uploaded,
) -> Result<(), PublishError> {
    if let Some(alt_text) = media.alt_text.as_ref().filter(|text| !text.is_empty()) {
        let id = uploaded.id.to_string();
        let text = json!({ "alt_text": content::escape_description(alt_text) });
        let _: Attachment = site.post(&["media", &id], &[FIELDS], &text).await?;
    }
    uploaded.described = true;
    Ok(())
}
