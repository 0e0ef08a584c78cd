//! The connected channel itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Platform;
use crate::access::Tenancy;
use crate::id::{AccountId, AgencyId, AppCredentialsId, ClientId};
use crate::publishing::MaxFailures;
use crate::secret::{SealContext, SealPurpose, Sealed};
use crate::store::{SocialAccountFilter, UniqueKey, Version, entity};
use crate::time::QueueSlots;
use crate::value::text::bounded_text;
use crate::value::{Name, WebUrl};

bounded_text! {
    /// An id that a platform gave out. 1 to 512 characters.
    ExternalId, "external_id", 1..=512
}

/// What a channel is on its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountKind {
    /// A page (Facebook).
    Page,
    /// A person's or a business's profile (Instagram, Threads, X, LinkedIn, TikTok, Pinterest).
    Profile,
    /// An organization (LinkedIn).
    Organization,
    /// A place (Google Business Profile).
    Location,
    /// A channel (YouTube).
    Channel,
    /// A website (WordPress, Webflow, webhook).
    Site,
    /// A board (Pinterest).
    Board,
}

/// Whether a channel can be published to.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountStatus {
    /// A real call with its token succeeded.
    #[default]
    Connected,
    /// Works, and the grant ends soon.
    Expiring,
    /// The grant has ended; a person must connect it again.
    Expired,
    /// The platform or the person took the grant back.
    Revoked,
    /// The platform refuses for another reason.
    Error,
    /// Disconnected by a person.
    Disconnected,
}

impl AccountStatus {
    /// Whether it can be published to.
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Connected | Self::Expiring)
    }
}

/// The tokens of a grant, sealed and bound to their client and account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTokens {
    /// What calls are made with.
    pub access: Sealed,
    /// What gets a new access token; some platforms have none.
    pub refresh: Option<Sealed>,
    /// When the access token ends; `None` is never, or unknown.
    pub access_expires_at: Option<DateTime<Utc>>,
    /// When the refresh token ends; `None` is never, or unknown.
    pub refresh_expires_at: Option<DateTime<Utc>>,
}

/// Which app credentials made a grant. A refresh must use the very same set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AppCredentialsRef {
    /// Those of the installation.
    #[default]
    Instance,
    /// A set that an agency, a client or an account brought.
    Own(AppCredentialsId),
}

/// What to do when it is unknown whether a post went live and the platform can't be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownOutcomePolicy {
    /// Wait for a person to look.
    #[default]
    Hold,
    /// Send again: a double is the lesser harm.
    Retry,
}

/// A connected channel of one client on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialAccount {
    /// Its id.
    pub id: AccountId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose channel it is.
    pub client_id: ClientId,
    /// Where.
    pub platform: Platform,
    /// What it is there.
    pub kind: AccountKind,
    /// The platform's own id of it, unique per client and platform.
    pub external_id: ExternalId,
    /// Its handle, without `@`.
    pub handle: Option<String>,
    /// What people call it.
    pub display_name: Name,
    /// Its picture.
    pub avatar_url: Option<WebUrl>,
    /// Whether it can be published to.
    pub status: AccountStatus,
    /// Why the status is what it is, in the platform's words; never a secret.
    pub status_detail: Option<String>,
    /// Its tokens; `None` once disconnected.
    pub tokens: Option<SealedTokens>,
    /// What the grant allows, in the platform's names.
    pub granted_scopes: BTreeSet<String>,
    /// Which app credentials made the grant.
    pub app_credentials: AppCredentialsRef,
    /// What the platform tells about it (page category, subscription type, site address).
    pub metadata: BTreeMap<String, Value>,
    /// A named set of limits that this account has, such as `premium`; `None` is the ordinary one.
    pub limits_profile: Option<String>,
    /// When its queue publishes; empty takes the client's slots.
    pub queue_slots: QueueSlots,
    /// What to do when an outcome can't be found out.
    pub unknown_outcome: UnknownOutcomePolicy,
    /// How many calls for one part of a post may fail before the part is given up.
    #[serde(default)]
    pub max_failures: MaxFailures,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl SocialAccount {
    /// What its secrets are bound to: a sealed token opens for this client and account alone.
    #[must_use]
    pub fn seal_context(&self, purpose: SealPurpose) -> SealContext {
        SealContext::of_client(purpose, self.client_id).account(self.id)
    }

    /// What the status should be at `now`, from the tokens' ends alone: a grant without a way to
    /// refresh is expiring within `notice` of its end, and expired from then on. A status that a
    /// person or the platform set (revoked, error, disconnected) stays.
    #[must_use]
    pub fn status_at(&self, now: DateTime<Utc>, notice: TimeDelta) -> AccountStatus {
        if !self.status.is_usable() {
            return self.status;
        }
        let Some(tokens) = &self.tokens else { return self.status };
        let grant_ends = match &tokens.refresh {
            Some(_) => tokens.refresh_expires_at,
            None => tokens.access_expires_at,
        };
        match grant_ends {
            Some(end) if end <= now => AccountStatus::Expired,
            Some(end) if end - now <= notice => AccountStatus::Expiring,
            _ => AccountStatus::Connected,
        }
    }
}

entity! {
    SocialAccount, AccountId, SocialAccountFilter,
    tenancy: |account| Tenancy::Client(account.agency_id, account.client_id),
    unique: |account| vec![UniqueKey::new(
        "external_id",
        format_args!("{}/{}/{}", account.client_id, account.platform, account.external_id),
    )],
}
