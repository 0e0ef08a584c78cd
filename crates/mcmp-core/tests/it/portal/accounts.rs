//! Channels, their tokens and what becomes of them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::access::Denied;
use mcmp_core::account::{AccountStatus, Platform, SocialAccount, UnknownOutcomePolicy};
use mcmp_core::agency::{Meter, PlanTier};
use mcmp_core::event::EventKind;
use mcmp_core::member::Role;
use mcmp_core::notification::{Notification, NotificationTopic};
use mcmp_core::portal::{AccountEdit, GrantEnd, Portal, RefreshOutcome};
use mcmp_core::publishing::{ErrorClass, MAX_FAILURES, MaxFailures, PauseReason, PublishError};
use mcmp_core::secret::SealPurpose;
use mcmp_core::store::{Commit, Query, Read};
use mcmp_core::time::Clock;
use mcmp_core::value::{Change, InvalidCode};

use super::fixture::{World, connection, everywhere, key_ring, name, only_for, tokens};

async fn connected(world: &World) -> SocialAccount {
    let client = world.client("bakery").await;
    world.owners().await.accounts().connect(client.id, connection("17841")).await.unwrap()
}

fn refused(end: GrantEnd) -> RefreshOutcome {
    RefreshOutcome::Refused { end, detail: "invalid_grant".to_owned() }
}

fn refreshed(access: &str, refresh: Option<&str>) -> RefreshOutcome {
    RefreshOutcome::Refreshed { tokens: tokens(access, refresh), granted_scopes: None }
}

async fn told(world: &World) -> Vec<Notification> {
    let session = world.systems().await;
    let query = Query::new(Default::default());
    Read::<Notification>::list(&world.store, session.scope(), &query).await.unwrap().items
}

#[tokio::test]
async fn tokens_are_sealed_to_their_client_and_account() {
    let world = World::new().await;
    let account = connected(&world).await;
    let opened = world.systems().await.grants().open_tokens(account.id).await.unwrap();
    assert_eq!(opened, tokens("ACCESS-1", Some("REFRESH-1")));

    let other = SocialAccount { id: connected_id(&world).await, ..account.clone() };
    let sealer = key_ring("a", &[]);
    let sealed = account.tokens.as_ref().unwrap();
    use mcmp_core::secret::Sealer;
    let context = account.seal_context(SealPurpose::ACCESS_TOKEN);
    assert!(sealer.open(&sealed.access, &context).is_ok());
    for context in [
        other.seal_context(SealPurpose::ACCESS_TOKEN),
        account.seal_context(SealPurpose::REFRESH_TOKEN),
    ] {
        assert!(sealer.open(&sealed.access, &context).is_err());
    }
}

async fn connected_id(world: &World) -> mcmp_core::id::AccountId {
    let client = world.client("other").await;
    let connection = connection("other");
    world.owners().await.accounts().connect(client.id, connection).await.unwrap().id
}

#[tokio::test]
async fn no_secret_is_in_what_is_shown_or_logged() {
    let world = World::new().await;
    let account = connected(&world).await;
    let grants = world.systems().await;
    let opened = grants.grants().open_tokens(account.id).await.unwrap();
    let outcome = refreshed("ACCESS-2", None);
    let shown = format!("{opened:?} {outcome:?} {:?}", connection("x"));
    let account = grants.grants().record_refresh(account.id, &opened, outcome).await.unwrap();
    let events = world.events().await;
    let said = [
        shown,
        format!("{account:?} {events:?}"),
        serde_json::to_string(&account).unwrap(),
        serde_json::to_string(&events).unwrap(),
    ];
    for text in said {
        assert!(!text.contains("ACCESS-") && !text.contains("REFRESH-"), "{text}");
    }
    let sealed = account.tokens.unwrap().access.to_text();
    assert!(!serde_json::to_string(&events).unwrap().contains(&sealed));
}

#[tokio::test]
async fn missing_scopes_are_named() {
    let world = World::new().await;
    let client = world.client("bakery").await;
    let mut connection = connection("17841");
    connection.required_scopes = BTreeSet::from(["publish".to_owned(), "insights".to_owned()]);
    let owner = world.owners().await;
    let refused = owner.accounts().connect(client.id, connection).await.unwrap_err();
    let Error::Invalid(invalid) = refused else { panic!("{refused}") };
    assert_eq!((invalid.code, invalid.field.as_str()), (InvalidCode::Required, "granted_scopes"));
    assert_eq!(invalid.message, "these were not granted: insights");
}

#[tokio::test]
async fn connecting_takes_a_sealer() {
    let world = World::new().await;
    let client = world.client("bakery").await;
    let portal = Portal::builder(std::sync::Arc::new(world.store.clone())).build().unwrap();
    let actor = portal.actor_for(world.owner).await.unwrap();
    let session = portal.session(&actor, world.agency.id).await.unwrap();
    let refused = session.accounts().connect(client.id, connection("17841")).await.unwrap_err();
    assert!(matches!(refused, Error::NotConfigured { part: "a sealer" }));
}

