//! The asset library of a client.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Session;
use super::edit::{check_tags, set};
use crate::agency::Meter;
use crate::asset::{AltText, Asset, Checksum, FileName, MediaFacts, Mime, StorageKey};
use crate::client::Client;
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{AssetId, ClientId};
use crate::lifecycle::PostStatus;
use crate::member::Permission;
use crate::post::{Content, PlatformOptions, Post, Variant};
use crate::series::Series;
use crate::store::{
    AssetFilter, Entity, EntityKind, Page, PostFilter, Query, Read, SeriesFilter, Store, Version,
};
use crate::time::WallTime;
use crate::value::{Change, InvalidValue, Label};

/// The asset libraries: what is known about media files. Their bytes are stored and probed by
/// whoever calls this, before they are added.
#[derive(Debug, Clone, Copy)]
pub struct AssetLibrary<'s> {
    pub(super) session: &'s Session,
}

/// A media file that was stored and probed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetDraft {
    /// The client whose library it goes into.
    pub client_id: ClientId,
    /// Where its bytes lie.
    pub storage_key: StorageKey,
    /// Its name as uploaded.
    pub file_name: FileName,
    /// Its type, which says its kind too.
    pub mime: Mime,
    /// Its size in bytes, at least 1.
    pub size_bytes: u64,
    /// The SHA-256 of its bytes.
    pub checksum: Checksum,
    /// The description that goes out with it.
    #[serde(default)]
    pub alt_text: Option<AltText>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// The folder it goes into; `None` is the top.
    #[serde(default)]
    pub folder: Option<Label>,
    /// What the probe found.
    #[serde(default)]
    pub facts: MediaFacts,
    /// The last day on which it may be used, in the client's zone; `None` is for ever.
    #[serde(default)]
    pub rights_until: Option<NaiveDate>,
}

/// A change of what is said about an asset; what is not given stays. Its bytes never change.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssetEdit {
    /// The description that goes out with it.
    pub alt_text: Change<AltText>,
    /// Words to find it by.
    pub tags: Option<Vec<Label>>,
    /// The folder it is in.
    pub folder: Change<Label>,
    /// The last day on which it may be used.
    pub rights_until: Change<NaiveDate>,
}

/// An asset that is in the library now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddedAsset {
    /// The asset.
    pub asset: Asset,
    /// The very same bytes were in the library before, and the asset is that one, unchanged. The
    /// bytes just stored are needed by nobody then, unless they lie at the asset's own key.
    pub already_there: bool,
}

