//! What lies within a client: opened with a permission, listed, named by other things.
//!
//! A review link shows its posts and nothing beside them, so none of this is for guests, though
//! they hold [`Permission::View`] for those posts.

use super::Session;
use crate::access::{ActorRef, Denied, Reach, Tenancy};
use crate::error::Error;
use crate::id::{AgencyId, ClientId, Id, UserId};
use crate::member::{Membership, Permission, PermissionSet};
use crate::store::{Entity, EntityKind, MembershipFilter, Read, Store, StoreExt, Version};
use crate::value::InvalidValue;

/// The client that an entity is of, and its agency.
fn owner_of<E: Entity>(entity: &E) -> Option<(AgencyId, ClientId)> {
    match entity.tenancy() {
        Tenancy::Client(agency, client) => Some((agency, client)),
        _ => None,
    }
}

impl Session {
    /// Refuses guests, and what the actor may not do for `client`.
    pub(crate) fn require_within(
        &self,
        permission: Permission,
        client: ClientId,
    ) -> Result<(), Error> {
        match self.actor() {
            ActorRef::Guest(_) => {
                let who_could = permission.roles();
                Err(Denied::Missing { permission, client: Some(client), who_could }.into())
            }
            _ => self.require(permission, client),
        }
    }

    /// Refuses a list that would show what the actor may not see: `permission` must be held for
    /// the client that the list is narrowed to, or else for every client within reach.
    pub(crate) fn require_for_list(
        &self,
        permission: Permission,
        client: Option<ClientId>,
    ) -> Result<(), Error> {
        match (client, self.scope().reach()) {
            (Some(client), _) => self.require_within(permission, client),
            (None, Reach::Clients(_, clients)) => {
                clients.iter().try_for_each(|client| self.require_within(permission, *client))
            }
            (None, _) => Ok(self.scope().require_agency(permission)?),
        }
    }

    /// Refuses guests, and those who hold `permission` for no client at all.
    pub(crate) fn require_somewhere_within(&self, permission: Permission) -> Result<(), Error> {
        match self.actor() {
            ActorRef::Guest(_) => {
                let who_could = permission.roles();
                Err(Denied::Missing { permission, client: None, who_could }.into())
            }
            _ => Ok(self.scope().require_somewhere(permission)?),
        }
    }

    /// One thing of a client of this agency, for which `permission` is held.
    pub(crate) async fn load_for<E: Entity>(
        &self,
        permission: Permission,
        id: E::Id,
    ) -> Result<E, Error>
    where
        dyn Store: Read<E>,
    {
        let entity: E = self.load(id).await?;
        match owner_of(&entity) {
            Some((agency, client)) if agency == self.agency_id() => {
                self.require_within(permission, client)?;
                Ok(entity)
            }
            _ => Err(Error::NotFound { kind: E::KIND, id: id.uuid() }),
        }
    }

    /// The same, as somebody saw it at `version`: a conflict if it has changed since.
    pub(crate) async fn load_at<E: Entity>(
        &self,
        permission: Permission,
        id: E::Id,
        version: Version,
    ) -> Result<E, Error>
    where
        dyn Store: Read<E>,
    {
        let entity: E = self.load_for(permission, id).await?;
        if entity.version() == version {
            Ok(entity)
        } else {
            Err(Error::Conflict { kind: E::KIND, id: id.uuid() })
        }
    }

    /// What a field names, which must be of the same client as what names it.
    pub(crate) async fn named<E: Entity>(
        &self,
        field: impl Into<String>,
        id: E::Id,
        client: ClientId,
    ) -> Result<E, Error>
    where
        dyn Store: Read<E>,
    {
        let found: Option<E> = self.store().find(self.scope(), id).await?;
        match found {
            Some(entity) if owner_of(&entity) == Some((self.agency_id(), client)) => Ok(entity),
            _ => Err(InvalidValue::unknown(field, id).into()),
        }
    }

    /// What a person may do for `client`, by all memberships that cover it: those that the actor
    /// does not see too, as a person for the whole agency can be given a task by anybody.
    pub(crate) async fn permissions_of(
        &self,
        user: UserId,
        client: ClientId,
    ) -> Result<PermissionSet, Error> {
        let memberships = MembershipFilter {
            agency_id: Some(self.agency_id()),
            user_id: Some(user),
            covers: Some(client),
        };
        let scope = self.portal().own_scope()?;
        let memberships: Vec<Membership> = self.store().all(&scope, memberships).await?;
        Ok(memberships
            .iter()
            .map(|membership| membership.grant.permissions())
            .fold(PermissionSet::NONE, PermissionSet::union))
    }

    /// Refuses to take away what others still use.
    pub(crate) fn refuse_if_used(
        kind: EntityKind,
        id: impl Id,
        by: EntityKind,
        count: u64,
    ) -> Result<(), Error> {
        match count {
            0 => Ok(()),
            count => Err(Error::StillUsed { kind, id: id.uuid(), by, count }),
        }
    }
}
