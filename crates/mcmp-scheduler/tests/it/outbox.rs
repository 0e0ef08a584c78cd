//! Events to subscribers: all, in order, also over restarts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mcmp_core::event::Event;
use mcmp_core::id::EventId;
use mcmp_core::store::{EventPosition, Outbox};
use mcmp_scheduler::{EventSubscriber, Loop, SubscriberError};

use super::world::World;

#[derive(Debug, Default)]
struct Notes {
    taken: Mutex<Vec<EventId>>,
    refuse: Mutex<bool>,
}

#[async_trait]
impl EventSubscriber for Notes {
    async fn take(&self, event: &Event) -> Result<(), SubscriberError> {
        if *self.refuse.lock().unwrap() {
            return Err(SubscriberError::new("not now"));
        }
        self.taken.lock().unwrap().push(event.id);
        Ok(())
    }
}

async fn all_events(world: &World) -> Vec<EventId> {
    let scope = mcmp_core::access::Actor::system("test").own_scope().unwrap();
    let events = world.store.events_after(&scope, EventPosition::START, 10_000).await.unwrap();
    events.into_iter().map(|(_, event)| event.id).collect()
}

#[tokio::test(start_paused = true)]
async fn every_event_comes_once_in_order_over_restarts_and_refusals() {
    let world = World::new().await;
    let notes = Arc::new(Notes::default());
    let engine = || {
        let builder = world.engine().only([Loop::Outbox]);
        builder.subscribe("notes", notes.clone()).build().unwrap()
    };
    let (one, other) = (engine().start(), engine().start());
    world.client("first").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(all_events(&world).await, *notes.taken.lock().unwrap());

    *notes.refuse.lock().unwrap() = true;
    world.client("second").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    one.shutdown().await;
    other.shutdown().await;
    world.client("third").await;
    *notes.refuse.lock().unwrap() = false;
    let next = engine().start();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(all_events(&world).await, *notes.taken.lock().unwrap());
    next.shutdown().await;
}
