//! How the client is set up.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use crate::guard::GuardPolicy;

/// Why no client could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpSetupError {
    /// A certificate that was added is none.
    #[error("a root certificate was refused: {0}")]
    Root(String),
    /// The operator's name can't stand in a header.
    #[error("the operator's name {0:?} can't stand in the User-Agent header")]
    Operator(String),
    /// Anything else.
    #[error("no HTTP client could be made: {0}")]
    Client(String),
}

/// Time-outs, limits, certificates and the rules for addresses that tenants enter.
///
/// ```
/// use std::time::Duration;
/// use mcmp_platforms::http::{HttpClient, HttpSettings};
///
/// let settings = HttpSettings::new()
///     .operator("agency.example; ops@agency.example")
///     .timeout(Duration::from_secs(20));
/// let client = HttpClient::guarded(&settings)?;
/// # Ok::<(), mcmp_platforms::http::HttpSetupError>(())
/// ```
#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub(super) operator: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) upload_timeout: Duration,
    pub(super) max_answer: usize,
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) guard: Arc<GuardPolicy>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpSettings {
    /// 5 seconds to connect, 30 for a whole call, 10 minutes for an upload; answers of up to
    /// 1 MiB; Mozilla's root certificates; tenants' addresses must be public.
    #[must_use]
    pub fn new() -> Self {
        Self {
            operator: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(600),
            max_answer: 1024 * 1024,
            roots: Vec::new(),
            guard: Arc::new(GuardPolicy::new()),
        }
    }

    /// For tests: as [`new`](Self::new), and servers on this machine can be asked, over `http` as
    /// well.
    #[must_use]
    pub fn loopback() -> Self {
        Self::new().guard(GuardPolicy::loopback())
    }

    /// Who runs this, so that a platform's people know whom to write to: follows `mcmp/<version>`
    /// in the `User-Agent` header.
    #[must_use]
    pub fn operator(mut self, operator: impl Into<String>) -> Self {
        self.operator = Some(operator.into());
        self
    }

    /// How long connecting may take, the name's look-up and TLS included.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a whole call may take, its answer included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a whole call may take, unless it is less already.
    #[must_use]
    pub fn timeout_at_most(self, timeout: Duration) -> Self {
        let shorter = timeout.min(self.timeout);
        self.timeout(shorter)
    }

    /// How long a call that carries a media file may take.
    #[must_use]
    pub fn upload_timeout(mut self, timeout: Duration) -> Self {
        self.upload_timeout = timeout;
        self
    }

    /// Most bytes of an answer that are read.
    #[must_use]
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Also trusts this certificate, in DER form: that of a private authority.
    #[must_use]
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(CertificateDer::from(der.into()));
        self
    }

    /// The rules for addresses that tenants enter.
    #[must_use]
    pub fn guard(mut self, policy: GuardPolicy) -> Self {
        self.guard = Arc::new(policy);
        self
    }
}
