//! What is delivered, when it is tried again, and when it is given up.

use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::agency::PlanTier;
use mcmp_core::event::EventKind;
use mcmp_core::fake::FakeWebhookSender;
use mcmp_core::id::WebhookEndpointId;
use mcmp_core::member::Coverage;
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::{Upkeep, WebhookEdit};
use mcmp_core::publishing::WorkerId;
use mcmp_core::service::ServiceErrorKind;
use mcmp_core::store::StoreExt;
use mcmp_core::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};
use serde_json::Value;

use super::super::fixture::World;
use super::webhook_fan_out::endpoint;

const LEASE: TimeDelta = TimeDelta::minutes(1);

struct Post {
    world: World,
    sender: Arc<FakeWebhookSender>,
    upkeep: Upkeep,
}

impl Post {
    async fn new() -> Self {
        let sender = Arc::new(FakeWebhookSender::new());
        let own = sender.clone();
        let world =
            World::assembled(PlanTier::Enterprise, 1, |builder| builder.webhooks(own)).await;
        let upkeep = world.portal.upkeep().unwrap();
        Self { world, sender, upkeep }
    }

    async fn endpoint(&self) -> WebhookEndpoint {
        let draft = endpoint(Coverage::WholeAgency, &[EventKind::ClientCreated]);
        self.world.owners().await.webhooks().create(draft).await.unwrap().0
    }

    async fn fan_out(&self) {
        let worker = WorkerId("w".to_owned());
        let duty = self.world.portal.take_duty(Upkeep::WEBHOOKS_DUTY, &worker, LEASE).await;
        let mut duty = duty.unwrap().unwrap();
        while self.upkeep.fan_out_webhooks(&mut duty, 50).await.unwrap().more {}
    }

    /// Sends what is due, and says how many that were.
    async fn send(&self) -> usize {
        let claimed = self.upkeep.claim_deliveries(10, LEASE).await.unwrap();
        let count = claimed.len();
        for delivery in claimed {
            self.upkeep.send_delivery(delivery).await.unwrap();
        }
        count
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let system = self.world.systems().await;
        self.world.store.all(system.scope(), Default::default()).await.unwrap()
    }

