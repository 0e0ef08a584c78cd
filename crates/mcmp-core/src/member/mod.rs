//! People and programs: who they are and what they may do.

mod api_key;
mod membership;
mod permission;
mod user;

pub use api_key::ApiKey;
pub use membership::{Coverage, Grant, Invitation, Membership};
pub use permission::{Permission, PermissionSet, Role};
pub use user::{LinkedIdentity, NotificationPreferences, User};
