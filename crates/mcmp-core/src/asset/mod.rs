//! The asset library: media files of a client, with what a probe found in them.
//!
//! The bytes of an asset never change: approvals bind to their checksum, and what was published is
//! shown from them. Another file is another asset, and the same bytes are one asset of a client.

mod facts;
mod file;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::id::{AgencyId, AssetId, ClientId, UserId};
use crate::rules::text::fold;
use crate::store::{AssetFilter, UniqueKey, Version, entity};
use crate::value::Label;

pub use facts::MediaFacts;
pub use file::{AltText, AssetKind, Checksum, FileName, Mime, StorageKey};

/// A media file in a client's library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// The client whose library it is in.
    pub client_id: ClientId,
    /// What it is.
    pub kind: AssetKind,
    /// Where its bytes lie.
    pub storage_key: StorageKey,
    /// Its name as uploaded.
    pub file_name: FileName,
    /// Its type.
    pub mime: Mime,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The SHA-256 of its bytes, unique within the client.
    pub checksum: Checksum,
    /// The description that goes out with it, unless a variant says otherwise.
    pub alt_text: Option<AltText>,
    /// Words to find it by.
    pub tags: Vec<Label>,
    /// The folder it is in; `None` is the top.
    pub folder: Option<Label>,
    /// What the probe found.
    pub facts: MediaFacts,
    /// The last day on which it may be used, in the client's zone; `None` is for ever.
    pub rights_until: Option<NaiveDate>,
    /// Who uploaded it.
    pub uploaded_by: Option<UserId>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Asset {
    /// Its file name, description and tags, folded by [`fold`]: what a text search looks into.
    #[must_use]
    pub fn search_text(&self) -> String {
        let alt_text = self.alt_text.iter().map(AltText::as_str);
        let tags = self.tags.iter().map(Label::as_str);
        let words: Vec<_> =
            std::iter::once(self.file_name.as_str()).chain(alt_text).chain(tags).collect();
        fold(&words.join("\n"))
    }
}

entity! {
    Asset, AssetId, AssetFilter,
    tenancy: |asset| Tenancy::Client(asset.agency_id, asset.client_id),
    unique: |asset| vec![UniqueKey::new(
        "checksum",
        format_args!("{}/{}", asset.client_id, asset.checksum.as_str()),
    )],
}
