//! Members and invitations.

use chrono::TimeDelta;
use serde::Deserialize;

use super::coverage::{checked, holds_for_some, narrow, only_client};
use super::granting::{Granting, gained, owns, takes_a_seat};
use super::session::retrying;
use super::{Session, Work, tokens};
use crate::access::{Denied, GrantRefused};
use crate::agency::{Agency, Meter};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{Id, InvitationId, MembershipId};
use crate::member::{Grant, Invitation, Membership, Permission};
use crate::secret::SecretText;
use crate::store::{EntityKind, MembershipFilter, Page, Query, Read, StoreExt, Version};
use crate::value::{Email, InvalidValue};

/// Members and invitations.
#[derive(Debug, Clone, Copy)]
pub struct Members<'s> {
    pub(super) session: &'s Session,
}

/// An offer of a membership.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationDraft {
    /// Whom.
    pub email: Email,
    /// What is offered.
    pub grant: Grant,
    /// For how many days it can be taken, 1 to [`MAX_DAYS`](Self::MAX_DAYS).
    #[serde(default = "InvitationDraft::default_days")]
    pub valid_days: u32,
}

impl InvitationDraft {
    /// For how many days, if nobody says otherwise.
    pub const DEFAULT_DAYS: u32 = 7;
    /// Most days.
    pub const MAX_DAYS: u32 = 30;

    /// For [`DEFAULT_DAYS`](Self::DEFAULT_DAYS).
    #[must_use]
    pub fn new(email: Email, grant: Grant) -> Self {
        Self { email, grant, valid_days: Self::DEFAULT_DAYS }
    }

    fn default_days() -> u32 {
        Self::DEFAULT_DAYS
    }
}

