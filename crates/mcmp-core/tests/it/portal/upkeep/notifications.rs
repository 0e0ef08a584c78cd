//! People are told where they want to be told: at least once, and once as far as can be seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::agency::PlanTier;
use mcmp_core::fake::FakeNotifier;
use mcmp_core::id::UserId;
use mcmp_core::member::{NotificationPreferences, Role};
use mcmp_core::notification::{Notification, NotificationChannel, NotificationTopic};
use mcmp_core::portal::Upkeep;
use mcmp_core::service::{Address, ServiceErrorKind};

use super::super::desk::{Desk, clients_word};
use super::super::fixture::email;

const LEASE: TimeDelta = TimeDelta::minutes(1);
const TOPIC: NotificationTopic = NotificationTopic::ApprovalRequested;

struct Told {
    desk: Desk,
    mail: Arc<FakeNotifier>,
    upkeep: Upkeep,
    ann: UserId,
}

impl Told {
    /// The client's owner, Ann, wants to be told on `channels` what waits for her decision.
    async fn new(channels: &[NotificationChannel]) -> Self {
        let mail = Arc::new(FakeNotifier::new(NotificationChannel::Email));
        let own = mail.clone();
        let desk = Desk::assembled(1, |platform| platform, |builder| builder.notifier(own)).await;
        desk.ask_for(clients_word()).await;
        let (ann, _) = desk.person("ann", Role::ClientOwner).await;
        let wanted = NotificationPreferences(BTreeMap::from([(TOPIC, channels.to_vec())]));
        desk.portal.set_notification_preferences(ann, wanted).await.unwrap();
        let upkeep = desk.portal.upkeep().unwrap();
        Self { desk, mail, upkeep, ann }
    }

    async fn submit(&self) {
        let post = self.desk.draft("Please look").await;
        self.desk.owners().await.posts().submit(post.id, None).await.unwrap();
    }

    async fn send(&self) -> usize {
        let claimed = self.upkeep.claim_notifications(10, LEASE).await.unwrap();
        let count = claimed.len();
        for notification in claimed {
            self.upkeep.send_notification(notification).await.unwrap();
        }
        count
    }

    async fn only(&self) -> Notification {
        let [only] = self.desk.told(self.ann, TOPIC).await.try_into().unwrap();
        only
    }
}

#[tokio::test]
async fn people_are_told_where_they_want_to_be() {
    for channels in [
        vec![NotificationChannel::InApp],
        vec![NotificationChannel::InApp, NotificationChannel::Email],
        vec![NotificationChannel::Sms, NotificationChannel::Email],
        vec![],
    ] {
        let told = Told::new(&channels).await;
        told.submit().await;
        assert_eq!(told.send().await, 1);
        assert_eq!(told.send().await, 0, "settled");
        let only = told.only().await;
        let mails = told.mail.delivered();
        if channels.contains(&NotificationChannel::Email) {
            let [(to, message)] = mails.as_slice() else { panic!("{mails:?}") };
            assert_eq!(*to, Address::Email(email("ann")));
            assert_eq!((message.id, message.text.contains("waits")), (only.id, true));
            assert_eq!(only.sent.len(), 1);
            assert!(only.sent[0].failed.is_none());
        } else {
            assert!(mails.is_empty() && only.sent.is_empty());
        }
        assert_eq!((only.send_at, only.read_at), (None, None));
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_second_mail() {
    let told = Told::new(&[NotificationChannel::Email]).await;
    told.mail.fail_next(1, ServiceErrorKind::Transient);
    told.mail.lose_next_answer();
    told.submit().await;
    assert_eq!(told.send().await, 1);
    assert_eq!(told.send().await, 0, "not at once");
    told.desk.clock.advance(TimeDelta::minutes(2));
    assert_eq!(told.send().await, 1);
    told.desk.clock.advance(TimeDelta::minutes(6));
    assert_eq!(told.send().await, 1);
    assert_eq!((told.mail.calls(), told.mail.delivered().len()), (3, 1));
    assert_eq!(told.only().await.send_attempts, 3);
}

#[tokio::test]
async fn what_never_works_is_given_up_with_its_reason() {
    for (kind, calls) in [(ServiceErrorKind::Refused, 1), (ServiceErrorKind::Transient, 6)] {
        let told = Told::new(&[NotificationChannel::Email]).await;
        told.mail.fail_next(100, kind);
        told.submit().await;
        for _ in 0..30 {
            told.send().await;
            told.desk.clock.advance(TimeDelta::hours(1));
        }
        let only = told.only().await;
        assert_eq!((told.mail.calls(), only.send_at), (calls, None), "{kind:?}");
        assert!(only.sent[0].failed.as_ref().unwrap().contains("told to fail"));
    }
}

#[tokio::test]
async fn a_service_that_wants_to_be_left_alone_is() {
    let told = Told::new(&[NotificationChannel::Email]).await;
    let until = told.desk.hours(3);
    told.mail.fail_next(1, ServiceErrorKind::RateLimited { until: Some(until) });
    told.submit().await;
    told.send().await;
    assert_eq!(told.only().await.send_at, Some(until));
}

#[tokio::test]
async fn old_news_and_what_was_read_are_not_sent() {
    let told = Told::new(&[NotificationChannel::Email]).await;
    told.submit().await;
    let reader = told.desk.session(told.ann).await;
    reader.notifications().mark_read(told.only().await.id).await.unwrap();
    assert_eq!(told.send().await, 1);

    let late = Told::new(&[NotificationChannel::Email]).await;
    late.submit().await;
    late.desk.clock.advance(TimeDelta::days(2));
    assert_eq!(late.send().await, 1);
    for told in [told, late] {
        assert_eq!((told.mail.calls(), told.send().await), (0, 0));
    }
}

#[tokio::test]
async fn two_workers_do_not_tell_the_same_person_twice() {
    let told = Told::new(&[NotificationChannel::Email]).await;
    for _ in 0..5 {
        told.submit().await;
    }
    let (one, two) = tokio::join!(
        told.upkeep.claim_notifications(3, LEASE),
        told.upkeep.claim_notifications(9, LEASE),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.len() + two.len(), 5);
    for notification in one.into_iter().chain(two) {
        told.upkeep.send_notification(notification).await.unwrap();
    }
    assert_eq!(told.mail.calls(), 5);
}

#[tokio::test]
async fn only_one_notifier_serves_a_channel() {
    let (old, new) = (
        Arc::new(FakeNotifier::new(NotificationChannel::Email)),
        Arc::new(FakeNotifier::new(NotificationChannel::Email)),
    );
    let (first, second) = (old.clone(), new.clone());
    let world = super::super::fixture::World::assembled(PlanTier::Enterprise, 1, |builder| {
        builder.notifier(first).notifier(second)
    })
    .await;
    drop(world);
    assert_eq!(Arc::strong_count(&old), 1, "the later one takes its place");
}
