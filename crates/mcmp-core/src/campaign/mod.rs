//! What posts are made for: campaigns, briefs and the people who make media for them.

mod brief;
mod creator;
mod progress;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::id::{AgencyId, CampaignId, ClientId};
use crate::store::{CampaignFilter, UniqueKey, Version, entity};
use crate::value::{Color, InvalidValue, Markdown, Money, Name};

pub use brief::{Brief, BriefStatus, Deliverable};
pub use creator::{Creator, CreatorAccount};
pub use progress::{DeliverableProgress, DeliveredPiece, brief_progress};

/// Where a campaign stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CampaignStatus {
    /// Being planned.
    #[default]
    Planned,
    /// Under way.
    Active,
    /// Over.
    Completed,
    /// Given up.
    Cancelled,
}

/// Something a campaign is to reach, as a number: `impressions`, 100000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What is counted, such as `impressions` or `newsletter sign-ups`.
    pub metric: Name,
    /// How much.
    pub target: u64,
}

/// Posts of one client that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose campaign.
    pub client_id: ClientId,
    /// Its name, unique within the client.
    pub name: Name,
    /// What it is about, in Markdown.
    pub description: Markdown,
    /// Where it stands.
    pub status: CampaignStatus,
    /// Its colour in the calendar.
    pub color: Option<Color>,
    /// Its first day, in the client's zone.
    pub starts_on: Option<NaiveDate>,
    /// Its last day, in the client's zone.
    pub ends_on: Option<NaiveDate>,
    /// What it is to reach.
    pub goals: Vec<Goal>,
    /// What it may cost.
    pub budget: Option<Money>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Campaign {
    /// Most goals.
    pub const MAX_GOALS: usize = 20;

    /// Checks what serde can't.
    ///
    /// # Errors
    /// It ends before it starts, has too many goals, or a negative budget.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if let (Some(starts), Some(ends)) = (self.starts_on, self.ends_on)
            && ends < starts
        {
            return Err(InvalidValue::inconsistent("ends_on", "lies before starts_on")
                .limit(starts)
                .actual(ends));
        }
        if self.goals.len() > Self::MAX_GOALS {
            return Err(InvalidValue::too_long("goals", Self::MAX_GOALS, self.goals.len()));
        }
        match &self.budget {
            Some(budget) if budget.minor < 0 => {
                Err(InvalidValue::out_of_range("budget.minor", 0, i64::MAX, budget.minor))
            }
            _ => Ok(()),
        }
    }
}

entity! {
    Campaign, CampaignId, CampaignFilter,
    tenancy: |campaign| Tenancy::Client(campaign.agency_id, campaign.client_id),
    unique: |campaign| vec![UniqueKey::new(
        "name",
        format_args!("{}/{}", campaign.client_id, campaign.name.as_str().to_lowercase()),
    )],
}
