//! The client: one brand, and the one isolation boundary.

mod brand;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::approval::ApprovalPolicy;
use crate::id::{AccountId, AgencyId, ClientId};
use crate::publishing::LatenessPolicy;
use crate::rules::ClientRules;
use crate::store::{ClientFilter, UniqueKey, Version, entity};
use crate::time::{PostingWindows, QueueSlots};
use crate::value::{Markdown, Name, Slug};

pub use brand::{Brand, CtaTemplate, Hashtag, HashtagSet};

/// Whether a client is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientStatus {
    /// Served.
    #[default]
    Active,
    /// Nothing goes out until it is resumed; planning goes on.
    Paused,
    /// No longer served; all is kept to be read.
    Archived,
}

/// One brand: **the tenant, the one isolation boundary**.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Its name.
    pub name: Name,
    /// Its name in links, unique within the agency.
    pub slug: Slug,
    /// Whether it is served.
    pub status: ClientStatus,
    /// The zone all its local times are in.
    pub zone: Tz,
    /// How it looks.
    pub brand: Brand,
    /// How it speaks, in Markdown.
    pub guidelines: Markdown,
    /// Hashtags to insert.
    pub hashtag_bank: Vec<HashtagSet>,
    /// Calls to action to insert.
    pub cta_templates: Vec<CtaTemplate>,
    /// When its posts may go out; empty is always.
    pub posting_windows: PostingWindows,
    /// When its queue publishes, for accounts without slots of their own.
    pub queue_slots: QueueSlots,
    /// Its own rules.
    pub rules: ClientRules,
    /// Who must say yes before anything goes out.
    pub approval_policy: ApprovalPolicy,
    /// What happens to a post whose time has passed.
    pub lateness: LatenessPolicy,
    /// The accounts that a new post starts with.
    pub default_accounts: Vec<AccountId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

entity! {
    Client, ClientId, ClientFilter,
    tenancy: |client| Tenancy::Client(client.agency_id, client.id),
    unique: |client| vec![UniqueKey::new("slug", format_args!("{}/{}", client.agency_id, client.slug))],
}
