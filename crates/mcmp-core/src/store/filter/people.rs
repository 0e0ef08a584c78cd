//! Lists of agencies, clients, and who works there.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Filter, is_one_of, time_key};
use crate::agency::{Agency, AgencyStatus};
use crate::client::{Client, ClientStatus};
use crate::id::{AgencyId, ClientId, Id, UserId};
use crate::member::{ApiKey, Invitation, Membership, User};
use crate::secret::TokenHash;
use crate::store::Sort;
use crate::value::{Email, Slug};

filter! {
    /// Agencies.
    AgencyFilter for Agency (agency) {
        /// Of this subdomain.
        subdomain: Option<Slug> => |v| v.as_ref().is_none_or(|v| agency.subdomain == *v),
        /// In one of these states.
        statuses: Vec<AgencyStatus> => |v| is_one_of(v, &agency.status),
    }
    sorts: { Updated => agency.updated_at.timestamp_millis() }
}

filter! {
    /// Clients.
    ClientFilter for Client (client) {
        /// Of this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| client.agency_id == v),
        /// Of this name in links.
        slug: Option<Slug> => |v| v.as_ref().is_none_or(|v| client.slug == *v),
        /// In one of these states.
        statuses: Vec<ClientStatus> => |v| is_one_of(v, &client.status),
    }
    sorts: { Updated => client.updated_at.timestamp_millis() }
}

filter! {
    /// People; a scope sees the person it belongs to.
    UserFilter for User (user) {
        /// Of this address.
        email: Option<Email> => |v| v.as_ref().is_none_or(|v| user.email == *v),
        /// With this sign-in elsewhere: provider and subject.
        identity: Option<(Slug, String)> => |v| v.as_ref().is_none_or(|(provider, subject)| {
            user.identities.iter().any(|i| i.provider == *provider && i.subject == *subject)
        }),
    }
    sorts: { Updated => user.updated_at.timestamp_millis() }
}

filter! {
    /// Memberships.
    MembershipFilter for Membership (membership) {
        /// In this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| membership.agency_id == v),
        /// Of this person.
        user_id: Option<UserId> => |v| v.is_none_or(|v| membership.user_id == v),
        /// That cover this client.
        covers: Option<ClientId> => |v| v.is_none_or(|v| membership.grant.coverage.covers(v)),
    }
    parent: user_id,
    sorts: { Updated => membership.updated_at.timestamp_millis() }
}

filter! {
    /// Invitations.
    InvitationFilter for Invitation (invitation) {
        /// To this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| invitation.agency_id == v),
        /// With a token of this hash.
        token_hash: Option<TokenHash> => |v| v.as_ref().is_none_or(|v| invitation.token_hash == *v),
        /// That can still be taken at this time.
        open_at: Option<DateTime<Utc>> => |v| v.is_none_or(|v| invitation.is_open(v)),
    }
    sorts: { Planned => invitation.expires_at.timestamp_millis() }
}

filter! {
    /// API keys.
    ApiKeyFilter for ApiKey (key) {
        /// Of this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| key.agency_id == v),
        /// Of this hash.
        token_hash: Option<TokenHash> => |v| v.as_ref().is_none_or(|v| key.token_hash == *v),
        /// That work at this time.
        valid_at: Option<DateTime<Utc>> => |v| v.is_none_or(|v| key.is_valid(v)),
    }
    sorts: { Planned => time_key(key.expires_at) }
}
