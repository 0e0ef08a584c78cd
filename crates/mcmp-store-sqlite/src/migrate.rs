//! The tables, brought up to what this version of the crate expects.

use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use crate::error::OpenError;
use crate::prefix::TablePrefix;

/// A step from one version of the tables to the next. `{prefix}` in its text stands for the prefix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

/// All steps, in order; one that was released never changes.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "first", sql: include_str!("../migrations/0001_first.sql") }];

/// Applies the steps that are missing, in one transaction: of several processes that open a file
/// at once, one applies them and the others find them applied.
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    prefix: &TablePrefix,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    // The usual case needs no lock.
    let found = applied(connection, prefix).await?;
    if found.len() == migrations.len() {
        return check(&found, migrations);
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let table = prefix.table("migration");
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (version INTEGER NOT NULL PRIMARY KEY, \
         name TEXT NOT NULL) STRICT"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    let found = applied(&mut transaction, prefix).await?;
    check(&found, migrations)?;
    for migration in migrations.iter().skip(found.len()) {
        let sql = migration.sql.replace("{prefix}", prefix.as_str());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        let sql = format!("INSERT INTO {table} (version, name) VALUES ($1, $2)");
        let insert = sqlx::query(AssertSqlSafe(sql)).bind(migration.version).bind(migration.name);
        insert.execute(&mut *transaction).await?;
        tracing::info!(version = migration.version, name = migration.name, "migrated the tables");
    }
    transaction.commit().await?;
    Ok(())
}

/// What was applied, in order; nothing where there is no table of ours.
async fn applied(
    connection: &mut SqliteConnection,
    prefix: &TablePrefix,
) -> Result<Vec<(i64, String)>, OpenError> {
    let name = format!("{}migration", prefix.as_str());
    let there = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1");
    if there.bind(name).fetch_optional(&mut *connection).await?.is_none() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version, name FROM {} ORDER BY version", prefix.table("migration"));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Refuses tables that this program does not know.
fn check(found: &[(i64, String)], known: &[Migration]) -> Result<(), OpenError> {
    for (version, name) in found {
        match known.iter().find(|migration| migration.version == *version) {
            Some(migration) if migration.name == name => {}
            Some(_) => {
                return Err(OpenError::ChangedMigration { version: *version, found: name.clone() });
            }
            None => {
                let known = known.last().map_or(0, |migration| migration.version);
                return Err(OpenError::NewerSchema { found: *version, known });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;
