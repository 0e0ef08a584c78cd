//! Members see only the clients they were given.

use mcmp_core::Error;
use mcmp_core::member::{Coverage, Permission, Role};
use mcmp_core::portal::{AccountEdit, AgencyDraft, ApiKeyDraft, InvitationDraft, WebhookDraft};
use mcmp_core::store::{MembershipFilter, Query};
use mcmp_core::value::WebUrl;

use super::fixture::{World, connection, email, everywhere, name, names, only_for, slug};

#[tokio::test]
async fn nothing_of_another_client_is_seen_or_touched() {
    let world = World::new().await;
    let (a, b) = (world.client("a").await, world.client("b").await);
    let mut all_of_a = only_for(Role::Admin, &[&a]);
    all_of_a.added = mcmp_core::member::PermissionSet::all();
    let insider = world.member("insider", all_of_a).await;
    let only_b = world.user("only-b").await;
    let only_b = world.join(&only_b, only_for(Role::Manager, &[&b])).await;
    world.member("both", only_for(Role::Manager, &[&a, &b])).await;
    let owner = world.owners().await;
    let account = owner.accounts().connect(b.id, connection("b")).await.unwrap();
    let for_b = || Coverage::clients([b.id]).unwrap();
    let (invitation, _) = owner
        .members()
        .invite(InvitationDraft {
            email: email("later"),
            grant: only_for(Role::Viewer, &[&b]),
            valid_days: 1,
        })
        .await
        .unwrap();
    let draft = ApiKeyDraft {
        name: name("key"),
        permissions: [Permission::View].into_iter().collect(),
        coverage: for_b(),
        expires_at: None,
    };
    let (key, _) = owner.api_keys().create(draft).await.unwrap();
    let url = WebUrl::new("url", "https://hooks.example.com").unwrap();
    let draft = WebhookDraft {
        name: name("hook"),
        url,
        coverage: for_b(),
        event_kinds: Default::default(),
    };
    let (endpoint, _) = owner.webhooks().create(draft).await.unwrap();

    let session = world.session(insider).await;
    let members = session.members().list(&Query::new(Default::default())).await.unwrap().items;
    assert_eq!(members.len(), 2, "oneself, and the one of both clients");
    assert!(members.iter().all(|member| !names(&member.grant.coverage, b.id)));
    let mut filter = MembershipFilter::default();
    filter.covers = Some(b.id);
    // A filter shows no more than there is without it.
    assert!(session.members().list(&Query::new(filter)).await.unwrap().items.len() <= 1);
    let invitations = session.members().invitations(&Query::new(Default::default())).await;
    let invitations = invitations.unwrap().items;
    assert_eq!(invitations.len(), 2, "as with members");
    assert!(invitations.iter().all(|one| !names(&one.grant.coverage, b.id)));
    assert!(
        session.api_keys().list(&Query::new(Default::default())).await.unwrap().items.is_empty()
    );
    assert!(
        session.webhooks().list(&Query::new(Default::default())).await.unwrap().items.is_empty()
    );
    assert!(
        session.accounts().list(&Query::new(Default::default())).await.unwrap().items.is_empty()
    );
    let mut filter = mcmp_core::store::EventFilter::default();
    filter.client_id = Some(b.id);
    let not_there = [
        session.members().get(only_b.id).await.map(drop),
        session.members().remove(only_b.id).await.map(drop),
        session.members().revoke_invitation(invitation.id).await.map(drop),
        session.api_keys().get(key.id).await.map(drop),
        session.api_keys().revoke(key.id).await.map(drop),
        session.webhooks().get(endpoint.id).await.map(drop),
        session.webhooks().delete(endpoint.id).await.map(drop),
        session.webhooks().rotate_secret(endpoint.id).await.map(drop),
        session.accounts().get(account.id).await.map(drop),
        session.accounts().lane(account.id).await.map(drop),
        session.accounts().disconnect(account.id).await.map(drop),
        session.accounts().connect(b.id, connection("x")).await.map(drop),
        session
            .accounts()
            .edit(account.id, account.version, AccountEdit::default())
            .await
            .map(drop),
        session.audit().list(&Query::new(filter.clone())).await.map(drop),
        session.audit().export(filter).map(drop),
    ];
    for (i, answer) in not_there.into_iter().enumerate() {
        assert!(matches!(answer, Err(Error::NotFound { .. })), "{i}: {answer:?}");
    }
    // The whole agency's log is not for a member of one client.
    let whole = session.audit().list(&Query::new(Default::default())).await;
    assert!(matches!(whole, Err(Error::Denied(_))));
    let mut own = mcmp_core::store::EventFilter::default();
    own.client_id = Some(a.id);
    let log = session.audit().list(&Query::new(own)).await.unwrap().items;
    assert!(!log.is_empty() && log.iter().all(|event| event.client_id == Some(a.id)));
}

