//! The schema: made from nothing, by several at once, and as the core's list of fields wants it.

use std::collections::BTreeMap;

use mcmp_core::store::{EntityKind, FieldType};
use mcmp_store_postgres::OpenError;
use mcmp_test_servers::postgres::{connect, database, execute};
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;

use crate::fixture::Fixture;

#[tokio::test]
async fn several_processes_may_start_at_once() {
    let database = database!("several_processes_may_start_at_once", empty);
    let mut starts = JoinSet::new();
    for _ in 0..4 {
        let config = database.config().max_connections(2).without_notifications();
        starts.spawn(config.open());
    }
    while let Some(started) = starts.join_next().await {
        started.unwrap().unwrap();
    }
    let mut session = connect(&database.options()).await;
    let sql = "SELECT version FROM mcmp.migration ORDER BY version";
    let versions: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&mut session).await.unwrap();
    assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_schema_that_is_not_ours_to_change_is_refused() {
    let database = database!("a_schema_that_is_not_ours_to_change", empty);
    let config = || database.config().max_connections(1).without_notifications();
    let refused = config().without_migrations().open().await.unwrap_err();
    assert!(matches!(refused, OpenError::NotMigrated { found: 0, .. }), "{refused}");
    config().migrate().await.unwrap();
    config().without_migrations().open().await.unwrap();

    let mut session = connect(&database.options()).await;
    execute(&mut session, "UPDATE mcmp.migration SET sql_md5 = 'another' WHERE version = 1").await;
    let refused = config().open().await.unwrap_err();
    assert!(matches!(refused, OpenError::ChangedMigration { version: 1 }), "{refused}");

    let newer = "INSERT INTO mcmp.migration (version, name, sql_md5) VALUES (999, 'new', '')";
    execute(&mut session, newer).await;
    let refused = config().open().await.unwrap_err();
    assert!(matches!(refused, OpenError::NewerSchema { found: 999, .. }), "{refused}");
}

/// A store that opens a database with data in it changes none of it.
#[tokio::test]
async fn what_is_there_stays() {
    let fixture = Fixture::new(database!("what_is_there_stays")).await;
    let before = fixture.world.dump().await;
    let again = fixture.database.config().without_notifications().open().await.unwrap();
    drop(again);
    assert_eq!(fixture.world.dump().await, before);
}

fn column_type(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Flag => "boolean",
        FieldType::Number => "bigint",
        FieldType::Id => "uuid",
        FieldType::Text => "text",
        FieldType::Ids => "uuid[]",
        FieldType::Texts => "text[]",
    }
}

/// Every field has its column, of its type, and no column is left over.
#[tokio::test]
async fn columns_are_the_fields() {
    let database = database!("columns_are_the_fields");
    let mut session = connect(&database.options()).await;
    for kind in EntityKind::ALL {
        let sql = format!(
            "SELECT attname, format_type(atttypid, NULL), attnotnull FROM pg_attribute \
             WHERE attrelid = 'mcmp.\"{}\"'::regclass AND attnum > 0 AND NOT attisdropped",
            kind.as_str()
        );
        let columns: Vec<(String, String, bool)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut session).await.unwrap();
        let columns: BTreeMap<String, (String, bool)> =
            columns.into_iter().map(|(name, kind, not_null)| (name, (kind, not_null))).collect();
        let mut left: Vec<&str> = columns.keys().map(String::as_str).collect();
        for own in ["id", "version", "body", "position"] {
            if own != "position" || *kind == EntityKind::Event {
                left.retain(|name| *name != own);
            }
        }
        for field in kind.fields() {
            let (found, not_null) = &columns[field.name];
            assert_eq!(found, column_type(field.field_type), "{kind}.{}", field.name);
            assert!(field.sort.is_none() || *not_null, "{kind}.{} sorts lists", field.name);
            left.retain(|name| *name != field.name);
        }
        assert_eq!(left, Vec::<&str>::new(), "{kind}");
    }
}
