//! Clients and their settings.

use chrono_tz::Tz;
use serde::Deserialize;

use super::Session;
use crate::account::SocialAccount;
use crate::agency::{Feature, Meter};
use crate::approval::ApprovalPolicy;
use crate::client::{Brand, Client, ClientStatus, CtaTemplate, HashtagSet};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{AccountId, ClientId};
use crate::member::Permission;
use crate::publishing::{LaneAction, LaneChange, LatenessPolicy, PauseReason};
use crate::rules::ClientRules;
use crate::store::{Page, Query, Read, SocialAccountFilter, StoreExt, Version};
use crate::time::{PostingWindows, QueueSlots};
use crate::value::{InvalidValue, Markdown, Name, Slug};

/// Clients and their settings.
#[derive(Debug, Clone, Copy)]
pub struct Clients<'s> {
    pub(super) session: &'s Session,
}

/// What a new client starts with; the rest is set by [`Clients::edit`].
#[derive(Debug, Clone, Deserialize)]
pub struct ClientDraft {
    /// Its name.
    pub name: Name,
    /// Its name in links, unique within the agency.
    pub slug: Slug,
    /// The zone all its local times are in.
    pub zone: Tz,
}

/// A change of a client's settings; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientEdit {
    /// Its name.
    pub name: Option<Name>,
    /// Its name in links.
    pub slug: Option<Slug>,
    /// Its zone. Posts that are planned keep their wall time, and so move to another instant, as
    /// soon as they are planned anew.
    pub zone: Option<Tz>,
    /// How it looks.
    pub brand: Option<Brand>,
    /// How it speaks.
    pub guidelines: Option<Markdown>,
    /// Hashtags to insert.
    pub hashtag_bank: Option<Vec<HashtagSet>>,
    /// Calls to action to insert.
    pub cta_templates: Option<Vec<CtaTemplate>>,
    /// When its posts may go out.
    pub posting_windows: Option<PostingWindows>,
    /// When its queue publishes.
    pub queue_slots: Option<QueueSlots>,
    /// Its own rules.
    pub rules: Option<ClientRules>,
    /// Who must say yes.
    pub approval_policy: Option<ApprovalPolicy>,
    /// What happens to late posts.
    pub lateness: Option<LatenessPolicy>,
    /// The accounts that a new post starts with.
    pub default_accounts: Option<Vec<AccountId>>,
}

impl ClientEdit {
    /// Most hashtag sets, calls to action, colours, fonts and default accounts, each.
    pub const MAX_ITEMS: usize = 200;

    fn apply(self, client: &mut Client) {
        fn set<T>(value: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *value = new;
            }
        }
        set(&mut client.name, self.name);
        set(&mut client.slug, self.slug);
        set(&mut client.zone, self.zone);
        set(&mut client.brand, self.brand);
        set(&mut client.guidelines, self.guidelines);
        set(&mut client.hashtag_bank, self.hashtag_bank);
        set(&mut client.cta_templates, self.cta_templates);
        set(&mut client.posting_windows, self.posting_windows);
        set(&mut client.queue_slots, self.queue_slots);
        set(&mut client.rules, self.rules);
        set(&mut client.approval_policy, self.approval_policy);
        set(&mut client.lateness, self.lateness);
        set(&mut client.default_accounts, self.default_accounts);
    }
}

