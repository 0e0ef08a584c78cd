//! What people say of a task: a new one, and a change of one.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::board::Column;
use crate::id::{AccountId, BriefId, CampaignId, ClientId, PostId, UserId};
use crate::value::{Change, Markdown, Name};

/// A new task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskDraft {
    /// Whose task.
    pub client_id: ClientId,
    /// What is to be done.
    pub title: Name,
    /// More about it, in Markdown.
    #[serde(default)]
    pub description: Option<Markdown>,
    /// Where it begins: backlog, or in progress.
    #[serde(default)]
    pub column: Column,
    /// When it is due.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// Who does it.
    #[serde(default)]
    pub assignee: Option<UserId>,
    /// The accounts that its post is to go to.
    #[serde(default)]
    pub target_accounts: Vec<AccountId>,
    /// The post that it became.
    #[serde(default)]
    pub post_id: Option<PostId>,
    /// The campaign it is part of; without one it is the brief's.
    #[serde(default)]
    pub campaign_id: Option<CampaignId>,
    /// The brief it answers.
    #[serde(default)]
    pub brief_id: Option<BriefId>,
}

impl TaskDraft {
    /// A task of which nothing but the title is known yet.
    #[must_use]
    pub fn new(client_id: ClientId, title: Name) -> Self {
        Self {
            client_id,
            title,
            description: None,
            column: Column::Backlog,
            due_at: None,
            assignee: None,
            target_accounts: Vec::new(),
            post_id: None,
            campaign_id: None,
            brief_id: None,
        }
    }
}

/// A change of a task; what is not given stays. Its column and place are changed by
/// [`Tasks::move_to`](super::Tasks::move_to).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskEdit {
    /// What is to be done.
    pub title: Option<Name>,
    /// More about it.
    pub description: Option<Markdown>,
    /// When it is due.
    pub due_at: Change<DateTime<Utc>>,
    /// Who does it.
    pub assignee: Change<UserId>,
    /// The accounts that its post is to go to.
    pub target_accounts: Option<Vec<AccountId>>,
    /// The post that it became.
    pub post_id: Change<PostId>,
    /// The campaign it is part of.
    pub campaign_id: Change<CampaignId>,
    /// The brief it answers.
    pub brief_id: Change<BriefId>,
}
