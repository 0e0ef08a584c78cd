use mcmp_core::store::{EntityKind, FieldType};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor};

use super::*;

async fn memory() -> SqliteConnection {
    SqliteConnectOptions::new().in_memory(true).connect().await.unwrap()
}

const SECOND: Migration = Migration {
    version: 2,
    name: "second",
    sql: "CREATE TABLE \"{prefix}second\" (id INTEGER NOT NULL PRIMARY KEY) STRICT;",
};

#[tokio::test]
async fn every_field_has_its_column() {
    let mut connection = memory().await;
    migrate(&mut connection, &TablePrefix::default(), MIGRATIONS).await.unwrap();
    for kind in EntityKind::ALL {
        let sql = format!("SELECT name, type, \"notnull\" FROM pragma_table_info('mcmp_{kind}')");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        let mut columns: Vec<(String, String, bool)> =
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        columns.retain(|(name, ..)| name != "position" || *kind != EntityKind::Event);
        let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
        let mut wanted = vec!["id", "version"];
        wanted.extend(kind.fields().iter().map(|field| field.name));
        wanted.push("body");
        assert_eq!(names, wanted, "{kind}");
        for (field, (_, declared, not_null)) in kind.fields().iter().zip(&columns[2..]) {
            let expected = match field.field_type {
                FieldType::Flag | FieldType::Number => "INTEGER",
                FieldType::Id => "BLOB",
                FieldType::Text | FieldType::Ids | FieldType::Texts => "TEXT",
            };
            assert_eq!(declared, expected, "{kind}.{}", field.name);
            assert!(field.sort.is_none() || *not_null, "{kind}.{}", field.name);
        }
    }
}

#[tokio::test]
async fn each_step_is_applied_once() {
    let mut connection = memory().await;
    let prefix = TablePrefix::new("x_").unwrap();
    let steps = [MIGRATIONS[0], SECOND];
    migrate(&mut connection, &prefix, &steps[..1]).await.unwrap();
    connection.execute("INSERT INTO x_duty VALUES (x'00', 1, 'a', '{}')").await.unwrap();
    for _ in 0..2 {
        migrate(&mut connection, &prefix, &steps).await.unwrap();
    }
    let found = applied(&mut connection, &prefix).await.unwrap();
    assert_eq!(found, [(1, "first".to_owned()), (2, "second".to_owned())]);
    let kept = sqlx::query("SELECT count(*) FROM x_duty").fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept.get::<i64, _>(0), 1);
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    let mut connection = memory().await;
    let prefix = TablePrefix::default();
    let broken =
        Migration { sql: "CREATE TABLE \"{prefix}half\" (id INTEGER); SELECT nothing;", ..SECOND };
    assert!(migrate(&mut connection, &prefix, &[MIGRATIONS[0], broken]).await.is_err());
    assert!(applied(&mut connection, &prefix).await.unwrap().is_empty());
    let tables = sqlx::query("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'mcmp%'");
    assert_eq!(tables.fetch_one(&mut connection).await.unwrap().get::<i64, _>(0), 0);
}

#[tokio::test]
async fn newer_and_changed_tables_are_refused() {
    let mut connection = memory().await;
    let prefix = TablePrefix::default();
    migrate(&mut connection, &prefix, &[MIGRATIONS[0], SECOND]).await.unwrap();
    let newer = migrate(&mut connection, &prefix, MIGRATIONS).await.unwrap_err();
    assert!(matches!(newer, OpenError::NewerSchema { found: 2, known: 1 }), "{newer:?}");
    let renamed = [MIGRATIONS[0], Migration { name: "other", ..SECOND }];
    let changed = migrate(&mut connection, &prefix, &renamed).await.unwrap_err();
    assert!(matches!(changed, OpenError::ChangedMigration { version: 2, .. }), "{changed:?}");
}
