//! Connected channels, as people see them. What the engine does with their tokens is in
//! [`Grants`](super::Grants).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::connection::Connection;
use super::reconnecting::resume_held;
use super::session::retrying;
use super::{Session, Work};
use crate::account::{AccountStatus, ExternalId, Platform, SocialAccount, UnknownOutcomePolicy};
use crate::agency::{AgencyStatus, Meter};
use crate::client::{Client, ClientStatus};
use crate::error::Error;
use crate::event::{EventKind, FieldChange, Subject};
use crate::id::{AccountId, ClientId};
use crate::member::Permission;
use crate::publishing::{AccountLane, LaneAction, LaneChange, MaxFailures, PauseReason};
use crate::store::{EntityKind, Page, Query, Read, SocialAccountFilter, StoreExt, Version};
use crate::time::QueueSlots;
use crate::value::{Change, InvalidValue, Name};

/// Connected channels.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'s> {
    pub(super) session: &'s Session,
}

/// A change of a channel's settings; what is not named stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountEdit {
    /// What people call it.
    pub display_name: Option<Name>,
    /// When its queue publishes; empty takes the client's slots.
    pub queue_slots: Option<QueueSlots>,
    /// What to do when an outcome can't be found out; posts that are planned from now on keep it.
    pub unknown_outcome: Option<UnknownOutcomePolicy>,
    /// How many calls for one part of a post may fail before the part is given up; posts that are
    /// planned from now on keep it.
    pub max_failures: Option<MaxFailures>,
    /// A named set of limits that it has; up to 60 characters.
    pub limits_profile: Change<String>,
}

const MAX_PROFILE: usize = 60;

