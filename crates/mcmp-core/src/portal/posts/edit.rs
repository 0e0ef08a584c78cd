//! Writing posts: create, change, copy, delete.

use std::collections::BTreeMap;

use super::draft::{PostDraft, PostEdit, VariantDraft};
use super::jobs::JobChanges;
use super::perform::{follow_jobs, record, resolve, tell};
use super::situation::{Composition, Situation, new_revision};
use super::{Posts, is_under_way};
use crate::account::SocialAccount;
use crate::agency::Meter;
use crate::campaign::Campaign;
use crate::client::{Client, ClientStatus};
use crate::error::Error;
use crate::event::{EventKind, FieldChange, Subject};
use crate::id::{AccountId, ClientId, PostId, VariantId};
use crate::lifecycle::{
    Action, ApprovalChange, JobsEffect, PostAction, PostStatus, ScheduleChange, Transition, decide,
};
use crate::member::Permission;
use crate::portal::{Session, Work};
use crate::post::{Comment, HistoryEntry, Post, Revision, Variant};
use crate::publishing::{Attempt, PublishJob};
use crate::store::{
    AttemptFilter, CommentFilter, HistoryEntryFilter, RevisionFilter, StoreExt, Version,
};
use crate::value::InvalidValue;

impl Posts<'_> {
    /// A new post, as a draft.
    ///
    /// # Errors
    /// No permission, the plan's limit, or something in it is refused or not there.
    pub async fn create(&self, draft: PostDraft) -> Result<Post, Error> {
        let session = self.session;
        session.require(Permission::WritePosts, draft.client_id)?;
        let client: Client = session.load(draft.client_id).await?;
        if client.status == ClientStatus::Archived {
            return Err(InvalidValue::inconsistent("client_id", "the client is archived").into());
        }
        let mut work = session.work()?;
        let variants = match draft.variants {
            Some(variants) => variants,
            None => client.default_accounts.iter().copied().map(VariantDraft::to).collect(),
        };
        let mut post = Post {
            id: work.id()?,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            author: session.actor().clone(),
            editors: Vec::new(),
            content: draft.content,
            variants: make_variants(session, client.id, variants, &[], &work).await?,
            tags: draft.tags,
            category: draft.category,
            campaign_id: draft.campaign_id,
            status: PostStatus::Draft,
            schedule: None,
            revision: None,
            approval: None,
            series: None,
            created_at: work.now(),
            updated_at: work.now(),
        };
        validate(session, &post).await?;
        if let Some(when) = &draft.planned {
            post.schedule = Some(resolve(session, &post, client.zone, when, work.now()).await?);
        }
        begin(session, &mut post, &mut work)?;
        work.commit().await?;
        Ok(post)
    }

    /// Changes a post, as somebody saw it at `version`. A change of what would go out voids an
    /// approval, and moves a post that needs one back to the draft.
    ///
    /// # Errors
    /// No permission, something in it is refused or not there, it is being published, or somebody
    /// else changed it first.
    pub async fn edit(&self, id: PostId, version: Version, edit: PostEdit) -> Result<Post, Error> {
        let session = self.session;
        let situation = Situation::load(session, id).await?;
        let before = &situation.post;
        if before.version != version {
            use crate::id::Id as _;
            use crate::store::EntityKind;
            return Err(Error::Conflict { kind: EntityKind::Post, id: id.uuid() });
        }
        let mut work = session.work_on_jobs().await?;
        let mut post = before.clone();
        if let Some(content) = edit.content {
            post.content = content;
        }
        if let Some(variants) = edit.variants {
            post.variants =
                make_variants(session, post.client_id, variants, &before.variants, &work).await?;
        }
        if let Some(tags) = edit.tags {
            post.tags = tags;
        }
        edit.category.apply(&mut post.category);
        edit.campaign_id.apply(&mut post.campaign_id);
        validate(session, &post).await?;

        let composition = Composition::of(session, &post).await?;
        let old_digest = match Composition::of(session, before).await {
            Ok(old) => Some(old.digest()),
            // What it was made of is gone; whatever it is now, it is something else.
            Err(Error::Invalid(_)) => None,
            Err(error) => return Err(error),
        };
        let digest = composition.digest();
        let digest_changes = old_digest.as_ref() != Some(&digest);
        let actor = session.actor();
        if digest_changes && *actor != post.author && !post.editors.contains(actor) {
            post.editors.push(actor.clone());
        }
        let action = Action::Edit { digest_changes };
        let who = situation.who(session);
        let transition = decide(&situation.facts(), &who, &action, work.now())?;
        let mut frozen = None;
        if transition.jobs == JobsEffect::Sync {
            let revision = new_revision(session, &post, &composition, digest, &work)?;
            post.revision = Some(revision.name());
            frozen = Some(revision);
        }
        if let Some(revision) = &mut frozen {
            work.changes().insert(revision);
        }
        post.status = transition.to;
        post.updated_at = work.now();
        transition.approval.apply(&mut post.approval);
        if transition.schedule == ScheduleChange::Clear {
            post.schedule = None;
        }
        let mut plan = JobChanges::new(session, &situation, frozen.as_ref());
        plan.carry_out(&transition.jobs, &post, &mut work).await?;
        if is_under_way(transition.from) && digest_changes || transition.from != transition.to {
            record(&mut work, session.actor(), &post, &transition)?;
        }
        tell(session, &mut work, before, &post, &transition).await?;
        if transition.jobs != JobsEffect::None {
            follow_jobs(session, &mut work, &mut post, &plan.jobs).await?;
        }
        work.changes().update(&mut post);
        work.commit().await?;
        Ok(post)
    }

    /// A new draft with the same content, without its time, approval and history.
    ///
    /// # Errors
    /// No permission, the plan's limit, or it is not there.
    pub async fn duplicate(&self, id: PostId) -> Result<Post, Error> {
        let session = self.session;
        let original = session.visible_post(id).await?;
        session.require(Permission::WritePosts, original.client_id)?;
        let mut work = session.work()?;
        let mut post = Post {
            id: work.id()?,
            version: Version::NEW,
            author: session.actor().clone(),
            editors: Vec::new(),
            status: PostStatus::Draft,
            schedule: None,
            revision: None,
            approval: None,
            series: None,
            created_at: work.now(),
            updated_at: work.now(),
            ..original
        };
        for variant in &mut post.variants {
            variant.id = work.id()?;
        }
        begin(session, &mut post, &mut work)?;
        work.commit().await?;
        Ok(post)
    }

    /// Deletes a post that never went out, with all that belongs to it; its events stay.
    ///
    /// # Errors
    /// The lifecycle refuses it.
    pub async fn delete(&self, id: PostId) -> Result<(), Error> {
        let session = self.session;
        let situation = Situation::load(session, id).await?;
        let mut work = session.work()?;
        let who = situation.who(session);
        let transition = decide(&situation.facts(), &who, &Action::Delete, work.now())?;
        let Situation { post, jobs, .. } = situation;
        let (client, subject) = (post.client_id, Subject::of(&post));
        let changes = FieldChange::between(Some(&post), None);
        add_deletion(session, &mut work, post, jobs).await?;
        for kind in transition.events {
            work.tell(kind, Some(client), subject, changes.clone(), None)?;
        }
        work.commit().await
    }
}

