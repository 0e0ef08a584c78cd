//! The agency, its plan and its log.

use mcmp_core::Error;
use mcmp_core::access::Denied;
use mcmp_core::agency::{AgencyStatus, Branding, Feature, IdentityProtocol, Meter, Plan, PlanTier};
use mcmp_core::event::{Event, EventKind};
use mcmp_core::member::Role;
use mcmp_core::portal::{AgencyEdit, IdentityProviderDraft};
use mcmp_core::secret::SecretText;
use mcmp_core::store::Query;
use mcmp_core::value::WebUrl;

use super::fixture::{World, everywhere, name, slug};

fn provider(issuer: &str, secret: Option<&str>) -> IdentityProviderDraft {
    IdentityProviderDraft {
        key: slug("corp"),
        name: name("Corporate"),
        protocol: IdentityProtocol::Oidc,
        issuer: WebUrl::new("issuer", issuer).unwrap(),
        oauth_client_id: "mcmp".to_owned(),
        oauth_client_secret: secret.map(SecretText::new),
        enabled: true,
    }
}

fn providers(provider: IdentityProviderDraft) -> AgencyEdit {
    AgencyEdit { identity_providers: Some(vec![provider]), ..Default::default() }
}

#[tokio::test]
async fn a_providers_secret_is_sealed_kept_and_bound_to_its_issuer() {
    let world = World::new().await;
    let owner = world.owners().await;
    let first = providers(provider("https://id.example.com", Some("CLIENT-SECRET")));
    let agency = owner.agencies().edit(world.agency.version, first).await.unwrap();
    let key = slug("corp");
    let secret = world.portal.identity_provider_secret(agency.id, &key).await.unwrap().unwrap();
    assert_eq!(secret.expose(), "CLIENT-SECRET");
    let said = format!("{agency:?} {:?}", world.events().await);
    let json = serde_json::to_string(&(&agency, world.events().await)).unwrap();
    assert!(!said.contains("CLIENT-SECRET") && !json.contains("CLIENT-SECRET"));

    let same = providers(provider("https://id.example.com", None));
    let agency = owner.agencies().edit(agency.version, same).await.unwrap();
    assert!(world.portal.identity_provider_secret(agency.id, &key).await.unwrap().is_some());
    let elsewhere = providers(provider("https://evil.example.com", None));
    let agency = owner.agencies().edit(agency.version, elsewhere).await.unwrap();
    assert!(world.portal.identity_provider_secret(agency.id, &key).await.unwrap().is_none());
    let missing = world.portal.identity_provider_secret(agency.id, &slug("other")).await;
    assert!(matches!(missing, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn the_plan_says_what_can_be_changed() {
    let world = World::with_plan(PlanTier::Agency).await;
    let owner = world.owners().await;
    let branding = Branding { product_name: Some(name("Ours")), ..Default::default() };
    let edit = AgencyEdit { branding: Some(branding), ..Default::default() };
    let refused = owner.agencies().edit(world.agency.version, edit).await.unwrap_err();
    assert!(matches!(refused, Error::FeatureMissing(f) if f.feature == Feature::WhiteLabel));
    let edit = providers(provider("https://id.example.com", None));
    let refused = owner.agencies().edit(world.agency.version, edit).await.unwrap_err();
    assert!(matches!(refused, Error::FeatureMissing(f) if f.feature == Feature::SingleSignOn));
    // The same again is no change.
    let edit = AgencyEdit {
        name: Some(name("New name")),
        branding: Some(Branding::default()),
        ..Default::default()
    };
    let agency = owner.agencies().edit(world.agency.version, edit).await.unwrap();
    assert_eq!(agency.name, name("New name"));
}

#[tokio::test]
async fn a_smaller_plan_is_taken_and_says_what_is_over() {
    let world = World::new().await;
    world.client("a").await;
    world.client("b").await;
    world.member("admin", everywhere(Role::Admin)).await;
    let owner = world.owners().await;
    let (agency, over) = owner.agencies().change_plan(Plan::of(PlanTier::Free)).await.unwrap();
    assert_eq!(agency.plan.tier, PlanTier::Free);
    let over: Vec<_> = over.iter().map(|usage| (usage.meter, usage.used, usage.limit)).collect();
    assert_eq!(over, [(Meter::Clients, 2, Some(1)), (Meter::Members, 2, Some(1))]);
    let usage = world.owners().await.agencies().usage().await.unwrap();
    assert_eq!(usage.len(), Meter::ALL.len());
}

#[tokio::test]
async fn only_owners_change_the_plan_and_the_status() {
    let world = World::new().await;
    let admin = world.member("admin", everywhere(Role::Admin)).await;
    let admin = world.session(admin).await;
    let plan = Plan::of(PlanTier::Enterprise);
    assert!(matches!(admin.agencies().change_plan(plan).await, Err(Error::Denied(_))));
    assert!(matches!(admin.agencies().suspend().await, Err(Error::Denied(_))));
    assert!(matches!(admin.agencies().close().await, Err(Error::Denied(_))));
}

#[tokio::test]
async fn suspended_it_is_read_and_closed_it_is_shut() {
    let world = World::new().await;
    let client = world.client("a").await;
    world.owners().await.agencies().suspend().await.unwrap();
    let owner = world.owners().await;
    owner.clients().get(client.id).await.unwrap();
    let refused = owner.clients().pause(client.id).await.unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::AgencyClosed { .. })));
    owner.agencies().reactivate().await.unwrap();
    world.owners().await.clients().pause(client.id).await.unwrap();

    let still_open = world.owners().await;
    still_open.agencies().close().await.unwrap();
    let actor = world.portal.actor_for(world.owner).await.unwrap();
    let refused = world.portal.session(&actor, world.agency.id).await.unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::AgencyClosed { .. })));
    // A session from before does not open it again; the system does.
    let refused = still_open.agencies().reactivate().await.unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::AgencyClosed { .. })));
    let agency = world.systems().await.agencies().reactivate().await.unwrap();
    assert_eq!(agency.status, AgencyStatus::Active);
}

