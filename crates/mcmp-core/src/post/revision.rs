//! Immutable snapshots of what would go out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::outgoing::Outgoing;
use crate::access::{ActorRef, Tenancy};
use crate::id::{AgencyId, ClientId, PostId, RevisionId};
use crate::store::{RevisionFilter, Version, entity};

/// An immutable snapshot of what would go out; approvals bind to its digest, and what is
/// published is taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its id.
    pub id: RevisionId,
    /// Always 1: it never changes.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose post.
    pub client_id: ClientId,
    /// Which post.
    pub post_id: PostId,
    /// Counted from 1 within the post.
    pub number: u32,
    /// The digest of `outgoing`.
    pub digest: Digest,
    /// What would go out, one item per account.
    pub outgoing: Vec<Outgoing>,
    /// Who made it.
    pub created_by: ActorRef,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Revision {
    /// What its post calls it.
    #[must_use]
    pub fn name(&self) -> RevisionRef {
        RevisionRef { id: self.id, number: self.number, digest: self.digest.clone() }
    }
}

entity! {
    Revision, RevisionId, RevisionFilter,
    tenancy: |revision| Tenancy::Client(revision.agency_id, revision.client_id),
    parent: |revision| revision.post_id,
}

/// Names a revision from within its post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRef {
    /// Its id.
    pub id: RevisionId,
    /// Its number within the post.
    pub number: u32,
    /// Its digest.
    pub digest: Digest,
}
