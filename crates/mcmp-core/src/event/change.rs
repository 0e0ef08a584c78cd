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
        let (before, after) = (fields(before), fields(after));
        let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
        names
            .into_iter()
            .filter(|name| !BOOKKEEPING.contains(&name.as_str()))
            .filter_map(|name| {
                let (old, new) = (before.get(name), after.get(name));
                (old != new).then(|| Self {
                    field: name.clone(),
                    before: shown(name, old),
                    after: shown(name, new),
                })
            })
            .collect()
    }

    /// How a single field differs, where only that one can.
    pub(crate) fn of_field<T: Serialize>(field: &str, before: &T, after: &T) -> Option<Self> {
        let (before, after) = (serde_json::to_value(before).ok(), serde_json::to_value(after).ok());
        (before != after).then(|| Self {
            field: field.to_owned(),
            before: shown(field, before.as_ref()),
            after: shown(field, after.as_ref()),
        })
    }
}

fn fields<T: Serialize>(entity: Option<&T>) -> Map<String, Value> {
    match entity.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    }
}

fn shown(name: &str, value: Option<&Value>) -> Value {
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(_) if CONFIDENTIAL.contains(&name) => Value::String(HIDDEN.to_owned()),
        Some(value) => value.clone(),
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
