//! Rows on their way into a statement.

use mcmp_core::store::{FieldValue, Key, Record};

use crate::row::{columns, failed, number};
use crate::{SqlError, Value, ValueType};

/// Rows on their way into a statement, however many they are: the [dialect](crate::Dialect::pass)
/// says how they get there.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    columns: Vec<(&'static str, ValueType)>,
    cells: Vec<Vec<Value>>,
}

impl Rows {
    /// No rows yet, with these columns.
    pub(crate) fn new(columns: Vec<(&'static str, ValueType)>) -> Self {
        Self { columns, cells: Vec::new() }
    }

    /// Adds a row: a value for each column.
    pub(crate) fn push(&mut self, cells: Vec<Value>) {
        self.cells.push(cells);
    }

    /// The rows of records of one kind, each with a number of its own beside its columns.
    pub(crate) fn of_records<'a>(
        records: impl Iterator<Item = (&'a Record, i64)>,
        kind: mcmp_core::store::EntityKind,
        extra: &'static str,
    ) -> Result<Self, SqlError> {
        let mut columns = columns(kind);
        columns.push((extra, ValueType::Number));
        let mut rows = Self::new(columns);
        for (record, more) in records {
            let mut cells = Vec::with_capacity(rows.columns.len());
            cells.push(Value::Id(record.id()));
            cells.push(Value::Number(number(record.version().0)));
            let types = rows.columns.iter().skip(2).map(|(_, value_type)| *value_type);
            cells.extend(record.values().into_iter().zip(types).map(|(value, t)| cell(value, t)));
            cells.push(Value::Json(record.to_json().map_err(failed)?));
            cells.push(Value::Number(more));
            rows.push(cells);
        }
        Ok(rows)
    }

    /// The names of the columns, and their types.
    #[must_use]
    pub fn columns(&self) -> &[(&'static str, ValueType)] {
        &self.columns
    }

    /// The rows as a JSON array of objects; see [`Dialect::rows`](crate::Dialect::rows).
    #[must_use]
    pub fn into_json(self) -> Value {
        let mut json = String::from("[");
        for (place, cells) in self.cells.iter().enumerate() {
            json.push_str(if place == 0 { "{" } else { ",{" });
            let present = self.columns.iter().zip(cells);
            let present = present.filter(|(_, value)| !matches!(value, Value::Null(_)));
            for (place, ((name, _), value)) in present.enumerate() {
                json.push_str(if place == 0 { "\"" } else { ",\"" });
                json.push_str(name);
                json.push_str("\":");
                push_json(&mut json, value);
            }
            json.push('}');
        }
        json.push(']');
        Value::Text(json)
    }

    /// The rows as a [`Value::Column`] for each column.
    #[must_use]
    pub fn into_columns(self) -> Vec<Value> {
        let mut columns: Vec<(ValueType, Vec<Value>)> = self
            .columns
            .iter()
            .map(|(_, value_type)| (*value_type, Vec::with_capacity(self.cells.len())))
            .collect();
        for cells in self.cells {
            for ((_, column), value) in columns.iter_mut().zip(cells) {
                column.push(value);
            }
        }
        columns.into_iter().map(|(value_type, cells)| Value::Column(value_type, cells)).collect()
    }
}

fn push_json(json: &mut String, value: &Value) {
    match value {
        Value::Flag(flag) => json.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => json.push_str(&number.to_string()),
        Value::Id(id) => push_text(json, &id.to_string()),
        Value::Text(text) => push_text(json, text),
        // It is JSON already.
        Value::Json(own) => json.push_str(own),
        Value::Numbers(numbers) => {
            push_list(json, numbers, |json, n| json.push_str(&n.to_string()))
        }
        Value::Ids(ids) => push_list(json, ids, |json, id| push_text(json, &id.to_string())),
        Value::Texts(texts) => push_list(json, texts, |json, text| push_text(json, text)),
        Value::Null(_) | Value::Column(..) => json.push_str("null"),
    }
}

fn push_list<T>(json: &mut String, items: &[T], push: impl Fn(&mut String, &T)) {
    json.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            json.push(',');
        }
        push(json, item);
    }
    json.push(']');
}

fn push_text(json: &mut String, text: &str) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// What an entity has in a field, as its column has it.
fn cell(value: FieldValue, value_type: ValueType) -> Value {
    match value {
        FieldValue::None => Value::Null(value_type),
        FieldValue::One(Key::Flag(flag)) => Value::Flag(flag),
        FieldValue::One(Key::Number(number)) => Value::Number(number),
        FieldValue::One(Key::Id(id)) => Value::Id(id),
        FieldValue::One(Key::Text(text)) => Value::Text(text),
        FieldValue::Many(keys) if value_type == ValueType::Ids => {
            let ids = keys.into_iter().filter_map(|key| match key {
                Key::Id(id) => Some(id),
                _ => None,
            });
            Value::Ids(ids.collect())
        }
        FieldValue::Many(keys) => {
            let texts = keys.into_iter().filter_map(|key| match key {
                Key::Text(text) => Some(text),
                _ => None,
            });
            Value::Texts(texts.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Rows;
    use crate::{Value, ValueType};

    fn rows() -> Rows {
        let columns = vec![
            ("id", ValueType::Id),
            ("name", ValueType::Text),
            ("tags", ValueType::Texts),
            ("body", ValueType::Json),
            ("at", ValueType::Number),
        ];
        let mut rows = Rows::new(columns);
        rows.push(vec![
            Value::Id(Uuid::nil()),
            Value::Text("a \"b\"\u{7}".to_owned()),
            Value::Texts(vec!["x,y".to_owned(), "}".to_owned()]),
            Value::Json("{\"k\":1.0}".to_owned()),
            Value::Null(ValueType::Number),
        ]);
        rows.push(vec![
            Value::Id(Uuid::max()),
            Value::Null(ValueType::Text),
            Value::Texts(Vec::new()),
            Value::Json("null".to_owned()),
            Value::Number(-1),
        ]);
        rows
    }

    #[test]
    fn rows_are_json_that_reads_back() {
        let Value::Text(json) = rows().into_json() else { panic!("it is text") };
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read[0]["name"], "a \"b\"\u{7}");
        assert_eq!(read[0]["tags"], serde_json::json!(["x,y", "}"]));
        assert_eq!(read[0]["body"], serde_json::json!({ "k": 1.0 }));
        assert!(read[0].get("at").is_none());
        assert_eq!(read[1]["at"], -1);
        let Value::Text(none) = Rows::new(Vec::new()).into_json() else { panic!("it is text") };
        assert_eq!(none, "[]");
    }

    #[test]
    fn rows_are_columns() {
        let columns = rows().into_columns();
        assert_eq!(columns.len(), 5);
        let at = vec![Value::Null(ValueType::Number), Value::Number(-1)];
        assert_eq!(columns[4], Value::Column(ValueType::Number, at));
    }
}
