//! Publishers that break one promise each: the kit must notice every one of them.

use mcmp_core::account::Platform;
use mcmp_core::fake::FakePublisher;
use mcmp_core::publishing::PublisherCapabilities;
use mcmp_core::testkit::Skip;
use mcmp_core::testkit::publisher::{RULES, Verdict, rule};
use mcmp_core::time::ManualClock;

use super::broken::{Broken, Fault};
use super::platform::FakePlatform;

/// Two steps and everything else, but that platforms' doubles are doubles.
async fn fresh(clock: ManualClock, fault: Option<Fault>) -> Result<FakePlatform, Skip> {
    let fake = FakePublisher::new(Platform::THREADS).steps_to_prepare(2);
    let mut platform = FakePlatform::new(clock, fake);
    platform.publisher = std::sync::Arc::new(Broken::new(platform.linked.clone(), fault));
    Ok(platform)
}

/// What is broken, and a rule that must notice it.
const NOTICED: &[(Fault, &str)] = &[
    (Fault::RepeatsTheVisibleCall, "outcomes::a_visible_call_is_made_once_whatever_its_answer"),
    (Fault::RepeatsTheVisibleCall, "outcomes::a_lost_answer_is_found_again"),
    (Fault::RepeatsTheVisibleCall, "resuming::every_call_may_lose_its_answer"),
    (Fault::CallsALostAnswerTransient, "outcomes::a_lost_answer_is_found_again"),
    (Fault::CallsALostAnswerTransient, "outcomes::a_lost_answer_in_a_thread_is_found_again"),
    (Fault::CallsALostAnswerTransient, "resuming::every_call_may_lose_its_answer"),
    (Fault::CallsALostAnswerSuccess, "outcomes::a_lost_request_is_never_taken_for_success"),
    (Fault::CallsALostAnswerSuccess, "outcomes::an_error_before_accepting_is_survived"),
    (Fault::CallsALostAnswerSuccess, "outcomes::an_error_after_accepting_is_found_again"),
    (Fault::CallsALostAnswerSuccess, "outcomes::an_answer_that_can_not_be_read_is_found_again"),
    (Fault::CallsLostStepsUnknown, "resuming::every_call_may_lose_its_answer"),
    (Fault::WaitsForEver, "outcomes::a_call_that_hangs_is_given_up_in_time"),
    (Fault::WaitsForEver, "outcomes::a_call_that_was_accepted_and_hangs_is_found_again"),
    (Fault::ForgetsTheSecondFile, "files::several_images_arrive_in_order"),
    (Fault::TurnsFilesAround, "files::several_images_arrive_in_order"),
    (Fault::DropsDescriptions, "files::an_image_arrives_byte_for_byte"),
    (Fault::DropsDescriptions, "files::a_video_arrives_byte_for_byte"),
    (Fault::TrimsTexts, "posts::a_text_goes_out_as_it_was_written"),
    (Fault::EscapesTexts, "posts::a_text_goes_out_as_it_was_written"),
    (Fault::TellsAnotherId, "posts::a_text_goes_out_as_it_was_written"),
    (Fault::TellsNoAddress, "posts::a_text_goes_out_as_it_was_written"),
    (Fault::TellsAnotherId, "resuming::each_step_may_be_another_process"),
    (Fault::LooksByTextAlone, "looking::an_older_post_with_the_same_text_is_not_its_own"),
    (Fault::LooksForAnyPost, "looking::an_older_post_with_the_same_text_is_not_its_own"),
    (Fault::LooksForAnyPost, "outcomes::a_lost_answer_in_a_thread_is_found_again"),
    (Fault::FindsNothing, "looking::looking_changes_nothing"),
    (Fault::FindsNothing, "outcomes::a_lost_answer_is_found_again"),
    (Fault::FindsNothing, "resuming::a_process_may_die_at_every_call"),
    (Fault::FindsNothing, "resuming::a_process_may_die_before_and_after_every_step"),
    (Fault::FindsWhatIsNotThere, "looking::what_is_not_there_is_not_found"),
    (Fault::FindsWhatIsNotThere, "resuming::a_process_may_die_before_a_call_arrives"),
    (Fault::FindsWhatIsNotThere, "outcomes::a_lost_request_is_never_taken_for_success"),
    (Fault::SendsWhereItShouldLook, "looking::looking_changes_nothing"),
    (Fault::SendsWhereItShouldLook, "looking::what_is_not_there_is_not_found"),
    (Fault::ShowsTheTokenInErrors, "refusals::refused_content_fails_with_the_platforms_words"),
    (Fault::ShowsTheTokenInErrors, "outcomes::a_lost_answer_is_found_again"),
    (Fault::ShowsTheTokenEncoded, "refusals::refused_content_fails_with_the_platforms_words"),
    (Fault::ShowsTheTokenInDebug, "posts::a_text_goes_out_as_it_was_written"),
    (Fault::KeepsTheTokenInItsCheckpoint, "posts::a_text_goes_out_as_it_was_written"),
    (Fault::StartsOverAtEachStep, "steps::nothing_is_visible_before_the_visible_call"),
    (Fault::StartsOverAtEachStep, "resuming::each_step_may_be_another_process"),
    (Fault::RefusesToRepeatAStep, "steps::every_step_can_be_repeated"),
    (Fault::RefusesToRepeatAStep, "resuming::a_process_may_die_at_every_call"),
    (Fault::PublishesAsItPrepares, "steps::nothing_is_visible_before_the_visible_call"),
    (Fault::ReadsFilesWhole, "files::a_big_file_is_read_in_pieces"),
    (Fault::PutsAllUnderTheFirst, "posts::a_thread_goes_out_part_under_part"),
    (Fault::PutsNothingUnderAnything, "posts::a_thread_goes_out_part_under_part"),
    (Fault::PutsNothingUnderAnything, "posts::a_first_comment_goes_under_its_post"),
    (Fault::CallsRefusalsTransient, "refusals::refused_content_fails_with_the_platforms_words"),
    (Fault::CallsRefusalsTransient, "refusals::refusals_of_the_first_step_have_their_class_too"),
    (
        Fault::CallsPermissionsContent,
        "refusals::a_missing_permission_fails_with_the_platforms_words",
    ),
    (Fault::DropsThePlatformsWords, "refusals::refused_content_fails_with_the_platforms_words"),
    (Fault::DropsThePlatformsCode, "refusals::refused_content_fails_with_the_platforms_words"),
    (Fault::ForgetsWhenALimitEnds, "refusals::a_rate_limit_is_obeyed_to_its_end"),
    (Fault::CallsALimitTransient, "refusals::a_rate_limit_is_obeyed_to_its_end"),
    (Fault::CallsALimitTransient, "refusals::a_rate_limit_without_an_end_is_not_hammered"),
    (Fault::CallsEndedTokensPermission, "refusals::a_refused_token_stops_the_account"),
    (Fault::CallsEndedTokensPermission, "tokens::an_ended_token_loses_and_doubles_nothing"),
    (Fault::CallsADuplicateSuccess, "refusals::a_duplicate_is_no_success_and_no_failure"),
    (Fault::GivesTheOldTokens, "tokens::a_refresh_gives_tokens_that_work"),
    (Fault::CallsTroubleAtARefreshARefusal, "tokens::trouble_at_a_refresh_leaves_the_grant"),
    (Fault::CallsARefusedGrantTrouble, "tokens::a_refused_grant_asks_for_a_person"),
    (
        Fault::FailsAtTheSecondDeletion,
        "afterwards::what_is_deleted_is_gone_and_can_be_deleted_again",
    ),
    (Fault::DeletesNothing, "afterwards::what_is_deleted_is_gone_and_can_be_deleted_again"),
    (Fault::PublishesAnewToChange, "afterwards::what_is_live_can_be_changed"),
    (Fault::ChangesNothing, "afterwards::what_is_live_can_be_changed"),
    (Fault::TellsNoNumbers, "afterwards::numbers_are_told"),
    (Fault::DoesWhatItSaysItCanNot, "afterwards::what_it_can_not_do_it_says"),
    (Fault::ClaimsThreads, "posts::capabilities_are_what_the_platform_has"),
];

