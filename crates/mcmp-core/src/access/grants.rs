//! Nobody grants more than they hold.

use serde::Serialize;

use super::denied::Denied;
use super::scope::Scope;
use crate::member::{Coverage, Permission, PermissionSet};

/// Why a grant is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum GrantRefused {
    /// The granting itself takes a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It would give away more than the granter holds.
    #[error("nobody grants more than they hold")]
    BeyondOwn {
        /// What the granter does not hold there.
        missing: PermissionSet,
    },
}

/// Whether `granter` may give `permissions` for `coverage`, holding `by` (the permission that
/// granting takes) and all of them there. The same holds for taking them away.
///
/// # Errors
/// [`GrantRefused`], with what is missing.
pub fn may_grant(
    granter: &Scope,
    by: Permission,
    permissions: PermissionSet,
    coverage: &Coverage,
) -> Result<(), GrantRefused> {
    granter.require_for(by, coverage)?;
    let held = match coverage {
        Coverage::WholeAgency => granter.agency_permissions(),
        Coverage::Clients(clients) => clients
            .iter()
            .map(|client| granter.permissions(*client))
            .fold(PermissionSet::all(), PermissionSet::intersection),
    };
    let missing = permissions.difference(held);
    if missing.is_empty() { Ok(()) } else { Err(GrantRefused::BeyondOwn { missing }) }
}
