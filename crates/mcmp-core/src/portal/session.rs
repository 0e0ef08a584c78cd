//! One actor in one agency.

use chrono::{DateTime, Utc};

use super::{
    Accounts, Agencies, ApiKeys, AssetLibrary, Audit, Briefs, Calendars, Campaigns, Clients,
    Comments, Creators, Grants, Members, Notifications, Portal, Posts, RecurringPosts, Reviews,
    Slots, Tasks, Webhooks, Work,
};

use crate::access::{ActorRef, Denied, Scope};
use crate::agency::{Agency, AgencyStatus, Feature};
use crate::error::Error;
use crate::id::{AgencyId, ClientId, Id};
use crate::member::Permission;
use crate::store::{Entity, EntityKind, Read, Store, StoreExt};

/// What one actor can do in one agency; made for one request.
#[derive(Debug, Clone)]
pub struct Session {
    portal: Portal,
    scope: Scope,
    agency: Agency,
}

/// Makes one accessor per group of use cases.
macro_rules! use_cases {
    ($($(#[$doc:meta])* $name:ident: $group:ident,)+) => {
        impl Session {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name(&self) -> $group<'_> {
                $group { session: self }
            }
        )+}
    };
}

use_cases! {
    /// The agency itself: its name, how it looks, how its people sign in, its plan.
    agencies: Agencies,
    /// Members and invitations.
    members: Members,
    /// Keys for programs.
    api_keys: ApiKeys,
    /// Clients and their settings.
    clients: Clients,
    /// Connected channels.
    accounts: Accounts,
    /// Channels' tokens; for the system alone.
    grants: Grants,
    /// Posts and their life.
    posts: Posts,
    /// What people say about posts.
    comments: Comments,
    /// Review links for people without an account.
    reviews: Reviews,
    /// Campaigns: what belongs together.
    campaigns: Campaigns,
    /// Briefs: what is asked of creators.
    briefs: Briefs,
    /// Creators: who makes media for a client.
    creators: Creators,
    /// Tasks, and the board that shows them.
    tasks: Tasks,
    /// The asset libraries.
    assets: AssetLibrary,
    /// Calendars: what goes out when.
    calendars: Calendars,
    /// Queue slots.
    slots: Slots,
    /// Recurring posts.
    series: RecurringPosts,
    /// What the actor was told.
    notifications: Notifications,
    /// Endpoints that are told what happened.
    webhooks: Webhooks,
    /// The log of everything that happened.
    audit: Audit,
}

impl Session {
    pub(super) fn open(portal: Portal, scope: Scope, agency: Agency) -> Result<Self, Error> {
        let session = Self { portal, scope, agency };
        match session.agency.status {
            AgencyStatus::Deleted if !session.scope.is_system() => {
                Err(Denied::AgencyClosed { status: session.agency.status }.into())
            }
            _ => Ok(session),
        }
    }

    /// The agency, as it was when the session was opened.
    #[must_use]
    pub fn agency(&self) -> &Agency {
        &self.agency
    }

    /// What the actor reaches.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn portal(&self) -> &Portal {
        &self.portal
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.portal.store().as_ref()
    }

    pub(crate) fn agency_id(&self) -> AgencyId {
        self.agency.id
    }

    pub(crate) fn actor(&self) -> &ActorRef {
        self.scope.actor()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.portal.now()
    }

    /// Begins to change something: refused while the agency is suspended.
    pub(crate) fn work(&self) -> Result<Work<'_>, Error> {
        match self.agency.status {
            AgencyStatus::Active => Ok(Work::new(self)),
            // The system goes on: what is under way comes to its end, what is closed is tidied up.
            _ if self.scope.is_system() => Ok(Work::new(self)),
            status => Err(Denied::AgencyClosed { status }.into()),
        }
    }

    /// Begins to change something that jobs may follow. Its time is the store's: workers and their
    /// leases go by that, whatever this machine's clock shows.
    pub(crate) async fn work_on_jobs(&self) -> Result<Work<'_>, Error> {
        // Who may not change anything is told so first.
        self.work()?;
        Ok(Work::at(self, self.store().now().await?))
    }

    /// Refuses what the plan does not include.
    pub(crate) fn require_feature(&self, feature: Feature) -> Result<(), Error> {
        Ok(self.agency.plan.require(feature)?)
    }

    /// Refuses what the actor may not do for `client`. A client out of reach is not there.
    pub(crate) fn require(&self, permission: Permission, client: ClientId) -> Result<(), Error> {
        if self.scope.permissions(client).is_empty() {
            return Err(Error::NotFound { kind: EntityKind::Client, id: client.uuid() });
        }
        Ok(self.scope.require(permission, client)?)
    }

    /// One entity, or that it is not there.
    pub(crate) async fn load<E: Entity>(&self, id: E::Id) -> Result<E, Error>
    where
        dyn Store: Read<E>,
    {
        let found: Option<E> = self.store().find(&self.scope, id).await?;
        found.ok_or(Error::NotFound { kind: E::KIND, id: id.uuid() })
    }
}

/// Carries out a use case again while somebody else's commit comes first, up to five times. For
/// actions that make sense on whatever state things are in by then; an edit of what a person was
/// looking at names its version instead and is a conflict.
pub(crate) async fn retrying<T, A>(mut attempt: impl FnMut() -> A) -> Result<T, Error>
where
    // Not `AsyncFnMut`: nothing could tell that its futures are `Send`, as those of use cases must be.
    A: Future<Output = Result<T, Error>>,
{
    let mut tries_left = 5;
    loop {
        match attempt().await {
            Err(Error::Conflict { .. }) if tries_left > 1 => tries_left -= 1,
            Err(Error::AlreadyExists { kind: EntityKind::Notification, .. }) if tries_left > 1 => {
                tries_left -= 1;
            }
            result => return result,
        }
    }
}
