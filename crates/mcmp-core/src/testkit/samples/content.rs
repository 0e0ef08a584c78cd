//! Posts and what belongs to them.

use chrono::TimeDelta;

use super::{Maker, Place, Sample, actor, checksum, digest, fields, token_hash};
use crate::account::Platform;
use crate::approval::{Approval, ApprovalPolicy, Deciders, Decision, ReviewLink, Stage, Verdict};
use crate::asset::{AltText, AssetKind, FileName, MediaFacts, Mime, StorageKey};
use crate::lifecycle::{PostAction, PostStatus};
use crate::member::Role;
use crate::post::{
    Comment, CommentVisibility, Content, HistoryEntry, InstagramOptions, MediaUse, Outgoing,
    OutgoingMedia, OutgoingPart, PlatformOptions, Post, PostKind, Resolution, Revision,
    RevisionRef, SeriesOccurrence, ThreadPart, Variant,
};
use crate::series::Series;
use crate::store::{ChangeSet, Version};
use crate::testkit::vary::Vary;
use crate::time::{Frequency, Recurrence, RecurrenceParts, Schedule, SeriesRule, WallTime};
use crate::value::WebUrl;

fn link() -> WebUrl {
    WebUrl::new("link", "https://example.com/päge?a=1&b=%20#x").unwrap()
}

fn media(v: &mut Vary) -> Vec<MediaUse> {
    (0..v.below(3))
        .map(|_| MediaUse {
            asset_id: v.id(),
            alt_text: v.maybe(|v| AltText::new("alt_text", v.text()).unwrap()),
        })
        .collect()
}

fn content(v: &mut Vary) -> Content {
    Content {
        title: v.post_text(),
        body: v.post_text(),
        media: media(v),
        link: v.maybe(|_| link()),
    }
}

fn variant(v: &mut Vary) -> Variant {
    let platform = v.pick(&[Platform::INSTAGRAM, Platform::X, Platform::new("mastodon").unwrap()]);
    let account_id = v.shared_id();
    Variant {
        id: v.id(),
        account_id,
        kind: v.pick(&[PostKind::Feed, PostKind::Reel, PostKind::Thread]),
        title: v.maybe(Vary::post_text),
        text: v.maybe(Vary::post_text),
        media: v.maybe(media),
        link: v.maybe(|v| v.maybe(|_| link())),
        first_comment: v.maybe(Vary::post_text),
        thread: (0..v.below(3))
            .map(|_| ThreadPart { text: v.post_text(), media: media(v) })
            .collect(),
        options: match v.below(3) {
            0 => PlatformOptions::None,
            1 => PlatformOptions::Instagram(InstagramOptions {
                collaborators: vec![v.text().to_owned()],
                ..InstagramOptions::default()
            }),
            _ => PlatformOptions::Other {
                name: platform.clone(),
                fields: [("a.b$".to_owned(), v.json())].into(),
            },
        },
        platform,
    }
}

fn variants(v: &mut Vary) -> Vec<Variant> {
    let mut variants: Vec<Variant> = (0..v.below(3)).map(|_| variant(v)).collect();
    variants.dedup_by_key(|variant| variant.account_id);
    variants
}

fn approval(maker: &Maker, v: &mut Vary) -> Approval {
    let base = maker.base();
    Approval {
        revision_id: v.id(),
        digest: digest(v),
        planned_at: v.maybe(|v| v.time(base)),
        policy: ApprovalPolicy::stages(vec![Stage {
            name: v.name(),
            deciders: Deciders { roles: [Role::Manager].into(), ..Deciders::default() },
            quorum: 1,
            author_may_approve: v.flag(),
            due_within_hours: v.maybe(|_| 1),
        }])
        .unwrap(),
        requested_by: actor(v),
        requested_at: v.time(base),
        stage_started_at: v.time(base),
        decisions: (0..v.below(3))
            .map(|_| Decision {
                stage: 0,
                by: actor(v),
                verdict: v.pick(&[Verdict::Approved, Verdict::ChangesRequested]),
                note: v.maybe(Vary::note),
                at: v.time(base),
            })
            .collect(),
        overdue_told: v.maybe(|_| 0),
    }
}

