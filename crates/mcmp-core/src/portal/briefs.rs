//! Briefs: what is asked of creators, and how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Session;
use super::edit::{or_empty, set};
use super::session::retrying;
use crate::agency::Feature;
use crate::board::Task;
use crate::campaign::{
    Brief, BriefStatus, Campaign, Creator, Deliverable, DeliverableProgress, DeliveredPiece,
    brief_progress,
};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{BriefId, CampaignId, CreatorId, UserId, VariantId};
use crate::lifecycle::PostStatus;
use crate::member::Permission;
use crate::post::{Post, Variant};
use crate::publishing::{JobState, PublishJob};
use crate::store::{
    EntityKind, Page, PublishJobFilter, Query, Read, StoreExt, TaskFilter, Version,
};
use crate::value::{Markdown, Name};

/// Briefs: what is asked of the creators of a campaign. For the agency's side, as they name fees.
#[derive(Debug, Clone, Copy)]
pub struct Briefs<'s> {
    pub(super) session: &'s Session,
}

/// A new brief.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BriefDraft {
    /// For which campaign; the brief is of the campaign's client.
    pub campaign_id: CampaignId,
    /// What people call it.
    pub title: Name,
    /// What to say, show and leave out, in Markdown.
    #[serde(default)]
    pub description: Option<Markdown>,
    /// What is asked for.
    #[serde(default)]
    pub deliverables: Vec<Deliverable>,
}

/// A change of a brief; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BriefEdit {
    /// What people call it.
    pub title: Option<Name>,
    /// What to say, show and leave out.
    pub description: Option<Markdown>,
    /// What is asked for.
    pub deliverables: Option<Vec<Deliverable>>,
}

