//! Migrations: embedded, forward only, and safe when several processes start at once.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::error::OpenError;
use crate::schema_name::SchemaName;

/// One step of the schema. Once released, its text never changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
    /// The one way to keep clients apart that it is for; all others are for both.
    only: Option<Layout>,
}

/// How clients are kept apart. A schema keeps the one that it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    SharedTables,
    SchemaPerClient,
}

impl Layout {
    fn name(self) -> &'static str {
        match self {
            Self::SharedTables => "row-level security in shared tables",
            Self::SchemaPerClient => "a schema for each",
        }
    }
}

macro_rules! migrations {
    ($($version:literal $name:literal $only:expr),+ $(,)?) => {
        /// All of them, in order. `ALTER TABLE` of a partitioned table reaches its partitions, so
        /// that most are for both layouts.
        pub(crate) const MIGRATIONS: &[Migration] = &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
            only: $only,
        }),+];
    };
}
migrations! {
    1 "0001_tables" None,
    2 "0002_schema_per_client" Some(Layout::SchemaPerClient),
}

/// Brings the schema up to date, in one transaction: all of it, or nothing. Whoever comes second
/// waits, and finds it done.
pub(crate) async fn run(
    connection: &mut PgConnection,
    schema: &SchemaName,
    layout: Layout,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    let applied = applied(connection, schema, migrations).await?;
    if missing(&applied, layout, migrations)?.is_empty() {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(lock_key(schema))
        .execute(&mut *transaction)
        .await?;
    // A role that may not make schemas can have one made for it.
    if !exists(&mut transaction, schema).await? {
        let sql = format!("CREATE SCHEMA {}", schema.quoted());
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    }
    // The migrations' text names no schema. All of it is at work until the transaction ends, and
    // what policies and defaults say is bound to the tables then.
    let sql = format!(
        "SET LOCAL search_path = {0}, pg_catalog; SET LOCAL mcmp.reach = 'everything'; \
         CREATE TABLE IF NOT EXISTS {0}.migration (version bigint PRIMARY KEY, \
         name text NOT NULL, sql_md5 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
        schema.quoted()
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    let applied = self::applied(&mut transaction, schema, migrations).await?;
    for migration in missing(&applied, layout, migrations)? {
        tracing::info!(schema = %schema, migration = migration.name, "the schema is migrated");
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
        let sql = format!(
            "INSERT INTO {} (version, name, sql_md5) VALUES ($1, $2, md5($3))",
            schema.qualified("migration")
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(migration.version)
            .bind(migration.name)
            .bind(migration.sql)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Checks that nothing is missing, and changes nothing.
pub(crate) async fn check(
    connection: &mut PgConnection,
    schema: &SchemaName,
    layout: Layout,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    let applied = applied(connection, schema, migrations).await?;
    if !missing(&applied, layout, migrations)?.is_empty() {
        let found = applied.iter().map(|(version, _)| *version).max().unwrap_or_default();
        return Err(OpenError::NotMigrated { found, known: newest(migrations) });
    }
    Ok(())
}

fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |migration| migration.version)
}

/// Which migrations were applied, and whether with the text that this program has; none if there
/// is no schema yet.
async fn applied(
    connection: &mut PgConnection,
    schema: &SchemaName,
    migrations: &[Migration],
) -> Result<Vec<(i64, bool)>, OpenError> {
    let table = schema.qualified("migration");
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&table)
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    let (versions, texts): (Vec<i64>, Vec<&str>) =
        migrations.iter().map(|migration| (migration.version, migration.sql)).unzip();
    let sql = format!(
        "SELECT a.version, coalesce(a.sql_md5 = md5(k.sql), true) FROM {table} AS a \
         LEFT JOIN unnest($1::bigint[], $2::text[]) AS k (version, sql) ON k.version = a.version \
         ORDER BY a.version"
    );
    let rows = sqlx::query_as(AssertSqlSafe(sql)).bind(versions).bind(texts);
    Ok(rows.fetch_all(&mut *connection).await?)
}

/// Which migrations are missing, in order.
fn missing(
    applied: &[(i64, bool)],
    layout: Layout,
    migrations: &[Migration],
) -> Result<Vec<Migration>, OpenError> {
    let newest = newest(migrations);
    if let Some((found, _)) = applied.iter().find(|(version, _)| *version > newest) {
        return Err(OpenError::NewerSchema { found: *found, known: newest });
    }
    if let Some((version, _)) = applied.iter().find(|(_, is_same)| !is_same) {
        return Err(OpenError::ChangedMigration { version: *version });
    }
    let is_applied = |known: &Migration| applied.iter().any(|(v, _)| *v == known.version);
    let for_one = migrations.iter().filter_map(|known| Some((known, known.only?)));
    for (known, only) in for_one {
        // What is for one layout alone is part of a schema from its beginning, or never.
        if !applied.is_empty() && is_applied(known) != (only == layout) {
            let found = match layout {
                Layout::SharedTables => Layout::SchemaPerClient,
                Layout::SchemaPerClient => Layout::SharedTables,
            };
            let (found, wanted) = (found.name().to_owned(), layout.name().to_owned());
            return Err(OpenError::OtherTenancy { found, wanted });
        }
    }
    let is_wanted = |known: &&Migration| known.only.is_none_or(|only| only == layout);
    let known = migrations.iter().filter(is_wanted);
    Ok(known.filter(|known| !is_applied(known)).copied().collect())
}

async fn exists(connection: &mut PgConnection, schema: &SchemaName) -> Result<bool, OpenError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
    let exists = sqlx::query_scalar(sql).bind(schema.as_str());
    Ok(exists.fetch_one(&mut *connection).await?)
}

/// The key of the advisory lock that migrations are made under: FNV-1a of the schema's name.
fn lock_key(schema: &SchemaName) -> i64 {
    let hash = schema.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;
