//! What lists can be narrowed by. A filter's [`matches`](Filter::matches) is its meaning: a store
//! may answer it by an index, and must answer the same.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::fields::Fields;
use super::query::Sort;
use crate::id::ClientId;

/// What a list of `E` can be narrowed by. An empty filter matches everything.
pub trait Filter<E>: Fields<E> + Debug + Clone + Default + Send + Sync + 'static {
    /// What such a list can be sorted by; always [`Sort::Created`] among them.
    const SORTS: &'static [Sort];

    /// Whether `entity` is in the list.
    fn matches(&self, entity: &E) -> bool;

    /// The key that `entity` is sorted by; ties go by id.
    fn sort_key(entity: &E, sort: Sort) -> i64;

    /// The one client that the list is narrowed to, if it is: lets a store go straight there.
    fn client(&self) -> Option<ClientId>;

    /// The one parent that the list is narrowed to, if it is: lets a store go straight there.
    fn parent(&self) -> Option<Uuid>;

    /// When `entity` is to be looked at next, of the kinds that are looked at by time: an index of
    /// it holds what waits, and leaves out all that does not.
    fn due(entity: &E) -> Option<DateTime<Utc>>;

    /// The time before which things must be [due](Self::due), if the list is narrowed to such: lets
    /// a store go straight there.
    fn due_before(&self) -> Option<DateTime<Utc>>;
}

/// The key of a time that may be missing: what has none comes last.
pub(super) fn time_key(at: Option<DateTime<Utc>>) -> i64 {
    at.map_or(i64::MAX, |at| at.timestamp_millis())
}

fn is_one_of<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

fn is_within(
    at: Option<DateTime<Utc>>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> bool {
    match at {
        Some(at) => from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until),
        None => from.is_none() && until.is_none(),
    }
}

fn is_before(at: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> bool {
    until.is_none_or(|until| at.is_some_and(|at| at < until))
}

/// Makes a filter: each field is an `Option` or a list; what is not given does not narrow.
macro_rules! filter {
    (
        $(#[$doc:meta])*
        $name:ident for $entity:ident ($e:ident) {
            $($(#[$field_doc:meta])* $field:ident: $type:ty => |$v:ident| $matches:expr,)*
        }
        $(client: $client:ident,)?
        $(parent: $parent:ident,)?
        $(due: $due:ident => $due_at:expr,)?
        sorts: { $($sort:ident => $key:expr),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Filter<$entity> for $name {
            const SORTS: &'static [Sort] = &[Sort::Created $(, Sort::$sort)*];

            fn matches(&self, $e: &$entity) -> bool {
                let Self { $($field),* } = self;
                true $(&& { let $v = $field; $matches })*
            }

            #[allow(unused_variables, reason = "kinds that sort by id alone")]
            fn sort_key($e: &$entity, sort: Sort) -> i64 {
                match sort {
                    $(Sort::$sort => $key,)*
                    _ => 0,
                }
            }

            fn client(&self) -> Option<ClientId> {
                $(return self.$client;)?
                #[allow(unreachable_code, reason = "not every filter names a client")]
                None
            }

            fn parent(&self) -> Option<Uuid> {
                $(return self.$parent.map(Id::uuid);)?
                #[allow(unreachable_code, reason = "not every filter names a parent")]
                None
            }

            #[allow(unused_variables, reason = "not every kind is looked at by time")]
            fn due($e: &$entity) -> Option<chrono::DateTime<chrono::Utc>> {
                $(return $due_at;)?
                #[allow(unreachable_code, reason = "not every kind is looked at by time")]
                None
            }

            fn due_before(&self) -> Option<chrono::DateTime<chrono::Utc>> {
                $(return self.$due;)?
                #[allow(unreachable_code, reason = "not every kind is looked at by time")]
                None
            }
        }
    };
}

// After the macro, which they are written in.
mod content;
mod delivery;
mod engine;
mod people;
mod planning;

pub use content::{
    CommentFilter, HistoryEntryFilter, PostFilter, ReviewLinkFilter, RevisionFilter, SeriesFilter,
    SocialAccountFilter,
};
pub use delivery::{
    AttemptFilter, DeliveryFilter, EventFilter, NotificationFilter, PublishJobFilter, RollupFilter,
    SnapshotFilter, WebhookEndpointFilter,
};
pub use engine::{DutyFilter, RateBudgetFilter};
pub use people::{
    AgencyFilter, ApiKeyFilter, ClientFilter, InvitationFilter, MembershipFilter, UserFilter,
};
pub use planning::{AssetFilter, BriefFilter, CampaignFilter, CreatorFilter, TaskFilter};
