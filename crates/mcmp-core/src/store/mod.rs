//! The store contract: scoped reads, one commit, and the queue of publishing jobs.
//!
//! A store implements [`Read`] for every entity, [`Commit`], [`JobQueue`] and [`Outbox`]; then it
//! is a [`Store`], held as `Arc<dyn Store>`. What each method must do is said here and tested by
//! the conformance kit (feature `testkit`).

mod change;
mod entity;
mod error;
mod fields;
mod filter;
mod memory;
mod query;
mod queue;

use std::fmt::Debug;
use std::pin::Pin;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::agency::Meter;
use crate::event::Event;
use crate::id::AgencyId;
use crate::time::Month;

pub use change::{ChangeSet, MeterChange, Mutable, Record, Write};
pub use entity::{Entity, EntityKind, UniqueKey, Version};
pub(crate) use entity::{entity, for_each_entity};
pub use error::StoreError;
pub use fields::{Condition, Field, FieldType, FieldValue, Fields, Key, TenancyKind};
pub use filter::{
    AgencyFilter, ApiKeyFilter, AssetFilter, AttemptFilter, BriefFilter, CampaignFilter,
    ClientFilter, CommentFilter, CreatorFilter, DeliveryFilter, DutyFilter, EventFilter, Filter,
    HistoryEntryFilter, InvitationFilter, MembershipFilter, NotificationFilter, PostFilter,
    PublishJobFilter, RateBudgetFilter, ReviewLinkFilter, RevisionFilter, RollupFilter,
    SeriesFilter, SnapshotFilter, SocialAccountFilter, TaskFilter, UserFilter,
    WebhookEndpointFilter,
};
pub use memory::MemoryStore;
pub use query::{Cursor, Direction, Page, Query, Sort};
pub use queue::{ClaimRequest, Claimed, JobQueue, LeaseKey};

/// Reads of one kind of entity.
///
/// # Behavior
/// - What the scope does not see is not there: `get` answers `None`, `list` leaves it out, `count`
///   does not count it.
/// - A read sees all of a commit or nothing of it.
#[async_trait]
pub trait Read<E: Entity>: Send + Sync {
    /// One entity.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError>;

    /// A page of those that the query's filter matches, in its order. While rows come and go
    /// between pages, every row that stays as it is, is seen exactly once.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a query that [`Query::validate`] refuses; or the store can't be
    /// reached or fails.
    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError>;

    /// How many the filter matches.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError>;
}

/// The one way to write.
#[async_trait]
pub trait Commit: Send + Sync {
    /// Writes all of a change set and its events, or nothing.
    ///
    /// # Behavior
    /// - Of two commits that update the same version of an entity, one is a conflict.
    /// - What the scope does not see is not there: to change or delete it is a conflict.
    /// - An entity's id, tenancy (but for the clients that a membership, an invitation, an API key or an
    ///   endpoint covers) and unique values are guarded: see [`StoreError`].
    /// - To insert an id that is taken, even where the scope does not see it, and to change an
    ///   entity's agency or client is a conflict. What is seen but may not be written (it covers
    ///   other clients as well) is out of scope.
    /// - Nothing is required of ids that an entity names, but that its agency, its client and its
    ///   [`parent`](Entity::parent) are there; nothing is deleted along with what it belongs to.
    /// - Events are written by [`ChangeSet::event`] alone.
    /// - What is [restored](ChangeSet::restore) is inserted with the version it has, 1 or more; in all
    ///   else it is like any insert. Only the system's scope restores; any other is out of scope.
    /// - Numbers above `i64::MAX` and texts that hold U+0000 may be refused as
    ///   [`StoreError::Invalid`]; times finer than a millisecond may lose what is finer.
    /// - A job that is inserted, updated or deleted moves its account's lane along, in the same
    ///   commit. A lane comes into being with its first job or change; it has one client, so a job or
    ///   change of another client is a conflict (of kind [`EntityKind::SocialAccount`]). A lane with
    ///   no job on its way may be forgotten with its account.
    /// - A change of a lane that the lane does not [allow](crate::publishing::AccountLane::allows) is a
    ///   conflict of kind [`EntityKind::SocialAccount`].
    /// - Everything that is written lies within `scope`; a meter within every scope of its agency.
    ///
    /// # Errors
    /// Any [`StoreError`]; nothing was written then.
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError>;

    /// Commits several change sets, each on its own; a store that can do so in one round trip
    /// overrides this.
    async fn commit_all(
        &self,
        scope: &Scope,
        changes: Vec<ChangeSet>,
    ) -> Vec<Result<(), StoreError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            results.push(self.commit(scope, change).await);
        }
        results
    }

    /// How much of a meter is used, in `month` for monthly ones; nothing of an agency that the scope
    /// does not see.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError>;
}

/// A place in the order in which events were committed; the first event comes after
/// [`EventPosition::START`].
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventPosition(pub u64);

impl EventPosition {
    /// Before all events.
    pub const START: EventPosition = EventPosition(0);
}

/// How far a reader of events came, as the [duty](crate::duty) keeps it that the reader's place is
/// known by. A duty that keeps this and nothing else is given the right place when all is
/// [moved](crate::transfer) to another store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadUpTo {
    /// The last event that was read.
    pub position: EventPosition,
}

/// Events in the order they were committed.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Up to `limit` events that the scope sees, after a place, in the order they were committed.
    /// A reader that goes on from the last position it was given misses none, however commits race.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError>;
}

macro_rules! store_trait {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        /// Everything that MCMP asks of a database; see the [module](self).
        pub trait Store: $(Read<$type> +)+ Commit + JobQueue + Outbox + Debug + 'static {}

        impl<S> Store for S where S: $(Read<$type> +)+ Commit + JobQueue + Outbox + Debug + 'static {}
    };
}
for_each_entity!(store_trait);

/// The answer to [`StoreExt::find`].
pub type Found<'a, E> = Pin<Box<dyn Future<Output = Result<Option<E>, StoreError>> + Send + 'a>>;

/// Reads by type: `store.find::<Post>(&scope, id)`.
#[async_trait]
pub trait StoreExt: Store {
    /// One entity; see [`Read::get`].
    ///
    /// # Errors
    /// The store can't be reached or fails.
    fn find<'a, E: Entity>(&'a self, scope: &'a Scope, id: E::Id) -> Found<'a, E>
    where
        Self: Read<E>,
    {
        Read::<E>::get(self, scope, id)
    }

    /// All that the filter matches, oldest first, page by page. For lists that are short by nature,
    /// such as a post's jobs.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    async fn all<E: Entity>(&self, scope: &Scope, filter: E::Filter) -> Result<Vec<E>, StoreError>
    where
        Self: Read<E>,
    {
        let mut query = Query::<E>::new(filter).limit(Query::<E>::MAX_LIMIT);
        let mut items = Vec::new();
        loop {
            let page = Read::<E>::list(self, scope, &query).await?;
            if items.is_empty() {
                items = page.items;
            } else {
                items.extend(page.items);
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(items),
            }
        }
    }
}

impl<S: Store + ?Sized> StoreExt for S {}
