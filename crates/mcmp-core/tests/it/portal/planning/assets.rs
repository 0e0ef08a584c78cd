//! The asset library.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use mcmp_core::Error;
use mcmp_core::account::Platform;
use mcmp_core::agency::{Meter, Plan, PlanTier};
use mcmp_core::asset::{Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::client::Client;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::{AssetDraft, AssetEdit};
use mcmp_core::post::{InstagramOptions, MediaUse, PlatformOptions};
use mcmp_core::store::{Commit, EntityKind};
use mcmp_core::value::Change;

use super::fixture::World;

/// A picture of 1,000 bytes; the same `n` is the same bytes.
pub(in crate::portal) fn asset_draft(client: &Client, n: u64) -> AssetDraft {
    AssetDraft {
        client_id: client.id,
        storage_key: StorageKey::new("storage_key", format!("media/{n}")).unwrap(),
        file_name: FileName::new("file_name", format!("{n}.jpg")).unwrap(),
        mime: Mime::new("mime", "image/jpeg").unwrap(),
        size_bytes: 1_000,
        checksum: Checksum::new("checksum", format!("{n:064x}")).unwrap(),
        alt_text: None,
        tags: Vec::new(),
        folder: None,
        facts: MediaFacts::default(),
        rights_until: None,
    }
}

async fn stored_bytes(world: &World) -> u64 {
    let session = world.system().await;
    let meter = Meter::StorageBytes;
    world.store.usage(session.scope(), world.agency.id, meter, None).await.unwrap()
}

#[tokio::test]
async fn the_same_bytes_are_one_asset_of_a_client_and_counted_once() {
    let world = World::new().await;
    let session = world.admin().await;
    let first = session.assets().add(asset_draft(&world.a, 1)).await.unwrap();
    assert!(!first.already_there);
    let mut again = asset_draft(&world.a, 1);
    again.storage_key = StorageKey::new("storage_key", "media/again").unwrap();
    let again = session.assets().add(again).await.unwrap();
    assert!(again.already_there);
    assert_eq!(again.asset, first.asset);
    let elsewhere = session.assets().add(asset_draft(&world.b, 1)).await.unwrap();
    assert!(!elsewhere.already_there, "another client's library");
    assert_eq!(stored_bytes(&world).await, 2_000);

    session.assets().delete(first.asset.id, first.asset.version).await.unwrap();
    assert_eq!(stored_bytes(&world).await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_uploads_of_the_same_bytes_leave_one_asset() {
    let world = Arc::new(World::new().await);
    let adding: Vec<_> = (0..8)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let session = world.system().await;
                session.assets().add(asset_draft(&world.a, 1)).await.unwrap()
            })
        })
        .collect();
    let mut added = Vec::new();
    for task in adding {
        added.push(task.await.unwrap());
    }
    assert_eq!(added.iter().filter(|added| !added.already_there).count(), 1);
    assert!(added.iter().all(|one| one.asset.id == added[0].asset.id));
    assert_eq!(stored_bytes(&world).await, 1_000);
}

#[tokio::test]
async fn storage_that_is_full_says_how_much_was_asked_for() {
    let mut plan = Plan::of(PlanTier::Enterprise);
    plan.limits.insert(Meter::StorageBytes, 1_500);
    let world = World::with(plan, chrono_tz::UTC).await;
    let session = world.admin().await;
    session.assets().add(asset_draft(&world.a, 1)).await.unwrap();
    match session.assets().add(asset_draft(&world.a, 2)).await.unwrap_err() {
        Error::LimitReached(refused) => {
            assert_eq!((refused.limit, refused.used, refused.adding), (1_500, 1_000, 1_000));
        }
        other => panic!("{other}"),
    }
    assert_eq!(stored_bytes(&world).await, 1_000, "nothing was written");
}

#[tokio::test]
async fn an_asset_that_may_still_go_out_is_not_deleted() {
    let world = World::new().await;
    let session = world.admin().await;
    let account = world.account(&world.a, Platform::INSTAGRAM).await;
    let shown = session.assets().add(asset_draft(&world.a, 1)).await.unwrap().asset;
    let cover = session.assets().add(asset_draft(&world.a, 2)).await.unwrap().asset;
    let old = session.assets().add(asset_draft(&world.a, 3)).await.unwrap().asset;
    let mut post = world.draft(&world.a, None);
    post.content.media.push(MediaUse::of(shown.id));
    let mut variant = world.variant(&account);
    let options = InstagramOptions { cover: Some(cover.id), ..Default::default() };
    variant.options = PlatformOptions::Instagram(options);
    post.variants.push(variant);
    world.put(post).await;
    let mut published = world.draft(&world.a, None);
    published.status = PostStatus::Published;
    published.content.media.push(MediaUse::of(old.id));
    world.put(published).await;

    for asset in [shown, cover] {
        match session.assets().delete(asset.id, asset.version).await.unwrap_err() {
            Error::StillUsed { by: EntityKind::Post, count: 1, .. } => {}
            other => panic!("{other}"),
        }
    }
    session.assets().delete(old.id, old.version).await.unwrap();
}

#[tokio::test]
async fn rights_end_after_their_last_day_by_the_clients_clocks() {
    let plan = Plan::of(PlanTier::Enterprise);
    let world = World::with(plan, chrono_tz::Pacific::Auckland).await;
    let session = world.admin().await;
    let asset = session.assets().add(asset_draft(&world.a, 1)).await.unwrap().asset;
    session.assets().add(asset_draft(&world.a, 2)).await.unwrap();
    // It is 21:00 of 1 December there.
    let last_day = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
    let edit = AssetEdit { rights_until: Change::Set(last_day), ..Default::default() };
    let asset = session.assets().edit(asset.id, asset.version, edit).await.unwrap();
    assert!(session.assets().rights_ended(world.a.id).await.unwrap().is_empty());
    world.clock.advance(TimeDelta::hours(3));
    assert_eq!(session.assets().rights_ended(world.a.id).await.unwrap(), [asset]);
}
