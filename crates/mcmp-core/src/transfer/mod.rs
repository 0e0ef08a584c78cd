//! Export and import: one client, or everything, as a file that any store can be filled from.
//!
//! A file is JSON Lines in UTF-8. Its first line is the [`Manifest`]; then comes one line for each
//! thing, parents before what belongs to them; the last line counts them and holds the SHA-256 of
//! all lines before it. So a file that was cut off or changed is refused before anything of it is
//! written. Both directions go through the [store contract](crate::store) alone, in bounded memory:
//! from any store into any other.
//!
//! # Moving without publishing twice
//! The danger of two installations is that both publish. So whatever is exported must be paused
//! first, and is paused where it arrives, until a person resumes it: in one of the two.
//!
//! - **One client**: [`Clients::pause`](crate::portal::Clients::pause) it, [`export`], [`import`],
//!   resume it there, and [archive](crate::portal::Clients::archive) it here.
//! - **Everything**: [`Portal::pause`](crate::Portal::pause) everything, and best stop all engines
//!   here: webhooks and notifications know no pause. Import into an empty store that no engine works
//!   on, resume there, and never start the engines here again.
//!
//! An export is refused as long as a worker holds a job of it under a lease. A job whose worker died
//! goes along as it is: the target rescues it once its lease has passed, and looks on the platform
//! for what may have been published. No job is left out.
//!
//! # Not a snapshot
//! An export reads page by page. Planning goes on while a client is paused, so what people do
//! meanwhile could tear it; every change of theirs leaves an event, and an export that meets one ends
//! with [`TransferError::Changed`] and a file that no import takes. Try again at a quieter time. What
//! engines do without an event, such as reading numbers, may be in the file or not: stop them where
//! that matters.
//!
//! # What a client's file holds
//! The client, all that is [the client's](crate::access::Tenancy::Client), its lanes, its
//! [log](crate::access::Tenancy::Log), and its agency, which is only written where it is not there
//! yet. People, memberships, invitations, API keys, webhook endpoints, deliveries and notifications
//! are not a client's: they stay, and ids of people stand as they are. The agency's meters grow by
//! what the client brings (itself, its accounts, files, and posts by month), past any limit;
//! calls to text models are not known by client, and stay. Its past events are new to the outbox
//! there, so they are told to subscribers and to endpoints that are older than they are: switch such
//! endpoints off until the log has been read.
//!
//! Everything is everything: people, meters, rate budgets (the platforms go on counting our calls,
//! whichever store knows of them), and how far readers of events came, in the places the events have
//! there. Left out is only when a lane's last gap ends.
//!
//! # Secrets
//! Secrets are in the file as they are in the store: sealed, or as hashes. They open in the target
//! with the same [key ring](crate::secret::KeyRing). Texts of clients are in the clear: a file is
//! to be kept like a backup of the database. Bytes of assets are not in it; they stay in the media
//! storage under their keys.
//!
//! # Going on after a failure
//! [`import`] may be run again with the same file, however it ended: what is there already as the
//! file has it is passed over. What is there and differs is an error that names it, and nothing is
//! ever overwritten.
//!
//! `examples/move_a_client.rs` moves a client from one store to another.

mod batch;
mod error;
mod export;
mod import;
mod kinds;
mod lanes;
mod line;
mod meters;
mod paused;
mod positions;
mod source;
mod walk;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::ClientId;

pub use error::TransferError;
pub use export::export;
pub use import::{Imported, import};
pub use line::LineKind;
pub use walk::verify;

/// The name of the format, in every manifest.
pub const FORMAT: &str = "mcmp-transfer";

/// The version of the format that is written, and the only one that is read.
pub const FORMAT_VERSION: u32 = 1;

/// Most bytes of a line.
pub const MAX_LINE: usize = 16 << 20;

/// What to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Selection {
    /// All there is.
    Everything,
    /// One client, as the [module](self) says.
    Client(ClientId),
}

/// What a file says of itself, in its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format.
    pub format_version: u32,
    /// The version of this crate that wrote it. A later one may know what this one does not, so its
    /// files are refused.
    pub mcmp_version: String,
    /// What was exported.
    pub selection: Selection,
    /// When the export began, by the store's clock.
    pub exported_at: DateTime<Utc>,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What it says of itself.
    pub manifest: Manifest,
    /// How many lines of each kind, manifest and trailer aside.
    pub counts: BTreeMap<LineKind, u64>,
    /// The SHA-256 over all lines but the last, in hex.
    pub sha256: String,
}
