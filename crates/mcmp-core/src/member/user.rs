//! People.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::id::UserId;
use crate::notification::{NotificationChannel, NotificationTopic};
use crate::store::{UniqueKey, UserFilter, Version, entity};
use crate::value::{Email, Name, Slug};

/// A sign-in elsewhere that stands for this person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkedIdentity {
    /// Which identity provider: its key within the agency, or a global one such as `google`.
    pub provider: Slug,
    /// The provider's stable id of the person (OIDC `sub`).
    pub subject: String,
    /// When it was linked.
    pub linked_at: DateTime<Utc>,
}

/// Where a person wants to be told about what. A topic that is not named uses the in-app list alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotificationPreferences(pub BTreeMap<NotificationTopic, Vec<NotificationChannel>>);

impl NotificationPreferences {
    /// Where to tell about `topic`.
    #[must_use]
    pub fn channels(&self, topic: NotificationTopic) -> &[NotificationChannel] {
        self.0.get(&topic).map_or(&[NotificationChannel::InApp], Vec::as_slice)
    }
}

/// A person. How that person proves to be it lies with the host; core never sees a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Grows with every change.
    pub version: Version,
    /// The address the person is known by, unique over all people.
    pub email: Email,
    /// What the person is called.
    pub name: Name,
    /// Sign-ins elsewhere.
    pub identities: Vec<LinkedIdentity>,
    /// Where the person wants to be told about what.
    pub notification_preferences: NotificationPreferences,
    /// Whether the person can sign in.
    pub active: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

entity! {
    User, UserId, UserFilter,
    tenancy: |user| Tenancy::Person(user.id),
    unique: |user| {
        let mut keys = vec![UniqueKey::new("email", &user.email)];
        keys.extend(user.identities.iter().map(|identity| {
            UniqueKey::new("identity", format_args!("{}/{}", identity.provider, identity.subject))
        }));
        keys
    },
}
