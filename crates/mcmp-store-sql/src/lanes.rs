//! Lanes: locked before the jobs they are about, settled after them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use mcmp_core::access::{Scope, Tenancy};
use mcmp_core::id::{AccountId, AgencyId, ClientId, Id};
use mcmp_core::publishing::{AccountLane, LaneChange, PauseReason};
use mcmp_core::store::EntityKind;
use uuid::Uuid;

use crate::row::{
    as_id, as_number, as_optional_number, conflict, failed, out_of_scope, time, unexpected,
};
use crate::statement::{Statement, quoted};
use crate::{Dialect, Row, Rows, Session, SqlError, Value, ValueType};

/// The columns of a lane.
const COLUMNS: [(&str, ValueType); 10] = [
    ("account_id", ValueType::Id),
    ("agency_id", ValueType::Id),
    ("client_id", ValueType::Id),
    ("ready_at", ValueType::Number),
    ("in_flight", ValueType::Number),
    ("max_in_flight", ValueType::Number),
    ("blocked_until", ValueType::Number),
    ("min_gap_ms", ValueType::Number),
    ("next_gap_at", ValueType::Number),
    ("paused", ValueType::Texts),
];

fn column_names() -> String {
    COLUMNS.map(|(name, _)| quoted(name)).join(", ")
}

/// The lanes that a transaction holds.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    held: BTreeMap<AccountId, AccountLane>,
    /// As they are in the store.
    stored: BTreeMap<AccountId, AccountLane>,
    touched: BTreeSet<AccountId>,
}

/// Whose lane comes into being if it is not there yet.
pub(crate) type Owners = BTreeMap<AccountId, (AgencyId, ClientId)>;

impl Lanes {
    /// Locks the lanes of accounts, in the order of their ids, and makes those that are missing of
    /// `owners`.
    pub(crate) async fn lock(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        accounts: &BTreeSet<AccountId>,
        owners: &Owners,
    ) -> Result<Self, SqlError> {
        let mut lanes = Self::default();
        if accounts.is_empty() {
            return Ok(lanes);
        }
        lanes.load(session, dialect, accounts.iter()).await?;
        let missing: Owners = owners
            .iter()
            .filter(|(account, _)| !lanes.held.contains_key(account))
            .map(|(account, owner)| (*account, *owner))
            .collect();
        if !missing.is_empty() {
            make(session, dialect, &missing).await?;
            lanes.load(session, dialect, missing.keys()).await?;
        }
        Ok(lanes)
    }

    async fn load(
        &mut self,
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        accounts: impl Iterator<Item = &AccountId>,
    ) -> Result<(), SqlError> {
        let mut statement = select(dialect);
        statement.among(dialect, "account_id", accounts.map(|account| account.uuid()).collect());
        statement.push(" ORDER BY account_id").push(dialect.for_update());
        self.hold(fetch(session, &statement).await?);
        Ok(())
    }

    /// Takes over lanes that are locked.
    pub(crate) fn hold(&mut self, lanes: Vec<AccountLane>) {
        for lane in lanes {
            self.stored.insert(lane.account_id, lane.clone());
            self.held.insert(lane.account_id, lane);
        }
    }

    pub(crate) fn has(&self, account: AccountId) -> bool {
        self.held.contains_key(&account)
    }

    /// An account's lane, to be changed and [settled](Self::settle). An account has one client, so
    /// a change on behalf of another one is a conflict.
    pub(crate) fn touch(
        &mut self,
        account: AccountId,
        owner: (AgencyId, ClientId),
    ) -> Result<&mut AccountLane, SqlError> {
        self.touched.insert(account);
        let refused = || conflict(EntityKind::SocialAccount, account.uuid());
        match self.held.get_mut(&account) {
            Some(lane) if (lane.agency_id, lane.client_id) == owner => Ok(lane),
            _ => Err(refused()),
        }
    }

    /// Carries out a change of a lane.
    pub(crate) fn change(&mut self, scope: &Scope, change: &LaneChange) -> Result<(), SqlError> {
        let LaneChange { account_id, agency_id, client_id, action } = change;
        if !scope.may_write(Tenancy::Client(*agency_id, *client_id)) {
            return Err(out_of_scope(EntityKind::SocialAccount, account_id.uuid()));
        }
        if self.held.get(account_id).is_some_and(|lane| !lane.allows(*action)) {
            return Err(conflict(EntityKind::SocialAccount, account_id.uuid()));
        }
        self.touch(*account_id, (*agency_id, *client_id))?.apply(*action);
        Ok(())
    }

