//! Laying one TOML table over another, before anything is typed.

use toml::{Table, Value};

use super::book::OPERATOR_SOURCE;

/// What `{ remove = true }` does while layers are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Removals {
    /// Takes the key away: the layers below are all there.
    Apply,
    /// Stays, in place of what it takes away, for a layer further below.
    Keep,
}

/// Lays `top` over `base`. A limit replaces a limit as a whole, so that neither a source nor a
/// remark of the old number stays with the new one; without a source it is the operator's.
pub(super) fn lay(base: &mut Table, top: &Table, removals: Removals) {
    for (key, value) in top {
        match value {
            Value::Table(table) if removes(table) => {
                base.remove(key);
                if removals == Removals::Keep {
                    base.insert(key.clone(), value.clone());
                }
            }
            Value::Table(table) if is_limit(table) => {
                let mut limit = table.clone();
                limit.entry("source").or_insert_with(|| Value::String(OPERATOR_SOURCE.to_owned()));
                base.insert(key.clone(), Value::Table(limit));
            }
            Value::Table(table) => {
                let mut below = match base.remove(key) {
                    Some(Value::Table(below)) if !removes(&below) => below,
                    _ => Table::new(),
                };
                lay(&mut below, table, removals);
                base.insert(key.clone(), Value::Table(below));
            }
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// `file` with each of its kinds laid over what is common, as a table of kinds.
pub(super) fn resolve_kinds(file: &Table) -> Table {
    let mut resolved = Table::new();
    for (kind, section) in section(file, "kinds") {
        let mut limits = Table::new();
        lay(&mut limits, section_of(file, "common").unwrap_or(&Table::new()), Removals::Apply);
        if let Value::Table(section) = section {
            lay(&mut limits, section, Removals::Apply);
        }
        resolved.insert(kind.clone(), Value::Table(limits));
    }
    resolved
}

/// The path of the first removal in `patch` that would take nothing away from `file`.
pub(super) fn idle_removal(file: &Table, patch: &Table) -> Option<String> {
    let kinds = resolve_kinds(file);
    let mut found = None;
    each_removal(patch, &mut Vec::new(), &mut |path| {
        let place = match path {
            ["profiles", _, rest @ ..] => rest,
            other => other,
        };
        let there = match place {
            ["kinds", rest @ ..] => reaches(&kinds, rest),
            other => reaches(file, other) || other.first() != Some(&"common"),
        };
        if !there && found.is_none() {
            found = Some(path.join("."));
        }
    });
    found
}

/// The path of the first limit whose source is neither in `sources` nor the operator's, with that
/// source.
pub(super) fn unknown_source(file: &Table, sources: &Table) -> Option<(String, String)> {
    fn walk(table: &Table, sources: &Table, path: &str) -> Option<(String, String)> {
        table.iter().find_map(|(key, value)| {
            let Value::Table(inner) = value else { return None };
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if is_limit(inner) {
                let source = inner.get("source").and_then(Value::as_str).unwrap_or_default();
                let known = source == OPERATOR_SOURCE || sources.contains_key(source);
                return (!known).then(|| (path, source.to_owned()));
            }
            walk(inner, sources, &path)
        })
    }
    walk(file, sources, "")
}

/// A section of a file; an absent one is empty.
pub(super) fn section<'a>(
    file: &'a Table,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    section_of(file, name).into_iter().flatten()
}

pub(super) fn section_of<'a>(file: &'a Table, name: &str) -> Option<&'a Table> {
    file.get(name).and_then(Value::as_table)
}

/// A limit is a table with a plain `value`.
pub(super) fn is_limit(table: &Table) -> bool {
    table.get("value").is_some_and(|value| !value.is_table())
}

fn removes(table: &Table) -> bool {
    table.len() == 1 && table.get("remove").and_then(Value::as_bool) == Some(true)
}

fn reaches(table: &Table, path: &[&str]) -> bool {
    match path {
        [] => true,
        [key] => table.contains_key(*key),
        [key, rest @ ..] => {
            table.get(*key).and_then(Value::as_table).is_some_and(|below| reaches(below, rest))
        }
    }
}

fn each_removal<'a>(table: &'a Table, path: &mut Vec<&'a str>, found: &mut dyn FnMut(&[&str])) {
    for (key, value) in table {
        let Value::Table(inner) = value else { continue };
        path.push(key);
        if removes(inner) {
            found(path);
        } else {
            each_removal(inner, path, found);
        }
        path.pop();
    }
}
