//! What the board shows.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::board::{Column, Task, column_of};
use crate::id::{AccountId, BriefId, CampaignId, UserId};
use crate::lifecycle::PostStatus;
use crate::post::Post;

/// What a board is narrowed to; what is `None` does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoardFilter {
    /// Cards given to this person.
    pub assignee: Option<UserId>,
    /// Cards of this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Cards that answer this brief.
    pub brief_id: Option<BriefId>,
    /// Cards meant for this account.
    pub account_id: Option<AccountId>,
}

/// A client's board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Board {
    /// Every column, from backlog to published.
    pub columns: Vec<BoardColumn>,
    /// Whether these are all cards; a board shows the [`Tasks::MAX_CARDS`](super::Tasks::MAX_CARDS) that changed last.
    pub complete: bool,
}

/// A column of a board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoardColumn {
    /// Which one.
    pub column: Column,
    /// Its cards, from the top.
    pub cards: Vec<Card>,
}

/// A task as the board shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// The task.
    pub task: Task,
    /// Where the card stands: the task's own column, or what follows from its post.
    pub column: Column,
    /// Where its post stands, if it has one.
    pub post_status: Option<PostStatus>,
    /// When its post goes out, if that is planned.
    pub planned_at: Option<DateTime<Utc>>,
}

impl Card {
    pub(super) fn new(task: Task, post: Option<&Post>) -> Self {
        Self {
            column: column_of(&task, post),
            post_status: post.map(|post| post.status),
            planned_at: post.and_then(Post::planned_at),
            task,
        }
    }
}
