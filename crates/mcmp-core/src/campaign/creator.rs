//! People who make media for a client, with or without an account here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::account::Platform;
use crate::id::{AgencyId, ClientId, CreatorId, UserId};
use crate::store::{CreatorFilter, Version, entity};
use crate::value::{Email, Label, Markdown, Name, WebUrl};

/// One of a creator's own channels; several per platform are normal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatorAccount {
    /// Where.
    pub platform: Platform,
    /// Its handle, without `@`.
    pub handle: Name,
    /// Its address.
    #[serde(default)]
    pub url: Option<WebUrl>,
    /// How many follow it, as last told.
    #[serde(default)]
    pub followers: Option<u64>,
}

/// Somebody who makes media for a client; may be a user or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// Its id.
    pub id: CreatorId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// For which client.
    pub client_id: ClientId,
    /// The person's account here, if there is one.
    pub user_id: Option<UserId>,
    /// What the person is called.
    pub name: Name,
    /// Where the person is reached.
    pub email: Option<Email>,
    /// The person's own channels.
    pub accounts: Vec<CreatorAccount>,
    /// Words to find the person by.
    pub tags: Vec<Label>,
    /// What to know about the person, in Markdown.
    pub notes: Markdown,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Creator {
    /// Most channels.
    pub const MAX_ACCOUNTS: usize = 50;
}

entity! {
    Creator, CreatorId, CreatorFilter,
    tenancy: |creator| Tenancy::Client(creator.agency_id, creator.client_id),
}
