//! What runs statements.

use async_trait::async_trait;

use crate::{SqlError, Value, ValueType};

/// A row: a value for each column that was asked for, in order.
pub type Row = Vec<Value>;

/// A transaction, or a connection that only reads, on which statements run one after another.
///
/// Parameters are written `$1`, `$2`, ..; each number stands for one value, wherever it occurs.
#[async_trait]
pub trait Session: Send {
    /// Runs a statement; how many rows it wrote.
    ///
    /// # Errors
    /// What the database says, in [kinds](SqlError).
    async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, SqlError>;

    /// Runs a statement that answers with rows, whose columns are of these types.
    ///
    /// # Errors
    /// What the database says, in [kinds](SqlError).
    async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        columns: &[ValueType],
    ) -> Result<Vec<Row>, SqlError>;
}
