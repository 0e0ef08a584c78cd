//! What is done alike with every kind of entity.

use serde::Deserialize;
use uuid::Uuid;

use crate::access::Scope;
use crate::id::Id;
use crate::store::{
    Cursor, EntityKind, EventPosition, Page, Query, Read, Record, Store, StoreError,
    for_each_entity,
};

/// What a line of an entity holds beside its kind.
#[derive(Deserialize)]
struct Body<E> {
    position: Option<EventPosition>,
    entity: E,
}

macro_rules! by_kind {
    ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
        /// A page of all that the scope sees of a kind, in the order of their ids.
        pub(super) async fn page(
            store: &dyn Store,
            scope: &Scope,
            kind: EntityKind,
            after: Option<Cursor>,
        ) -> Result<Page<Record>, StoreError> {
            match kind {
                $(EntityKind::$name => {
                    let query = Query::<$type>::new(Default::default())
                        .limit(Query::<$type>::MAX_LIMIT)
                        .after(after);
                    let page = Read::<$type>::list(store, scope, &query).await?;
                    Ok(page.map(Record::from))
                })+
            }
        }

        /// What a store has of a kind under an id.
        pub(super) async fn find(
            store: &dyn Store,
            scope: &Scope,
            kind: EntityKind,
            id: Uuid,
        ) -> Result<Option<Record>, StoreError> {
            match kind {
                $(EntityKind::$name => {
                    let found = Read::<$type>::get(store, scope, Id::from_uuid(id)).await?;
                    Ok(found.map(Record::from))
                })+
            }
        }

        /// Reads a line of an entity, and the place it has if it is an event.
        pub(super) fn read(
            kind: EntityKind,
            line: &str,
        ) -> serde_json::Result<(Record, Option<EventPosition>)> {
            match kind {
                $(EntityKind::$name => {
                    let body: Body<$type> = serde_json::from_str(line)?;
                    Ok((body.entity.into(), body.position))
                })+
            }
        }
    };
}
for_each_entity!(by_kind);