    async fn stored(&self, id: WebhookEndpointId) -> WebhookEndpoint {
        let system = self.world.systems().await;
        self.world.store.find(system.scope(), id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_message_says_what_happened_and_keeps_its_id() {
    let post = Post::new().await;
    let made = post.endpoint().await;
    post.world.owners().await.webhooks().rotate_secret(made.id).await.unwrap();
    let client = post.world.client("acme").await;
    post.fan_out().await;
    post.sender.answer_next(503);
    assert_eq!(post.send().await, 1);
    assert_eq!(post.send().await, 0, "not before its time");
    post.world.clock.advance(TimeDelta::seconds(6));
    assert_eq!(post.send().await, 1);

    let sent = post.sender.sent();
    let [first, second] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((&first.id, &first.body, first.signatures), (&second.id, &second.body, 2));
    assert!(second.sent_at > first.sent_at);
    let body: Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(body["type"], "client.created");
    assert_eq!(body["data"]["client_id"], client.id.to_string());
    assert_eq!(body["data"]["subject"]["kind"], "client");
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    let [delivery] = post.deliveries().await.try_into().unwrap();
    assert_eq!(first.id, delivery.id.to_string());
    assert_eq!(
        (delivery.status, delivery.attempts, delivery.next_at, delivery.last_status),
        (DeliveryStatus::Delivered, 2, None, Some(200)),
    );
}

#[tokio::test]
async fn two_workers_share_the_deliveries() {
    let post = Post::new().await;
    post.endpoint().await;
    for client in ["one", "two", "three", "four", "five"] {
        post.world.client(client).await;
    }
    post.fan_out().await;
    let one = post.upkeep.claim_deliveries(3, LEASE).await.unwrap();
    let two = post.upkeep.claim_deliveries(3, LEASE).await.unwrap();
    assert_eq!((one.len(), two.len()), (3, 2));
    // The first worker dies; what it held comes back.
    for delivery in two {
        post.upkeep.send_delivery(delivery).await.unwrap();
    }
    assert_eq!(post.send().await, 0);
    post.world.clock.advance(LEASE);
    assert_eq!(post.send().await, 3);
    // And it was not dead after all: what it says now changes nothing.
    for late in one {
        let settled = post.upkeep.send_delivery(late).await.unwrap();
        assert_eq!((settled.status, settled.attempts), (DeliveryStatus::Delivered, 2));
    }
}

#[tokio::test]
async fn an_endpoint_that_asks_for_time_gets_it() {
    let post = Post::new().await;
    post.endpoint().await;
    post.world.client("acme").await;
    post.fan_out().await;
    post.sender.ask_for_time(429, TimeDelta::minutes(50));
    post.send().await;
    post.world.clock.advance(TimeDelta::minutes(49));
    assert_eq!(post.send().await, 0);
    post.world.clock.advance(TimeDelta::minutes(2));
    assert_eq!(post.send().await, 1);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_switched_off_at_once() {
    let post = Post::new().await;
    let made = post.endpoint().await;
    post.world.client("one").await;
    post.world.client("two").await;
    post.fan_out().await;
    post.sender.answer_next(410);
    assert_eq!(post.send().await, 2);
    assert_eq!(post.sender.sent().len(), 1, "nothing more is sent to it");
    let off = post.stored(made.id).await;
    assert!(!off.active && off.disabled_reason.unwrap().contains("410"));
    let statuses: Vec<_> = post.deliveries().await.iter().map(|d| d.status).collect();
    assert_eq!(statuses, [DeliveryStatus::Failed; 2]);
    let told = post.world.told(post.world.owner, NotificationTopic::WebhookDisabled).await;
    assert_eq!(told.len(), 1);
    let events = post.world.events().await;
    let updates = events.iter().filter(|e| e.kind == EventKind::WebhookEndpointUpdated);
    assert_eq!(updates.count(), 1);
}

#[tokio::test]
async fn an_endpoint_that_took_nothing_for_days_is_switched_off() {
    for recovers in [false, true] {
        let post = Post::new().await;
        let made = post.endpoint().await;
        post.world.client("acme").await;
        post.fan_out().await;
        let mut sent = 0;
        for hour in 0..100 {
            if recovers && hour == 50 {
                post.world.client("later").await;
                post.fan_out().await;
                let claimed = post.upkeep.claim_deliveries(1, LEASE).await.unwrap();
                let [later] = claimed.try_into().unwrap();
                post.upkeep.send_delivery(later).await.unwrap();
            }
            post.sender.lose_next_answer(ServiceErrorKind::Transient);
            let now = post.send().await;
            sent += now;
            if now == 0 {
                // Nothing took the trouble: it waits for whoever is sent next.
                post.sender.drop_answers();
            }
            post.world.clock.advance(TimeDelta::hours(1));
        }
        assert_eq!(sent, 10);
        let first = post.deliveries().await.remove(0);
        assert_eq!((first.status, first.attempts), (DeliveryStatus::Failed, 10));
        let off = post.stored(made.id).await;
        assert_eq!(off.active, recovers);
        let told = post.world.told(post.world.owner, NotificationTopic::WebhookDisabled).await;
        assert_eq!(told.len(), usize::from(!recovers));
    }
}

#[tokio::test]
async fn what_an_endpoint_no_longer_covers_is_not_sent() {
    let post = Post::new().await;
    let made = post.endpoint().await;
    let kept = post.world.client("kept").await;
    post.world.client("gone").await;
    post.fan_out().await;
    let coverage = Some(Coverage::clients([kept.id]).unwrap());
    let edit = WebhookEdit { coverage, ..WebhookEdit::default() };
    post.world.owners().await.webhooks().edit(made.id, made.version, edit).await.unwrap();
    assert_eq!(post.send().await, 2);
    assert_eq!(post.sender.sent().len(), 1);
    let refused: Vec<_> = post.deliveries().await.into_iter().filter(|d| d.attempts == 1).collect();
    let failed = refused.iter().filter(|d| d.status == DeliveryStatus::Failed).count();
    assert_eq!(failed, 1);
}

#[tokio::test]
async fn without_a_sender_nothing_is_lost() {
    let world = World::new().await;
    let draft = endpoint(Coverage::WholeAgency, &[EventKind::WebhookEndpointCreated]);
    world.owners().await.webhooks().create(draft).await.unwrap();
    let (upkeep, worker) = (world.portal.upkeep().unwrap(), WorkerId("w".to_owned()));
    let duty = world.portal.take_duty(Upkeep::WEBHOOKS_DUTY, &worker, LEASE).await.unwrap();
    upkeep.fan_out_webhooks(&mut duty.unwrap(), 50).await.unwrap();
    let [claimed] = upkeep.claim_deliveries(5, LEASE).await.unwrap().try_into().unwrap();
    let refused = upkeep.send_delivery(claimed).await.unwrap_err();
    assert!(matches!(refused, Error::NotConfigured { .. }));
    world.clock.advance(LEASE);
    assert_eq!(upkeep.claim_deliveries(5, LEASE).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_endpoint_with_much_to_hear_leaves_room_for_others() {
    let post = Post::new().await;
    let busy = post.endpoint().await;
    // More than a page of them.
    for n in 0..505 {
        post.world.client(&format!("c{n}")).await;
    }
    post.world.clock.advance(TimeDelta::seconds(1));
    let calm = post.endpoint().await;
    post.world.client("five").await;
    post.fan_out().await;
    let claimed = post.upkeep.claim_deliveries(2, LEASE).await.unwrap();
    let endpoints: Vec<_> = claimed.iter().map(|delivery| delivery.endpoint_id).collect();
    assert_eq!(endpoints, [busy.id, calm.id]);
    assert!(post.upkeep.can_send_webhooks() && !post.upkeep.can_notify());
}