impl Sample for Post {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        let zone = v.pick(&[chrono_tz::Europe::Vienna, chrono_tz::America::New_York]);
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            author: actor(&mut v),
            editors: (0..v.below(3)).map(|_| actor(&mut v)).collect(),
            content: content(&mut v),
            variants: variants(&mut v),
            tags: v.labels(),
            category: v.maybe(Vary::label),
            campaign_id: v.maybe(|_| place.campaign_id),
            status: match v.below(3) {
                0 => PostStatus::PendingApproval,
                _ => v.pick(PostStatus::ALL),
            },
            schedule: v.maybe(|v| Schedule::at_instant(v.time(base), zone).unwrap()),
            revision: v.maybe(|v| RevisionRef { id: v.id(), number: 2, digest: digest(v) }),
            approval: v.maybe(|v| approval(maker, v)),
            series: v.maybe(|v| SeriesOccurrence {
                series_id: v.shared_id(),
                key: v.time(base).naive_utc(),
            }),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.content = content(vary);
        self.variants = variants(vary);
        (self.tags, self.status) = (vary.labels(), vary.pick(PostStatus::ALL));
        self.updated_at += TimeDelta::milliseconds(1);
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        statuses = |row, v| {
            let mut statuses = v.some(PostStatus::ALL);
            statuses.push(row.status);
            statuses
        },
        platforms = |row, v| vec![
            row.variants.last().map_or(Platform::FACEBOOK, |variant| variant.platform.clone()),
            Platform::TIKTOK,
        ],
        account_id = |row, v| Some(row.account_ids().last().unwrap_or_else(|| v.shared_id())),
        campaign_id = |row, v| Some(row.campaign_id.unwrap_or_else(|| v.shared_id())),
        category = |row, v| Some(row.category.clone().unwrap_or_else(|| v.label())),
        tag = |row, v| Some(row.tags.last().cloned().unwrap_or_else(|| v.label())),
        author = |row, v| Some(row.author.user().unwrap_or_else(|| v.shared_id())),
        series_id = |row, v| Some(
            row.series.as_ref().map_or_else(|| v.shared_id(), |series| series.series_id)
        ),
        planned_from = |row, v| Some(
            row.planned_at().unwrap_or(row.created_at) + TimeDelta::milliseconds(v.below(2) as i64)
        ),
        planned_until = |row, v| Some(
            row.planned_at().unwrap_or(row.created_at) + TimeDelta::milliseconds(v.below(2) as i64)
        ),
        created_from = |row, v| Some(row.created_at + TimeDelta::milliseconds(v.below(2) as i64)),
        created_until = |row, v| Some(row.created_at + TimeDelta::milliseconds(v.below(2) as i64)),
        text = |row, v| Some(crate::testkit::filters::part_of(&row.search_text(), v)),
        approval_due_before = |row, v| Some(
            row.approval_due_at().unwrap_or(row.created_at + TimeDelta::hours(30))
                + TimeDelta::milliseconds(v.below(2) as i64)
        ),
    }
}

fn outgoing_media(v: &mut Vary) -> Vec<OutgoingMedia> {
    (0..v.below(3))
        .map(|_| {
            let asset_id: crate::id::AssetId = v.id();
            OutgoingMedia {
                asset_id,
                kind: AssetKind::Image,
                mime: Mime::new("mime", "image/png").unwrap(),
                file_name: FileName::new("file_name", v.text()).unwrap(),
                storage_key: StorageKey::new("key", "x/y.png").unwrap(),
                size_bytes: 1 << 40,
                checksum: checksum(asset_id),
                alt_text: v.maybe(|v| v.text().to_owned()),
                facts: MediaFacts { width: Some(1), ..MediaFacts::default() },
            }
        })
        .collect()
}

