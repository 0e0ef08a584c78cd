//! What a line can be, and how it is written and read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::TransferError;
use super::lanes::LaneSettings;
use super::meters::MeterReading;
use super::{Manifest, kinds};
use crate::store::{EntityKind, EventPosition, Record, Version};

/// What a line of a file holds; on the wire it is the line's `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum LineKind {
    /// What the file says of itself: the first line.
    Manifest,
    /// An entity.
    Entity(EntityKind),
    /// The settings of an account's lane.
    Lane,
    /// How much of a meter an agency has used.
    Meter,
    /// Counts and checksum: the last line.
    Trailer,
}

impl LineKind {
    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Entity(kind) => kind.as_str(),
            Self::Lane => "lane",
            Self::Meter => "meter",
            Self::Trailer => "trailer",
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "manifest" => Some(Self::Manifest),
            "lane" => Some(Self::Lane),
            "meter" => Some(Self::Meter),
            "trailer" => Some(Self::Trailer),
            _ => {
                let kind = EntityKind::ALL.iter().find(|kind| kind.as_str() == name)?;
                Some(Self::Entity(*kind))
            }
        }
    }
}

impl fmt::Display for LineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<LineKind> for String {
    fn from(kind: LineKind) -> Self {
        kind.as_str().to_owned()
    }
}

impl TryFrom<String> for LineKind {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::named(&name).ok_or("the kind of a line is not known")
    }
}

/// The last line: what the lines before it are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Trailer {
    pub(super) counts: BTreeMap<LineKind, u64>,
    pub(super) sha256: String,
}

/// A line, as it was read.
#[derive(Debug)]
pub(super) enum Content {
    Manifest(Manifest),
    Thing(Thing),
    Trailer(Trailer),
}

/// What lies between the first and the last line.
#[derive(Debug)]
pub(super) enum Thing {
    /// An entity; an event with the place it had.
    Entity(Record, Option<EventPosition>),
    Lane(LaneSettings),
    Meter(MeterReading),
}

impl Thing {
    pub(super) fn kind(&self) -> LineKind {
        match self {
            Self::Entity(record, _) => LineKind::Entity(record.kind()),
            Self::Lane(_) => LineKind::Lane,
            Self::Meter(_) => LineKind::Meter,
        }
    }
}

/// A line of anything but an entity.
pub(super) fn written<T: Serialize>(kind: LineKind, body: &T) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Tagged<'a, T> {
        kind: LineKind,
        #[serde(flatten)]
        body: &'a T,
    }
    serde_json::to_string(&Tagged { kind, body })
}

/// The line of an entity; of an event with its place.
pub(super) fn of_entity(
    record: &Record,
    position: Option<EventPosition>,
) -> serde_json::Result<String> {
    let (kind, entity) = (record.kind(), record.to_json()?);
    Ok(match position {
        Some(EventPosition(place)) => {
            format!(r#"{{"kind":"{kind}","position":{place},"entity":{entity}}}"#)
        }
        None => format!(r#"{{"kind":"{kind}","entity":{entity}}}"#),
    })
}

/// Reads the line `number`.
pub(super) fn read(number: u64, text: &str) -> Result<Content, TransferError> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        kind: Cow<'a, str>,
    }
    let malformed = |kind, expected| TransferError::Malformed { line: number, kind, expected };
    let head: Head<'_> =
        serde_json::from_str(text).map_err(|_| malformed(None, "a JSON object with a kind"))?;
    let kind = LineKind::named(&head.kind)
        .ok_or_else(|| malformed(None, "of a kind that is known here"))?;
    match kind {
        LineKind::Manifest => body(number, kind, text, "a manifest").map(Content::Manifest),
        LineKind::Trailer => body(number, kind, text, "a trailer").map(Content::Trailer),
        LineKind::Lane => {
            let lane: LaneSettings = body(number, kind, text, "a lane")?;
            if !lane.lets_jobs_through() {
                return Err(malformed(Some(kind), "a lane that lets a job through"));
            }
            Ok(Content::Thing(Thing::Lane(lane)))
        }
        LineKind::Meter => {
            let reading: MeterReading = body(number, kind, text, "a meter")?;
            // The most that a change of a meter can make it.
            if i64::try_from(reading.used).is_err() {
                return Err(malformed(Some(kind), "a meter that a store can count to"));
            }
            Ok(Content::Thing(Thing::Meter(reading)))
        }
        LineKind::Entity(entity) => {
            let is_event = entity == EntityKind::Event;
            let (record, position) = kinds::read(entity, text)
                .map_err(|_| malformed(Some(kind), "an entity of its kind"))?;
            let first = Version::NEW.next();
            if record.version() < first || (is_event && record.version() > first) {
                return Err(malformed(Some(kind), "an entity at a version that it can have"));
            }
            if position.is_some() != is_event {
                return Err(malformed(Some(kind), "an event with its position, or another entity"));
            }
            Ok(Content::Thing(Thing::Entity(record, position)))
        }
    }
}

fn body<T: DeserializeOwned>(
    line: u64,
    kind: LineKind,
    text: &str,
    expected: &'static str,
) -> Result<T, TransferError> {
    // What serde says may repeat what the file holds.
    serde_json::from_str(text).map_err(|_| TransferError::Malformed {
        line,
        kind: Some(kind),
        expected,
    })
}
