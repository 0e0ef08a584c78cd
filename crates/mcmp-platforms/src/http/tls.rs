//! TLS: rustls with ring, handed to the client.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::settings::{HttpSettings, HttpSetupError};

/// Nothing is installed for the whole process, so an embedder's own choice of a provider neither
/// matters nor is touched. The roots are Mozilla's, compiled in, and those that the settings add:
/// a container image without certificate files works, and behaves as every other machine.
pub(super) fn config(settings: &HttpSettings) -> Result<ClientConfig, HttpSetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for der in &settings.roots {
        roots.add(der.clone()).map_err(|error| HttpSetupError::Root(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpSetupError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
