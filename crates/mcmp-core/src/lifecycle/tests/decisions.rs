//! What holds of every single decision, at any moment.

use proptest::prelude::*;

use super::moments::{moment, now};
use crate::approval::may_go_out;
use crate::lifecycle::action::Asked;
use crate::lifecycle::decide::rules;
use crate::lifecycle::{
    Action, ApprovalChange, JobsEffect, PostAction, PostStatus, TABLE, allowed_actions, decide,
    leads_to,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn allowed_actions_are_exactly_those_that_are_accepted(moment in moment()) {
        let facts = moment.facts();
        for who in moment.everybody() {
            let allowed = allowed_actions(&facts, &who, now());
            for name in PostAction::ALL {
                let accepted = moment
                    .ways(*name)
                    .iter()
                    .any(|action| decide(&facts, &who, action, now()).is_ok());
                prop_assert_eq!(allowed.contains(name), accepted, "{} by {:?}", name, who);
            }
        }
    }

    #[test]
    fn of_the_lines_of_one_action_and_status_exactly_one_holds(moment in moment()) {
        let facts = moment.facts();
        for action in PostAction::ALL.iter().flat_map(|name| moment.ways(*name)) {
            let listed = TABLE
                .iter()
                .any(|rule| rule.action == action.name() && rule.from.contains(&facts.status));
            // What went out, is going out, or will not, keeps its content.
            let settled = matches!(
                facts.status,
                PostStatus::Publishing
                    | PostStatus::Published
                    | PostStatus::PartiallyPublished
                    | PostStatus::Cancelled
            );
            let listed = listed && !(settled && action == Action::Edit { digest_changes: true });
            let holding = rules(&facts, Asked::Exactly(&action), now()).count();
            prop_assert_eq!(holding, usize::from(listed), "{:?}", action);
        }
    }

    #[test]
    fn accepted_or_refused_the_answer_is_coherent(moment in moment()) {
        let facts = moment.facts();
        for who in moment.everybody() {
            for action in PostAction::ALL.iter().flat_map(|name| moment.ways(*name)) {
                match decide(&facts, &who, &action, now()) {
                    Ok(done) => {
                        prop_assert_eq!((done.action, done.from), (action.name(), facts.status));
                        let drafted = done.to == PostStatus::Draft && done.from != done.to;
                        prop_assert!(!drafted || done.approval == ApprovalChange::Clear);
                        // What is to be sent passes the gate, whatever led to it.
                        if done.jobs == JobsEffect::Sync {
                            let digest = match &action {
                                Action::Schedule { revision, .. }
                                | Action::PublishNow { revision } => Some(&revision.digest),
                                Action::Reschedule { .. } => facts.revision.map(|r| &r.digest),
                                _ => None,
                            };
                            let passes = match digest {
                                Some(digest) => may_go_out(facts.policy, facts.approval, digest),
                                None => facts.approval.is_none() && !facts.policy.is_required(),
                            };
 prop_assert!(passes);
                        }
                        if let JobsEffect::Retry { jobs } = &done.jobs {
                            prop_assert!(!jobs.is_empty());
                            for job in moment.jobs.iter().filter(|job| jobs.contains(&job.id)) {
                                let digest = &job.revision_digest;
                                prop_assert!(may_go_out(facts.policy, facts.approval, digest));
                            }
                        }
                    }
                    Err(refused) => {
                        let from = (refused.action, refused.status);
                        prop_assert_eq!(from, (action.name(), facts.status));
                        prop_assert!(serde_json::to_value(&refused).unwrap()["code"].is_string());
                    }
                }
            }
        }
    }

    #[test]
    fn the_system_never_decides_on_an_approval(moment in moment()) {
        let facts = moment.facts();
        for who in moment.everybody().filter(super::super::Who::is_system) {
            for name in [PostAction::Approve, PostAction::RequestChanges, PostAction::Reject] {
                for action in moment.ways(name) {
                    prop_assert!(decide(&facts, &who, &action, now()).is_err());
                }
            }
        }
    }

    #[test]
    fn where_a_decision_leads_is_known_before(moment in moment()) {
        let facts = moment.facts();
        for who in moment.everybody() {
            for name in [
                PostAction::Submit, PostAction::Withdraw, PostAction::RequestChanges,
                PostAction::Approve, PostAction::Reject, PostAction::Schedule,
                PostAction::PublishNow, PostAction::Unschedule, PostAction::Reopen,
            ] {
                for action in moment.ways(name) {
                    if let Ok(done) = decide(&facts, &who, &action, now()) {
                        prop_assert_eq!(leads_to(&facts, name, now()), Some(done.to));
                    }
                }
            }
        }
    }
}
