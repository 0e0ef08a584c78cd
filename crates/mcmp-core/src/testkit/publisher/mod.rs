//! The publisher conformance kit: what the author of a publisher runs to know that it is one.
//!
//! A publisher meets its worst day in the first month: the answer that is lost, the upload that
//! breaks off, the token that ends in between. The kit plays those days on a fake of the platform,
//! through a real [`Portal`](crate::Portal) with real [workers](crate::portal::Worker), and looks
//! at what the public sees afterwards.
//!
//! # How to use it
//!
//! Turn on the feature `testkit` of `mcmp-core` in your `dev-dependencies`; write a fake of the
//! platform that can be told to fail, and implement [`PlatformUnderTest`] for it; write one async
//! function that makes a fresh one, and name it to the macro:
//!
//! ```ignore
//! async fn fresh(clock: ManualClock) -> Result<MyPlatform, Skip> {
//!     Ok(MyPlatform::start(clock).await)
//! }
//!
//! mcmp_core::publisher_conformance!(fresh);
//! ```
//!
//! The macro makes a module `publisher_conformance` with one `#[test]` for each rule below, so that
//! a failure names the rule that is broken. Each test has a runtime of its own with one thread and
//! asks `fresh` for a fake of its own, often for many, one after the other. To try a publisher with
//! other settings, call the macro in another module.
//!
//! - **Time.** The clock that `fresh` is given is the time of the portal, the store and the fake; the
//!   kit moves it by hand, over hours and days. Only a publisher's own time limits run in real time,
//!   where it uses [sockets](PlatformUnderTest::uses_sockets): give it short ones.
//! - **What a platform has not**, such as threads, a rule passes over, and says so by name on
//!   standard error. What every platform has, such as connections that break, the fake must be able
//!   to do.
//! - **No server.** `fresh` answers with [`Skip`](crate::testkit::Skip); with
//!   `MCMP_REQUIRE_SERVICES=1` that fails.
//! - **Secrets.** Every rule ends with a search for all tokens and
//!   [`secrets`](PlatformUnderTest::secrets) in everything that was stored, answered and shown: as
//!   they are, percent-encoded, escaped, in hexadecimal, and in base 64.
//!
//! # The rules
//!
#![doc = include_str!("rules.md")]

mod direct;
mod draft;
mod fault;
mod findings;
mod harness;
mod leaks;
mod media;
mod platform;
mod stage;
mod watched;

mod afterwards;
mod files;
mod looking;
mod outcomes;
mod posts;
mod refusals;
mod resuming;
mod steps;
mod tokens;

pub use draft::{AWKWARD_TEXT, Draft, Form, SampleFile, checksum_of};
pub use fault::{At, Fault, Refusal, Scripted};
pub use harness::{Rule, Verdict, run};
pub use platform::{Calls, LiveMedia, LivePost, PlatformUnderTest};

/// Most bytes of a file that a publisher reads at once: 8 MiB. It holds at most twice as many
/// between reading and sending.
pub const BIG: usize = 8 << 20;

/// Gives every rule, by concern, to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_publisher_rule {
    ([$($with:tt)*] $($args:tt)*) => {
        $($with)*! {
            [$($args)*]
            posts {
                a_text_goes_out_as_it_was_written
                a_thread_goes_out_part_under_part
                a_first_comment_goes_under_its_post
                each_part_takes_one_visible_call
                capabilities_are_what_the_platform_has
            }
            files {
                an_image_arrives_byte_for_byte
                several_images_arrive_in_order
                a_video_arrives_byte_for_byte
                a_big_file_is_read_in_pieces
            }
            steps {
                nothing_is_visible_before_the_visible_call
                every_step_can_be_repeated
            }
            outcomes {
                a_lost_answer_is_found_again
                an_error_after_accepting_is_found_again
                an_answer_that_can_not_be_read_is_found_again
                a_lost_request_is_never_taken_for_success
                an_error_before_accepting_is_survived
                a_call_that_hangs_is_given_up_in_time
                a_call_that_was_accepted_and_hangs_is_found_again
                a_lost_answer_in_a_thread_is_found_again
                a_visible_call_is_made_once_whatever_its_answer
            }
            refusals {
                refused_content_fails_with_the_platforms_words
                a_missing_permission_fails_with_the_platforms_words
                a_refused_token_stops_the_account
                a_duplicate_is_no_success_and_no_failure
                a_rate_limit_is_obeyed_to_its_end
                a_rate_limit_without_an_end_is_not_hammered
                refusals_of_the_first_step_have_their_class_too
            }
            tokens {
                an_ended_token_loses_and_doubles_nothing
                a_refresh_gives_tokens_that_work
                trouble_at_a_refresh_leaves_the_grant
                a_refused_grant_asks_for_a_person
            }
            resuming {
                each_step_may_be_another_process
                a_process_may_die_before_and_after_every_step
                a_process_may_die_at_every_call
                a_process_may_die_before_a_call_arrives
                every_call_may_lose_its_answer
                every_call_may_fail_for_a_while
                a_step_that_hangs_is_given_up
            }
            looking {
                looking_changes_nothing
                what_is_not_there_is_not_found
                an_older_post_with_the_same_text_is_not_its_own
                another_post_with_the_same_text_is_not_its_own
            }
            afterwards {
                what_is_live_can_be_changed
                what_is_deleted_is_gone_and_can_be_deleted_again
                numbers_are_told
                what_it_can_not_do_it_says
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
for_each_publisher_rule!([rule_table]);

/// The rule of a name such as `outcomes::a_lost_answer_is_found_again`.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// Makes a module `publisher_conformance` with a test for every rule of the
/// [conformance kit](crate::testkit::publisher), run on the platforms that an async function makes:
/// `async fn fresh(clock: ManualClock) -> Result<impl PlatformUnderTest, Skip>`.
#[macro_export]
macro_rules! publisher_conformance {
    ($fresh:path) => {
        $crate::for_each_publisher_rule!([$crate::__publisher_conformance_tests] $fresh);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __publisher_conformance_tests {
    ([$fresh:path] $($concern:ident { $($rule:ident)+ })+) => {
        mod publisher_conformance {
            #[allow(unused_imports, reason = "the function may be named by a path of its own")]
            use super::*;

            async fn make(
                clock: $crate::time::ManualClock,
            ) -> Result<impl $crate::testkit::publisher::PlatformUnderTest, $crate::testkit::Skip>
            {
                $fresh(clock).await
            }

            $(mod $concern {
                $(#[test]
                fn $rule() {
                    $crate::testkit::publisher::run(
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
