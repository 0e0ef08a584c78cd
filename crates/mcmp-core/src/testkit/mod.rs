//! The store conformance kit: what the author of a store runs to know that it is one. The kit for
//! the author of a publisher is in [`publisher`].
//!
//! # How to use it
//!
//! Turn on the feature `testkit` of `mcmp-core` in your `dev-dependencies`, write one async function
//! that makes a fresh, empty store, and name it to the macro:
//!
//! ```
//! use std::sync::Arc;
//!
//! use mcmp_core::store::MemoryStore;
//! use mcmp_core::testkit::{Skip, TestStore};
//! use mcmp_core::time::ManualClock;
//!
//! async fn fresh() -> Result<TestStore, Skip> {
//!     let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
//!     let store = MemoryStore::new(Arc::new(clock.clone()));
//!     Ok(TestStore::new(Arc::new(store), clock))
//! }
//!
//! mcmp_core::store_conformance!(fresh);
//! # fn main() {}
//! ```
//!
//! The macro makes a module `store_conformance` with one `#[test]` for each rule below, so that a
//! failure names the rule that is broken. Each test has a runtime of its own with several threads,
//! and asks `fresh` for a store of its own, at times for more than one: tests run in parallel, so
//! two stores must not share data. To run the kit on two variants of a store, call the macro in two
//! modules.
//!
//! - **Time.** [`TestStore::new`] takes what moves the store's time, a [`StoreTime`]: a
//!   [`ManualClock`](crate::time::ManualClock) for a store over an injected clock, something of your
//!   own for one that goes by its server's. Nothing in the kit sleeps.
//! - **Clean-up.** [`TestStore::keeping`] takes a guard that is dropped when the rule is through.
//! - **No server.** `fresh` answers with [`Skip`]; the test is then skipped by name, with what to
//!   install. With `MCMP_REQUIRE_SERVICES=1` it fails instead: set that where nothing may be skipped.
//! - **Depth.** `MCMP_KIT_CASES` is the number of random cases of the rules in `model`, 12 unless
//!   set.
//! - **Tests of your own.** [`World`] seeds a store with agencies, clients and people, and
//!   [`Sample`] makes an entity of any kind.
//! - **Moving.** [`transfer::round_trip`] moves everything from one store through another and back:
//!   call it with yours and the store in memory, and again the other way round.
//!
//! # What the kit leaves open
//!
//! - Samples lie in an agency, a client and under a parent ([`Entity::parent`](crate::store::Entity::parent))
//!   that are all in the store. Other ids in them stand for nothing, as the contract asks for no
//!   other reference to be kept: a store must not have foreign keys on those.
//! - Numbers stay within what a signed 64-bit integer holds, texts are free of NUL.
//! - Events are never deleted.
//!
//! # The rules
//!
#![doc = include_str!("rules.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::missing_panics_doc,
    reason = "a kit for tests fails by panicking, and makes its numbers itself"
)]

mod commits;
mod concurrency;
mod crash;
mod events;
#[cfg(test)]
mod fields_tests;
mod filters;
mod harness;
mod isolation;
mod lanes;
mod leases;
mod meters;
mod model;
mod paging;
pub mod publisher;
mod queue;
mod samples;
mod scoped_writes;
pub mod transfer;
mod unique;
mod vary;
mod world;

pub use crash::survive_kills;
pub use harness::{Kit, Rule, Skip, StoreTime, TestStore, Verdict, run};
pub use samples::{Field, Maker, Place, Sample, Stored};
pub use vary::{AWKWARD_TEXTS, Vary};
pub use world::{Reader, World};

