//! Links for reviewers without an account.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::id::{AgencyId, ClientId, PostId, ReviewLinkId, UserId};
use crate::secret::TokenHash;
use crate::store::{ReviewLinkFilter, UniqueKey, Version, entity};
use crate::value::Name;

/// Lets whoever holds its token see chosen posts of one client, and comment or decide on them if
/// it says so. It expires, can be revoked, and only the token's hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewLink {
    /// Its id.
    pub id: ReviewLinkId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that made it.
    pub agency_id: AgencyId,
    /// Whose posts.
    pub client_id: ClientId,
    /// Which posts; never empty.
    pub post_ids: Vec<PostId>,
    /// The hash of its token.
    pub token_hash: TokenHash,
    /// Whom it was made for; shown with what the reviewer does.
    pub reviewer: Name,
    /// Whether the reviewer may decide, where a stage lets guests in.
    pub may_decide: bool,
    /// Whether the reviewer may comment.
    pub may_comment: bool,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl ReviewLink {
    /// Most posts of one link.
    pub const MAX_POSTS: usize = 200;

    /// Whether it works.
    #[must_use]
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

entity! {
    ReviewLink, ReviewLinkId, ReviewLinkFilter,
    tenancy: |link| Tenancy::Client(link.agency_id, link.client_id),
    unique: |link| vec![UniqueKey::new("token_hash", link.token_hash.to_hex())],
}
