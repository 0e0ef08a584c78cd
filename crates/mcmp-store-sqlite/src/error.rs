//! What can go wrong: while a store is opened, and what the database says later.

use std::sync::Arc;

use mcmp_core::value::InvalidValue;
use mcmp_store_sql::SqlError;

use crate::prefix::TablePrefix;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The file can't be opened, is no database, or fails.
    #[error("the database file can't be opened")]
    Database {
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The database does not keep a write-ahead log, as one in memory or on some network drives.
    #[error(
        "the database keeps no write-ahead log (its journal mode is {mode}): it must be a file"
    )]
    NoWriteAheadLog {
        /// The journal mode that it has instead.
        mode: String,
    },
    /// The tables were made by a newer version of this crate.
    #[error("the tables are at version {found}, and this program knows {known}: it is older")]
    NewerSchema {
        /// The tables' version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A migration that was applied is not the one that this program knows.
    #[error("migration {version} was applied under another name: {found}")]
    ChangedMigration {
        /// Which one.
        version: i64,
        /// The name that it was applied under.
        found: String,
    },
}

impl From<sqlx::Error> for OpenError {
    fn from(source: sqlx::Error) -> Self {
        Self::Database { source }
    }
}

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a file of this name already.
    #[error("there is a file of this name already")]
    Exists,
    /// The name can't be said in SQL: it is not UTF-8.
    #[error("the file's name is not UTF-8")]
    Name,
    /// The database could not be copied.
    #[error("the database could not be copied")]
    Database {
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The file could not be written.
    #[error("the file could not be written")]
    File {
        /// The system's error.
        #[from]
        source: std::io::Error,
    },
}

/// The parts of [`SqlError`] that a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    NotUnique,
    Contended,
    Unavailable,
    Value,
    Failed,
}

/// By result code: <https://www.sqlite.org/rescode.html>.
fn kind(code: i32) -> Kind {
    match (code & 0xff, code) {
        // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID.
        (_, 2067 | 1555 | 2579) => Kind::NotUnique,
        // SQLITE_CONSTRAINT_FOREIGNKEY, _NOTNULL, _CHECK, _DATATYPE; SQLITE_TOOBIG, _MISMATCH.
        (_, 787 | 1299 | 275 | 3091) | (18 | 20, _) => Kind::Value,
        // SQLITE_BUSY, _LOCKED, _PROTOCOL (a race to start the write-ahead log).
        (5 | 6 | 15, _) => Kind::Contended,
        // SQLITE_NOMEM, _READONLY, _INTERRUPT, _IOERR, _FULL, _CANTOPEN.
        (7 | 8 | 9 | 10 | 13 | 14, _) => Kind::Unavailable,
        _ => Kind::Failed,
    }
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse().ok())
}

/// Whether another connection was in the way.
pub(crate) fn is_contended(error: &sqlx::Error) -> bool {
    kind_of(error) == Kind::Contended
}

fn kind_of(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Database(_) => code(error).map_or(Kind::Failed, kind),
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Kind::Unavailable,
        sqlx::Error::Encode(_) => Kind::Value,
        _ => Kind::Failed,
    }
}

/// What became of a request whose transaction was lost.
pub(crate) fn lost(error: &Arc<sqlx::Error>) -> SqlError {
    let source = Box::new(Arc::clone(error));
    match kind_of(error) {
        Kind::Contended => SqlError::Contended(source),
        Kind::Unavailable => SqlError::Unavailable(source),
        _ => SqlError::Failed(source),
    }
}

/// What the driver says, in kinds that a store decides by.
pub(crate) fn sql_error(error: sqlx::Error, prefix: &TablePrefix) -> SqlError {
    match kind_of(&error) {
        Kind::NotUnique => {
            let message = error.as_database_error().map(|error| error.message());
            match message.and_then(|message| index_of(message, prefix)) {
                Some((table, index)) => SqlError::NotUnique { table, index },
                None => SqlError::Failed(Box::new(error)),
            }
        }
        Kind::Contended => SqlError::Contended(Box::new(error)),
        Kind::Unavailable => SqlError::Unavailable(Box::new(error)),
        Kind::Value => SqlError::Value(Box::new(error)),
        Kind::Failed => SqlError::Failed(Box::new(error)),
    }
}

/// Table and index that a message such as `UNIQUE constraint failed: mcmp_client.agency_id,
/// mcmp_client.slug` is about: it names columns, the last of which the index is named after.
fn index_of(message: &str, prefix: &TablePrefix) -> Option<(String, String)> {
    let (_, columns) = message.split_once("constraint failed: ")?;
    let last = columns.rsplit(", ").next()?;
    let (table, column) = last.rsplit_once('.')?;
    let table = table.strip_prefix(prefix.as_str())?;
    let index = match column {
        "id" => format!("{table}_pkey"),
        column => format!("{table}_{column}_unique"),
    };
    // The one table that is keyed by its value.
    let index = if table == "user_identity" { format!("{table}_unique") } else { index };
    Some((table.to_owned(), index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_kind() {
        for code in [5, 261, 517, 6, 262] {
            assert_eq!(kind(code), Kind::Contended, "{code}");
        }
        for code in [10, 778, 13, 14, 8, 1032] {
            assert_eq!(kind(code), Kind::Unavailable, "{code}");
        }
        for code in [787, 1299, 3091, 18, 20] {
            assert_eq!(kind(code), Kind::Value, "{code}");
        }
        for code in [1, 11, 26, 19] {
            assert_eq!(kind(code), Kind::Failed, "{code}");
        }
    }

    #[test]
    fn messages_name_an_index() {
        let prefix = TablePrefix::default();
        let index = |message: &str| index_of(message, &prefix).map(|(_, index)| index);
        let failed = |columns: &str| index(&format!("UNIQUE constraint failed: {columns}"));
        assert_eq!(failed("mcmp_post.id").as_deref(), Some("post_pkey"));
        let slug = failed("mcmp_client.agency_id, mcmp_client.slug");
        assert_eq!(slug.as_deref(), Some("client_slug_unique"));
        let identity = failed("mcmp_user_identity.identity");
        assert_eq!(identity.as_deref(), Some("user_identity_unique"));
        assert_eq!(failed("shop_order.number"), None);
        assert_eq!(index("no such table: mcmp_post"), None);
    }
}
