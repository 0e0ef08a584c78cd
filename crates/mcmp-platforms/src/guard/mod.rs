//! The guard before addresses that tenants enter: their websites, their webhook endpoints.
//!
//! Such an address may lead into the network of whoever runs MCMP: to a database's port, to the
//! metadata service of a cloud, to a router (server-side request forgery,
//! <https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/>). So the
//! written address is checked before each request, and every address its name leads to as the
//! connection is made. [`HttpClient::guarded`](crate::http::HttpClient::guarded) does both.

mod address;
mod policy;
mod resolver;
#[cfg(test)]
mod tests;

pub use policy::GuardPolicy;
pub(crate) use resolver::{GuardedResolver, LookupFailed};

/// Why an address is not asked. It does not say where a name leads: a tenant learns nothing about
/// the network behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardRefusal {
    /// Not `https`.
    #[error("the address must start with https://")]
    Scheme,
    /// A user name or a password inside.
    #[error("the address must not carry a user name or a password")]
    Credentials,
    /// No host.
    #[error("the address has no host")]
    NoHost,
    /// A port that is not allowed.
    #[error("port {port} is not allowed")]
    Port {
        /// Which.
        port: u16,
    },
    /// It leads to a network that is not public.
    #[error("the address does not lead to the public internet; whoever runs MCMP can allow it")]
    NotPublic,
}

impl GuardRefusal {
    /// The code that errors carry.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Scheme => "guard_scheme",
            Self::Credentials => "guard_credentials",
            Self::NoHost => "guard_no_host",
            Self::Port { .. } => "guard_port",
            Self::NotPublic => "guard_not_public",
        }
    }
}
