//! Posts: writing them, and everything the lifecycle lets people do with them.

mod check;
mod draft;
mod edit;
mod jobs;
mod perform;
mod settle;
mod situation;

use super::Session;
use crate::error::Error;
use crate::id::{JobId, PostId, RevisionId};
use crate::lifecycle::{PostAction, PostStatus, allowed_actions};
use crate::member::Permission;
use crate::post::{HistoryEntry, Post, Revision};
use crate::publishing::PublishJob;
use crate::rules::Report;
use crate::store::{
    HistoryEntryFilter, Page, PublishJobFilter, Query, Read, RevisionFilter, StoreExt,
};
use crate::value::Note;

pub(crate) use check::{Checked, check, check_parts};
pub use draft::{PostDraft, PostEdit, VariantDraft, When};
pub(crate) use edit::{add_deletion, begin};
pub(crate) use perform::follow_jobs;
use perform::{Ask, Decide, perform};
use situation::Situation;
pub(crate) use situation::{Composition, is_for_client};

/// Posts and their life.
#[derive(Debug, Clone, Copy)]
pub struct Posts<'s> {
    pub(super) session: &'s Session,
}

impl Posts<'_> {
    /// One post. People of the client's side see what concerns them: not drafts, not what only the
    /// agency's own stages look at.
    ///
    /// # Errors
    /// It is not there.
    pub async fn get(&self, id: PostId) -> Result<Post, Error> {
        Ok(self.session.as_read(self.session.visible_post(id).await?))
    }

    /// The library: the posts within reach that the query's filter matches.
    ///
    /// For people of the client's side a page can be shorter than its limit, and goes on all the
    /// same as long as it has a `next`.
    ///
    /// # Errors
    /// No permission for the client asked for, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Post>) -> Result<Page<Post>, Error> {
        match query.filter.client_id {
            Some(client) => self.session.require(Permission::View, client)?,
            None => self.session.scope().require_somewhere(Permission::View)?,
        }
        let mut page: Page<Post> =
            Read::<Post>::list(self.session.store(), self.session.scope(), query).await?;
        page.items.retain(|post| self.session.sees_post(post));
        page.items = page.items.into_iter().map(|post| self.session.as_read(post)).collect();
        Ok(page)
    }

    /// What the actor may do with a post now: exactly what the other methods accept.
    ///
    /// # Errors
    /// It is not there.
    pub async fn allowed_actions(&self, id: PostId) -> Result<Vec<PostAction>, Error> {
        let situation = Situation::load(self.session, id).await?;
        let who = situation.who(self.session);
        let now = self.session.store().now().await?;
        Ok(allowed_actions(&situation.facts(), &who, now))
    }

    /// How a post came to its status, oldest first.
    ///
    /// # Errors
    /// It is not there, or its history is not for people of the client's side.
    pub async fn history(&self, id: PostId) -> Result<Vec<HistoryEntry>, Error> {
        let post = self.session.visible_post(id).await?;
        self.session.require(Permission::ViewInternal, post.client_id)?;
        let filter = HistoryEntryFilter { post_id: Some(id), ..Default::default() };
        Ok(self.session.store().all(self.session.scope(), filter).await?)
    }

    /// The frozen revisions of a post, oldest first; for people of the client's side the newest
    /// alone, as the agency's own stages may have turned down those before it.
    ///
    /// # Errors
    /// It is not there.
    pub async fn revisions(&self, id: PostId) -> Result<Vec<Revision>, Error> {
        let post = self.session.visible_post(id).await?;
        let filter = RevisionFilter { post_id: Some(id) };
        let mut all: Vec<Revision> = self.session.store().all(self.session.scope(), filter).await?;
        let permissions = self.session.scope().permissions(post.client_id);
        if !permissions.contains(Permission::ViewInternal) {
            let newest = post.revision.map(|revision| revision.id);
            all.retain(|revision| Some(revision.id) == newest);
        }
        Ok(all)
    }

    /// The jobs of a post, oldest first.
    ///
    /// # Errors
    /// It is not there.
    pub async fn jobs(&self, id: PostId) -> Result<Vec<PublishJob>, Error> {
        self.session.visible_post(id).await?;
        let filter = PublishJobFilter { post_id: Some(id), ..Default::default() };
        Ok(self.session.store().all(self.session.scope(), filter).await?)
    }

    /// Everything that the platforms and the client's rules say to a post as it is.
    ///
    /// # Errors
    /// It is not there, or uses an account or asset that is no longer there.
    pub async fn check(&self, id: PostId) -> Result<Report, Error> {
        let post = self.session.visible_post(id).await?;
        let client = self.session.load(post.client_id).await?;
        let composition = Composition::of(self.session, &post).await?;
        check(self.session, &client, &post, &composition, post.planned_at()).await
    }

    /// Asks for approval; without a policy the post is approved at once. `when` is the time it is
    /// wanted for.
    ///
    /// # Errors
    /// The rules refuse it, or the lifecycle does.
    pub async fn submit(&self, id: PostId, when: Option<When>) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Submit { when }).await
    }

    /// Takes the request for approval back.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn withdraw(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Withdraw).await
    }

    /// Says yes to a revision in the stage that waits. `revision` is the one that was looked at
    /// ([`Post::revision`]): nobody says yes to what came after it.
    ///
    /// # Errors
    /// The lifecycle refuses it: not a decider, decided already, one's own post, or another
    /// revision waits by now.
    pub async fn approve(
        &self,
        id: PostId,
        revision: RevisionId,
        note: Option<Note>,
    ) -> Result<Post, Error> {
        self.decide(id, revision, Decide::Approve { note }).await
    }

    /// Says not like this to a revision.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn request_changes(
        &self,
        id: PostId,
        revision: RevisionId,
        note: Note,
    ) -> Result<Post, Error> {
        self.decide(id, revision, Decide::RequestChanges { note }).await
    }

    /// Says not at all to a revision.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn reject(
        &self,
        id: PostId,
        revision: RevisionId,
        note: Option<Note>,
    ) -> Result<Post, Error> {
        self.decide(id, revision, Decide::Reject { note }).await
    }

    async fn decide(&self, id: PostId, on: RevisionId, decision: Decide) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Decide { on, decision }).await
    }

    /// Lets a request for approval end whose publishing time passed; for the system.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn expire_approval(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::ExpireApproval).await
    }

    /// Gives a post its time, and a job for each of its accounts. The post's schedule tells which
    /// instant a local time came to, and whether a clock change moved it
    /// ([`Schedule::shift`](crate::time::Schedule::shift)).
    ///
    /// # Errors
    /// The rules refuse it, the lifecycle does, or there is no free slot.
    pub async fn schedule(&self, id: PostId, when: When) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Schedule { when }).await
    }

    /// Gives a post another time.
    ///
    /// # Errors
    /// As [`schedule`](Self::schedule).
    pub async fn reschedule(&self, id: PostId, when: When) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Reschedule { when }).await
    }

    /// Takes a post's time away.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn unschedule(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Unschedule).await
    }

    /// Sends a post now.
    ///
    /// # Errors
    /// As [`schedule`](Self::schedule).
    pub async fn publish_now(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::PublishNow).await
    }

    /// Sends again what failed or was missed, and lets go on what is held: these jobs, or all if
    /// none is named. What is live is never sent again, and what may be live is looked for first;
    /// if the platform can't tell, a person can: [`confirm_published`](Self::confirm_published),
    /// [`confirm_absent`](Self::confirm_absent).
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn retry(&self, id: PostId, jobs: Vec<JobId>) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Retry { jobs }).await
    }

    /// Sends again what failed, was missed or is held, of a page of posts at once; of the query's
    /// filter without statuses, those that failed, in part or in full. Each post for itself: what is
    /// refused for one, or not permitted, does not hinder the others. The page goes on at its
    /// `next`.
    ///
    /// # Errors
    /// No permission for the client asked for, or a query that can't be carried out.
    pub async fn retry_failed(
        &self,
        query: &Query<Post>,
    ) -> Result<Page<(PostId, Result<Post, Error>)>, Error> {
        let mut query = query.clone();
        if query.filter.statuses.is_empty() {
            query.filter.statuses = vec![PostStatus::Failed, PostStatus::PartiallyPublished];
        }
        let page = self.list(&query).await?;
        let mut results = Vec::with_capacity(page.items.len());
        for post in page.items {
            results.push((post.id, self.retry(post.id, Vec::new()).await));
        }
        Ok(Page { items: results, next: page.next })
    }

    /// Brings a post's status in line with its jobs; for the system.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn follow_jobs(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::FollowJobs).await
    }

    /// Calls a post off. Once this is answered, nothing of it that had not begun goes out.
    ///
    /// # Errors
    /// The lifecycle refuses it: it is being published at this moment, or is live.
    pub async fn cancel(&self, id: PostId, note: Option<Note>) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Cancel { note }).await
    }

    /// Takes a cancelled post up again, as a draft.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn reopen(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Reopen).await
    }

    /// Puts a post away.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn archive(&self, id: PostId) -> Result<Post, Error> {
        perform(self.session, id, &Ask::Archive).await
    }

    /// Carries out an action by its name on a post as it was `seen`, as the board does; actions
    /// that take more than a note are refused.
    pub(crate) async fn carry_out(
        &self,
        seen: &Post,
        action: PostAction,
        note: Option<Note>,
    ) -> Result<Post, Error> {
        use crate::value::InvalidValue;
        let ask = Ask::of(action, seen, note)
            .ok_or_else(|| InvalidValue::required("note").actual(action))?;
        perform(self.session, seen.id, &ask).await
    }
}

/// Whether a post has left the writing desk: then what is changed in it leaves a history entry.
fn is_under_way(status: PostStatus) -> bool {
    !matches!(status, PostStatus::Draft)
}