/// Gives every rule, by concern, to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_store_rule {
    ([$($with:tt)*] $($args:tt)*) => {
        $($with)*! {
            [$($args)*]
            isolation {
                get_sees_what_the_scope_sees
                gets_at_once_see_what_each_scope_sees
                list_sees_what_the_scope_sees
                count_sees_what_the_scope_sees
                filters_never_widen_a_scope
                cursors_never_widen_a_scope
            }
            scoped_writes {
                inserts_out_of_scope_leave_nothing
                changes_out_of_scope_leave_nothing
                ids_of_others_answer_like_absent_ones
                shared_things_take_all_their_clients
                one_write_out_of_scope_stops_the_commit
                events_out_of_scope_stop_the_commit
                meters_belong_to_their_agency
                lanes_belong_to_their_client
                jobs_stay_in_their_clients_lane
            }
            commits {
                every_kind_comes_back_equal
                extreme_values_come_back_equal
                a_stale_version_is_a_conflict
                what_is_gone_is_a_conflict
                nothing_is_inserted_twice
                writes_of_a_commit_follow_one_another
                an_empty_commit_changes_nothing
                a_failing_commit_leaves_nothing
                a_tenancy_never_changes
                coverage_changes_within_the_agency
                a_restored_entity_keeps_its_version
                only_the_system_restores
                change_sets_are_committed_each_on_its_own
                the_stores_time_moves
            }
            unique {
                a_taken_value_is_refused
                a_change_keeps_its_value_and_takes_no_other
                a_deletion_frees_a_value_within_its_commit
                a_change_frees_a_value_within_its_commit
                a_value_is_free_where_it_is_another_one
            }
            meters {
                each_meter_counts_by_itself
                a_meter_stops_at_its_limit
                less_is_never_refused
                changes_of_a_meter_add_up_in_a_commit
                racing_meters_never_pass_their_limit
            }
            events {
                an_event_is_kept_with_its_change
                events_come_in_commit_order
                reading_goes_on_from_any_position
                events_reach_whom_they_concern
                racing_commits_hide_no_event
                the_signal_stays_open
            }
            paging {
                every_sort_is_in_order
                ties_go_by_id
                the_last_page_is_known
                rows_that_stay_come_once
                a_cursor_outlives_its_row
                invalid_queries_are_refused
                filtered_pages_are_in_order
            }
            filters {
                an_empty_filter_matches_everything
                every_field_of_every_filter
                fields_of_a_filter_narrow_together
                text_search_takes_text_as_it_is
            }
            queue {
                a_due_job_is_claimed
                a_future_job_waits_for_its_time
                the_earliest_job_of_a_lane_goes_first
                every_ready_lane_gets_its_start
                lanes_ready_longest_come_first
                clients_share_a_claim
                a_claim_keeps_to_its_limit
                lanes_and_unknown_jobs_share_a_claim
                unknown_jobs_are_claimed_without_a_place
                next_due_names_the_next_claim
                jobs_are_claimed_ahead_of_their_time
                a_claim_ahead_keeps_turns
                the_queue_is_the_systems
            }
            leases {
                fences_grow_and_never_fall_back
                a_lease_is_renewed_while_it_is_held
                a_lease_that_has_passed_is_lost
                expired_leases_are_found
                a_change_while_running_stops_the_worker
                a_worker_that_was_first_stops_the_change
            }
            lanes {
                a_lane_follows_its_jobs
                a_lane_holds_no_more_than_it_allows
                a_gap_lies_between_two_starts
                a_paused_lane_starts_nothing
                a_blocked_lane_waits
                a_deleted_job_leaves_its_lane
                a_lane_is_there_from_its_first_job_or_change
                a_lane_change_is_part_of_its_commit
                a_pause_stops_a_commit_that_requires_none
            }
            concurrency {
                one_of_racing_changes_wins
                one_of_racing_values_wins
                claims_take_every_job_once
                a_claim_or_a_cancel_wins
                racing_inserts_never_overfill_a_lane
                a_read_sees_all_of_a_commit_or_nothing
                crossing_commits_all_end
            }
            model {
                random_operations_agree_with_the_model
            }
        }
    };
}

macro_rules! rule_table {
    ([] $($concern:ident { $($rule:ident)+ })+) => {
        /// Every rule.
        pub const RULES: &[Rule] = &[$($(Rule {
            name: concat!(stringify!($concern), "::", stringify!($rule)),
            body: |kit| Box::pin($concern::$rule(kit)),
        }),+),+];
    };
}
for_each_store_rule!([rule_table]);

/// The rule of a name such as `commits::nothing_is_inserted_twice`.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// Makes a module `store_conformance` with a test for every rule of the
/// [conformance kit](crate::testkit), run on the stores that an async function makes:
/// `async fn fresh() -> Result<TestStore, Skip>`.
#[macro_export]
macro_rules! store_conformance {
    ($fresh:path) => {
        $crate::for_each_store_rule!([$crate::__store_conformance_tests] $fresh);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_conformance_tests {
    ([$fresh:path] $($concern:ident { $($rule:ident)+ })+) => {
        mod store_conformance {
            #[allow(unused_imports, reason = "the function may be named by a path of its own")]
            use super::*;

            async fn make() -> Result<$crate::testkit::TestStore, $crate::testkit::Skip> {
                $fresh().await
            }

            $(mod $concern {
                $(#[test]
                fn $rule() {
                    $crate::testkit::run(
                        concat!(stringify!($concern), "::", stringify!($rule)),
                        super::make,
                    );
                })+
            })+
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_documentation_lists_every_rule() {
        let documentation = include_str!("rules.md");
        for rule in super::RULES {
            let (concern, name) = rule.name.split_once("::").unwrap();
            let section = documentation.split(&format!("**{concern}**")).nth(1).unwrap_or_default();
            assert!(section.contains(&format!("`{name}`")), "{}", rule.name);
        }
        assert_eq!(documentation.matches("- `").count(), super::RULES.len());
    }
}
