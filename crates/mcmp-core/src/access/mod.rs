//! Who asks, and what they reach.
//!
//! A host authenticates a request and makes an [`Actor`] of it. The actor opens a [`Scope`] in one
//! agency: the clients it reaches and what it may do there. Every store read takes a scope, and a
//! scope is made nowhere else: a query that forgets the tenant does not compile.
//!
//! ```compile_fail
//! use mcmp_core::access::Scope;
//!
//! let everything = Scope { reach: mcmp_core::access::Reach::Everything };
//! ```

mod actor;
mod actor_ref;
mod denied;
mod grants;
mod scope;
mod tenancy;

pub use actor::Actor;
pub use actor_ref::ActorRef;
pub use denied::Denied;
pub use grants::{GrantRefused, may_grant};
pub use scope::{Reach, Scope};
pub use tenancy::Tenancy;
