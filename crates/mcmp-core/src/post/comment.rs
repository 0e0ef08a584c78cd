//! What people say about a post.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{ActorRef, Tenancy};
use crate::id::{AgencyId, ClientId, CommentId, PostId, RevisionId, UserId};
use crate::store::{CommentFilter, Version, entity};
use crate::value::{Name, Note};

/// Who can read a comment.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CommentVisibility {
    /// The agency's side only.
    #[default]
    Internal,
    /// The client's people and reviewers as well.
    Client,
}

/// Who settled a comment, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// Who.
    pub by: ActorRef,
    /// When.
    pub at: DateTime<Utc>,
}

/// What somebody said about a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose post.
    pub client_id: ClientId,
    /// Which post.
    pub post_id: PostId,
    /// The comment it answers; always one that answers none itself.
    pub reply_to: Option<CommentId>,
    /// Who said it.
    pub author: ActorRef,
    /// What that person was called then.
    pub author_name: Name,
    /// Who can read it; an answer is never more visible than what it answers.
    pub visibility: CommentVisibility,
    /// What was said.
    pub body: Note,
    /// Who should be told.
    pub mentions: Vec<UserId>,
    /// The revision it was said about.
    pub revision_id: Option<RevisionId>,
    /// Who settled it.
    pub resolved: Option<Resolution>,
    /// When it was said.
    pub created_at: DateTime<Utc>,
    /// When its text last changed.
    pub edited_at: Option<DateTime<Utc>>,
}

entity! {
    Comment, CommentId, CommentFilter,
    tenancy: |comment| Tenancy::Client(comment.agency_id, comment.client_id),
    parent: |comment| comment.post_id,
}
