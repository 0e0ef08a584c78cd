//! From a store into a file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::lanes::LaneSettings;
use super::line::{self, Trailer};
use super::source::hex;
use super::{
    FORMAT, FORMAT_VERSION, LineKind, MAX_LINE, Manifest, Selection, Summary, TransferError, kinds,
    meters, paused, positions,
};
use crate::access::Scope;
use crate::agency::Agency;
use crate::event::Event;
use crate::store::{EntityKind, EventPosition, Query, Record, Store, StoreExt, TenancyKind};

/// Bytes that are collected before they are written.
const CHUNK: usize = 64 << 10;

/// Writes what is selected to `writer`, as the [module](super) says: with the system's scope, in
/// bounded memory. After an error what was written is no whole file, and no import takes it.
///
/// # Errors
/// It is not paused, workers hold jobs of it, or somebody changes something meanwhile; there is no
/// such client; the scope is not the system's; the store fails, or the writer does.
pub async fn export<W>(
    store: &dyn Store,
    scope: &Scope,
    selection: Selection,
    writer: &mut W,
) -> Result<Summary, TransferError>
where
    W: AsyncWrite + Unpin + Send,
{
    if !scope.is_system() {
        return Err(TransferError::OutOfScope);
    }
    paused::check(store, scope, selection).await?;
    let now = store.now().await?;
    let (reads, agency) = match selection {
        Selection::Everything => (scope.clone(), None),
        Selection::Client(id) => {
            let client = paused::client(store, scope, id).await?;
            let agency: Option<Agency> = store.find(scope, client.agency_id).await?;
            (scope.within_client(client.agency_id, client.id), agency)
        }
    };
    paused::check_nobody_works(store, &reads, now).await?;
    let end = positions::end_of_log(store, &reads).await?;
    let mut export = Export { store, scope: reads, now, out: Output::new(writer) };
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        mcmp_version: env!("CARGO_PKG_VERSION").to_owned(),
        selection,
        exported_at: now,
    };
    export.out.line(line::written(LineKind::Manifest, &manifest)).await?;
    match selection {
        Selection::Everything => {
            // The pause comes first, so that nothing is published from a store that is half filled.
            export.duties(|is_reader| !is_reader).await?;
            for kind in EntityKind::ALL {
                if !matches!(kind, EntityKind::Event | EntityKind::Duty) {
                    export.all(*kind).await?;
                }
            }
        }
        Selection::Client(_) => {
            if let Some(agency) = agency {
                export.entity(&agency.into(), None).await?;
            }
            for kind in EntityKind::ALL {
                if kind.tenancy_kind() == TenancyKind::Client {
                    export.all(*kind).await?;
                }
            }
        }
    }
    export.events(end).await?;
    if selection == Selection::Everything {
        export.duties(|is_reader| is_reader).await?;
    }
    paused::check(store, scope, selection).await?;
    export.out.end(manifest).await
}

struct Export<'a, W> {
    store: &'a dyn Store,
    scope: Scope,
    now: DateTime<Utc>,
    out: Output<'a, W>,
}

impl<W: AsyncWrite + Unpin + Send> Export<'_, W> {
    /// All of a kind, each with what stands beside it.
    async fn all(&mut self, kind: EntityKind) -> Result<(), TransferError> {
        let mut after = None;
        loop {
            let page = kinds::page(self.store, &self.scope, kind, after).await?;
            for record in &page.items {
                self.entity(record, None).await?;
                match record {
                    Record::Agency(agency) => self.meters(agency).await?,
                    Record::SocialAccount(account) => {
                        if let Some(lane) = self.store.lane(&self.scope, account.id).await? {
                            let lane = line::written(LineKind::Lane, &LaneSettings::of(&lane));
                            self.out.count(LineKind::Lane, lane).await?;
                        }
                    }
                    _ => {}
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn meters(&mut self, agency: &Agency) -> Result<(), TransferError> {
        for reading in meters::readings(self.store, &self.scope, agency, self.now).await? {
            let reading = line::written(LineKind::Meter, &reading);
            self.out.count(LineKind::Meter, reading).await?;
        }
        Ok(())
    }

    /// The duties that keep how far readers of events came, or the others.
    async fn duties(&mut self, wanted: impl Fn(bool) -> bool + Send) -> Result<(), TransferError> {
        let mut after = None;
        loop {
            let page = kinds::page(self.store, &self.scope, EntityKind::Duty, after).await?;
            for record in &page.items {
                let Record::Duty(duty) = record else { continue };
                if wanted(positions::read_up_to(duty).is_some()) {
                    self.entity(record, None).await?;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// All events up to `end`. One beyond it tells of something that may be in the file or not.
    async fn events(&mut self, end: EventPosition) -> Result<(), TransferError> {
        let mut after = EventPosition::START;
        loop {
            let limit = Query::<Event>::MAX_LIMIT;
            let events = self.store.events_after(&self.scope, after, limit).await?;
            let Some((last, _)) = events.last() else { return Ok(()) };
            after = *last;
            if after > end {
                return Err(TransferError::Changed);
            }
            for (position, event) in events {
                self.entity(&event.into(), Some(position)).await?;
            }
        }
    }

    async fn entity(
        &mut self,
        record: &Record,
        position: Option<EventPosition>,
    ) -> Result<(), TransferError> {
        let kind = LineKind::Entity(record.kind());
        self.out.count(kind, line::of_entity(record, position)).await
    }
}

/// Lines on their way out.
struct Output<'a, W> {
    writer: &'a mut W,
    waiting: Vec<u8>,
    hash: Sha256,
    lines: u64,
    counts: BTreeMap<LineKind, u64>,
}

impl<'a, W: AsyncWrite + Unpin + Send> Output<'a, W> {
    fn new(writer: &'a mut W) -> Self {
        let (waiting, hash) = (Vec::new(), Sha256::new());
        Self { writer, waiting, hash, lines: 0, counts: Default::default() }
    }

    async fn count(
        &mut self,
        kind: LineKind,
        line: serde_json::Result<String>,
    ) -> Result<(), TransferError> {
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        self.line(line).await
    }

    async fn line(&mut self, line: serde_json::Result<String>) -> Result<(), TransferError> {
        let line = line.map_err(std::io::Error::other)?;
        self.lines = self.lines.saturating_add(1);
        if line.len() > MAX_LINE {
            return Err(TransferError::LineTooLong { line: self.lines, limit: MAX_LINE });
        }
        let start = self.waiting.len();
        self.waiting.extend_from_slice(line.as_bytes());
        self.waiting.push(b'\n');
        self.hash.update(self.waiting.get(start..).unwrap_or_default());
        if self.waiting.len() >= CHUNK {
            self.writer.write_all(&self.waiting).await?;
            self.waiting.clear();
        }
        Ok(())
    }

    async fn end(mut self, manifest: Manifest) -> Result<Summary, TransferError> {
        let sha256 = hex(self.hash.clone());
        let counts = std::mem::take(&mut self.counts);
        let trailer = Trailer { counts: counts.clone(), sha256: sha256.clone() };
        self.line(line::written(LineKind::Trailer, &trailer)).await?;
        self.writer.write_all(&self.waiting).await?;
        self.writer.flush().await?;
        Ok(Summary { manifest, counts, sha256 })
    }
}
