//! What one use case writes: the changes, and with each the event that tells of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Session;
use crate::agency::Meter;
use crate::error::Error;
use crate::event::{Event, EventKind, FieldChange, Subject};
use crate::id::{ClientId, EventId, Id, NotificationId, UserId};
use crate::notification::{Notification, NotificationTopic};
use crate::store::{ChangeSet, Entity, MeterChange, Mutable, Record, StoreError, Version, Write};
use crate::time::Month;
use crate::value::Note;

/// Collects what one use case writes, and commits it once.
#[derive(Debug)]
pub(crate) struct Work<'s> {
    session: &'s Session,
    changes: ChangeSet,
    now: DateTime<Utc>,
}

impl<'s> Work<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self::at(session, session.now())
    }

    pub(super) fn at(session: &'s Session, now: DateTime<Utc>) -> Self {
        Self { session, changes: ChangeSet::new(), now }
    }

    /// The time of everything in this change.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A new id.
    pub(crate) fn id<I: Id>(&self) -> Result<I, Error> {
        self.session.portal().new_id()
    }

    /// A new entity and its event.
    pub(crate) fn insert<E>(
        &mut self,
        entity: &mut E,
        kind: EventKind,
        client: Option<ClientId>,
    ) -> Result<(), Error>
    where
        E: Entity + Into<Record> + Serialize,
    {
        let changes = FieldChange::between(None, Some(&*entity));
        self.changes.insert(entity);
        self.tell(kind, client, Subject::of(entity), changes, None)
    }

    /// A changed entity and its event, with what differs from `before`.
    pub(crate) fn update<E>(
        &mut self,
        before: &E,
        after: &mut E,
        kind: EventKind,
        client: Option<ClientId>,
    ) -> Result<(), Error>
    where
        E: Mutable + Into<Record> + Serialize,
    {
        let changes = FieldChange::between(Some(before), Some(&*after));
        self.changes.update(after);
        self.tell(kind, client, Subject::of(after), changes, None)
    }

    /// An entity to delete, as it was read, and its event.
    pub(crate) fn delete<E>(
        &mut self,
        entity: E,
        kind: EventKind,
        client: Option<ClientId>,
    ) -> Result<(), Error>
    where
        E: Entity + Into<Record> + Serialize,
    {
        let (subject, changes) = (Subject::of(&entity), FieldChange::between(Some(&entity), None));
        self.changes.delete(entity);
        self.tell(kind, client, subject, changes, None)
    }

    /// A fact.
    pub(crate) fn tell(
        &mut self,
        kind: EventKind,
        client: Option<ClientId>,
        subject: Subject,
        changes: impl Into<Arc<[FieldChange]>>,
        note: Option<Note>,
    ) -> Result<(), Error> {
        let event = Event {
            id: self.id::<EventId>()?,
            version: Version::NEW,
            agency_id: self.session.agency_id(),
            client_id: client,
            actor: self.session.actor().clone(),
            kind,
            subject,
            changes: changes.into(),
            note,
            at: self.now,
        };
        self.changes.event(event);
        Ok(())
    }

    /// Uses so much more of a meter, or gives it back; the plan's limit is checked by the commit.
    pub(crate) fn meter(&mut self, meter: Meter, by: i64) {
        let agency = self.session.agency();
        self.changes.meter(MeterChange {
            agency_id: agency.id,
            meter,
            month: meter.is_monthly().then(|| Month::of(self.now)),
            by,
            limit: agency.plan.limits.get(&meter).copied(),
        });
    }

    /// Tells people, each once per incident; whoever does it is not told.
    pub(crate) fn notify(
        &mut self,
        users: impl IntoIterator<Item = UserId>,
        topic: NotificationTopic,
        client: Option<ClientId>,
        subject: Subject,
        message: &Note,
        incident: &str,
    ) -> Result<(), Error> {
        let own = self.session.actor().user();
        let mut users: Vec<_> = users.into_iter().filter(|user| Some(*user) != own).collect();
        users.sort_unstable();
        users.dedup();
        for user_id in users {
            let mut notification = Notification {
                id: self.id::<NotificationId>()?,
                version: Version::NEW,
                agency_id: self.session.agency_id(),
                client_id: client,
                user_id,
                topic,
                subject,
                message: message.clone(),
                incident: incident.to_owned(),
                read_at: None,
                created_at: self.now,
                send_at: Some(self.now),
                send_attempts: 0,
                sent: Vec::new(),
            };
            self.changes.insert(&mut notification);
        }
        Ok(())
    }

    /// The change set itself, for writes that tell their own events.
    pub(crate) fn changes(&mut self) -> &mut ChangeSet {
        &mut self.changes
    }

    /// What there is to write, for whoever commits it elsewhere. It holds no meters: their limits
    /// are explained by [`commit`](Self::commit) alone.
    pub(super) fn into_changes(self) -> ChangeSet {
        self.changes
    }

    /// Writes it all, or nothing.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { session, changes, .. } = self;
        if changes.is_empty() {
            return Ok(());
        }
        let asked = added_to_meters(&changes);
        session.store().commit(session.scope(), changes).await.map_err(|error| match error {
            StoreError::MeterFull { meter, limit, used } => {
                let asked = asked.get(&meter).copied().unwrap_or(1);
                match session.agency().plan.check(meter, used, asked) {
                    Err(reached) => reached.into(),
                    Ok(()) => StoreError::MeterFull { meter, limit, used }.into(),
                }
            }
            other => other.into(),
        })
    }
}

/// How much more of each meter is asked for: a file takes many bytes at once.
fn added_to_meters(changes: &ChangeSet) -> BTreeMap<Meter, u64> {
    let mut added = BTreeMap::<Meter, u64>::new();
    for write in changes.writes() {
        if let Write::Meter(change) = write {
            let by = u64::try_from(change.by).unwrap_or_default();
            let sum = added.entry(change.meter).or_default();
            *sum = sum.saturating_add(by);
        }
    }
    added
}
