//! SQLite's words.

use mcmp_store_sql::{Dialect, ValueType};

use crate::prefix::TablePrefix;

/// SQLite's words, for the tables with one prefix.
///
/// Lists are JSON. A list of ids as a parameter holds each id in an array of its own, so that
/// what is an id and what a text can be told apart where only the list is known; see
/// [`session`](crate::session).
#[derive(Debug, Clone)]
pub(crate) struct SqliteDialect {
    prefix: TablePrefix,
}

impl SqliteDialect {
    pub(crate) fn new(prefix: TablePrefix) -> Self {
        Self { prefix }
    }
}

impl Dialect for SqliteDialect {
    fn table(&self, name: &str) -> String {
        self.prefix.table(name)
    }

    // There is one writer.
    fn for_update(&self) -> &'static str {
        ""
    }

    fn skip_locked(&self) -> &'static str {
        ""
    }

    // Only the changed table is there to answer from, and not by another name.
    fn returning_id(&self) -> &'static str {
        " RETURNING id"
    }

    fn is_among(&self, column: &str, list: &str) -> String {
        format!(
            "{column} IN (SELECT CASE l.type WHEN 'array' THEN unhex(l.value ->> 0, '-') \
             ELSE l.value END FROM json_each({list}) AS l)"
        )
    }

    fn overlaps(&self, column: &str, list: &str) -> String {
        let wanted = format!(
            "SELECT CASE l.type WHEN 'array' THEN l.value ->> 0 ELSE l.value END \
             FROM json_each({list}) AS l"
        );
        if column.ends_with("\"identities\"") {
            // Sign-ins have a table, and with it an index.
            let table = self.table("user_identity");
            let id = column.replace("\"identities\"", "id");
            return format!("{id} IN (SELECT user_id FROM {table} WHERE identity IN ({wanted}))");
        }
        format!("EXISTS (SELECT 1 FROM json_each({column}) AS c WHERE c.value IN ({wanted}))")
    }

    fn holds(&self, column: &str, text: &str) -> String {
        format!("instr({column}, {text}) > 0")
    }

    fn json(&self, expression: &str) -> String {
        expression.to_owned()
    }

    // Each row is made into SQLite's own form of JSON once, so that its columns are found in it
    // without reading the text again.
    fn rows(&self, parameter: &str, columns: &[(&str, ValueType)]) -> String {
        let columns: Vec<String> = columns
            .iter()
            .map(|(name, value_type)| {
                let value = match value_type {
                    ValueType::Id => format!("unhex(o ->> '$.{name}', '-')"),
                    ValueType::Flag | ValueType::Number | ValueType::Text => {
                        format!("o ->> '$.{name}'")
                    }
                    ValueType::Json | ValueType::Numbers | ValueType::Ids | ValueType::Texts => {
                        format!("o -> '$.{name}'")
                    }
                };
                format!("{value} AS \"{name}\"")
            })
            .collect();
        format!(
            "(WITH r(o) AS MATERIALIZED (SELECT jsonb(value) FROM json_each({parameter})) \
             SELECT {} FROM r) AS v",
            columns.join(", "),
        )
    }

    fn event_position(&self) -> Option<&'static str> {
        None
    }

    // Commits come one after another, and so do their events' positions.
    fn event_is_settled(&self) -> Option<&'static str> {
        None
    }
}
