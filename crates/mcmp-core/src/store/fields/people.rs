//! Agencies, clients, and who works there.

use super::*;
use crate::agency::Agency;
use crate::client::Client;
use crate::member::{ApiKey, Coverage, Invitation, Membership, User};
use crate::store::filter::time_key;
use crate::store::{
    AgencyFilter, ApiKeyFilter, ClientFilter, InvitationFilter, MembershipFilter, UserFilter,
};

/// The clients of a coverage; none if it is the whole agency.
pub(super) fn covered(coverage: &Coverage) -> Option<Vec<ClientId>> {
    match coverage {
        Coverage::WholeAgency => None,
        Coverage::Clients(clients) => Some(clients.to_vec()),
    }
}

/// The bound for what ends later than `now`.
fn after(now: DateTime<Utc>) -> i64 {
    now.timestamp_millis().saturating_add(1)
}

fields! {
    AgencyFilter for Agency (agency) of Agency {
        agency_id: Id = agency.id;
        subdomain: Text = agency.subdomain.as_str() => is subdomain as |v| v.as_str();
        status: Text = wire(&agency.status) => among statuses as |v| wire(v);
        updated_at: Number by Updated = agency.updated_at;
    }
}

fields! {
    ClientFilter for Client (client) of Client {
        agency_id: Id = client.agency_id => is agency_id;
        client_id: Id = client.id;
        slug: Text = client.slug.as_str() => is slug as |v| v.as_str();
        status: Text = wire(&client.status) => among statuses as |v| wire(v);
        updated_at: Number by Updated = client.updated_at;
    }
}

fields! {
    UserFilter for User (user) of Person {
        user_id: Id = user.id;
        email: Text = user.email.as_str() => is email as |v| v.as_str();
        identities: Texts = texts(&user.identities, |i| format!("{}/{}", i.provider, i.subject))
            => is identity as |v| format!("{}/{}", v.0, v.1);
        updated_at: Number by Updated = user.updated_at;
    }
}

fields! {
    MembershipFilter for Membership (membership) of Coverage {
        agency_id: Id = membership.agency_id => is agency_id;
        client_ids: Ids = covered(&membership.grant.coverage);
        user_id: Id = membership.user_id => is user_id;
        updated_at: Number by Updated = membership.updated_at;
        => covers as |client| [Condition::Any(vec![
            Condition::IsSet("client_ids", false),
            Condition::OneOf("client_ids", vec![client.into_key()]),
        ])];
    }
}

fields! {
    InvitationFilter for Invitation (invitation) of Coverage {
        agency_id: Id = invitation.agency_id => is agency_id;
        client_ids: Ids = covered(&invitation.grant.coverage);
        token_hash: Text = invitation.token_hash.to_hex() => is token_hash as |v| v.to_hex();
        is_open: Flag = invitation.accepted_at.is_none() && invitation.revoked_at.is_none();
        expires_at: Number by Planned = invitation.expires_at;
        => open_at as |now| [
            Condition::OneOf("is_open", vec![true.into_key()]),
            Condition::AtLeast("expires_at", after(*now)),
        ];
    }
}

fields! {
    ApiKeyFilter for ApiKey (key) of Coverage {
        agency_id: Id = key.agency_id => is agency_id;
        client_ids: Ids = covered(&key.coverage);
        token_hash: Text = key.token_hash.to_hex() => is token_hash as |v| v.to_hex();
        is_revoked: Flag = key.revoked_at.is_some();
        expires_at: Number by Planned = time_key(key.expires_at);
        => valid_at as |now| [
            Condition::OneOf("is_revoked", vec![false.into_key()]),
            Condition::AtLeast("expires_at", after(*now)),
        ];
    }
}
