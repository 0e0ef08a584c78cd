//! The tables of a durable store without the store: to fill them as fast as the database can, and to
//! run the store's own statements directly.
#![allow(clippy::indexing_slicing, reason = "set-up of benchmarks: rows have what was asked for")]

use std::fmt::Write as _;

use mcmp_core::store::{EntityKind, FieldValue, Key, Record};
use mcmp_store_sql::Value;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row, ValueRef};

/// How many bytes go to PostgreSQL at once.
const CHUNK: usize = 1 << 20;
/// How many rows go into one statement of SQLite.
const ROWS: usize = 64;

/// A connection past the store.
#[derive(Debug)]
pub enum Bare {
    /// As a superuser, who reads past all policies.
    Postgres(PgConnection),
    /// To a file.
    Sqlite(SqliteConnection),
}

impl Bare {
    /// A kind's table.
    fn table(&self, kind: EntityKind) -> String {
        match self {
            Self::Postgres(_) => format!("mcmp.{kind}"),
            Self::Sqlite(_) => format!("mcmp_{kind}"),
        }
    }

    async fn execute(&mut self, sql: impl Into<String>) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.into()));
        match self {
            Self::Postgres(connection) => drop(sql.execute(connection).await.unwrap()),
            Self::Sqlite(connection) => drop(sql.execute(connection).await.unwrap()),
        }
    }

    /// The texts of so many columns.
    async fn texts(&mut self, sql: impl Into<String>, columns: usize) -> Vec<Vec<String>> {
        let sql = AssertSqlSafe(sql.into());
        match self {
            Self::Postgres(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| (0..columns).map(|c| row.get(c)).collect()).collect()
            }
            Self::Sqlite(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| (0..columns).map(|c| row.get(c)).collect()).collect()
            }
        }
    }

    /// Whether a kind's table has anything in it.
    pub async fn is_filled(&mut self, kind: EntityKind) -> bool {
        let table = self.table(kind);
        !self.texts(format!("SELECT 'row' FROM {table} LIMIT 1"), 1).await.is_empty()
    }

    /// Fills a kind's empty table with what the store would write, for good once it is all there:
    /// first the rows, then the indexes, one by one. How many rows there are.
    pub async fn fill(
        &mut self,
        kind: EntityKind,
        records: impl Iterator<Item = impl Into<Record>>,
    ) -> usize {
        let records = records.map(Into::into);
        match self {
            Self::Postgres(_) => self.fill_postgres(kind, records).await,
            Self::Sqlite(_) => self.fill_sqlite(kind, records).await,
        }
    }

    async fn fill_postgres(
        &mut self,
        kind: EntityKind,
        records: impl Iterator<Item = Record>,
    ) -> usize {
        let table = self.table(kind);
        let constraints = format!(
            "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE conrelid = '{table}'::regclass AND contype IN ('p', 'u')"
        );
        let constraints = self.texts(constraints, 2).await;
        let indexes = format!(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index AS i \
             WHERE indrelid = '{table}'::regclass AND NOT EXISTS \
             (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)"
        );
        let indexes = self.texts(indexes, 2).await;
        // What a transaction made anew need not go to the log of a server that nobody copies from.
        self.execute(format!("BEGIN; SET LOCAL maintenance_work_mem = '512MB'; TRUNCATE {table}"))
            .await;
        for constraint in &constraints {
            self.execute(format!("ALTER TABLE {table} DROP CONSTRAINT {}", constraint[0])).await;
        }
        for index in &indexes {
            self.execute(format!("DROP INDEX {}", index[0])).await;
        }
        let count = self.copy(kind, records).await;
        for constraint in &constraints {
            let add = format!("ADD CONSTRAINT {} {}", constraint[0], constraint[1]);
            self.execute(format!("ALTER TABLE {table} {add}")).await;
        }
        for index in indexes {
            self.execute(index[1].as_str()).await;
        }
        self.execute("COMMIT").await;
        self.execute(format!("VACUUM ANALYZE {table}")).await;
        count
    }

    async fn copy(&mut self, kind: EntityKind, records: impl Iterator<Item = Record>) -> usize {
        let statement = format!("COPY {} ({}) FROM STDIN", self.table(kind), columns(kind));
        let Self::Postgres(connection) = self else { unreachable!("only PostgreSQL copies") };
        let mut copy = connection.copy_in_raw(&statement).await.unwrap();
        let mut rows = String::with_capacity(2 * CHUNK);
        let mut count = 0;
        for record in records {
            let _ = write!(rows, "{}\t{}", record.id(), record.version().0);
            for value in record.values() {
                rows.push('\t');
                push_cell(&mut rows, &value);
            }
            rows.push('\t');
            push_escaped(&mut rows, &record.to_json().unwrap());
            rows.push('\n');
            count += 1;
            if rows.len() >= CHUNK {
                copy.send(rows.as_bytes()).await.unwrap();
                rows.clear();
            }
        }
        copy.send(rows.as_bytes()).await.unwrap();
        copy.finish().await.unwrap();
        count
    }

    async fn fill_sqlite(
        &mut self,
        kind: EntityKind,
        mut records: impl Iterator<Item = Record>,
    ) -> usize {
        let table = self.table(kind);
        let indexes = format!(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}' \
             AND sql IS NOT NULL"
        );
        let indexes = self.texts(indexes, 2).await;
        let statistics = format!("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = '{table}'");
        let statistics = self.texts(statistics, 3).await;
        // Nobody else is there, and a file that is half filled is thrown away.
        self.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").await;
        for index in &indexes {
            self.execute(format!("DROP INDEX \"{}\"", index[0])).await;
        }
        let mut count = 0;
        let one = format!("({})", vec!["?"; kind.fields().len() + 3].join(", "));
        loop {
            let rows: Vec<Record> = records.by_ref().take(ROWS).collect();
            if rows.is_empty() {
                break;
            }
            let all = vec![one.as_str(); rows.len()].join(", ");
            let sql = format!("INSERT INTO {table} ({}) VALUES {all}", columns(kind));
            let mut insert = sqlx::query(AssertSqlSafe(sql));
            for record in &rows {
                let version = i64::try_from(record.version().0).unwrap();
                insert = insert.bind(record.id()).bind(version);
                for value in record.values() {
                    insert = match value {
                        FieldValue::None => insert.bind(None::<i64>),
                        FieldValue::One(Key::Flag(flag)) => insert.bind(flag),
                        FieldValue::One(Key::Number(number)) => insert.bind(number),
                        FieldValue::One(Key::Id(id)) => insert.bind(id),
                        FieldValue::One(Key::Text(text)) => insert.bind(text),
                        FieldValue::Many(keys) => insert.bind(json(&keys)),
                    };
                }
                insert = insert.bind(record.to_json().unwrap());
            }
            let Self::Sqlite(connection) = &mut *self else { unreachable!("it is a file") };
            insert.execute(connection).await.unwrap();
            count += rows.len();
        }
        for index in indexes {
            self.execute(index[1].as_str()).await;
        }
        // The store's own statistics, which went with the indexes.
        self.execute(format!("DELETE FROM sqlite_stat1 WHERE tbl = '{table}'")).await;
        for row in statistics {
            let row = format!("'{}', '{}', '{}'", row[0], row[1], row[2]);
            self.execute(format!("INSERT INTO sqlite_stat1 VALUES ({row})")).await;
        }
        self.execute("COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await;
        count
    }

    /// Runs a statement of the store's with its values; how many bytes of entities it answered.
    pub async fn read(&mut self, sql: &str, values: &[Value]) -> usize {
        macro_rules! bound {
            ($($list:pat => $as:expr),+) => {{
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for value in values {
                    query = match value {
                        Value::Flag(flag) => query.bind(*flag),
                        Value::Number(number) => query.bind(*number),
                        Value::Id(id) => query.bind(*id),
                        Value::Text(text) => query.bind(text.clone()),
                        $($list => query.bind($as),)+
                        other => panic!("a list asks for no {other:?}"),
                    };
                }
                query
            }};
        }
        match self {
            Self::Postgres(connection) => {
                let query = bound! {
                    Value::Ids(ids) => ids.clone(),
                    Value::Texts(texts) => texts.clone(),
                    Value::Numbers(numbers) => numbers.clone()
                };
                let rows = query.fetch_all(connection).await.unwrap();
                rows.iter().map(|row| row.try_get_raw(0).unwrap().as_bytes().unwrap().len()).sum()
            }
            Self::Sqlite(connection) => {
                let query = bound! {
                    // As the store does it: ids are arrays in the array.
                    Value::Ids(ids) => {
                        let ids: Vec<[String; 1]> = ids.iter().map(|id| [id.to_string()]).collect();
                        serde_json::to_string(&ids).unwrap()
                    },
                    Value::Texts(texts) => serde_json::to_string(texts).unwrap(),
                    Value::Numbers(numbers) => serde_json::to_string(numbers).unwrap()
                };
                let rows = query.fetch_all(connection).await.unwrap();
                let lengths = rows.iter().map(|row| {
                    assert!(!row.try_get_raw(0).unwrap().is_null());
                    row.get::<&str, _>(0).len()
                });
                lengths.sum()
            }
        }
    }
}

