//! Keys for programs, and programs that are told what happened.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeSet;

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::access::{Denied, GrantRefused};
use mcmp_core::agency::PlanTier;
use mcmp_core::id::Id;
use mcmp_core::member::{Coverage, Permission, Role};
use mcmp_core::portal::{ApiKeyDraft, WebhookDraft, WebhookEdit};
use mcmp_core::secret::SecretText;
use mcmp_core::store::{ChangeSet, Commit, Query, Version};
use mcmp_core::time::Clock;
use mcmp_core::value::WebUrl;
use mcmp_core::webhook::{Delivery, DeliveryStatus};

use super::fixture::{World, after, everywhere, name, only_for};

fn key(permissions: &[Permission], coverage: Coverage) -> ApiKeyDraft {
    ApiKeyDraft {
        name: name("Robot"),
        permissions: permissions.iter().copied().collect(),
        coverage,
        expires_at: None,
    }
}

fn hook(coverage: Coverage) -> WebhookDraft {
    let url = WebUrl::new("url", "https://hooks.example.com/in").unwrap();
    WebhookDraft { name: name("Hook"), url, coverage, event_kinds: BTreeSet::new() }
}

#[tokio::test]
async fn a_key_works_until_it_ends_and_every_other_gets_one_answer() {
    let world = World::new().await;
    let owner = world.owners().await;
    let mut draft = key(&[Permission::View], Coverage::WholeAgency);
    draft.expires_at = Some(after(&world.clock, TimeDelta::hours(1)));
    let (_, ending) = owner.api_keys().create(draft).await.unwrap();
    let draft = key(&[Permission::View], Coverage::WholeAgency);
    let (revoked, token) = owner.api_keys().create(draft).await.unwrap();
    assert!(token.expose().starts_with("mcmp_"));
    for token in [&ending, &token] {
        let actor = world.portal.api_key_actor(token).await.unwrap();
        let session = world.portal.session(&actor, world.agency.id).await.unwrap();
        assert!(session.clients().list(&Query::new(Default::default())).await.is_ok());
    }
    owner.api_keys().revoke(revoked.id).await.unwrap();
    world.clock.advance(TimeDelta::hours(1));
    let unknown = mcmp_core::secret::mint(&mcmp_core::entropy::SystemEntropy, "mcmp").unwrap().0;
    for token in [ending, token, unknown, SecretText::new("mcmp_"), SecretText::new("")] {
        let refused = world.portal.api_key_actor(&token).await.unwrap_err();
        assert!(matches!(refused, Error::InvalidToken));
        assert!(matches!(world.portal.guest_actor(&token).await, Err(Error::InvalidToken)));
    }
}

