//! Rows: which columns they have, and what is read from them.

use chrono::{DateTime, Utc};
use mcmp_core::store::{EntityKind, StoreError};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::statement::column_type;
use crate::{Row, SqlError, Value, ValueType};

/// The columns of a kind's table but for an event's position, in the order that statements have.
pub(crate) fn columns(kind: EntityKind) -> Vec<(&'static str, ValueType)> {
    let fields = kind.fields().iter().map(|field| (field.name, column_type(field.field_type)));
    let mut columns = vec![("id", ValueType::Id), ("version", ValueType::Number)];
    columns.extend(fields);
    columns.push(("body", ValueType::Json));
    columns
}

/// A number as a column holds it; the contract lets stores refuse larger ones, and none of these
/// counts that far.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The JSON of a row whose first column it is, read.
pub(crate) fn entity<T: DeserializeOwned>(row: Row) -> Result<T, SqlError> {
    serde_json::from_str(&as_text(row.into_iter().next())?).map_err(failed)
}

/// A cell that is a text, or JSON.
pub(crate) fn as_text(cell: Option<Value>) -> Result<String, SqlError> {
    match cell {
        Some(Value::Json(text) | Value::Text(text)) => Ok(text),
        other => Err(unexpected(other)),
    }
}

/// A cell that is a number.
pub(crate) fn as_number(cell: Option<Value>) -> Result<i64, SqlError> {
    as_optional_number(cell)?.ok_or_else(|| unexpected(None))
}

/// A cell that is a number or null.
pub(crate) fn as_optional_number(cell: Option<Value>) -> Result<Option<i64>, SqlError> {
    match cell {
        Some(Value::Number(number)) => Ok(Some(number)),
        Some(Value::Null(_)) => Ok(None),
        other => Err(unexpected(other)),
    }
}

/// A cell that is an id.
pub(crate) fn as_id(cell: Option<Value>) -> Result<Uuid, SqlError> {
    match cell {
        Some(Value::Id(id)) => Ok(id),
        other => Err(unexpected(other)),
    }
}

/// Milliseconds as a time.
pub(crate) fn time(millis: i64) -> Result<DateTime<Utc>, SqlError> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| failed(BadRow(millis.to_string())))
}

#[derive(Debug, thiserror::Error)]
#[error("the database answered with an unexpected value: {0}")]
struct BadRow(String);

pub(crate) fn unexpected(cell: Option<Value>) -> SqlError {
    failed(BadRow(
        cell.map_or_else(|| "none".to_owned(), |cell| format!("{:?}", cell.value_type())),
    ))
}

pub(crate) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SqlError {
    SqlError::Failed(Box::new(error))
}

/// A conflict over an entity.
pub(crate) fn conflict(kind: EntityKind, id: Uuid) -> SqlError {
    StoreError::Conflict { kind, id }.into()
}

/// An entity that is out of scope.
pub(crate) fn out_of_scope(kind: EntityKind, id: Uuid) -> SqlError {
    StoreError::OutOfScope { kind, id }.into()
}
