//! Names to addresses, with every address checked: the connection is made to the very addresses
//! that were, so that a name which answers differently the next time gains nothing.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::GuardPolicy;

/// Looks a name up.
pub(super) type Lookup = Arc<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>
        + Send
        + Sync,
>;

/// The name could not be looked up: nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the name {host} could not be looked up: {source}")]
pub(crate) struct LookupFailed {
    host: String,
    source: std::io::Error,
}

/// The system's resolver behind a [`GuardPolicy`].
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    policy: Arc<GuardPolicy>,
    lookup: Lookup,
}

impl GuardedResolver {
    pub(crate) fn new(policy: Arc<GuardPolicy>) -> Self {
        // Port 0 is replaced by the URL's.
        let system = |host: String| -> Pin<Box<dyn Future<Output = _> + Send>> {
            Box::pin(async move {
                Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect::<Vec<_>>())
            })
        };
        Self { policy, lookup: Arc::new(system) }
    }

    #[cfg(test)]
    pub(super) fn with_lookup(policy: GuardPolicy, lookup: Lookup) -> Self {
        Self { policy: Arc::new(policy), lookup }
    }

    pub(super) async fn addresses(
        &self,
        host: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let found = (self.lookup)(host.to_owned())
            .await
            .map_err(|source| LookupFailed { host: host.to_owned(), source })?;
        if found.is_empty() {
            let source = std::io::ErrorKind::NotFound.into();
            return Err(LookupFailed { host: host.to_owned(), source }.into());
        }
        Ok(self.policy.filter(host, &found, SocketAddr::ip)?)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let allowed = resolver.addresses(name.as_str()).await?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
