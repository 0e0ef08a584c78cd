//! Rows of one kind, written by one statement however many they are.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use mcmp_core::access::Scope;
use mcmp_core::store::{Condition, EntityKind, FieldValue, Key, Record, StoreError, TenancyKind};
use mcmp_core::value::InvalidValue;
use uuid::Uuid;

use crate::row::{self, as_id, conflict};
use crate::statement::{Statement, quoted};
use crate::{Dialect, Rows, Session, SqlError, Value, ValueType};

/// What is done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    /// An insert that keeps its version.
    Restore,
    Update,
    Delete,
}

impl Operation {
    /// Whether the row must not be there yet.
    pub(crate) fn is_new(self) -> bool {
        matches!(self, Self::Insert | Self::Restore)
    }

    /// Which versions a new row may have.
    pub(crate) fn versions(self) -> RangeInclusive<u64> {
        if self == Self::Restore { 1..=u64::MAX } else { 1..=1 }
    }
}

/// Which version a row that is updated must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expects {
    /// The one before the record's.
    Before,
    /// The record's own, for what does not count as a change.
    Same,
}

/// New rows.
pub(crate) async fn insert(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    kind: EntityKind,
    records: &[&Record],
    versions: &RangeInclusive<u64>,
    first_ordinal: usize,
) -> Result<(), SqlError> {
    if let Some(other) = records.iter().find(|one| !versions.contains(&one.version().0)) {
        return Err(conflict(kind, other.id()));
    }
    let first_ordinal = i64::try_from(first_ordinal).unwrap_or(i64::MAX);
    let numbered = records.iter().copied().zip(first_ordinal..);
    let (rows, values) = dialect.pass(Rows::of_records(numbered, kind, "ordinal")?);
    let columns = row::columns(kind);
    let (mut into, mut from) = (names(&columns, ""), names(&columns, "v."));
    let mut order = "";
    if kind == EntityKind::Event {
        order = " ORDER BY v.ordinal";
        if let Some(position) = dialect.event_position() {
            into.push_str(", position");
            from.push_str(", ");
            from.push_str(position);
        }
    }
    let table = dialect.table(kind.as_str());
    let sql = format!("INSERT INTO {table} ({into}) SELECT {from} FROM {rows}{order}");
    session.execute(&sql, &values).await.map_err(|error| refused(error, records))?;
    identities(session, dialect, Operation::Insert, records).await
}

/// Changed rows.
pub(crate) async fn update(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    kind: EntityKind,
    records: &[&Record],
    expects: Expects,
) -> Result<(), SqlError> {
    let mut expected: Vec<_> = records
        .iter()
        .map(|record| match expects {
            Expects::Before => (*record, row::number(record.version().0.saturating_sub(1))),
            Expects::Same => (*record, row::number(record.version().0)),
        })
        .collect();
    // Two that write some of the same rows at once come to them in one order.
    expected.sort_unstable_by_key(|(record, _)| record.id());
    let (rows, values) = dialect.pass(Rows::of_records(expected.into_iter(), kind, "expected")?);
    let columns = row::columns(kind);
    let set: Vec<String> = columns
        .iter()
        // What never changes is not written again, nor are the indexes that it leads.
        .filter(|(name, _)| *name != "id" && !tenancy_columns(kind).contains(name))
        .map(|(name, _)| format!("{0} = v.{0}", quoted(name)))
        .collect();
    let mut statement = Statement::new(format!(
        "UPDATE {} AS t SET {} FROM {rows} WHERE t.id = v.id AND t.version = v.expected",
        dialect.table(kind.as_str()),
        set.join(", "),
    ));
    statement.values = values;
    for column in tenancy_columns(kind) {
        let column = quoted(column);
        statement.push(&format!(" AND t.{column} IS NOT DISTINCT FROM v.{column}"));
    }
    if let Some(column) = dialect.partitioned_by(kind) {
        let column = format!("t.{}", quoted(column));
        statement.among(dialect, &column, partitions(dialect, records));
    }
    narrow_seen(&mut statement, dialect, scope, kind, "t.")
        .ok_or_else(|| first_conflict(records))?;
    statement.push(dialect.returning_id());
    let written = session.fetch(&statement.sql, &statement.values, &[ValueType::Id]).await;
    let written = written.map_err(|error| refused(error, records))?;
    if written.len() != records.len() {
        let written = ids(written)?;
        let missing = records.iter().find(|record| !written.contains(&record.id()));
        return Err(missing.map_or_else(|| first_conflict(records), |one| conflict(kind, one.id())));
    }
    identities(session, dialect, Operation::Update, records).await
}

/// The partitions that records lie in.
fn partitions(dialect: &dyn Dialect, records: &[&Record]) -> Vec<Uuid> {
    let id = |record: &&Record| {
        let column = dialect.partitioned_by(record.kind())?;
        let fields = record.kind().fields().iter();
        match fields.zip(record.values()).find(|(field, _)| field.name == column) {
            Some((_, FieldValue::One(Key::Id(id)))) => Some(id),
            _ => None,
        }
    };
    let ids: BTreeSet<Uuid> = records.iter().filter_map(id).collect();
    ids.into_iter().collect()
}

