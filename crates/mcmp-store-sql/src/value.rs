//! Values that go into statements and come back in rows.

use uuid::Uuid;

/// What a parameter or a column holds. Times are whole milliseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// True or false.
    Flag,
    /// A whole number of 64 bits.
    Number,
    /// A UUID.
    Id,
    /// Text.
    Text,
    /// A JSON document, as text; read with [`Dialect::json`](crate::Dialect::json).
    Json,
    /// A list of whole numbers.
    Numbers,
    /// A list of UUIDs.
    Ids,
    /// A list of texts.
    Texts,
}

/// A value of a parameter or a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing, where a value of this type could stand.
    Null(ValueType),
    /// True or false.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A UUID.
    Id(Uuid),
    /// Text.
    Text(String),
    /// A JSON document.
    Json(String),
    /// A list of whole numbers.
    Numbers(Vec<i64>),
    /// A list of UUIDs.
    Ids(Vec<Uuid>),
    /// A list of texts.
    Texts(Vec<String>),
    /// A value of this type, or nothing, for each of several rows: only where
    /// [`Dialect::pass`](crate::Dialect::pass) makes it.
    Column(ValueType, Vec<Value>),
}

impl Value {
    /// Its type.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Null(value_type) | Self::Column(value_type, _) => *value_type,
            Self::Flag(_) => ValueType::Flag,
            Self::Number(_) => ValueType::Number,
            Self::Id(_) => ValueType::Id,
            Self::Text(_) => ValueType::Text,
            Self::Json(_) => ValueType::Json,
            Self::Numbers(_) => ValueType::Numbers,
            Self::Ids(_) => ValueType::Ids,
            Self::Texts(_) => ValueType::Texts,
        }
    }
}
