//! What a database can say, in kinds that a store decides by.

use mcmp_core::store::StoreError;
use mcmp_core::value::InvalidValue;

/// The driver's error, kept as the source.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The contract's own answer: a conflict, out of scope, a full meter.
    #[error(transparent)]
    Refused(#[from] StoreError),
    /// A unique index has the value already.
    #[error("a unique index has the value already")]
    NotUnique {
        /// The table, without schema or prefix.
        table: String,
        /// The index: `<table>_pkey` for ids, `<table>_<field>_unique` for
        /// [unique values](mcmp_core::store::UniqueKey).
        index: String,
    },
    /// Another transaction was in the way (a deadlock, a serialization failure, a lock that took too
    /// long): nothing is written, and the whole transaction can be tried again.
    #[error("another transaction was in the way")]
    Contended(#[source] Source),
    /// The connection is gone or could not be made. What was sent may have been carried out.
    #[error("the database is not available")]
    Unavailable(#[source] Source),
    /// A value that the database does not take, such as a text with U+0000.
    #[error("the database does not take a value")]
    Value(#[source] Source),
    /// Anything else.
    #[error("the database failed")]
    Failed(#[source] Source),
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Refused(error) => error,
            SqlError::Contended(source) | SqlError::Unavailable(source) => {
                Self::Unavailable { source }
            }
            SqlError::Value(source) => {
                Self::Invalid(InvalidValue::inconsistent("changes", source.to_string()))
            }
            SqlError::Failed(source) => Self::Backend { source },
            error @ SqlError::NotUnique { .. } => Self::Backend { source: Box::new(error) },
        }
    }
}
