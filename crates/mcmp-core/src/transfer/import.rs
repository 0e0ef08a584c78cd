//! From a file into a store.

use std::collections::{BTreeMap, BTreeSet};
use std::io::SeekFrom;

use tokio::io::{AsyncBufRead, AsyncSeek, AsyncSeekExt as _};
use uuid::Uuid;

use super::batch::{Batch, Tally};
use super::lanes::LaneSettings;
use super::line::Thing;
use super::meters::MeterReading;
use super::positions::{self, Places};
use super::walk::Walk;
use super::{LineKind, Selection, Summary, TransferError, kinds};
use crate::access::Scope;
use crate::id::Id as _;
use crate::store::{ChangeSet, EntityKind, EventPosition, MeterChange, Record, Store};

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What is in the file.
    pub summary: Summary,
    /// How many things of each kind were written.
    pub written: BTreeMap<LineKind, u64>,
    /// How many were there already.
    pub already_there: u64,
}

/// Reads `reader` from where it stands, twice: first to [verify](super::verify) all of it, then to
/// write it, with the system's scope, in commits of some hundred entities. What is there already is
/// passed over, so that an import can be run again, however it ended. See the [module](super).
///
/// # Errors
/// The file is refused; something is there and differs; the store refuses something; the scope is
/// not the system's; the store fails, or the reader does. A file that is refused wrote nothing;
/// after any other error what was written before it stays.
pub async fn import<R>(
    store: &dyn Store,
    scope: &Scope,
    reader: &mut R,
) -> Result<Imported, TransferError>
where
    R: AsyncBufRead + AsyncSeek + Unpin + Send,
{
    if !scope.is_system() {
        return Err(TransferError::OutOfScope);
    }
    let start = reader.stream_position().await?;
    let mut wanted = BTreeSet::new();
    let mut walk = Walk::begin(reader).await?;
    while let Some((_, thing)) = walk.next().await? {
        if let Thing::Entity(Record::Duty(duty), _) = &thing {
            wanted.extend(positions::read_up_to(duty));
        }
    }
    reader.seek(SeekFrom::Start(start)).await?;

    let mut walk = Walk::begin(reader).await?;
    let selection = walk.selection();
    let mut import = Import {
        store,
        scope,
        selection,
        batch: Batch::new(store, scope, selection != Selection::Everything),
        tally: Tally::default(),
        places: Some(Places::new(wanted)),
        here: BTreeMap::new(),
    };
    while let Some((line, thing)) = walk.next().await? {
        match thing {
            Thing::Entity(record, position) => import.entity(line, record, position).await?,
            Thing::Lane(lane) => import.lane(line, &lane).await?,
            Thing::Meter(reading) => import.meter(line, &reading).await?,
        }
    }
    import.batch.flush(&mut import.tally).await?;
    let Tally { written, already_there } = import.tally;
    Ok(Imported { summary: walk.into_summary(), written, already_there })
}

struct Import<'a> {
    store: &'a dyn Store,
    scope: &'a Scope,
    selection: Selection,
    batch: Batch<'a>,
    tally: Tally,
    /// What the events of the file stand for, until they are all in the store.
    places: Option<Places>,
    /// The places here, by those in the file.
    here: BTreeMap<EventPosition, EventPosition>,
}

impl Import<'_> {
    async fn entity(
        &mut self,
        line: u64,
        mut record: Record,
        position: Option<EventPosition>,
    ) -> Result<(), TransferError> {
        match &mut record {
            Record::Agency(agency) if self.selection != Selection::Everything => {
                let kind = EntityKind::Agency;
                let found = kinds::find(self.store, self.scope, kind, agency.id.uuid()).await?;
                if found.is_some() {
                    self.tally.found();
                    return Ok(());
                }
            }
            Record::Event(event) => {
                if let Some((places, position)) = self.places.as_mut().zip(position) {
                    places.pass(position, event.id);
                }
            }
            Record::Duty(duty) => {
                if let Some(place) = positions::read_up_to(duty) {
                    if let Some(places) = self.places.take() {
                        self.batch.flush(&mut self.tally).await?;
                        self.here = places.here(self.store, self.scope).await?;
                    }
                    let here = self.here.get(&place).copied().unwrap_or_default();
                    positions::put(duty, here);
                }
            }
            _ => {}
        }
        self.batch.add(line, record, &mut self.tally).await
    }

    /// Makes a lane before any job is in it, so that nothing of a paused account starts.
    async fn lane(&mut self, line: u64, lane: &LaneSettings) -> Result<(), TransferError> {
        self.batch.flush(&mut self.tally).await?;
        let (kind, id) = (LineKind::Lane, lane.account_id.uuid());
        match self.store.lane(self.scope, lane.account_id).await? {
            Some(there) if LaneSettings::of(&there) == *lane => {
                self.tally.found();
                Ok(())
            }
            Some(_) => Err(TransferError::Differs { line, kind, id }),
            None => {
                let mut changes = ChangeSet::new();
                lane.changes().for_each(|change| changes.lane(change));
                self.beside(line, kind, id, changes).await
            }
        }
    }

    async fn meter(&mut self, line: u64, reading: &MeterReading) -> Result<(), TransferError> {
        self.batch.flush(&mut self.tally).await?;
        let MeterReading { agency_id, meter, month, used } = *reading;
        let (kind, id) = (LineKind::Meter, agency_id.uuid());
        let there = self.store.usage(self.scope, agency_id, meter, month).await?;
        if there == used {
            self.tally.found();
            return Ok(());
        }
        if there > 0 {
            return Err(TransferError::Differs { line, kind, id });
        }
        let mut changes = ChangeSet::new();
        let by = i64::try_from(used).unwrap_or(i64::MAX);
        changes.meter(MeterChange { agency_id, meter, month, by, limit: None });
        self.beside(line, kind, id, changes).await
    }

    /// Commits what is no entity.
    async fn beside(
        &mut self,
        line: u64,
        kind: LineKind,
        id: Uuid,
        changes: ChangeSet,
    ) -> Result<(), TransferError> {
        match self.store.commit(self.scope, changes).await {
            Ok(()) => {
                self.tally.wrote(kind);
                Ok(())
            }
            Err(error) if error.is_temporary() => Err(error.into()),
            Err(error) => Err(TransferError::Refused { line, kind, id, source: Box::new(error) }),
        }
    }
}