impl Clients<'_> {
    /// A new client.
    ///
    /// # Errors
    /// No permission, the plan's limit, or the slug is taken.
    pub async fn create(&self, draft: ClientDraft) -> Result<Client, Error> {
        self.session.scope().require_agency(Permission::ManageClients)?;
        let mut work = self.session.work()?;
        let mut client = Client {
            id: work.id()?,
            version: Version::NEW,
            agency_id: self.session.agency_id(),
            name: draft.name,
            slug: draft.slug,
            status: ClientStatus::Active,
            zone: draft.zone,
            brand: Brand::default(),
            guidelines: Markdown::new("guidelines", "")?,
            hashtag_bank: Vec::new(),
            cta_templates: Vec::new(),
            posting_windows: PostingWindows::default(),
            queue_slots: QueueSlots::default(),
            rules: ClientRules::default(),
            approval_policy: ApprovalPolicy::none(),
            lateness: LatenessPolicy::default(),
            default_accounts: Vec::new(),
            created_at: work.now(),
            updated_at: work.now(),
        };
        let id = client.id;
        work.insert(&mut client, EventKind::ClientCreated, Some(id))?;
        work.meter(Meter::Clients, 1);
        work.commit().await?;
        Ok(client)
    }

    /// One client.
    ///
    /// # Errors
    /// It is not there.
    pub async fn get(&self, id: ClientId) -> Result<Client, Error> {
        self.session.require(Permission::View, id)?;
        self.session.load(id).await
    }

    /// The clients that the actor may see. A page can hold fewer than asked for and still have a
    /// next one.
    ///
    /// # Errors
    /// A query that can't be carried out.
    pub async fn list(&self, query: &Query<Client>) -> Result<Page<Client>, Error> {
        self.session.scope().require_somewhere(Permission::View)?;
        let (store, scope) = (self.session.store(), self.session.scope());
        let mut page = Read::<Client>::list(store, scope, query).await?;
        page.items.retain(|client| scope.permissions(client.id).contains(Permission::View));
        Ok(page)
    }

    /// Changes a client's settings, as somebody saw them at `version`.
    ///
    /// # Errors
    /// No permission, a value that is refused, the plan, the slug is taken, or somebody else changed it first.
    pub async fn edit(
        &self,
        id: ClientId,
        version: Version,
        edit: ClientEdit,
    ) -> Result<Client, Error> {
        self.session.require(Permission::EditClient, id)?;
        let before: Client = self.session.load(id).await?;
        let mut client = Client { version, ..before.clone() };
        edit.apply(&mut client);
        self.validate(&client).await?;
        let mut work = self.session.work()?;
        client.updated_at = work.now();
        work.update(&before, &mut client, EventKind::ClientUpdated, Some(id))?;
        work.commit().await?;
        Ok(client)
    }

    /// Stops everything that goes out for a client, until it is resumed; planning goes on.
    ///
    /// # Errors
    /// No permission, or somebody else changed it first.
    pub async fn pause(&self, id: ClientId) -> Result<Client, Error> {
        self.session.require(Permission::EditClient, id)?;
        self.set_status(id, ClientStatus::Paused).await
    }

    /// Lets things go out again.
    ///
    /// # Errors
    /// No permission, the plan's limit for a client that was archived, or somebody else changed it first.
    pub async fn resume(&self, id: ClientId) -> Result<Client, Error> {
        self.session.require(Permission::EditClient, id)?;
        self.set_status(id, ClientStatus::Active).await
    }

    /// Puts a client away: nothing goes out, all is kept to be read.
    ///
    /// # Errors
    /// No permission, or somebody else changed it first.
    pub async fn archive(&self, id: ClientId) -> Result<Client, Error> {
        self.session.scope().require_agency(Permission::ManageClients)?;
        self.set_status(id, ClientStatus::Archived).await
    }

    async fn set_status(&self, id: ClientId, status: ClientStatus) -> Result<Client, Error> {
        let before: Client = self.session.load(id).await?;
        if before.status == status {
            return Ok(before);
        }
        // Whoever may put a client away takes it out again, and nobody else.
        if before.status == ClientStatus::Archived {
            self.session.scope().require_agency(Permission::ManageClients)?;
        }
        let mut work = self.session.work()?;
        let mut client = before.clone();
        client.status = status;
        client.updated_at = work.now();
        work.update(&before, &mut client, EventKind::ClientStatusChanged, Some(id))?;
        match (before.status, status) {
            (_, ClientStatus::Archived) => work.meter(Meter::Clients, -1),
            (ClientStatus::Archived, _) => work.meter(Meter::Clients, 1),
            _ => {}
        }
        let action = match status {
            ClientStatus::Active => LaneAction::Resume(PauseReason::Client),
            ClientStatus::Paused | ClientStatus::Archived => LaneAction::Pause(PauseReason::Client),
        };
        let accounts = SocialAccountFilter { client_id: Some(id), ..Default::default() };
        let accounts: Vec<SocialAccount> =
            self.session.store().all(self.session.scope(), accounts).await?;
        for account in accounts {
            work.changes().lane(LaneChange {
                account_id: account.id,
                agency_id: account.agency_id,
                client_id: account.client_id,
                action,
            });
        }
        work.commit().await?;
        Ok(client)
    }

    async fn validate(&self, client: &Client) -> Result<(), Error> {
        let counts = [
            ("brand.colors", client.brand.colors.len()),
            ("brand.fonts", client.brand.fonts.len()),
            ("hashtag_bank", client.hashtag_bank.len()),
            ("cta_templates", client.cta_templates.len()),
            ("default_accounts", client.default_accounts.len()),
        ];
        for (field, count) in counts {
            if count > ClientEdit::MAX_ITEMS {
                return Err(InvalidValue::too_long(field, ClientEdit::MAX_ITEMS, count).into());
            }
        }
        let policy = &client.approval_policy;
        policy.validate().map_err(|invalid| invalid.under("approval_policy"))?;
        match policy.stages.len() {
            0 => {}
            1 => self.session.require_feature(Feature::Approvals)?,
            _ => self.session.require_feature(Feature::MultiStageApprovals)?,
        }
        for (i, account) in client.default_accounts.iter().enumerate() {
            let found: Option<SocialAccount> =
                self.session.store().find(self.session.scope(), *account).await?;
            if found.is_none_or(|found| found.client_id != client.id) {
                let field = format!("default_accounts[{i}]");
                return Err(InvalidValue::unknown(field, account).into());
            }
        }
        Ok(())
    }
}
