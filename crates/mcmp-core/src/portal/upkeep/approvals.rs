//! Requests for approval whose time has come: nobody decided so far, or it is too late to.

use std::collections::BTreeSet;

use super::{Round, Upkeep, due, due_by, pass_over};
use crate::error::Error;
use crate::event::Subject;
use crate::id::PostId;
use crate::lifecycle::PostStatus;
use crate::notification::NotificationTopic;
use crate::portal::{Session, audience};
use crate::post::Post;
use crate::store::{PostFilter, Sort};
use crate::value::Note;

impl Upkeep {
    /// Up to `limit` requests for approval whose time has come. Where the stage that waits is
    /// overdue, those who decide in it and whoever asked are told, once per stage; it goes on
    /// waiting. Where the publishing time came without an answer, the request runs out: the post is
    /// a draft again, and its people are told.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn overdue_approvals(&self, limit: usize) -> Result<Round, Error> {
        let now = self.now().await?;
        let filter = PostFilter { approval_due_before: Some(due_by(now)), ..Default::default() };
        let posts: Vec<Post> = due(self, filter, Sort::Planned, limit).await?;
        let (found, mut done) = (posts.len(), 0);
        for post in posts {
            let session = self.session(post.agency_id).await?;
            let result = if post.planned_at().is_some_and(|at| at <= now) {
                session.posts().expire_approval(post.id).await.map(|_| true)
            } else {
                tell_overdue(&session, post.id).await
            };
            done += usize::from(pass_over(result)? == Some(true));
        }
        Ok(Round { done, more: done > 0 && found >= limit })
    }
}

/// Tells that the stage that waits is overdue, and notes that it was told; says whether it did.
async fn tell_overdue(session: &Session, id: PostId) -> Result<bool, Error> {
    let mut post: Post = session.load(id).await?;
    let mut work = session.work()?;
    let Some(approval) = &mut post.approval else { return Ok(false) };
    let is_overdue = approval.due_at().is_some_and(|at| at <= work.now());
    let stage = approval.current_stage();
    let deciders =
        stage.and_then(|stage| approval.policy.stages.get(stage)).map(|stage| &stage.deciders);
    let (true, false, Some(deciders)) = (
        post.status == PostStatus::PendingApproval && is_overdue,
        approval.is_overdue_told(),
        deciders,
    ) else {
        return Ok(false);
    };
    let (portal, agency, client) = (session.portal(), post.agency_id, post.client_id);
    let mut users = audience::deciders(portal, agency, client, deciders).await?;
    let asked: BTreeSet<_> = approval.requested_by.user().into_iter().collect();
    users.extend(audience::members_among(portal, agency, client, &asked).await?);
    approval.overdue_told = stage;
    let message = Note::new("message", format!("“{}” waits for a decision", post.name()))?;
    let incident = format!("approval_overdue/{}/{}", post.id, post.version);
    let topic = NotificationTopic::ApprovalOverdue;
    work.notify(users, topic, Some(client), Subject::of(&post), &message, &incident)?;
    work.changes().update(&mut post);
    work.commit().await?;
    Ok(true)
}
