//! A subscriber that is slow, fails or panics keeps no other from its events.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mcmp_core::event::Event;
use mcmp_core::id::EventId;
use mcmp_core::store::EventFilter;
use mcmp_scheduler::{EventSubscriber, Loop, SubscriberError};

use crate::world::{World, seconds};

/// Keeps what it took; panics so many times first, and takes so long for each.
#[derive(Debug, Default)]
struct Notes {
    taken: Mutex<Vec<EventId>>,
    panics: AtomicU32,
    takes: Duration,
}

#[async_trait]
impl EventSubscriber for Notes {
    async fn take(&self, event: &Event) -> Result<(), SubscriberError> {
        tokio::time::sleep(self.takes).await;
        let left = self.panics.load(Ordering::SeqCst);
        let is_third = self.taken.lock().unwrap().len() == 2;
        if left > 0 && is_third {
            self.panics.store(left - 1, Ordering::SeqCst);
            panic!("a bug of its own");
        }
        self.taken.lock().unwrap().push(event.id);
        Ok(())
    }
}

async fn all_events(world: &World) -> Vec<EventId> {
    let mut events: Vec<Event> = world.all(EventFilter::default()).await;
    events.sort_by_key(|event| event.id);
    events.iter().map(|event| event.id).collect()
}

fn sorted(notes: &Notes) -> Vec<EventId> {
    let mut taken = notes.taken.lock().unwrap().clone();
    taken.sort_unstable();
    taken
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_leaves_the_others_alone_and_repeats_nothing_that_was_taken() {
    let world = World::new().await;
    world.client("one").await;
    let broken = Arc::new(Notes { panics: AtomicU32::new(5), ..Notes::default() });
    let well = Arc::new(Notes::default());
    let engine = world.engine().only([Loop::Outbox]).subscribe("broken", broken.clone());
    let engine = engine.subscribe("well", well.clone()).build().unwrap();
    let running = engine.start();
    seconds(1).await;
    assert_eq!(sorted(&well), all_events(&world).await);
    assert_eq!(broken.taken.lock().unwrap().len(), 2);
    assert!(engine.health().await.loops[&Loop::Outbox].failures > 0);
    seconds(600).await;
    assert_eq!(sorted(&broken), all_events(&world).await, "each once");
    assert_eq!(engine.health().await.loops[&Loop::Outbox].failures, 0);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_one_keeps_its_place_and_nobody_waiting() {
    let world = World::new().await;
    for n in 0..20 {
        world.client(&format!("c{n}")).await;
    }
    let slow = Arc::new(Notes { takes: Duration::from_secs(4), ..Notes::default() });
    let quick = Arc::new(Notes::default());
    let build = || {
        let engine = world.engine().only([Loop::Outbox]).subscribe("slow", slow.clone());
        engine.subscribe("quick", quick.clone()).build().unwrap()
    };
    let (one, other) = (build().start(), build().start());
    seconds(2).await;
    assert_eq!(sorted(&quick), all_events(&world).await);
    seconds(300).await;
    assert_eq!(sorted(&slow), all_events(&world).await, "each once, by one process at a time");
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_clean_restart_the_next_one_reads_at_once() {
    let world = World::new().await;
    let notes = Arc::new(Notes::default());
    let build = || {
        let engine = world.engine().only([Loop::Outbox]).subscribe("notes", notes.clone());
        engine.build().unwrap().start()
    };
    for round in 0..3 {
        let running = build();
        world.client(&format!("c{round}")).await;
        seconds(2).await;
        assert_eq!(sorted(&notes), all_events(&world).await, "{round}");
        running.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_holds_up_shutdown_no_longer_than_the_grace_time() {
    let world = World::new().await;
    let stuck = Arc::new(Notes { takes: Duration::from_secs(1_000_000), ..Notes::default() });
    let running = world.engine().subscribe("stuck", stuck).build().unwrap().start();
    seconds(5).await;
    let before = world.portal.now();
    running.shutdown().await;
    let took = (world.portal.now() - before).num_seconds();
    assert!((29..=31).contains(&took), "{took}");
}
