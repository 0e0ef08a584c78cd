//! What members may give to others and take from them.

use crate::access::{GrantRefused, Scope, may_grant};
use crate::member::{Coverage, Grant, Permission, PermissionSet, Role};

/// What the holder of a scope may give to others and take from them: never more than is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granting<'s> {
    scope: &'s Scope,
}

impl<'s> Granting<'s> {
    pub(super) fn by(scope: &'s Scope) -> Self {
        Self { scope }
    }

    /// A role is given only by who holds all that it comes with, even where parts of it are taken
    /// away again: stages of approval ask for the role itself.
    pub(super) fn may_give(self, grant: &Grant) -> Result<(), GrantRefused> {
        self.may(grant.role.permissions().union(grant.added), &grant.coverage)
    }

    pub(super) fn may_take(self, grant: &Grant) -> Result<(), GrantRefused> {
        self.may(grant.permissions(), &grant.coverage)
    }

    fn may(self, permissions: PermissionSet, coverage: &Coverage) -> Result<(), GrantRefused> {
        may_grant(self.scope, Permission::ManageMembers, permissions, coverage)
    }
}

/// Whether a membership with this grant is counted by the plan.
pub(super) fn takes_a_seat(grant: &Grant) -> bool {
    !grant.role.is_client_side()
}

/// Whether it makes somebody an owner with all that owners can do.
pub(super) fn owns(grant: &Grant) -> bool {
    grant.role == Role::Owner
        && grant.coverage == Coverage::WholeAgency
        && grant.permissions() == PermissionSet::all()
}

/// What `after` allows that `before` does not, or allows for more clients.
pub(super) fn gained(before: &Grant, after: &Grant) -> PermissionSet {
    let covers_more = match (&before.coverage, &after.coverage) {
        (Coverage::WholeAgency, _) => false,
        (Coverage::Clients(_), Coverage::WholeAgency) => true,
        (Coverage::Clients(before), Coverage::Clients(after)) => {
            after.iter().any(|client| !before.contains(client))
        }
    };
    if covers_more {
        after.permissions()
    } else {
        after.permissions().difference(before.permissions())
    }
}
