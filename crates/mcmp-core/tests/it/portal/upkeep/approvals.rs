//! Requests for approval that nobody answers.

use chrono::TimeDelta;
use mcmp_core::approval::Stage;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::{Round, When};

use super::super::desk::{Desk, stage, stages};

const TOPIC: NotificationTopic = NotificationTopic::ApprovalOverdue;

#[tokio::test]
async fn an_overdue_stage_is_told_once_and_a_request_runs_out_at_its_time() {
    let desk = Desk::new().await;
    let due = |label, role, hours| Stage { due_within_hours: Some(hours), ..stage(label, &[role]) };
    desk.ask_for(stages(vec![due("Inner", Role::Manager, 2), due("Client", Role::ClientOwner, 3)]))
        .await;
    let (manager, managers) = desk.person("max", Role::Manager).await;
    let (ann, _) = desk.person("ann", Role::ClientOwner).await;
    let (author, authors) = desk.person("cat", Role::Creator).await;
    let draft = desk.to(&[&desk.page], "Soon");
    let post = authors.posts().create(draft).await.unwrap();
    let when = Some(When::At(desk.hours(12)));
    authors.posts().submit(post.id, when).await.unwrap();
    let upkeep = desk.portal.upkeep().unwrap();
    let told = async |user| desk.told(user, TOPIC).await.len();

    assert_eq!(upkeep.overdue_approvals(10).await.unwrap(), Round::default());
    desk.clock.advance(TimeDelta::hours(2));
    let (one, two) = tokio::join!(upkeep.overdue_approvals(10), upkeep.overdue_approvals(10));
    assert_eq!(one.unwrap().done + two.unwrap().done, 1);
    desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(upkeep.overdue_approvals(10).await.unwrap().done, 0);
    assert_eq!((told(manager).await, told(author).await, told(ann).await), (1, 1, 0));
    assert_eq!(desk.status(post.id).await, PostStatus::PendingApproval);

    // The next stage has its own due time.
    let seen = desk.seen(post.id).await;
    managers.posts().approve(post.id, seen, None).await.unwrap();
    assert_eq!(upkeep.overdue_approvals(10).await.unwrap().done, 0);
    desk.clock.advance(TimeDelta::hours(3));
    assert_eq!(upkeep.overdue_approvals(10).await.unwrap().done, 1);
    assert_eq!((told(manager).await, told(author).await, told(ann).await), (1, 2, 1));

    desk.clock.advance(TimeDelta::hours(6));
    assert_eq!(upkeep.overdue_approvals(10).await.unwrap().done, 1);
    assert_eq!(desk.status(post.id).await, PostStatus::Draft);
    assert_eq!(upkeep.overdue_approvals(10).await.unwrap(), Round::default());
    let attention = desk.told(author, NotificationTopic::PostNeedsAttention).await;
    assert_eq!(attention.len(), 1);
    desk.explained(post.id).await;
}

#[tokio::test]
async fn many_are_gone_through_a_few_at_a_time() {
    let desk = Desk::new().await;
    let client = Stage { due_within_hours: Some(1), ..stage("Client", &[Role::ClientOwner]) };
    desk.ask_for(stages(vec![client])).await;
    let owner = desk.owners().await;
    for _ in 0..5 {
        let post = desk.draft("One of many").await;
        owner.posts().submit(post.id, None).await.unwrap();
    }
    desk.clock.advance(TimeDelta::hours(1));
    let upkeep = desk.portal.upkeep().unwrap();
    let mut rounds = Vec::new();
    loop {
        let round = upkeep.overdue_approvals(2).await.unwrap();
        rounds.push(round.done);
        if !round.more {
            break;
        }
    }
    assert_eq!(rounds, [2, 2, 1]);
}
