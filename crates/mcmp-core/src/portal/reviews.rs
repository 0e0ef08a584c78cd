//! Review links, and what their holders can do.

use chrono::TimeDelta;
use serde::Deserialize;

use super::comments::CommentDraft;
use super::{Portal, Session};
use crate::agency::Feature;
use crate::approval::ReviewLink;
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{ClientId, Id, PostId, ReviewLinkId, RevisionId};
use crate::member::Permission;
use crate::post::{Comment, Post, Revision};
use crate::secret::{SecretText, mint};
use crate::store::{EntityKind, Page, Query, Read, Version};
use crate::value::{InvalidValue, Name, Note};

/// What tokens of review links begin with.
pub(crate) const TOKEN_PREFIX: &str = "mcmprev";

/// Review links for people without an account.
#[derive(Debug, Clone, Copy)]
pub struct Reviews<'s> {
    pub(super) session: &'s Session,
}

/// A new review link.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewLinkDraft {
    /// Whose posts.
    pub client_id: ClientId,
    /// Which posts.
    pub post_ids: Vec<PostId>,
    /// Whom it is for; shown with what the reviewer does.
    pub reviewer: Name,
    /// Whether the reviewer may decide, where a stage lets guests in.
    #[serde(default)]
    pub may_decide: bool,
    /// Whether the reviewer may comment.
    #[serde(default)]
    pub may_comment: bool,
    /// Days until it stops working, 1 to 90.
    pub valid_days: u32,
}

impl ReviewLinkDraft {
    /// Most days that a link works.
    pub const MAX_DAYS: u32 = 90;
}

