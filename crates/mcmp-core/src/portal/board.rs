//! The board: tasks as cards in columns.

use super::edit::{or_empty, set};
use super::session::retrying;
use super::{Session, Work};
use crate::account::SocialAccount;
use crate::board::{BoardMove, CaptionVersion, Column, Task, action_for_move};
use crate::campaign::{Brief, Campaign};
use crate::client::Client;
use crate::error::Error;
use crate::event::{EventKind, FieldChange, Subject};
use crate::id::{ClientId, TaskId, UserId};
use crate::lifecycle::Facts;
use crate::member::Permission;
use crate::notification::NotificationTopic;
use crate::post::{Post, PostText};
use crate::publishing::PublishJob;
use crate::store::{
    Direction, Page, PublishJobFilter, Query, Read, Sort, StoreExt, TaskFilter, Version,
};
use crate::value::{InvalidValue, Note};

mod draft;
mod place;
mod view;

pub use draft::{TaskDraft, TaskEdit};
pub use place::Place;
pub use view::{Board, BoardColumn, BoardFilter, Card};

/// Tasks, and the board that shows them as cards.
///
/// Cards have one order over all columns of a client, so a card that changes its column because of
/// its post keeps its place among the others.
#[derive(Debug, Clone, Copy)]
pub struct Tasks<'s> {
    pub(super) session: &'s Session,
}

