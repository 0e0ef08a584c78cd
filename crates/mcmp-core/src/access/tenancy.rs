//! Who a stored thing belongs to.

use crate::id::{AgencyId, ClientId, UserId};

/// Whose an entity is, and so which scopes see it; [`Scope::sees`](super::Scope::sees) is the one
/// place that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenancy<'a> {
    /// Seen by every scope of the agency: its name, its branding.
    Agency(AgencyId),
    /// Seen by scopes that cover the whole agency only.
    AgencyWide(AgencyId),
    /// One client's: seen by scopes that cover this client. Nearly everything is of this kind.
    Client(AgencyId, ClientId),
    /// Of several clients of an agency, seen by scopes that cover one of them. An empty list is none.
    Clients(AgencyId, &'a [ClientId]),
    /// A person's own.
    Person(UserId),
    /// The installation's own: seen by the system alone.
    Installation,
    /// Addressed to a person: seen by that person alone, written from within the client it is
    /// about, or the agency if it is about none.
    AddressedTo(UserId, AgencyId, Option<ClientId>),
    /// A line of the log: seen as its client's, or by scopes that cover the whole agency if it is
    /// of none; written by whoever acts there.
    Log(AgencyId, Option<ClientId>),
}