/// A row that goes.
pub(crate) async fn delete(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    record: &Record,
) -> Result<(), SqlError> {
    let kind = record.kind();
    identities(session, dialect, Operation::Delete, &[record]).await?;
    let mut statement =
        Statement::new(format!("DELETE FROM {} AS t WHERE t.id = ", dialect.table(kind.as_str())));
    let id = statement.bind(Value::Id(record.id()));
    let version = statement.bind(Value::Number(row::number(record.version().0)));
    statement.push(&format!("{id} AND t.version = {version}"));
    let values = record.values();
    for column in tenancy_columns(kind) {
        let place = kind.fields().iter().position(|field| field.name == *column);
        match place.and_then(|place| values.get(place)) {
            Some(FieldValue::One(Key::Id(id))) => {
                let id = statement.bind(Value::Id(*id));
                statement.push(&format!(" AND t.{} = {id}", quoted(column)));
            }
            _ => {
                statement.push(&format!(" AND t.{} IS NULL", quoted(column)));
            }
        }
    }
    narrow_seen(&mut statement, dialect, scope, kind, "t.")
        .ok_or_else(|| conflict(kind, record.id()))?;
    match session.execute(&statement.sql, &statement.values).await? {
        0 => Err(conflict(kind, record.id())),
        _ => Ok(()),
    }
}

/// For what covers several clients: refuses a change of what is seen but may not be written.
pub(crate) async fn check_coverage(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    record: &Record,
) -> Result<(), SqlError> {
    let (kind, id) = (record.kind(), record.id());
    let (body, table) = (dialect.json("body"), dialect.table(kind.as_str()));
    let mut statement = Statement::new(format!("SELECT {body} FROM {table} WHERE id = "));
    let parameter = statement.bind(Value::Id(id));
    statement.push(&parameter);
    let seen = kind.tenancy_kind().seen_by(scope).ok_or_else(|| conflict(kind, id))?;
    statement.narrow(dialect, kind, &seen);
    statement.push(dialect.for_update());
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Json]).await?;
    let Some(Value::Json(stored) | Value::Text(stored)) =
        rows.into_iter().next().and_then(|row| row.into_iter().next())
    else {
        return Err(conflict(kind, id));
    };
    let stored = Record::from_json(kind, &stored).map_err(row::failed)?;
    if scope.may_write(stored.tenancy()) { Ok(()) } else { Err(row::out_of_scope(kind, id)) }
}

/// Which columns of a row never change, as they say whose it is.
fn tenancy_columns(kind: EntityKind) -> &'static [&'static str] {
    match kind.tenancy_kind() {
        TenancyKind::AgencyWide | TenancyKind::Coverage => &["agency_id"],
        TenancyKind::Client | TenancyKind::Log => &["agency_id", "client_id"],
        TenancyKind::Addressed => &["user_id", "agency_id", "client_id"],
        // The id itself says it, or there is nobody whose it is.
        _ => &[],
    }
}

/// Adds what the scope sees; `None` if that is nothing.
fn narrow_seen(
    statement: &mut Statement,
    dialect: &dyn Dialect,
    scope: &Scope,
    kind: EntityKind,
    alias: &str,
) -> Option<()> {
    let seen: Vec<Condition> = kind.tenancy_kind().seen_by(scope)?;
    statement.narrow_as(dialect, kind, &seen, alias);
    Some(())
}

/// A person's sign-ins elsewhere stand in a table of their own, as each may stand once.
async fn identities(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    operation: Operation,
    records: &[&Record],
) -> Result<(), SqlError> {
    let table = dialect.table("user_identity");
    for record in records {
        let Record::User(user) = record else { continue };
        if operation != Operation::Insert {
            let sql = format!("DELETE FROM {table} WHERE user_id = $1");
            session.execute(&sql, &[Value::Id(record.id())]).await?;
        }
        if operation == Operation::Delete {
            continue;
        }
        for identity in &user.identities {
            let identity = format!("{}/{}", identity.provider, identity.subject);
            let sql = format!("INSERT INTO {table} (identity, user_id) VALUES ($1, $2)");
            let values = [Value::Text(identity), Value::Id(record.id())];
            session.execute(&sql, &values).await.map_err(|error| refused(error, records))?;
        }
    }
    Ok(())
}

/// What the contract says to an index that has a value already.
fn refused(error: SqlError, records: &[&Record]) -> SqlError {
    let SqlError::NotUnique { table, index } = &error else { return error };
    let Some(first) = records.first() else { return error };
    let kind = first.kind();
    if *index == format!("{}_pkey", kind.as_str()) {
        return first_conflict(records);
    }
    let field = index.strip_suffix("_unique").and_then(|it| it.strip_prefix(table.as_str()));
    let field = field.and_then(|it| it.strip_prefix('_')).unwrap_or(index);
    let keys = records.iter().flat_map(|record| record.unique_keys());
    let known = keys
        .map(|key| key.field)
        .find(|known| *known == field || index == "user_identity_unique" && *known == "identity");
    match known {
        Some(field) => StoreError::NotUnique { kind, field }.into(),
        None => error,
    }
}

fn first_conflict(records: &[&Record]) -> SqlError {
    match records.first() {
        Some(first) => conflict(first.kind(), first.id()),
        None => {
            StoreError::Invalid(InvalidValue::inconsistent("changes", "nothing to write")).into()
        }
    }
}

fn ids(rows: Vec<Vec<Value>>) -> Result<BTreeSet<Uuid>, SqlError> {
    rows.into_iter().map(|row| as_id(row.into_iter().next())).collect()
}

fn names(columns: &[(&str, ValueType)], alias: &str) -> String {
    let names: Vec<String> =
        columns.iter().map(|(name, _)| format!("{alias}{}", quoted(name))).collect();
    names.join(", ")
}
