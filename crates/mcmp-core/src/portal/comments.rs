//! What people say about posts.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::posts::is_for_client;
use super::{Session, audience};
use crate::access::{ActorRef, Denied};
use crate::error::Error;
use crate::event::{EventKind, Subject};
use crate::id::{CommentId, Id, PostId, UserId};
use crate::member::{ApiKey, Membership, Permission};
use crate::notification::NotificationTopic;
use crate::post::{Comment, CommentVisibility, Post, Resolution};
use crate::store::{CommentFilter, EntityKind, MembershipFilter, StoreExt, Version};
use crate::value::{InvalidValue, Name, Note};

/// Comments on posts.
#[derive(Debug, Clone, Copy)]
pub struct Comments<'s> {
    pub(super) session: &'s Session,
}

/// A new comment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentDraft {
    /// What is said.
    pub body: Note,
    /// Who can read it; people of the client's side always write for all.
    #[serde(default)]
    pub visibility: CommentVisibility,
    /// The comment it answers.
    #[serde(default)]
    pub reply_to: Option<CommentId>,
    /// Who should be told; people who are not members for the client are passed over.
    #[serde(default)]
    pub mentions: Vec<UserId>,
}

impl CommentDraft {
    /// Most people that one comment can mention.
    pub const MAX_MENTIONS: usize = 50;

    /// For the agency's side only.
    #[must_use]
    pub fn internal(body: Note) -> Self {
        let visibility = CommentVisibility::Internal;
        Self { body, visibility, reply_to: None, mentions: Vec::new() }
    }

    /// For the client's people as well.
    #[must_use]
    pub fn for_client(body: Note) -> Self {
        Self { visibility: CommentVisibility::Client, ..Self::internal(body) }
    }
}

