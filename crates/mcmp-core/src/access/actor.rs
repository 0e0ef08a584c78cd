//! Who asks.

use chrono::{DateTime, Utc};

use super::actor_ref::ActorRef;
use super::denied::Denied;
use super::scope::Scope;
use crate::approval::ReviewLink;
use crate::id::{AgencyId, UserId};
use crate::member::{ApiKey, Membership};

/// Who asks: made by the host once it knows who that is. Core never sees a password or a cookie.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Actor {
    /// A person, with all memberships that person has.
    User {
        /// Who.
        user_id: UserId,
        /// What that person may do where; those of other people are passed over.
        memberships: Vec<Membership>,
    },
    /// A program.
    ApiKey(Box<ApiKey>),
    /// Whoever holds a review link.
    Guest(Box<ReviewLink>),
    /// MCMP itself, such as its scheduler: sees everything.
    System {
        /// Which part.
        name: String,
    },
}

impl Actor {
    /// A person with memberships.
    #[must_use]
    pub fn user(user_id: UserId, memberships: Vec<Membership>) -> Self {
        Self::User { user_id, memberships }
    }

    /// MCMP itself. Whoever can call this sees everything: it is for workers and for signing in,
    /// never for what a request asks.
    #[must_use]
    pub fn system(name: impl Into<String>) -> Self {
        Self::System { name: name.into() }
    }

    /// How it is kept in history and events.
    #[must_use]
    pub fn as_ref(&self) -> ActorRef {
        match self {
            Self::User { user_id, .. } => ActorRef::User(*user_id),
            Self::ApiKey(key) => ActorRef::ApiKey(key.id),
            Self::Guest(link) => ActorRef::Guest(link.id),
            Self::System { name } => ActorRef::System(name.clone()),
        }
    }

    /// What it reaches in `agency`.
    ///
    /// # Errors
    /// [`Denied::NotAMember`] if it has nothing to do with the agency, [`Denied::Expired`] if its
    /// key or link has ended at `now`.
    pub fn scope(&self, agency: AgencyId, now: DateTime<Utc>) -> Result<Scope, Denied> {
        match self {
            Self::User { user_id, memberships } => {
                Scope::of_memberships(*user_id, agency, memberships)
            }
            Self::ApiKey(key) if key.agency_id != agency => Err(Denied::NotAMember { agency }),
            Self::ApiKey(key) if !key.is_valid(now) => Err(Denied::Expired),
            Self::ApiKey(key) => Ok(Scope::of_api_key(key)),
            Self::Guest(link) if link.agency_id != agency => Err(Denied::NotAMember { agency }),
            Self::Guest(link) if !link.is_valid(now) => Err(Denied::Expired),
            Self::Guest(link) => Ok(Scope::of_guest(link)),
            Self::System { name } => Ok(Scope::of_system(name, Some(agency))),
        }
    }

    /// What it reaches outside any agency: a person its own record and notifications, the system
    /// everything.
    ///
    /// # Errors
    /// [`Denied::NoAgency`] for keys and links, which belong to one agency.
    pub fn own_scope(&self) -> Result<Scope, Denied> {
        match self {
            Self::User { user_id, .. } => Ok(Scope::of_person(*user_id)),
            Self::System { name } => Ok(Scope::of_system(name, None)),
            Self::ApiKey(_) | Self::Guest(_) => Err(Denied::NoAgency),
        }
    }
}
