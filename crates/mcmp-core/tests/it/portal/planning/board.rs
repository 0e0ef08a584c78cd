//! The board.

use mcmp_core::account::Platform;
use mcmp_core::board::{Column, Task};
use mcmp_core::id::TaskId;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::notification::{Notification, NotificationTopic};
use mcmp_core::portal::{Board, BoardFilter, Place, Session, TaskDraft, TaskEdit};
use mcmp_core::post::{Post, PostText};
use mcmp_core::store::{Query, Read, StoreExt};
use mcmp_core::value::Change;
use mcmp_core::{Error, ErrorKind};
use proptest::prelude::*;

use super::fixture::{World, name, wait_for};

async fn tasks(world: &World, session: &Session, count: usize) -> Vec<TaskId> {
    let mut ids = Vec::new();
    for i in 0..count {
        let draft = TaskDraft::new(world.a.id, name(&format!("Task {i}")));
        ids.push(session.tasks().create(draft).await.unwrap().id);
    }
    ids
}

fn column(board: &Board, column: Column) -> Vec<TaskId> {
    let shown = board.columns.iter().find(|shown| shown.column == column).unwrap();
    shown.cards.iter().map(|card| card.task.id).collect()
}

#[derive(Debug, Clone, Copy)]
enum Target {
    First,
    Last,
    After(usize),
    Before(usize),
}

/// What a person sees who carries out the move with paper cards.
fn move_paper(cards: &mut Vec<TaskId>, moved: TaskId, place: Place) {
    cards.retain(|card| *card != moved);
    let position = |card| cards.iter().position(|other| *other == card).unwrap();
    let to = match place {
        Place::First => 0,
        Place::After(card) => position(card) + 1,
        Place::Before(card) => position(card),
        _ => cards.len(),
    };
    cards.insert(to, moved);
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        1 => Just(Target::First),
        1 => Just(Target::Last),
        4 => (0_usize..5).prop_map(Target::After),
        4 => (0_usize..5).prop_map(Target::Before),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cards_lie_as_they_were_put(moves in prop::collection::vec((0_usize..5, target()), 0..60)) {
        let (shown, expected) = wait_for(async {
            let world = World::new().await;
            let session = world.admin().await;
            let ids = tasks(&world, &session, 5).await;
            let mut paper = ids.clone();
            for (card, target) in moves {
                let place = match target {
                    Target::First => Place::First,
                    Target::Last => Place::Last,
                    Target::After(other) => Place::After(ids[other]),
                    Target::Before(other) => Place::Before(ids[other]),
                };
                let moved = session.tasks().move_to(ids[card], Column::Backlog, place, None).await;
                match place {
                    Place::After(other) | Place::Before(other) if other == ids[card] => {
                        assert_eq!(moved.unwrap_err().kind(), ErrorKind::Invalid);
                    }
                    _ => {
                        moved.unwrap();
                        move_paper(&mut paper, ids[card], place);
                    }
                }
            }
            let board = session.tasks().board(world.a.id, BoardFilter::default()).await.unwrap();
            (column(&board, Column::Backlog), paper)
        });
        prop_assert_eq!(shown, expected);
    }
}

#[tokio::test]
async fn others_make_room_when_there_is_none_between_two_cards() {
    let world = World::new().await;
    let session = world.admin().await;
    let ids = tasks(&world, &session, 4).await;
    let mut paper = ids.clone();
    // Two cards taking turns below the first one halve the room each time.
    for turn in 0..100 {
        let moved = ids[1 + turn % 2];
        let place = Place::After(ids[0]);
        session.tasks().move_to(moved, Column::Backlog, place, None).await.unwrap();
        move_paper(&mut paper, moved, place);
    }
    let board = session.tasks().board(world.a.id, BoardFilter::default()).await.unwrap();
    assert_eq!(column(&board, Column::Backlog), paper);
    let orders: Vec<_> = board.columns[0].cards.iter().map(|card| card.task.order).collect();
    assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
}

