//! What a person may do where, and how people are asked in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::permission::{PermissionSet, Role};
use crate::access::Tenancy;
use crate::id::{AgencyId, ClientId, InvitationId, MembershipId, UserId};
use crate::secret::TokenHash;
use crate::store::{InvitationFilter, MembershipFilter, UniqueKey, Version, entity};
use crate::value::{Email, InvalidValue, Name};

/// Which clients of an agency something is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All clients, those to come included, and the agency itself.
    WholeAgency,
    /// The named clients only; sorted, each once.
    Clients(Vec<ClientId>),
}

impl Coverage {
    /// Most clients that can be named.
    pub const MAX: usize = 1_000;

    /// The named clients, sorted, each once.
    ///
    /// # Errors
    /// None or too many are named.
    pub fn clients(clients: impl IntoIterator<Item = ClientId>) -> Result<Self, InvalidValue> {
        let mut clients: Vec<_> = clients.into_iter().collect();
        clients.sort_unstable();
        clients.dedup();
        if clients.is_empty() {
            return Err(InvalidValue::required("coverage.clients"));
        }
        if clients.len() > Self::MAX {
            return Err(InvalidValue::too_long("coverage.clients", Self::MAX, clients.len()));
        }
        Ok(Self::Clients(clients))
    }

    /// Whether `client` is covered.
    #[must_use]
    pub fn covers(&self, client: ClientId) -> bool {
        match self {
            Self::WholeAgency => true,
            Self::Clients(clients) => clients.contains(&client),
        }
    }

    /// Who may see a thing of this coverage.
    pub(crate) fn tenancy(&self, agency: AgencyId) -> Tenancy<'_> {
        match self {
            Self::WholeAgency => Tenancy::AgencyWide(agency),
            Self::Clients(clients) => Tenancy::Clients(agency, clients),
        }
    }
}

/// A role with single permissions added and removed, for some clients or the whole agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// For which clients.
    pub coverage: Coverage,
    /// Permissions beyond the role's.
    #[serde(default)]
    pub added: PermissionSet,
    /// Permissions of the role that are taken away; this wins over `added`.
    #[serde(default)]
    pub removed: PermissionSet,
}

impl Grant {
    /// A role as it is.
    ///
    /// # Errors
    /// A client-side role for the whole agency.
    pub fn new(role: Role, coverage: Coverage) -> Result<Self, InvalidValue> {
        let grant =
            Self { role, coverage, added: PermissionSet::NONE, removed: PermissionSet::NONE };
        grant.validate().map(|()| grant)
    }

    /// Checks what serde can't.
    ///
    /// # Errors
    /// A client-side role for the whole agency, or no client named.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        match &self.coverage {
            Coverage::WholeAgency if self.role.is_client_side() => Err(InvalidValue::inconsistent(
                "coverage",
                "a client-side role names the clients it is for",
            )
            .actual(self.role)),
            Coverage::Clients(clients) => {
                Coverage::clients(clients.iter().copied()).map(|_normal| ())
            }
            Coverage::WholeAgency => Ok(()),
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        self.role.permissions().union(self.added).difference(self.removed)
    }
}

/// What a person may do in an agency. One person can have several, one for each set of clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// Grows with every change.
    pub version: Version,
    /// Where.
    pub agency_id: AgencyId,
    /// Who.
    pub user_id: UserId,
    /// What the person is called here; colleagues see this, not the person's own record.
    pub display_name: Name,
    /// Where the person is reached; colleagues see this.
    pub email: Email,
    /// What the person may do, and for which clients.
    pub grant: Grant,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

entity! {
    Membership, MembershipId, MembershipFilter,
    tenancy: |membership| membership.grant.coverage.tenancy(membership.agency_id),
    parent: |membership| membership.user_id,
}

/// An offer of a membership to whoever holds its token; only the token's hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Grows with every change.
    pub version: Version,
    /// To which agency.
    pub agency_id: AgencyId,
    /// Whom.
    pub email: Email,
    /// What is offered.
    pub grant: Grant,
    /// The hash of its token.
    pub token_hash: TokenHash,
    /// Who offered it.
    pub invited_by: Option<UserId>,
    /// When it can no longer be taken.
    pub expires_at: DateTime<Utc>,
    /// When it was taken.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Invitation {
    /// Whether it can still be taken.
    #[must_use]
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.accepted_at.is_none() && self.revoked_at.is_none() && now < self.expires_at
    }
}

entity! {
    Invitation, InvitationId, InvitationFilter,
    tenancy: |invitation| invitation.grant.coverage.tenancy(invitation.agency_id),
    unique: |invitation| vec![UniqueKey::new("token_hash", invitation.token_hash.to_hex())],
}
