//! What one commit writes.

use uuid::Uuid;

use super::entity::{Entity, EntityKind, UniqueKey, Version, for_each_entity};
use super::fields::{Field, FieldValue, Fields, TenancyKind};
use crate::access::Tenancy;
use crate::agency::Meter;
use crate::event::Event;
use crate::id::{AgencyId, Id};
use crate::publishing::LaneChange;
use crate::time::Month;

macro_rules! records {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        /// An entity of any kind, as a store is given it.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Record {
            $(#[doc = concat!("[`", stringify!($type), "`]")] $name(Box<$type>),)+
        }

        impl Record {
            /// Its kind.
            #[must_use]
            pub fn kind(&self) -> EntityKind {
                match self {
                    $(Record::$name(_) => EntityKind::$name,)+
                }
            }

            /// Its id.
            #[must_use]
            pub fn id(&self) -> Uuid {
                match self {
                    $(Record::$name(entity) => Entity::id(entity.as_ref()).uuid(),)+
                }
            }

            /// Its version, as it will be once it is written.
            #[must_use]
            pub fn version(&self) -> Version {
                match self {
                    $(Record::$name(entity) => Entity::version(entity.as_ref()),)+
                }
            }

            /// Who may see it.
            #[must_use]
            pub fn tenancy(&self) -> Tenancy<'_> {
                match self {
                    $(Record::$name(entity) => Entity::tenancy(entity.as_ref()),)+
                }
            }

            /// What may stand only once over all entities of its kind.
            #[must_use]
            pub fn unique_keys(&self) -> Vec<UniqueKey> {
                match self {
                    $(Record::$name(entity) => Entity::unique_keys(entity.as_ref()),)+
                }
            }

            /// What it is found by, in the order of its kind's [`fields`](EntityKind::fields).
            #[must_use]
            pub fn values(&self) -> Vec<FieldValue> {
                match self {
                    $(Record::$name(entity) => <$type as Entity>::Filter::values(entity),)+
                }
            }

            /// The entity as JSON.
            ///
            /// # Errors
            /// None that an entity can cause.
            pub fn to_json(&self) -> serde_json::Result<String> {
                match self {
                    $(Record::$name(entity) => serde_json::to_string(entity),)+
                }
            }

            /// Reads what [`to_json`](Self::to_json) wrote of an entity of this kind.
            ///
            /// # Errors
            /// Anything else.
            pub fn from_json(kind: EntityKind, json: &str) -> serde_json::Result<Self> {
                match kind {
                    $(EntityKind::$name => serde_json::from_str::<$type>(json).map(Self::from),)+
                }
            }
        }

        impl EntityKind {
            /// What entities of this kind are found by.
            #[must_use]
            pub fn fields(self) -> &'static [Field] {
                match self {
                    $(EntityKind::$name => <<$type as Entity>::Filter as Fields<$type>>::FIELDS,)+
                }
            }

            /// Which tenancy entities of this kind have.
            #[must_use]
            pub fn tenancy_kind(self) -> TenancyKind {
                match self {
                    $(EntityKind::$name => <<$type as Entity>::Filter as Fields<$type>>::TENANCY,)+
                }
            }
        }

        $(impl From<$type> for Record {
            fn from(entity: $type) -> Self {
                Record::$name(Box::new(entity))
            }
        })+
    };
}
for_each_entity!(records);

/// An entity that changes after it was made. The others are written once: revisions, histories,
/// snapshots, events.
pub trait Mutable: Entity {}

macro_rules! mutable {
    ($($type:ty),+ $(,)?) => {
        $(impl Mutable for $type {})+

        impl EntityKind {
            /// Whether entities of this kind are [`Mutable`].
            #[must_use]
            pub fn is_mutable(self) -> bool {
                [$(<$type as Entity>::KIND),+].contains(&self)
            }
        }
    };
}
mutable! {
    crate::agency::Agency,
    crate::client::Client,
    crate::member::User,
    crate::member::Membership,
    crate::member::Invitation,
    crate::member::ApiKey,
    crate::account::SocialAccount,
    crate::post::Post,
    crate::post::Comment,
    crate::approval::ReviewLink,
    crate::series::Series,
    crate::campaign::Campaign,
    crate::campaign::Brief,
    crate::campaign::Creator,
    crate::board::Task,
    crate::asset::Asset,
    crate::publishing::PublishJob,
    crate::publishing::Attempt,
    crate::analytics::Rollup,
    crate::notification::Notification,
    crate::webhook::WebhookEndpoint,
    crate::webhook::Delivery,
    crate::duty::Duty,
    crate::publishing::RateBudget,
}

/// A change of what a plan counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterChange {
    /// Whose plan.
    pub agency_id: AgencyId,
    /// What is counted.
    pub meter: Meter,
    /// In which month, for monthly meters; others pass over it.
    pub month: Option<Month>,
    /// How much more, or less; a meter never goes below zero.
    pub by: i64,
    /// What it must not pass; a change to less is never refused.
    pub limit: Option<u64>,
}

/// One write of a change set.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Write {
    /// A new entity, at version 1.
    Insert(Record),
    /// A changed entity, at the version after the one it was read at: the store must have
    /// `version - 1`, or the commit is a conflict.
    Update(Record),
    /// An entity to delete, at the version it was read at: the store must have that version.
    Delete(Record),
    /// An entity as another store had it, with the version it had there. The system's alone.
    Restore(Record),
    /// A change of what a plan counts.
    Meter(MeterChange),
    /// A change of an account's lane.
    Lane(LaneChange),
}

/// What one commit writes: all of it and its events, or nothing.
///
/// Writes are carried out in order, so that a value that must be unique can be freed and taken in
/// one commit.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "a change set does nothing until it is committed"]
pub struct ChangeSet {
    writes: Vec<Write>,
    events: Vec<Event>,
}

impl ChangeSet {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new entity; `entity` gets version 1.
    pub fn insert<E: Entity + Into<Record>>(&mut self, entity: &mut E) {
        entity.set_version(Version::NEW.next());
        self.writes.push(Write::Insert(entity.clone().into()));
    }

    /// A changed entity; `entity` gets the next version.
    pub fn update<E: Mutable + Into<Record>>(&mut self, entity: &mut E) {
        entity.set_version(entity.version().next());
        self.writes.push(Write::Update(entity.clone().into()));
    }

    /// An entity to delete, as it was read.
    pub fn delete<E: Entity + Into<Record>>(&mut self, entity: E) {
        self.writes.push(Write::Delete(entity.into()));
    }

    /// An entity as another store had it: it keeps its version, and must not be there yet. An event
    /// takes the next place in the outbox, like any [`event`](Self::event).
    pub fn restore(&mut self, entity: impl Into<Record>) {
        match entity.into() {
            Record::Event(event) => self.event(*event),
            record => self.writes.push(Write::Restore(record)),
        }
    }

    /// A change of what a plan counts.
    pub fn meter(&mut self, change: MeterChange) {
        self.writes.push(Write::Meter(change));
    }

    /// A change of an account's lane.
    pub fn lane(&mut self, change: LaneChange) {
        self.writes.push(Write::Lane(change));
    }

    /// A fact to keep with the change.
    pub fn event(&mut self, mut event: Event) {
        event.version = Version::NEW.next();
        self.events.push(event);
    }

    /// The writes, in order.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The events, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Both, for a store that takes them over.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Write>, Vec<Event>) {
        (self.writes, self.events)
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty()
    }
}
