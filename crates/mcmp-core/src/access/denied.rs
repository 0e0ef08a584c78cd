//! Why somebody may not.

use serde::Serialize;

use crate::agency::AgencyStatus;
use crate::id::{AgencyId, ClientId};
use crate::member::{Permission, Role};

/// Why somebody may not, and who could.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum Denied {
    /// It takes a permission that is missing.
    #[error("it takes the permission {permission}")]
    Missing {
        /// Which permission.
        permission: Permission,
        /// For which client; `None` is the agency itself.
        client: Option<ClientId>,
        /// The roles that come with it.
        who_could: &'static [Role],
    },
    /// It takes a membership for the whole agency.
    #[error("it takes a membership for the whole agency")]
    NeedsWholeAgency {
        /// Which permission, held for the whole agency.
        permission: Permission,
        /// The roles that come with it.
        who_could: &'static [Role],
    },
    /// Nothing to do with this agency.
    #[error("not a member of this agency")]
    NotAMember {
        /// Which agency.
        agency: AgencyId,
    },
    /// The key or link has ended, or was revoked.
    #[error("the key or link has ended")]
    Expired,
    /// Keys and links belong to one agency.
    #[error("a key or link acts within its agency only")]
    NoAgency,
    /// A review link opens a review and nothing else.
    #[error("a review link opens a review only")]
    ReviewOnly,
    /// It is somebody else's own.
    #[error("only whoever made it may do that")]
    NotYours,
    /// It takes a person, or the system.
    #[error("this takes a signed-in person")]
    NeedsPerson,
    /// It takes the system itself.
    #[error("this is for the system itself")]
    NeedsSystem,
    /// The agency is suspended or closed.
    #[error("the agency is {status:?}")]
    AgencyClosed {
        /// Its status.
        status: AgencyStatus,
    },
}
