//! Connecting accounts with OAuth 2: the login with PKCE, and a grant's refresh and end.
//!
//! ```no_run
//! # async fn connect(query: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use mcmp_core::entropy::SystemEntropy;
//! use mcmp_platforms::http::{HttpClient, HttpSettings};
//! use mcmp_platforms::oauth::{OAuth, OAuthApp};
//!
//! let app = OAuthApp::new(
//!     "client-id",
//!     "https://platform.example/oauth2/authorize",
//!     "https://platform.example/oauth2/token",
//!     "https://mcmp.example/connected",
//! )?
//! .secret("client-secret".into())
//! .scope("posts.write");
//! let oauth = OAuth::new(HttpClient::new(&HttpSettings::new())?, app);
//!
//! // Keep `login.pending` in the person's session, and send them to `login.url`.
//! let login = oauth.begin(&SystemEntropy)?;
//! // They come back to the redirect address, with `query` in it.
//! let now = chrono::DateTime::UNIX_EPOCH; // the clock's
//! let grant = oauth.finish(&login.pending, query, now).await?;
//! # Ok(()) }
//! ```

mod app;
mod client;
mod grant;
mod login;

pub use app::{ClientAuth, OAuthApp};
pub use client::OAuth;
pub use grant::Grant;
pub use login::{Login, PendingLogin};