impl Sample for Revision {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let outgoing: Vec<Outgoing> = (0..v.below(3))
            .map(|_| Outgoing {
                variant_id: v.id(),
                account_id: v.id(),
                platform: Platform::INSTAGRAM,
                kind: PostKind::Carousel,
                title: v.text().to_owned(),
                text: format!(" {}\n", v.text()),
                media: outgoing_media(&mut v),
                link: v.maybe(|_| link()),
                first_comment: v.maybe(|v| v.text().to_owned()),
                thread: vec![OutgoingPart {
                    text: v.text().to_owned(),
                    media: outgoing_media(&mut v),
                }],
                options: PlatformOptions::None,
            })
            .collect();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            post_id: place.post_id,
            number: u32::try_from(seq % 1_000).unwrap() + 1,
            digest: crate::post::Digest::of(&outgoing),
            outgoing,
            created_by: actor(&mut v),
            created_at: v.time(maker.base()),
        }
    }

    fields! { post_id = |row, v| Some(row.post_id) }
}

impl Sample for Comment {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            post_id: place.post_id,
            reply_to: v.maybe(Vary::id),
            author: actor(&mut v),
            author_name: v.name(),
            visibility: v.pick(&[CommentVisibility::Internal, CommentVisibility::Client]),
            body: v.note(),
            mentions: vec![v.id()],
            revision_id: v.maybe(Vary::id),
            resolved: v.maybe(|v| Resolution { by: actor(v), at: v.time(base) }),
            created_at: v.time(base),
            edited_at: v.maybe(|v| v.time(base)),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.body = vary.note();
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        post_id = |row, v| Some(row.post_id),
        visibility = |row, v| Some(row.visibility),
        resolved = |row, v| Some(v.flag()),
    }
}

impl Sample for HistoryEntry {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            post_id: place.post_id,
            actor: actor(&mut v),
            action: v.pick(PostAction::ALL),
            from: v.maybe(|v| v.pick(PostStatus::ALL)),
            to: v.pick(PostStatus::ALL),
            note: v.maybe(Vary::note),
            revision_id: v.maybe(Vary::id),
            at: v.time(maker.base()),
        }
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        post_id = |row, v| Some(row.post_id),
    }
}

impl Sample for ReviewLink {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            post_ids: vec![place.post_id, v.shared_id()],
            token_hash: token_hash(&mut v, id),
            reviewer: v.name(),
            may_decide: v.flag(),
            may_comment: v.flag(),
            expires_at: v.time(base),
            revoked_at: v.maybe(|v| v.time(base)),
            created_by: v.maybe(Vary::shared_id),
            created_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.may_decide = !self.may_decide;
        self.token_hash = token_hash(vary, self.id);
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        post_id = |row, v| Some(v.pick(&row.post_ids)),
        token_hash = |row, v| Some(row.token_hash),
    }
}

impl Sample for Series {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        let start = WallTime::from_instant(base, chrono_tz::Europe::Vienna).unwrap();
        let frequency = v.pick(&[Frequency::Daily, Frequency::Weekly]);
        let rule = Recurrence::new(RecurrenceParts::new(frequency, start)).unwrap();
        let mut rule = SeriesRule::new(rule);
        let first = rule.recurrence().parts().start.local();
        if v.flag() {
            rule.skip(first).unwrap();
        }
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            name: v.name(),
            content: content(&mut v),
            variants: variants(&mut v),
            tags: v.labels(),
            category: v.maybe(Vary::label),
            rule,
            template_post: v.maybe(|_| place.post_id),
            materialized_until: v.maybe(|v| v.time(base).naive_utc()),
            active: v.flag(),
            created_by: actor(&mut v),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        (self.name, self.active) = (vary.name(), !self.active);
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        active = |row, v| Some(v.flag()),
    }
}
