//! What can go wrong: while a store is opened, and what the database says later.

use mcmp_core::value::InvalidValue;
use mcmp_store_sql::SqlError;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The address is no PostgreSQL address. What is wrong with it is not told, as it may hold a
    /// password.
    #[error("the database's address can't be read: postgres://user:password@host/database")]
    Address,
    /// The database can't be reached, refuses the login, or fails.
    #[error("the database can't be opened")]
    Database {
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The server is older than PostgreSQL 15.
    #[error("PostgreSQL 15 or later is needed, this is {version}")]
    TooOld {
        /// The server's version.
        version: String,
    },
    /// The role passes over row-level security: the policies that keep tenants apart would not hold.
    #[error(
        "the role {role} is a superuser or has BYPASSRLS, so that row-level security does not hold \
         for it; use another role, or allow it"
    )]
    PassesOverPolicies {
        /// The role.
        role: String,
    },
    /// The schema was made by a newer version of this crate.
    #[error("the schema is at version {found}, and this program knows {known}: it is older")]
    NewerSchema {
        /// The schema's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A migration that was applied is not the one that this program knows.
    #[error("migration {version} was applied with another text")]
    ChangedMigration {
        /// Which one.
        version: i64,
    },
    /// The schema is missing or older, and this store may not migrate it.
    #[error("the schema is at version {found} and must be migrated to {known} first")]
    NotMigrated {
        /// The schema's version; 0 if there is none.
        found: i64,
        /// The one that is needed.
        known: i64,
    },
    /// The schema was made for the other way to keep tenants apart.
    #[error("the schema keeps its clients apart by {found}, not by {wanted}")]
    OtherTenancy {
        /// How it keeps them apart.
        found: String,
        /// How it was to.
        wanted: String,
    },
}

impl From<sqlx::Error> for OpenError {
    fn from(source: sqlx::Error) -> Self {
        Self::Database { source }
    }
}

/// What the driver says, in kinds that a store decides by.
pub(crate) fn sql_error(error: sqlx::Error) -> SqlError {
    use sqlx::Error;
    match &error {
        Error::Database(database) => {
            let told = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
            by_code(database.code().as_deref().unwrap_or_default(), told.map(described))
                .unwrap_or(Kind::Failed)
                .holding(error)
        }
        Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => SqlError::Unavailable(Box::new(error)),
        // A connection that breaks in the middle of an answer.
        Error::Protocol(_) => SqlError::Unavailable(Box::new(error)),
        Error::Encode(_) => SqlError::Value(Box::new(error)),
        _ => SqlError::Failed(Box::new(error)),
    }
}

/// Table and index that an error names.
fn described(error: &sqlx::postgres::PgDatabaseError) -> (String, String) {
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    (text(error.table()), text(error.constraint()))
}

/// A kind of [`SqlError`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    NotUnique { table: String, index: String },
    Contended,
    Unavailable,
    Value,
    Failed,
}

impl Kind {
    fn holding(self, error: sqlx::Error) -> SqlError {
        match self {
            Self::NotUnique { table, index } => SqlError::NotUnique { table, index },
            Self::Contended => SqlError::Contended(Box::new(error)),
            Self::Unavailable => SqlError::Unavailable(Box::new(error)),
            Self::Value => SqlError::Value(Box::new(error)),
            Self::Failed => SqlError::Failed(Box::new(error)),
        }
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn by_code(code: &str, named: Option<(String, String)>) -> Option<Kind> {
    Some(match code {
        "23505" => {
            let (table, index) = named?;
            Kind::NotUnique { table, index }
        }
        // Serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => Kind::Contended,
        // Shut down by an administrator or a crash, starting up, database dropped, idle too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" => Kind::Unavailable,
        // Read-only after a switch to another server.
        "25006" => Kind::Unavailable,
        // A character that the encoding does not have, U+0000 among them; a number out of range; a
        // value too long for an index.
        "22021" | "22P05" | "22003" | "54000" => Kind::Value,
        // Connections (08), out of memory, disk or connections (53).
        _ if code.starts_with("08") || code.starts_with("53") => Kind::Unavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, by_code, sql_error};
    use mcmp_store_sql::SqlError;

    #[test]
    fn codes_have_their_kind() {
        let named = Some(("post".to_owned(), "post_pkey".to_owned()));
        let unique = Kind::NotUnique { table: "post".to_owned(), index: "post_pkey".to_owned() };
        assert_eq!(by_code("23505", named.clone()), Some(unique));
        for code in ["40001", "40P01", "55P03"] {
            assert_eq!(by_code(code, named.clone()), Some(Kind::Contended), "{code}");
        }
        for code in ["57P01", "57P02", "57P03", "08006", "08000", "53300", "25006"] {
            assert_eq!(by_code(code, None), Some(Kind::Unavailable), "{code}");
        }
        for code in ["22021", "22P05"] {
            assert_eq!(by_code(code, None), Some(Kind::Value), "{code}");
        }
        for code in ["42501", "42P01", "23514", ""] {
            assert_eq!(by_code(code, None), None, "{code}");
        }
    }

    #[test]
    fn a_connection_that_breaks_is_unavailable() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(matches!(sql_error(sqlx::Error::Io(broken)), SqlError::Unavailable(_)));
        assert!(matches!(sql_error(sqlx::Error::PoolTimedOut), SqlError::Unavailable(_)));
        assert!(matches!(sql_error(sqlx::Error::RowNotFound), SqlError::Failed(_)));
    }
}
