//! What memberships, keys and endpoints have in common: they are for some clients or for all.

use super::Session;
use crate::access::Scope;
use crate::client::Client;
use crate::error::Error;
use crate::id::ClientId;
use crate::member::{Coverage, Permission};
use crate::store::StoreExt;
use crate::value::InvalidValue;

/// The coverage in order, each client once, and each of them within reach: one that is not there
/// and one of somebody else's are refused alike.
pub(super) async fn checked(session: &Session, coverage: Coverage) -> Result<Coverage, Error> {
    let Coverage::Clients(clients) = coverage else { return Ok(coverage) };
    let coverage = Coverage::clients(clients)?;
    if let Coverage::Clients(clients) = &coverage {
        for (i, id) in clients.iter().enumerate() {
            let found: Option<Client> = session.store().find(session.scope(), *id).await?;
            if found.is_none_or(|client| client.agency_id != session.agency_id()) {
                return Err(InvalidValue::unknown(format!("coverage.clients[{i}]"), id).into());
            }
        }
    }
    Ok(coverage)
}

/// The client that a thing is about, for the log: where it is about several, only those who see
/// the whole agency read of it.
pub(crate) fn only_client(coverage: &Coverage) -> Option<ClientId> {
    match coverage {
        Coverage::Clients(clients) => match clients.as_slice() {
            [client] => Some(*client),
            _ => None,
        },
        Coverage::WholeAgency => None,
    }
}

/// Whether `permission` is held for the agency, or for one of the clients that are covered.
pub(super) fn holds_for_some(scope: &Scope, permission: Permission, coverage: &Coverage) -> bool {
    match coverage {
        Coverage::WholeAgency => scope.agency_permissions().contains(permission),
        Coverage::Clients(clients) => {
            clients.iter().any(|client| scope.permissions(*client).contains(permission))
        }
    }
}

/// Leaves out the clients that the scope does not reach, so that nobody learns of them.
pub(super) fn narrow(coverage: &mut Coverage, scope: &Scope) {
    if let Coverage::Clients(clients) = coverage {
        clients.retain(|client| !scope.permissions(*client).is_empty());
    }
}
