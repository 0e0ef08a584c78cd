//! Reads of one kind of entity.

use std::collections::HashMap;

use mcmp_core::access::Scope;
use mcmp_core::id::Id;
use mcmp_core::store::{Condition, Direction, Entity, EntityKind, Fields, Page, Query, Sort};
use uuid::Uuid;

use crate::row::{as_id, as_number, as_text, entity, failed};
use crate::statement::{Statement, quoted};
use crate::{Dialect, Rows, Session, SqlError, Value, ValueType};

/// [`Read::get`](mcmp_core::store::Read::get).
///
/// # Errors
/// The database's.
pub async fn get<E: Entity>(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    id: E::Id,
) -> Result<Option<E>, SqlError> {
    let Some(seen) = E::Filter::TENANCY.seen_by(scope) else { return Ok(None) };
    let (body, table) = (dialect.json("body"), dialect.table(E::KIND.as_str()));
    let mut statement = Statement::new(format!("SELECT {body} FROM {table} WHERE id = "));
    let id = statement.bind(Value::Id(id.uuid()));
    statement.push(&id);
    statement.narrow(dialect, E::KIND, &seen);
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Json]).await?;
    rows.into_iter().next().map(entity).transpose()
}

/// Entities of one kind that are asked for by their ids.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedFor {
    /// Which kind.
    pub kind: EntityKind,
    /// Their ids.
    pub ids: Vec<Uuid>,
    /// What the store knows of all of them, such as whose they are.
    pub known: Vec<Condition>,
}

/// Entities by their ids, each as the [body](entity_of) it is stored as, in one statement; those that
/// are not there, or not seen, are left out.
///
/// # Errors
/// The database's.
pub async fn bodies(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    asked: &[AskedFor],
) -> Result<HashMap<(EntityKind, Uuid), String>, SqlError> {
    let mut rows = Rows::new(vec![("kind", ValueType::Number), ("id", ValueType::Id)]);
    let mut seen = Vec::new();
    for (number, AskedFor { kind, ids, known }) in (0..).zip(asked) {
        if let Some(conditions) = kind.tenancy_kind().seen_by(scope) {
            ids.iter().for_each(|id| rows.push(vec![Value::Number(number), Value::Id(*id)]));
            seen.push((number, *kind, known, conditions));
        }
    }
    if seen.is_empty() {
        return Ok(HashMap::new());
    }
    let (from, values) = dialect.pass(rows);
    let mut statement = Statement { sql: "SELECT v.kind, v.id, CASE v.kind".to_owned(), values };
    // Each is looked up by itself: of a list of ids a planner may think that it takes the whole table,
    // and think so for good if that was small at the time.
    for (number, kind, known, conditions) in &seen {
        let (body, table) = (dialect.json("t.body"), dialect.table(kind.as_str()));
        statement.push(&format!(
            " WHEN {number} THEN (SELECT {body} FROM {table} AS t WHERE t.id = v.id"
        ));
        statement.narrow_as(dialect, *kind, known, "t.");
        statement.narrow_as(dialect, *kind, conditions, "t.");
        statement.push(")");
    }
    statement.push(&format!(" END FROM {from}"));
    let columns = [ValueType::Number, ValueType::Id, ValueType::Json];
    let mut bodies = HashMap::new();
    for row in session.fetch(&statement.sql, &statement.values, &columns).await? {
        let mut cells = row.into_iter();
        let (number, id) = (as_number(cells.next())?, as_id(cells.next())?);
        let body = cells.next().filter(|body| !matches!(body, Value::Null(_)));
        let kind = seen.iter().find(|(of_kind, ..)| *of_kind == number).map(|(_, kind, ..)| *kind);
        if let (Some(kind), Some(body)) = (kind, body) {
            bodies.insert((kind, id), as_text(Some(body))?);
        }
    }
    Ok(bodies)
}

/// The entity that a [body](bodies) is of.
///
/// # Errors
/// It is none.
pub fn entity_of<E: Entity>(body: &str) -> Result<E, SqlError> {
    serde_json::from_str(body).map_err(failed)
}

/// [`Read::list`](mcmp_core::store::Read::list): one statement, in the order of an index.
///
/// # Errors
/// For a query that [`Query::validate`] refuses; or the database's.
pub async fn list<E: Entity>(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    query: &Query<E>,
) -> Result<Page<E>, SqlError> {
    list_among(session, dialect, scope, query, &[]).await
}

