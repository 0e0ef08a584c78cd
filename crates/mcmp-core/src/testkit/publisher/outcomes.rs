//! What becomes of a visible call whose outcome is unknown: never lost, never doubled.

use super::draft::Form;
use super::fault::{At, Fault};
use super::harness::{Applied, Kit};
use super::posts::{ANY, PARTS};
use crate::account::UnknownOutcomePolicy::{self, Hold, Retry};
use crate::publishing::{ErrorClass, HoldReason, JobState};

pub(super) async fn a_lost_answer_is_found_again(kit: &Kit) -> Applied {
    is_found_again(kit, ANY, At::Visible(0), Fault::LoseAnswer).await
}

pub(super) async fn an_error_after_accepting_is_found_again(kit: &Kit) -> Applied {
    is_found_again(kit, ANY, At::Visible(0), Fault::FailAfterAccepting).await
}

pub(super) async fn an_answer_that_can_not_be_read_is_found_again(kit: &Kit) -> Applied {
    is_found_again(kit, ANY, At::Visible(0), Fault::Garbage).await
}

pub(super) async fn a_call_that_was_accepted_and_hangs_is_found_again(kit: &Kit) -> Applied {
    is_found_again(kit, ANY, At::Visible(0), Fault::AcceptAndHang).await
}

pub(super) async fn a_lost_answer_in_a_thread_is_found_again(kit: &Kit) -> Applied {
    is_found_again(kit, PARTS, At::Visible(1), Fault::LoseAnswer).await
}

pub(super) async fn a_lost_request_is_never_taken_for_success(kit: &Kit) -> Applied {
    is_sent_again(kit, Fault::LoseRequest).await
}

pub(super) async fn an_error_before_accepting_is_survived(kit: &Kit) -> Applied {
    is_sent_again(kit, Fault::Unavailable).await
}

pub(super) async fn a_call_that_hangs_is_given_up_in_time(kit: &Kit) -> Applied {
    is_sent_again(kit, Fault::Hang).await
}

/// The platform has it, and whoever sent it does not know.
async fn is_found_again(kit: &Kit, forms: &[Form], at: At, fault: Fault) -> Applied {
    for policy in [Hold, Retry] {
        let stage = kit.stage().await;
        let can = stage.capabilities();
        if policy == Retry && !can.can_look_up && !can.takes_dedupe_key {
            // Here people chose a double over a loss.
            continue;
        }
        stage.when_unknown(policy).await;
        let planned = stage.planned(forms).await?;
        stage.script(at, fault).await?;
        stage.the_time_comes();
        let job = stage.run(&planned).await;
        let what = format!("after {fault:?}, with the policy {policy:?}");
        let classes: Vec<ErrorClass> =
            stage.watched.errors().into_iter().map(|error| error.class).collect();
        if !can.takes_dedupe_key {
            assert_eq!(classes.first(), Some(&ErrorClass::UnknownOutcome), "the class {what}");
        }
        if can.can_look_up || policy == Retry {
            assert_eq!(job.state, JobState::Published, "{what}: {job:#?}");
        } else if job.state != JobState::Published {
            let end = (job.state, job.hold_reason);
            let held = (JobState::Held, Some(HoldReason::UnknownOutcome));
            assert_eq!(end, held, "{what}: {job:#?}");
            let (live, of) = (stage.platform.live().await, stage.visible_calls());
            assert_eq!(live.len(), of, "{what}: each visible call so far made one part live");
        }
        stage.settle_by_person(&planned).await;
        stage.assert_published(&planned).await;
        if !can.takes_dedupe_key {
            let parts = planned.draft.texts().len();
            assert_eq!(stage.visible_calls(), parts, "visible calls {what}");
        }
    }
    Ok(())
}

/// The platform does not have it, and whoever sent it does not know.
async fn is_sent_again(kit: &Kit, fault: Fault) -> Applied {
    for policy in [Hold, Retry] {
        let stage = kit.stage().await;
        stage.when_unknown(policy).await;
        let planned = stage.planned(ANY).await?;
        stage.script(At::Visible(0), fault).await?;
        stage.the_time_comes();
        let job = stage.run(&planned).await;
        let what = format!("after {fault:?}, with the policy {policy:?}");
        match policy {
            UnknownOutcomePolicy::Retry => {
                assert_eq!(job.state, JobState::Published, "{what}: {job:#?}");
            }
            UnknownOutcomePolicy::Hold if job.state == JobState::Held => {
                let live = stage.platform.live().await;
                assert!(live.is_empty(), "{what} something is live: {live:#?}");
                assert_eq!(stage.visible_calls(), 1, "{what}: nothing is sent again blindly");
                stage.settle_by_person(&planned).await;
            }
            UnknownOutcomePolicy::Hold => {}
        }
        stage.assert_published(&planned).await;
    }
    Ok(())
}

pub(super) async fn a_visible_call_is_made_once_whatever_its_answer(kit: &Kit) -> Applied {
    let faults = [
        Fault::LoseAnswer,
        Fault::FailAfterAccepting,
        Fault::Garbage,
        Fault::AcceptAndHang,
        Fault::LoseRequest,
        Fault::Unavailable,
        Fault::Hang,
    ];
    for fault in faults {
        let stage = kit.stage().await;
        let planned = stage.planned(ANY).await?;
        // Whatever is sent again by itself meets the same fate, and is counted.
        stage.script(At::Visible(0), fault).await?;
        stage.script(At::Visible(1), fault).await?;
        stage.the_time_comes();
        while stage.watched.go_lives() == 0 {
            stage.the_next_step_comes(&planned).await;
            stage.one_step().await;
        }
        assert_eq!(stage.watched.go_lives(), 1);
        assert_eq!(stage.visible_calls(), 1, "visible calls that go_live made after {fault:?}");
    }
    Ok(())
}
