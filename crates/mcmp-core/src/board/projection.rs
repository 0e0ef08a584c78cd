//! The board as a view of the lifecycle, and moves of its cards as actions of it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Column, Task};
use crate::lifecycle::{Facts, PostAction, PostStatus, leads_to};
use crate::post::Post;

/// The column in which `task` stands, whose post is `post`.
///
/// Without a post, and while the post is a draft or cancelled, it is the task's own column:
/// `backlog` or `in_progress`. All others say where the post stands. What waits for a person or
/// failed stays with what is scheduled, as it has not gone out; what is archived is done.
#[must_use]
pub fn column_of(task: &Task, post: Option<&Post>) -> Column {
    column_at(task.column, post.map(|post| post.status))
}

/// [`column_of`] for a task whose own column is `own` and whose post stands at `status`.
#[must_use]
pub fn column_at(own: Column, status: Option<PostStatus>) -> Column {
    match status {
        None | Some(PostStatus::Draft | PostStatus::Cancelled) => match own {
            Column::Backlog => Column::Backlog,
            _ => Column::InProgress,
        },
        Some(PostStatus::PendingApproval) => Column::Submitted,
        Some(PostStatus::ChangesRequested) => Column::NeedsChanges,
        Some(PostStatus::Approved) => Column::Approved,
        Some(
            PostStatus::Scheduled | PostStatus::Publishing | PostStatus::Held | PostStatus::Failed,
        ) => Column::Scheduled,
        Some(PostStatus::Published | PostStatus::PartiallyPublished | PostStatus::Archived) => {
            Column::Published
        }
    }
}

/// What a move of a card is: both parts are done in one commit, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BoardMove {
    /// What is done to the post; `None` leaves it. [`decide`](crate::lifecycle::decide) has the
    /// last word: it may still refuse.
    pub action: Option<PostAction>,
    /// The task's own column afterwards; `None` leaves it.
    pub own_column: Option<Column>,
}

/// Why a card can't be moved there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum MoveRefused {
    /// Only a task that has a post goes there.
    #[error("a card without a post goes to backlog or in progress only")]
    NeedsPost {
        /// Where it was to go.
        to: Column,
    },
    /// Nothing that can be done to the post brings it there in one step.
    #[error("a post that is {status} does not get there in one step")]
    NoSuchStep {
        /// Where the post stands.
        status: PostStatus,
        /// Where the card was to go.
        to: Column,
    },
}

/// What moving a card may do to its post, in the order tried.
const MOVES: &[PostAction] = &[
    PostAction::Submit,
    PostAction::Withdraw,
    PostAction::RequestChanges,
    PostAction::Approve,
    PostAction::Schedule,
    PostAction::Unschedule,
    PostAction::Reopen,
];

/// What it means to move the card of `task`, whose post has `facts`, to `to`: an action of the
/// lifecycle that lands in that column, a change of the task's own column, both, or nothing. Once
/// it is done, [`column_of`] answers `to`.
///
/// # Errors
/// [`MoveRefused`] if no single step leads there: a card never shows what is not so.
pub fn action_for_move(
    task: &Task,
    facts: Option<&Facts<'_>>,
    to: Column,
    now: DateTime<Utc>,
) -> Result<BoardMove, MoveRefused> {
    let own_column = matches!(to, Column::Backlog | Column::InProgress).then_some(to);
    let own = own_column.unwrap_or(task.column);
    let status = facts.map(|facts| facts.status);
    if column_at(task.column, status) == to {
        return Ok(BoardMove { action: None, own_column: None });
    }
    if column_at(own, status) == to {
        return Ok(BoardMove { action: None, own_column });
    }
    let facts = facts.ok_or(MoveRefused::NeedsPost { to })?;
    let action = MOVES.iter().copied().find(|action| {
        leads_to(facts, *action, now).is_some_and(|status| column_at(own, Some(status)) == to)
    });
    match action {
        Some(action) => Ok(BoardMove { action: Some(action), own_column }),
        None => Err(MoveRefused::NoSuchStep { status: facts.status, to }),
    }
}