    /// Lets go of a deleted account's lane, unless some job of it is still on its way.
    pub(crate) async fn forget(
        &mut self,
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        account: AccountId,
    ) -> Result<(), SqlError> {
        let sql = format!(
            "DELETE FROM {} WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM {} AS j \
             WHERE j.account_id = $1 AND j.state IN ('scheduled', 'running', 'committing'))",
            dialect.table("account_lane"),
            dialect.table("publish_job"),
        );
        if session.execute(&sql, &[Value::Id(account.uuid())]).await? > 0 {
            self.held.remove(&account);
            self.touched.remove(&account);
        }
        Ok(())
    }

    /// Brings the lanes that were touched up to date with their jobs, and writes them. Their rows
    /// are locked, so that a statement that starts now sees every job that was committed to them.
    /// Answers with them as they are then.
    pub(crate) async fn settle(
        self,
        session: &mut dyn Session,
        dialect: &dyn Dialect,
    ) -> Result<Vec<AccountLane>, SqlError> {
        let Self { mut held, stored, touched } = self;
        let mut lanes: BTreeMap<AccountId, AccountLane> =
            touched.iter().filter_map(|account| held.remove_entry(account)).collect();
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        for (account, in_flight, earliest_due) in facts(session, dialect, lanes.keys()).await? {
            if let Some(lane) = lanes.get_mut(&account) {
                lane.in_flight = in_flight;
                lane.settle(earliest_due.map(time).transpose()?);
            }
        }
        // Most steps of a job leave its lane as it is.
        let changed = |lane: &&AccountLane| stored.get(&lane.account_id) != Some(lane);
        let changed: Vec<&AccountLane> = lanes.values().filter(changed).collect();
        if !changed.is_empty() {
            write(session, dialect, changed.into_iter()).await?;
        }
        Ok(lanes.into_values().collect())
    }
}

/// How many jobs of each lane are in flight, and when the first of the scheduled ones is due.
async fn facts(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    accounts: impl Iterator<Item = &AccountId>,
) -> Result<Vec<(AccountId, u32, Option<i64>)>, SqlError> {
    let jobs = dialect.table("publish_job");
    let mut statement = Statement::new(format!(
        "SELECT l.account_id, \
         (SELECT count(*) FROM {jobs} AS j WHERE j.account_id = l.account_id \
         AND j.state IN ('running', 'committing')), \
         (SELECT min(j.due_at) FROM {jobs} AS j WHERE j.account_id = l.account_id \
         AND j.state = 'scheduled') \
         FROM {} AS l WHERE 1 = 1",
        dialect.table("account_lane"),
    ));
    statement.among(dialect, "l.account_id", accounts.map(|account| account.uuid()).collect());
    let columns = [ValueType::Id, ValueType::Number, ValueType::Number];
    let rows = session.fetch(&statement.sql, &statement.values, &columns).await?;
    rows.into_iter()
        .map(|row| {
            let mut cells = row.into_iter();
            let account = AccountId::from_uuid(as_id(cells.next())?);
            let in_flight = u32::try_from(as_number(cells.next())?).map_err(failed)?;
            Ok((account, in_flight, as_optional_number(cells.next())?))
        })
        .collect()
}

/// Makes lanes that nobody else has made meanwhile.
async fn make(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    owners: &Owners,
) -> Result<(), SqlError> {
    let lanes: Vec<AccountLane> = owners
        .iter()
        .map(|(account, (agency, client))| AccountLane::new(*account, *agency, *client))
        .collect();
    let names = column_names();
    let (rows, values) = dialect.pass(rows(lanes.iter())?);
    let sql = format!(
        "INSERT INTO {} ({names}) SELECT {names} FROM {rows} WHERE 1 = 1 ORDER BY account_id \
         ON CONFLICT DO NOTHING",
        dialect.table("account_lane"),
    );
    session.execute(&sql, &values).await?;
    Ok(())
}