/// Adds the deletion of a post with all that belongs to it: revisions, comments, history, its `jobs`
/// and their evidence.
pub(crate) async fn add_deletion(
    session: &Session,
    work: &mut Work<'_>,
    post: Post,
    jobs: Vec<PublishJob>,
) -> Result<(), Error> {
    let (store, scope, id) = (session.store(), session.scope(), post.id);
    let revisions = RevisionFilter { post_id: Some(id) };
    for revision in store.all::<Revision>(scope, revisions).await? {
        work.changes().delete(revision);
    }
    let comments = CommentFilter { post_id: Some(id), ..Default::default() };
    for comment in store.all::<Comment>(scope, comments).await? {
        work.changes().delete(comment);
    }
    let entries = HistoryEntryFilter { post_id: Some(id), ..Default::default() };
    for entry in store.all::<HistoryEntry>(scope, entries).await? {
        work.changes().delete(entry);
    }
    for job in jobs {
        let attempts = AttemptFilter { job_id: Some(job.id) };
        for attempt in store.all::<Attempt>(scope, attempts).await? {
            work.changes().delete(attempt);
        }
        work.changes().delete(job);
    }
    work.changes().delete(post);
    Ok(())
}

/// Adds a new draft, with the first entry of its history.
pub(crate) fn begin(session: &Session, post: &mut Post, work: &mut Work<'_>) -> Result<(), Error> {
    let created = Transition {
        action: PostAction::Create,
        from: PostStatus::Draft,
        to: PostStatus::Draft,
        approval: ApprovalChange::Keep,
        schedule: ScheduleChange::Keep,
        jobs: JobsEffect::None,
        events: Vec::new(),
        notify: Vec::new(),
        note: None,
    };
    let client = post.client_id;
    work.insert(post, EventKind::PostCreated, Some(client))?;
    work.meter(Meter::PostsPerMonth, 1);
    record(work, session.actor(), post, &created)
}

/// Makes variants of what was handed in; an account that had one keeps its id.
async fn make_variants(
    session: &Session,
    client: ClientId,
    drafts: Vec<VariantDraft>,
    existing: &[Variant],
    work: &Work<'_>,
) -> Result<Vec<Variant>, Error> {
    if drafts.len() > Post::MAX_VARIANTS {
        return Err(InvalidValue::too_long("variants", Post::MAX_VARIANTS, drafts.len()).into());
    }
    let ids: BTreeMap<AccountId, VariantId> =
        existing.iter().map(|variant| (variant.account_id, variant.id)).collect();
    let mut variants = Vec::with_capacity(drafts.len());
    for (i, draft) in drafts.into_iter().enumerate() {
        let field = format!("variants[{i}].account_id");
        let account: SocialAccount = session.named(field, draft.account_id, client).await?;
        let id = match ids.get(&account.id) {
            Some(id) => *id,
            None => work.id()?,
        };
        variants.push(draft.into_variant(id, &account));
    }
    Ok(variants)
}

/// Checks the shape, and that everything it refers to is there and the same client's.
async fn validate(session: &Session, post: &Post) -> Result<(), Error> {
    post.validate()?;
    if let Some(campaign) = post.campaign_id {
        session.named::<Campaign>("campaign_id", campaign, post.client_id).await?;
    }
    Composition::of(session, post).await.map(|_complete| ())
}
