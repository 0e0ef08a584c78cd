//! Against a real WordPress, with a whole portal before it.
//!
//! | file | holds |
//! |---|---|
//! | `whole` | everything a post can have, from the draft to its end |
//! | `trouble` | what goes wrong between us and the site |
//! | `finding` | what a look-up finds, and what it does not |
//! | `engine`, `stores` | whole engines, killed on the way, on each store |
//! | `forms` | sites, users, post types and words of every form |

mod engine;
mod finding;
mod forms;
mod stores;
mod trouble;
mod whole;

use mcmp_core::id::Id as _;
use mcmp_core::post::WordPressOptions;
use mcmp_core::value::Label;

use super::desk::Desk;

pub(super) fn labels(names: &[&str]) -> Vec<Label> {
    names.iter().map(|name| Label::new("label", name).unwrap()).collect()
}

pub(super) fn plain() -> WordPressOptions {
    WordPressOptions::default()
}

/// A word that no other test and no earlier run has, even one of the same millisecond.
pub(super) fn unique(desk: &Desk, word: &str) -> String {
    let client = desk.client.uuid().simple().to_string();
    // Its last digits are random.
    format!("{word}{}{}", desk.now().timestamp_millis(), &client[24..])
}
