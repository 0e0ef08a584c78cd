//! Telling other programs what happened.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::coverage::{checked, holds_for_some, narrow, only_client};
use super::session::retrying;
use super::{Session, Work};
use crate::access::{Denied, may_grant};
use crate::agency::{Feature, Meter};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{DeliveryId, Id, WebhookEndpointId};
use crate::member::{Coverage, Permission};
use crate::secret::SecretText;
use crate::store::{ChangeSet, DeliveryFilter, EntityKind, Page, Query, Read, StoreExt, Version};
use crate::value::{Name, WebUrl};
use crate::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};

/// Endpoints that are told what happened, and the log of what they were told.
#[derive(Debug, Clone, Copy)]
pub struct Webhooks<'s> {
    pub(super) session: &'s Session,
}

/// A new endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDraft {
    /// What people call it.
    pub name: Name,
    /// Where messages are sent.
    pub url: WebUrl,
    /// For which clients.
    pub coverage: Coverage,
    /// Which kinds of event; empty is all.
    #[serde(default)]
    pub event_kinds: BTreeSet<EventKind>,
}

/// A change of an endpoint; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookEdit {
    /// What people call it.
    pub name: Option<Name>,
    /// Where messages are sent.
    pub url: Option<WebUrl>,
    /// For which clients.
    pub coverage: Option<Coverage>,
    /// Which kinds of event; empty is all.
    pub event_kinds: Option<BTreeSet<EventKind>>,
    /// Whether it is told anything.
    pub active: Option<bool>,
}

/// Secrets that messages are signed with at the same time, while one replaces the other.
const MAX_SECRETS: usize = 2;

