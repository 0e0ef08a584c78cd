//! Endpoints get every event that they cover once, whatever they answer and whichever engine runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mcmp_core::event::EventKind;
use mcmp_core::fake::{FakeWebhookSender, SentWebhook};
use mcmp_core::member::Coverage;
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::WebhookDraft;
use mcmp_core::secret::SecretText;
use mcmp_core::service::{ServiceError, WebhookAnswer, WebhookMessage, WebhookSender};
use mcmp_core::store::{DeliveryFilter, WebhookEndpointFilter};
use mcmp_core::value::WebUrl;
use mcmp_core::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};
use mcmp_scheduler::Loop;

use crate::world::{World, seconds, stop};

const LOOPS: [Loop; 2] = [Loop::WebhookFanOut, Loop::Deliveries];

async fn world_with(sender: Arc<dyn WebhookSender>) -> (World, SecretText) {
    let world = World::with(|builder| builder.webhooks(sender)).await;
    let draft = WebhookDraft {
        name: "Hook".parse().unwrap(),
        url: WebUrl::new("url", "https://hooks.example.com/in").unwrap(),
        coverage: Coverage::WholeAgency,
        event_kinds: BTreeSet::from([EventKind::ClientCreated]),
    };
    let (_, secret) = world.session().await.webhooks().create(draft).await.unwrap();
    (world, secret)
}

fn ids(sent: &[SentWebhook]) -> BTreeSet<&str> {
    sent.iter().map(|message| message.id.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_event_is_sent_once_and_can_be_signed_over_restarts() {
    let sender = Arc::new(FakeWebhookSender::new());
    let (world, secret) = world_with(sender.clone()).await;
    for round in 0..4 {
        let engines = [0, 1].map(|_| world.engine().only(LOOPS).build().unwrap().start());
        for n in 0..5 {
            world.client(&format!("c{round}-{n}")).await;
        }
        seconds(round).await;
        stop(engines).await;
    }
    let last = world.engine().only(LOOPS).build().unwrap().start();
    seconds(5).await;
    let sent = sender.sent();
    assert_eq!((sent.len(), ids(&sent).len()), (20, 20));
    for message in &sent {
        assert_eq!((message.signatures, message.secret.as_ref()), (1, Some(&secret)));
        assert!(message.body.starts_with(br#"{"type":"client.created""#), "{message:?}");
    }
    last.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_endpoint_did_not_take_comes_again_with_its_id_over_a_restart() {
    let sender = Arc::new(FakeWebhookSender::new());
    let (world, _) = world_with(sender.clone()).await;
    sender.answer_next(500);
    sender.answer_next(503);
    world.client("one").await;
    let first = world.engine().only(LOOPS).build().unwrap().start();
    seconds(2).await;
    first.shutdown().await;
    assert_eq!(sender.sent().len(), 1);
    let second = world.engine().only(LOOPS).build().unwrap().start();
    seconds(20).await;
    assert_eq!(sender.sent().len(), 2);
    seconds(6 * 60).await;
    let sent = sender.sent();
    assert_eq!((sent.len(), ids(&sent).len()), (3, 1));
    second.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_gone_is_switched_off_and_stays_so() {
    let sender = Arc::new(FakeWebhookSender::new());
    let (world, _) = world_with(sender.clone()).await;
    sender.answer_next(410);
    world.client("one").await;
    let first = world.engine().only(LOOPS).build().unwrap().start();
    seconds(2).await;
    first.shutdown().await;
    let [endpoint]: [WebhookEndpoint; 1] =
        world.all(WebhookEndpointFilter::default()).await.try_into().unwrap();
    assert!(!endpoint.active);
    assert_eq!(world.told(NotificationTopic::WebhookDisabled).await.len(), 1);
    world.client("two").await;
    let second = world.engine().only(LOOPS).build().unwrap().start();
    seconds(3_600).await;
    assert_eq!(sender.sent().len(), 1);
    second.shutdown().await;
}

/// Takes its time, or never answers.
#[derive(Debug)]
struct Slow(Duration);

#[async_trait]
impl WebhookSender for Slow {
    async fn send(&self, _message: &WebhookMessage<'_>) -> Result<WebhookAnswer, ServiceError> {
        tokio::time::sleep(self.0).await;
        Ok(WebhookAnswer::new(200))
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_deliveries_end() {
    let (world, _) = world_with(Arc::new(Slow(Duration::from_secs(5)))).await;
    world.client("one").await;
    let running = world.engine().only(LOOPS).build().unwrap().start();
    seconds(2).await;
    running.shutdown().await;
    let [delivery]: [Delivery; 1] = world.all(DeliveryFilter::default()).await.try_into().unwrap();
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 1));
}

#[tokio::test(start_paused = true)]
async fn shutdown_is_heard_while_all_places_are_taken() {
    let (world, _) = world_with(Arc::new(Slow(Duration::from_secs(35)))).await;
    for n in 0..17 {
        world.client(&format!("c{n}")).await;
    }
    let running = world.engine().only(LOOPS).build().unwrap().start();
    seconds(10).await;
    running.shutdown().await;
    let deliveries: Vec<Delivery> = world.all(DeliveryFilter::default()).await;
    let delivered = |delivery: &&Delivery| delivery.status == DeliveryStatus::Delivered;
    assert_eq!(deliveries.iter().filter(delivered).count(), 16);
    let begun = |delivery: &&Delivery| delivery.attempts > 0;
    assert_eq!(deliveries.iter().filter(begun).count(), 16, "none is begun after that");
}

#[tokio::test(start_paused = true)]
async fn senders_that_never_answer_do_not_use_up_the_places() {
    let (world, _) = world_with(Arc::new(Slow(Duration::from_secs(1_000_000)))).await;
    for n in 0..20 {
        world.client(&format!("c{n}")).await;
    }
    let running = world.engine().only(LOOPS).build().unwrap().start();
    seconds(110).await;
    let deliveries: Vec<Delivery> = world.all(DeliveryFilter::default()).await;
    assert!(deliveries.iter().all(|delivery| delivery.attempts >= 1), "each had its turn");
    running.shutdown().await;
}