/// Writes lanes that are locked.
pub(crate) async fn write(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    lanes: impl Iterator<Item = &AccountLane>,
) -> Result<(), SqlError> {
    let set: Vec<String> =
        COLUMNS.iter().skip(3).map(|(name, _)| format!("{0} = v.{0}", quoted(name))).collect();
    let (rows, values) = dialect.pass(rows(lanes)?);
    let sql = format!(
        "UPDATE {} AS t SET {} FROM {rows} WHERE t.account_id = v.account_id",
        dialect.table("account_lane"),
        set.join(", "),
    );
    session.execute(&sql, &values).await?;
    Ok(())
}

fn rows<'a>(lanes: impl Iterator<Item = &'a AccountLane>) -> Result<Rows, SqlError> {
    let at = |at: Option<DateTime<Utc>>| {
        at.map_or(Value::Null(ValueType::Number), |at| Value::Number(at.timestamp_millis()))
    };
    let mut rows = Rows::new(COLUMNS.to_vec());
    for lane in lanes {
        let paused: Vec<String> =
            lane.paused.iter().map(reason_name).collect::<Result<_, SqlError>>()?;
        rows.push(vec![
            Value::Id(lane.account_id.uuid()),
            Value::Id(lane.agency_id.uuid()),
            Value::Id(lane.client_id.uuid()),
            at(lane.ready_at),
            Value::Number(lane.in_flight.into()),
            Value::Number(lane.max_in_flight.into()),
            at(lane.blocked_until),
            Value::Number(lane.min_gap_ms.into()),
            at(lane.next_gap_at),
            Value::Texts(paused),
        ]);
    }
    Ok(rows)
}

/// The wire name of a reason.
fn reason_name(reason: &PauseReason) -> Result<String, SqlError> {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(other) => Err(unexpected(Some(Value::Json(other.to_string())))),
        Err(error) => Err(failed(error)),
    }
}

/// The start of a statement that reads lanes.
pub(crate) fn select(dialect: &dyn Dialect) -> Statement {
    let table = dialect.table("account_lane");
    Statement::new(format!("SELECT {} FROM {table} WHERE 1 = 1", column_names()))
}

/// Runs a statement that [`select`] began.
pub(crate) async fn fetch(
    session: &mut dyn Session,
    statement: &Statement,
) -> Result<Vec<AccountLane>, SqlError> {
    let types = COLUMNS.map(|(_, value_type)| value_type);
    let rows = session.fetch(&statement.sql, &statement.values, &types).await?;
    rows.into_iter().map(lane).collect()
}

fn lane(row: Row) -> Result<AccountLane, SqlError> {
    let mut cells = row.into_iter();
    let mut id = || -> Result<Uuid, SqlError> { as_id(cells.next()) };
    let (account, agency, client) = (id()?, id()?, id()?);
    let mut lane = AccountLane::new(
        AccountId::from_uuid(account),
        AgencyId::from_uuid(agency),
        ClientId::from_uuid(client),
    );
    let count = |cell| u32::try_from(as_number(cell)?).map_err(failed);
    let at = |cell| as_optional_number(cell)?.map(time).transpose();
    lane.ready_at = at(cells.next())?;
    lane.in_flight = count(cells.next())?;
    lane.max_in_flight = count(cells.next())?;
    lane.blocked_until = at(cells.next())?;
    lane.min_gap_ms = count(cells.next())?;
    lane.next_gap_at = at(cells.next())?;
    lane.paused = match cells.next() {
        Some(Value::Texts(reasons)) => {
            reasons.into_iter().map(reason).collect::<Result<_, SqlError>>()?
        }
        other => return Err(unexpected(other)),
    };
    Ok(lane)
}

fn reason(name: String) -> Result<PauseReason, SqlError> {
    serde_json::from_value(name.into()).map_err(failed)
}

/// [`JobQueue::lane`](mcmp_core::store::JobQueue::lane).
///
/// # Errors
/// The database's.
pub async fn lane_of(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    account: AccountId,
) -> Result<Option<AccountLane>, SqlError> {
    let mut statement = select(dialect);
    let id = statement.bind(Value::Id(account.uuid()));
    statement.push(&format!(" AND account_id = {id}"));
    let lane = fetch(session, &statement).await?.into_iter().next();
    Ok(lane.filter(|lane| scope.sees(Tenancy::Client(lane.agency_id, lane.client_id))))
}
