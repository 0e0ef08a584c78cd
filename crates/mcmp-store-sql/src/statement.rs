//! A statement in the making.

use mcmp_core::store::{Condition, EntityKind, Field, FieldType, Key};
use uuid::Uuid;

use crate::{Dialect, Value, ValueType};

/// A column's name, quoted.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The type of a field's column.
pub(crate) fn column_type(field_type: FieldType) -> ValueType {
    match field_type {
        FieldType::Flag => ValueType::Flag,
        FieldType::Number => ValueType::Number,
        FieldType::Id => ValueType::Id,
        FieldType::Text => ValueType::Text,
        FieldType::Ids => ValueType::Ids,
        FieldType::Texts => ValueType::Texts,
    }
}

/// A statement with its values.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Adds a value; its parameter.
    pub(crate) fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds conditions on the columns of a kind, each after ` AND `.
    pub(crate) fn narrow(
        &mut self,
        dialect: &dyn Dialect,
        kind: EntityKind,
        conditions: &[Condition],
    ) {
        self.narrow_as(dialect, kind, conditions, "");
    }

    /// The same on the columns of an alias such as `t.`.
    pub(crate) fn narrow_as(
        &mut self,
        dialect: &dyn Dialect,
        kind: EntityKind,
        conditions: &[Condition],
        alias: &str,
    ) {
        for condition in conditions {
            let sql = self.condition(dialect, kind.fields(), condition, alias);
            self.push(" AND ").push(&sql);
        }
    }

    fn condition(
        &mut self,
        dialect: &dyn Dialect,
        fields: &[Field],
        condition: &Condition,
        alias: &str,
    ) -> String {
        let quoted = |name: &str| format!("{alias}{}", quoted(name));
        match condition {
            Condition::OneOf(name, keys) => {
                let field_type = fields.iter().find(|field| field.name == *name);
                let is_list = field_type.is_some_and(|field| {
                    matches!(field.field_type, FieldType::Ids | FieldType::Texts)
                });
                self.one_of(dialect, &quoted(name), is_list, keys)
            }
            Condition::IsSet(name, true) => format!("{} IS NOT NULL", quoted(name)),
            Condition::IsSet(name, false) => format!("{} IS NULL", quoted(name)),
            Condition::AtLeast(name, least) => {
                format!("{} >= {}", quoted(name), self.bind(Value::Number(*least)))
            }
            Condition::Below(name, end) => {
                format!("{} < {}", quoted(name), self.bind(Value::Number(*end)))
            }
            Condition::Holds(name, text) => {
                let text = self.bind(Value::Text(text.clone()));
                dialect.holds(&quoted(name), &text)
            }
            Condition::Any(conditions) => {
                let any: Vec<String> = conditions
                    .iter()
                    .map(|one| self.condition(dialect, fields, one, alias))
                    .collect();
                if any.is_empty() { "1 = 0".to_owned() } else { format!("({})", any.join(" OR ")) }
            }
        }
    }

    fn one_of(
        &mut self,
        dialect: &dyn Dialect,
        column: &str,
        is_list: bool,
        keys: &[Key],
    ) -> String {
        match keys {
            [] => "1 = 0".to_owned(),
            [key] if !is_list => format!("{column} = {}", self.bind(one(key))),
            keys => {
                let list = self.bind(list(keys));
                if is_list {
                    dialect.overlaps(column, &list)
                } else {
                    dialect.is_among(column, &list)
                }
            }
        }
    }

    /// Adds ` AND <column> is among <ids>`.
    pub(crate) fn among(&mut self, dialect: &dyn Dialect, column: &str, ids: Vec<Uuid>) {
        let list = self.bind(Value::Ids(ids));
        let sql = dialect.is_among(column, &list);
        self.push(" AND ").push(&sql);
    }
}

fn one(key: &Key) -> Value {
    match key {
        Key::Flag(flag) => Value::Flag(*flag),
        Key::Number(number) => Value::Number(*number),
        Key::Id(id) => Value::Id(*id),
        Key::Text(text) => Value::Text(text.clone()),
    }
}

/// Keys of one field, all of one type.
fn list(keys: &[Key]) -> Value {
    match keys.first() {
        Some(Key::Id(_)) => Value::Ids(
            keys.iter()
                .filter_map(|key| if let Key::Id(id) = key { Some(*id) } else { None })
                .collect(),
        ),
        Some(Key::Text(_)) => Value::Texts(
            keys.iter()
                .filter_map(|key| if let Key::Text(text) = key { Some(text.clone()) } else { None })
                .collect(),
        ),
        _ => Value::Numbers(
            keys.iter()
                .filter_map(|key| match key {
                    Key::Number(number) => Some(*number),
                    Key::Flag(flag) => Some((*flag).into()),
                    Key::Id(_) | Key::Text(_) => None,
                })
                .collect(),
        ),
    }
}