#[tokio::test]
async fn another_agencys_clients_cannot_be_covered() {
    let world = World::new().await;
    let rival = world.user("rival").await;
    let draft = AgencyDraft {
        name: name("Rival"),
        subdomain: slug("rival"),
        plan: mcmp_core::agency::PlanTier::Enterprise,
    };
    let (agency, _) = world.portal.found_agency(rival.id, draft).await.unwrap();
    let ours = world.client("ours").await;
    let actor = world.portal.actor_for(rival.id).await.unwrap();
    let session = world.portal.session(&actor, agency.id).await.unwrap();
    let invited = session
        .members()
        .invite(InvitationDraft {
            email: email("spy"),
            grant: only_for(Role::Viewer, &[&ours]),
            valid_days: 1,
        })
        .await;
    assert!(matches!(invited, Err(Error::Invalid(i)) if i.field == "coverage.clients[0]"));
    assert!(
        session.members().list(&Query::new(Default::default())).await.unwrap().items.len() == 1
    );
    let refused = world.portal.session(&actor, world.agency.id).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
    let connected = session.accounts().connect(ours.id, connection("x")).await;
    assert!(matches!(connected, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn the_clients_own_people_do_not_see_the_agencys() {
    let world = World::new().await;
    let client = world.client("a").await;
    world.member("admin", everywhere(Role::Admin)).await;
    let guest = world.member("guest", only_for(Role::ClientOwner, &[&client])).await;
    let session = world.session(guest).await;
    let refused = session.members().list(&Query::new(Default::default())).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
    let own = world.portal.actor_for(guest).await.unwrap();
    let mcmp_core::access::Actor::User { memberships, .. } = own else { panic!() };
    session.members().leave(memberships[0].id).await.unwrap();
}

#[tokio::test]
async fn notifications_are_ones_own() {
    let world = World::new().await;
    let client = world.client("a").await;
    let manager = world.member("manager", only_for(Role::Manager, &[&client])).await;
    let account =
        world.owners().await.accounts().connect(client.id, connection("x")).await.unwrap();
    let system = world.systems().await;
    let asked_with = system.grants().open_tokens(account.id).await.unwrap();
    let outcome = mcmp_core::portal::RefreshOutcome::Refused {
        end: mcmp_core::portal::GrantEnd::Revoked,
        detail: "gone".to_owned(),
    };
    system.grants().record_refresh(account.id, &asked_with, outcome).await.unwrap();
    let (owner, manager) = (world.owners().await, world.session(manager).await);
    let query = Query::new(Default::default());
    let own = owner.notifications().list(&query).await.unwrap().items;
    let theirs = manager.notifications().list(&query).await.unwrap().items;
    assert_eq!((own.len(), theirs.len()), (1, 1));
    let refused = owner.notifications().mark_read(theirs[0].id).await;
    assert!(matches!(refused, Err(Error::NotFound { .. })));
    for _ in 0..2 {
        assert!(owner.notifications().mark_read(own[0].id).await.unwrap().read_at.is_some());
    }
    assert_eq!(owner.notifications().unread().await.unwrap(), 0);
    assert_eq!(manager.notifications().unread().await.unwrap(), 1);
    assert_eq!(manager.notifications().mark_all_read().await.unwrap(), 1);
    assert_eq!(manager.notifications().mark_all_read().await.unwrap(), 0);
    assert!(system.notifications().list(&query).await.is_err());
}