impl Reviews<'_> {
    /// A new link, and its token, which is shown this once.
    ///
    /// # Errors
    /// No permission (also for what the link would allow), the plan does not include it, or a post is not there or another client's.
    pub async fn create_link(
        &self,
        draft: ReviewLinkDraft,
    ) -> Result<(ReviewLink, SecretText), Error> {
        let session = self.session;
        session.require(Permission::ManageReviewLinks, draft.client_id)?;
        // Nobody gives away with a link what they may not do themselves.
        let passed_on = [
            draft.may_decide.then_some(Permission::ApprovePosts),
            draft.may_comment.then_some(Permission::Comment),
        ];
        for permission in passed_on.into_iter().flatten() {
            session.require(permission, draft.client_id)?;
        }
        session.require_feature(Feature::GuestReview)?;
        if !(1..=ReviewLinkDraft::MAX_DAYS).contains(&draft.valid_days) {
            let max = ReviewLinkDraft::MAX_DAYS;
            return Err(InvalidValue::out_of_range("valid_days", 1, max, draft.valid_days).into());
        }
        let mut post_ids = draft.post_ids;
        post_ids.sort_unstable();
        post_ids.dedup();
        if post_ids.is_empty() {
            return Err(InvalidValue::required("post_ids").into());
        }
        if post_ids.len() > ReviewLink::MAX_POSTS {
            let max = ReviewLink::MAX_POSTS;
            return Err(InvalidValue::too_long("post_ids", max, post_ids.len()).into());
        }
        for (i, post) in post_ids.iter().enumerate() {
            let field = format!("post_ids[{i}]");
            session.named::<Post>(field, *post, draft.client_id).await?;
        }
        let mut work = session.work()?;
        let (token, token_hash) = mint(session.portal().entropy(), TOKEN_PREFIX)?;
        let mut link = ReviewLink {
            id: work.id()?,
            version: Version::NEW,
            agency_id: session.agency_id(),
            client_id: draft.client_id,
            post_ids,
            token_hash,
            reviewer: draft.reviewer,
            may_decide: draft.may_decide,
            may_comment: draft.may_comment,
            expires_at: work.now() + TimeDelta::days(i64::from(draft.valid_days)),
            revoked_at: None,
            created_by: session.actor().user(),
            created_at: work.now(),
        };
        work.insert(&mut link, EventKind::ReviewLinkCreated, Some(draft.client_id))?;
        work.commit().await?;
        Ok((link, token))
    }

    /// The links within reach.
    ///
    /// # Errors
    /// No permission, or a query that can't be carried out.
    pub async fn links(&self, query: &Query<ReviewLink>) -> Result<Page<ReviewLink>, Error> {
        match query.filter.client_id {
            Some(client) => self.session.require(Permission::ManageReviewLinks, client)?,
            None => self.session.scope().require_agency(Permission::ManageReviewLinks)?,
        }
        Ok(Read::<ReviewLink>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// Stops a link at once.
    ///
    /// # Errors
    /// No permission, it is not there, or somebody else changed it first.
    pub async fn revoke_link(&self, id: ReviewLinkId) -> Result<ReviewLink, Error> {
        let before: ReviewLink = self.session.load(id).await?;
        self.session.require(Permission::ManageReviewLinks, before.client_id)?;
        if before.revoked_at.is_some() {
            return Ok(before);
        }
        let mut work = self.session.work()?;
        let mut link = before.clone();
        link.revoked_at = Some(work.now());
        let client = Some(link.client_id);
        work.update(&before, &mut link, EventKind::ReviewLinkRevoked, client)?;
        work.commit().await?;
        Ok(link)
    }
}

/// What the holder of a review link can do: see the chosen posts, and comment and decide on them
/// if the link says so. Nothing else of the client is within reach.
#[derive(Debug, Clone)]
pub struct Review {
    session: Session,
    link: ReviewLink,
}

impl Portal {
    /// Opens the review that a link's token stands for.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for a token that is unknown, revoked or expired alike.
    pub async fn review(&self, token: &SecretText) -> Result<Review, Error> {
        let (actor, link) = self.guest_actor(token).await?;
        let session = self.open_session(&actor, link.agency_id).await?;
        Ok(Review { session, link })
    }
}

impl Review {
    /// The link.
    #[must_use]
    pub fn link(&self) -> &ReviewLink {
        &self.link
    }

    /// The posts that can be seen now.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn posts(&self) -> Result<Vec<Post>, Error> {
        let mut posts = Vec::new();
        for id in &self.link.post_ids {
            match self.session.visible_post(*id).await {
                Ok(post) => posts.push(self.session.as_read(post)),
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(posts)
    }

    /// What exactly would go out: the newest revision of one of the posts.
    ///
    /// # Errors
    /// The post is not among those of the link, or can't be seen now.
    pub async fn revision(&self, post: PostId) -> Result<Option<Revision>, Error> {
        self.chosen(post)?;
        let post = self.session.visible_post(post).await?;
        match post.revision {
            Some(newest) => Ok(Some(self.session.load(newest.id).await?)),
            None => Ok(None),
        }
    }

    /// What was said about one of the posts, for the client's side to read.
    ///
    /// # Errors
    /// The post is not among those of the link, or can't be seen now.
    pub async fn comments(&self, post: PostId) -> Result<Vec<Comment>, Error> {
        self.chosen(post)?;
        self.session.comments().list(post).await
    }

    /// Says something about one of the posts.
    ///
    /// # Errors
    /// The post is not among those of the link, or the link does not allow it.
    pub async fn comment(&self, post: PostId, draft: CommentDraft) -> Result<Comment, Error> {
        self.chosen(post)?;
        self.session.comments().add(post, draft).await
    }

    /// Says yes to one of the posts, in the [`revision`](Self::revision) that was looked at.
    ///
    /// # Errors
    /// The post is not among those of the link, or the lifecycle refuses it.
    pub async fn approve(
        &self,
        post: PostId,
        revision: RevisionId,
        note: Option<Note>,
    ) -> Result<Post, Error> {
        self.chosen(post)?;
        self.session.posts().approve(post, revision, note).await
    }

    /// Says not like this to one of the posts.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn request_changes(
        &self,
        post: PostId,
        revision: RevisionId,
        note: Note,
    ) -> Result<Post, Error> {
        self.chosen(post)?;
        self.session.posts().request_changes(post, revision, note).await
    }

    /// Says not at all to one of the posts.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn reject(
        &self,
        post: PostId,
        revision: RevisionId,
        note: Option<Note>,
    ) -> Result<Post, Error> {
        self.chosen(post)?;
        self.session.posts().reject(post, revision, note).await
    }

    fn chosen(&self, post: PostId) -> Result<(), Error> {
        if self.link.post_ids.contains(&post) {
            Ok(())
        } else {
            Err(Error::NotFound { kind: EntityKind::Post, id: post.uuid() })
        }
    }
}
