//! The steps before the visible call, one at a time.

use chrono::TimeDelta;
use mcmp_core::asset::AssetKind;
use mcmp_core::post::{Outgoing, OutgoingMedia, PlatformOptions, WordPressOptions};
use mcmp_core::publishing::{ErrorClass, Progress, PublishContext, PublishError};

use super::post_type::{self, PostType};
use super::prepared::{Prepared, Uploaded};
use super::site::Site;
use super::{naming, terms, upload};

/// The options of a post; the default ones if it has none.
pub(super) fn options(outgoing: &Outgoing) -> WordPressOptions {
    match &outgoing.options {
        PlatformOptions::Wordpress(options) => options.clone(),
        _ => WordPressOptions::default(),
    }
}

/// The next step, or that everything is ready.
///
/// # Errors
/// What the site answered.
pub(super) async fn step(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
) -> Result<Progress, PublishError> {
    let mut prepared = Prepared::read(cx.checkpoint());
    let more = advance(site, cx, &mut prepared).await?;
    let checkpoint = prepared.write()?;
    Ok(if more {
        Progress::Continue { checkpoint, resume_in: TimeDelta::zero() }
    } else {
        Progress::Ready { checkpoint: Some(checkpoint) }
    })
}

/// All steps at once, for a change of what is live.
///
/// # Errors
/// What the site answered.
pub(super) async fn all(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
    post_type: PostType,
) -> Result<Prepared, PublishError> {
    let mut prepared = Prepared { post_type: Some(post_type), ..Prepared::default() };
    while advance(site, cx, &mut prepared).await? {}
    Ok(prepared)
}

/// Does one thing that is still to do and says whether it did.
async fn advance(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
    prepared: &mut Prepared,
) -> Result<bool, PublishError> {
    let options = options(cx.outgoing);
    if let Some(name) = options.post_type.as_ref().filter(|_| prepared.post_type.is_none()) {
        let found = post_type::find(site, name.as_str()).await?;
        found.check(&options)?;
        prepared.post_type = Some(found);
        return Ok(true);
    }
    featured(cx.outgoing, &prepared.post_type())?;
    for media in &cx.outgoing.media {
        let stem = naming::file_stem(media, cx.job.id);
        let uploaded = match prepared.media.get(&stem) {
            Some(done) if done.described => continue,
            Some(stored) => {
                let mut uploaded = stored.clone();
                upload::describe(site, media, &mut uploaded).await?;
                uploaded
            }
            None => {
                let mut uploaded = upload::store(site, cx, media, &stem).await?;
                uploaded.described = media.alt_text.as_ref().is_none_or(String::is_empty);
                uploaded
            }
        };
        prepared.media.insert(stem, uploaded);
        return Ok(true);
    }
    let has_terms = !options.categories.is_empty() || !options.tags.is_empty();
    if has_terms && prepared.terms.is_none() {
        prepared.terms = Some(terms::resolve(site, &options).await?);
        return Ok(true);
    }
    Ok(false)
}

/// The picture that stands above the post: the one that was chosen, or the first one.
///
/// # Errors
/// The chosen one is not a picture of the post.
pub(super) fn featured<'a>(
    outgoing: &'a Outgoing,
    post_type: &PostType,
) -> Result<Option<&'a OutgoingMedia>, PublishError> {
    if !post_type.has_featured {
        return Ok(None);
    }
    let mut pictures = outgoing.media.iter().filter(|media| media.kind == AssetKind::Image);
    match options(outgoing).featured {
        None => Ok(pictures.next()),
        Some(chosen) => match pictures.find(|media| media.asset_id == chosen) {
            Some(picture) => Ok(Some(picture)),
            None => {
                let message = "the featured picture is not among the post's pictures; add it";
                Err(PublishError::new(ErrorClass::InvalidContent, message).code("featured_missing"))
            }
        },
    }
}

/// Each of the post's files with what became of it, in order.
///
/// # Errors
/// One of them was not uploaded, which the steps before see to.
pub(super) fn files<'a>(
    cx: &PublishContext<'a>,
    prepared: &'a Prepared,
) -> Result<Vec<(&'a OutgoingMedia, &'a Uploaded)>, PublishError> {
    cx.outgoing
        .media
        .iter()
        .map(|media| {
            let stem = naming::file_stem(media, cx.job.id);
            prepared.media.get(&stem).map(|uploaded| (media, uploaded)).ok_or_else(|| {
                let message = format!("“{}” was not uploaded", media.file_name.as_str());
                PublishError::new(ErrorClass::Transient, message).code("not_prepared")
            })
        })
        .collect()
}