impl Comments<'_> {
    /// Says something about a post.
    ///
    /// # Errors
    /// No permission, the post or the comment answered is not there, or too many mentions.
    pub async fn add(&self, post: PostId, draft: CommentDraft) -> Result<Comment, Error> {
        let post = self.session.visible_post(post).await?;
        self.session.require(Permission::Comment, post.client_id)?;
        if draft.mentions.len() > CommentDraft::MAX_MENTIONS {
            let (max, actual) = (CommentDraft::MAX_MENTIONS, draft.mentions.len());
            return Err(InvalidValue::too_long("mentions", max, actual).into());
        }
        let (reply_to, visibility) = self.place(&post, &draft).await?;
        let (portal, agency) = (self.session.portal(), post.agency_id);
        let wanted: BTreeSet<UserId> = draft.mentions.into_iter().collect();
        let may_read = match visibility {
            CommentVisibility::Internal => Permission::ViewInternal,
            // Nobody is pointed to what is not for their eyes yet.
            CommentVisibility::Client if !is_for_client(&post) => Permission::ViewInternal,
            CommentVisibility::Client => Permission::View,
        };
        let readers = audience::holders(portal, agency, post.client_id, may_read).await?;
        let mentions: Vec<UserId> = wanted.intersection(&readers).copied().collect();
        let mut work = self.session.work()?;
        let mut comment = Comment {
            id: work.id()?,
            version: Version::NEW,
            agency_id: post.agency_id,
            client_id: post.client_id,
            post_id: post.id,
            reply_to,
            author: self.session.actor().clone(),
            author_name: self.own_name().await?,
            visibility,
            body: draft.body,
            mentions,
            revision_id: post.revision.as_ref().map(|revision| revision.id),
            resolved: None,
            created_at: work.now(),
            edited_at: None,
        };
        work.insert(&mut comment, EventKind::CommentAdded, Some(post.client_id))?;
        let (subject, incident) = (Subject::of(&post), format!("comment/{}", comment.id));
        let by = &comment.author_name;
        let told = Note::new("message", format!("{by} mentioned you on “{}”", post.name()))?;
        let (mentioned, client) = (comment.mentions.clone(), Some(post.client_id));
        work.notify(mentioned, NotificationTopic::Mention, client, subject, &told, &incident)?;
        let author = post.author.user().filter(|author| !comment.mentions.contains(author));
        if let Some(author) = author.filter(|author| readers.contains(author)) {
            let told = Note::new("message", format!("{by} commented on “{}”", post.name()))?;
            work.notify([author], NotificationTopic::Comment, client, subject, &told, &incident)?;
        }
        work.commit().await?;
        Ok(comment)
    }

    /// What was said about a post, oldest first, as far as the actor may read it.
    ///
    /// # Errors
    /// The post is not there.
    pub async fn list(&self, post: PostId) -> Result<Vec<Comment>, Error> {
        let post = self.session.visible_post(post).await?;
        let visibility = (!self.reads_internal(&post)).then_some(CommentVisibility::Client);
        let filter = CommentFilter { post_id: Some(post.id), visibility, ..Default::default() };
        Ok(self.session.store().all(self.session.scope(), filter).await?)
    }

    /// Changes what one said oneself.
    ///
    /// # Errors
    /// It is not there, not one's own, or somebody else changed it first.
    pub async fn edit(
        &self,
        id: CommentId,
        version: Version,
        body: Note,
    ) -> Result<Comment, Error> {
        let before = self.readable(id).await?;
        self.require_own(&before)?;
        let mut work = self.session.work()?;
        let edited_at = Some(work.now());
        let mut comment = Comment { version, body, edited_at, ..before.clone() };
        let client = Some(comment.client_id);
        work.update(&before, &mut comment, EventKind::CommentEdited, client)?;
        work.commit().await?;
        Ok(comment)
    }

    /// Settles a comment, or opens it again.
    ///
    /// # Errors
    /// No permission, it is not there, or somebody else changed it first.
    pub async fn resolve(&self, id: CommentId, settled: bool) -> Result<Comment, Error> {
        let before = self.readable(id).await?;
        self.session.require(Permission::Comment, before.client_id)?;
        if before.resolved.is_some() == settled {
            return Ok(before);
        }
        let mut work = self.session.work()?;
        let mut comment = before.clone();
        let by = self.session.actor().clone();
        comment.resolved = settled.then(|| Resolution { by, at: work.now() });
        let client = Some(comment.client_id);
        work.update(&before, &mut comment, EventKind::CommentResolved, client)?;
        work.commit().await?;
        Ok(comment)
    }

    /// Deletes what one said oneself; answers to it stay. Whoever edits the client may delete what
    /// others said.
    ///
    /// # Errors
    /// It is not there, no permission, or somebody else changed it first.
    pub async fn delete(&self, id: CommentId) -> Result<(), Error> {
        let comment = self.readable(id).await?;
        if comment.author != *self.session.actor() {
            self.session.require(Permission::EditClient, comment.client_id)?;
        }
        let mut work = self.session.work()?;
        let client = Some(comment.client_id);
        work.delete(comment, EventKind::CommentDeleted, client)?;
        work.commit().await
    }

    /// Where a new comment belongs: under which one, and for whom. Threads are one level deep, and
    /// an answer is for no more people than what it answers.
    async fn place(
        &self,
        post: &Post,
        draft: &CommentDraft,
    ) -> Result<(Option<CommentId>, CommentVisibility), Error> {
        let wanted =
            if self.reads_internal(post) { draft.visibility } else { CommentVisibility::Client };
        let Some(id) = draft.reply_to else { return Ok((None, wanted)) };
        let answered = self.readable(id).await?;
        if answered.post_id != post.id {
            return Err(InvalidValue::unknown("reply_to", id).into());
        }
        let thread = answered.reply_to.unwrap_or(answered.id);
        Ok((Some(thread), wanted.min(answered.visibility)))
    }

    async fn readable(&self, id: CommentId) -> Result<Comment, Error> {
        let comment: Comment = self.session.load(id).await?;
        let post = self.session.visible_post(comment.post_id).await?;
        if comment.visibility == CommentVisibility::Internal && !self.reads_internal(&post) {
            return Err(Error::NotFound { kind: EntityKind::Comment, id: id.uuid() });
        }
        Ok(comment)
    }

    fn reads_internal(&self, post: &Post) -> bool {
        self.session.scope().permissions(post.client_id).contains(Permission::ViewInternal)
    }

    fn require_own(&self, comment: &Comment) -> Result<(), Error> {
        if comment.author == *self.session.actor() { Ok(()) } else { Err(Denied::NotYours.into()) }
    }

    /// What the actor is called here.
    async fn own_name(&self) -> Result<Name, Error> {
        let store = self.session.store();
        let name = match self.session.actor() {
            ActorRef::User(user) => {
                let filter = MembershipFilter {
                    agency_id: Some(self.session.agency_id()),
                    user_id: Some(*user),
                    ..Default::default()
                };
                let own: Vec<Membership> =
                    store.all(&self.session.portal().own_scope()?, filter).await?;
                own.into_iter().next().map(|membership| membership.display_name)
            }
            ActorRef::ApiKey(key) => {
                store.find::<ApiKey>(self.session.scope(), *key).await?.map(|key| key.name)
            }
            ActorRef::Guest(link) => store
                .find::<crate::approval::ReviewLink>(self.session.scope(), *link)
                .await?
                .map(|link| link.reviewer),
            ActorRef::System(_) => None,
        };
        match name {
            Some(name) => Ok(name),
            None => Ok(Name::new("author_name", "MCMP")?),
        }
    }
}
