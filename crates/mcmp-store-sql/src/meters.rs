//! What plans count.

use mcmp_core::access::{Scope, Tenancy};
use mcmp_core::agency::Meter;
use mcmp_core::id::{AgencyId, Id};
use mcmp_core::store::{EntityKind, MeterChange, StoreError};
use mcmp_core::time::Month;

use crate::row::{as_number, number, out_of_scope};
use crate::{Dialect, Session, SqlError, Value, ValueType};

/// The key that a meter is counted under.
fn key(agency: AgencyId, meter: Meter, month: Option<Month>) -> [Value; 3] {
    let month = month.filter(|_| meter.is_monthly());
    let month = month.map_or_else(String::new, |month| month.to_string());
    [Value::Id(agency.uuid()), Value::Text(meter.to_string()), Value::Text(month)]
}

/// Changes a meter; its row stays locked until the transaction ends.
pub(crate) async fn change(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    change: &MeterChange,
) -> Result<(), SqlError> {
    let MeterChange { agency_id, meter, month, by, limit } = *change;
    if !scope.sees(Tenancy::Agency(agency_id)) {
        return Err(out_of_scope(EntityKind::Agency, agency_id.uuid()));
    }
    let (key, table) = (key(agency_id, meter, month), dialect.table("meter"));
    let sql = format!(
        "INSERT INTO {table} (agency_id, meter, month, used) VALUES ($1, $2, $3, 0) \
         ON CONFLICT DO NOTHING",
    );
    session.execute(&sql, &key).await?;
    let sql = format!(
        "SELECT used FROM {table} WHERE agency_id = $1 AND meter = $2 AND month = $3{}",
        dialect.for_update(),
    );
    let used = first(session.fetch(&sql, &key, &[ValueType::Number]).await?)?;
    let after = used.saturating_add_signed(by);
    if let Some(limit) = limit
        && by > 0
        && after > limit
    {
        return Err(StoreError::MeterFull { meter, limit, used }.into());
    }
    let sql =
        format!("UPDATE {table} SET used = $4 WHERE agency_id = $1 AND meter = $2 AND month = $3",);
    let [agency, meter, month] = key;
    session.execute(&sql, &[agency, meter, month, Value::Number(number(after))]).await?;
    Ok(())
}

/// [`Commit::usage`](mcmp_core::store::Commit::usage).
///
/// # Errors
/// The database's.
pub async fn usage(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    agency: AgencyId,
    meter: Meter,
    month: Option<Month>,
) -> Result<u64, SqlError> {
    if !scope.sees(Tenancy::Agency(agency)) {
        return Ok(0);
    }
    let sql = format!(
        "SELECT used FROM {} WHERE agency_id = $1 AND meter = $2 AND month = $3",
        dialect.table("meter"),
    );
    first(session.fetch(&sql, &key(agency, meter, month), &[ValueType::Number]).await?)
}

/// The number of the first row, nothing if there is none.
fn first(rows: Vec<crate::Row>) -> Result<u64, SqlError> {
    match rows.into_iter().next() {
        Some(row) => Ok(u64::try_from(as_number(row.into_iter().next())?).unwrap_or_default()),
        None => Ok(0),
    }
}
