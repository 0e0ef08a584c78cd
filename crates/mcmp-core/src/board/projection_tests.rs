//! The board never shows what is not so.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::{Column, MoveRefused, Task, action_for_move, column_at};
use crate::id::Id;
use crate::lifecycle::tests::moments::{moment, now};
use crate::lifecycle::{PostAction, PostStatus, decide};
use crate::store::Version;

const COLUMNS: [Column; 7] = [
    Column::Backlog,
    Column::InProgress,
    Column::Submitted,
    Column::NeedsChanges,
    Column::Approved,
    Column::Scheduled,
    Column::Published,
];

fn task(column: Column) -> Task {
    fn id<I: Id>() -> I {
        I::from_uuid(Uuid::from_u128(1))
    }
    Task {
        id: id(),
        version: Version::NEW,
        agency_id: id(),
        client_id: id(),
        title: "Film the kitchen".parse().unwrap(),
        description: "".parse().unwrap(),
        column,
        order: 0,
        due_at: None,
        assignee: None,
        target_accounts: Vec::new(),
        captions: Vec::new(),
        post_id: None,
        campaign_id: None,
        brief_id: None,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
        updated_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_card_that_was_moved_stands_where_it_was_moved_to(
        moment in moment(),
        own in select(COLUMNS.to_vec()),
        to in select(COLUMNS.to_vec()),
    ) {
        let (task, facts) = (task(own), moment.facts());
        if let Ok(moved) = action_for_move(&task, Some(&facts), to, now()) {
            let own = moved.own_column.unwrap_or(own);
            match moved.action {
                None => prop_assert_eq!(column_at(own, Some(facts.status)), to),
                Some(action) => for who in moment.everybody() {
                    for action in moment.ways(action) {
                        if let Ok(done) = decide(&facts, &who, &action, now()) {
                            prop_assert_eq!(column_at(own, Some(done.to)), to);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_status_has_one_column_and_staying_there_does_nothing(
        moment in moment(),
        own in select(COLUMNS.to_vec()),
    ) {
        let column = column_at(own, Some(moment.status));
        let stay = action_for_move(&task(own), Some(&moment.facts()), column, now()).unwrap();
        prop_assert_eq!((stay.action, stay.own_column), (None, None));
    }
}

#[test]
fn a_card_without_a_post_moves_between_its_own_columns_only() {
    for to in COLUMNS {
        let moved = action_for_move(&task(Column::Backlog), None, to, now());
        match to {
            Column::Backlog => assert_eq!(moved.unwrap().own_column, None),
            Column::InProgress => assert_eq!(moved.unwrap().own_column, Some(to)),
            _ => assert_eq!(moved, Err(MoveRefused::NeedsPost { to })),
        }
    }
}

#[test]
fn moves_are_actions() {
    use crate::access::ActorRef;
    use crate::approval::{ApprovalPolicy, Deciders, Stage};
    use crate::lifecycle::Facts;

    let author = ActorRef::System("import".to_owned());
    let asks_nobody = ApprovalPolicy::none();
    let asks = ApprovalPolicy::stages(vec![Stage {
        name: "Review".parse().unwrap(),
        deciders: Deciders { guests: true, ..Deciders::default() },
        quorum: 1,
        author_may_approve: false,
        due_within_hours: None,
    }])
    .unwrap();
    let action = |policy, status, to| {
        let facts = Facts {
            status,
            editors: &[],
            author: &author,
            revision: None,
            planned_at: None,
            approval: None,
            policy,
            jobs: &[],
            has_variants: true,
        };
        action_for_move(&task(Column::InProgress), Some(&facts), to, now())
            .ok()
            .map(|moved| (moved.action, moved.own_column))
    };
    let (draft, pending) = (PostStatus::Draft, PostStatus::PendingApproval);
    let does = |action| Some((Some(action), None));
    assert_eq!(action(&asks, draft, Column::Submitted), does(PostAction::Submit));
    assert_eq!(action(&asks, draft, Column::Approved), None);
    assert_eq!(action(&asks_nobody, draft, Column::Submitted), None);
    assert_eq!(action(&asks_nobody, draft, Column::Approved), does(PostAction::Submit));
    assert_eq!(action(&asks, pending, Column::NeedsChanges), does(PostAction::RequestChanges));
    assert_eq!(
        action(&asks, pending, Column::Backlog),
        Some((Some(PostAction::Withdraw), Some(Column::Backlog)))
    );
    assert_eq!(action(&asks, PostStatus::Approved, Column::Scheduled), does(PostAction::Schedule));
    for status in PostStatus::ALL {
        let there = column_at(Column::InProgress, Some(*status)) == Column::Published;
        let moved = action(&asks, *status, Column::Published);
        assert_eq!(moved, there.then_some((None, None)), "only publishing publishes: {status}");
    }
}
