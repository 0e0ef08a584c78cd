//! All of a change set, or nothing.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::state::{HasTable, State};
use crate::access::{Scope, Tenancy};
use crate::id::{AccountId, AgencyId, ClientId, EventId, Id};
use crate::publishing::{AccountLane, LaneChange, PublishJob};
use crate::store::entity::for_each_entity;
use crate::store::{
    ChangeSet, Entity, EntityKind, MeterChange, Record, StoreError, Version, Write,
};
use crate::value::InvalidValue;

type Undo = Box<dyn FnOnce(&mut State) + Send>;

/// Writes that are taken back, last first, unless they are [kept](Self::keep): on a refusal, and
/// on a panic too.
pub(super) struct Transaction<'a> {
    state: &'a mut State,
    undo: Vec<Undo>,
    /// Whether something was written that a worker or an outbox reader may wait for.
    signals: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Insert,
    /// An insert that keeps its version.
    Restore,
    Update,
    Delete,
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("writes", &self.undo.len()).finish_non_exhaustive()
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        while let Some(undo) = self.undo.pop() {
            undo(self.state);
        }
    }
}

/// Carries out a change set; says whether somebody may wait for what was written.
pub(super) fn commit(
    state: &mut State,
    scope: &Scope,
    changes: ChangeSet,
) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new(state);
    let (writes, events) = changes.into_parts();
    for write in writes {
        transaction.write(scope, write)?;
    }
    for event in events {
        transaction.row(scope, Operation::Insert, event)?;
    }
    Ok(transaction.keep())
}

macro_rules! by_kind {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        impl Transaction<'_> {
            fn record(
                &mut self,
                scope: &Scope,
                operation: Operation,
                record: Record,
            ) -> Result<(), StoreError> {
                match record {
                    $(Record::$name(entity) => self.row::<$type>(scope, operation, *entity),)+
                }
            }
        }
    };
}
for_each_entity!(by_kind);

impl<'a> Transaction<'a> {
    pub(super) fn new(state: &'a mut State) -> Self {
        Self { state, undo: Vec::new(), signals: false }
    }

    /// Keeps all writes; says whether somebody may wait for them.
    pub(super) fn keep(mut self) -> bool {
        self.undo.clear();
        self.state.log.trim();
        self.signals
    }

    pub(super) fn write(&mut self, scope: &Scope, write: Write) -> Result<(), StoreError> {
        match write {
            Write::Insert(record) => self.record(scope, Operation::Insert, record),
            Write::Update(record) if !record.kind().is_mutable() => {
                let message = "is written once and never changes";
                Err(InvalidValue::inconsistent(record.kind().as_str(), message).into())
            }
            Write::Update(record) => self.record(scope, Operation::Update, record),
            Write::Delete(record) => self.record(scope, Operation::Delete, record),
            Write::Restore(record) if !scope.is_system() => {
                Err(StoreError::OutOfScope { kind: record.kind(), id: record.id() })
            }
            Write::Restore(record) => self.record(scope, Operation::Restore, record),
            Write::Meter(change) => self.meter(scope, &change),
            Write::Lane(change) => self.change_lane(scope, &change),
        }
    }

