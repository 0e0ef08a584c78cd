//! PostgreSQL's words.

use mcmp_core::store::EntityKind;
use mcmp_store_sql::{Dialect, Rows, Value, ValueType};

use crate::client_schemas;
use crate::schema_name::SchemaName;

/// PostgreSQL's words, for the tables of one schema.
#[derive(Debug, Clone)]
pub(crate) struct PgDialect {
    schema: SchemaName,
    event_position: String,
    has_client_schemas: bool,
}

impl PgDialect {
    pub(crate) fn new(schema: SchemaName, has_client_schemas: bool) -> Self {
        let event_position = format!("nextval('{}')", schema.qualified("event_position"));
        Self { schema, event_position, has_client_schemas }
    }

    pub(crate) fn has_client_schemas(&self) -> bool {
        self.has_client_schemas
    }

    pub(crate) fn schema(&self) -> &SchemaName {
        &self.schema
    }
}

/// The type of a column.
fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Flag => "boolean",
        ValueType::Number => "bigint",
        ValueType::Id => "uuid",
        ValueType::Text => "text",
        ValueType::Json => "jsonb",
        ValueType::Numbers => "bigint[]",
        ValueType::Ids => "uuid[]",
        ValueType::Texts => "text[]",
    }
}

impl Dialect for PgDialect {
    fn table(&self, name: &str) -> String {
        self.schema.qualified(name)
    }

    // No row is named by a foreign key, so the lock need not keep keys from being named.
    fn for_update(&self) -> &'static str {
        " FOR NO KEY UPDATE"
    }

    fn skip_locked(&self) -> &'static str {
        " FOR NO KEY UPDATE SKIP LOCKED"
    }

    fn is_among(&self, column: &str, list: &str) -> String {
        format!("{column} = ANY({list})")
    }

    fn overlaps(&self, column: &str, list: &str) -> String {
        if column.ends_with("\"identities\"") {
            // Sign-ins have a table, and with it an index.
            let table = self.table("user_identity");
            let id = column.replace("\"identities\"", "id");
            return format!("{id} IN (SELECT user_id FROM {table} WHERE identity = ANY({list}))");
        }
        format!("{column} && {list}")
    }

    fn holds(&self, column: &str, text: &str) -> String {
        format!("strpos({column}, {text}) > 0")
    }

    // Sent in its binary form, which is its text.
    fn json(&self, expression: &str) -> String {
        expression.to_owned()
    }

    fn rows(&self, parameter: &str, columns: &[(&str, ValueType)]) -> String {
        let columns: Vec<String> = columns
            .iter()
            .map(|(name, value_type)| format!("\"{name}\" {}", type_name(*value_type)))
            .collect();
        format!("jsonb_to_recordset({parameter}::jsonb) AS v({})", columns.join(", "))
    }

    // A parameter for each column: far less work for the server than to take a JSON document apart.
    fn pass(&self, rows: Rows) -> (String, Vec<Value>) {
        let mut names = Vec::with_capacity(rows.columns().len());
        let mut parameters = Vec::with_capacity(rows.columns().len());
        for (place, (name, value_type)) in (1..).zip(rows.columns()) {
            parameters.push(format!("${place}"));
            names.push(match value_type {
                // Lists can't be the items of a list: they get here as their text.
                ValueType::Numbers | ValueType::Ids | ValueType::Texts => {
                    format!("u.c{place}::{} AS \"{name}\"", type_name(*value_type))
                }
                _ => format!("u.c{place} AS \"{name}\""),
            });
        }
        let columns: Vec<String> = (1..=names.len()).map(|place| format!("c{place}")).collect();
        let from = format!(
            "(SELECT {} FROM unnest({}) AS u({})) AS v",
            names.join(", "),
            parameters.join(", "),
            columns.join(", "),
        );
        (from, rows.into_columns())
    }

    fn event_position(&self) -> Option<&str> {
        Some(&self.event_position)
    }

    fn event_is_settled(&self) -> Option<&str> {
        Some("position <= (SELECT current_setting('mcmp.settled')::bigint)")
    }

    fn partitioned_by(&self, kind: EntityKind) -> Option<&str> {
        let is_content = self.has_client_schemas && client_schemas::is_content(kind);
        is_content.then_some("client_id")
    }
}
