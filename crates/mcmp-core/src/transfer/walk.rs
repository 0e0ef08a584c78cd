//! Goes through a file and checks all that can be checked without a store.

use std::collections::BTreeMap;

use tokio::io::AsyncBufRead;

use super::line::{self, Content, Thing};
use super::source::Lines;
use super::{FORMAT, FORMAT_VERSION, LineKind, Manifest, Selection, Summary, TransferError};
use crate::access::Tenancy;
use crate::id::AgencyId;
use crate::store::{EventPosition, Record};

/// Checks a file without a store: that it is whole and unchanged, that this version can read every
/// line, and that a client's file holds that client alone.
///
/// # Errors
/// The first thing about it that is wrong; or it can't be read.
pub async fn verify<R>(reader: &mut R) -> Result<Summary, TransferError>
where
    R: AsyncBufRead + Unpin + Send,
{
    let mut walk = Walk::begin(reader).await?;
    while walk.next().await?.is_some() {}
    Ok(walk.into_summary())
}

/// The way through a file.
#[derive(Debug)]
pub(super) struct Walk<'a, R> {
    lines: Lines<'a, R>,
    summary: Summary,
    agency: Option<AgencyId>,
    last_event: Option<EventPosition>,
}

impl<'a, R: AsyncBufRead + Unpin + Send> Walk<'a, R> {
    /// Reads the manifest.
    pub(super) async fn begin(reader: &'a mut R) -> Result<Self, TransferError> {
        let mut lines = Lines::new(reader);
        if !lines.advance().await? {
            return Err(TransferError::Truncated { line: 0 });
        }
        let Content::Manifest(manifest) = line::read(1, lines.text()?)? else {
            let expected = "a manifest";
            return Err(TransferError::Malformed { line: 1, kind: None, expected });
        };
        check_supported(&manifest)?;
        let counts = Default::default();
        let summary = Summary { manifest, counts, sha256: String::new() };
        Ok(Self { lines, summary, agency: None, last_event: None })
    }

    /// The next thing and the number of its line; `None` after the last, once all is as the trailer
    /// says.
    pub(super) async fn next(&mut self) -> Result<Option<(u64, Thing)>, TransferError> {
        if !self.lines.advance().await? {
            return Err(TransferError::Truncated { line: self.lines.number() });
        }
        let line = self.lines.number();
        let malformed = |kind, expected| TransferError::Malformed { line, kind, expected };
        match line::read(line, self.lines.text()?)? {
            Content::Manifest(_) => Err(malformed(Some(LineKind::Manifest), "the first line")),
            Content::Thing(thing) => {
                self.check(line, &thing)?;
                let count = self.summary.counts.entry(thing.kind()).or_default();
                *count = count.saturating_add(1);
                Ok(Some((line, thing)))
            }
            Content::Trailer(trailer) => {
                self.summary.sha256 = self.lines.checksum_before();
                if trailer.sha256 != self.summary.sha256 {
                    return Err(TransferError::Checksum { line });
                }
                let counts = &self.summary.counts;
                for kind in trailer.counts.keys().chain(counts.keys()).copied() {
                    let of = |counts: &BTreeMap<LineKind, u64>| {
                        counts.get(&kind).copied().unwrap_or_default()
                    };
                    let (expected, found) = (of(&trailer.counts), of(counts));
                    if expected != found {
                        return Err(TransferError::Count { kind, expected, found });
                    }
                }
                if self.lines.advance().await? {
                    return Err(malformed(Some(LineKind::Trailer), "the last line"));
                }
                Ok(None)
            }
        }
    }

    pub(super) fn into_summary(self) -> Summary {
        self.summary
    }

    pub(super) fn selection(&self) -> Selection {
        self.summary.manifest.selection
    }

    fn check(&mut self, line: u64, thing: &Thing) -> Result<(), TransferError> {
        let kind = thing.kind();
        if let Thing::Entity(_, Some(position)) = thing {
            if self.last_event.is_some_and(|last| last >= *position) {
                let expected = "an event that comes after those before it";
                return Err(TransferError::Malformed { line, kind: Some(kind), expected });
            }
            self.last_event = Some(*position);
        }
        let Selection::Client(own) = self.summary.manifest.selection else { return Ok(()) };
        let owner = match thing {
            Thing::Entity(Record::Agency(agency), _) if self.agency.is_none() => {
                self.agency = Some(agency.id);
                return Ok(());
            }
            Thing::Entity(record, _) => match record.tenancy() {
                Tenancy::Client(agency, client) | Tenancy::Log(agency, Some(client)) => {
                    Some((agency, client))
                }
                _ => None,
            },
            Thing::Lane(lane) => Some((lane.agency_id, lane.client_id)),
            Thing::Meter(_) => None,
        };
        match owner {
            Some((agency, client)) if Some(agency) == self.agency && client == own => Ok(()),
            _ => Err(TransferError::Foreign { line, kind }),
        }
    }
}

fn check_supported(manifest: &Manifest) -> Result<(), TransferError> {
    let Manifest { format, format_version, mcmp_version, .. } = manifest;
    let own = env!("CARGO_PKG_VERSION");
    let is_known =
        numbers(mcmp_version).zip(numbers(own)).is_some_and(|(theirs, ours)| theirs <= ours);
    if format == FORMAT && *format_version == FORMAT_VERSION && is_known {
        return Ok(());
    }
    let found = format!("{format} {format_version} of mcmp {mcmp_version}");
    let found = found.chars().take(100).collect();
    let supported = format!("{FORMAT} {FORMAT_VERSION} of mcmp {own} and earlier");
    Err(TransferError::Unsupported { found, supported })
}

/// The three numbers that a version begins with.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let plain = version.split(['-', '+']).next()?;
    let mut numbers = plain.split('.').map(|number| number.parse().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}
