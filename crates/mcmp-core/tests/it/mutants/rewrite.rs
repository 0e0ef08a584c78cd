//! Change sets taken apart and put together again, with something changed.

use mcmp_core::access::Scope;
use mcmp_core::event::Event;
use mcmp_core::store::{ChangeSet, Entity, Read, Record, Store, Version, Write};

macro_rules! rewriting {
    (mutable: $($name:ident)+; fixed: $($fixed:ident)+) => {
        /// Adds one write to a change set.
        pub(crate) fn add(changes: &mut ChangeSet, write: Write) {
            match write {
                Write::Insert(record) => match record {
                    $(Record::$name(mut entity) => changes.insert(&mut *entity),)+
                    $(Record::$fixed(mut entity) => changes.insert(&mut *entity),)+
                    other => panic!("a new kind: {other:?}"),
                },
                Write::Update(record) => match record {
                    $(Record::$name(mut entity) => {
                        // As it was read: the change set counts it up again.
                        let read_at = Version(Entity::version(&*entity).0.saturating_sub(1));
                        entity.set_version(read_at);
                        changes.update(&mut *entity);
                    })+
                    other => panic!("never changes: {other:?}"),
                },
                Write::Delete(record) => match record {
                    $(Record::$name(entity) => changes.delete(*entity),)+
                    $(Record::$fixed(entity) => changes.delete(*entity),)+
                    other => panic!("a new kind: {other:?}"),
                },
                Write::Restore(record) => changes.restore(record),
                Write::Meter(change) => changes.meter(change),
                Write::Lane(change) => changes.lane(change),
                other => panic!("a new write: {other:?}"),
            }
        }

        /// Brings a change or a deletion up to whatever version there is.
        pub(crate) async fn bring_up_to_date(
            store: &dyn Store,
            system: &Scope,
            write: &mut Write,
        ) {
            let Write::Update(record) = write else { return };
            match record {
                $(Record::$name(entity) => {
                    if let Some(there) = stored(store, system, &**entity).await {
                        entity.set_version(Entity::version(&there).next());
                    }
                })+
                _ => {}
            }
        }
    };
}

rewriting! {
    mutable:
        Agency Client User Membership Invitation ApiKey SocialAccount Post Comment ReviewLink Series
        Campaign Brief Creator Task Asset PublishJob Attempt Rollup Notification WebhookEndpoint
        Delivery Duty RateBudget;
    fixed: Revision HistoryEntry Snapshot Event
}

/// What the store has under an entity's id.
async fn stored<E: Entity>(store: &dyn Store, system: &Scope, like: &E) -> Option<E>
where
    dyn Store: Read<E>,
{
    Read::<E>::get(store, system, like.id()).await.unwrap()
}

/// A change set of these writes and events.
pub(crate) fn change_set(writes: Vec<Write>, events: Vec<Event>) -> ChangeSet {
    let mut changes = ChangeSet::new();
    writes.into_iter().for_each(|write| add(&mut changes, write));
    events.into_iter().for_each(|event| changes.event(event));
    changes
}
