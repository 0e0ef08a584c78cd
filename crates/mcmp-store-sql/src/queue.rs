//! The queue of publishing jobs: claims, and what is due.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::id::{AccountId, ClientId, Id};
use mcmp_core::publishing::{AccountLane, JobState, Lease, PublishJob, WorkerId};
use mcmp_core::store::{ClaimRequest, Claimed, EntityKind, Record, StoreError};
use mcmp_core::time::to_millis;
use uuid::Uuid;

use crate::lanes::{self, Lanes};
use crate::row::{as_id, as_number, as_optional_number, entity, time};
use crate::statement::Statement;
use crate::write::{self, Expects};
use crate::{Dialect, Row, Session, SqlError, Value, ValueType};

/// How many ready lanes a claim looks at to be fair between clients.
const FAIR_WINDOW: usize = 1_000;

/// A hold to give.
struct Grant<'a> {
    worker: &'a WorkerId,
    now: DateTime<Utc>,
    /// What is ready by then may be taken.
    horizon: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Grant<'_> {
    /// When a lane that is ready within the horizon can start something.
    fn start_of(&self, lane: &AccountLane) -> DateTime<Utc> {
        lane.ready_at.map_or(self.now, |at| at.max(self.now))
    }

    /// A job with the hold; it may start at `start`.
    fn hold(&self, mut job: PublishJob, start: DateTime<Utc>) -> PublishJob {
        job.version = job.version.next();
        job.fence = job.fence.saturating_add(1);
        let (worker, until) = (self.worker.clone(), self.until);
        job.lease = Some(Lease { worker, until, claimed_rev: job.rev });
        match job.state {
            JobState::Unknown => job.due_at = until.max(job.due_at),
            _ => {
                job.state = JobState::Running;
                if start > self.now {
                    job.due_at = start.max(job.due_at);
                }
            }
        }
        job
    }
}

pub(crate) fn check_system(scope: &Scope) -> Result<(), SqlError> {
    if scope.is_system() {
        Ok(())
    } else {
        Err(StoreError::OutOfScope { kind: EntityKind::PublishJob, id: Uuid::nil() }.into())
    }
}

pub(crate) fn end_of(lease: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    to_millis(now.checked_add_signed(lease).unwrap_or(DateTime::<Utc>::MAX_UTC))
}

pub(crate) fn millis(at: DateTime<Utc>) -> Value {
    Value::Number(at.timestamp_millis())
}