#[tokio::test]
async fn a_key_holds_no_more_than_its_maker_and_makes_none() {
    let world = World::new().await;
    let (a, b) = (world.client("a").await, world.client("b").await);
    let developer = world.member("dev", only_for(Role::Developer, &[&a])).await;
    let developer = world.session(developer).await;
    let for_a = || Coverage::clients([a.id]).unwrap();
    let refused =
        developer.api_keys().create(key(&[Permission::SchedulePosts], for_a())).await.unwrap_err();
    assert!(matches!(refused, Error::GrantRefused(GrantRefused::BeyondOwn { .. })));
    for coverage in [Coverage::WholeAgency, Coverage::clients([a.id, b.id]).unwrap()] {
        assert!(developer.api_keys().create(key(&[Permission::View], coverage)).await.is_err());
    }
    let nothing = developer.api_keys().create(key(&[], for_a())).await.unwrap_err();
    assert!(matches!(nothing, Error::Invalid(_)));
    let mut past = key(&[Permission::View], for_a());
    past.expires_at = Some(world.clock.now());
    assert!(matches!(developer.api_keys().create(past).await, Err(Error::Invalid(_))));

    let draft = key(&[Permission::View, Permission::ManageApiKeys], for_a());
    let (_, token) = developer.api_keys().create(draft).await.unwrap();
    let actor = world.portal.api_key_actor(&token).await.unwrap();
    let program = world.portal.session(&actor, world.agency.id).await.unwrap();
    let refused = program.api_keys().create(key(&[Permission::View], for_a())).await.unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::NeedsPerson)));
    assert!(matches!(program.notifications().unread().await, Err(Error::Denied(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_plans_keys_hold_when_many_are_made_and_revoked_at_once() {
    let world = World::with_plan(PlanTier::Professional).await;
    let owner = world.owners().await;
    for round in 0..5 {
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let session = owner.clone();
                let draft = key(&[Permission::View], Coverage::WholeAgency);
                tokio::spawn(async move { session.api_keys().create(draft).await })
            })
            .collect();
        let mut made = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok((key, _)) => made.push(key.id),
                Err(error) => assert!(matches!(error, Error::LimitReached(_)), "{error}"),
            }
        }
        assert_eq!(made.len(), 2, "round {round}");
        // Revoked by several at once, each is given back once.
        let tasks: Vec<_> = made
            .iter()
            .flat_map(|id| [*id; 3])
            .map(|id| {
                let session = owner.clone();
                tokio::spawn(async move { session.api_keys().revoke(id).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_token_is_nowhere_but_in_the_hands_it_was_given_to() {
    let world = World::new().await;
    let owner = world.owners().await;
    let draft = key(&[Permission::View], Coverage::WholeAgency);
    let (key, token) = owner.api_keys().create(draft).await.unwrap();
    let (endpoint, secret) = owner.webhooks().create(hook(Coverage::WholeAgency)).await.unwrap();
    let digits = secret.expose().strip_prefix("whsec_").unwrap();
    assert_eq!(BASE64_STANDARD.decode(digits).unwrap().len(), 32, "as Standard Webhooks has them");
    let events = world.events().await;
    let said = format!("{key:?} {endpoint:?} {events:?} {token:?} {secret:?}");
    let json = serde_json::to_string(&(&key, &endpoint, &events)).unwrap();
    for secret in [token, secret] {
        let (_, random) = secret.expose().split_once('_').unwrap();
        assert!(!said.contains(random) && !json.contains(random));
    }
    let hash = key.token_hash.to_hex();
    assert!(!serde_json::to_string(&events).unwrap().contains(&hash));
}

#[tokio::test]
async fn a_webhooks_secret_rotates_with_an_overlap() {
    let world = World::new().await;
    let owner = world.owners().await;
    let (endpoint, first) = owner.webhooks().create(hook(Coverage::WholeAgency)).await.unwrap();
    let (_, second) = owner.webhooks().rotate_secret(endpoint.id).await.unwrap();
    let system = world.systems().await;
    let secrets = system.webhooks().signing_secrets(endpoint.id).await.unwrap();
    assert_eq!(secrets, [second.clone(), first]);
    let (_, third) = owner.webhooks().rotate_secret(endpoint.id).await.unwrap();
    let secrets = system.webhooks().signing_secrets(endpoint.id).await.unwrap();
    assert_eq!(secrets, [third.clone(), second]);
    owner.webhooks().drop_old_secrets(endpoint.id).await.unwrap();
    let secrets = system.webhooks().signing_secrets(endpoint.id).await.unwrap();
    assert_eq!(secrets, [third]);
    let refused = owner.webhooks().signing_secrets(endpoint.id).await.unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::NeedsSystem)));
}

#[tokio::test]
async fn an_endpoint_hears_no_more_than_its_maker_may_read() {
    let world = World::new().await;
    let (a, b) = (world.client("a").await, world.client("b").await);
    let mut blind = only_for(Role::Developer, &[&a]);
    blind.removed = [Permission::ViewInternal].into_iter().collect();
    let blind = world.member("blind", blind).await;
    let developer = world.member("dev", only_for(Role::Developer, &[&a])).await;
    let for_a = || Coverage::clients([a.id]).unwrap();
    let refused = world.session(blind).await.webhooks().create(hook(for_a())).await.unwrap_err();
    assert!(matches!(refused, Error::GrantRefused(GrantRefused::BeyondOwn { .. })));
    let developer = world.session(developer).await;
    let (endpoint, _) = developer.webhooks().create(hook(for_a())).await.unwrap();
    for coverage in [Coverage::WholeAgency, Coverage::clients([b.id]).unwrap()] {
        let edit = WebhookEdit { coverage: Some(coverage), ..Default::default() };
        assert!(developer.webhooks().edit(endpoint.id, endpoint.version, edit).await.is_err());
    }
    let edit = WebhookEdit { active: Some(false), ..Default::default() };
    let edited = developer.webhooks().edit(endpoint.id, endpoint.version, edit).await.unwrap();
    assert!(!edited.active);
    developer.webhooks().delete(endpoint.id).await.unwrap();
    assert!(matches!(developer.webhooks().get(endpoint.id).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_delivery_is_sent_again_by_who_manages_its_endpoint() {
    let world = World::new().await;
    let (a, b) = (world.client("a").await, world.client("b").await);
    let dev_a = world.member("a-dev", only_for(Role::Developer, &[&a])).await;
    let dev_b = world.member("b-dev", only_for(Role::Developer, &[&b])).await;
    let (dev_a, dev_b) = (world.session(dev_a).await, world.session(dev_b).await);
    let coverage = Coverage::clients([a.id]).unwrap();
    let (endpoint, _) = dev_a.webhooks().create(hook(coverage)).await.unwrap();
    let now = world.clock.now();
    let mut delivery = Delivery {
        id: Id::from_uuid(world.events().await[0].id.uuid()),
        version: Version::NEW,
        agency_id: world.agency.id,
        endpoint_id: endpoint.id,
        event_id: world.events().await[0].id,
        status: DeliveryStatus::Failed,
        attempts: 9,
        next_at: None,
        last_status: Some(500),
        last_error: None,
        created_at: now,
        updated_at: now,
    };
    let mut changes = ChangeSet::new();
    changes.insert(&mut delivery);
    world.store.commit(world.systems().await.scope(), changes).await.unwrap();

    let query = Query::new(Default::default());
    let log = dev_a.webhooks().deliveries(endpoint.id, &query).await.unwrap();
    assert_eq!(log.items.len(), 1);
    let again = dev_a.webhooks().replay(delivery.id).await.unwrap();
    assert_eq!((again.status, again.attempts), (DeliveryStatus::Pending, 0));
    assert_eq!(again.next_at, Some(now));
    for refused in [
        dev_b.webhooks().replay(delivery.id).await.map(drop),
        dev_b.webhooks().deliveries(endpoint.id, &query).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
    }
    let viewer = world.member("viewer", everywhere(Role::Viewer)).await;
    let refused = world.session(viewer).await.webhooks().replay(delivery.id).await.unwrap_err();
    assert!(matches!(refused, Error::GrantRefused(_)));
}
