//! Why an export or an import did not do what it was asked.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Selection;
use super::line::LineKind;
use crate::id::ClientId;
use crate::store::StoreError;

/// Why an export or an import did not do what it was asked. Nothing that a file holds is repeated
/// in it but ids and kinds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// Only the system's own scope moves data between stores.
    #[error("only the system moves data between stores")]
    OutOfScope,
    /// There is no such client.
    #[error("there is no client {0}")]
    NoClient(ClientId),
    /// What is to be exported is not paused, and could be published by two installations.
    #[error("it is not paused, and could be published here and there: pause it first")]
    NotPaused {
        /// What is to be paused: the client, or all publishing.
        selection: Selection,
    },
    /// Workers are at work on what is to be exported.
    #[error("workers hold {count} jobs, until {until} at most: try again then")]
    JobsHeld {
        /// How many jobs.
        count: u64,
        /// When the last lease ends, by the store's clock.
        until: DateTime<Utc>,
    },
    /// Somebody changed something while it was exported. What was written is no whole file.
    #[error("something changed while it was exported: try again")]
    Changed,
    /// A line is longer than [`MAX_LINE`](super::MAX_LINE).
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// Which line, from 1.
        line: u64,
        /// Most bytes of a line.
        limit: usize,
    },
    /// A line is not what it should be.
    #[error("line {line} is not {expected}")]
    Malformed {
        /// Which line, from 1.
        line: u64,
        /// Its kind, where that much could be read.
        kind: Option<LineKind>,
        /// What it should be.
        expected: &'static str,
    },
    /// The file was written by a later version, or in another format.
    #[error("the file is {found}; what can be read is {supported}")]
    Unsupported {
        /// What it says it is, cut to 100 characters.
        found: String,
        /// What can be read.
        supported: String,
    },
    /// The file ends before its last line.
    #[error("the file ends with line {line}, before its trailer")]
    Truncated {
        /// The last line there is, from 1.
        line: u64,
    },
    /// The lines are not those that were written.
    #[error("the file was changed: its checksum, in line {line}, is that of other lines")]
    Checksum {
        /// Which line holds the checksum.
        line: u64,
    },
    /// There are not as many lines of a kind as were written.
    #[error("the file has {found} lines of the kind {kind}, not {expected}")]
    Count {
        /// Which kind.
        kind: LineKind,
        /// How many the trailer counts.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A client's file holds what is not that client's.
    #[error("line {line} has a {kind} that is not of the client in the manifest")]
    Foreign {
        /// Which line, from 1.
        line: u64,
        /// Its kind.
        kind: LineKind,
    },
    /// It is there already, and is not as the file has it. It was left as it is.
    #[error("line {line}: the {kind} {id} is there already, and differs")]
    Differs {
        /// Which line, from 1.
        line: u64,
        /// Its kind.
        kind: LineKind,
        /// Its id; of a lane the account's, of a meter the agency's.
        id: Uuid,
    },
    /// The store does not take it: another one has its unique value, or what it belongs to is not
    /// there.
    #[error("line {line}: the store refuses the {kind} {id}")]
    Refused {
        /// Which line, from 1.
        line: u64,
        /// Its kind.
        kind: LineKind,
        /// Its id.
        id: Uuid,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
    /// Events that were written can't be read yet, as older transactions are still open: import
    /// again.
    #[error("the events that were written can't all be read yet: import again")]
    NotSettled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file can't be read or written.
    #[error("the file can't be read or written")]
    Io(#[from] std::io::Error),
}

impl TransferError {
    /// A stable name for programs, in snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfScope => "out_of_scope",
            Self::NoClient(_) => "no_client",
            Self::NotPaused { .. } => "not_paused",
            Self::JobsHeld { .. } => "jobs_held",
            Self::Changed => "changed",
            Self::LineTooLong { .. } => "line_too_long",
            Self::Malformed { .. } => "malformed",
            Self::Unsupported { .. } => "unsupported",
            Self::Truncated { .. } => "truncated",
            Self::Checksum { .. } => "checksum",
            Self::Count { .. } => "count",
            Self::Foreign { .. } => "foreign",
            Self::Differs { .. } => "differs",
            Self::Refused { .. } => "refused",
            Self::NotSettled => "not_settled",
            Self::Store(_) => "store",
            Self::Io(_) => "io",
        }
    }

    /// Whether the very same call may work later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::JobsHeld { .. } | Self::Changed | Self::NotSettled => true,
            Self::Store(error) => error.is_temporary(),
            _ => false,
        }
    }
}
