//! What a store keeps beside each entity to find it by: a few fields with plain values, and what
//! filters and scopes ask of them. It says in data what [`Filter::matches`](super::Filter::matches)
//! and [`Scope::sees`] say in code, so that a database can answer by an index.
//!
//! A store keeps the whole entity, a column or key for each of its kind's [`Field`]s, and translates
//! [`Condition`]s into its own language. A new field of a filter is then a new column, and no new
//! code.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::query::Sort;
use crate::access::{Reach, Scope};
use crate::id::{ClientId, Id};

/// A single value that things are found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// True or false.
    Flag(bool),
    /// A whole number: a count, a time in milliseconds or a date in days, since 1970-01-01 UTC.
    Number(i64),
    /// An id.
    Id(Uuid),
    /// A text, compared byte for byte.
    Text(String),
}

/// What a [`Field`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// True or false.
    Flag,
    /// A whole number; a field that lists are sorted by always has one.
    Number,
    /// An id.
    Id,
    /// A text.
    Text,
    /// Any number of ids.
    Ids,
    /// Any number of texts.
    Texts,
}

/// Something that entities of a kind are found or sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name, in snake_case.
    pub name: &'static str,
    /// What it holds.
    pub field_type: FieldType,
    /// What lists are sorted by it; its value is the [sort key](super::Filter::sort_key) then.
    pub sort: Option<Sort>,
}