impl Briefs<'_> {
    /// A new brief, as a draft.
    ///
    /// # Errors
    /// No permission, no such campaign, the plan has no campaigns, or a value that is refused,
    /// such as a creator of another client.
    pub async fn create(&self, draft: BriefDraft) -> Result<Brief, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        let campaign: Campaign =
            self.session.load_for(Permission::ManageCampaigns, draft.campaign_id).await?;
        let mut work = self.session.work()?;
        let mut brief = Brief {
            id: work.id()?,
            version: Version::NEW,
            agency_id: campaign.agency_id,
            client_id: campaign.client_id,
            campaign_id: campaign.id,
            title: draft.title,
            description: or_empty(draft.description)?,
            status: BriefStatus::Draft,
            deliverables: draft.deliverables,
            created_at: work.now(),
            updated_at: work.now(),
        };
        self.validate(&brief).await?;
        let client = Some(brief.client_id);
        work.insert(&mut brief, EventKind::BriefCreated, client)?;
        work.commit().await?;
        Ok(brief)
    }

    /// One brief.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: BriefId) -> Result<Brief, Error> {
        self.session.load_for(Permission::ViewInternal, id).await
    }

    /// Briefs of a client, or of all clients within reach.
    ///
    /// # Errors
    /// No permission for one of those clients, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Brief>) -> Result<Page<Brief>, Error> {
        self.session.require_for_list(Permission::ViewInternal, query.filter.client_id)?;
        Ok(Read::<Brief>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// Changes a brief, as somebody saw it at `version`.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no campaigns, a value that is refused, or
    /// somebody else changed it first.
    pub async fn edit(
        &self,
        id: BriefId,
        version: Version,
        edit: BriefEdit,
    ) -> Result<Brief, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        let before: Brief = self.session.load_at(Permission::ManageCampaigns, id, version).await?;
        let mut brief = before.clone();
        set(&mut brief.title, edit.title);
        set(&mut brief.description, edit.description);
        set(&mut brief.deliverables, edit.deliverables);
        self.validate(&brief).await?;
        self.save(&before, brief).await
    }

    /// Hands a brief out, completes, cancels or takes it back.
    ///
    /// # Errors
    /// No permission, it is not there, or the plan has no campaigns.
    pub async fn set_status(&self, id: BriefId, status: BriefStatus) -> Result<Brief, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        retrying(|| async {
            let before: Brief = self.session.load_for(Permission::ManageCampaigns, id).await?;
            if before.status == status {
                return Ok(before);
            }
            let brief = Brief { status, ..before.clone() };
            self.save(&before, brief).await
        })
        .await
    }

    /// Deletes a brief, as somebody saw it at `version`. Refused while tasks answer it.
    ///
    /// # Errors
    /// No permission, it is not there, [`Error::StillUsed`] with how many tasks answer it, or
    /// somebody else changed it first.
    pub async fn delete(&self, id: BriefId, version: Version) -> Result<(), Error> {
        let brief: Brief = self.session.load_at(Permission::ManageCampaigns, id, version).await?;
        let (store, scope) = (self.session.store(), self.session.scope());
        let tasks = Read::<Task>::count(store, scope, &tasks_of(&brief)).await?;
        Session::refuse_if_used(EntityKind::Brief, id, EntityKind::Task, tasks)?;
        let mut work = self.session.work()?;
        let client = Some(brief.client_id);
        work.delete(brief, EventKind::BriefDeleted, client)?;
        work.commit().await
    }

    /// How far a brief has come: what is live of the posts that its tasks became, deliverable by
    /// deliverable, in the brief's order.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn progress(&self, id: BriefId) -> Result<Vec<DeliverableProgress>, Error> {
        let brief = self.get(id).await?;
        let users = self.users_of(&brief).await?;
        let (store, scope) = (self.session.store(), self.session.scope());
        let tasks: Vec<Task> = store.all(scope, tasks_of(&brief)).await?;
        let mut pieces = Vec::new();
        for task in tasks {
            let Some(post) = task.post_id else { continue };
            let Some(post): Option<Post> = store.find(scope, post).await? else { continue };
            for variant in self.live_variants(&post).await? {
                pieces.push(DeliveredPiece {
                    platform: variant.platform.clone(),
                    kind: variant.kind,
                    made_by: task.assignee,
                });
            }
        }
        Ok(brief_progress(&brief.deliverables, &users, pieces))
    }

    /// The variants of `post` that are live. Where the post's status does not say it of each, its
    /// jobs do.
    async fn live_variants<'p>(&self, post: &'p Post) -> Result<Vec<&'p Variant>, Error> {
        match post.status {
            PostStatus::Published => return Ok(post.variants.iter().collect()),
            PostStatus::Publishing
            | PostStatus::PartiallyPublished
            | PostStatus::Held
            | PostStatus::Archived => {}
            _ => return Ok(Vec::new()),
        }
        let published = PublishJobFilter {
            client_id: Some(post.client_id),
            post_id: Some(post.id),
            states: vec![JobState::Published],
            ..Default::default()
        };
        let jobs: Vec<PublishJob> =
            self.session.store().all(self.session.scope(), published).await?;
        let live: BTreeSet<VariantId> = jobs.iter().map(|job| job.variant_id).collect();
        Ok(post.variants.iter().filter(|variant| live.contains(&variant.id)).collect())
    }

    /// The creators of a brief who have an account here.
    async fn users_of(&self, brief: &Brief) -> Result<BTreeMap<CreatorId, UserId>, Error> {
        let creators: BTreeSet<CreatorId> =
            brief.deliverables.iter().filter_map(|deliverable| deliverable.creator_id).collect();
        let mut users = BTreeMap::new();
        for id in creators {
            let found: Option<Creator> =
                self.session.store().find(self.session.scope(), id).await?;
            if let Some(user) = found.and_then(|creator| creator.user_id) {
                users.insert(id, user);
            }
        }
        Ok(users)
    }

    async fn validate(&self, brief: &Brief) -> Result<(), Error> {
        brief.validate()?;
        for (i, deliverable) in brief.deliverables.iter().enumerate() {
            if let Some(creator) = deliverable.creator_id {
                let field = format!("deliverables[{i}].creator_id");
                self.session.named::<Creator>(field, creator, brief.client_id).await?;
            }
        }
        Ok(())
    }

    async fn save(&self, before: &Brief, mut brief: Brief) -> Result<Brief, Error> {
        let mut work = self.session.work()?;
        brief.updated_at = work.now();
        let client = Some(brief.client_id);
        work.update(before, &mut brief, EventKind::BriefUpdated, client)?;
        work.commit().await?;
        Ok(brief)
    }
}

fn tasks_of(brief: &Brief) -> TaskFilter {
    TaskFilter { client_id: Some(brief.client_id), brief_id: Some(brief.id), ..Default::default() }
}
