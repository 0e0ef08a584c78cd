//! What the store keeps: entities, by kind, with a version each.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter::Filter;
use crate::access::Tenancy;
use crate::id::Id;

/// How often an entity was written: 1 after its first commit, then one more with each.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// Of an entity that was never committed.
    pub const NEW: Version = Version(0);

    /// The version after one more write.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value that may stand once: a name of the constraint and the value in its scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueKey {
    /// The field that people know the constraint by, such as `slug`.
    pub field: &'static str,
    /// The value with whatever it is unique within, such as `<agency>/<slug>`.
    pub value: String,
}

impl UniqueKey {
    /// `value` may stand once for `field`.
    pub fn new(field: &'static str, value: impl fmt::Display) -> Self {
        Self { field, value: value.to_string() }
    }
}

/// Something the store keeps and reads back whole.
///
/// An entity's tenancy and its id never change; a store refuses a write that would.
pub trait Entity:
    Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its id type.
    type Id: Id;
    /// What a list of it can be narrowed by.
    type Filter: Filter<Self>;
    /// Which kind it is.
    const KIND: EntityKind;

    /// Its id.
    fn id(&self) -> Self::Id;
    /// The version it was read at; [`Version::NEW`] before the first commit.
    fn version(&self) -> Version;
    /// Sets the version; only the change set and stores call this.
    fn set_version(&mut self, version: Version);
    /// Who may see it.
    fn tenancy(&self) -> Tenancy<'_>;
    /// What may stand only once over all entities of this kind.
    fn unique_keys(&self) -> Vec<UniqueKey>;
    /// The entity it belongs to and is listed by, such as a revision's post.
    fn parent(&self) -> Option<Uuid>;
}

/// Implements [`Entity`] for a type with fields `id` and `version`.
macro_rules! entity {
    (
        $name:ident, $id:ty, $filter:ty,
        tenancy: |$t:ident| $tenancy:expr
        $(, unique: |$u:ident| $unique:expr)?
        $(, parent: |$p:ident| $parent:expr)?
        $(,)?
    ) => {
        impl $crate::store::Entity for $name {
            type Id = $id;
            type Filter = $filter;
            const KIND: $crate::store::EntityKind = $crate::store::EntityKind::$name;

            fn id(&self) -> Self::Id {
                self.id
            }

            fn version(&self) -> $crate::store::Version {
                self.version
            }

            fn set_version(&mut self, version: $crate::store::Version) {
                self.version = version;
            }

            fn tenancy(&self) -> $crate::access::Tenancy<'_> {
                let $t = self;
                $tenancy
            }

            fn unique_keys(&self) -> Vec<$crate::store::UniqueKey> {
                #[allow(unused_mut, unused_assignments, reason = "not every kind has a unique key")]
                let mut keys = Vec::new();
                $(let $u = self; keys = $unique;)?
                keys
            }

            fn parent(&self) -> Option<uuid::Uuid> {
                $(let $p = self; return Some($crate::id::Id::uuid($parent));)?
                #[allow(unreachable_code, reason = "not every kind has a parent")]
                None
            }
        }
    };
}
pub(crate) use entity;

/// Lists every entity kind once: the enum and the [`Record`](super::Record) are made from it. What
/// others belong to stands before them: stores are [filled](crate::transfer) in this order.
macro_rules! for_each_entity {
    ($with:ident) => {
        $with! {
            Agency(crate::agency::Agency) = "agency",
            Client(crate::client::Client) = "client",
            User(crate::member::User) = "user",
            Membership(crate::member::Membership) = "membership",
            Invitation(crate::member::Invitation) = "invitation",
            ApiKey(crate::member::ApiKey) = "api_key",
            SocialAccount(crate::account::SocialAccount) = "social_account",
            Post(crate::post::Post) = "post",
            Revision(crate::post::Revision) = "revision",
            Comment(crate::post::Comment) = "comment",
            HistoryEntry(crate::post::HistoryEntry) = "history_entry",
            ReviewLink(crate::approval::ReviewLink) = "review_link",
            Series(crate::series::Series) = "series",
            Campaign(crate::campaign::Campaign) = "campaign",
            Brief(crate::campaign::Brief) = "brief",
            Creator(crate::campaign::Creator) = "creator",
            Task(crate::board::Task) = "task",
            Asset(crate::asset::Asset) = "asset",
            PublishJob(crate::publishing::PublishJob) = "publish_job",
            Attempt(crate::publishing::Attempt) = "attempt",
            Snapshot(crate::analytics::Snapshot) = "snapshot",
            Rollup(crate::analytics::Rollup) = "rollup",
            Notification(crate::notification::Notification) = "notification",
            WebhookEndpoint(crate::webhook::WebhookEndpoint) = "webhook_endpoint",
            Delivery(crate::webhook::Delivery) = "delivery",
            Event(crate::event::Event) = "event",
            Duty(crate::duty::Duty) = "duty",
            RateBudget(crate::publishing::RateBudget) = "rate_budget",
        }
    };
}
pub(crate) use for_each_entity;

macro_rules! entity_kinds {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        /// The kinds of entity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum EntityKind {
            $(#[doc = concat!("[`", stringify!($type), "`]")] $name,)+
        }

        impl EntityKind {
            /// All of them.
            pub const ALL: &'static [EntityKind] = &[$(EntityKind::$name),+];

            /// The wire name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(EntityKind::$name => $wire,)+
                }
            }
        }
    };
}
for_each_entity!(entity_kinds);

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