pub(crate) fn limit(limit: usize) -> Value {
    Value::Number(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// [`JobQueue::claim`](mcmp_core::store::JobQueue::claim) on a transaction, at the store's time
/// `now`. `odd_to_unknown` says who gets the odd place of an odd limit: alternate between calls.
///
/// # Errors
/// Out of scope; or the database's.
pub async fn claim(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    request: &ClaimRequest,
    now: DateTime<Utc>,
    odd_to_unknown: bool,
) -> Result<Claimed, SqlError> {
    check_system(scope)?;
    let grant = Grant {
        worker: &request.worker,
        now,
        horizon: end_of(request.ahead, now).max(now),
        until: end_of(request.lease, now),
    };
    let mut unknown = unknown_due(session, dialect, &grant, request.limit).await?;
    let share = request.limit / 2 + usize::from(request.limit % 2 == 1 && odd_to_unknown);
    let places = request.limit - unknown.len().min(share);
    let mut jobs = from_lanes(session, dialect, scope, &grant, places).await?;
    unknown.truncate(request.limit - jobs.len());
    let held: Vec<PublishJob> = unknown.into_iter().map(|job| grant.hold(job, now)).collect();
    write(session, dialect, scope, &held, Expects::Before).await?;
    jobs.extend(held);
    let next_due = next_due(session, dialect, scope).await?;
    Ok(Claimed { jobs, at: now, next_due })
}

async fn unknown_due(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    grant: &Grant<'_>,
    most: usize,
) -> Result<Vec<PublishJob>, SqlError> {
    let mut statement = select(dialect, "state = 'unknown'");
    let now = statement.bind(millis(grant.now));
    let most = statement.bind(limit(most));
    statement.push(&format!(" AND due_at <= {now} ORDER BY due_at, id LIMIT {most}"));
    statement.push(dialect.skip_locked());
    fetch(session, &statement).await
}

/// Takes one job of each ready lane, and goes round again as long as there are places.
async fn from_lanes(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    grant: &Grant<'_>,
    places: usize,
) -> Result<Vec<PublishJob>, SqlError> {
    let mut taken = Vec::new();
    let mut waiting = ready(session, dialect, grant, places).await?.into_iter();
    // Another claim may have taken some of the chosen ones: go on with those that come next.
    while taken.len() < places {
        let chosen: Vec<AccountId> = waiting.by_ref().take(places - taken.len()).collect();
        if chosen.is_empty() {
            break;
        }
        let mut round = lock(session, dialect, grant, &chosen).await?;
        while !round.is_empty() && taken.len() < places {
            round.truncate(places - taken.len());
            let (jobs, lanes) = start(session, dialect, scope, grant, round).await?;
            let began = !jobs.is_empty();
            taken.extend(jobs);
            round = lanes;
            round.retain(|lane| began && lane.ready_at.is_some_and(|at| at <= grant.horizon));
        }
    }
    Ok(taken)
}

/// The lanes that can start something, those first that could longest. Where there are more than
/// `places`, each client has one before any has its second, and those that can start something now
/// come before those that can't yet.
async fn ready(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    grant: &Grant<'_>,
    places: usize,
) -> Result<Vec<AccountId>, SqlError> {
    if places == 0 {
        return Ok(Vec::new());
    }
    let mut statement = Statement::new(format!(
        "SELECT account_id, client_id, ready_at FROM {} WHERE ready_at <= ",
        dialect.table("account_lane"),
    ));
    let horizon = statement.bind(millis(grant.horizon));
    let most = statement.bind(limit(places.saturating_add(1).max(FAIR_WINDOW)));
    statement.push(&format!("{horizon} ORDER BY ready_at, account_id LIMIT {most}"));
    let columns = [ValueType::Id, ValueType::Id, ValueType::Number];
    let rows = session.fetch(&statement.sql, &statement.values, &columns).await?;
    let is_scarce = rows.len() > places;
    let mut lanes_of = HashMap::<ClientId, usize>::new();
    let mut rounds = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells = row.into_iter();
        let account = AccountId::from_uuid(as_id(cells.next())?);
        let client = ClientId::from_uuid(as_id(cells.next())?);
        let is_ahead = as_number(cells.next())? > grant.now.timestamp_millis();
        let round = lanes_of.entry(client).or_default();
        rounds.push((is_ahead, *round, account));
        *round += usize::from(is_scarce);
    }
    // Stable: within a round, those that have been ready longest stay first.
    rounds.sort_by_key(|(is_ahead, round, _)| (*is_ahead, *round));
    Ok(rounds.into_iter().map(|(.., account)| account).collect())
}

/// Locks those of the chosen lanes that nobody else holds and that are still ready.
async fn lock(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    grant: &Grant<'_>,
    chosen: &[AccountId],
) -> Result<Vec<AccountLane>, SqlError> {
    let mut statement = lanes::select(dialect);
    statement.among(dialect, "account_id", chosen.iter().map(|account| account.uuid()).collect());
    let horizon = statement.bind(millis(grant.horizon));
    statement.push(&format!(" AND ready_at <= {horizon}"));
    statement.push(dialect.skip_locked());
    let mut lanes = lanes::fetch(session, &statement).await?;
    let place: HashMap<&AccountId, usize> =
        chosen.iter().enumerate().map(|(place, account)| (account, place)).collect();
    lanes.sort_by_key(|lane| place.get(&lane.account_id).copied());
    Ok(lanes)
}

/// Takes the job of each lane whose turn it is; answers with the lanes as they are then.
async fn start(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    grant: &Grant<'_>,
    mut round: Vec<AccountLane>,
) -> Result<(Vec<PublishJob>, Vec<AccountLane>), SqlError> {
    let mut turns = turns(session, dialect, grant, &round).await?;
    let mut held = Vec::with_capacity(round.len());
    let mut started = Vec::with_capacity(round.len());
    let mut idle = Lanes::default();
    for lane in &mut round {
        if let Some((job, next_due)) = turns.remove(&lane.account_id) {
            let job = grant.hold(job, grant.start_of(lane));
            lane.start(job.due_at.max(grant.now));
            held.push(job);
            lane.settle(next_due);
            started.push(&*lane);
        } else {
            idle.hold(vec![lane.clone()]);
            idle.touch(lane.account_id, (lane.agency_id, lane.client_id))?;
        }
    }
    write(session, dialect, scope, &held, Expects::Before).await?;
    if !started.is_empty() {
        lanes::write(session, dialect, started.into_iter()).await?;
    }
    // What has nothing to start should not have been ready.
    for settled in idle.settle(session, dialect).await? {
        if let Some(lane) = round.iter_mut().find(|lane| lane.account_id == settled.account_id) {
            *lane = settled;
        }
    }
    Ok((held, round))
}

/// The job of each account whose turn it is when its lane is ready, and when the first of its other
/// scheduled jobs is due. The lanes are locked.
async fn turns(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    grant: &Grant<'_>,
    round: &[AccountLane],
) -> Result<HashMap<AccountId, (PublishJob, Option<DateTime<Utc>>)>, SqlError> {
    let jobs = dialect.table(EntityKind::PublishJob.as_str());
    // Materialized, as what is no plain column is not looked up in an index under row-level security:
    // all jobs would be read.
    let mut statement = Statement::new(format!(
        "WITH first AS MATERIALIZED (SELECT (SELECT j.id FROM {jobs} AS j \
         WHERE j.account_id = l.account_id AND j.state = 'scheduled' AND j.due_at <= "
    ));
    let (now, horizon) = (statement.bind(millis(grant.now)), statement.bind(millis(grant.horizon)));
    statement.push(&format!(
        "CASE WHEN l.ready_at > {now} THEN l.ready_at ELSE {now} END \
         ORDER BY j.planned_at, j.priority, j.id LIMIT 1) AS id FROM {} AS l WHERE 1 = 1",
        dialect.table("account_lane"),
    ));
    let accounts = round.iter().map(|lane| lane.account_id.uuid()).collect();
    statement.among(dialect, "l.account_id", accounts);
    // Said again, for whoever changed a job since the statement began.
    statement.push(&format!(
        ") SELECT {}, (SELECT min(o.due_at) FROM {jobs} AS o WHERE o.account_id = j.account_id \
         AND o.state = 'scheduled' AND o.id <> j.id) FROM {jobs} AS j \
         WHERE j.id IN (SELECT id FROM first) AND j.state = 'scheduled' AND j.due_at <= {horizon}",
        dialect.json("j.body"),
    ));
    statement.push(dialect.for_update());
    let columns = [ValueType::Json, ValueType::Number];
    let rows = session.fetch(&statement.sql, &statement.values, &columns).await?;
    let turn = |row: Row| {
        let next_due = as_optional_number(row.get(1).cloned())?.map(time).transpose()?;
        let job: PublishJob = entity(row)?;
        Ok((job.account_id, (job, next_due)))
    };
    rows.into_iter().map(turn).collect()
}

/// [`JobQueue::next_due`](mcmp_core::store::JobQueue::next_due).
///
/// # Errors
/// Out of scope; or the database's.
pub async fn next_due(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
) -> Result<Option<DateTime<Utc>>, SqlError> {
    check_system(scope)?;
    let sql = format!(
        "SELECT min(next.at) FROM (SELECT min(ready_at) AS at FROM {} UNION ALL \
         SELECT min(due_at) AS at FROM {} WHERE state = 'unknown') AS next",
        dialect.table("account_lane"),
        dialect.table(EntityKind::PublishJob.as_str()),
    );
    let rows = session.fetch(&sql, &[], &[ValueType::Number]).await?;
    let at = rows.into_iter().next().and_then(|row| row.into_iter().next());
    as_optional_number(at)?.map(time).transpose()
}

pub(crate) fn select(dialect: &dyn Dialect, condition: &str) -> Statement {
    let table = dialect.table(EntityKind::PublishJob.as_str());
    Statement::new(format!("SELECT {} FROM {table} WHERE {condition}", dialect.json("body")))
}

pub(crate) async fn fetch(
    session: &mut dyn Session,
    statement: &Statement,
) -> Result<Vec<PublishJob>, SqlError> {
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Json]).await?;
    rows.into_iter().map(entity).collect()
}

pub(crate) async fn write(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    jobs: &[PublishJob],
    expects: Expects,
) -> Result<(), SqlError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let records: Vec<Record> = jobs.iter().cloned().map(Record::from).collect();
    let records: Vec<&Record> = records.iter().collect();
    write::update(session, dialect, scope, EntityKind::PublishJob, &records, expects).await
}
