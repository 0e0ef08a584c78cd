//! Events in the order they were committed.

use mcmp_core::access::Scope;
use mcmp_core::event::Event;
use mcmp_core::store::{Entity, EventPosition};

use crate::row::{as_number, entity, number};
use crate::statement::Statement;
use crate::{Dialect, Session, SqlError, Value, ValueType};

/// [`Outbox::events_after`](mcmp_core::store::Outbox::events_after).
///
/// # Errors
/// The database's.
pub async fn events_after(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    after: EventPosition,
    limit: usize,
) -> Result<Vec<(EventPosition, Event)>, SqlError> {
    let Some(seen) = Event::KIND.tenancy_kind().seen_by(scope) else { return Ok(Vec::new()) };
    let (body, table) = (dialect.json("body"), dialect.table(Event::KIND.as_str()));
    let mut statement = Statement::new(format!("SELECT {body}, position FROM {table} WHERE "));
    let position = statement.bind(Value::Number(number(after.0)));
    statement.push(&format!("position > {position}"));
    if let Some(settled) = dialect.event_is_settled() {
        statement.push(" AND ").push(settled);
    }
    statement.narrow(dialect, Event::KIND, &seen);
    let limit = statement.bind(Value::Number(i64::try_from(limit).unwrap_or(i64::MAX)));
    statement.push(&format!(" ORDER BY position LIMIT {limit}"));
    let columns = [ValueType::Json, ValueType::Number];
    let rows = session.fetch(&statement.sql, &statement.values, &columns).await?;
    rows.into_iter()
        .map(|mut row| {
            let position = as_number(row.pop())?;
            Ok((EventPosition(u64::try_from(position).unwrap_or_default()), entity(row)?))
        })
        .collect()
}
