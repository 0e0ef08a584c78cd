//! The post itself.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::content::{Content, Variant};
use super::outgoing::{Assets, Outgoing};
use super::revision::RevisionRef;
use crate::access::{ActorRef, Tenancy};
use crate::approval::Approval;
use crate::id::{AccountId, AgencyId, AssetId, CampaignId, ClientId, PostId, SeriesId};
use crate::lifecycle::PostStatus;
use crate::rules::text::fold;
use crate::store::{PostFilter, Version, entity};
use crate::time::Schedule;
use crate::value::{InvalidValue, Label};

/// Which occurrence of which series a post is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesOccurrence {
    /// The series.
    pub series_id: SeriesId,
    /// The local time that the rule gave it, which stays its name when it is moved.
    pub key: NaiveDateTime,
}

/// One piece of content with its approval state and schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose post.
    pub client_id: ClientId,
    /// Who wrote it.
    pub author: ActorRef,
    /// Who else changed what would go out.
    #[serde(default)]
    pub editors: Vec<ActorRef>,
    /// What all accounts get.
    pub content: Content,
    /// What single accounts get; at most one variant per account.
    pub variants: Vec<Variant>,
    /// Words to find it by.
    pub tags: Vec<Label>,
    /// What it is about.
    pub category: Option<Label>,
    /// The campaign it is part of.
    pub campaign_id: Option<CampaignId>,
    /// Where it stands; only the lifecycle changes it.
    pub status: PostStatus,
    /// When it goes out.
    pub schedule: Option<Schedule>,
    /// Its newest revision.
    pub revision: Option<RevisionRef>,
    /// The request for approval that is under way or complete.
    pub approval: Option<Approval>,
    /// The series it comes from.
    pub series: Option<SeriesOccurrence>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Post {
    /// Most variants.
    pub const MAX_VARIANTS: usize = 100;
    /// Most media of one list.
    pub const MAX_MEDIA: usize = 50;
    /// Most further parts of a thread.
    pub const MAX_THREAD: usize = 100;
    /// Most tags.
    pub const MAX_TAGS: usize = 50;

    /// When its request for approval is overdue, and nobody was told so far, or runs out because its
    /// publishing time has come, whichever is first; `None` without a request.
    #[must_use]
    pub fn approval_due_at(&self) -> Option<DateTime<Utc>> {
        let approval = self.approval.as_ref()?;
        if self.status != PostStatus::PendingApproval {
            return None;
        }
        let overdue = approval.due_at().filter(|_| !approval.is_overdue_told());
        self.planned_at().into_iter().chain(overdue).min()
    }

    /// When it goes out.
    #[must_use]
    pub fn planned_at(&self) -> Option<DateTime<Utc>> {
        self.schedule.as_ref().map(Schedule::at)
    }

    /// What people call it in lists and messages: its title, or its first words; up to 60
    /// characters, never empty.
    #[must_use]
    pub fn name(&self) -> String {
        let words = [&self.content.title, &self.content.body]
            .into_iter()
            .map(|text| text.as_str().trim())
            .find(|text| !text.is_empty())
            .unwrap_or("Untitled");
        let line = words.lines().next().unwrap_or(words).trim();
        if line.chars().count() <= 60 {
            return line.to_owned();
        }
        line.chars().take(59).chain(['…']).collect()
    }

    /// The accounts it goes to.
    pub fn account_ids(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.variants.iter().map(|variant| variant.account_id)
    }

    /// The assets it uses, covers and thumbnails left out.
    #[must_use]
    pub fn asset_ids(&self) -> BTreeSet<AssetId> {
        let of_variants = self.variants.iter().flat_map(|variant| {
            variant.media.iter().flatten().chain(variant.thread.iter().flat_map(|part| &part.media))
        });
        self.content.media.iter().chain(of_variants).map(|media| media.asset_id).collect()
    }

    /// All its words, folded by [`fold`](crate::rules::text::fold): what a text search looks
    /// into. Stores that search by index keep it in a column.
    #[must_use]
    pub fn search_text(&self) -> String {
        let own = [self.content.title.as_str(), self.content.body.as_str()];
        let of_variants = self.variants.iter().flat_map(|variant| {
            let parts = variant.thread.iter().map(|part| &part.text);
            [&variant.title, &variant.text, &variant.first_comment]
                .into_iter()
                .flatten()
                .chain(parts)
                .map(|text| text.as_str())
        });
        let labels = self.tags.iter().chain(&self.category).map(Label::as_str);
        let words: Vec<_> = own.into_iter().chain(of_variants).chain(labels).collect();
        fold(&words.join("\n"))
    }

    /// What would go out, one item per variant.
    ///
    /// # Errors
    /// A variant uses an asset that is not in `assets`; the error names the place.
    pub fn outgoing(&self, assets: &Assets) -> Result<Vec<Outgoing>, InvalidValue> {
        self.variants
            .iter()
            .enumerate()
            .map(|(i, variant)| {
                Outgoing::resolve(&self.content, variant, assets)
                    .map_err(|invalid| invalid.under(format_args!("variants[{i}]")))
            })
            .collect()
    }

    /// Checks the shape of what people can write into a post. What platforms and clients allow is
    /// a matter of the rules.
    ///
    /// # Errors
    /// Too many variants, media, parts or tags; two variants for one account.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        fn at_most(field: String, max: usize, actual: usize) -> Result<(), InvalidValue> {
            if actual > max { Err(InvalidValue::too_long(field, max, actual)) } else { Ok(()) }
        }
        at_most("variants".into(), Self::MAX_VARIANTS, self.variants.len())?;
        at_most("tags".into(), Self::MAX_TAGS, self.tags.len())?;
        at_most("media".into(), Self::MAX_MEDIA, self.content.media.len())?;
        let mut accounts = BTreeSet::new();
        for (i, variant) in self.variants.iter().enumerate() {
            if !accounts.insert(variant.account_id) {
                return Err(InvalidValue::duplicate(
                    format!("variants[{i}].account_id"),
                    variant.account_id,
                ));
            }
            let media = variant.media.as_ref().map_or(0, Vec::len);
            at_most(format!("variants[{i}].media"), Self::MAX_MEDIA, media)?;
            at_most(format!("variants[{i}].thread"), Self::MAX_THREAD, variant.thread.len())?;
            for (j, part) in variant.thread.iter().enumerate() {
                let field = format!("variants[{i}].thread[{j}].media");
                at_most(field, Self::MAX_MEDIA, part.media.len())?;
            }
        }
        Ok(())
    }
}

entity! {
    Post, PostId, PostFilter,
    tenancy: |post| Tenancy::Client(post.agency_id, post.client_id),
}