#[test]
fn the_kit_notices_every_fault() {
    let mut passed = Vec::new();
    for (fault, name) in NOTICED {
        let fault = *fault;
        let verdict = rule(name)
            .unwrap_or_else(|| panic!("{name} is no rule"))
            .check(move |clock| fresh(clock, Some(fault)));
        if !matches!(verdict, Verdict::Failed(_)) {
            passed.push((fault, name, verdict));
        }
    }
    assert!(passed.is_empty(), "not noticed: {passed:#?}");
}

#[test]
fn every_rule_notices_a_fault() {
    // Those that a publisher with one fault of the list above can't break.
    let others = [
        "posts::each_part_takes_one_visible_call",
        "resuming::every_call_may_fail_for_a_while",
        "resuming::a_step_that_hangs_is_given_up",
        "looking::another_post_with_the_same_text_is_not_its_own",
    ];
    let unnoticing: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.name)
        .filter(|name| !others.contains(name) && NOTICED.iter().all(|(_, rule)| rule != name))
        .collect();
    assert!(unnoticing.is_empty(), "{unnoticing:#?}");
}

#[test]
fn a_platform_that_has_everything_is_tried_by_every_rule() {
    for rule in RULES {
        let verdict = rule.check(|clock| async {
            let known = FakePublisher::new(Platform::THREADS);
            let can = mcmp_core::publishing::Publisher::capabilities(&known);
            let can = PublisherCapabilities { takes_dedupe_key: true, ..can };
            let fake = FakePublisher::with_capabilities(Platform::THREADS, can).steps_to_prepare(3);
            let mut platform = FakePlatform::new(clock, fake);
            let sound = Broken::new(platform.linked.clone(), None);
            platform.publisher = std::sync::Arc::new(sound);
            Ok(platform)
        });
        assert_eq!(verdict, Verdict::Passed, "{}", rule.name);
    }
}

#[test]
fn without_a_platform_a_rule_is_skipped() {
    let skip = Skip { what: "no server".to_owned(), install: "a server".to_owned() };
    let expected = Verdict::Skipped(skip.clone());
    let verdict = RULES[0].check(move |_| {
        let skip = skip.clone();
        async move { Err::<FakePlatform, _>(skip) }
    });
    assert_eq!(verdict, expected);
}
