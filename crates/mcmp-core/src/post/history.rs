//! How a post came to its status.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{ActorRef, Tenancy};
use crate::id::{AgencyId, ClientId, HistoryEntryId, PostId, RevisionId};
use crate::lifecycle::{PostAction, PostStatus};
use crate::store::{HistoryEntryFilter, Version, entity};
use crate::value::Note;

/// One step of a post's life. The entries of a post, oldest first, form a chain: each begins with
/// the status that the one before it ended with, and the last one ends with the current status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Its id; ids of later entries sort later.
    pub id: HistoryEntryId,
    /// Always 1: it never changes.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose post.
    pub client_id: ClientId,
    /// Which post.
    pub post_id: PostId,
    /// Who.
    pub actor: ActorRef,
    /// Did what.
    pub action: PostAction,
    /// The status before; `None` for the first entry.
    pub from: Option<PostStatus>,
    /// The status after; the same as before if the action left it.
    pub to: PostStatus,
    /// Why.
    pub note: Option<Note>,
    /// The revision it was about.
    pub revision_id: Option<RevisionId>,
    /// When.
    pub at: DateTime<Utc>,
}

entity! {
    HistoryEntry, HistoryEntryId, HistoryEntryFilter,
    tenancy: |entry| Tenancy::Client(entry.agency_id, entry.client_id),
    parent: |entry| entry.post_id,
}
