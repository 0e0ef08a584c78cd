//! People are told outside the product, once.

use std::sync::Arc;

use mcmp_core::fake::{FakeCall, FakeNotifier};
use mcmp_core::member::NotificationPreferences;
use mcmp_core::notification::{NotificationChannel, NotificationTopic};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::service::ServiceErrorKind;

use crate::world::{World, seconds, stop};

#[tokio::test(start_paused = true)]
async fn a_channel_that_must_be_connected_again_is_told_once_however_often_it_takes() {
    let mail = Arc::new(FakeNotifier::new(NotificationChannel::Email));
    let world = World::with(|builder| builder.notifier(mail.clone())).await;
    let by_mail = vec![NotificationChannel::InApp, NotificationChannel::Email];
    let topics = [(NotificationTopic::AccountNeedsReconnect, by_mail)].into();
    let preferences = NotificationPreferences(topics);
    world.portal.set_notification_preferences(world.owner, preferences).await.unwrap();
    let client = world.client("acme").await;
    world.ending_account(&client, "a", 600).await;
    let refused = PublishError::new(ErrorClass::Reconnect, "the grant was taken back");
    world.platform.fail_next(FakeCall::Refresh, 1, &refused);
    mail.fail_next(1, ServiceErrorKind::Transient);
    mail.lose_next_answer();
    let engines = [0, 1].map(|_| world.engine().build().unwrap().start());
    seconds(30).await;
    assert_eq!((mail.calls(), mail.delivered().len()), (1, 0));
    stop(engines).await;
    let engines = [0, 1].map(|_| world.engine().build().unwrap().start());
    seconds(3_600).await;
    assert_eq!(mail.delivered().len(), 1);
    assert_eq!(mail.calls(), 3, "failed, lost, and known by its id");
    stop(engines).await;
}