#[tokio::test]
async fn a_card_stands_where_its_post_says() {
    let world = World::new().await;
    let session = world.admin().await;
    for (status, expected) in [
        (PostStatus::Draft, Column::Backlog),
        (PostStatus::PendingApproval, Column::Submitted),
        (PostStatus::ChangesRequested, Column::NeedsChanges),
        (PostStatus::Approved, Column::Approved),
        (PostStatus::Scheduled, Column::Scheduled),
        (PostStatus::Published, Column::Published),
    ] {
        let mut post = world.draft(&world.a, None);
        post.status = status;
        let post = world.put(post).await;
        let mut draft = TaskDraft::new(world.a.id, name("Shoot"));
        draft.post_id = Some(post.id);
        let task = session.tasks().create(draft).await.unwrap();
        let board = session.tasks().board(world.a.id, BoardFilter::default()).await.unwrap();
        assert!(column(&board, expected).contains(&task.id), "{status}");
    }
}

#[tokio::test]
async fn a_card_without_a_post_goes_where_only_a_post_leads_never() {
    let world = World::new().await;
    let session = world.admin().await;
    let ids = tasks(&world, &session, 1).await;
    for to in [Column::Submitted, Column::Approved, Column::Scheduled, Column::Published] {
        let refused = session.tasks().move_to(ids[0], to, Place::Last, None).await.unwrap_err();
        assert!(matches!(refused, Error::MoveRefused(_)), "{refused}");
    }
    let card = session.tasks().move_to(ids[0], Column::InProgress, Place::First, None).await;
    assert_eq!(card.unwrap().column, Column::InProgress);
}

#[tokio::test]
async fn a_move_that_only_the_posts_life_can_make_is_an_action_on_the_post() {
    let world = World::new().await;
    let session = world.admin().await;
    let account = world.account(&world.a, Platform::X).await;
    let mut post = world.draft(&world.a, None);
    post.content.body = PostText::new("body", "Fresh bread").unwrap();
    post.variants.push(world.variant(&account));
    let post = world.put(post).await;
    let mut draft = TaskDraft::new(world.a.id, name("Shoot"));
    draft.post_id = Some(post.id);
    let task = session.tasks().create(draft).await.unwrap();
    let other = tasks(&world, &session, 1).await[0];
    // Nobody needs to approve, so what is submitted is approved.
    let place = Place::After(other);
    let card = session.tasks().move_to(task.id, Column::Approved, place, None).await.unwrap();
    assert_eq!((card.column, card.post_status), (Column::Approved, Some(PostStatus::Approved)));
    let stored: Option<Post> = world.store.find(session.scope(), post.id).await.unwrap();
    assert_eq!(stored.unwrap().status, PostStatus::Approved);
    let board = session.tasks().board(world.a.id, BoardFilter::default()).await.unwrap();
    assert_eq!(column(&board, Column::Approved), [task.id]);
    assert!(card.task.order > session.tasks().get(other).await.unwrap().order);
}

async fn told(world: &World, session: &Session) -> usize {
    let query = Query::<Notification>::new(Default::default());
    let page = Read::<Notification>::list(&world.store, session.scope(), &query).await.unwrap();
    assert!(page.items.iter().all(|told| told.topic == NotificationTopic::TaskAssigned));
    page.items.len()
}

#[tokio::test]
async fn whoever_is_newly_to_do_a_task_is_told_once() {
    let world = World::new().await;
    let (_, manager) = world.member(&[(Role::Manager, &[&world.a])]).await;
    let (user, creator) = world.member(&[(Role::Creator, &[&world.a])]).await;
    // An owner is a member of the whole agency, whom the manager does not see among the members.
    let (owner, owners) = world.member(&[(Role::Owner, &[])]).await;
    let mut draft = TaskDraft::new(world.a.id, name("Shoot"));
    draft.assignee = Some(user);
    let task: Task = manager.tasks().create(draft).await.unwrap();
    assert_eq!(told(&world, &creator).await, 1);
    let edit = TaskEdit { title: Some(name("Shoot it")), ..Default::default() };
    let task = manager.tasks().edit(task.id, task.version, edit).await.unwrap();
    assert_eq!(told(&world, &creator).await, 1, "the task was theirs already");
    let edit = TaskEdit { assignee: Change::Set(owner), ..Default::default() };
    let task = manager.tasks().edit(task.id, task.version, edit).await.unwrap();
    assert_eq!(told(&world, &owners).await, 1);

    let (viewer, _) = world.member(&[(Role::ClientViewer, &[&world.a])]).await;
    let (stranger, _) = world.member(&[(Role::Creator, &[&world.b])]).await;
    for user in [viewer, stranger] {
        let edit = TaskEdit { assignee: Change::Set(user), ..Default::default() };
        let refused = manager.tasks().edit(task.id, task.version, edit).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid, "the board is not theirs to see");
    }
}
