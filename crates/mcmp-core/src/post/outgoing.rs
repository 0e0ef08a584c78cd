//! What would really go out: a variant with everything it takes from its post, and with the facts
//! of its media. Rules check it, revisions keep it, publishers send it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::content::{Content, MediaUse, PostKind, Variant};
use super::options::PlatformOptions;
use crate::account::Platform;
use crate::asset::{Asset, AssetKind, Checksum, FileName, MediaFacts, Mime, StorageKey};
use crate::id::{AccountId, AssetId, VariantId};
use crate::value::{InvalidValue, WebUrl};

/// A media file as it goes out with one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMedia {
    /// Which asset.
    pub asset_id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// Its type.
    pub mime: Mime,
    /// Its name.
    pub file_name: FileName,
    /// Where its bytes lie.
    pub storage_key: StorageKey,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The SHA-256 of its bytes.
    pub checksum: Checksum,
    /// The description that goes out with it.
    pub alt_text: Option<String>,
    /// What the probe found.
    pub facts: MediaFacts,
}

/// One further part of a thread as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingPart {
    /// The text.
    pub text: String,
    /// Its media, in order.
    pub media: Vec<OutgoingMedia>,
}

/// What one account gets, complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The variant it was made from.
    pub variant_id: VariantId,
    /// The account it goes to.
    pub account_id: AccountId,
    /// The account's platform.
    pub platform: Platform,
    /// The form it takes there.
    pub kind: PostKind,
    /// The title; may be empty.
    pub title: String,
    /// The text; may be empty.
    pub text: String,
    /// Its media, in order.
    pub media: Vec<OutgoingMedia>,
    /// The link.
    pub link: Option<WebUrl>,
    /// A comment to post under it once it is live.
    pub first_comment: Option<String>,
    /// The further parts of a thread.
    pub thread: Vec<OutgoingPart>,
    /// What only this platform has.
    pub options: PlatformOptions,
}

/// The assets a post uses, by id.
pub type Assets = BTreeMap<AssetId, Asset>;

impl Outgoing {
    /// What `variant` of a post with `content` would send.
    ///
    /// # Errors
    /// The variant uses an asset that is not in `assets`; the error names the place.
    pub fn resolve(
        content: &Content,
        variant: &Variant,
        assets: &Assets,
    ) -> Result<Self, InvalidValue> {
        let media = match &variant.media {
            Some(own) => resolve_media("media", own, assets)?,
            None => resolve_media("media", &content.media, assets)?,
        };
        let thread = variant
            .thread
            .iter()
            .enumerate()
            .map(|(i, part)| {
                Ok(OutgoingPart {
                    text: part.text.as_str().to_owned(),
                    media: resolve_media(&format!("thread[{i}].media"), &part.media, assets)?,
                })
            })
            .collect::<Result<_, InvalidValue>>()?;
        Ok(Self {
            variant_id: variant.id,
            account_id: variant.account_id,
            platform: variant.platform.clone(),
            kind: variant.kind,
            title: variant.title.as_ref().unwrap_or(&content.title).as_str().to_owned(),
            text: variant.text.as_ref().unwrap_or(&content.body).as_str().to_owned(),
            media,
            link: variant.link.as_ref().unwrap_or(&content.link).clone(),
            first_comment: variant
                .first_comment
                .as_ref()
                .filter(|text| !text.is_blank())
                .map(|text| text.as_str().to_owned()),
            thread,
            options: variant.options.clone(),
        })
    }
}

fn resolve_media(
    field: &str,
    uses: &[MediaUse],
    assets: &Assets,
) -> Result<Vec<OutgoingMedia>, InvalidValue> {
    uses.iter()
        .enumerate()
        .map(|(i, media)| {
            let asset = assets
                .get(&media.asset_id)
                .ok_or_else(|| InvalidValue::unknown(format!("{field}[{i}]"), media.asset_id))?;
            let alt_text = media.alt_text.as_ref().or(asset.alt_text.as_ref());
            Ok(OutgoingMedia {
                asset_id: asset.id,
                kind: asset.kind,
                mime: asset.mime.clone(),
                file_name: asset.file_name.clone(),
                storage_key: asset.storage_key.clone(),
                size_bytes: asset.size_bytes,
                checksum: asset.checksum.clone(),
                alt_text: alt_text.map(|text| text.as_str().to_owned()),
                facts: asset.facts.clone(),
            })
        })
        .collect()
}
