//! Campaigns, briefs, creators, tasks and assets.

use chrono::TimeDelta;

use super::{Maker, Place, Sample, checksum, fields};
use crate::account::Platform;
use crate::asset::{AltText, Asset, AssetKind, FileName, MediaFacts, Mime, StorageKey};
use crate::board::{CaptionVersion, Column, Task};
use crate::campaign::{
    Brief, BriefStatus, Campaign, CampaignStatus, Creator, CreatorAccount, Deliverable, Goal,
};
use crate::id::{AssetId, Id};
use crate::post::PostKind;
use crate::store::{ChangeSet, Version};
use crate::testkit::vary::Vary;
use crate::time::{FIRST_DAY, LAST_DAY};
use crate::value::{Color, Currency, Money, Name, WebUrl};

fn money(v: &mut Vary) -> Money {
    Money {
        minor: v.pick(&[0, 1, 1_999, i64::MAX]),
        currency: Currency::new("currency", "EUR").unwrap(),
    }
}

fn campaign_name(v: &mut Vary, id: impl Id) -> Name {
    let text: String = v.text().chars().take(60).collect();
    Name::new("name", format!("{text} {id}")).unwrap()
}

impl Sample for Campaign {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        let day = base.date_naive();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            name: campaign_name(&mut v, id),
            description: v.markdown(),
            status: v.pick(&[
                CampaignStatus::Planned,
                CampaignStatus::Active,
                CampaignStatus::Completed,
                CampaignStatus::Cancelled,
            ]),
            color: v.maybe(|_| Color::new("color", "#abcdef").unwrap()),
            starts_on: v.maybe(|v| v.pick(&[FIRST_DAY, day - TimeDelta::days(1), day])),
            ends_on: v.maybe(|v| v.pick(&[day, day + TimeDelta::days(1), LAST_DAY])),
            goals: (0..v.below(3))
                .map(|_| Goal { metric: v.name(), target: i64::MAX.unsigned_abs() })
                .collect(),
            budget: v.maybe(money),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.name = campaign_name(vary, vary.clone().id::<crate::id::CampaignId>());
        self.description = vary.markdown();
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        statuses = |row, v| vec![row.status],
        on = |row, v| {
            let day = row.created_at.date_naive();
            Some(v.pick(&[row.starts_on.unwrap_or(day), row.ends_on.unwrap_or(day), day]))
        },
    }
}

impl Sample for Brief {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            campaign_id: place.campaign_id,
            title: v.name(),
            description: v.markdown(),
            status: v.pick(&[BriefStatus::Draft, BriefStatus::Open, BriefStatus::Completed]),
            deliverables: (0..v.below(4))
                .map(|_| Deliverable {
                    creator_id: v.maybe(Vary::id),
                    platform: v.pick(Platform::BUNDLED),
                    kind: v.pick(&[PostKind::Reel, PostKind::Feed]),
                    count: 3,
                    due_on: v.maybe(|_| LAST_DAY),
                    fee: v.maybe(money),
                })
                .collect(),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.title = vary.name();
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        campaign_id = |row, v| Some(row.campaign_id),
    }
}

impl Sample for Creator {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            user_id: v.maybe(Vary::shared_id),
            name: v.name(),
            email: None,
            accounts: (0..v.below(3))
                .map(|_| CreatorAccount {
                    platform: Platform::TIKTOK,
                    handle: v.name(),
                    url: v.maybe(|_| WebUrl::new("url", "https://example.com/@a").unwrap()),
                    followers: v.maybe(|_| 12_345_678_901),
                })
                .collect(),
            tags: v.labels(),
            notes: v.markdown(),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        (self.name, self.tags) = (vary.name(), vary.labels());
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        user_id = |row, v| Some(row.user_id.unwrap_or_else(|| v.shared_id())),
        tag = |row, v| Some(row.tags.last().cloned().unwrap_or_else(|| v.label())),
    }
}

impl Sample for Task {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            title: v.name(),
            description: v.markdown(),
            column: v.pick(&[Column::Backlog, Column::InProgress, Column::NeedsChanges]),
            order: v.pick(&[i64::MIN, -1, 0, 0, 1, 1_000, i64::MAX]),
            due_at: v.maybe(|v| v.time(base)),
            assignee: v.maybe(Vary::shared_id),
            target_accounts: vec![v.id()],
            captions: (0..v.below(3))
                .map(|_| CaptionVersion {
                    text: v.post_text(),
                    written_by: v.maybe(Vary::shared_id),
                    at: v.time(base),
                })
                .collect(),
            post_id: v.maybe(|_| maker.id()),
            campaign_id: v.maybe(|_| place.campaign_id),
            brief_id: v.maybe(|_| place.brief_id),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        (self.title, self.order) = (vary.name(), self.order.wrapping_add(1));
        self.post_id = None;
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        columns = |row, v| vec![row.column, Column::Published],
        assignee = |row, v| Some(row.assignee.unwrap_or_else(|| v.shared_id())),
        campaign_id = |row, v| Some(row.campaign_id.unwrap_or_else(|| v.shared_id())),
        brief_id = |row, v| Some(row.brief_id.unwrap_or_else(|| v.shared_id())),
        post_id = |row, v| Some(row.post_id.unwrap_or_else(|| v.shared_id())),
    }
}

impl Sample for Asset {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        let id: AssetId = maker.id();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            kind: v.pick(&[AssetKind::Image, AssetKind::Video, AssetKind::Document]),
            storage_key: StorageKey::new("key", "a/b c/ü.jpg").unwrap(),
            file_name: FileName::new("file_name", v.text()).unwrap(),
            mime: Mime::new("mime", "image/svg+xml").unwrap(),
            size_bytes: v.pick(&[0, 1, 5_000_000_000, i64::MAX.unsigned_abs()]),
            checksum: checksum(id),
            alt_text: v.maybe(|v| AltText::new("alt_text", v.text()).unwrap()),
            tags: v.labels(),
            folder: v.maybe(Vary::label),
            facts: MediaFacts {
                width: v.maybe(|_| u32::MAX),
                duration_ms: v.maybe(|_| 86_400_000),
                video_codec: v.maybe(|_| "h264".to_owned()),
                has_audio: v.maybe(Vary::flag),
                ..MediaFacts::default()
            },
            rights_until: v.maybe(|v| v.pick(&[FIRST_DAY, LAST_DAY])),
            uploaded_by: v.maybe(Vary::shared_id),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        (self.folder, self.tags) = (vary.maybe(Vary::label), vary.labels());
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        kinds = |row, v| vec![row.kind, AssetKind::Audio],
        folder = |row, v| Some(row.folder.clone().unwrap_or_else(|| v.label())),
        tag = |row, v| Some(row.tags.last().cloned().unwrap_or_else(|| v.label())),
        checksum = |row, v| Some(row.checksum.clone()),
        text = |row, v| Some(crate::testkit::filters::part_of(&row.search_text(), v)),
    }
}
