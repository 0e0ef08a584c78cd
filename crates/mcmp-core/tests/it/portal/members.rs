//! Invitations and memberships.

use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::access::GrantRefused;
use mcmp_core::agency::{Meter, PlanTier};
use mcmp_core::event::EventKind;
use mcmp_core::member::{Permission, Role};
use mcmp_core::portal::InvitationDraft;
use mcmp_core::secret::SecretText;
use mcmp_core::store::{Commit, Query};

use tokio::sync::Barrier;

use super::fixture::{World, email, everywhere, only_for};

fn draft(local: &str, role: Role) -> InvitationDraft {
    InvitationDraft { email: email(local), grant: everywhere(role), valid_days: 7 }
}

#[tokio::test]
async fn an_invitation_is_taken_once_by_its_addressee() {
    let world = World::new().await;
    let (eve, mallory) = (world.user("eve").await, world.user("mallory").await);
    let owner = world.owners().await;
    let (invitation, token) = owner.members().invite(draft("eve", Role::Creator)).await.unwrap();

    let stolen = world.portal.accept_invitation(&token, mallory.id).await.unwrap_err();
    assert!(matches!(stolen, Error::Invalid(invalid) if invalid.field == "email"));
    let member = world.portal.accept_invitation(&token, eve.id).await.unwrap();
    assert_eq!(member.grant, invitation.grant);
    let again = world.portal.accept_invitation(&token, eve.id).await.unwrap_err();
    assert!(matches!(again, Error::InvalidToken));

    let kinds: Vec<_> = world.events().await.into_iter().map(|event| event.kind).collect();
    let expected =
        [EventKind::InvitationCreated, EventKind::InvitationAccepted, EventKind::MemberAdded];
    assert!(kinds.ends_with(&expected), "{kinds:?}");
}

#[tokio::test]
async fn expired_revoked_and_foreign_tokens_get_one_answer() {
    let world = World::new().await;
    let eve = world.user("eve").await;
    let owner = world.owners().await;
    let (_, late) = owner.members().invite(draft("eve", Role::Creator)).await.unwrap();
    world.clock.advance(TimeDelta::days(7));
    let (revoked, token) = owner.members().invite(draft("eve", Role::Creator)).await.unwrap();
    owner.members().revoke_invitation(revoked.id).await.unwrap();
    let (replaced, old) = owner.members().invite(draft("eve", Role::Creator)).await.unwrap();
    let (fresh, new) = owner.members().invite_again(replaced.id).await.unwrap();

    for token in [late, token, old, SecretText::new("mcmpinvite_nonsense"), SecretText::new("")] {
        let refused = world.portal.accept_invitation(&token, eve.id).await.unwrap_err();
        assert!(matches!(refused, Error::InvalidToken), "{refused}");
    }
    world.portal.accept_invitation(&new, eve.id).await.unwrap();
    let taken = owner.members().invite_again(fresh.id).await.unwrap_err();
    assert!(matches!(taken, Error::Invalid(_)));
}

#[tokio::test]
async fn the_days_of_an_invitation_have_a_range() {
    let world = World::new().await;
    let owner = world.owners().await;
    for (days, is_fine) in [(0, false), (1, true), (30, true), (31, false), (u32::MAX, false)] {
        let draft = InvitationDraft { valid_days: days, ..draft("eve", Role::Viewer) };
        assert_eq!(owner.members().invite(draft).await.is_ok(), is_fine, "{days}");
    }
}

#[tokio::test]
async fn what_a_member_offered_dies_with_the_membership() {
    let world = World::new().await;
    let admin = world.user("admin").await;
    let membership = world.join(&admin, everywhere(Role::Admin)).await;
    let eve = world.user("eve").await;
    let session = world.session(admin.id).await;
    let (_, token) = session.members().invite(draft("eve", Role::Admin)).await.unwrap();
    world.owners().await.members().remove(membership.id).await.unwrap();
    let refused = world.portal.accept_invitation(&token, eve.id).await.unwrap_err();
    assert!(matches!(refused, Error::InvalidToken));
}

#[tokio::test]
async fn one_widens_nobodys_rights_beyond_ones_own_and_never_ones_own() {
    let world = World::new().await;
    let client = world.client("a").await;
    let manager = world.user("manager").await;
    let own = world.join(&manager, only_for(Role::Manager, &[&client])).await;
    let session = world.session(manager.id).await;

    let refused = session.members().invite(draft("eve", Role::Creator)).await.unwrap_err();
    assert!(matches!(refused, Error::GrantRefused(GrantRefused::Denied(_))), "{refused}");
    let mut grant = only_for(Role::Creator, &[&client]);
    grant.added = [Permission::ManageApiKeys].into_iter().collect();
    let wide = InvitationDraft { grant, ..draft("eve", Role::Creator) };
    let refused = session.members().invite(wide).await.unwrap_err();
    assert!(matches!(refused, Error::GrantRefused(GrantRefused::BeyondOwn { missing })
        if missing.contains(Permission::ManageApiKeys)));
    // A role says who decides, so it is not given to be emptied.
    let mut hollow = only_for(Role::Owner, &[&client]);
    hollow.removed = Role::Owner.permissions();
    let hollow = InvitationDraft { grant: hollow, ..draft("eve", Role::Creator) };
    let refused = session.members().invite(hollow).await.unwrap_err();
    assert!(matches!(refused, Error::GrantRefused(GrantRefused::BeyondOwn { .. })));

    // Another membership of one's own is no ladder either.
    let narrow = world.join(&manager, only_for(Role::Viewer, &[&client])).await;
    let session = world.session(manager.id).await;
    let grant = only_for(Role::Manager, &[&client]);
    let refused = session.members().change_grant(narrow.id, narrow.version, grant).await;
    assert!(matches!(refused, Err(Error::GrantRefused(GrantRefused::BeyondOwn { .. }))));
    let less = only_for(Role::Creator, &[&client]);
    session.members().change_grant(own.id, own.version, less).await.unwrap();
}

