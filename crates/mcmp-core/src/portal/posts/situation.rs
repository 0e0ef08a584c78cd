//! Everything a decision about a post looks at, read together.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::SocialAccount;
use crate::approval::{Approval, Stage};
use crate::asset::Asset;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AccountId, AssetId, Id, PostId, UserId};
use crate::lifecycle::{Facts, PostStatus, Who};
use crate::member::Permission;
use crate::portal::{Session, Work};
use crate::post::{Assets, Digest, Outgoing, Post, Revision};
use crate::publishing::PublishJob;
use crate::store::{EntityKind, PublishJobFilter, StoreExt, Version};

/// A post with its client and its jobs, as they were read.
#[derive(Debug)]
pub(crate) struct Situation {
    pub(crate) post: Post,
    pub(crate) client: Client,
    pub(crate) jobs: Vec<PublishJob>,
}

impl Situation {
    pub(crate) async fn load(session: &Session, id: PostId) -> Result<Self, Error> {
        let post = session.visible_post(id).await?;
        let client = session.load(post.client_id).await?;
        let jobs = PublishJobFilter { post_id: Some(id), ..Default::default() };
        let jobs = session.store().all(session.scope(), jobs).await?;
        Ok(Self { post, client, jobs })
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts::of(&self.post, &self.client.approval_policy, &self.jobs)
    }

    pub(crate) fn who<'a>(&self, session: &'a Session) -> Who<'a> {
        Who::of(session.scope(), self.client.id)
    }
}

/// What a post would send, and the things it is made of.
#[derive(Debug)]
pub(crate) struct Composition {
    pub(crate) assets: Assets,
    pub(crate) accounts: BTreeMap<AccountId, SocialAccount>,
    pub(crate) outgoing: Vec<Outgoing>,
}

impl Composition {
    pub(crate) async fn of(session: &Session, post: &Post) -> Result<Self, Error> {
        let assets = assets_of(session, post).await?;
        let mut accounts = BTreeMap::new();
        for (i, variant) in post.variants.iter().enumerate() {
            let field = format!("variants[{i}].account_id");
            let account: SocialAccount =
                session.named(field, variant.account_id, post.client_id).await?;
            accounts.insert(account.id, account);
        }
        let outgoing = post.outgoing(&assets)?;
        Ok(Self { assets, accounts, outgoing })
    }

    /// The short name of what goes out; a hash over all of it.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.outgoing)
    }
}

/// A frozen revision of what a post would send, with its digest.
pub(super) fn new_revision(
    session: &Session,
    post: &Post,
    composition: &Composition,
    digest: Digest,
    work: &Work<'_>,
) -> Result<Revision, Error> {
    Ok(Revision {
        id: work.id()?,
        version: Version::NEW,
        agency_id: post.agency_id,
        client_id: post.client_id,
        post_id: post.id,
        number: post.revision.as_ref().map_or(0, |newest| newest.number).saturating_add(1),
        digest,
        outgoing: composition.outgoing.clone(),
        created_by: session.actor().clone(),
        created_at: work.now(),
    })
}

/// The assets that a post uses; all must be in its client's library.
async fn assets_of(session: &Session, post: &Post) -> Result<Assets, Error> {
    let wanted: BTreeSet<AssetId> = post.asset_ids();
    let mut assets = Assets::new();
    for id in wanted {
        let asset: Asset = session.named("media.asset_id", id, post.client_id).await?;
        assets.insert(id, asset);
    }
    Ok(assets)
}

impl Session {
    /// A post, if the actor may see it: people of the client's side see what concerns them.
    pub(crate) async fn visible_post(&self, id: PostId) -> Result<Post, Error> {
        let post: Post = self.load(id).await?;
        if self.sees_post(&post) {
            Ok(post)
        } else {
            Err(Error::NotFound { kind: EntityKind::Post, id: id.uuid() })
        }
    }

    /// A post as the actor may read it: what was said in the agency's own stages is not for the
    /// client's people.
    pub(crate) fn as_read(&self, mut post: Post) -> Post {
        let permissions = self.scope().permissions(post.client_id);
        if permissions.contains(Permission::ViewInternal) {
            return post;
        }
        if let Some(Approval { policy, decisions, .. }) = &mut post.approval {
            for decision in decisions {
                if !policy.stages.get(decision.stage).is_some_and(is_clients_stage) {
                    decision.note = None;
                }
            }
        }
        post
    }
}

impl Session {
    /// Whether the actor may see a post that is within reach.
    pub(crate) fn sees_post(&self, post: &Post) -> bool {
        let permissions = self.scope().permissions(post.client_id);
        permissions.contains(Permission::ViewInternal)
            || (permissions.contains(Permission::View)
                && (is_for_client(post) || is_named_to_decide(post, self.scope().person())))
    }
}

/// Whether somebody of the client's side is asked by name.
fn is_named_to_decide(post: &Post, person: Option<UserId>) -> bool {
    let is_asked = post.status == PostStatus::PendingApproval;
    let Some((person, approval)) = person.zip(post.approval.as_ref().filter(|_| is_asked)) else {
        return false;
    };
    let stage = approval.current_stage().and_then(|stage| approval.policy.stages.get(stage));
    stage.is_some_and(|stage| stage.deciders.users.contains(&person))
}

/// Whether the client's own people see a post: not while it is written, nor while only the
/// agency's own stages of approval look at it or send it back, nor once it was given up. What is
/// put away was not seen before unless it was approved.
pub(crate) fn is_for_client(post: &Post) -> bool {
    let approval = post.approval.as_ref();
    match post.status {
        PostStatus::Draft | PostStatus::Cancelled => false,
        PostStatus::PendingApproval | PostStatus::ChangesRequested => {
            approval.is_some_and(|approval| {
                let reached = approval.current_stage().map_or(usize::MAX, |stage| stage + 1);
                approval.policy.stages.iter().take(reached).any(is_clients_stage)
            })
        }
        PostStatus::Archived => approval.is_some_and(Approval::is_complete),
        _ => true,
    }
}

/// Whether the client's own people decide in a stage.
fn is_clients_stage(stage: &Stage) -> bool {
    stage.deciders.guests || stage.deciders.roles.iter().any(|role| role.is_client_side())
}
