//! Carrying out edits.

use crate::error::Error;
use crate::value::{InvalidValue, Label, Markdown};

/// Most tags of one thing.
const MAX_TAGS: usize = 50;

/// Sets what was given; what was not, stays.
pub(super) fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

/// What was written, or nothing.
pub(super) fn or_empty(text: Option<Markdown>) -> Result<Markdown, Error> {
    match text {
        Some(text) => Ok(text),
        None => Ok(Markdown::new("description", "")?),
    }
}

/// Refuses a list that is too long.
pub(super) fn at_most<T>(field: &str, max: usize, items: &[T]) -> Result<(), InvalidValue> {
    if items.len() > max {
        return Err(InvalidValue::too_long(field, max, items.len()));
    }
    Ok(())
}

/// Refuses too many tags, and the same one twice.
pub(super) fn check_tags(tags: &[Label]) -> Result<(), InvalidValue> {
    at_most("tags", MAX_TAGS, tags)?;
    for (i, tag) in tags.iter().enumerate() {
        if tags.iter().take(i).any(|earlier| earlier == tag) {
            return Err(InvalidValue::duplicate(format!("tags[{i}]"), tag));
        }
    }
    Ok(())
}
