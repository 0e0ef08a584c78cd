//! Stores that break one rule each: the conformance kit must notice every one of them.

mod broken;
mod rewrite;

use std::sync::Arc;

use mcmp_core::store::MemoryStore;
use mcmp_core::testkit::{Skip, TestStore, Verdict, rule};
use mcmp_core::time::ManualClock;

use broken::{Broken, Fault};

async fn fresh(fault: Option<Fault>) -> Result<TestStore, Skip> {
    let clock = ManualClock::new("2026-11-02T09:00:00.123Z".parse().unwrap());
    let store = MemoryStore::new(Arc::new(clock.clone()));
    Ok(TestStore::new(Arc::new(Broken::new(store, fault)), clock))
}

/// What is broken, and a rule that must notice it.
const NOTICED: &[(Fault, &str)] = &[
    (Fault::GetIgnoresScope, "isolation::get_sees_what_the_scope_sees"),
    (Fault::GetsShareAnswers, "isolation::gets_at_once_see_what_each_scope_sees"),
    (Fault::ListIgnoresScope, "isolation::list_sees_what_the_scope_sees"),
    (Fault::CountIgnoresScope, "isolation::count_sees_what_the_scope_sees"),
    (Fault::FilterWidensScope, "isolation::filters_never_widen_a_scope"),
    (Fault::CursorWidensScope, "isolation::cursors_never_widen_a_scope"),
    (Fault::WritesIgnoreScope, "scoped_writes::inserts_out_of_scope_leave_nothing"),
    (Fault::WritesIgnoreScope, "scoped_writes::changes_out_of_scope_leave_nothing"),
    (Fault::TellsOfOthersIds, "scoped_writes::ids_of_others_answer_like_absent_ones"),
    (Fault::WritesIgnoreScope, "scoped_writes::events_out_of_scope_stop_the_commit"),
    (Fault::WritesIgnoreScope, "scoped_writes::shared_things_take_all_their_clients"),
    (Fault::WritesIgnoreScope, "scoped_writes::lanes_belong_to_their_client"),
    (Fault::WritesIgnoreScope, "scoped_writes::meters_belong_to_their_agency"),
    (Fault::CommitsInPieces, "scoped_writes::one_write_out_of_scope_stops_the_commit"),
    (Fault::CommitsInPieces, "commits::a_failing_commit_leaves_nothing"),
    (Fault::CommitsInPieces, "concurrency::a_read_sees_all_of_a_commit_or_nothing"),
    (Fault::EventsOutliveFailure, "commits::a_failing_commit_leaves_nothing"),
    (Fault::EventsOutliveFailure, "concurrency::one_of_racing_changes_wins"),
    (Fault::StaleChangesWin, "commits::a_stale_version_is_a_conflict"),
    (Fault::StaleChangesWin, "leases::a_change_while_running_stops_the_worker"),
    (Fault::DeletesNothing, "commits::what_is_gone_is_a_conflict"),
    (Fault::DeletesNothing, "unique::a_deletion_frees_a_value_within_its_commit"),
    (Fault::DeletesNothing, "model::random_operations_agree_with_the_model"),
    (Fault::RestoresAnew, "commits::a_restored_entity_keeps_its_version"),
    (Fault::SwallowsConflicts, "commits::a_restored_entity_keeps_its_version"),
    (Fault::WritesIgnoreScope, "commits::only_the_system_restores"),
    (Fault::TakesTakenValues, "unique::a_taken_value_is_refused"),
    (Fault::TakesTakenValues, "concurrency::one_of_racing_values_wins"),
    (Fault::OneFailureStopsTheRest, "commits::change_sets_are_committed_each_on_its_own"),
    (Fault::MetersAreCheckedFirst, "meters::racing_meters_never_pass_their_limit"),
    (Fault::MetersHaveNoLimit, "meters::a_meter_stops_at_its_limit"),
    (Fault::DropsEvents, "events::an_event_is_kept_with_its_change"),
    (Fault::OutboxGoesById, "events::events_come_in_commit_order"),
    (Fault::OutboxIgnoresScope, "events::events_reach_whom_they_concern"),
    (Fault::OutboxPassesOverSome, "events::racing_commits_hide_no_event"),
    (Fault::PagesSkipTies, "paging::ties_go_by_id"),
    (Fault::PagesByOffset, "paging::rows_that_stay_come_once"),
    (Fault::LastPageGoesOn, "paging::the_last_page_is_known"),
    (Fault::QueriesAreNotChecked, "paging::invalid_queries_are_refused"),
    (Fault::IgnoresDirection, "paging::every_sort_is_in_order"),
    (Fault::IgnoresFilter, "filters::every_field_of_every_filter"),
    (Fault::IgnoresFilter, "filters::text_search_takes_text_as_it_is"),
    (Fault::ClaimsTwice, "queue::a_due_job_is_claimed"),
    (Fault::ClaimsTwice, "concurrency::claims_take_every_job_once"),
    (Fault::ClaimsForAnybody, "queue::the_queue_is_the_systems"),
    (Fault::FencesStay, "leases::fences_grow_and_never_fall_back"),
    (Fault::FencesStay, "model::random_operations_agree_with_the_model"),
    (Fault::RenewsEverything, "leases::a_lease_is_renewed_while_it_is_held"),
    (Fault::FindsNothingExpired, "leases::expired_leases_are_found"),
    (Fault::ForgetsWhatIsNext, "queue::next_due_names_the_next_claim"),
    (Fault::ClaimsTellNoNext, "queue::jobs_are_claimed_ahead_of_their_time"),
    (Fault::NothingIsTakenAhead, "queue::jobs_are_claimed_ahead_of_their_time"),
    (Fault::TakesTooFarAhead, "queue::jobs_are_claimed_ahead_of_their_time"),
    (Fault::TakesTooFarAhead, "queue::a_future_job_waits_for_its_time"),
    (Fault::NothingIsTakenAhead, "queue::a_claim_ahead_keeps_turns"),
    (Fault::TakesTooFarAhead, "model::random_operations_agree_with_the_model"),
    (Fault::LanesTakeMore, "lanes::a_lane_holds_no_more_than_it_allows"),
    (Fault::LanesTakeMore, "concurrency::racing_inserts_never_overfill_a_lane"),
    (Fault::LanesAreNeverPaused, "lanes::a_paused_lane_starts_nothing"),
    (Fault::LanesHaveNoGap, "lanes::a_gap_lies_between_two_starts"),
    (Fault::LanesAreNeverBlocked, "lanes::a_blocked_lane_waits"),
    (Fault::LanesFallAsleep, "lanes::a_lane_follows_its_jobs"),
    (Fault::LanesFallAsleep, "concurrency::claims_take_every_job_once"),
    (Fault::LosesUnknownJobs, "queue::unknown_jobs_are_claimed_without_a_place"),
    (Fault::LosesUnknownJobs, "queue::lanes_and_unknown_jobs_share_a_claim"),
    (Fault::TrimsTexts, "commits::every_kind_comes_back_equal"),
    (Fault::TrimsTexts, "commits::extreme_values_come_back_equal"),
    (Fault::SwallowsConflicts, "commits::nothing_is_inserted_twice"),
    (Fault::SwallowsConflicts, "commits::a_tenancy_never_changes"),
    (Fault::SwallowsConflicts, "scoped_writes::jobs_stay_in_their_clients_lane"),
    (Fault::SwallowsConflicts, "concurrency::a_claim_or_a_cancel_wins"),
    (Fault::SwallowsConflicts, "concurrency::crossing_commits_all_end"),
    (Fault::SearchMindsCase, "filters::text_search_takes_text_as_it_is"),
    (Fault::MonthsAreOne, "meters::each_meter_counts_by_itself"),
];

#[test]
fn the_kit_notices_every_fault() {
    let mut passed = Vec::new();
    for (fault, name) in NOTICED {
        let (fault, rule) = (*fault, rule(name).expect("a rule of the kit"));
        let is_noticed = || matches!(rule.check(move || fresh(Some(fault))), Verdict::Failed(_));
        // A fault that takes a race to show gets some more.
        if !(0..40).any(|_| is_noticed()) {
            passed.push((fault, name));
        }
    }
    assert!(passed.is_empty(), "not noticed: {passed:#?}");
}

#[test]
fn the_wrapper_itself_breaks_nothing() {
    for (_, name) in NOTICED {
        let verdict = rule(name).expect("a rule of the kit").check(|| fresh(None));
        assert_eq!(verdict, Verdict::Passed, "{name}");
    }
}

#[test]
fn without_a_store_a_rule_is_skipped() {
    let skip = Skip { what: "no server".to_owned(), install: "a server".to_owned() };
    let expected = Verdict::Skipped(skip.clone());
    let rule = rule("commits::the_stores_time_moves").expect("a rule of the kit");
    let verdict = rule.check(move || {
        let skip = skip.clone();
        async move { Err(skip) }
    });
    assert_eq!(verdict, expected);
}