#[tokio::test]
async fn connected_again_it_is_the_same_channel_with_its_settings() {
    let world = World::new().await;
    let account = connected(&world).await;
    let owner = world.owners().await;
    let edit = AccountEdit {
        display_name: Some(name("Our bakery")),
        unknown_outcome: Some(UnknownOutcomePolicy::Retry),
        max_failures: Some(MaxFailures::new(3).unwrap()),
        limits_profile: Change::Set("premium".to_owned()),
        ..Default::default()
    };
    owner.accounts().edit(account.id, account.version, edit).await.unwrap();
    let gone = owner.accounts().disconnect(account.id).await.unwrap();
    assert_eq!((gone.status, gone.tokens), (AccountStatus::Disconnected, None));
    let lane = owner.accounts().lane(account.id).await.unwrap();
    assert!(lane.paused.contains(&PauseReason::Reconnect));

    let mut again = connection("17841");
    again.metadata = [("followers".to_owned(), 7.into())].into();
    again.tokens = tokens("ACCESS-2", None);
    let back = owner.accounts().connect(account.client_id, again).await.unwrap();
    assert_eq!((back.id, back.status), (account.id, AccountStatus::Connected));
    assert_eq!(back.display_name, name("Our bakery"));
    assert_eq!(back.unknown_outcome, UnknownOutcomePolicy::Retry);
    assert_eq!(back.max_failures.get(), 3);
    assert_eq!(back.limits_profile.as_deref(), Some("premium"));
    assert_eq!(back.metadata.len(), 2);
    let opened = world.systems().await.grants().open_tokens(account.id).await.unwrap();
    assert_eq!(opened, tokens("ACCESS-2", None), "the old grant is gone with its refresh token");
    assert!(owner.accounts().lane(account.id).await.unwrap().paused.is_empty());
}

#[tokio::test]
async fn how_often_a_part_may_fail_is_a_setting_with_a_range() {
    let world = World::new().await;
    let account = connected(&world).await;
    assert_eq!(account.max_failures.get(), MAX_FAILURES);
    let edit: AccountEdit = serde_json::from_str(r#"{ "max_failures": 5 }"#).unwrap();
    let owner = world.owners().await;
    let edited = owner.accounts().edit(account.id, account.version, edit).await.unwrap();
    assert_eq!(edited.max_failures, MaxFailures::new(5).unwrap());
    let nothing = AccountEdit::default();
    let same = owner.accounts().edit(account.id, edited.version, nothing).await.unwrap();
    assert_eq!(same.max_failures, edited.max_failures);
    for number in [0, 73] {
        let text = format!(r#"{{ "max_failures": {number} }}"#);
        let refused = serde_json::from_str::<AccountEdit>(&text).unwrap_err().to_string();
        let expected = format!("max_failures: must lie between 1 and 72, is {number}");
        assert!(refused.starts_with(&expected), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_channel_connected_by_many_at_once_is_one_and_counted_once() {
    for round in 0..10 {
        let world = World::new().await;
        let client = world.client("bakery").await;
        let owner = world.owners().await;
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let session = owner.clone();
                tokio::spawn(async move {
                    session.accounts().connect(client.id, connection("17841")).await
                })
            })
            .collect();
        let mut ids = BTreeSet::new();
        for task in tasks {
            ids.insert(task.await.unwrap().unwrap().id);
        }
        let (agency, scope) = (world.agency.id, owner.scope());
        let used = world.store.usage(scope, agency, Meter::Accounts, None).await.unwrap();
        assert_eq!((ids.len(), used), (1, 1), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_plans_channels_hold_when_many_are_connected_at_once() {
    let world = World::with_plan(PlanTier::Free).await;
    let client = world.client("bakery").await;
    let owner = world.owners().await;
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let session = owner.clone();
            tokio::spawn(async move {
                session.accounts().connect(client.id, connection(&format!("id{i}"))).await
            })
        })
        .collect();
    let mut accounts = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(account) => accounts.push(account),
            Err(error) => assert!(matches!(error, Error::LimitReached(_)), "{error}"),
        }
    }
    assert_eq!(accounts.len(), 3);
    // What is given back can be taken again; disconnecting twice gives back once.
    for _ in 0..2 {
        owner.accounts().disconnect(accounts[0].id).await.unwrap();
    }
    owner.accounts().connect(client.id, connection("new")).await.unwrap();
    let refused = owner.accounts().connect(client.id, connection("id-more")).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached(_)));
}

