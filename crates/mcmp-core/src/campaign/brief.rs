//! What is asked of creators.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::account::Platform;
use crate::id::{AgencyId, BriefId, CampaignId, ClientId, CreatorId};
use crate::post::PostKind;
use crate::store::{BriefFilter, Version, entity};
use crate::value::{InvalidValue, Markdown, Money, Name};

/// Where a brief stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BriefStatus {
    /// Being written.
    #[default]
    Draft,
    /// Given to its creators.
    Open,
    /// All was delivered.
    Completed,
    /// Given up.
    Cancelled,
}

/// So many posts of one form on one platform: "3 TikTok videos".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverable {
    /// Who makes them; `None` is whoever takes it.
    #[serde(default)]
    pub creator_id: Option<CreatorId>,
    /// For where.
    pub platform: Platform,
    /// In which form.
    #[serde(default)]
    pub kind: PostKind,
    /// How many.
    pub count: u32,
    /// The day they are due, in the client's zone.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// What one of them is paid.
    #[serde(default)]
    pub fee: Option<Money>,
}

/// What is asked of the creators of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Its id.
    pub id: BriefId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose brief.
    pub client_id: ClientId,
    /// For which campaign.
    pub campaign_id: CampaignId,
    /// What people call it.
    pub title: Name,
    /// What to say, show and leave out, in Markdown.
    pub description: Markdown,
    /// Where it stands.
    pub status: BriefStatus,
    /// What is asked for.
    pub deliverables: Vec<Deliverable>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Brief {
    /// Most deliverables.
    pub const MAX_DELIVERABLES: usize = 200;
    /// Most pieces of one deliverable.
    pub const MAX_COUNT: u32 = 1_000;

    /// Checks what serde can't.
    ///
    /// # Errors
    /// Too many deliverables, or a count out of range.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.deliverables.len() > Self::MAX_DELIVERABLES {
            return Err(InvalidValue::too_long(
                "deliverables",
                Self::MAX_DELIVERABLES,
                self.deliverables.len(),
            ));
        }
        for (i, deliverable) in self.deliverables.iter().enumerate() {
            if !(1..=Self::MAX_COUNT).contains(&deliverable.count) {
                return Err(InvalidValue::out_of_range(
                    format!("deliverables[{i}].count"),
                    1,
                    Self::MAX_COUNT,
                    deliverable.count,
                ));
            }
        }
        Ok(())
    }
}

entity! {
    Brief, BriefId, BriefFilter,
    tenancy: |brief| Tenancy::Client(brief.agency_id, brief.client_id),
    parent: |brief| brief.campaign_id,
}