/// The columns of a kind's table, but those that the database fills by itself.
fn columns(kind: EntityKind) -> String {
    let fields = kind.fields().iter().map(|field| field.name);
    let names: Vec<String> = ["id", "version"]
        .into_iter()
        .chain(fields)
        .chain(["body"])
        .map(|name| format!("\"{name}\""))
        .collect();
    names.join(", ")
}

/// Keys as a JSON array.
fn json(keys: &[Key]) -> String {
    let texts: Vec<String> = keys.iter().map(text).collect();
    serde_json::to_string(&texts).unwrap()
}

fn text(key: &Key) -> String {
    match key {
        Key::Flag(flag) => flag.to_string(),
        Key::Number(number) => number.to_string(),
        Key::Id(id) => id.to_string(),
        Key::Text(text) => text.clone(),
    }
}

/// A value as the text form of `COPY` has it:
/// <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2>.
fn push_cell(row: &mut String, value: &FieldValue) {
    match value {
        FieldValue::None => row.push_str("\\N"),
        FieldValue::One(key) => push_escaped(row, &text(key)),
        FieldValue::Many(keys) => {
            let items: Vec<String> = keys
                .iter()
                .map(|key| format!("\"{}\"", text(key).replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            push_escaped(row, &format!("{{{}}}", items.join(",")));
        }
    }
}

fn push_escaped(row: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '\\' => row.push_str("\\\\"),
            '\n' => row.push_str("\\n"),
            '\r' => row.push_str("\\r"),
            '\t' => row.push_str("\\t"),
            other => row.push(other),
        }
    }
}
