//! What somebody reaches: the one value that store reads are narrowed by.

use std::collections::{BTreeMap, BTreeSet};

use super::actor_ref::ActorRef;
use super::denied::Denied;
use super::tenancy::Tenancy;
use crate::approval::ReviewLink;
use crate::id::{AgencyId, ClientId, UserId};
use crate::member::{ApiKey, Coverage, Membership, Permission, PermissionSet, Role};

/// Which tenants a scope reaches; stores turn it into a filter, a policy or a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// Everything: the system itself.
    Everything,
    /// An agency with all its clients.
    Agency(AgencyId),
    /// Some clients of an agency, never none.
    Clients(AgencyId, BTreeSet<ClientId>),
    /// No tenant: a person's own record and notifications.
    Person,
}

/// What somebody may do in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Standing {
    permissions: PermissionSet,
    roles: BTreeSet<Role>,
}

impl Standing {
    fn add(&mut self, permissions: PermissionSet, role: Option<Role>) {
        self.permissions = self.permissions.union(permissions);
        self.roles.extend(role);
    }
}

/// What somebody reaches and may do there. Only an [`Actor`](super::Actor) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    actor: ActorRef,
    reach: Reach,
    agency: Option<AgencyId>,
    everywhere: Standing,
    by_client: BTreeMap<ClientId, Standing>,
}

impl Scope {
    fn new(actor: ActorRef, reach: Reach, agency: Option<AgencyId>) -> Self {
        Self { actor, reach, agency, everywhere: Standing::default(), by_client: BTreeMap::new() }
    }

    pub(super) fn of_memberships(
        user: UserId,
        agency: AgencyId,
        memberships: &[Membership],
    ) -> Result<Self, Denied> {
        let mut scope = Self::new(ActorRef::User(user), Reach::Person, Some(agency));
        let mut clients = BTreeSet::new();
        let mut whole = false;
        let own = memberships.iter().filter(|m| m.user_id == user && m.agency_id == agency);
        for grant in own.map(|membership| &membership.grant) {
            let (permissions, role) = (grant.permissions(), Some(grant.role));
            match &grant.coverage {
                // Refused where memberships are made; here it must not widen anything either.
                Coverage::WholeAgency if grant.role.is_client_side() => {}
                Coverage::WholeAgency => {
                    whole = true;
                    scope.everywhere.add(permissions, role);
                }
                Coverage::Clients(named) => {
                    for client in named {
                        clients.insert(*client);
                        scope.by_client.entry(*client).or_default().add(permissions, role);
                    }
                }
            }
        }
        scope.reach = match (whole, clients.is_empty()) {
            (true, _) => Reach::Agency(agency),
            (false, false) => Reach::Clients(agency, clients),
            (false, true) => return Err(Denied::NotAMember { agency }),
        };
        Ok(scope)
    }

    pub(super) fn of_api_key(key: &ApiKey) -> Self {
        let reach = match &key.coverage {
            Coverage::WholeAgency => Reach::Agency(key.agency_id),
            Coverage::Clients(clients) => {
                Reach::Clients(key.agency_id, clients.iter().copied().collect())
            }
        };
        let mut scope = Self::new(ActorRef::ApiKey(key.id), reach, Some(key.agency_id));
        match &key.coverage {
            Coverage::WholeAgency => scope.everywhere.add(key.permissions, None),
            Coverage::Clients(clients) => {
                for client in clients {
                    scope.by_client.entry(*client).or_default().add(key.permissions, None);
                }
            }
        }
        scope
    }

    pub(super) fn of_guest(link: &ReviewLink) -> Self {
        let reach = Reach::Clients(link.agency_id, BTreeSet::from([link.client_id]));
        let mut scope = Self::new(ActorRef::Guest(link.id), reach, Some(link.agency_id));
        let permissions = [
            Some(Permission::View),
            link.may_comment.then_some(Permission::Comment),
            link.may_decide.then_some(Permission::ApprovePosts),
        ];
        let standing = scope.by_client.entry(link.client_id).or_default();
        standing.add(permissions.into_iter().flatten().collect(), None);
        scope
    }

    pub(super) fn of_system(name: &str, agency: Option<AgencyId>) -> Self {
        let mut scope = Self::new(ActorRef::System(name.to_owned()), Reach::Everything, agency);
        scope.everywhere.add(PermissionSet::all(), None);
        scope
    }

    pub(super) fn of_person(user: UserId) -> Self {
        Self::new(ActorRef::User(user), Reach::Person, None)
    }

    /// The same actor with one client in reach and nothing else; for a scope that reaches it.
    pub(crate) fn within_client(&self, agency: AgencyId, client: ClientId) -> Self {
        let reach = Reach::Clients(agency, BTreeSet::from([client]));
        Self::new(self.actor.clone(), reach, Some(agency))
    }

    /// Whose scope it is.
    #[must_use]
    pub fn actor(&self) -> &ActorRef {
        &self.actor
    }

    /// Which tenants it reaches.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The agency it was opened in.
    #[must_use]
    pub fn agency(&self) -> Option<AgencyId> {
        self.agency
    }

    /// The person whose own record and notifications it sees.
    #[must_use]
    pub fn person(&self) -> Option<UserId> {
        self.actor.user()
    }

