//! Keys for programs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::membership::Coverage;
use super::permission::PermissionSet;
use crate::id::{AgencyId, ApiKeyId, UserId};
use crate::secret::TokenHash;
use crate::store::{ApiKeyFilter, UniqueKey, Version, entity};
use crate::value::Name;

/// A key for a program: what it may do, for which clients, until when. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Grows with every change.
    pub version: Version,
    /// Of which agency.
    pub agency_id: AgencyId,
    /// What people call it.
    pub name: Name,
    /// The hash of the key.
    pub token_hash: TokenHash,
    /// What it may do.
    pub permissions: PermissionSet,
    /// For which clients.
    pub coverage: Coverage,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it stops working; `None` is never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl ApiKey {
    /// Whether it works.
    #[must_use]
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

entity! {
    ApiKey, ApiKeyId, ApiKeyFilter,
    tenancy: |key| key.coverage.tenancy(key.agency_id),
    unique: |key| vec![UniqueKey::new("token_hash", key.token_hash.to_hex())],
}
