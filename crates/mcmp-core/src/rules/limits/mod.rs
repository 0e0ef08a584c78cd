//! What each platform takes, as data: one file per platform, every number with its source.
//!
//! A file has five parts:
//!
//! - `platform` and `name`;
//! - `[sources]`: short keys for links; each limit names one of them;
//! - `[common]`: [`KindLimits`] that hold for every kind of post;
//! - `[kinds.<kind>]`: one section for each kind of post that the platform has, laid over `common`;
//! - `[profiles.<name>]`: a patch (`common`, `kinds`) for accounts that get other limits, such as
//!   subscribers.
//!
//! Platforms change their numbers and publish conflicting ones, so an operator can lay a patch of
//! the same shape over a file at run time, with [`LimitsBook::with_override`]. In a section laid
//! over another, `{ remove = true }` takes away what stood there.
//!
//! ```
//! use mcmp_core::account::Platform;
//! use mcmp_core::post::PostKind;
//! use mcmp_core::rules::limits::LimitsBook;
//!
//! let book = LimitsBook::bundled()?
//!     .with_override(&Platform::X, "[common.text]\nmax = { value = 4000 }")?;
//! let x = book.limits_for(&Platform::X, None).expect("bundled");
//! assert_eq!(x.kinds[&PostKind::Feed].text.max.as_ref().expect("limited").value, 4000);
//! # Ok::<(), mcmp_core::rules::limits::LimitsError>(())
//! ```

mod book;
mod layer;
mod schema;
#[cfg(test)]
mod tests;
mod value;

pub use book::{LimitsBook, LimitsError, OPERATOR_SOURCE};
pub use schema::{
    ContentPart, CountLimits, FileLimits, KindLimits, LinkLimits, MediaLimits, Mixing,
    OptionLimits, PlatformLimits, TextLimits, ThreadLimits, Uniform,
};
pub use value::{Limit, Ratio};
