//! Old data goes, and what a subscriber has not read stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::event::Event;
use mcmp_core::publishing::Attempt;
use mcmp_core::store::{AttemptFilter, EventFilter};
use mcmp_scheduler::{EngineSettings, EventSubscriber, Loop, SubscriberError};

use crate::world::{World, seconds, unhurried};

/// Takes events while it is told to.
#[derive(Debug, Default)]
struct Reader(AtomicBool);

#[async_trait]
impl EventSubscriber for Reader {
    async fn take(&self, _event: &Event) -> Result<(), SubscriberError> {
        match self.0.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(SubscriberError::new("not now")),
        }
    }
}

fn settings() -> EngineSettings {
    let mut settings = unhurried();
    settings.retention.events = Some(TimeDelta::days(2));
    settings.retention.jobs = Some(TimeDelta::days(2));
    settings.retention.posts = Some(TimeDelta::days(3));
    settings.retention.read_notifications = Some(TimeDelta::days(1));
    settings.retention.unread_notifications = Some(TimeDelta::days(1));
    settings
}

async fn events(world: &World) -> usize {
    world.all::<Event>(EventFilter::default()).await.len()
}

#[tokio::test(start_paused = true)]
async fn the_store_stays_flat() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let engine = world.engine().settings(settings()).without(Loop::Metrics).build().unwrap();
    let running = engine.start();
    let mut sizes = Vec::new();
    for day in 0..9 {
        for n in 0..5 {
            world.post(&client, [account.id], &format!("{day} {n}"), 1 + n * 600).await;
        }
        seconds(86_400).await;
        let attempts = world.all::<Attempt>(AttemptFilter::default()).await.len();
        sizes.push((events(&world).await, attempts));
    }
    assert_eq!(world.platform.accepted().len(), 45);
    for pair in sizes[6..].windows(2) {
        assert_eq!(pair[0], pair[1], "{sizes:?}");
    }
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_not_read_is_kept_also_by_another_process() {
    let world = World::new().await;
    let reader = Arc::new(Reader::default());
    let reads = world
        .engine()
        .settings(unhurried())
        .only([Loop::Outbox])
        .subscribe("index", reader.clone());
    let reading = reads.build().unwrap().start();
    seconds(2).await;
    let cleans = world.engine().settings(settings()).only([Loop::Retention]);
    let cleaning = cleans.keep_unread_of("index").build().unwrap().start();
    let before = events(&world).await;
    seconds(3 * 86_400).await;
    assert_eq!(events(&world).await, before, "it has taken none so far");
    reader.0.store(true, Ordering::SeqCst);
    seconds(86_400).await;
    assert_eq!(events(&world).await, 0);
    cleaning.shutdown().await;
    reading.shutdown().await;
}
