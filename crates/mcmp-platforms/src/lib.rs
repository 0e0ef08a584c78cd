//! The platforms MCMP publishes to, over one guarded HTTP client.
//!
//! # What is here
//! | module | holds |
//! |---|---|
//! | [`http`] | the client: limits, error classes, secrets kept out of what is kept |
//! | [`guard`] | addresses that tenants enter lead to the public internet or nowhere |
//! | [`media`] | files on their way to a platform, in bounded memory |
//! | [`oauth`] | connecting accounts with OAuth 2 and PKCE, refreshing and ending their grants |
//! | [`signing`] | Standard Webhooks: signing messages, and checking them |
//! | [`website_webhook`] | the platform for any website, over signed messages |
//! | [`wordpress`] | WordPress sites, self-hosted and on WordPress.com |
//!
//! # How to add a platform
//! One module and one file of limits, in this crate or in your own:
//!
//! 1. Limits: a TOML file as those in `mcmp-core/src/rules/limits/data`, each number with its
//!    source. A crate of your own adds it with
//!    [`LimitsBook::insert_toml`](mcmp_core::rules::limits::LimitsBook::insert_toml).
//! 2. The module: a type that holds an [`http::HttpClient`] and implements
//!    [`Publisher`](mcmp_core::publishing::Publisher). Take
//!    [`HttpClient::guarded`](http::HttpClient::guarded) if accounts bring their own address.
//!    Make each call with [`HttpClient::send`](http::HttpClient::send) and say whether it is
//!    [visible](http::CallKind); map the platform's own codes to classes and leave the rest to
//!    [`HttpAnswer::error`](http::HttpAnswer::error). Media go out with
//!    [`HttpClient::send_media`](http::HttpClient::send_media).
//! 3. A cargo feature of its name, a strict fake of the platform under `tests/it` that refuses
//!    whatever the real one would refuse, and the publishers' conformance kit run on it:
//!    `mcmp_core::publisher_conformance!`.
//! 4. Register it: `Publishers::new().with(Arc::new(YourPlatform::new(&settings)?))`.

pub mod guard;
pub mod http;
pub mod media;
pub mod oauth;
pub mod signing;
#[cfg(feature = "website-webhook")]
pub mod website_webhook;
#[cfg(feature = "wordpress")]
pub mod wordpress;
