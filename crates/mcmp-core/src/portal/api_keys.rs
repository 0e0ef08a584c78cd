//! Keys for programs.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::coverage::{checked, holds_for_some, narrow, only_client};
use super::session::retrying;
use super::{Session, tokens};
use crate::access::{ActorRef, Denied, may_grant};
use crate::agency::{Feature, Meter};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{ApiKeyId, Id};
use crate::member::{ApiKey, Coverage, Permission, PermissionSet};
use crate::secret::SecretText;
use crate::store::{EntityKind, Page, Query, Read, Version};
use crate::time::to_millis;
use crate::value::{InvalidValue, Name};

/// Keys for programs.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'s> {
    pub(super) session: &'s Session,
}

/// A new key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyDraft {
    /// What people call it.
    pub name: Name,
    /// What it may do; at least something.
    pub permissions: PermissionSet,
    /// For which clients.
    pub coverage: Coverage,
    /// When it stops working; `None` is never.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKeys<'_> {
    /// A new key. It is shown this once; only its hash is kept.
    ///
    /// # Errors
    /// No permission, more than the maker holds, a value that is refused, the plan, or the maker is
    /// a key itself: one that ends must not make one that doesn't.
    pub async fn create(&self, draft: ApiKeyDraft) -> Result<(ApiKey, SecretText), Error> {
        let session = self.session;
        if matches!(session.actor(), ActorRef::ApiKey(_) | ActorRef::Guest(_)) {
            return Err(Denied::NeedsPerson.into());
        }
        let ApiKeyDraft { name, permissions, coverage, expires_at } = draft;
        if permissions.is_empty() {
            return Err(InvalidValue::required("permissions").into());
        }
        let coverage = checked(session, coverage).await?;
        may_grant(session.scope(), Permission::ManageApiKeys, permissions, &coverage)?;
        session.require_feature(Feature::ApiAccess)?;
        let mut work = session.work()?;
        let expires_at = expires_at.map(to_millis);
        if let Some(end) = expires_at.filter(|end| *end <= work.now()) {
            let refused = InvalidValue::inconsistent("expires_at", "must lie in the future");
            return Err(refused.actual(end).into());
        }
        let (token, token_hash) = session.portal().mint(tokens::API_KEY)?;
        let mut key = ApiKey {
            id: work.id()?,
            version: Version::NEW,
            agency_id: session.agency_id(),
            name,
            token_hash,
            permissions,
            coverage,
            created_by: session.actor().user(),
            expires_at,
            revoked_at: None,
            created_at: work.now(),
        };
        let client = only_client(&key.coverage);
        work.insert(&mut key, EventKind::ApiKeyCreated, client)?;
        work.meter(Meter::ApiKeys, 1);
        work.commit().await?;
        Ok((key, token))
    }

    /// One key; of its clients, those within reach.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: ApiKeyId) -> Result<ApiKey, Error> {
        let scope = self.session.scope();
        scope.require_somewhere(Permission::ManageApiKeys)?;
        let mut key = self.load(id).await?;
        if !holds_for_some(scope, Permission::ManageApiKeys, &key.coverage) {
            return Err(Error::NotFound { kind: EntityKind::ApiKey, id: id.uuid() });
        }
        narrow(&mut key.coverage, scope);
        Ok(key)
    }

    /// The keys within reach; of their clients, those within reach. A page can hold fewer than
    /// asked for and still have a next one.
    ///
    /// # Errors
    /// No permission, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<ApiKey>) -> Result<Page<ApiKey>, Error> {
        let scope = self.session.scope();
        scope.require_somewhere(Permission::ManageApiKeys)?;
        let mut query = query.clone();
        query.filter.agency_id = Some(self.session.agency_id());
        let mut page = Read::<ApiKey>::list(self.session.store(), scope, &query).await?;
        page.items.retain(|key| holds_for_some(scope, Permission::ManageApiKeys, &key.coverage));
        for key in &mut page.items {
            narrow(&mut key.coverage, scope);
        }
        Ok(page)
    }

    /// Ends a key at once; one that is revoked already stays as it is. It takes the permission for
    /// all that the key covers, not all that the key may do: a leaked key must be easy to end.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn revoke(&self, id: ApiKeyId) -> Result<ApiKey, Error> {
        retrying(async || {
            let before = self.load(id).await?;
            let scope = self.session.scope();
            scope.require_for(Permission::ManageApiKeys, &before.coverage)?;
            if before.revoked_at.is_some() {
                return Ok(before);
            }
            let mut work = self.session.work()?;
            let mut key = before.clone();
            key.revoked_at = Some(work.now());
            let client = only_client(&key.coverage);
            work.update(&before, &mut key, EventKind::ApiKeyRevoked, client)?;
            work.meter(Meter::ApiKeys, -1);
            work.commit().await?;
            Ok(key)
        })
        .await
    }

    async fn load(&self, id: ApiKeyId) -> Result<ApiKey, Error> {
        let found: ApiKey = self.session.load(id).await?;
        if found.agency_id == self.session.agency_id() {
            Ok(found)
        } else {
            Err(Error::NotFound { kind: EntityKind::ApiKey, id: id.uuid() })
        }
    }
}
