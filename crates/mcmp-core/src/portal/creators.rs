//! Creators: the people who make media for a client.

use serde::Deserialize;

use super::Session;
use super::edit::{at_most, check_tags, or_empty, set};
use crate::agency::Feature;
use crate::campaign::{Brief, Creator, CreatorAccount};
use crate::client::Client;
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{ClientId, CreatorId, UserId};
use crate::member::Permission;
use crate::store::{BriefFilter, EntityKind, Page, Query, Read, StoreExt, Version};
use crate::value::{Change, Email, InvalidValue, Label, Markdown, Name};

/// Creators: the people who make media for a client. For the agency's side, as it is where they
/// are reached and what is thought of them.
#[derive(Debug, Clone, Copy)]
pub struct Creators<'s> {
    pub(super) session: &'s Session,
}

/// A new creator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatorDraft {
    /// For which client.
    pub client_id: ClientId,
    /// What the person is called.
    pub name: Name,
    /// The person's account here, which must be a member for the client.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Where the person is reached.
    #[serde(default)]
    pub email: Option<Email>,
    /// The person's own channels.
    #[serde(default)]
    pub accounts: Vec<CreatorAccount>,
    /// Words to find the person by.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// What to know about the person, in Markdown.
    #[serde(default)]
    pub notes: Option<Markdown>,
}

/// A change of a creator; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreatorEdit {
    /// What the person is called.
    pub name: Option<Name>,
    /// The person's account here.
    pub user_id: Change<UserId>,
    /// Where the person is reached.
    pub email: Change<Email>,
    /// The person's own channels.
    pub accounts: Option<Vec<CreatorAccount>>,
    /// Words to find the person by.
    pub tags: Option<Vec<Label>>,
    /// What to know about the person.
    pub notes: Option<Markdown>,
}

impl Creators<'_> {
    /// A new creator.
    ///
    /// # Errors
    /// No permission, no such client, the plan has no campaigns, or a value that is refused, such
    /// as a user who is no member for the client.
    pub async fn create(&self, draft: CreatorDraft) -> Result<Creator, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        let client: Client =
            self.session.load_for(Permission::ManageCampaigns, draft.client_id).await?;
        let mut work = self.session.work()?;
        let mut creator = Creator {
            id: work.id()?,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            user_id: draft.user_id,
            name: draft.name,
            email: draft.email,
            accounts: draft.accounts,
            tags: draft.tags,
            notes: or_empty(draft.notes)?,
            created_at: work.now(),
            updated_at: work.now(),
        };
        self.validate(&creator).await?;
        work.insert(&mut creator, EventKind::CreatorCreated, Some(client.id))?;
        work.commit().await?;
        Ok(creator)
    }

    /// One creator.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: CreatorId) -> Result<Creator, Error> {
        self.session.load_for(Permission::ViewInternal, id).await
    }

    /// Creators of a client, or of all clients within reach.
    ///
    /// # Errors
    /// No permission for one of those clients, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Creator>) -> Result<Page<Creator>, Error> {
        self.session.require_for_list(Permission::ViewInternal, query.filter.client_id)?;
        Ok(Read::<Creator>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// Changes a creator, as somebody saw it at `version`.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no campaigns, a value that is refused, or
    /// somebody else changed it first.
    pub async fn edit(
        &self,
        id: CreatorId,
        version: Version,
        edit: CreatorEdit,
    ) -> Result<Creator, Error> {
        self.session.require_feature(Feature::Campaigns)?;
        let before: Creator =
            self.session.load_at(Permission::ManageCampaigns, id, version).await?;
        let mut creator = before.clone();
        set(&mut creator.name, edit.name);
        set(&mut creator.accounts, edit.accounts);
        set(&mut creator.tags, edit.tags);
        set(&mut creator.notes, edit.notes);
        edit.user_id.apply(&mut creator.user_id);
        edit.email.apply(&mut creator.email);
        self.validate(&creator).await?;
        let mut work = self.session.work()?;
        creator.updated_at = work.now();
        let client = Some(creator.client_id);
        work.update(&before, &mut creator, EventKind::CreatorUpdated, client)?;
        work.commit().await?;
        Ok(creator)
    }

    /// Deletes a creator, as somebody saw it at `version`. Refused while briefs ask something of
    /// that person.
    ///
    /// # Errors
    /// No permission, it is not there, [`Error::StillUsed`] with how many briefs name the person,
    /// or somebody else changed it first.
    pub async fn delete(&self, id: CreatorId, version: Version) -> Result<(), Error> {
        let creator: Creator =
            self.session.load_at(Permission::ManageCampaigns, id, version).await?;
        let client = Some(creator.client_id);
        let briefs = BriefFilter { client_id: client, ..Default::default() };
        let briefs: Vec<Brief> = self.session.store().all(self.session.scope(), briefs).await?;
        let asks = |brief: &&Brief| brief.deliverables.iter().any(|d| d.creator_id == Some(id));
        let count = u64::try_from(briefs.iter().filter(asks).count()).unwrap_or(u64::MAX);
        Session::refuse_if_used(EntityKind::Creator, id, EntityKind::Brief, count)?;
        let mut work = self.session.work()?;
        work.delete(creator, EventKind::CreatorDeleted, client)?;
        work.commit().await
    }

    async fn validate(&self, creator: &Creator) -> Result<(), Error> {
        at_most("accounts", Creator::MAX_ACCOUNTS, &creator.accounts)?;
        check_tags(&creator.tags)?;
        if let Some(user) = creator.user_id
            && self.session.permissions_of(user, creator.client_id).await?.is_empty()
        {
            return Err(InvalidValue::unknown("user_id", user).into());
        }
        Ok(())
    }
}