impl AssetLibrary<'_> {
    /// Adds a file. Bytes that the client's library has already are not added twice.
    ///
    /// # Errors
    /// No permission, no such client, a value that is refused, or the plan's limit on storage.
    pub async fn add(&self, draft: AssetDraft) -> Result<AddedAsset, Error> {
        let client: Client =
            self.session.load_for(Permission::ManageAssets, draft.client_id).await?;
        check_tags(&draft.tags)?;
        let size = size_of(&draft)?;
        if let Some(asset) = self.with_bytes(client.id, &draft.checksum).await? {
            return Ok(AddedAsset { asset, already_there: true });
        }
        let checksum = draft.checksum.clone();
        let mut work = self.session.work()?;
        let mut asset = Asset {
            id: work.id()?,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            kind: draft.mime.kind(),
            storage_key: draft.storage_key,
            file_name: draft.file_name,
            mime: draft.mime,
            size_bytes: draft.size_bytes,
            checksum: draft.checksum,
            alt_text: draft.alt_text,
            tags: draft.tags,
            folder: draft.folder,
            facts: draft.facts,
            rights_until: draft.rights_until,
            uploaded_by: self.session.actor().user(),
            created_at: work.now(),
            updated_at: work.now(),
        };
        work.insert(&mut asset, EventKind::AssetCreated, Some(client.id))?;
        work.meter(Meter::StorageBytes, size);
        match work.commit().await {
            Ok(()) => Ok(AddedAsset { asset, already_there: false }),
            // Somebody else added the same bytes in the same moment.
            Err(refused @ Error::AlreadyExists { kind: EntityKind::Asset, .. }) => {
                match self.with_bytes(client.id, &checksum).await? {
                    Some(asset) => Ok(AddedAsset { asset, already_there: true }),
                    None => Err(refused),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// One asset.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: AssetId) -> Result<Asset, Error> {
        self.session.load_for(Permission::View, id).await
    }

    /// Assets of a client, or of all clients within reach, by words, tag, folder and kind.
    ///
    /// # Errors
    /// No permission for one of those clients, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Asset>) -> Result<Page<Asset>, Error> {
        self.session.require_for_list(Permission::View, query.filter.client_id)?;
        Ok(Read::<Asset>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// The assets of a client that may no longer be used: whose last day is over by the client's
    /// clocks. The one that ended first comes first.
    ///
    /// # Errors
    /// No permission, or no such client.
    pub async fn rights_ended(&self, client: ClientId) -> Result<Vec<Asset>, Error> {
        let client: Client = self.session.load_for(Permission::View, client).await?;
        let today = WallTime::from_instant(self.session.now(), client.zone)?.local().date();
        let of_client = AssetFilter { client_id: Some(client.id), ..Default::default() };
        let mut ended = self
            .matching(of_client, |asset: &Asset| {
                asset.rights_until.is_some_and(|last_day| last_day < today)
            })
            .await?;
        ended.sort_by_key(|asset| (asset.rights_until, asset.id));
        Ok(ended)
    }

    /// Changes what is said about an asset, as somebody saw it at `version`.
    ///
    /// # Errors
    /// No permission, it is not there, a value that is refused, or somebody else changed it first.
    pub async fn edit(
        &self,
        id: AssetId,
        version: Version,
        edit: AssetEdit,
    ) -> Result<Asset, Error> {
        let before: Asset = self.session.load_at(Permission::ManageAssets, id, version).await?;
        let mut asset = before.clone();
        set(&mut asset.tags, edit.tags);
        edit.alt_text.apply(&mut asset.alt_text);
        edit.folder.apply(&mut asset.folder);
        edit.rights_until.apply(&mut asset.rights_until);
        check_tags(&asset.tags)?;
        let mut work = self.session.work()?;
        asset.updated_at = work.now();
        let client = Some(asset.client_id);
        work.update(&before, &mut asset, EventKind::AssetUpdated, client)?;
        work.commit().await?;
        Ok(asset)
    }

    /// Deletes an asset, as somebody saw it at `version`, and answers with it, so that its bytes
    /// can be deleted too. Refused while a post that may still go out, a series that goes on, or
    /// the client's brand uses it.
    ///
    /// # Errors
    /// No permission, it is not there, [`Error::StillUsed`] with how many use it, or somebody else
    /// changed it first.
    pub async fn delete(&self, id: AssetId, version: Version) -> Result<Asset, Error> {
        let asset: Asset = self.session.load_at(Permission::ManageAssets, id, version).await?;
        self.refuse_if_used(&asset).await?;
        let mut work = self.session.work()?;
        let client = Some(asset.client_id);
        work.delete(asset.clone(), EventKind::AssetDeleted, client)?;
        work.meter(Meter::StorageBytes, i64::try_from(asset.size_bytes).map_or(i64::MIN, |n| -n));
        work.commit().await?;
        Ok(asset)
    }

    async fn with_bytes(
        &self,
        client: ClientId,
        checksum: &Checksum,
    ) -> Result<Option<Asset>, Error> {
        let same = AssetFilter {
            client_id: Some(client),
            checksum: Some(checksum.clone()),
            ..Default::default()
        };
        let (store, scope) = (self.session.store(), self.session.scope());
        let page = Read::<Asset>::list(store, scope, &Query::new(same).limit(1)).await?;
        Ok(page.items.into_iter().next())
    }

    async fn refuse_if_used(&self, asset: &Asset) -> Result<(), Error> {
        let client: Client = self.session.load(asset.client_id).await?;
        let posts = PostFilter {
            client_id: Some(client.id),
            statuses: PostStatus::ALL.iter().copied().filter(|s| may_still_go_out(*s)).collect(),
            ..Default::default()
        };
        let posts = self
            .matching(posts, |post: &Post| uses(asset.id, &post.content, &post.variants))
            .await?;
        let series = SeriesFilter { client_id: Some(client.id), active: Some(true) };
        let series = self
            .matching(series, |series: &Series| uses(asset.id, &series.content, &series.variants))
            .await?;
        let users = [
            (EntityKind::Post, posts.len()),
            (EntityKind::Series, series.len()),
            (EntityKind::Client, usize::from(client.brand.logo == Some(asset.id))),
        ];
        users.into_iter().try_for_each(|(by, count)| {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            Session::refuse_if_used(EntityKind::Asset, asset.id, by, count)
        })
    }

    /// Those of a long list that are wanted; no more than a page of the others is held at once.
    async fn matching<E: Entity>(
        &self,
        filter: E::Filter,
        is_wanted: impl Fn(&E) -> bool + Send + Sync,
    ) -> Result<Vec<E>, Error>
    where
        dyn Store: Read<E>,
    {
        let (store, scope) = (self.session.store(), self.session.scope());
        let mut query = Query::<E>::new(filter).limit(Query::<E>::MAX_LIMIT);
        let mut wanted = Vec::new();
        loop {
            let page = Read::<E>::list(store, scope, &query).await?;
            wanted.extend(page.items.into_iter().filter(|entity| is_wanted(entity)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(wanted),
            }
        }
    }
}

/// What storage counts for a file.
fn size_of(draft: &AssetDraft) -> Result<i64, InvalidValue> {
    match i64::try_from(draft.size_bytes) {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(InvalidValue::out_of_range("size_bytes", 1, i64::MAX, draft.size_bytes)),
    }
}

/// Whether a post at `status` may still be sent, as it is or again.
fn may_still_go_out(status: PostStatus) -> bool {
    !matches!(status, PostStatus::Published | PostStatus::Cancelled | PostStatus::Archived)
}

fn uses(asset: AssetId, content: &Content, variants: &[Variant]) -> bool {
    used_assets(content, variants).contains(&asset)
}

/// Every asset that would go out, covers and thumbnails too.
pub(super) fn used_assets(content: &Content, variants: &[Variant]) -> BTreeSet<AssetId> {
    let of_variants = variants.iter().flat_map(|variant| {
        variant.media.iter().flatten().chain(variant.thread.iter().flat_map(|part| &part.media))
    });
    let shown = content.media.iter().chain(of_variants).map(|media| media.asset_id);
    let beside = variants.iter().filter_map(|variant| match &variant.options {
        PlatformOptions::Instagram(options) => options.cover,
        PlatformOptions::Pinterest(options) => options.cover,
        PlatformOptions::Youtube(options) => options.thumbnail,
        PlatformOptions::Wordpress(options) => options.featured,
        _ => None,
    });
    shown.chain(beside).collect()
}
