//! Random lives of posts: what holds at every step is checked in [`World`].

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::cast::{cast, policy};
use super::things::Step;
use super::world::World;
use crate::lifecycle::PostAction;

fn step(policy_changes: bool) -> impl Strategy<Value = Step> {
    let who = 0_usize..8;
    prop_oneof![
        3 => (who.clone(), select(PostAction::ALL), any::<u8>())
            .prop_map(|(who, action, choice)| Step::Try { who, action, choice }),
        3 => (who, 0_usize..16, any::<u8>())
            .prop_map(|(who, pick, choice)| Step::Do { who, pick, choice }),
        5 => any::<u8>().prop_map(|choice| Step::Further { choice }),
        6 => (0_usize..4, any::<u8>()).prop_map(|(job, choice)| Step::Work { job, choice }),
        1 => (1_i64..200).prop_map(|minutes| Step::Wait { minutes }),
        u32::from(policy_changes) => policy().prop_map(Step::Change),
    ]
}

fn life(policy_changes: bool) -> impl Strategy<Value = (World, Vec<Step>)> {
    (cast(), policy(), 0_usize..8, vec(step(policy_changes), 1..60))
        .prop_map(|(cast, policy, author, steps)| (World::new(cast, policy, author), steps))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn nothing_goes_live_that_was_not_approved((mut world, steps) in life(false)) {
        for step in steps {
            world.step(step);
        }
    }

    #[test]
    fn a_policy_that_changes_meanwhile_opens_no_way_around((mut world, steps) in life(true)) {
        for step in steps {
            world.step(step);
        }
    }
}

/// Without this the properties above could hold because nothing ever happens.
#[test]
fn random_lives_reach_every_status_and_go_live_with_approvals() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut with_approval) = (std::collections::BTreeSet::new(), 0);
    for _ in 0..1_000 {
        let (mut world, steps) = life(false).new_tree(&mut runner).unwrap().current();
        for step in steps {
            world.step(step);
        }
        seen.extend(world.history.iter().map(|(_, to)| *to));
        with_approval += u32::from(world.published_with_approval);
    }
    let missing: Vec<_> =
        crate::lifecycle::PostStatus::ALL.iter().filter(|status| !seen.contains(status)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
    assert!(with_approval >= 10, "{with_approval} lives went live with an approval");
}