#[tokio::test]
async fn the_last_owner_stays() {
    let world = World::new().await;
    let owner = world.owners().await;
    let own = &world.owners_membership;
    let is_refused = |error: Error| matches!(error, Error::Invalid(i) if i.field == "grant.role");
    assert!(is_refused(owner.members().leave(own.id).await.unwrap_err()));
    assert!(is_refused(owner.members().remove(own.id).await.unwrap_err()));
    let demoted = everywhere(Role::Admin);
    let refused = owner.members().change_grant(own.id, own.version, demoted).await.unwrap_err();
    assert!(is_refused(refused));
    let mut hollow = everywhere(Role::Owner);
    hollow.removed = [Permission::ManageMembers].into_iter().collect();
    let refused = owner.members().change_grant(own.id, own.version, hollow).await.unwrap_err();
    assert!(is_refused(refused));

    world.member("second", everywhere(Role::Owner)).await;
    owner.members().leave(own.id).await.unwrap();
}

#[tokio::test]
async fn an_owner_who_goes_is_written_on_the_agency() {
    // That is what makes two owners who go at the same time meet.
    let world = World::new().await;
    let second = world.user("second").await;
    let membership = world.join(&second, everywhere(Role::Owner)).await;
    let before = world.owners().await.agency().version;
    world.session(second.id).await.members().leave(membership.id).await.unwrap();
    assert!(world.owners().await.agency().version > before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_owners_who_leave_at_once_one_stays() {
    for round in 0..20 {
        let world = World::new().await;
        let mut going = vec![(world.owners().await, world.owners_membership.id)];
        for i in 0..5 {
            let user = world.user(&format!("owner{i}")).await;
            let membership = world.join(&user, everywhere(Role::Owner)).await;
            going.push((world.session(user.id).await, membership.id));
        }
        let all = going.len();
        let gate = Arc::new(Barrier::new(all));
        let tasks: Vec<_> = going
            .into_iter()
            .map(|(session, id)| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move {
                    gate.wait().await;
                    session.members().leave(id).await
                })
            })
            .collect();
        let mut left = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => left += 1,
                Err(error) => assert!(
                    matches!(error, Error::Invalid(_) | Error::Conflict { .. }),
                    "round {round}: {error}"
                ),
            }
        }
        assert!((1..all).contains(&left), "round {round}: {left} left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accepted_by_many_at_once_an_invitation_gives_one_membership() {
    for round in 0..20 {
        let world = World::new().await;
        let eve = world.user("eve").await;
        let owner = world.owners().await;
        let (_, token) = owner.members().invite(draft("eve", Role::Creator)).await.unwrap();
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (portal, token) = (world.portal.clone(), token.clone());
                tokio::spawn(async move { portal.accept_invitation(&token, eve.id).await.is_ok() })
            })
            .collect();
        let mut accepted = 0;
        for task in tasks {
            accepted += usize::from(task.await.unwrap());
        }
        let all = owner.members().list(&Query::new(Default::default())).await.unwrap();
        assert_eq!((accepted, all.items.len()), (1, 2), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_plans_seats_hold_when_many_join_at_once() {
    let world = World::with_plan(PlanTier::Professional).await;
    let owner = world.owners().await;
    let mut offers = Vec::new();
    for i in 0..10 {
        let user = world.user(&format!("user{i}")).await;
        let draft = draft(&format!("user{i}"), Role::Creator);
        let (_, token) = owner.members().invite(draft).await.unwrap();
        offers.push((world.portal.clone(), user.id, token));
    }
    let tasks: Vec<_> = offers
        .into_iter()
        .map(|(portal, user, token)| {
            tokio::spawn(async move { portal.accept_invitation(&token, user).await })
        })
        .collect();
    let mut joined = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => joined += 1,
            Err(error) => assert!(matches!(error, Error::LimitReached(_)), "{error}"),
        }
    }
    // Five seats, one of them the owner's.
    assert_eq!(joined, 4);
    let scope = owner.scope();
    let used = world.store.usage(scope, world.agency.id, Meter::Members, None).await.unwrap();
    assert_eq!(used, 5);
    let refused = owner.members().invite(draft("late", Role::Creator)).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached(_)), "said at the invitation already: {refused}");
}

#[tokio::test]
async fn the_clients_own_people_take_no_seat() {
    let world = World::with_plan(PlanTier::Free).await;
    let client = world.client("a").await;
    world.member("owner2", only_for(Role::ClientOwner, &[&client])).await;
    let owner = world.owners().await;
    let refused = owner.members().invite(draft("eve", Role::Viewer)).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached(_)));
}

#[tokio::test]
async fn what_somebody_saw_first_is_not_written_over() {
    let world = World::new().await;
    let eve = world.user("eve").await;
    let seen = world.join(&eve, everywhere(Role::Creator)).await;
    let owner = world.owners().await;
    let grant = everywhere(Role::Viewer);
    owner.members().change_grant(seen.id, seen.version, grant.clone()).await.unwrap();
    let late = owner.members().change_grant(seen.id, seen.version, grant).await.unwrap_err();
    assert!(matches!(late, Error::Conflict { .. }));
}
