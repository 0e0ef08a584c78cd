//! Text as the platforms see it: how long it is for each, what it links, tags and mentions, and how
//! it must be escaped. Pure functions over `&str`; nothing here knows a limit.

mod chars;
mod clusters;
mod count;
mod emoji;
mod emoji_table;
mod entities;
mod fold;
pub mod linkedin;
mod punycode;
mod tlds;
mod url;
mod url_tail;
mod words;
mod x_weight;

pub use count::{CountUnit, Measured, count, youtube_tags_length};
pub use entities::{Entities, Span, Syntax, extract, extract_as};
pub use fold::{fold, same_tag};
pub use words::{WordMatch, WordMatcher};
pub use x_weight::{WeightRange, XLength, XWeights, parse_x, parse_x_with};

#[cfg(test)]
mod entities_tests;
#[cfg(test)]
mod tests;
