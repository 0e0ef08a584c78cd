//! All of a change set, or an error; the transaction is the caller's to end.

use std::collections::BTreeSet;

use mcmp_core::access::{Scope, Tenancy};
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, Id};
use mcmp_core::publishing::{AccountLane, PublishJob};
use mcmp_core::store::{ChangeSet, EntityKind, Record, StoreError, TenancyKind, Write};
use mcmp_core::value::InvalidValue;
use uuid::Uuid;

use crate::lanes::{Lanes, Owners};
use crate::row::{as_id, out_of_scope};
use crate::statement::Statement;
use crate::write::{self, Expects, Operation};
use crate::{Dialect, Session, SqlError, ValueType, meters};

/// What a commit wrote that somebody may wait for.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "whoever waits is to be woken once the transaction is committed"]
pub struct Committed {
    /// How many events.
    pub events: usize,
    /// The lanes, as they are now.
    pub lanes: Vec<AccountLane>,
}

impl Committed {
    /// Whether a worker or an outbox reader may wait for something that was written.
    #[must_use]
    pub fn wakes(&self) -> bool {
        self.events > 0 || !self.lanes.is_empty()
    }
}

/// Carries out a change set on a transaction. After an error the transaction must be rolled back,
/// to where it was before this call.
///
/// # Errors
/// The contract's answers, or the database's.
pub async fn commit(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    changes: ChangeSet,
) -> Result<Committed, SqlError> {
    let (writes, events) = changes.into_parts();
    carry_out(session, dialect, scope, writes, events, Grouping::InOrder).await
}

/// Carries out several change sets as one, in as few statements as there are kinds of write. It
/// only works out if each of them would by itself: after an error, and for `None`, the transaction
/// must be rolled back and each [committed](commit) on its own.
///
/// # Errors
/// Something in one of them is refused; or the database's.
pub async fn commit_together(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    changes: Vec<ChangeSet>,
) -> Result<Option<Committed>, SqlError> {
    let (mut writes, mut events) = (Vec::new(), Vec::new());
    for set in changes {
        let (more_writes, more_events) = set.into_parts();
        writes.extend(more_writes);
        events.extend(more_events);
    }
    let mut seen = BTreeSet::new();
    let is_new =
        |record: &Record, seen: &mut BTreeSet<_>| seen.insert((record.kind(), record.id()));
    let each_once = writes.iter().all(|write| match write {
        Write::Insert(record)
        | Write::Restore(record)
        | Write::Update(record)
        | Write::Delete(record) => is_new(record, &mut seen),
        _ => true,
    });
    if !each_once {
        return Ok(None);
    }
    writes.sort_by_key(|write| match write {
        Write::Delete(record) => (1, Some(record.kind())),
        Write::Update(record) => (2, Some(record.kind())),
        Write::Insert(record) => (3, Some(record.kind())),
        Write::Restore(record) => (4, Some(record.kind())),
        _ => (0, None),
    });
    carry_out(session, dialect, scope, writes, events, Grouping::Together).await.map(Some)
}

/// Which writes one statement may carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grouping {
    /// Those that follow one another, without a difference to one after the other.
    InOrder,
    /// All of a kind: a value that one row frees for another may be refused.
    Together,
}

async fn carry_out(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    scope: &Scope,
    writes: Vec<Write>,
    events: Vec<Event>,
    grouping: Grouping,
) -> Result<Committed, SqlError> {
    let moved_from = accounts_of_jobs(session, dialect, &writes).await?;
    let (accounts, mut owners) = accounts(&writes, &moved_from);
    // What may not be written is refused further down, and makes no lane first.
    owners.retain(|_, (agency, client)| scope.may_write(Tenancy::Client(*agency, *client)));
    let lanes = Lanes::lock(session, dialect, &accounts, &owners).await?;
    let mut commit = Commit { session, dialect, scope, grouping, lanes, events: 0 };
    let mut group = Group::default();
    for write in writes {
        match write {
            Write::Insert(record) => commit.add(&mut group, Operation::Insert, record).await?,
            Write::Update(record) if !record.kind().is_mutable() => {
                let message = "is written once and never changes";
                let kind = record.kind().as_str();
                return Err(StoreError::from(InvalidValue::inconsistent(kind, message)).into());
            }
            Write::Update(record) => commit.add(&mut group, Operation::Update, record).await?,
            Write::Delete(record) => commit.add(&mut group, Operation::Delete, record).await?,
            Write::Restore(record) => commit.add(&mut group, Operation::Restore, record).await?,
            Write::Meter(change) => {
                let done = meters::change(commit.session, dialect, scope, &change).await;
                commit.after(&mut group, done).await?;
            }
            Write::Lane(change) => {
                let done = commit.lanes.change(scope, &change);
                commit.after(&mut group, done).await?;
            }
            other => {
                let message = format!("holds a write that this store does not know: {other:?}");
                return Err(StoreError::from(InvalidValue::inconsistent("changes", message)).into());
            }
        }
    }
    for event in events {
        commit.add(&mut group, Operation::Insert, Event::into(event)).await?;
    }
    commit.write(&mut group).await?;
    for (account, owner) in &moved_from {
        if commit.lanes.has(*account) {
            commit.lanes.touch(*account, *owner)?;
        }
    }
    let Commit { lanes, session, events, .. } = commit;
    Ok(Committed { events, lanes: lanes.settle(session, dialect).await? })
}

struct Commit<'a> {
    session: &'a mut dyn Session,
    dialect: &'a dyn Dialect,
    scope: &'a Scope,
    grouping: Grouping,
    lanes: Lanes,
    events: usize,
}

/// Writes of one kind and operation that follow one another, for one statement.
#[derive(Debug, Default)]
struct Group {
    records: Vec<(Operation, Record)>,
    ids: BTreeSet<Uuid>,
}