impl Members<'_> {
    /// One membership; of its clients, those within reach.
    ///
    /// # Errors
    /// It is not there, or the actor is not of the agency's side.
    pub async fn get(&self, id: MembershipId) -> Result<Membership, Error> {
        let mut membership = self.load(id).await?;
        if !self.may_see(&membership.grant) {
            return Err(Error::NotFound { kind: EntityKind::Membership, id: id.uuid() });
        }
        narrow(&mut membership.grant.coverage, self.session.scope());
        Ok(membership)
    }

    /// The memberships within reach; of their clients, those within reach. A page can hold fewer
    /// than asked for and still have a next one.
    ///
    /// # Errors
    /// The actor is not of the agency's side, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Membership>) -> Result<Page<Membership>, Error> {
        let scope = self.session.scope();
        scope.require_somewhere(Permission::ViewInternal)?;
        let mut query = query.clone();
        query.filter.agency_id = Some(self.session.agency_id());
        let mut page = Read::<Membership>::list(self.session.store(), scope, &query).await?;
        page.items.retain(|membership| self.may_see(&membership.grant));
        for membership in &mut page.items {
            narrow(&mut membership.grant.coverage, scope);
        }
        Ok(page)
    }

    /// The invitations within reach; of their clients, those within reach. A page can hold fewer
    /// than asked for and still have a next one.
    ///
    /// # Errors
    /// No permission, or a query that can't be carried out.
    pub async fn invitations(&self, query: &Query<Invitation>) -> Result<Page<Invitation>, Error> {
        let scope = self.session.scope();
        scope.require_somewhere(Permission::ManageMembers)?;
        let mut query = query.clone();
        query.filter.agency_id = Some(self.session.agency_id());
        let mut page = Read::<Invitation>::list(self.session.store(), scope, &query).await?;
        page.items.retain(|invitation| {
            holds_for_some(scope, Permission::ManageMembers, &invitation.grant.coverage)
        });
        for invitation in &mut page.items {
            narrow(&mut invitation.grant.coverage, scope);
        }
        Ok(page)
    }

    /// Offers a membership. The token is shown this once: send it to the address, and to nobody
    /// else.
    ///
    /// # Errors
    /// No permission, a grant beyond one's own, a grant or a number of days that is refused, or the
    /// plan's limit of members.
    pub async fn invite(&self, draft: InvitationDraft) -> Result<(Invitation, SecretText), Error> {
        let grant = self.checked(draft.grant).await?;
        Granting::by(self.session.scope()).may_give(&grant)?;
        self.check_seats(&grant).await?;
        let mut work = self.session.work()?;
        let made = self.offer(&mut work, draft.email, grant, draft.valid_days)?;
        work.commit().await?;
        Ok(made)
    }

    /// Offers the same membership anew, with a new token and [`InvitationDraft::DEFAULT_DAYS`] from
    /// now; the old token is worth nothing from then on.
    ///
    /// # Errors
    /// As [`invite`](Self::invite), or the invitation was taken already.
    pub async fn invite_again(&self, id: InvitationId) -> Result<(Invitation, SecretText), Error> {
        retrying(async || {
            let before = self.load_invitation(id).await?;
            not_taken(&before)?;
            let grant = self.checked(before.grant.clone()).await?;
            Granting::by(self.session.scope()).may_give(&grant)?;
            self.check_seats(&grant).await?;
            let mut work = self.session.work()?;
            if before.revoked_at.is_none() {
                revoke(&mut work, &before)?;
            }
            let email = before.email.clone();
            let made = self.offer(&mut work, email, grant, InvitationDraft::DEFAULT_DAYS)?;
            work.commit().await?;
            Ok(made)
        })
        .await
    }

    /// Takes an invitation back; one that is taken back already stays as it is.
    ///
    /// # Errors
    /// No permission for all it covers, or it was taken already.
    pub async fn revoke_invitation(&self, id: InvitationId) -> Result<Invitation, Error> {
        retrying(async || {
            let before = self.load_invitation(id).await?;
            let scope = self.session.scope();
            scope.require_for(Permission::ManageMembers, &before.grant.coverage)?;
            not_taken(&before)?;
            if before.revoked_at.is_some() {
                return Ok(before);
            }
            let mut work = self.session.work()?;
            let invitation = revoke(&mut work, &before)?;
            work.commit().await?;
            Ok(invitation)
        })
        .await
    }

    /// Changes what a member may do, as somebody saw it at `version`. Both what it was and what it
    /// becomes must lie within what the actor holds; one's own can only be narrowed.
    ///
    /// # Errors
    /// No permission, a grant beyond one's own, a grant that is refused, the agency would be left
    /// without an owner, the plan's limit of members, or somebody else changed it first.
    pub async fn change_grant(
        &self,
        id: MembershipId,
        version: Version,
        grant: Grant,
    ) -> Result<Membership, Error> {
        let before = self.load(id).await?;
        if before.version != version {
            return Err(Error::Conflict { kind: EntityKind::Membership, id: id.uuid() });
        }
        let grant = self.checked(grant).await?;
        let granting = Granting::by(self.session.scope());
        granting.may_take(&before.grant)?;
        granting.may_give(&grant)?;
        if self.session.scope().person() == Some(before.user_id) {
            let missing = gained(&before.grant, &grant);
            if !missing.is_empty() {
                return Err(GrantRefused::BeyondOwn { missing }.into());
            }
        }
        let mut work = self.session.work()?;
        if owns(&before.grant) && !owns(&grant) {
            self.keep_an_owner(&mut work, &before).await?;
        }
        match (takes_a_seat(&before.grant), takes_a_seat(&grant)) {
            (false, true) => work.meter(Meter::Members, 1),
            (true, false) => work.meter(Meter::Members, -1),
            _ => {}
        }
        let mut after = Membership { grant, updated_at: work.now(), ..before.clone() };
        let client = only_client(&after.grant.coverage);
        work.update(&before, &mut after, EventKind::MemberUpdated, client)?;
        work.commit().await?;
        Ok(after)
    }

    /// Takes a membership away.
    ///
    /// # Errors
    /// No permission, a grant beyond one's own, or the agency would be left without an owner.
    pub async fn remove(&self, id: MembershipId) -> Result<Membership, Error> {
        retrying(async || {
            let membership = self.load(id).await?;
            Granting::by(self.session.scope()).may_take(&membership.grant)?;
            self.end(membership).await
        })
        .await
    }

    /// Gives one's own membership up.
    ///
    /// # Errors
    /// It is somebody else's, or the agency would be left without an owner.
    pub async fn leave(&self, id: MembershipId) -> Result<Membership, Error> {
        retrying(async || {
            let membership = self.load(id).await?;
            if self.session.scope().person() != Some(membership.user_id) {
                return Err(Denied::NeedsPerson.into());
            }
            self.end(membership).await
        })
        .await
    }

    async fn end(&self, membership: Membership) -> Result<Membership, Error> {
        let mut work = self.session.work()?;
        if owns(&membership.grant) {
            self.keep_an_owner(&mut work, &membership).await?;
        }
        if takes_a_seat(&membership.grant) {
            work.meter(Meter::Members, -1);
        }
        let client = only_client(&membership.grant.coverage);
        work.delete(membership.clone(), EventKind::MemberRemoved, client)?;
        work.commit().await?;
        Ok(membership)
    }

    /// Refuses to leave the agency without an owner. The agency is written too, so that of two
    /// owners who go at the same time, one has to look again and finds the other gone.
    async fn keep_an_owner(&self, work: &mut Work<'_>, without: &Membership) -> Result<(), Error> {
        let mut agency: Agency = self.session.load(without.agency_id).await?;
        let filter = MembershipFilter { agency_id: Some(agency.id), ..Default::default() };
        let own_scope = self.session.portal().own_scope()?;
        let all: Vec<Membership> = self.session.store().all(&own_scope, filter).await?;
        if !all.iter().any(|other| other.id != without.id && owns(&other.grant)) {
            let message = "an agency keeps at least one owner";
            return Err(InvalidValue::inconsistent("grant.role", message).into());
        }
        agency.updated_at = work.now();
        work.changes().update(&mut agency);
        Ok(())
    }

    fn offer(
        &self,
        work: &mut Work<'_>,
        email: Email,
        grant: Grant,
        days: u32,
    ) -> Result<(Invitation, SecretText), Error> {
        if !(1..=InvitationDraft::MAX_DAYS).contains(&days) {
            let max = InvitationDraft::MAX_DAYS;
            return Err(InvalidValue::out_of_range("valid_days", 1, max, days).into());
        }
        let (token, token_hash) = self.session.portal().mint(tokens::INVITATION)?;
        let mut invitation = Invitation {
            id: work.id()?,
            version: Version::NEW,
            agency_id: self.session.agency_id(),
            email,
            grant,
            token_hash,
            invited_by: self.session.actor().user(),
            expires_at: work.now() + TimeDelta::days(i64::from(days)),
            accepted_at: None,
            revoked_at: None,
            created_at: work.now(),
        };
        let client = only_client(&invitation.grant.coverage);
        work.insert(&mut invitation, EventKind::InvitationCreated, client)?;
        Ok((invitation, token))
    }

    async fn checked(&self, grant: Grant) -> Result<Grant, Error> {
        grant.validate().map_err(|invalid| invalid.under("grant"))?;
        Ok(Grant { coverage: checked(self.session, grant.coverage).await?, ..grant })
    }

    /// Says early that the plan is full; the place itself is taken when the invitation is.
    async fn check_seats(&self, grant: &Grant) -> Result<(), Error> {
        if !takes_a_seat(grant) {
            return Ok(());
        }
        let (agency, scope) = (self.session.agency(), self.session.scope());
        let used = self.session.store().usage(scope, agency.id, Meter::Members, None).await?;
        Ok(agency.plan.check(Meter::Members, used, 1)?)
    }

    fn may_see(&self, grant: &Grant) -> bool {
        holds_for_some(self.session.scope(), Permission::ViewInternal, &grant.coverage)
    }

    async fn load(&self, id: MembershipId) -> Result<Membership, Error> {
        let found: Membership = self.session.load(id).await?;
        if found.agency_id == self.session.agency_id() {
            Ok(found)
        } else {
            Err(Error::NotFound { kind: EntityKind::Membership, id: id.uuid() })
        }
    }

    async fn load_invitation(&self, id: InvitationId) -> Result<Invitation, Error> {
        let found: Invitation = self.session.load(id).await?;
        if found.agency_id == self.session.agency_id() {
            Ok(found)
        } else {
            Err(Error::NotFound { kind: EntityKind::Invitation, id: id.uuid() })
        }
    }
}

fn not_taken(invitation: &Invitation) -> Result<(), InvalidValue> {
    match invitation.accepted_at {
        None => Ok(()),
        Some(_) => Err(InvalidValue::inconsistent("invitation", "it was taken already")),
    }
}

fn revoke(work: &mut Work<'_>, before: &Invitation) -> Result<Invitation, Error> {
    let mut invitation = before.clone();
    invitation.revoked_at = Some(work.now());
    let client = only_client(&before.grant.coverage);
    work.update(before, &mut invitation, EventKind::InvitationRevoked, client)?;
    Ok(invitation)
}
