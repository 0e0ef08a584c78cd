//! A site that takes a message and does not say so shows the post once all the same.

use mcmp_core::lifecycle::PostStatus;
use mcmp_core::publishing::{ErrorClass, HoldReason, JobState};

use super::site::Act;
use super::world::World;
use crate::fake_server::Reply;

fn broken_body() -> Reply {
    Reply::Raw(b"HTTP/1.1 500 Oh\r\ncontent-length: 99\r\n\r\nhalf of".to_vec())
}

#[tokio::test]
async fn whatever_becomes_of_the_answer_the_post_is_shown_once() {
    let losses = [
        vec![Act::TakeThen(Reply::Cut)],
        vec![Act::TakeThen(Reply::Silence)],
        vec![Act::TakeThen(Reply::status(500))],
        vec![Act::TakeThen(Reply::text(502, "<h1>Bad gateway</h1>"))],
        vec![Act::TakeThen(broken_body())],
        vec![Act::TakeThen(Reply::Raw(b"garbage\r\n\r\n".to_vec()))],
        vec![Act::TakeThen(Reply::Cut), Act::TakeThen(Reply::Cut), Act::Refuse(Reply::status(503))],
        vec![Act::TakeThen(Reply::Cut), Act::SayDuplicate { names_it: true }],
        // The message never arrived.
        vec![Act::Refuse(Reply::Cut)],
        vec![Act::Refuse(Reply::status(500)), Act::TakeThen(Reply::Cut)],
    ];
    for acts in losses {
        let world = World::new().await;
        let account = world.connect().await;
        let post = world.scheduled(&account, "Fresh bread").await;
        world.site.acts(acts.clone());
        world.after(60).await;
        let job = world.job(post).await;
        assert_eq!(job.state, JobState::Unknown, "{acts:?}");
        assert_eq!(job.last_error.unwrap().class, ErrorClass::UnknownOutcome, "{acts:?}");
        for _ in 0..6 {
            world.after(60).await;
        }
        let job = world.job(post).await;
        assert_eq!(job.state, JobState::Published, "{acts:?}");
        assert_eq!(world.post(post).await.status, PostStatus::Published);
        assert_eq!(world.site.shown().len(), 1, "{acts:?}");
        // The ping, and then nothing but this one message.
        let ids: Vec<_> = world.server.received();
        let ids: Vec<_> = ids[1..].iter().map(|it| it.header("webhook-id").unwrap()).collect();
        assert_eq!(ids[0], job.dedupe_key(mcmp_core::publishing::Part::Main));
        assert!(ids.iter().all(|id| *id == ids[0]) && ids.len() >= 2, "{acts:?}");
    }
}

#[tokio::test]
async fn what_is_late_by_now_is_left_to_a_person() {
    let world = World::new().await;
    let account = world.connect().await;
    let post = world.scheduled(&account, "Good morning").await;
    world.site.acts([Act::Refuse(Reply::Cut)]);
    world.after(60).await;
    world.after(20 * 3600).await;
    let job = world.job(post).await;
    assert_eq!((job.state, job.hold_reason), (JobState::Held, Some(HoldReason::UnknownOutcome)));
    assert!(world.site.shown().is_empty());
}