    fn row<E: Entity>(
        &mut self,
        scope: &Scope,
        operation: Operation,
        entity: E,
    ) -> Result<(), StoreError>
    where
        State: HasTable<E>,
    {
        let id = entity.id();
        let conflict = StoreError::Conflict { kind: E::KIND, id: id.uuid() };
        if !scope.may_write(entity.tenancy()) {
            return Err(StoreError::OutOfScope { kind: E::KIND, id: id.uuid() });
        }
        let table = HasTable::<E>::table(self.state);
        let stored = table.get(id);
        let expected = match (operation, stored) {
            (Operation::Insert, None) => Version::NEW.next(),
            (Operation::Restore, None) => entity.version().max(Version::NEW.next()),
            (Operation::Update, Some(stored)) => stored.version().next(),
            (Operation::Delete, Some(stored)) => stored.version(),
            _ => return Err(conflict),
        };
        if let Some(stored) = stored {
            if !scope.sees(stored.tenancy()) {
                return Err(conflict);
            }
            if !scope.may_write(stored.tenancy()) {
                return Err(StoreError::OutOfScope { kind: E::KIND, id: id.uuid() });
            }
            if !is_same_tenant(stored.tenancy(), entity.tenancy()) {
                return Err(conflict);
            }
        }
        if entity.version() != expected {
            return Err(conflict);
        }
        let after = (operation != Operation::Delete).then(|| Arc::new(entity));
        if let Some(after) = &after
            && let Some(field) = table.taken_key(after)
        {
            return Err(StoreError::NotUnique { kind: E::KIND, field });
        }
        let before = self.set(id, after.clone());
        match E::KIND {
            EntityKind::PublishJob => self.follow(
                before.as_deref().and_then(|job| (job as &dyn Any).downcast_ref()),
                after.as_deref().and_then(|job| (job as &dyn Any).downcast_ref()),
            ),
            EntityKind::SocialAccount if operation == Operation::Delete => {
                self.forget_lane(AccountId::from_uuid(id.uuid()));
                Ok(())
            }
            EntityKind::Event => {
                let event = EventId::from_uuid(id.uuid());
                self.log(event, operation);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn set<E: Entity>(&mut self, id: E::Id, row: Option<Arc<E>>) -> Option<Arc<E>>
    where
        State: HasTable<E>,
    {
        let before = self.state.set(id, row);
        let undo = before.clone();
        self.undo.push(Box::new(move |state| drop(state.set(id, undo))));
        before
    }

    fn log(&mut self, id: EventId, operation: Operation) {
        self.signals = true;
        if operation == Operation::Delete {
            if let Some(place) = self.state.log.empty(id) {
                self.undo.push(Box::new(move |state| state.log.fill(place, Some(id))));
            }
        } else {
            self.state.log.append(id);
            self.undo.push(Box::new(|state| state.log.take_back()));
        }
    }

    /// Moves lanes along with a job that was written.
    fn follow(
        &mut self,
        before: Option<&PublishJob>,
        after: Option<&PublishJob>,
    ) -> Result<(), StoreError> {
        match (before, after) {
            (Some(before), Some(after)) if before.account_id == after.account_id => {
                self.lane_of(after, |lane| lane.follow(Some(before), after))
            }
            (before, after) => {
                // A lane that was forgotten with its account does not come back with the last of
                // its jobs.
                let lane = before.filter(|job| self.state.lanes.get(job.account_id).is_some());
                if let Some(before) = lane {
                    self.lane_of(before, |lane| lane.forget(before))?;
                }
                match after {
                    Some(after) => self.lane_of(after, |lane| lane.follow(None, after)),
                    None => Ok(()),
                }
            }
        }
    }

    /// Lets go of a deleted account's lane, unless some job of it is still on its way.
    fn forget_lane(&mut self, account: AccountId) {
        if self.state.lanes.is_idle(account) {
            let before = self.state.lanes.set(account, None);
            self.undo.push(Box::new(move |state| drop(state.lanes.set(account, before))));
        }
    }

    fn lane_of(
        &mut self,
        job: &PublishJob,
        change: impl FnOnce(&mut AccountLane),
    ) -> Result<(), StoreError> {
        self.lane(job.account_id, job.agency_id, job.client_id, change)
    }

    fn change_lane(&mut self, scope: &Scope, change: &LaneChange) -> Result<(), StoreError> {
        let LaneChange { account_id, agency_id, client_id, action } = change;
        if !scope.may_write(Tenancy::Client(*agency_id, *client_id)) {
            let (kind, id) = (EntityKind::SocialAccount, account_id.uuid());
            return Err(StoreError::OutOfScope { kind, id });
        }
        let lane = self.state.lanes.get(*account_id);
        if lane.is_some_and(|lane| !lane.allows(*action)) {
            let (kind, id) = (EntityKind::SocialAccount, account_id.uuid());
            return Err(StoreError::Conflict { kind, id });
        }
        self.lane(*account_id, *agency_id, *client_id, |lane| lane.apply(*action))
    }

    /// Changes an account's lane, which comes into being with its first change. An account has one
    /// client, so a change on behalf of another one is a conflict.
    fn lane(
        &mut self,
        account: AccountId,
        agency: AgencyId,
        client: ClientId,
        change: impl FnOnce(&mut AccountLane),
    ) -> Result<(), StoreError> {
        self.signals = true;
        let lanes = &mut self.state.lanes;
        let mut lane = match lanes.get(account) {
            Some(lane) if (lane.agency_id, lane.client_id) != (agency, client) => {
                let (kind, id) = (EntityKind::SocialAccount, account.uuid());
                return Err(StoreError::Conflict { kind, id });
            }
            Some(lane) => lane.clone(),
            None => AccountLane::new(account, agency, client),
        };
        change(&mut lane);
        let lane = lanes.settled(lane);
        let before = lanes.set(account, Some(lane));
        self.undo.push(Box::new(move |state| drop(state.lanes.set(account, before))));
        Ok(())
    }

    fn meter(&mut self, scope: &Scope, change: &MeterChange) -> Result<(), StoreError> {
        let MeterChange { agency_id, meter, month, by, limit } = *change;
        if !scope.sees(Tenancy::Agency(agency_id)) {
            let (kind, id) = (EntityKind::Agency, agency_id.uuid());
            return Err(StoreError::OutOfScope { kind, id });
        }
        let key = State::meter_key(agency_id, meter, month);
        let before = self.state.meters.get(&key).copied();
        let used = before.unwrap_or_default();
        let after = used.saturating_add_signed(by);
        if let Some(limit) = limit
            && by > 0
            && after > limit
        {
            return Err(StoreError::MeterFull { meter, limit, used });
        }
        self.state.meters.insert(key, after);
        self.undo.push(Box::new(move |state| {
            match before {
                Some(before) => state.meters.insert(key, before),
                None => state.meters.remove(&key),
            };
        }));
        Ok(())
    }
}

/// Whether both are of one tenant. Which clients of its agency a thing covers can change, whose it
/// is can't.
fn is_same_tenant(one: Tenancy<'_>, other: Tenancy<'_>) -> bool {
    match (one, other) {
        (
            Tenancy::AgencyWide(one) | Tenancy::Clients(one, _),
            Tenancy::AgencyWide(other) | Tenancy::Clients(other, _),
        ) => one == other,
        (one, other) => one == other,
    }
}