/// The same, where the store knows more of what is in the list, such as whose it all is.
///
/// # Errors
/// As [`list`].
pub async fn list_among<E: Entity>(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    query: &Query<E>,
    known: &[Condition],
) -> Result<Page<E>, SqlError> {
    query.validate().map_err(mcmp_core::store::StoreError::from)?;
    let Some(statement) = list_statement(dialect, scope, query, known) else {
        return Ok(Page { items: Vec::new(), next: None });
    };
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Json]).await?;
    let mut items = rows.into_iter().map(entity).collect::<Result<Vec<E>, _>>()?;
    let goes_on = items.len() > query.limit;
    items.truncate(query.limit);
    let next = items.last().filter(|_| goes_on).map(|last| query.cursor_at(last));
    Ok(Page { items, next })
}

/// The statement that [`list`] runs, with its values, for a look at its plan; `None` where the scope
/// sees nothing.
#[must_use]
pub fn list_sql<E: Entity>(
    dialect: &dyn Dialect,
    scope: &Scope,
    query: &Query<E>,
) -> Option<(String, Vec<Value>)> {
    list_statement(dialect, scope, query, &[]).map(|statement| (statement.sql, statement.values))
}

fn list_statement<E: Entity>(
    dialect: &dyn Dialect,
    scope: &Scope,
    query: &Query<E>,
    known: &[Condition],
) -> Option<Statement> {
    let mut statement = matching::<E>(dialect, scope, &query.filter, &dialect.json("body"))?;
    statement.narrow(dialect, E::KIND, known);
    let field = E::Filter::FIELDS.iter().find(|field| field.sort == Some(query.sort));
    let key = field.filter(|_| query.sort != Sort::Created).map(|field| quoted(field.name));
    let (after, order) = match query.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    if let Some(cursor) = query.after {
        let id = Value::Id(cursor.id);
        let sql = match &key {
            Some(key) => {
                let (at, id) = (statement.bind(Value::Number(cursor.key)), statement.bind(id));
                format!(" AND ({key}, id) {after} ({at}, {id})")
            }
            None => format!(" AND id {after} {}", statement.bind(id)),
        };
        statement.push(&sql);
    }
    let by_key = key.map(|key| format!("{key} {order}, ")).unwrap_or_default();
    statement.push(&format!(" ORDER BY {by_key}id {order} LIMIT "));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let limit = statement.bind(Value::Number(limit));
    statement.push(&limit);
    Some(statement)
}

/// [`Read::count`](mcmp_core::store::Read::count).
///
/// # Errors
/// The database's.
pub async fn count<E: Entity>(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    filter: &E::Filter,
) -> Result<u64, SqlError> {
    count_among::<E>(session, dialect, scope, filter, &[]).await
}

/// The same, where the store knows more of what the filter matches, such as whose it all is.
///
/// # Errors
/// As [`count`].
pub async fn count_among<E: Entity>(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    filter: &E::Filter,
    known: &[Condition],
) -> Result<u64, SqlError> {
    let statement = matching::<E>(dialect, scope, filter, "count(*)");
    let Some(mut statement) = statement else { return Ok(0) };
    statement.narrow(dialect, E::KIND, known);
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Number]).await?;
    let count = as_number(rows.into_iter().next().and_then(|row| row.into_iter().next()))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// `what` of all that a filter matches and the scope sees; `None` if that is nothing.
fn matching<E: Entity>(
    dialect: &dyn Dialect,
    scope: &Scope,
    filter: &E::Filter,
    what: &str,
) -> Option<Statement> {
    let seen = E::Filter::TENANCY.seen_by(scope)?;
    let table = dialect.table(E::KIND.as_str());
    let mut statement = Statement::new(format!("SELECT {what} FROM {table} WHERE 1 = 1"));
    let asked = filter.conditions();
    statement.narrow(dialect, E::KIND, &asked);
    // What holds anyway is not said twice: a planner would take it that far fewer rows remain, and
    // then any index for good enough.
    let seen: Vec<_> = seen.into_iter().filter(|seen| !follows(seen, &asked)).collect();
    statement.narrow(dialect, E::KIND, &seen);
    Some(statement)
}

/// Whether a condition holds wherever these do: a field is asked for one value, and that is one of
/// those it may have.
fn follows(condition: &Condition, asked: &[Condition]) -> bool {
    let Condition::OneOf(field, allowed) = condition else { return false };
    asked.iter().any(|one| match one {
        Condition::OneOf(name, keys) => {
            name == field && matches!(&keys[..], [key] if allowed.contains(key))
        }
        _ => false,
    })
}