impl Webhooks<'_> {
    /// A new endpoint. The secret that its messages are signed with is shown this once.
    ///
    /// # Errors
    /// No permission, a value that is refused, the plan, or there is no sealer.
    pub async fn create(
        &self,
        draft: WebhookDraft,
    ) -> Result<(WebhookEndpoint, SecretText), Error> {
        let coverage = checked(self.session, draft.coverage).await?;
        self.require(&coverage)?;
        self.session.require_feature(Feature::Webhooks)?;
        let mut work = self.session.work()?;
        let mut endpoint = WebhookEndpoint {
            id: work.id()?,
            version: Version::NEW,
            agency_id: self.session.agency_id(),
            name: draft.name,
            url: draft.url,
            coverage,
            event_kinds: draft.event_kinds,
            signing_secrets: Vec::new(),
            active: true,
            disabled_reason: None,
            created_at: work.now(),
            updated_at: work.now(),
        };
        let secret = self.add_secret(&mut endpoint)?;
        let client = only_client(&endpoint.coverage);
        work.insert(&mut endpoint, EventKind::WebhookEndpointCreated, client)?;
        work.meter(Meter::WebhookEndpoints, 1);
        work.commit().await?;
        Ok((endpoint, secret))
    }

    /// One endpoint; of its clients, those within reach.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
        let scope = self.session.scope();
        scope.require_somewhere(Permission::ManageWebhooks)?;
        let mut endpoint = self.load(id).await?;
        if !holds_for_some(scope, Permission::ManageWebhooks, &endpoint.coverage) {
            return Err(Error::NotFound { kind: EntityKind::WebhookEndpoint, id: id.uuid() });
        }
        narrow(&mut endpoint.coverage, scope);
        Ok(endpoint)
    }

    /// The endpoints within reach; of their clients, those within reach. A page can hold fewer than
    /// asked for and still have a next one.
    ///
    /// # Errors
    /// No permission, or a query that can't be carried out.
    pub async fn list(
        &self,
        query: &Query<WebhookEndpoint>,
    ) -> Result<Page<WebhookEndpoint>, Error> {
        let scope = self.session.scope();
        scope.require_somewhere(Permission::ManageWebhooks)?;
        let mut query = query.clone();
        query.filter.agency_id = Some(self.session.agency_id());
        let mut page = Read::<WebhookEndpoint>::list(self.session.store(), scope, &query).await?;
        page.items.retain(|endpoint| {
            holds_for_some(scope, Permission::ManageWebhooks, &endpoint.coverage)
        });
        for endpoint in &mut page.items {
            narrow(&mut endpoint.coverage, scope);
        }
        Ok(page)
    }

    /// Changes an endpoint, as somebody saw it at `version`.
    ///
    /// # Errors
    /// No permission for what it covers or would cover, a value that is refused, or somebody else
    /// changed it first.
    pub async fn edit(
        &self,
        id: WebhookEndpointId,
        version: Version,
        edit: WebhookEdit,
    ) -> Result<WebhookEndpoint, Error> {
        let before = self.load_managed(id).await?;
        let mut endpoint = WebhookEndpoint { version, ..before.clone() };
        if let Some(name) = edit.name {
            endpoint.name = name;
        }
        if let Some(url) = edit.url {
            endpoint.url = url;
        }
        if let Some(coverage) = edit.coverage {
            endpoint.coverage = checked(self.session, coverage).await?;
            self.require(&endpoint.coverage)?;
        }
        if let Some(event_kinds) = edit.event_kinds {
            endpoint.event_kinds = event_kinds;
        }
        if let Some(active) = edit.active {
            endpoint.active = active;
            endpoint.disabled_reason = None;
        }
        let mut work = self.session.work()?;
        self.updated(&mut work, &before, &mut endpoint)?;
        work.commit().await?;
        Ok(endpoint)
    }

    /// Gives an endpoint a new secret, shown this once. Messages are signed with the one before it
    /// too, until [`drop_old_secrets`](Self::drop_old_secrets) or the next rotation.
    ///
    /// # Errors
    /// No permission, or there is no sealer.
    pub async fn rotate_secret(
        &self,
        id: WebhookEndpointId,
    ) -> Result<(WebhookEndpoint, SecretText), Error> {
        retrying(async || {
            let before = self.load_managed(id).await?;
            let mut endpoint = before.clone();
            let secret = self.add_secret(&mut endpoint)?;
            let mut work = self.session.work()?;
            self.updated(&mut work, &before, &mut endpoint)?;
            work.commit().await?;
            Ok((endpoint, secret))
        })
        .await
    }

    /// Forgets all secrets of an endpoint but the newest.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn drop_old_secrets(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
        retrying(async || {
            let before = self.load_managed(id).await?;
            if before.signing_secrets.len() <= 1 {
                return Ok(before);
            }
            let mut endpoint = before.clone();
            endpoint.signing_secrets.truncate(1);
            let mut work = self.session.work()?;
            self.updated(&mut work, &before, &mut endpoint)?;
            work.commit().await?;
            Ok(endpoint)
        })
        .await
    }

    /// Takes an endpoint away.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn delete(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
        retrying(async || {
            let endpoint = self.load_managed(id).await?;
            let client = only_client(&endpoint.coverage);
            let mut work = self.session.work()?;
            work.delete(endpoint.clone(), EventKind::WebhookEndpointDeleted, client)?;
            work.meter(Meter::WebhookEndpoints, -1);
            work.commit().await?;
            Ok(endpoint)
        })
        .await
    }

    /// What an endpoint was told and is to be told.
    ///
    /// # Errors
    /// No permission for all that it covers, or a query that can't be carried out.
    pub async fn deliveries(
        &self,
        endpoint: WebhookEndpointId,
        query: &Query<Delivery>,
    ) -> Result<Page<Delivery>, Error> {
        let endpoint = self.load_managed(endpoint).await?;
        let mut query = query.clone();
        query.filter = DeliveryFilter { endpoint_id: Some(endpoint.id), ..query.filter };
        // Deliveries are kept for the agency as a whole; whoever manages the endpoint sees its own.
        let scope = self.session.portal().own_scope()?;
        Ok(Read::<Delivery>::list(self.session.store(), &scope, &query).await?)
    }

    /// Sends a delivery once more, as if for the first time.
    ///
    /// # Errors
    /// No permission for all that its endpoint covers, or it is not there.
    pub async fn replay(&self, id: DeliveryId) -> Result<Delivery, Error> {
        let not_there = || Error::NotFound { kind: EntityKind::Delivery, id: id.uuid() };
        retrying(async || {
            let scope = self.session.portal().own_scope()?;
            let found: Option<Delivery> = self.session.store().find(&scope, id).await?;
            let mut delivery = found
                .filter(|delivery| delivery.agency_id == self.session.agency_id())
                .ok_or_else(not_there)?;
            self.load_managed(delivery.endpoint_id).await.map_err(|error| match error {
                Error::NotFound { .. } => not_there(),
                error => error,
            })?;
            // Refused while the agency is suspended, as any other change.
            let now = self.session.work()?.now();
            delivery.status = DeliveryStatus::Pending;
            delivery.attempts = 0;
            delivery.next_at = Some(now);
            delivery.updated_at = now;
            let mut changes = ChangeSet::new();
            changes.update(&mut delivery);
            self.session.store().commit(&scope, changes).await?;
            Ok(delivery)
        })
        .await
    }

    /// What an endpoint's messages are signed with, newest first; for the system alone.
    ///
    /// # Errors
    /// The actor is not the system, the endpoint is not there, there is no sealer, or the secrets
    /// can't be opened.
    pub async fn signing_secrets(&self, id: WebhookEndpointId) -> Result<Vec<SecretText>, Error> {
        if !self.session.scope().is_system() {
            return Err(Denied::NeedsSystem.into());
        }
        let endpoint = self.load(id).await?;
        let sealer = self.session.portal().sealer()?;
        let context = endpoint.seal_context();
        let open = |sealed| Ok(sealer.open(sealed, &context)?.to_text()?);
        endpoint.signing_secrets.iter().map(open).collect()
    }

    fn add_secret(&self, endpoint: &mut WebhookEndpoint) -> Result<SecretText, Error> {
        let portal = self.session.portal();
        let secret = portal.webhook_secret()?;
        let context = endpoint.seal_context();
        let sealed = portal.sealer()?.seal(secret.expose().as_bytes(), &context)?;
        endpoint.signing_secrets.insert(0, sealed);
        endpoint.signing_secrets.truncate(MAX_SECRETS);
        Ok(secret)
    }

    fn updated(
        &self,
        work: &mut Work<'_>,
        before: &WebhookEndpoint,
        endpoint: &mut WebhookEndpoint,
    ) -> Result<(), Error> {
        endpoint.updated_at = work.now();
        let client = only_client(&endpoint.coverage);
        work.update(before, endpoint, EventKind::WebhookEndpointUpdated, client)
    }

    /// Whoever sends events elsewhere must be able to read them.
    fn require(&self, coverage: &Coverage) -> Result<(), Error> {
        let read = [Permission::View, Permission::ViewInternal].into_iter().collect();
        Ok(may_grant(self.session.scope(), Permission::ManageWebhooks, read, coverage)?)
    }

    async fn load(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
        let found: WebhookEndpoint = self.session.load(id).await?;
        if found.agency_id == self.session.agency_id() {
            Ok(found)
        } else {
            Err(Error::NotFound { kind: EntityKind::WebhookEndpoint, id: id.uuid() })
        }
    }

    async fn load_managed(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
        let endpoint = self.load(id).await?;
        self.require(&endpoint.coverage)?;
        Ok(endpoint)
    }
}