#[tokio::test]
async fn a_subdomain_stands_once() {
    let world = World::new().await;
    let draft = mcmp_core::portal::AgencyDraft {
        name: name("Second"),
        subdomain: slug("agency"),
        plan: PlanTier::Free,
    };
    let taken = world.portal.found_agency(world.owner, draft).await.unwrap_err();
    assert!(matches!(taken, Error::AlreadyExists { field: "subdomain", .. }));
}

#[tokio::test]
async fn the_log_is_exported_whole_in_order_and_with_before_and_after() {
    let world = World::new().await;
    let client = world.client("a").await;
    let other = world.client("b").await;
    let owner = world.owners().await;
    for _ in 0..300 {
        owner.clients().pause(client.id).await.unwrap();
        owner.clients().resume(client.id).await.unwrap();
    }
    owner.clients().pause(other.id).await.unwrap();
    let mut filter = mcmp_core::store::EventFilter::default();
    filter.client_id = Some(client.id);
    let mut export = owner.audit().export(filter.clone()).unwrap();
    let mut events: Vec<Event> = Vec::new();
    while let Some(page) = export.next_page().await.unwrap() {
        events.extend(page);
    }
    assert_eq!(events.len(), 601);
    assert!(events.is_sorted_by_key(|event| event.id));
    assert!(events.iter().all(|event| event.client_id == Some(client.id)));
    let change = &events[1].changes[0];
    assert_eq!(events[1].kind, EventKind::ClientStatusChanged);
    assert_eq!((change.before.as_str(), change.after.as_str()), (Some("active"), Some("paused")));

    let viewer = world.member("viewer", everywhere(Role::Viewer)).await;
    let viewer = world.session(viewer).await;
    assert!(matches!(viewer.audit().export(filter.clone()), Err(Error::Denied(_))));
    let refused = viewer.audit().list(&Query::new(filter)).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
}

#[tokio::test]
async fn exporting_is_a_feature_and_reading_is_not() {
    let world = World::with_plan(PlanTier::Free).await;
    let owner = world.owners().await;
    assert!(matches!(owner.audit().export(Default::default()), Err(Error::FeatureMissing(_))));
    assert!(!owner.audit().list(&Query::new(Default::default())).await.unwrap().items.is_empty());
}
