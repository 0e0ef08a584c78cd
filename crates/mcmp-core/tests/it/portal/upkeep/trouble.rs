//! What stands still is told once, and has a way out.

use mcmp_core::fake::{FakeCall, OnGoLive};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::ClientEdit;
use mcmp_core::publishing::{
    ErrorClass, HoldReason, LatenessPolicy, PublishError, WayOut, WhenLate,
};
use mcmp_core::store::Query;

use super::super::desk::Desk;

const TOPIC: NotificationTopic = NotificationTopic::PostNeedsAttention;

impl Desk {
    async fn attention(&self) -> Vec<String> {
        let told = self.told(self.owner, TOPIC).await;
        told.into_iter().map(|notification| notification.message.to_string()).collect()
    }
}

#[tokio::test]
async fn what_waits_for_a_person_is_told_once_with_its_reason() {
    for reason in [HoldReason::Reconnect, HoldReason::Late, HoldReason::UnknownOutcome] {
        let desk = Desk::new().await;
        let late = LatenessPolicy::new(WhenLate::Hold, 240).unwrap();
        desk.edit_client(ClientEdit { lateness: Some(late), ..Default::default() }).await;
        let post = desk.scheduled("Stuck").await;
        let fake = &desk.facebook.platform;
        match reason {
            HoldReason::Reconnect => {
                fake.fail_next(
                    FakeCall::Prepare,
                    1,
                    &PublishError::new(ErrorClass::Reconnect, "expired"),
                );
                desk.run_at_its_time().await;
            }
            HoldReason::Late => {
                desk.clock.advance(chrono::TimeDelta::hours(6));
                desk.run().await;
            }
            _ => {
                fake.on_go_live([OnGoLive::LoseRequest]);
                desk.run_at_its_time().await;
            }
        }
        desk.run_for(3).await;
        let job = desk.job(post.id).await;
        assert_eq!((desk.status(post.id).await, job.hold_reason), (PostStatus::Held, Some(reason)));
        assert_eq!(
            desk.attention().await,
            [format!("“Stuck” waits for a person: {}", reason.in_words())]
        );
        let first = match reason {
            HoldReason::Reconnect => WayOut::Reconnect,
            HoldReason::Late => WayOut::Retry,
            _ => WayOut::ConfirmPublished,
        };
        assert_eq!(job.ways_out().first(), Some(&first));
        let owner = desk.owners().await;
        owner.posts().cancel(post.id, None).await.unwrap();
        assert_eq!(desk.attention().await.len(), 1);
    }
}

#[tokio::test]
async fn what_failed_is_told_once_and_sent_again_in_bulk() {
    let desk = Desk::new().await;
    let refused = PublishError::new(ErrorClass::InvalidContent, "too long for us");
    let mut posts = Vec::new();
    for text in ["One", "Two", "Three"] {
        posts.push(desk.scheduled(text).await.id);
    }
    let kept = desk.scheduled("Fine").await.id;
    desk.facebook.platform.fail_next(FakeCall::Prepare, 3, &refused);
    desk.run_at_its_time().await;
    desk.run_for(1).await;
    assert_eq!(desk.attention().await.len(), 3);
    assert_eq!(desk.attention().await[0], "“One” failed: too long for us");

    let owner = desk.owners().await;
    let query = Query::new(Default::default()).limit(2);
    let first = owner.posts().retry_failed(&query).await.unwrap();
    assert_eq!((first.items.len(), first.next.is_some()), (2, true));
    let query = query.after(first.next);
    let second = owner.posts().retry_failed(&query).await.unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    assert!(first.items.iter().chain(&second.items).all(|(_, result)| result.is_ok()));
    desk.run().await;
    for post in posts.into_iter().chain([kept]) {
        assert_eq!(desk.status(post).await, PostStatus::Published);
    }
    assert_eq!(desk.live(desk.page.id).len(), 4);
}
