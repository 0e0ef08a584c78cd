//! A person's own record, and who somebody is.

use mcmp_core::Error;
use mcmp_core::event::EventKind;
use mcmp_core::member::{NotificationPreferences, Role};
use mcmp_core::notification::{NotificationChannel, NotificationTopic};
use mcmp_core::portal::{ProfileEdit, UserDraft};
use mcmp_core::store::Query;

use super::fixture::{World, email, everywhere, name, slug};

#[tokio::test]
async fn an_address_and_a_sign_in_elsewhere_stand_for_one_person() {
    let world = World::new().await;
    let (eve, mallory) = (world.user("eve").await, world.user("mallory").await);
    let draft = UserDraft { email: email("EVE"), name: name("Second Eve") };
    let taken = world.portal.register_user(draft).await.unwrap_err();
    assert!(matches!(taken, Error::AlreadyExists { field: "email", .. }));
    let google = slug("google");
    for _ in 0..2 {
        let user = world.portal.link_identity(eve.id, google.clone(), "sub-1").await.unwrap();
        assert_eq!(user.identities.len(), 1);
    }
    let taken = world.portal.link_identity(mallory.id, google.clone(), "sub-1").await.unwrap_err();
    assert!(matches!(taken, Error::AlreadyExists { field: "identity", .. }));
    let actor = world.portal.actor_by_identity(&google, "sub-1").await.unwrap();
    assert_eq!(actor.as_ref().user(), Some(eve.id));
    world.portal.unlink_identity(eve.id, &google, "sub-1").await.unwrap();
    let gone = world.portal.actor_by_identity(&google, "sub-1").await.unwrap_err();
    assert!(matches!(gone, Error::InvalidToken));
    for subject in ["", " ", &"x".repeat(256)] {
        let refused = world.portal.link_identity(eve.id, google.clone(), subject).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{subject:?}");
    }
    let found = world.portal.user_by_email(&email("eve")).await.unwrap();
    assert_eq!(found.map(|user| user.id), Some(eve.id));
    assert_eq!(world.portal.user_by_email(&email("nobody")).await.unwrap(), None);
}

#[tokio::test]
async fn who_is_switched_off_does_not_get_in() {
    let world = World::new().await;
    let eve = world.user("eve").await;
    world.join(&eve, everywhere(Role::Creator)).await;
    world.portal.link_identity(eve.id, slug("google"), "sub-1").await.unwrap();
    world.portal.set_user_active(eve.id, false).await.unwrap();
    assert!(matches!(world.portal.actor_for(eve.id).await, Err(Error::InvalidToken)));
    let refused = world.portal.actor_by_identity(&slug("google"), "sub-1").await;
    assert!(matches!(refused, Err(Error::InvalidToken)));
    world.portal.set_user_active(eve.id, true).await.unwrap();
    world.session(eve.id).await;
}

#[tokio::test]
async fn colleagues_see_a_new_name_and_read_of_it() {
    let world = World::new().await;
    let eve = world.user("eve").await;
    world.join(&eve, everywhere(Role::Creator)).await;
    let edit = ProfileEdit { name: Some(name("Eve Smith")), email: Some(email("smith")) };
    let user = world.portal.update_profile(eve.id, edit).await.unwrap();
    assert_eq!((user.name, user.email), (name("Eve Smith"), email("smith")));
    let owner = world.owners().await;
    let all = owner.members().list(&Query::new(Default::default())).await.unwrap();
    let member = all.items.into_iter().find(|member| member.user_id == eve.id).unwrap();
    assert_eq!((member.display_name, member.email), (name("Eve Smith"), email("smith")));
    let last = world.events().await.pop().unwrap();
    assert_eq!((last.kind, last.actor.user()), (EventKind::MemberUpdated, Some(eve.id)));
}

#[tokio::test]
async fn preferences_name_each_channel_once() {
    let world = World::new().await;
    let both = |first, second| {
        NotificationPreferences([(NotificationTopic::Mention, vec![first, second])].into())
    };
    let fine = both(NotificationChannel::Email, NotificationChannel::InApp);
    let user = world.portal.set_notification_preferences(world.owner, fine.clone()).await.unwrap();
    assert_eq!(user.notification_preferences, fine);
    let twice = both(NotificationChannel::Email, NotificationChannel::Email);
    let refused = world.portal.set_notification_preferences(world.owner, twice).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)));
}