    /// Whether it is the system's own.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.reach == Reach::Everything
    }

    /// Whether a thing of this tenancy is seen: the one rule that all stores follow.
    #[must_use]
    pub fn sees(&self, tenancy: Tenancy<'_>) -> bool {
        match tenancy {
            _ if self.is_system() => true,
            Tenancy::Installation => false,
            Tenancy::Person(user) | Tenancy::AddressedTo(user, ..) => self.person() == Some(user),
            Tenancy::Agency(agency) => self.is_within(agency),
            Tenancy::AgencyWide(agency) | Tenancy::Log(agency, None) => {
                self.reach == Reach::Agency(agency)
            }
            Tenancy::Client(agency, client) | Tenancy::Log(agency, Some(client)) => {
                self.reaches(agency, client)
            }
            Tenancy::Clients(agency, named) => match &self.reach {
                Reach::Agency(own) => *own == agency,
                _ => named.iter().any(|client| self.reaches(agency, *client)),
            },
        }
    }

    /// Whether a thing of this tenancy may be written: as [`sees`](Self::sees), but what is of
    /// several clients must be within reach with all of them, the agency itself takes a scope for
    /// the whole agency, and what is addressed to others or logged is written from where it happens.
    #[must_use]
    pub fn may_write(&self, tenancy: Tenancy<'_>) -> bool {
        match tenancy {
            Tenancy::Agency(agency) => self.sees(Tenancy::AgencyWide(agency)),
            Tenancy::Clients(agency, named) => match &self.reach {
                Reach::Clients(..) => named.iter().all(|client| self.reaches(agency, *client)),
                _ => self.sees(tenancy),
            },
            Tenancy::AddressedTo(_, agency, client) | Tenancy::Log(agency, client) => {
                let from_within = match client {
                    Some(client) => self.reaches(agency, client),
                    None => self.is_within(agency),
                };
                from_within || self.sees(tenancy)
            }
            _ => self.sees(tenancy),
        }
    }

    fn is_within(&self, agency: AgencyId) -> bool {
        match &self.reach {
            Reach::Everything => true,
            Reach::Agency(own) | Reach::Clients(own, _) => *own == agency,
            Reach::Person => false,
        }
    }

    fn reaches(&self, agency: AgencyId, client: ClientId) -> bool {
        match &self.reach {
            Reach::Everything => true,
            Reach::Agency(own) => *own == agency,
            Reach::Clients(own, clients) => *own == agency && clients.contains(&client),
            Reach::Person => false,
        }
    }

    /// What may be done for `client`; nothing if it is not within reach. Whether the client is of
    /// the scope's agency is the store's to say.
    #[must_use]
    pub fn permissions(&self, client: ClientId) -> PermissionSet {
        let own = self.by_client.get(&client).map_or(PermissionSet::NONE, |s| s.permissions);
        self.everywhere.permissions.union(own)
    }

    /// What may be done in the whole agency.
    #[must_use]
    pub fn agency_permissions(&self) -> PermissionSet {
        self.everywhere.permissions
    }

    /// What the actor is to `client`.
    pub fn roles(&self, client: ClientId) -> impl Iterator<Item = Role> + '_ {
        let own = self.by_client.get(&client).into_iter().flat_map(|s| s.roles.iter().copied());
        self.everywhere.roles.iter().copied().chain(own)
    }

    /// Whether `permission` is held for `client`.
    ///
    /// # Errors
    /// [`Denied::Missing`], with the roles that come with it.
    pub fn require(&self, permission: Permission, client: ClientId) -> Result<(), Denied> {
        if self.permissions(client).contains(permission) {
            Ok(())
        } else {
            Err(Denied::Missing { permission, client: Some(client), who_could: permission.roles() })
        }
    }

    /// Whether `permission` is held for at least one client.
    ///
    /// # Errors
    /// [`Denied::Missing`], with the roles that come with it.
    pub fn require_somewhere(&self, permission: Permission) -> Result<(), Denied> {
        let held = self.everywhere.permissions.contains(permission)
            || self.by_client.values().any(|s| s.permissions.contains(permission));
        if held {
            Ok(())
        } else {
            Err(Denied::Missing { permission, client: None, who_could: permission.roles() })
        }
    }

    /// Whether `permission` is held for the whole agency.
    ///
    /// # Errors
    /// [`Denied::NeedsWholeAgency`], with the roles that come with it.
    pub fn require_agency(&self, permission: Permission) -> Result<(), Denied> {
        if self.everywhere.permissions.contains(permission) {
            Ok(())
        } else {
            Err(Denied::NeedsWholeAgency { permission, who_could: permission.roles() })
        }
    }

    /// Whether `permission` is held for all of `coverage`.
    ///
    /// # Errors
    /// As [`require_agency`](Self::require_agency) or [`require`](Self::require).
    pub fn require_for(&self, permission: Permission, coverage: &Coverage) -> Result<(), Denied> {
        match coverage {
            Coverage::WholeAgency => self.require_agency(permission),
            Coverage::Clients(clients) => {
                clients.iter().try_for_each(|client| self.require(permission, *client))
            }
        }
    }
}
