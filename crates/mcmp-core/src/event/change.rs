//! Before and after.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name on the wire.
    pub field: String,
    /// What it was; `null` if it was not.
    pub before: Value,
    /// What it is; `null` if it is no longer.
    pub after: Value,
}

/// Fields that say nothing to a reader of the log.
const BOOKKEEPING: &[&str] = &["version", "updated_at"];

/// Fields that hold something sealed or hashed: that they changed is told, their values are not.
const CONFIDENTIAL: &[&str] =
    &["tokens", "token_hash", "signing_secrets", "identity_providers", "oauth_client_secret"];

const HIDDEN: &str = "***";

impl FieldChange {
    /// The top-level fields in which `before` and `after` differ; either may be `None`.
    pub(crate) fn between<T: Serialize>(before: Option<&T>, after: Option<&T>) -> Vec<Self> {
        let (mut before, after) = (fields(before), fields(after));
        let mut changes = Vec::new();
        for (name, new) in after {
            let old = before.remove(&name);
            changes.extend(Self::of_values(name, old, Some(new)));
        }
        for (name, old) in before {
            changes.extend(Self::of_values(name, Some(old), None));
        }
        changes.retain(|change| !BOOKKEEPING.contains(&change.field.as_str()));
        changes.sort_unstable_by(|a, b| a.field.cmp(&b.field));
        changes
    }

    /// How a single field differs, where only that one can.
    pub(crate) fn of_field<T: Serialize>(field: &str, before: &T, after: &T) -> Option<Self> {
        let (before, after) = (serde_json::to_value(before).ok(), serde_json::to_value(after).ok());
        Self::of_values(field.to_owned(), before, after)
    }

    fn of_values(field: String, before: Option<Value>, after: Option<Value>) -> Option<Self> {
        (before != after).then(|| Self {
            before: shown(&field, before),
            after: shown(&field, after),
            field,
        })
    }
}

/// How changes that are shared are written: as a list.
pub(super) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::FieldChange;

    pub(in crate::event) fn serialize<S: Serializer>(
        changes: &Arc<[FieldChange]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        changes.as_ref().serialize(serializer)
    }

    pub(in crate::event) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<[FieldChange]>, D::Error> {
        Vec::deserialize(deserializer).map(Arc::from)
    }
}

fn fields<T: Serialize>(entity: Option<&T>) -> Map<String, Value> {
    match entity.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    }
}

fn shown(name: &str, value: Option<Value>) -> Value {
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(_) if CONFIDENTIAL.contains(&name) => Value::String(HIDDEN.to_owned()),
        Some(value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Thing {
        status: &'static str,
        version: u32,
    }

    #[test]
    fn one_field_is_told_as_it_is_among_all() {
        for (before, after) in [("draft", "approved"), ("draft", "draft")] {
            let whole = FieldChange::between(
                Some(&Thing { status: before, version: 1 }),
                Some(&Thing { status: after, version: 2 }),
            );
            let single = FieldChange::of_field("status", &before, &after);
            assert_eq!(single.into_iter().collect::<Vec<_>>(), whole);
        }
        let secret = FieldChange::of_field("tokens", &"one", &"two").unwrap();
        assert_eq!((&secret.before, &secret.after), (&HIDDEN.into(), &HIDDEN.into()));
    }
}
