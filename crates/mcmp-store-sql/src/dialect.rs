//! The few words in which SQL databases differ.

use std::fmt::Debug;

use mcmp_core::store::EntityKind;

use crate::{Rows, Value, ValueType};

/// The few words in which SQL databases differ. Names of tables and columns are the same everywhere,
/// and so are parameters (`$1`).
pub trait Dialect: Debug + Send + Sync {
    /// A table as statements name it, with schema or prefix: `"mcmp"."post"`, `mcmp_post`.
    fn table(&self, name: &str) -> String;

    /// What ends a `SELECT` whose rows are to be locked until the transaction ends; empty where
    /// nobody else writes meanwhile.
    fn for_update(&self) -> &'static str;

    /// The same, passing over rows that somebody else has locked.
    fn skip_locked(&self) -> &'static str;

    /// What ends a change of a table named `t` that answers with the ids of the rows it wrote.
    fn returning_id(&self) -> &'static str {
        " RETURNING t.id"
    }

    /// A condition: the column's value is among the values of a list parameter such as `$3`.
    fn is_among(&self, column: &str, list: &str) -> String;

    /// A condition: the column's list and the parameter's have a value in common.
    fn overlaps(&self, column: &str, list: &str) -> String;

    /// A condition: the column's text holds the parameter's text, byte for byte.
    fn holds(&self, column: &str, text: &str) -> String;

    /// A JSON column or expression, as text.
    fn json(&self, expression: &str) -> String;

    /// A JSON array of objects in a text parameter such as `$1`, as rows named `v`, with these
    /// columns: what stands after `FROM`. In the objects, a UUID is its hyphenated text, a list an
    /// array, and a [JSON](ValueType::Json) column any JSON value; what is missing is null.
    fn rows(&self, parameter: &str, columns: &[(&str, ValueType)]) -> String;

    /// How rows get into a statement: what stands after `FROM`, rows named `v` with these columns, and
    /// the values of its parameters, from `$1` on. As [JSON](Self::rows), unless there is a better way.
    fn pass(&self, rows: Rows) -> (String, Vec<Value>) {
        (self.rows("$1", rows.columns()), vec![rows.into_json()])
    }

    /// An event's place in the order of commits, over the column `v.ordinal` (its place among the
    /// events of its transaction, from 0); `None` where the table counts by itself.
    fn event_position(&self) -> Option<&str>;

    /// A condition: no event that comes before this one can still be committed; `None` where that
    /// can't happen.
    fn event_is_settled(&self) -> Option<&str>;

    /// The column by which a kind's table is partitioned, if it is: statements then name its values
    /// where they know them, so that the database looks nowhere else.
    fn partitioned_by(&self, kind: EntityKind) -> Option<&str> {
        let _is_whole = kind;
        None
    }
}