#[tokio::test]
async fn a_refresh_keeps_the_refresh_token_and_all_else() {
    let world = World::new().await;
    let account = connected(&world).await;
    let system = world.systems().await;
    let mut asked_with = system.grants().open_tokens(account.id).await.unwrap();
    for (access, refresh, kept) in
        [("A2", None, "REFRESH-1"), ("A3", Some("R3"), "R3"), ("A4", Some(""), "R3")]
    {
        let outcome = refreshed(access, refresh);
        let after = system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
        assert_eq!(after.metadata, account.metadata);
        assert_eq!(after.granted_scopes, account.granted_scopes);
        asked_with = system.grants().open_tokens(account.id).await.unwrap();
        assert_eq!(asked_with, tokens(access, Some(kept)));
    }
}

#[test]
fn only_a_clear_refusal_ends_a_grant() {
    for class in [
        ErrorClass::Permission,
        ErrorClass::RateLimited { until: None },
        ErrorClass::Transient,
        ErrorClass::InvalidContent,
        ErrorClass::Duplicate,
        ErrorClass::UnknownOutcome,
    ] {
        let outcome = RefreshOutcome::from(Err(PublishError::new(class, "no")));
        assert_eq!(outcome, RefreshOutcome::Temporary, "{class:?}");
    }
    let outcome = RefreshOutcome::from(Err(PublishError::new(ErrorClass::Reconnect, "no")));
    assert!(matches!(outcome, RefreshOutcome::Refused { .. }));
}

#[tokio::test]
async fn a_temporary_error_leaves_it_connected() {
    let world = World::new().await;
    let account = connected(&world).await;
    let system = world.systems().await;
    let asked_with = system.grants().open_tokens(account.id).await.unwrap();
    for _ in 0..10 {
        let outcome = RefreshOutcome::Temporary;
        let after = system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
        assert_eq!(after, account);
    }
    assert!(told(&world).await.is_empty());
}

#[tokio::test]
async fn a_refusal_is_told_once_per_incident_to_those_who_can_act() {
    let world = World::new().await;
    let account = connected(&world).await;
    let client = world.owners().await.clients().get(account.client_id).await.unwrap();
    let other = world.client("other").await;
    let manager = world.member("manager", only_for(Role::Manager, &[&client])).await;
    world.member("creator", only_for(Role::Creator, &[&client])).await;
    world.member("elsewhere", only_for(Role::Manager, &[&other])).await;

    let system = world.systems().await;
    let asked_with = system.grants().open_tokens(account.id).await.unwrap();
    for end in [GrantEnd::Expired, GrantEnd::Expired, GrantEnd::Revoked] {
        let outcome = refused(end);
        system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
    }
    let after = world.owners().await.accounts().get(account.id).await.unwrap();
    assert_eq!(after.status, AccountStatus::Revoked);
    assert_eq!(after.status_detail.as_deref(), Some("invalid_grant"));
    let lane = world.owners().await.accounts().lane(account.id).await.unwrap();
    assert!(lane.paused.contains(&PauseReason::Reconnect));
    let first = told(&world).await;
    let mut users: Vec<_> = first.iter().map(|one| one.user_id).collect();
    users.sort_unstable();
    let mut expected = [world.owner, manager];
    expected.sort_unstable();
    assert_eq!(users, expected);
    assert!(first.iter().all(|one| one.topic == NotificationTopic::AccountNeedsReconnect
        && one.subject == mcmp_core::event::Subject::of(&account)));

    // Connected again and refused again: another incident.
    let mut again = connection("17841");
    again.tokens = tokens("ACCESS-9", Some("REFRESH-9"));
    world.owners().await.accounts().connect(account.client_id, again).await.unwrap();
    let asked_with = system.grants().open_tokens(account.id).await.unwrap();
    let outcome = refused(GrantEnd::Expired);
    system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
    assert_eq!(told(&world).await.len(), 4);
}

#[tokio::test]
async fn an_outcome_of_a_grant_that_is_gone_changes_nothing() {
    let world = World::new().await;
    let account = connected(&world).await;
    let (system, owner) = (world.systems().await, world.owners().await);
    let asked_with = system.grants().open_tokens(account.id).await.unwrap();
    let mut again = connection("17841");
    again.tokens = tokens("ACCESS-2", Some("REFRESH-2"));
    let now = owner.accounts().connect(account.client_id, again).await.unwrap();
    for outcome in [refused(GrantEnd::Expired), refreshed("STALE", None)] {
        let after = system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
        assert_eq!(after, now);
    }
    owner.accounts().disconnect(account.id).await.unwrap();
    let asked_with = tokens("ACCESS-2", Some("REFRESH-2"));
    let outcome = refreshed("STALE", None);
    let after = system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
    assert_eq!((after.status, after.tokens), (AccountStatus::Disconnected, None));
}