impl Group {
    /// Whether one statement can write this record with the others. Values that must be unique are
    /// changed one by one, as one row may take what another has freed.
    fn takes(&self, grouping: Grouping, operation: Operation, record: &Record) -> bool {
        let Some((first, like)) = self.records.first() else { return true };
        let alike = *first == operation && like.kind() == record.kind();
        let apart = match operation {
            Operation::Insert | Operation::Restore => true,
            Operation::Update => grouping == Grouping::Together || record.unique_keys().is_empty(),
            Operation::Delete => false,
        };
        alike && apart && !self.ids.contains(&record.id())
    }
}

impl Commit<'_> {
    async fn add(
        &mut self,
        group: &mut Group,
        operation: Operation,
        record: Record,
    ) -> Result<(), SqlError> {
        if !group.takes(self.grouping, operation, &record) {
            self.write(group).await?;
        }
        let may_write = match operation {
            Operation::Restore => self.scope.is_system(),
            _ => self.scope.may_write(record.tenancy()),
        };
        if !may_write {
            // What comes first is told first.
            self.write(group).await?;
            return Err(out_of_scope(record.kind(), record.id()));
        }
        group.ids.insert(record.id());
        group.records.push((operation, record));
        Ok(())
    }

    /// What came of a write that did not wait for the group before it: where both are refused, what
    /// comes first is told.
    async fn after(
        &mut self,
        group: &mut Group,
        done: Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        if let Err(SqlError::Refused(_)) = done {
            self.write(group).await?;
        }
        done
    }

    async fn write(&mut self, group: &mut Group) -> Result<(), SqlError> {
        let Group { records, .. } = std::mem::take(group);
        let Some((operation, first)) = records.first() else { return Ok(()) };
        let (operation, kind) = (*operation, first.kind());
        let records: Vec<&Record> = records.iter().map(|(_, record)| record).collect();
        let (dialect, scope) = (self.dialect, self.scope);
        if !operation.is_new() && kind.tenancy_kind() == TenancyKind::Coverage {
            for record in &records {
                write::check_coverage(self.session, dialect, scope, record).await?;
            }
        }
        match operation {
            Operation::Insert | Operation::Restore => {
                let versions = operation.versions();
                write::insert(self.session, dialect, kind, &records, &versions, self.events)
                    .await?;
            }
            Operation::Update => {
                write::update(self.session, dialect, scope, kind, &records, Expects::Before)
                    .await?;
            }
            Operation::Delete => {
                for record in &records {
                    write::delete(self.session, dialect, scope, record).await?;
                }
            }
        }
        for record in records {
            self.follow(operation, record).await?;
        }
        Ok(())
    }

    /// Moves lanes and the count of events along with a row.
    async fn follow(&mut self, operation: Operation, record: &Record) -> Result<(), SqlError> {
        match record {
            Record::PublishJob(job) => {
                let exists = self.lanes.has(job.account_id);
                if operation != Operation::Delete || exists {
                    self.lanes.touch(job.account_id, (job.agency_id, job.client_id))?;
                }
            }
            Record::SocialAccount(account) if operation == Operation::Delete => {
                self.lanes.forget(self.session, self.dialect, account.id).await?;
            }
            Record::Event(_) if operation.is_new() => self.events += 1,
            _ => {}
        }
        Ok(())
    }
}

/// Which accounts' jobs the writes change, as they are in the store: a job may come from another
/// account. Should that change meanwhile, so does the job's version.
async fn accounts_of_jobs(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    writes: &[Write],
) -> Result<Owners, SqlError> {
    let changed: Vec<Uuid> = writes
        .iter()
        .filter_map(|write| match write {
            Write::Update(Record::PublishJob(job)) | Write::Delete(Record::PublishJob(job)) => {
                Some(job.id.uuid())
            }
            _ => None,
        })
        .collect();
    if changed.is_empty() {
        return Ok(Owners::new());
    }
    let mut statement = Statement::new(format!(
        "SELECT account_id, agency_id, client_id FROM {} WHERE 1 = 1",
        dialect.table(EntityKind::PublishJob.as_str()),
    ));
    statement.among(dialect, "id", changed);
    let rows = session.fetch(&statement.sql, &statement.values, &[ValueType::Id; 3]).await?;
    rows.into_iter()
        .map(|row| {
            let mut cells = row.into_iter();
            let mut id = || as_id(cells.next());
            let (account, agency, client) = (id()?, id()?, id()?);
            Ok((Id::from_uuid(account), (Id::from_uuid(agency), Id::from_uuid(client))))
        })
        .collect()
}

/// The accounts whose lanes a commit holds, and those whose lanes come into being with it.
fn accounts(writes: &[Write], moved_from: &Owners) -> (BTreeSet<AccountId>, Owners) {
    let mut accounts: BTreeSet<AccountId> = moved_from.keys().copied().collect();
    let mut owners = Owners::new();
    let owner = |job: &PublishJob| (job.agency_id, job.client_id);
    for write in writes {
        match write {
            Write::Insert(Record::PublishJob(job))
            | Write::Restore(Record::PublishJob(job))
            | Write::Update(Record::PublishJob(job)) => {
                owners.entry(job.account_id).or_insert_with(|| owner(job));
            }
            Write::Delete(Record::PublishJob(job)) => drop(accounts.insert(job.account_id)),
            Write::Delete(Record::SocialAccount(account)) => drop(accounts.insert(account.id)),
            Write::Lane(change) => {
                let owner = (change.agency_id, change.client_id);
                owners.entry(change.account_id).or_insert(owner);
            }
            _ => {}
        }
    }
    accounts.extend(owners.keys());
    (accounts, owners)
}
