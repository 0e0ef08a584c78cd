//! Whom to tell.

use std::collections::BTreeSet;

use super::Portal;
use crate::approval::Deciders;
use crate::error::Error;
use crate::id::{AgencyId, ClientId, UserId};
use crate::member::{Coverage, Membership, Permission};
use crate::store::{MembershipFilter, StoreExt};

/// The memberships that cover a client. Read with the portal's own scope: who is told does not
/// depend on whom the actor can see.
async fn members(
    portal: &Portal,
    agency: AgencyId,
    client: ClientId,
) -> Result<Vec<Membership>, Error> {
    let filter =
        MembershipFilter { agency_id: Some(agency), covers: Some(client), ..Default::default() };
    Ok(portal.store().all(&portal.own_scope()?, filter).await?)
}

/// The people who hold a permission for a client.
pub(crate) async fn holders(
    portal: &Portal,
    agency: AgencyId,
    client: ClientId,
    permission: Permission,
) -> Result<BTreeSet<UserId>, Error> {
    let members = members(portal, agency, client).await?;
    Ok(members
        .iter()
        .filter(|member| member.grant.permissions().contains(permission))
        .map(|member| member.user_id)
        .collect())
}

/// The people who hold a permission for all that something covers.
pub(crate) async fn holders_for_all(
    portal: &Portal,
    agency: AgencyId,
    coverage: &Coverage,
    permission: Permission,
) -> Result<BTreeSet<UserId>, Error> {
    let clients = match coverage {
        Coverage::Clients(clients) => clients,
        Coverage::WholeAgency => {
            let filter = MembershipFilter { agency_id: Some(agency), ..Default::default() };
            let members: Vec<Membership> = portal.store().all(&portal.own_scope()?, filter).await?;
            return Ok(members
                .iter()
                .filter(|member| member.grant.coverage == Coverage::WholeAgency)
                .filter(|member| member.grant.permissions().contains(permission))
                .map(|member| member.user_id)
                .collect());
        }
    };
    let mut all: Option<BTreeSet<UserId>> = None;
    for client in clients {
        let of_client = holders(portal, agency, *client, permission).await?;
        all = Some(match all {
            Some(all) => all.intersection(&of_client).copied().collect(),
            None => of_client,
        });
    }
    Ok(all.unwrap_or_default())
}

/// The people who may decide in a stage.
pub(crate) async fn deciders(
    portal: &Portal,
    agency: AgencyId,
    client: ClientId,
    deciders: &Deciders,
) -> Result<BTreeSet<UserId>, Error> {
    let members = members(portal, agency, client).await?;
    Ok(members
        .iter()
        .filter(|member| {
            let is_named = deciders.users.contains(&member.user_id);
            let has_role = deciders.roles.contains(&member.grant.role);
            (is_named || has_role) && member.grant.permissions().contains(Permission::ApprovePosts)
        })
        .map(|member| member.user_id)
        .collect())
}

/// Those of `wanted` who are members for a client: nobody else may be told of it.
pub(crate) async fn members_among(
    portal: &Portal,
    agency: AgencyId,
    client: ClientId,
    wanted: &BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Error> {
    let members = members(portal, agency, client).await?;
    Ok(members.iter().map(|member| member.user_id).filter(|user| wanted.contains(user)).collect())
}