#[tokio::test]
async fn an_edit_during_a_refresh_loses_neither() {
    let world = World::new().await;
    let account = connected(&world).await;
    let (system, owner) = (world.systems().await, world.owners().await);
    let asked_with = system.grants().open_tokens(account.id).await.unwrap();
    let edit = AccountEdit { display_name: Some(name("Renamed")), ..Default::default() };
    owner.accounts().edit(account.id, account.version, edit).await.unwrap();
    // A rotation of keys changes the seal, not the token.
    let portal = world.with_keys(key_ring("b", &["a"]));
    let actor = mcmp_core::access::Actor::system("rotation");
    let rotation = portal.session(&actor, world.agency.id).await.unwrap();
    assert!(rotation.grants().reseal(account.id).await.unwrap());
    assert!(!rotation.grants().reseal(account.id).await.unwrap());
    let outcome = refreshed("ACCESS-2", None);
    let after = rotation.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
    assert_eq!(after.display_name, name("Renamed"));
    assert_eq!(after.tokens.as_ref().unwrap().access.key_id().as_str(), "b");
    let opened = rotation.grants().open_tokens(account.id).await.unwrap();
    assert_eq!(opened, tokens("ACCESS-2", Some("REFRESH-1")));
    // Without the old key nothing is lost any more.
    let portal = world.with_keys(key_ring("b", &[]));
    let session = portal.session(&actor, world.agency.id).await.unwrap();
    assert!(session.grants().open_tokens(account.id).await.is_ok());
}

#[tokio::test]
async fn a_grant_that_cannot_be_refreshed_expires_visibly() {
    let world = World::new().await;
    let client = world.client("bakery").await;
    let mut plain = connection("17841");
    plain.tokens = tokens("ACCESS-1", None);
    plain.tokens.access_expires_at = Some(world.clock.now() + TimeDelta::days(60));
    let account = world.owners().await.accounts().connect(client.id, plain).await.unwrap();
    let system = world.systems().await;
    let notice = TimeDelta::days(7);
    let mut seen = Vec::new();
    for _ in 0..61 {
        let account = system.grants().record_expiry(account.id, notice).await.unwrap();
        seen.push(account.status);
        world.clock.advance(TimeDelta::days(1));
    }
    let count = |status| seen.iter().filter(|s| **s == status).count();
    let counts = [AccountStatus::Connected, AccountStatus::Expiring, AccountStatus::Expired];
    assert_eq!(counts.map(count), [53, 7, 1]);
    let messages: Vec<_> = told(&world).await.into_iter().map(|n| n.message).collect();
    assert_eq!(messages.len(), 2, "once that it will end, once that it has: {messages:?}");
    let changed = world.events().await.into_iter();
    assert_eq!(changed.filter(|e| e.kind == EventKind::AccountStatusChanged).count(), 2);
}

#[tokio::test]
async fn tokens_are_for_the_system_alone() {
    let world = World::new().await;
    let account = connected(&world).await;
    let owner = world.owners().await;
    let asked_with = tokens("ACCESS-1", Some("REFRESH-1"));
    let refusals = [
        owner.grants().open_tokens(account.id).await.map(drop),
        owner.grants().reseal(account.id).await.map(drop),
        owner.grants().record_expiry(account.id, TimeDelta::days(1)).await.map(drop),
        owner
            .grants()
            .record_refresh(account.id, &asked_with, refused(GrantEnd::Revoked))
            .await
            .map(drop),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(Error::Denied(Denied::NeedsSystem))));
    }
}

#[tokio::test]
async fn a_channel_is_paused_and_resumed_by_who_manages_it() {
    let world = World::new().await;
    let account = connected(&world).await;
    let creator = world.member("creator", everywhere(Role::Creator)).await;
    let creator = world.session(creator).await;
    assert!(matches!(creator.accounts().pause(account.id).await, Err(Error::Denied(_))));
    let owner = world.owners().await;
    for _ in 0..2 {
        let lane = owner.accounts().pause(account.id).await.unwrap();
        assert!(lane.paused.contains(&PauseReason::Account));
    }
    assert!(owner.accounts().resume(account.id).await.unwrap().paused.is_empty());
    let paused = world.events().await.into_iter();
    assert_eq!(paused.filter(|event| event.kind == EventKind::AccountPaused).count(), 2);
}

#[tokio::test]
async fn a_channel_of_a_paused_client_starts_paused() {
    let world = World::new().await;
    let client = world.client("bakery").await;
    let owner = world.owners().await;
    owner.clients().pause(client.id).await.unwrap();
    let account = owner.accounts().connect(client.id, connection("17841")).await.unwrap();
    assert_eq!(account.platform, Platform::INSTAGRAM);
    let lane = owner.accounts().lane(account.id).await.unwrap();
    assert!(lane.paused.contains(&PauseReason::Client));
    owner.clients().resume(client.id).await.unwrap();
    assert!(owner.accounts().lane(account.id).await.unwrap().paused.is_empty());
}