/// What an entity has in a [`Field`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Nothing.
    None,
    /// One value.
    One(Key),
    /// Any number of them, in a field of [`FieldType::Ids`] or [`FieldType::Texts`].
    Many(Vec<Key>),
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Its value, or one of its values, is one of these.
    OneOf(&'static str, Vec<Key>),
    /// It has a value, or has none.
    IsSet(&'static str, bool),
    /// It has a number, and this or a larger one.
    AtLeast(&'static str, i64),
    /// It has a number, and a smaller one.
    Below(&'static str, i64),
    /// Its text holds this one, which is [folded](crate::rules::text::fold) as the field's is.
    Holds(&'static str, String),
    /// One of these holds.
    Any(Vec<Condition>),
}

impl Condition {
    /// Whether it holds for an entity with these fields, whose values stand in the fields' order.
    /// A store need not call it: it is the meaning of a condition, to test against.
    #[must_use]
    pub fn holds(&self, fields: &[Field], values: &[FieldValue]) -> bool {
        let value = |name: &str| {
            fields.iter().zip(values).find(|(field, _)| field.name == name).map(|(_, value)| value)
        };
        let number = |name: &str| match value(name) {
            Some(FieldValue::One(Key::Number(number))) => Some(*number),
            _ => None,
        };
        match self {
            Self::OneOf(name, wanted) => match value(name) {
                Some(FieldValue::One(key)) => wanted.contains(key),
                Some(FieldValue::Many(keys)) => keys.iter().any(|key| wanted.contains(key)),
                _ => false,
            },
            Self::IsSet(name, set) => {
                value(name).is_some_and(|value| *value != FieldValue::None) == *set
            }
            Self::AtLeast(name, least) => number(name).is_some_and(|number| *least <= number),
            Self::Below(name, end) => number(name).is_some_and(|number| number < *end),
            Self::Holds(name, text) => match value(name) {
                Some(FieldValue::One(Key::Text(own))) => own.contains(text.as_str()),
                _ => false,
            },
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(fields, values)),
        }
    }
}

/// Which [`Tenancy`](crate::access::Tenancy) entities of a kind have, and in which fields it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TenancyKind {
    /// [`Tenancy::Agency`](crate::access::Tenancy::Agency): `agency_id`.
    Agency,
    /// [`Tenancy::AgencyWide`](crate::access::Tenancy::AgencyWide): `agency_id`.
    AgencyWide,
    /// [`Tenancy::Client`](crate::access::Tenancy::Client): `agency_id` and `client_id`.
    Client,
    /// [`Tenancy::Clients`](crate::access::Tenancy::Clients): `agency_id` and `client_ids`; with no
    /// `client_ids` it is [`Tenancy::AgencyWide`](crate::access::Tenancy::AgencyWide).
    Coverage,
    /// [`Tenancy::Person`](crate::access::Tenancy::Person): `user_id`.
    Person,
    /// [`Tenancy::Installation`](crate::access::Tenancy::Installation).
    Installation,
    /// [`Tenancy::AddressedTo`](crate::access::Tenancy::AddressedTo): `user_id`, and `agency_id` and
    /// `client_id` where it comes from.
    Addressed,
    /// [`Tenancy::Log`](crate::access::Tenancy::Log): `agency_id`, and `client_id` or none.
    Log,
}

impl TenancyKind {
    /// What a scope sees of a kind: entities for which all of these hold; `None` if nothing.
    #[must_use]
    pub fn seen_by(self, scope: &Scope) -> Option<Vec<Condition>> {
        let agency = match scope.reach() {
            Reach::Everything => return Some(Vec::new()),
            Reach::Agency(agency) | Reach::Clients(agency, _) => Some(*agency),
            Reach::Person => None,
        };
        let clients = match scope.reach() {
            Reach::Clients(_, clients) => Some(clients),
            _ => None,
        };
        let is = |name, id: Uuid| Condition::OneOf(name, vec![Key::Id(id)]);
        let among = |name, ids: &std::collections::BTreeSet<ClientId>| {
            Condition::OneOf(name, ids.iter().map(|id| Key::Id(id.uuid())).collect())
        };
        match self {
            Self::Installation => None,
            Self::Person | Self::Addressed => Some(vec![is("user_id", scope.person()?.uuid())]),
            Self::Agency => Some(vec![is("agency_id", agency?.uuid())]),
            Self::AgencyWide if clients.is_some() => None,
            Self::AgencyWide => Some(vec![is("agency_id", agency?.uuid())]),
            Self::Client | Self::Log | Self::Coverage => {
                let field = if self == Self::Coverage { "client_ids" } else { "client_id" };
                let mut conditions = vec![is("agency_id", agency?.uuid())];
                conditions.extend(clients.map(|clients| among(field, clients)));
                Some(conditions)
            }
        }
    }
}

/// What entities are found by; for the filter type of each kind.
pub trait Fields<E>: Sized {
    /// Which tenancy they have.
    const TENANCY: TenancyKind;
    /// The fields.
    const FIELDS: &'static [Field];

    /// What an entity has in the fields, in their order.
    fn values(entity: &E) -> Vec<FieldValue>;

    /// What the filter asks; an entity is in the list if all of it holds.
    fn conditions(&self) -> Vec<Condition>;
}

/// What can stand in a field.
trait IntoValue {
    fn into_value(self) -> FieldValue;
}

trait IntoKey {
    fn into_key(self) -> Key;
}

macro_rules! keys {
    ($($type:ty => |$it:ident| $key:expr),+ $(,)?) => {$(
        impl IntoKey for $type {
            fn into_key(self) -> Key {
                let $it = self;
                $key
            }
        }

        impl IntoValue for $type {
            fn into_value(self) -> FieldValue {
                FieldValue::One(self.into_key())
            }
        }
    )+};
}
keys! {
    bool => |it| Key::Flag(it),
    i64 => |it| Key::Number(it),
    i16 => |it| Key::Number(it.into()),
    u32 => |it| Key::Number(it.into()),
    // Larger ones are refused by stores: see `Commit::commit`.
    u64 => |it| Key::Number(i64::try_from(it).unwrap_or(i64::MAX)),
    DateTime<Utc> => |it| Key::Number(it.timestamp_millis()),
    NaiveDate => |it| Key::Number(days(it)),
    String => |it| Key::Text(it),
    &str => |it| Key::Text(it.to_owned()),
    Uuid => |it| Key::Id(it),
}

impl<I: Id> IntoKey for I {
    fn into_key(self) -> Key {
        Key::Id(self.uuid())
    }
}

impl<I: Id> IntoValue for I {
    fn into_value(self) -> FieldValue {
        FieldValue::One(self.into_key())
    }
}

impl<T: IntoKey> IntoValue for Option<T> {
    fn into_value(self) -> FieldValue {
        self.map_or(FieldValue::None, |it| FieldValue::One(it.into_key()))
    }
}

impl<T: IntoKey> IntoValue for Vec<T> {
    fn into_value(self) -> FieldValue {
        FieldValue::Many(self.into_iter().map(IntoKey::into_key).collect())
    }
}

impl<T: IntoKey> IntoValue for Option<Vec<T>> {
    fn into_value(self) -> FieldValue {
        self.map_or(FieldValue::None, IntoValue::into_value)
    }
}

fn days(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

/// The wire name of a plain enum.
fn wire<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A list by reference, each item made into a text.
fn texts<T>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> Vec<String> {
    items.into_iter().map(text).collect()
}

/// Makes [`Fields`]: a line for each field, with the fields of the filter that ask for it.
///
/// `is` asks for one value, `among` for one of several, `from` and `until` for a range (without its
/// end), `holds` for a part of a text. What takes more than one field stands at the end.
macro_rules! fields {
    (
        $filter:ident for $entity:ident ($e:ident) of $tenancy:ident {
            $($name:ident: $type:ident $(by $sort:ident)? = $value:expr
                $(=> $($op:ident $asked:ident $(as |$v:ident| $key:expr)?),+)?;)*
            $(=> $also:ident as |$a:ident| $conditions:expr;)*
        }
    ) => {
        impl Fields<$entity> for $filter {
            const TENANCY: TenancyKind = TenancyKind::$tenancy;
            const FIELDS: &'static [Field] = &[$(Field {
                name: stringify!($name),
                field_type: FieldType::$type,
                sort: fields!(@sort $($sort)?),
            },)*];

            fn values($e: &$entity) -> Vec<FieldValue> {
                vec![$(IntoValue::into_value($value),)*]
            }

            fn conditions(&self) -> Vec<Condition> {
                // Names every field of the filter, so that none is forgotten.
                let Self { $($($($asked,)+)?)* $($also,)* } = self;
                let mut conditions = Vec::new();
                $($($(
                    fields!(@ask conditions, stringify!($name), $op, $asked $(, |$v| $key)?);
                )+)?)*
                $(if let Some($a) = $also {
                    conditions.extend($conditions);
                })*
                conditions
            }
        }
    };
    (@sort) => { None };
    (@sort $sort:ident) => { Some(Sort::$sort) };
    (@ask $to:ident, $name:expr, is, $asked:ident) => {
        if let Some(it) = $asked.clone() {
            $to.push(Condition::OneOf($name, vec![IntoKey::into_key(it)]));
        }
    };
    (@ask $to:ident, $name:expr, is, $asked:ident, |$v:ident| $key:expr) => {
        if let Some($v) = $asked {
            $to.push(Condition::OneOf($name, vec![IntoKey::into_key($key)]));
        }
    };
    (@ask $to:ident, $name:expr, among, $asked:ident, |$v:ident| $key:expr) => {
        if !$asked.is_empty() {
            let keys = $asked.iter().map(|$v| IntoKey::into_key($key)).collect();
            $to.push(Condition::OneOf($name, keys));
        }
    };
    // What has no time is sorted as if it had the last one, and is in no range.
    (@ask $to:ident, $name:expr, from, $asked:ident) => {
        if let Some(it) = *$asked {
            $to.push(Condition::AtLeast($name, at_or_after(it)));
            $to.push(Condition::Below($name, i64::MAX));
        }
    };
    (@ask $to:ident, $name:expr, until, $asked:ident) => {
        if let Some(it) = *$asked {
            $to.push(Condition::Below($name, at_or_after(it)));
        }
    };
    (@ask $to:ident, $name:expr, holds, $asked:ident) => {
        if let Some(it) = $asked {
            $to.push(Condition::Holds($name, fold(it)));
        }
    };
}

/// A bound of a range as a number.
trait Bound {
    fn number(self) -> i64;
}

impl Bound for DateTime<Utc> {
    /// The first whole millisecond that is not before it: stored times are whole.
    fn number(self) -> i64 {
        let millis = self.timestamp_millis();
        let is_whole = self.timestamp_subsec_nanos().is_multiple_of(1_000_000);
        if is_whole { millis } else { millis.saturating_add(1) }
    }
}

impl Bound for NaiveDate {
    fn number(self) -> i64 {
        days(self)
    }
}

fn at_or_after(bound: impl Bound) -> i64 {
    bound.number()
}

// After the macro, which they are written in.
mod content;
mod delivery;
mod engine;
mod people;
mod planning;
