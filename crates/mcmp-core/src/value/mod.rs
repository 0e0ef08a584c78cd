//! Small values that are right by construction: names, slugs, addresses, colours, links, money.
//!
//! Each constructor takes the name of the field it fills, so that its error can be shown beside
//! that field. Deserialising runs the same checks.

mod change;
mod color;
mod email;
mod invalid;
mod money;
mod slug;
pub(crate) mod text;
mod web_url;

pub use change::Change;
pub use color::Color;
pub use email::Email;
pub use invalid::{InvalidCode, InvalidValue};
pub use money::{Currency, Money};
pub use slug::Slug;
pub use text::{Label, Markdown, Name, Note};
pub use web_url::WebUrl;
