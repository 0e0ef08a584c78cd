//! Each event once to every endpoint that is told of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::event::{Event, EventKind};
use mcmp_core::id::{EventId, WebhookEndpointId};
use mcmp_core::member::Coverage;
use mcmp_core::portal::{ClientDraft, Upkeep, WebhookDraft};
use mcmp_core::publishing::WorkerId;
use mcmp_core::store::{EventPosition, Outbox, StoreExt};
use mcmp_core::time::ManualClock;
use mcmp_core::value::WebUrl;
use mcmp_core::webhook::{Delivery, WebhookEndpoint};

use super::super::fixture::{World, key_ring, name, slug};
use super::super::flaky::{Flaky, Trouble};

pub(super) fn endpoint(coverage: Coverage, kinds: &[EventKind]) -> WebhookDraft {
    WebhookDraft {
        name: name("Endpoint"),
        url: WebUrl::new("url", "https://hooks.example.com/mcmp").unwrap(),
        coverage,
        event_kinds: kinds.iter().copied().collect(),
    }
}

const LEASE: TimeDelta = TimeDelta::seconds(10);

/// One worker: reads on until there is nothing more, and begins again after each failure.
async fn read_on(portal: &Portal, clock: &ManualClock, worker: &str) {
    let (upkeep, worker) = (portal.upkeep().unwrap(), WorkerId(worker.to_owned()));
    for _ in 0..400 {
        tokio::task::yield_now().await;
        let held = portal.take_duty(Upkeep::WEBHOOKS_DUTY, &worker, LEASE).await;
        let Ok(Some(mut duty)) = held else {
            // Somebody else has it, or died with it.
            clock.advance(TimeDelta::seconds(4));
            continue;
        };
        while let Ok(round) = upkeep.fan_out_webhooks(&mut duty, 3).await {
            if !round.more {
                break;
            }
        }
    }
}

#[tokio::test]
async fn every_event_becomes_each_of_its_deliveries_exactly_once() {
    for seed in 0..12_usize {
        let world = World::new().await;
        let (acme, other) = (world.client("acme").await, world.client("other").await);
        let owner = world.owners().await;
        let of_acme = Coverage::clients([acme.id]).unwrap();
        let drafts = [
            endpoint(Coverage::WholeAgency, &[]),
            endpoint(of_acme.clone(), &[]),
            endpoint(of_acme, &[EventKind::ClientUpdated]),
        ];
        let mut endpoints = Vec::new();
        world.clock.advance(TimeDelta::seconds(1));
        for draft in drafts {
            endpoints.push(owner.webhooks().create(draft).await.unwrap().0);
        }
        let off = owner.webhooks().create(endpoint(Coverage::WholeAgency, &[])).await.unwrap().0;
        let edit = mcmp_core::portal::WebhookEdit { active: Some(false), ..Default::default() };
        owner.webhooks().edit(off.id, off.version, edit).await.unwrap();
        for (i, client) in [&acme, &other, &acme, &acme].into_iter().enumerate() {
            let current = owner.clients().get(client.id).await.unwrap();
            let edit = mcmp_core::portal::ClientEdit {
                name: Some(name(&format!("Name {i}"))),
                ..Default::default()
            };
            owner.clients().edit(client.id, current.version, edit).await.unwrap();
        }
        let draft = ClientDraft { name: name("third"), slug: slug("third"), zone: chrono_tz::UTC };
        owner.clients().create(draft).await.unwrap();

        let script = (0..60).map(|turn| match (turn * 7 + seed * 5) % 11 {
            0 | 3 => Trouble::NeverArrives,
            1 | 6 => Trouble::LosesAnswer,
            _ => Trouble::None,
        });
        let store = Arc::new(Flaky::new(world.store.clone(), script));
        let portal = |entropy| {
            Portal::builder(store.clone())
                .clock(Arc::new(world.clock.clone()))
                .entropy(Arc::new(SeededEntropy::new(entropy)))
                .sealer(key_ring("a", &[]))
                .build()
                .unwrap()
        };
        let (one, two) = (portal(11), portal(12));
        tokio::join!(read_on(&one, &world.clock, "one"), read_on(&two, &world.clock, "two"));

        let system = world.systems().await;
        let deliveries: Vec<Delivery> =
            world.store.all(system.scope(), Default::default()).await.unwrap();
        let mut found: Vec<_> = deliveries.iter().map(|d| (d.endpoint_id, d.event_id)).collect();
        found.sort_unstable();
        let events =
            world.store.events_after(system.scope(), EventPosition::START, 500).await.unwrap();
        let expected = expected(&endpoints, events.into_iter().map(|(_, event)| event));
        assert!(expected.len() > 10, "something happened");
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "seed {seed}");
    }
}

/// What is to be told, said again in other words.
fn expected(
    endpoints: &[WebhookEndpoint],
    events: impl Iterator<Item = Event>,
) -> BTreeSet<(WebhookEndpointId, EventId)> {
    let mut expected = BTreeSet::new();
    for event in events {
        for endpoint in endpoints.iter().filter(|endpoint| event.at >= endpoint.created_at) {
            let covered = match &endpoint.coverage {
                Coverage::WholeAgency => true,
                Coverage::Clients(clients) => {
                    event.client_id.is_some_and(|client| clients.contains(&client))
                }
            };
            let kinds = &endpoint.event_kinds;
            if covered && (kinds.is_empty() || kinds.contains(&event.kind)) {
                expected.insert((endpoint.id, event.id));
            }
        }
    }
    expected
}
