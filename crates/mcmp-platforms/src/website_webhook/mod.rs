//! Any website that takes posts as signed messages: the platform
//! [`website`](mcmp_core::account::Platform::WEBSITE).
//!
//! # What a site receives
//! A POST of JSON, signed as in [`signing`](crate::signing):
//!
//! ```json
//! {
//!   "type": "post.published",
//!   "timestamp": "2026-11-21T10:00:00Z",
//!   "data": {
//!     "post_id": "0193…", "revision": "0193…", "client_id": "0193…",
//!     "kind": "article", "title": "Fresh bread", "slug": "fresh-bread", "text": "…",
//!     "link": "https://…", "scheduled_at": "2026-11-21T10:00:00Z",
//!     "media": [{ "url": "https://…", "mime": "image/jpeg", "kind": "image", "name": "bread.jpg",
//!                 "bytes": 48213, "sha256": "…", "width": 1200, "height": 800,
//!                 "duration_ms": null, "alt": "A loaf" }],
//!     "fields": {}
//!   }
//! }
//! ```
//!
//! | type | when | `data` |
//! |---|---|---|
//! | `post.published` | a post is due | as above |
//! | `post.updated` | what is live was changed | as above, with `remote` as below |
//! | `post.deleted` | what is live is to go | `remote`: the `id` and `url` that the site answered; the post's id if it told none |
//! | `ping` | the endpoint is connected | empty |
//!
//! `timestamp` is when it happened; for `post.published`, when the post was due, so that a
//! repetition is the same message but for links to media, which may be signed anew. `text` is the
//! post's text as it was written. A later `revision` of a post is greater than an earlier one,
//! compared as text. A medium has a `url` where the media storage can sign one, good for four days;
//! without it only its name, size and checksum are told. A message has at most
//! [`MAX_BODY`](WebsiteWebhook::MAX_BODY) bytes.
//!
//! # What a site must do
//! - Check the signature over the raw body, and that the time is not more than five minutes off.
//! - **Act once per `webhook-id`**: a message whose answer was lost comes again under the same id,
//!   a few times. It may be answered with 200 and the same body, or with 409 and a body that
//!   names the message's id or the post's. Keep ids for four days.
//! - Take a `post.published` of a post it has already as a new version of it.
//! - Answer within 20 seconds, with any 2xx once it has the post: shown, or sure to be. The body may
//!   be `{"id": "…", "url": "…"}`, both optional: the site's own id, and where the post is to be
//!   seen. `url` counts if it is on the endpoint's own domain, or on one that the account names in
//!   its metadata as `permalink_domains`.
//!
//! # What its answers mean
//! | status | meaning |
//! |---|---|
//! | 200 to 299 | taken |
//! | 409 with the message's or the post's id in the body | taken before |
//! | 400, 413, 415, 422 | the content is not taken |
//! | 401, 403 | the signature is not accepted: connect again, with the right secret |
//! | 410 | the endpoint is gone: nothing is sent any more until it is connected again |
//! | 3xx, 404, 405 | the address is wrong; redirects are not followed |
//! | 429 | not before `Retry-After` |
//! | anything else | open: it comes again |

mod connect;
mod endpoint;
mod payload;
mod publisher;
mod site_answer;

pub use endpoint::{ENDPOINT, PERMALINK_DOMAINS};
pub use publisher::WebsiteWebhook;
