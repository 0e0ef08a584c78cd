//! How lists are asked for: sorted, in pages, by key and not by offset.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entity::Entity;
use super::filter::Filter;
use crate::id::Id;
use crate::value::InvalidValue;

/// What a list is sorted by; ties, and [`Sort::Created`] itself, go by id, which is the order of making.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sort {
    /// When it was made.
    #[default]
    Created,
    /// When it last changed.
    Updated,
    /// When it goes out, is due, ends or was taken, whichever the kind has; what has no such time
    /// comes after all that have one, and so first where the largest come first.
    Planned,
    /// Its place among others, such as a task's in its column.
    Position,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smallest, oldest first.
    #[default]
    Ascending,
    /// Largest, newest first.
    Descending,
}

/// A place in a sorted list: the key and the id of the last item seen.
///
/// A cursor names a place, not a permission: the scope is applied anew to every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The sort it belongs to.
    pub sort: Sort,
    /// The last item's key.
    pub key: i64,
    /// The last item's id.
    pub id: Uuid,
}

impl Cursor {
    /// The cursor as text for links: `created-0-<uuid>`, opaque to its holder.
    #[must_use]
    pub fn encode(&self) -> String {
        let sort = match self.sort {
            Sort::Created => 'c',
            Sort::Updated => 'u',
            Sort::Planned => 'p',
            Sort::Position => 'o',
        };
        format!("{sort}{:016x}{}", self.key, self.id.simple())
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn decode(text: &str) -> Result<Self, InvalidValue> {
        let refused = || InvalidValue::malformed("cursor", "a cursor from an earlier page", text);
        let sort = match text.get(..1) {
            Some("c") => Sort::Created,
            Some("u") => Sort::Updated,
            Some("p") => Sort::Planned,
            Some("o") => Sort::Position,
            _ => return Err(refused()),
        };
        let key = text.get(1..17).ok_or_else(refused)?;
        let id = text.get(17..).ok_or_else(refused)?;
        let key = u64::from_str_radix(key, 16).map_err(|_| refused())?.cast_signed();
        Ok(Self { sort, key, id: Uuid::try_parse(id).map_err(|_| refused())? })
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.encode()
    }
}

impl TryFrom<String> for Cursor {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::decode(&text)
    }
}

/// A page of a sorted, filtered list.
#[derive(Debug, Clone)]
pub struct Query<E: Entity> {
    /// What to narrow it by.
    pub filter: E::Filter,
    /// What to sort by.
    pub sort: Sort,
    /// Which end comes first.
    pub direction: Direction,
    /// Most items, 1 to [`MAX_LIMIT`](Self::MAX_LIMIT).
    pub limit: usize,
    /// The last page's [`next`](Page::next).
    pub after: Option<Cursor>,
}

impl<E: Entity> Query<E> {
    /// Most items of a page.
    pub const MAX_LIMIT: usize = 500;

    /// Oldest first, 50 to a page.
    #[must_use]
    pub fn new(filter: E::Filter) -> Self {
        Self {
            filter,
            sort: Sort::Created,
            direction: Direction::Ascending,
            limit: 50,
            after: None,
        }
    }

    /// Sorted by something else.
    #[must_use]
    pub fn sorted(mut self, sort: Sort, direction: Direction) -> Self {
        (self.sort, self.direction) = (sort, direction);
        self
    }

    /// With so many items to a page.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// After this place.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }

    /// Checks what a store relies on; every store calls it first.
    ///
    /// # Errors
    /// A limit out of range, a sort that this kind does not have, or a cursor of another sort.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if !(1..=Self::MAX_LIMIT).contains(&self.limit) {
            return Err(InvalidValue::out_of_range("limit", 1, Self::MAX_LIMIT, self.limit));
        }
        if !E::Filter::SORTS.contains(&self.sort) {
            return Err(InvalidValue::unknown("sort", format_args!("{:?}", self.sort)));
        }
        match &self.after {
            Some(cursor) if cursor.sort != self.sort => {
                Err(InvalidValue::inconsistent("cursor", "belongs to a list with another sort"))
            }
            Some(cursor) if cursor.sort == Sort::Created && cursor.key != 0 => {
                Err(InvalidValue::malformed("cursor", "a cursor from an earlier page", cursor.key))
            }
            _ => Ok(()),
        }
    }

    /// The cursor that stands at `entity`.
    #[must_use]
    pub fn cursor_at(&self, entity: &E) -> Cursor {
        Cursor {
            sort: self.sort,
            key: E::Filter::sort_key(entity, self.sort),
            id: entity.id().uuid(),
        }
    }
}

/// Some items of a list, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where it goes on; `None` at its end.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page with each item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}
