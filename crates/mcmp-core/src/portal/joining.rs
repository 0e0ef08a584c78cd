//! How people come to an agency: they found one, or take an invitation. For hosts, which prove who
//! asks.

use serde::Deserialize;

use super::coverage::only_client;
use super::granting::{Granting, takes_a_seat};
use super::session::retrying;
use super::{Portal, Session, tokens};
use crate::access::Actor;
use crate::agency::{Agency, AgencyStatus, Branding, Meter, Plan, PlanTier};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{AgencyId, Id, UserId};
use crate::member::{Coverage, Grant, Invitation, Membership, Role, User};
use crate::secret::{SecretText, TokenHash, recognize};
use crate::store::{EntityKind, InvitationFilter, StoreExt, Version};
use crate::value::{InvalidValue, Name, Slug};

/// What a new agency starts with; the rest is set by [`Agencies::edit`](super::Agencies::edit).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyDraft {
    /// Its name.
    pub name: Name,
    /// Its subdomain, unique over all agencies.
    pub subdomain: Slug,
    /// The plan it starts with.
    pub plan: PlanTier,
}

impl Portal {
    /// A new agency with its owner.
    ///
    /// # Errors
    /// There is no such person or the person can't sign in, the subdomain is taken, or the plan
    /// has no place for a member.
    pub async fn found_agency(
        &self,
        owner: UserId,
        draft: AgencyDraft,
    ) -> Result<(Agency, Membership), Error> {
        let owner = self.active_user(owner).await?;
        let now = self.now();
        let mut agency = Agency {
            id: self.new_id()?,
            version: Version::NEW,
            name: draft.name,
            subdomain: draft.subdomain,
            branding: Branding::default(),
            status: AgencyStatus::Active,
            plan: Plan::of(draft.plan),
            identity_providers: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let grant = Grant::new(Role::Owner, Coverage::WholeAgency)?;
        let mut membership = self.new_membership(&owner, agency.id, grant)?;
        let session = self.session_to_be(&membership, agency.clone())?;
        let mut work = session.work()?;
        work.insert(&mut agency, EventKind::AgencyCreated, None)?;
        work.insert(&mut membership, EventKind::MemberAdded, None)?;
        work.meter(Meter::Members, 1);
        work.commit().await?;
        Ok((agency, membership))
    }

    /// Takes an invitation, once. It is worth what whoever offered it could still give now: one
    /// from somebody who has left since is worth nothing.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for one that is unknown, taken, revoked, expired, or no longer worth
    /// anything; [`Error::Invalid`] if it is for another address; the plan's limit of members.
    pub async fn accept_invitation(
        &self,
        token: &SecretText,
        user: UserId,
    ) -> Result<Membership, Error> {
        let token_hash = recognize(token, tokens::INVITATION).ok_or(Error::InvalidToken)?;
        retrying(async || self.accept(token_hash, user).await).await
    }

    async fn accept(&self, token_hash: TokenHash, user: UserId) -> Result<Membership, Error> {
        let filter = InvitationFilter { token_hash: Some(token_hash), ..Default::default() };
        let found: Option<Invitation> = self.first(filter).await?;
        let now = self.now();
        let before = found.filter(|found| found.is_open(now)).ok_or(Error::InvalidToken)?;
        let user = self.active_user(user).await?;
        if user.email != before.email {
            let message = "the invitation is for another address";
            return Err(InvalidValue::inconsistent("email", message).into());
        }
        self.check_inviter(&before).await?;

        let found: Option<Agency> = self.store().find(&self.own_scope()?, before.agency_id).await?;
        let agency = found.ok_or(Error::InvalidToken)?;
        let mut membership = self.new_membership(&user, agency.id, before.grant.clone())?;
        let session = self.session_to_be(&membership, agency)?;
        let mut work = session.work()?;
        let mut invitation = before.clone();
        invitation.accepted_at = Some(now);
        let client = only_client(&before.grant.coverage);
        work.update(&before, &mut invitation, EventKind::InvitationAccepted, client)?;
        work.insert(&mut membership, EventKind::MemberAdded, client)?;
        if takes_a_seat(&membership.grant) {
            work.meter(Meter::Members, 1);
        }
        work.commit().await?;
        Ok(membership)
    }

    async fn check_inviter(&self, invitation: &Invitation) -> Result<(), Error> {
        let Some(inviter) = invitation.invited_by else { return Ok(()) };
        let memberships = self.memberships_of(inviter).await?;
        let scope = Actor::user(inviter, memberships).scope(invitation.agency_id, self.now());
        let scope = scope.map_err(|_denied| Error::InvalidToken)?;
        Granting::by(&scope).may_give(&invitation.grant).map_err(|_refused| Error::InvalidToken)
    }

    async fn active_user(&self, id: UserId) -> Result<User, Error> {
        let user = self.user(id).await?;
        if user.active {
            Ok(user)
        } else {
            Err(Error::NotFound { kind: EntityKind::User, id: id.uuid() })
        }
    }

    fn new_membership(
        &self,
        user: &User,
        agency_id: AgencyId,
        grant: Grant,
    ) -> Result<Membership, Error> {
        let now = self.now();
        Ok(Membership {
            id: self.new_id()?,
            version: Version::NEW,
            agency_id,
            user_id: user.id,
            display_name: user.name.clone(),
            email: user.email.clone(),
            grant,
            created_at: now,
            updated_at: now,
        })
    }

    /// The session that the new member will have: what joining writes lies within it.
    fn session_to_be(&self, membership: &Membership, agency: Agency) -> Result<Session, Error> {
        let actor = Actor::user(membership.user_id, vec![membership.clone()]);
        let scope = actor.scope(agency.id, self.now())?;
        Session::open(self.clone(), scope, agency)
    }
}
