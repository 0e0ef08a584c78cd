//! Campaigns.

use chrono::NaiveDate;
use serde::Deserialize;

use super::Session;
use super::edit::{or_empty, set};
use super::session::retrying;
use crate::agency::Feature;
use crate::board::Task;
use crate::campaign::{Brief, Campaign, CampaignStatus, Goal};
use crate::client::Client;
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{CampaignId, ClientId};
use crate::member::Permission;
use crate::post::Post;
use crate::store::{BriefFilter, EntityKind, Page, PostFilter, Query, Read, TaskFilter, Version};
use crate::value::{Change, Color, Markdown, Money, Name};

/// Campaigns: posts, briefs and tasks of a client that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Campaigns<'s> {
    pub(super) session: &'s Session,
}

/// A new campaign.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignDraft {
    /// Whose campaign.
    pub client_id: ClientId,
    /// Its name, unique within the client.
    pub name: Name,
    /// What it is about, in Markdown.
    #[serde(default)]
    pub description: Option<Markdown>,
    /// Its colour in the calendar.
    #[serde(default)]
    pub color: Option<Color>,
    /// Its first day, in the client's zone.
    #[serde(default)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day, in the client's zone.
    #[serde(default)]
    pub ends_on: Option<NaiveDate>,
    /// What it is to reach.
    #[serde(default)]
    pub goals: Vec<Goal>,
    /// What it may cost.
    #[serde(default)]
    pub budget: Option<Money>,
}

impl CampaignDraft {
    /// A campaign of which nothing but the name is known yet.
    #[must_use]
    pub fn new(client_id: ClientId, name: Name) -> Self {
        Self {
            client_id,
            name,
            description: None,
            color: None,
            starts_on: None,
            ends_on: None,
            goals: Vec::new(),
            budget: None,
        }
    }
}

/// A change of a campaign; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CampaignEdit {
    /// Its name.
    pub name: Option<Name>,
    /// What it is about.
    pub description: Option<Markdown>,
    /// Its colour in the calendar.
    pub color: Change<Color>,
    /// Its first day.
    pub starts_on: Change<NaiveDate>,
    /// Its last day.
    pub ends_on: Change<NaiveDate>,
    /// What it is to reach.
    pub goals: Option<Vec<Goal>>,
    /// What it may cost.
    pub budget: Change<Money>,
}

impl CampaignEdit {
    fn apply(self, campaign: &mut Campaign) {
        set(&mut campaign.name, self.name);
        set(&mut campaign.description, self.description);
        set(&mut campaign.goals, self.goals);
        self.color.apply(&mut campaign.color);
        self.starts_on.apply(&mut campaign.starts_on);
        self.ends_on.apply(&mut campaign.ends_on);
        self.budget.apply(&mut campaign.budget);
    }
}

impl Campaigns<'_> {
    /// A new campaign, planned.
    ///
    /// # Errors
    /// No permission, no such client, the plan has no campaigns, a value that is refused, or the
    /// client has a campaign of that name.
    pub async fn create(&self, draft: CampaignDraft) -> Result<Campaign, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        let client: Client =
            self.session.load_for(Permission::ManageCampaigns, draft.client_id).await?;
        let mut work = self.session.work()?;
        let mut campaign = Campaign {
            id: work.id()?,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            name: draft.name,
            description: or_empty(draft.description)?,
            status: CampaignStatus::Planned,
            color: draft.color,
            starts_on: draft.starts_on,
            ends_on: draft.ends_on,
            goals: draft.goals,
            budget: draft.budget,
            created_at: work.now(),
            updated_at: work.now(),
        };
        campaign.validate()?;
        work.insert(&mut campaign, EventKind::CampaignCreated, Some(client.id))?;
        work.commit().await?;
        Ok(campaign)
    }

    /// One campaign.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: CampaignId) -> Result<Campaign, Error> {
        self.session.load_for(Permission::View, id).await
    }

    /// Campaigns of a client, or of all clients within reach.
    ///
    /// # Errors
    /// No permission for one of those clients, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Campaign>) -> Result<Page<Campaign>, Error> {
        self.session.require_for_list(Permission::View, query.filter.client_id)?;
        Ok(Read::<Campaign>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// Changes a campaign, as somebody saw it at `version`.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no campaigns, a value that is refused, the
    /// client has another campaign of that name, or somebody else changed it first.
    pub async fn edit(
        &self,
        id: CampaignId,
        version: Version,
        edit: CampaignEdit,
    ) -> Result<Campaign, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        let before: Campaign =
            self.session.load_at(Permission::ManageCampaigns, id, version).await?;
        let mut campaign = before.clone();
        edit.apply(&mut campaign);
        campaign.validate()?;
        self.save(&before, campaign).await
    }

    /// Starts, completes, cancels or takes up a campaign again. Its posts stay as they are.
    ///
    /// # Errors
    /// No permission, it is not there, or the plan has no campaigns.
    pub async fn set_status(
        &self,
        id: CampaignId,
        status: CampaignStatus,
    ) -> Result<Campaign, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        retrying(|| async {
            let before: Campaign = self.session.load_for(Permission::ManageCampaigns, id).await?;
            if before.status == status {
                return Ok(before);
            }
            let campaign = Campaign { status, ..before.clone() };
            self.save(&before, campaign).await
        })
        .await
    }

    /// Deletes a campaign, as somebody saw it at `version`. Refused while anything is part of it;
    /// a campaign that is over is [completed](CampaignStatus::Completed) and kept.
    ///
    /// A post that becomes part of it in the very same moment keeps an id that leads nowhere.
    ///
    /// # Errors
    /// No permission, it is not there, [`Error::StillUsed`] with how many posts, briefs or tasks
    /// are part of it, or somebody else changed it first.
    pub async fn delete(&self, id: CampaignId, version: Version) -> Result<(), Error> {
        let campaign: Campaign =
            self.session.load_at(Permission::ManageCampaigns, id, version).await?;
        let client = campaign.client_id;
        self.refuse_if_used(&campaign).await?;
        let mut work = self.session.work()?;
        work.delete(campaign, EventKind::CampaignDeleted, Some(client))?;
        work.commit().await
    }

    async fn refuse_if_used(&self, campaign: &Campaign) -> Result<(), Error> {
        let (store, scope) = (self.session.store(), self.session.scope());
        let (client_id, campaign_id) = (Some(campaign.client_id), Some(campaign.id));
        let posts = PostFilter { client_id, campaign_id, ..Default::default() };
        let briefs = BriefFilter { client_id, campaign_id };
        let tasks = TaskFilter { client_id, campaign_id, ..Default::default() };
        let users = [
            (EntityKind::Post, Read::<Post>::count(store, scope, &posts).await?),
            (EntityKind::Brief, Read::<Brief>::count(store, scope, &briefs).await?),
            (EntityKind::Task, Read::<Task>::count(store, scope, &tasks).await?),
        ];
        users.into_iter().try_for_each(|(by, count)| {
            Session::refuse_if_used(EntityKind::Campaign, campaign.id, by, count)
        })
    }

    async fn save(&self, before: &Campaign, mut campaign: Campaign) -> Result<Campaign, Error> {
        let mut work = self.session.work()?;
        campaign.updated_at = work.now();
        let client = Some(campaign.client_id);
        work.update(before, &mut campaign, EventKind::CampaignUpdated, client)?;
        work.commit().await?;
        Ok(campaign)
    }
}
