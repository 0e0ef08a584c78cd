//! Statements on one connection.

use async_trait::async_trait;
use mcmp_store_sql::{Row, Session, Source, SqlError, Value, ValueType};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Decode, Row as _, Sqlite, SqliteConnection};
use uuid::Uuid;

use crate::error::sql_error;
use crate::prefix::TablePrefix;

/// Statements on one connection, in whatever transaction it is in.
pub(crate) struct SqliteSession<'a> {
    connection: &'a mut SqliteConnection,
    prefix: &'a TablePrefix,
}

impl<'a> SqliteSession<'a> {
    pub(crate) fn new(connection: &'a mut SqliteConnection, prefix: &'a TablePrefix) -> Self {
        Self { connection, prefix }
    }
}

#[async_trait]
impl Session for SqliteSession<'_> {
    async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, SqlError> {
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values)?);
        let done = query.execute(&mut *self.connection).await;
        Ok(done.map_err(|error| sql_error(error, self.prefix))?.rows_affected())
    }

    async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        columns: &[ValueType],
    ) -> Result<Vec<Row>, SqlError> {
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values)?);
        let rows = query.fetch_all(&mut *self.connection).await;
        let rows = rows.map_err(|error| sql_error(error, self.prefix))?;
        rows.iter().map(|row| read(row, columns)).collect()
    }
}

fn arguments(values: &[Value]) -> Result<SqliteArguments, SqlError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        bind(&mut arguments, value).map_err(SqlError::Value)?;
    }
    Ok(arguments)
}

fn bind(arguments: &mut SqliteArguments, value: &Value) -> Result<(), Source> {
    match value {
        Value::Null(_) => arguments.add(None::<i64>),
        Value::Flag(flag) => arguments.add(i64::from(*flag)),
        Value::Number(number) => arguments.add(*number),
        Value::Id(id) => arguments.add(id.as_bytes().to_vec()),
        Value::Text(text) | Value::Json(text) => arguments.add(text.clone()),
        Value::Numbers(numbers) => arguments.add(serde_json::to_string(numbers)?),
        Value::Texts(texts) => arguments.add(serde_json::to_string(texts)?),
        Value::Ids(ids) => arguments.add(list_of_ids(ids)),
        // Rows get here as JSON.
        Value::Column(..) => Err("a column is no parameter here".into()),
    }
}

/// Ids as a JSON array of arrays: what marks them as ids; see
/// [`SqliteDialect`](crate::dialect::SqliteDialect).
fn list_of_ids(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("[\"{id}\"]")).collect();
    format!("[{}]", ids.join(","))
}

fn read(row: &SqliteRow, columns: &[ValueType]) -> Result<Row, SqlError> {
    let cells = columns.iter().enumerate();
    cells
        .map(|(place, column)| Ok(value(row, place, *column)?.unwrap_or(Value::Null(*column))))
        .collect::<Result<Row, Source>>()
        .map_err(SqlError::Failed)
}

fn value(row: &SqliteRow, place: usize, column: ValueType) -> Result<Option<Value>, Source> {
    match column {
        ValueType::Flag => cell(row, place, |flag: i64| Ok(Value::Flag(flag != 0))),
        ValueType::Number => cell(row, place, |number| Ok(Value::Number(number))),
        ValueType::Id => cell(row, place, |id: &[u8]| Ok(Value::Id(Uuid::from_slice(id)?))),
        ValueType::Text => cell(row, place, |text| Ok(Value::Text(text))),
        ValueType::Json => cell(row, place, |json| Ok(Value::Json(json))),
        ValueType::Numbers => {
            cell(row, place, |list| Ok(Value::Numbers(serde_json::from_str(list)?)))
        }
        ValueType::Ids => cell(row, place, |list| Ok(Value::Ids(serde_json::from_str(list)?))),
        ValueType::Texts => cell(row, place, |list| Ok(Value::Texts(serde_json::from_str(list)?))),
    }
}

fn cell<'r, T: Decode<'r, Sqlite>>(
    row: &'r SqliteRow,
    place: usize,
    read: impl FnOnce(T) -> Result<Value, Source>,
) -> Result<Option<Value>, Source> {
    row.try_get_unchecked::<Option<T>, _>(place)?.map(read).transpose()
}
