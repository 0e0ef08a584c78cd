//! One sample of every kind of entity, varied by a number.

mod account;
mod content;
mod delivery;
mod engine;
mod people;
mod planning;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::vary::Vary;
use crate::access::ActorRef;
use crate::asset::Checksum;
use crate::entropy::{IdSource, SeededEntropy};
use crate::id::{
    AccountId, AgencyId, BriefId, CampaignId, ClientId, EventId, Id, JobId, PostId, UserId,
    WebhookEndpointId,
};
use crate::post::Digest;
use crate::secret::{KeyId, Sealed, TokenHash};
use crate::store::{ChangeSet, Entity, Read, Record, Sort, Store};

/// Makes ids, each later than the one before.
#[derive(Debug, Clone)]
pub struct Maker {
    ids: Arc<IdSource>,
    base: DateTime<Utc>,
}

impl Maker {
    /// Makes samples around a time. Two makers of one time make the same ids.
    #[must_use]
    pub fn new(base: DateTime<Utc>) -> Self {
        Self { ids: Arc::new(IdSource::new(Arc::new(SeededEntropy::new(7)))), base }
    }

    /// A new id.
    #[must_use]
    pub fn id<I: Id>(&self) -> I {
        self.ids.next(self.base).unwrap()
    }

    /// The time that samples are made around.
    #[must_use]
    pub fn base(&self) -> DateTime<Utc> {
        self.base
    }
}

/// A client with one of each thing that others belong to; all of them are in the store.
#[derive(Debug, Clone)]
pub struct Place {
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// The client.
    pub client_id: ClientId,
    /// Another client of that agency.
    pub sibling: ClientId,
    /// A person of its own, without a membership.
    pub user_id: UserId,
    /// One of its accounts.
    pub account_id: AccountId,
    /// One of its campaigns.
    pub campaign_id: CampaignId,
    /// That campaign's brief.
    pub brief_id: BriefId,
    /// One of its posts.
    pub post_id: PostId,
    /// That post's job, which is through.
    pub job_id: JobId,
    /// One of its agency's endpoints.
    pub endpoint_id: WebhookEndpointId,
    /// One of its events.
    pub event_id: EventId,
}

impl Place {
    /// A place for a client, with ids of things that are yet to be put into a store.
    #[must_use]
    pub fn new(maker: &Maker, agency_id: AgencyId, client_id: ClientId, sibling: ClientId) -> Self {
        Self {
            agency_id,
            client_id,
            sibling,
            user_id: maker.id(),
            account_id: maker.id(),
            campaign_id: maker.id(),
            brief_id: maker.id(),
            post_id: maker.id(),
            job_id: maker.id(),
            endpoint_id: maker.id(),
            event_id: maker.id(),
        }
    }
}

/// A field of a filter, and how to ask for what a row has there.
pub struct Field<E: Entity> {
    /// Its name.
    pub name: &'static str,
    /// Sets it so that the row may match.
    pub ask: fn(&mut E::Filter, &E, &mut Vary),
}

impl<E: Entity> std::fmt::Debug for Field<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What the kit knows of a kind beyond what stores know.
pub trait Sample: Stored {
    /// A new one in a place, at version 0; `seq` says which values it has.
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self;

    /// Changes something about it and adds the update to `changes`; says no for kinds that never
    /// change.
    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        let _never_changes = (changes, vary);
        false
    }

    /// Every field of its filter.
    fn fields() -> Vec<Field<Self>>;
}

/// What is the same for all kinds, made from the list of kinds.
pub trait Stored: Entity + Into<Record> {
    /// The part of a store that reads this kind.
    fn read(store: &dyn Store) -> &dyn Read<Self>;
    /// The entity in a record, if it is of this kind.
    fn of_record(record: &Record) -> Option<&Self>;
    /// Gives it another id.
    fn set_id(&mut self, id: Self::Id);
    /// Adds it to a change set, as new.
    fn put(&mut self, changes: &mut ChangeSet);
    /// What it can be sorted by.
    fn sorts() -> &'static [Sort] {
        <Self::Filter as crate::store::Filter<Self>>::SORTS
    }
}

macro_rules! put {
    (Event, $entity:ident, $changes:ident) => {
        $entity.version = crate::store::Version::NEW.next();
        $changes.event($entity.clone());
    };
    ($other:ident, $entity:ident, $changes:ident) => {
        $changes.insert($entity);
    };
}

macro_rules! stored {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {$(
        impl Stored for $type {
            fn read(store: &dyn Store) -> &dyn Read<Self> {
                store
            }

            fn of_record(record: &Record) -> Option<&Self> {
                match record {
                    Record::$name(entity) => Some(entity),
                    _ => None,
                }
            }

            fn set_id(&mut self, id: Self::Id) {
                self.id = id;
            }

            fn put(&mut self, changes: &mut ChangeSet) {
                let entity = self;
                put!($name, entity, changes);
            }
        }
    )+};
}
crate::store::for_each_entity!(stored);

/// Makes `every_kind!(check(world, ..))`, which calls `check::<E>` for every kind of entity.
macro_rules! define_every_kind {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        macro_rules! every_kind {
            ($check:ident, $world:expr) => {{
                let world = $world;
                $($check::<$type>(world).await;)+
            }};
        }
    };
}
crate::store::for_each_entity!(define_every_kind);
pub(super) use every_kind;

/// Lists the fields of a filter with the row's own values.
macro_rules! fields {
    ($($name:ident = |$row:ident, $vary:ident| $value:expr),* $(,)?) => {
        fn fields() -> Vec<$crate::testkit::samples::Field<Self>> {
            vec![$($crate::testkit::samples::Field {
                name: stringify!($name),
                ask: |filter, $row, $vary| {
                    let _not_all_are_used = (&$row, &$vary);
                    filter.$name = $value;
                },
            }),*]
        }
    };
}
pub(super) use fields;

fn actor(vary: &mut Vary) -> ActorRef {
    match vary.below(4) {
        0 => ActorRef::System("scheduler".to_owned()),
        1 => ActorRef::ApiKey(vary.shared_id()),
        2 => ActorRef::Guest(vary.shared_id()),
        _ => ActorRef::User(vary.shared_id()),
    }
}

fn sealed(vary: &mut Vary) -> Sealed {
    let body = (0..vary.below(40)).map(|_| vary.number().to_le_bytes()[0]).collect();
    Sealed::new(KeyId::new("k1").unwrap(), body)
}

fn token_hash(vary: &mut Vary, id: impl Id) -> TokenHash {
    let salt = vary.number();
    TokenHash::from_bytes(Sha256::digest(format!("{id}{salt}")).into())
}

fn hex64(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(vary: &mut Vary) -> Digest {
    Digest::try_from(hex64(&vary.below(3).to_string())).unwrap()
}

fn checksum(of: impl Id) -> Checksum {
    Checksum::new("checksum", hex64(&of.to_string())).unwrap()
}
