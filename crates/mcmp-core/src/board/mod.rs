//! The board: cards for work, and the post's status seen as a column.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::id::{AccountId, AgencyId, BriefId, CampaignId, ClientId, PostId, TaskId, UserId};
use crate::post::PostText;
use crate::store::{TaskFilter, UniqueKey, Version, entity};
use crate::value::{InvalidValue, Markdown, Name};

mod order;
mod projection;
#[cfg(test)]
mod projection_tests;

pub use order::places;
pub use projection::{BoardMove, MoveRefused, action_for_move, column_at, column_of};

/// A column of the board.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Column {
    /// To be begun.
    #[default]
    Backlog,
    /// Under way.
    InProgress,
    /// Waits for approval.
    Submitted,
    /// Somebody asked for changes.
    NeedsChanges,
    /// May go out.
    Approved,
    /// Has its time.
    Scheduled,
    /// Went out.
    Published,
}

/// One wording of a caption that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptionVersion {
    /// The wording.
    pub text: PostText,
    /// Who wrote it.
    pub written_by: Option<UserId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A card on the board; may exist before its post does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose task.
    pub client_id: ClientId,
    /// What is to be done.
    pub title: Name,
    /// More about it, in Markdown.
    pub description: Markdown,
    /// Its column as long as it has no post, or its post is a draft; after that the post's status
    /// says it.
    pub column: Column,
    /// Its place within the column: smaller is further up. A move between two cards takes a number
    /// between theirs.
    pub order: i64,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Who does it.
    pub assignee: Option<UserId>,
    /// The accounts that its post is to go to.
    pub target_accounts: Vec<AccountId>,
    /// Wordings that were tried, oldest first.
    pub captions: Vec<CaptionVersion>,
    /// The post that it became.
    pub post_id: Option<PostId>,
    /// The campaign it is part of.
    pub campaign_id: Option<CampaignId>,
    /// The brief it answers.
    pub brief_id: Option<BriefId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Task {
    /// Most wordings.
    pub const MAX_CAPTIONS: usize = 100;
    /// Most target accounts.
    pub const MAX_TARGETS: usize = 100;

    /// Checks what serde can't.
    ///
    /// # Errors
    /// Too many wordings or target accounts.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.captions.len() > Self::MAX_CAPTIONS {
            return Err(InvalidValue::too_long(
                "captions",
                Self::MAX_CAPTIONS,
                self.captions.len(),
            ));
        }
        if self.target_accounts.len() > Self::MAX_TARGETS {
            return Err(InvalidValue::too_long(
                "target_accounts",
                Self::MAX_TARGETS,
                self.target_accounts.len(),
            ));
        }
        Ok(())
    }
}

entity! {
    Task, TaskId, TaskFilter,
    tenancy: |task| Tenancy::Client(task.agency_id, task.client_id),
    unique: |task| task.post_id.map(|post| UniqueKey::new("post_id", post)).into_iter().collect(),
}
