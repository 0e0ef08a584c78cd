//! Decisions that nobody makes.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::{ClientEdit, PostDraft, When};
use mcmp_scheduler::Loop;

use crate::world::{World, seconds, stop};

#[tokio::test(start_paused = true)]
async fn an_overdue_approval_is_told_once_and_runs_out_at_the_planned_time() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let deciders = Deciders { roles: BTreeSet::from([Role::Owner]), ..Deciders::default() };
    let stage = Stage { due_within_hours: Some(2), ..Stage::new("Yes".parse().unwrap(), deciders) };
    let policy = Some(ApprovalPolicy::stages(vec![stage]).unwrap());
    let session = world.session().await;
    let edit = ClientEdit { approval_policy: policy, ..ClientEdit::default() };
    session.clients().edit(client.id, client.version, edit).await.unwrap();
    let draft = PostDraft::new(client.id, "Soon".parse().unwrap()).to([account.id]);
    let post = session.posts().create(draft).await.unwrap();
    let at = world.portal.now() + TimeDelta::hours(5);
    session.posts().submit(post.id, Some(When::At(at))).await.unwrap();

    let engines = [0, 1].map(|_| {
        let loops = [Loop::Approvals, Loop::Publish];
        world.engine().only(loops).build().unwrap().start()
    });
    seconds(2 * 3_600 - 5).await;
    assert_eq!(world.told(NotificationTopic::ApprovalOverdue).await, []);
    seconds(90).await;
    assert_eq!(world.told(NotificationTopic::ApprovalOverdue).await.len(), 1);
    seconds(3 * 3_600 - 90).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::PendingApproval);
    assert_eq!(world.told(NotificationTopic::ApprovalOverdue).await.len(), 1);
    seconds(90).await;
    assert_eq!(world.read(post.id).await.status, PostStatus::Draft);
    assert_eq!(world.platform.accepted(), [], "nothing goes out without a yes");
    stop(engines).await;
}
