//! One HTTP client for every platform: what it sends, what it takes in, and what a failure means.
//!
//! | file | holds |
//! |---|---|
//! | `settings`, `tls` | time-outs, limits, certificates |
//! | `client` | [`HttpClient`]: to fixed hosts, or guarded, to addresses that tenants enter |
//! | `request`, `answer` | what is sent, what came back, and what it means if nothing better is known |
//! | `failure` | what a broken call proves |
//! | `redact` | no secret in what is kept of an answer |
//! | `retry_after`, `rate_headers` | when the platform takes calls again, and how many |

mod answer;
mod client;
mod failure;
mod rate_headers;
mod redact;
mod request;
mod retry_after;
mod settings;
mod tls;

pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
pub use url::Url;

pub use answer::HttpAnswer;
pub use client::HttpClient;
pub use failure::CallKind;
pub use rate_headers::{RateHeaders, ResetForm, exhausted, ietf_rates};
pub use redact::Redactor;
pub use request::{HttpRequest, parse_url};
pub use retry_after::{LONGEST_WAIT, retry_after};
pub use settings::{HttpSettings, HttpSetupError};
