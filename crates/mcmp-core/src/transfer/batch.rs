//! Entities on their way into a store, some to a commit.

use std::collections::BTreeMap;

use super::{LineKind, TransferError, kinds, meters};
use crate::access::Scope;
use crate::store::{ChangeSet, MeterChange, Record, Store, StoreError};

/// Most entities of a commit.
const MOST: usize = 200;

/// What came of all batches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) written: BTreeMap<LineKind, u64>,
    pub(super) already_there: u64,
}

impl Tally {
    pub(super) fn wrote(&mut self, kind: LineKind) {
        let count = self.written.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn found(&mut self) {
        self.already_there = self.already_there.saturating_add(1);
    }
}

/// Entities that wait for their commit, in order.
pub(super) struct Batch<'a> {
    store: &'a dyn Store,
    scope: &'a Scope,
    /// Whether each entity is added to its agency's meters, in the commit that writes it.
    counts: bool,
    waiting: Vec<(u64, Record)>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(store: &'a dyn Store, scope: &'a Scope, counts: bool) -> Self {
        Self { store, scope, counts, waiting: Vec::new() }
    }

    pub(super) async fn add(
        &mut self,
        line: u64,
        record: Record,
        tally: &mut Tally,
    ) -> Result<(), TransferError> {
        self.waiting.push((line, record));
        if self.waiting.len() >= MOST { self.flush(tally).await } else { Ok(()) }
    }

    /// Writes what waits: all in one commit, as nearly always nothing of it is there yet; or else
    /// each on its own, what is there being passed over.
    pub(super) async fn flush(&mut self, tally: &mut Tally) -> Result<(), TransferError> {
        let waiting = std::mem::take(&mut self.waiting);
        match self.commit(waiting.iter().map(|(_, record)| record)).await {
            Ok(()) => {
                waiting.iter().for_each(|(_, record)| tally.wrote(LineKind::Entity(record.kind())));
                Ok(())
            }
            Err(error) if error.is_temporary() => Err(error.into()),
            Err(_) => {
                for (line, record) in &waiting {
                    self.write(*line, record, tally).await?;
                }
                Ok(())
            }
        }
    }

    async fn write(
        &self,
        line: u64,
        record: &Record,
        tally: &mut Tally,
    ) -> Result<(), TransferError> {
        let (kind, id) = (LineKind::Entity(record.kind()), record.id());
        match kinds::find(self.store, self.scope, record.kind(), id).await? {
            Some(there) if there == *record => {
                tally.found();
                Ok(())
            }
            Some(_) => Err(TransferError::Differs { line, kind, id }),
            None => match self.commit([record].into_iter()).await {
                Ok(()) => {
                    tally.wrote(kind);
                    Ok(())
                }
                Err(error) if error.is_temporary() => Err(error.into()),
                Err(error) => {
                    Err(TransferError::Refused { line, kind, id, source: Box::new(error) })
                }
            },
        }
    }

    async fn commit<'r>(
        &self,
        records: impl Iterator<Item = &'r Record>,
    ) -> Result<(), StoreError> {
        let mut changes = ChangeSet::new();
        let mut meters = BTreeMap::<_, MeterChange>::new();
        for record in records {
            changes.restore(record.clone());
            let Some(change) = meters::brought_by(record).filter(|_| self.counts) else { continue };
            meters
                .entry((change.agency_id, change.meter, change.month))
                .and_modify(|sum| sum.by = sum.by.saturating_add(change.by))
                .or_insert(change);
        }
        meters.into_values().for_each(|change| changes.meter(change));
        if changes.is_empty() {
            return Ok(());
        }
        self.store.commit(self.scope, changes).await
    }
}