impl Tasks<'_> {
    /// Most cards of a board.
    pub const MAX_CARDS: usize = 1_000;

    const COLUMNS: [Column; 7] = [
        Column::Backlog,
        Column::InProgress,
        Column::Submitted,
        Column::NeedsChanges,
        Column::Approved,
        Column::Scheduled,
        Column::Published,
    ];

    /// A new task, below all others. Whoever is to do it is told.
    ///
    /// # Errors
    /// No permission, no such client, a value that is refused (such as a column that only a post
    /// leads to, an assignee who can't see the board, or an account, post, campaign or brief of
    /// another client), or the post has a task already.
    pub async fn create(&self, draft: TaskDraft) -> Result<Task, Error> {
        let client: Client =
            self.session.load_for(Permission::ManageTasks, draft.client_id).await?;
        let mut work = self.session.work()?;
        let mut task = Task {
            id: work.id()?,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            title: draft.title,
            description: or_empty(draft.description)?,
            column: draft.column,
            order: 0,
            due_at: draft.due_at,
            assignee: draft.assignee,
            target_accounts: draft.target_accounts,
            captions: Vec::new(),
            post_id: draft.post_id,
            campaign_id: draft.campaign_id,
            brief_id: draft.brief_id,
            created_at: work.now(),
            updated_at: work.now(),
        };
        if !matches!(task.column, Column::Backlog | Column::InProgress) {
            let message = "a task begins in backlog or in progress";
            return Err(InvalidValue::inconsistent("column", message).into());
        }
        self.validate(&mut task).await?;
        let room = self.make_room(&task, Place::Last).await?;
        task.order = room.order;
        work.insert(&mut task, EventKind::TaskCreated, Some(client.id))?;
        tell_assignee(&mut work, None, &task)?;
        room.write(&mut work);
        work.commit().await?;
        Ok(task)
    }

    /// One task.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: TaskId) -> Result<Task, Error> {
        self.session.load_for(Permission::ViewInternal, id).await
    }

    /// Tasks of a client, or of all clients within reach.
    ///
    /// # Errors
    /// No permission for one of those clients, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Task>) -> Result<Page<Task>, Error> {
        self.session.require_for_list(Permission::ViewInternal, query.filter.client_id)?;
        Ok(Read::<Task>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// A client's board, with every card in the column where its post says it is.
    ///
    /// # Errors
    /// No permission.
    pub async fn board(&self, client: ClientId, filter: BoardFilter) -> Result<Board, Error> {
        let client: Client = self.session.load_for(Permission::ViewInternal, client).await?;
        let (store, scope) = (self.session.store(), self.session.scope());
        let tasks = TaskFilter {
            client_id: Some(client.id),
            assignee: filter.assignee,
            campaign_id: filter.campaign_id,
            brief_id: filter.brief_id,
            ..Default::default()
        };
        let mut query = Query::<Task>::new(tasks)
            .sorted(Sort::Updated, Direction::Descending)
            .limit(Query::<Task>::MAX_LIMIT);
        let mut tasks: Vec<Task> = Vec::new();
        let complete = loop {
            let page = Read::<Task>::list(store, scope, &query).await?;
            tasks.extend(page.items.into_iter().filter(|task| {
                filter.account_id.is_none_or(|id| task.target_accounts.contains(&id))
            }));
            query.after = page.next;
            if query.after.is_none() || tasks.len() >= Self::MAX_CARDS {
                let complete = query.after.is_none() && tasks.len() <= Self::MAX_CARDS;
                tasks.truncate(Self::MAX_CARDS);
                break complete;
            }
        };
        tasks.sort_by_key(|task| (task.order, task.id));
        let mut cards = Vec::with_capacity(tasks.len());
        for task in tasks {
            let post = self.post_of(&task).await?;
            cards.push(Card::new(task, post.as_ref()));
        }
        let columns = Self::COLUMNS.map(|column| BoardColumn {
            column,
            cards: cards.iter().filter(|card| card.column == column).cloned().collect(),
        });
        Ok(Board { columns: columns.into(), complete })
    }

    /// Changes a task, as somebody saw it at `version`. Whoever is newly to do it is told.
    ///
    /// # Errors
    /// No permission, it is not there, a value that is refused (see [`create`](Self::create)), the
    /// post has another task, or somebody else changed it first.
    pub async fn edit(&self, id: TaskId, version: Version, edit: TaskEdit) -> Result<Task, Error> {
        let before: Task = self.session.load_at(Permission::ManageTasks, id, version).await?;
        let mut task = before.clone();
        set(&mut task.title, edit.title);
        set(&mut task.description, edit.description);
        set(&mut task.target_accounts, edit.target_accounts);
        edit.due_at.apply(&mut task.due_at);
        edit.assignee.apply(&mut task.assignee);
        edit.post_id.apply(&mut task.post_id);
        edit.campaign_id.apply(&mut task.campaign_id);
        edit.brief_id.apply(&mut task.brief_id);
        self.validate(&mut task).await?;
        self.save(&before, task).await
    }

    /// Keeps one more wording of the caption, as of now and by whoever asks.
    ///
    /// # Errors
    /// No permission, it is not there, there are too many already, or somebody else changed it
    /// first.
    pub async fn add_caption(
        &self,
        id: TaskId,
        version: Version,
        text: PostText,
    ) -> Result<Task, Error> {
        let before: Task = self.session.load_at(Permission::ManageTasks, id, version).await?;
        let mut task = before.clone();
        let written_by = self.session.actor().user();
        task.captions.push(CaptionVersion { text, written_by, at: self.session.now() });
        task.validate()?;
        self.save(&before, task).await
    }

    /// Moves a card to a column and a place in it. What that means is decided by the board: a
    /// change of the task's own column, an action on its post, or both; `note` goes with it.
    ///
    /// An action on the post is carried out first, and stays done if the card can't be placed then.
    ///
    /// # Errors
    /// No permission for the board or for the action, it is not there, [`Error::MoveRefused`] if
    /// no single step leads to that column, [`Error::Refused`] if the post's life does not allow
    /// the step, or a place next to a card that is not there.
    pub async fn move_to(
        &self,
        id: TaskId,
        to: Column,
        place: Place,
        note: Option<Note>,
    ) -> Result<Card, Error> {
        let task: Task = self.session.load_for(Permission::ManageTasks, id).await?;
        self.check_place(&task, place).await?;
        let post = self.post_of(&task).await?;
        let step = self.step_to(&task, post.as_ref(), to).await?;
        let post = match (step.action, post) {
            (Some(action), Some(post)) => {
                Some(self.session.posts().carry_out(&post, action, note.clone()).await?)
            }
            (_, post) => post,
        };
        let task = retrying(|| async {
            let before: Task = self.session.load_for(Permission::ManageTasks, id).await?;
            let room = self.make_room(&before, place).await?;
            let column = step.own_column.unwrap_or(before.column);
            let mut task = Task { column, order: room.order, ..before.clone() };
            let kind = match task.column == before.column {
                true => EventKind::TaskUpdated,
                false => EventKind::TaskMoved,
            };
            let mut work = self.session.work()?;
            task.updated_at = work.now();
            let changes = FieldChange::between(Some(&before), Some(&task));
            work.changes().update(&mut task);
            let client = Some(task.client_id);
            work.tell(kind, client, Subject::of(&task), changes, note.clone())?;
            room.write(&mut work);
            work.commit().await?;
            Ok(task)
        })
        .await?;
        Ok(Card::new(task, post.as_ref()))
    }

    /// Deletes a task, as somebody saw it at `version`. Its post stays.
    ///
    /// # Errors
    /// No permission, it is not there, or somebody else changed it first.
    pub async fn delete(&self, id: TaskId, version: Version) -> Result<(), Error> {
        let task: Task = self.session.load_at(Permission::ManageTasks, id, version).await?;
        let mut work = self.session.work()?;
        let client = Some(task.client_id);
        work.delete(task, EventKind::TaskDeleted, client)?;
        work.commit().await
    }

    /// What it means to move the card there.
    async fn step_to(
        &self,
        task: &Task,
        post: Option<&Post>,
        to: Column,
    ) -> Result<BoardMove, Error> {
        let now = self.session.now();
        let Some(post) = post else { return Ok(action_for_move(task, None, to, now)?) };
        let client: Client = self.session.load(post.client_id).await?;
        let jobs = PublishJobFilter {
            client_id: Some(post.client_id),
            post_id: Some(post.id),
            ..Default::default()
        };
        let jobs: Vec<PublishJob> = self.session.store().all(self.session.scope(), jobs).await?;
        let facts = Facts::of(post, &client.approval_policy, &jobs);
        Ok(action_for_move(task, Some(&facts), to, now)?)
    }

    async fn post_of(&self, task: &Task) -> Result<Option<Post>, Error> {
        match task.post_id {
            Some(post) => Ok(self.session.store().find(self.session.scope(), post).await?),
            None => Ok(None),
        }
    }

    /// Checks a task and all that it names, and fills in the campaign of its brief.
    async fn validate(&self, task: &mut Task) -> Result<(), Error> {
        task.validate()?;
        let client = task.client_id;
        for (i, account) in task.target_accounts.iter().enumerate() {
            let field = format!("target_accounts[{i}]");
            self.session.named::<SocialAccount>(field, *account, client).await?;
        }
        if let Some(post) = task.post_id {
            self.session.named::<Post>("post_id", post, client).await?;
        }
        if let Some(brief) = task.brief_id {
            let brief = self.session.named::<Brief>("brief_id", brief, client).await?;
            if *task.campaign_id.get_or_insert(brief.campaign_id) != brief.campaign_id {
                let message = "is not the campaign of the brief";
                return Err(InvalidValue::inconsistent("campaign_id", message).into());
            }
        }
        if let Some(campaign) = task.campaign_id {
            self.session.named::<Campaign>("campaign_id", campaign, client).await?;
        }
        if let Some(user) = task.assignee
            && !self.session.permissions_of(user, client).await?.contains(Permission::ViewInternal)
        {
            return Err(InvalidValue::unknown("assignee", user).into());
        }
        Ok(())
    }

    async fn save(&self, before: &Task, mut task: Task) -> Result<Task, Error> {
        let mut work = self.session.work()?;
        task.updated_at = work.now();
        let client = Some(task.client_id);
        work.update(before, &mut task, EventKind::TaskUpdated, client)?;
        tell_assignee(&mut work, before.assignee, &task)?;
        work.commit().await?;
        Ok(task)
    }
}

/// Tells whoever is newly to do a task. A task that comes back to somebody is told again.
fn tell_assignee(work: &mut Work<'_>, before: Option<UserId>, task: &Task) -> Result<(), Error> {
    let newly = task.assignee.filter(|assignee| before != Some(*assignee));
    work.notify(
        newly,
        NotificationTopic::TaskAssigned,
        Some(task.client_id),
        Subject::of(task),
        &Note::new("message", format!("You were given a task: {}", task.title))?,
        &format!("task_assigned/{}/{}", task.id, task.version),
    )
}