impl Accounts<'_> {
    /// One channel.
    ///
    /// # Errors
    /// It is not there.
    pub async fn get(&self, id: AccountId) -> Result<SocialAccount, Error> {
        let account: SocialAccount = self.session.load(id).await?;
        self.session.require(Permission::View, account.client_id)?;
        Ok(account)
    }

    /// The channels that the actor may see. A page can hold fewer than asked for and still have a
    /// next one.
    ///
    /// # Errors
    /// A query that can't be carried out.
    pub async fn list(&self, query: &Query<SocialAccount>) -> Result<Page<SocialAccount>, Error> {
        self.session.scope().require_somewhere(Permission::View)?;
        let (store, scope) = (self.session.store(), self.session.scope());
        let mut page = Read::<SocialAccount>::list(store, scope, query).await?;
        page.items
            .retain(|account| scope.permissions(account.client_id).contains(Permission::View));
        Ok(page)
    }

    /// Connects a channel, or connects one again: then its id, settings and name stay, what the
    /// platform tells anew is added to its metadata, and its posts go out again: those that were
    /// held for this go on as they were planned, unless that is too late by now.
    ///
    /// # Errors
    /// No permission, scopes that were not granted, by name, a value that is refused, the plan's
    /// limit, or there is no sealer.
    pub async fn connect(
        &self,
        client: ClientId,
        connection: Connection,
    ) -> Result<SocialAccount, Error> {
        self.session.require(Permission::ManageAccounts, client)?;
        connection.validate()?;
        retrying(async || {
            let client: Client = self.session.load(client).await?;
            let (platform, external_id) = (&connection.platform, &connection.external_id);
            match self.find(client.id, platform, external_id).await? {
                Some(before) => self.connect_again(before, &connection).await,
                None => self.connect_new(&client, &connection).await.map_err(|error| match error {
                    // Somebody else connected it at the same time: look again.
                    Error::AlreadyExists { kind: kind @ EntityKind::SocialAccount, .. } => {
                        Error::Conflict { kind, id: crate::id::Id::uuid(client.id) }
                    }
                    error => error,
                }),
            }
        })
        .await
    }

    async fn find(
        &self,
        client: ClientId,
        platform: &Platform,
        external_id: &ExternalId,
    ) -> Result<Option<SocialAccount>, Error> {
        let filter = SocialAccountFilter {
            client_id: Some(client),
            platforms: vec![platform.clone()],
            ..Default::default()
        };
        let all: Vec<SocialAccount> =
            self.session.store().all(self.session.scope(), filter).await?;
        Ok(all.into_iter().find(|account| account.external_id == *external_id))
    }

    async fn connect_new(
        &self,
        client: &Client,
        connection: &Connection,
    ) -> Result<SocialAccount, Error> {
        let mut work = self.session.work()?;
        let connection = connection.clone();
        let mut account = SocialAccount {
            id: work.id()?,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            platform: connection.platform,
            kind: connection.kind,
            external_id: connection.external_id,
            handle: connection.handle,
            display_name: connection.display_name,
            avatar_url: connection.avatar_url,
            status: AccountStatus::Connected,
            status_detail: None,
            tokens: None,
            granted_scopes: connection.granted_scopes,
            app_credentials: connection.app_credentials,
            metadata: connection.metadata,
            limits_profile: None,
            queue_slots: QueueSlots::default(),
            unknown_outcome: UnknownOutcomePolicy::default(),
            max_failures: MaxFailures::default(),
            created_at: work.now(),
            updated_at: work.now(),
        };
        let sealer = self.session.portal().sealer()?;
        account.tokens = Some(connection.tokens.seal(sealer, &account, None)?);
        work.insert(&mut account, EventKind::AccountConnected, Some(client.id))?;
        work.meter(Meter::Accounts, 1);
        if client.status != ClientStatus::Active {
            change_lane(&mut work, &account, LaneAction::Pause(PauseReason::Client));
        }
        if self.session.agency().status != AgencyStatus::Active {
            change_lane(&mut work, &account, LaneAction::Pause(PauseReason::Agency));
        }
        work.commit().await?;
        Ok(account)
    }

    async fn connect_again(
        &self,
        before: SocialAccount,
        connection: &Connection,
    ) -> Result<SocialAccount, Error> {
        let mut work = self.session.work_on_jobs().await?;
        let connection = connection.clone();
        let mut account = before.clone();
        // An old refresh token is worth something only beside a grant of the same app that works.
        let same_app = before.app_credentials == connection.app_credentials;
        let kept = before.tokens.as_ref().filter(|_| same_app && before.status.is_usable());
        let sealer = self.session.portal().sealer()?;
        account.tokens = Some(connection.tokens.seal(sealer, &before, kept)?);
        account.kind = connection.kind;
        account.handle = connection.handle.or(account.handle);
        account.avatar_url = connection.avatar_url.or(account.avatar_url);
        account.granted_scopes = connection.granted_scopes;
        account.app_credentials = connection.app_credentials;
        account.metadata.extend(connection.metadata);
        account.status = AccountStatus::Connected;
        account.status_detail = None;
        account.updated_at = work.now();
        work.update(&before, &mut account, EventKind::AccountConnected, Some(before.client_id))?;
        if before.status == AccountStatus::Disconnected {
            work.meter(Meter::Accounts, 1);
        }
        change_lane(&mut work, &account, LaneAction::Resume(PauseReason::Reconnect));
        resume_held(self.session, &mut work, &account).await?;
        work.commit().await?;
        Ok(account)
    }

    /// Changes a channel's settings, as somebody saw them at `version`.
    ///
    /// # Errors
    /// No permission, a value that is refused, or somebody else changed it first.
    pub async fn edit(
        &self,
        id: AccountId,
        version: Version,
        edit: AccountEdit,
    ) -> Result<SocialAccount, Error> {
        let before = self.load_managed(id).await?;
        if let Change::Set(profile) = &edit.limits_profile {
            let length = profile.chars().count();
            if profile.trim().is_empty() {
                return Err(InvalidValue::required("limits_profile").into());
            }
            if length > MAX_PROFILE {
                return Err(InvalidValue::too_long("limits_profile", MAX_PROFILE, length).into());
            }
        }
        let mut account = SocialAccount { version, ..before.clone() };
        if let Some(display_name) = edit.display_name {
            account.display_name = display_name;
        }
        if let Some(queue_slots) = edit.queue_slots {
            account.queue_slots = queue_slots;
        }
        if let Some(unknown_outcome) = edit.unknown_outcome {
            account.unknown_outcome = unknown_outcome;
        }
        if let Some(max_failures) = edit.max_failures {
            account.max_failures = max_failures;
        }
        edit.limits_profile.apply(&mut account.limits_profile);
        let mut work = self.session.work()?;
        account.updated_at = work.now();
        work.update(&before, &mut account, EventKind::AccountUpdated, Some(before.client_id))?;
        work.commit().await?;
        Ok(account)
    }

    /// Disconnects a channel: its tokens are forgotten, and its posts wait until it is connected
    /// again. One that is disconnected already stays as it is.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn disconnect(&self, id: AccountId) -> Result<SocialAccount, Error> {
        retrying(async || {
            let before = self.load_managed(id).await?;
            if before.status == AccountStatus::Disconnected {
                return Ok(before);
            }
            let mut work = self.session.work()?;
            let mut account = SocialAccount {
                status: AccountStatus::Disconnected,
                status_detail: None,
                tokens: None,
                granted_scopes: BTreeSet::new(),
                updated_at: work.now(),
                ..before.clone()
            };
            let client = Some(before.client_id);
            work.update(&before, &mut account, EventKind::AccountDisconnected, client)?;
            work.meter(Meter::Accounts, -1);
            change_lane(&mut work, &account, LaneAction::Pause(PauseReason::Reconnect));
            work.commit().await?;
            Ok(account)
        })
        .await
    }

    /// Lets nothing go out to a channel until it is resumed; planning goes on.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn pause(&self, id: AccountId) -> Result<AccountLane, Error> {
        self.set_paused(id, true).await
    }

    /// Lets things go out to a channel again.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn resume(&self, id: AccountId) -> Result<AccountLane, Error> {
        self.set_paused(id, false).await
    }

    /// What may start for a channel, and why it is paused if it is.
    ///
    /// # Errors
    /// It is not there.
    pub async fn lane(&self, id: AccountId) -> Result<AccountLane, Error> {
        let account = self.get(id).await?;
        let lane = self.session.store().lane(self.session.scope(), id).await?;
        Ok(lane
            .unwrap_or_else(|| AccountLane::new(account.id, account.agency_id, account.client_id)))
    }

    async fn set_paused(&self, id: AccountId, paused: bool) -> Result<AccountLane, Error> {
        let account = self.load_managed(id).await?;
        let was = self.lane(id).await?.paused.contains(&PauseReason::Account);
        if was != paused {
            let mut work = self.session.work()?;
            let action = match paused {
                true => LaneAction::Pause(PauseReason::Account),
                false => LaneAction::Resume(PauseReason::Account),
            };
            change_lane(&mut work, &account, action);
            let change = FieldChange {
                field: "paused".to_owned(),
                before: Value::Bool(was),
                after: Value::Bool(paused),
            };
            let (client, subject) = (Some(account.client_id), Subject::of(&account));
            work.tell(EventKind::AccountPaused, client, subject, vec![change], None)?;
            work.commit().await?;
        }
        self.lane(id).await
    }

    async fn load_managed(&self, id: AccountId) -> Result<SocialAccount, Error> {
        let account: SocialAccount = self.session.load(id).await?;
        self.session.require(Permission::ManageAccounts, account.client_id)?;
        Ok(account)
    }
}

/// Changes the lane of an account along with it.
pub(super) fn change_lane(work: &mut Work<'_>, account: &SocialAccount, action: LaneAction) {
    work.changes().lane(LaneChange {
        account_id: account.id,
        agency_id: account.agency_id,
        client_id: account.client_id,
        action,
    });
}
