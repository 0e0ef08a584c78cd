//! Statements on a connection.

use async_trait::async_trait;
use mcmp_store_sql::{Row, Session, SqlError, Value, ValueType};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnection, PgHasArrayType, PgRow, PgTypeInfo, PgValueRef,
    Postgres,
};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Decode, Encode, Row as _, Type, ValueRef};
use uuid::Uuid;

use crate::error::sql_error;

/// A connection with a transaction on it.
pub(crate) struct PgSession<'c> {
    connection: &'c mut PgConnection,
}

impl<'c> PgSession<'c> {
    pub(crate) fn new(connection: &'c mut PgConnection) -> Self {
        Self { connection }
    }
}

#[async_trait]
impl Session for PgSession<'_> {
    async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, SqlError> {
        let query = bound(sql, values);
        let done = query.execute(&mut *self.connection).await.map_err(sql_error)?;
        Ok(done.rows_affected())
    }

    async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        columns: &[ValueType],
    ) -> Result<Vec<Row>, SqlError> {
        let query = bound(sql, values);
        let rows = query.fetch_all(&mut *self.connection).await.map_err(sql_error)?;
        rows.iter().map(|row| read(row, columns).map_err(sql_error)).collect()
    }
}

/// A statement with its values. Its text is made by this crate and `mcmp-store-sql` from names that
/// are their own or validated; whatever else goes into it is a parameter.
fn bound<'q>(sql: &str, values: &'q [Value]) -> Query<'q, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in values {
        query = match value {
            Value::Null(value_type) => null(query, *value_type),
            Value::Flag(flag) => query.bind(*flag),
            Value::Number(number) => query.bind(*number),
            Value::Id(id) => query.bind(*id),
            Value::Text(text) => query.bind(text.as_str()),
            Value::Json(json) => query.bind(JsonText(json)),
            Value::Numbers(numbers) => query.bind(numbers.as_slice()),
            Value::Ids(ids) => query.bind(ids.as_slice()),
            Value::Texts(texts) => query.bind(texts.as_slice()),
            Value::Column(value_type, cells) => column(query, *value_type, cells),
        };
    }
    query
}

/// A column of rows as an array.
fn column<'q>(
    query: Query<'q, Postgres, PgArguments>,
    value_type: ValueType,
    cells: &'q [Value],
) -> Query<'q, Postgres, PgArguments> {
    match value_type {
        ValueType::Flag => query.bind(each(cells, |cell| match cell {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })),
        ValueType::Number => query.bind(each(cells, |cell| match cell {
            Value::Number(number) => Some(*number),
            _ => None,
        })),
        ValueType::Id => query.bind(each(cells, |cell| match cell {
            Value::Id(id) => Some(*id),
            _ => None,
        })),
        ValueType::Text => query.bind(each(cells, |cell| match cell {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })),
        ValueType::Json => query.bind(each(cells, |cell| match cell {
            Value::Json(json) => Some(JsonText(json)),
            _ => None,
        })),
        ValueType::Numbers | ValueType::Ids | ValueType::Texts => {
            query.bind(each(cells, |cell| match cell {
                Value::Numbers(numbers) => Some(array(numbers, |n| n.to_string())),
                Value::Ids(ids) => Some(array(ids, ToString::to_string)),
                Value::Texts(texts) => Some(array(texts, |text| array_item(text))),
                _ => None,
            }))
        }
    }
}

fn each<'q, T>(cells: &'q [Value], read: impl Fn(&'q Value) -> Option<T>) -> Vec<Option<T>> {
    cells.iter().map(read).collect()
}

/// The text of an array: <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>.
fn array<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(text).collect();
    format!("{{{}}}", items.join(","))
}

/// A text as an item of an array's text.
fn array_item(text: &str) -> String {
    let mut item = String::with_capacity(text.len() + 2);
    item.push('"');
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            item.push('\\');
        }
        item.push(char);
    }
    item.push('"');
    item
}

fn null<'q>(
    query: Query<'q, Postgres, PgArguments>,
    value_type: ValueType,
) -> Query<'q, Postgres, PgArguments> {
    match value_type {
        ValueType::Flag => query.bind(None::<bool>),
        ValueType::Number => query.bind(None::<i64>),
        ValueType::Id => query.bind(None::<Uuid>),
        ValueType::Text => query.bind(None::<String>),
        ValueType::Json => query.bind(None::<JsonText<'q>>),
        ValueType::Numbers => query.bind(None::<Vec<i64>>),
        ValueType::Ids => query.bind(None::<Vec<Uuid>>),
        ValueType::Texts => query.bind(None::<Vec<String>>),
    }
}

fn read(row: &PgRow, columns: &[ValueType]) -> Result<Row, sqlx::Error> {
    columns.iter().enumerate().map(|(at, value_type)| cell(row, at, *value_type)).collect()
}

fn cell(row: &PgRow, at: usize, value_type: ValueType) -> Result<Value, sqlx::Error> {
    let value = match value_type {
        ValueType::Flag => row.try_get::<Option<bool>, _>(at)?.map(Value::Flag),
        ValueType::Number => {
            row.try_get_unchecked::<Option<WholeNumber>, _>(at)?.map(|n| Value::Number(n.0))
        }
        ValueType::Id => row.try_get::<Option<Uuid>, _>(at)?.map(Value::Id),
        ValueType::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
        ValueType::Json => {
            row.try_get_unchecked::<Option<OwnedJson>, _>(at)?.map(|json| Value::Json(json.0))
        }
        ValueType::Numbers => row.try_get::<Option<Vec<i64>>, _>(at)?.map(Value::Numbers),
        ValueType::Ids => row.try_get::<Option<Vec<Uuid>>, _>(at)?.map(Value::Ids),
        ValueType::Texts => row.try_get::<Option<Vec<String>>, _>(at)?.map(Value::Texts),
    };
    Ok(value.unwrap_or(Value::Null(value_type)))
}

/// The version byte that the binary form of `jsonb` begins with.
const JSONB_VERSION: u8 = 1;

/// A JSON document that is text already: it is neither read nor written anew on its way.
#[derive(Debug, Clone, Copy)]
struct JsonText<'a>(&'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        <sqlx::types::Json<()> as Type<Postgres>>::type_info()
    }
}

impl<'q> Encode<'q, Postgres> for JsonText<'q> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(JSONB_VERSION);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl PgHasArrayType for JsonText<'_> {
    fn array_type_info() -> PgTypeInfo {
        <sqlx::types::Json<()> as PgHasArrayType>::array_type_info()
    }
}

/// A JSON document as its text, from `jsonb`, `json` or `text`.
struct OwnedJson(String);

impl<'r> Decode<'r, Postgres> for OwnedJson {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = value.as_bytes()?;
        let text = match bytes.split_first() {
            // A JSON text never begins with it.
            Some((&JSONB_VERSION, text)) => text,
            _ => bytes,
        };
        Ok(Self(std::str::from_utf8(text)?.to_owned()))
    }
}

/// A number of any width.
struct WholeNumber(i64);

impl<'r> Decode<'r, Postgres> for WholeNumber {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = value.as_bytes()?;
        let number = if let Ok(wide) = <[u8; 8]>::try_from(bytes) {
            i64::from_be_bytes(wide)
        } else if let Ok(plain) = <[u8; 4]>::try_from(bytes) {
            i32::from_be_bytes(plain).into()
        } else {
            return Err(format!("{} is no whole number", value.type_info()).into());
        };
        Ok(Self(number))
    }
}
