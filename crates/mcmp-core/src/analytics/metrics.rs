//! The numbers themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Numbers of a published item, or sums of them. `None` means that the platform does not
        /// tell, which is not zero.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Metrics {
            $($(#[$doc])* pub $name: Option<u64>,)+
            /// Numbers that only this platform has, by its names.
            pub other: BTreeMap<String, i64>,
        }

        impl Metrics {
            /// Both added up; what neither tells stays untold.
            #[must_use]
            pub fn plus(&self, more: &Self) -> Self {
                let mut other = self.other.clone();
                for (name, number) in &more.other {
                    let sum = other.entry(name.clone()).or_default();
                    *sum = sum.saturating_add(*number);
                }
                Self { $($name: either(self.$name, more.$name, u64::saturating_add),)+ other }
            }

            /// What these totals gained since `earlier` ones of the same item: what a day's rollup
            /// adds up. A number that the platform corrected downwards gained nothing, and one that
            /// was not told before gained all of itself.
            #[must_use]
            pub fn since(&self, earlier: &Self) -> Self {
                let other = self
                    .other
                    .iter()
                    .map(|(name, number)| {
                        let before = earlier.other.get(name).copied().unwrap_or(0);
                        (name.clone(), number.saturating_sub(before))
                    })
                    .collect();
                Self {
                    $($name: self.$name.map(|now| now.saturating_sub(earlier.$name.unwrap_or(0))),)+
                    other,
                }
            }
        }
    };
}

metrics! {
    /// How often it was shown.
    impressions,
    /// How many people saw it.
    reach,
    /// How often a video was played.
    views,
    /// How often its link was followed.
    clicks,
    /// Likes and other reactions.
    likes,
    /// Comments and answers.
    comments,
    /// Shares and reposts.
    shares,
    /// How often it was saved.
    saves,
    /// Followers of the account at that time.
    followers,
    /// How long a video was watched in all, in milliseconds.
    watch_time_ms,
}

fn either(a: Option<u64>, b: Option<u64>, add: fn(u64, u64) -> u64) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metrics() -> impl Strategy<Value = Metrics> {
        let number = || prop::option::of(0..1_000_000_u64);
        (number(), number(), prop::collection::btree_map("[a-c]", 0..1_000_i64, 0..3))
            .prop_map(|(likes, views, other)| Metrics { likes, views, other, ..Metrics::default() })
    }

    proptest! {
        #[test]
        fn gains_added_to_the_earlier_totals_give_the_later_ones(earlier in metrics(), gain in metrics()) {
            let later = earlier.plus(&gain);
            prop_assert_eq!(earlier.plus(&later.since(&earlier)), later);
        }

        #[test]
        fn adding_up_does_not_mind_the_order(a in metrics(), b in metrics(), c in metrics()) {
            prop_assert_eq!(a.plus(&b), b.plus(&a));
            prop_assert_eq!(a.plus(&b).plus(&c), a.plus(&b.plus(&c)));
        }

        #[test]
        fn nothing_is_lost_twice(earlier in metrics(), later in metrics()) {
            // Totals that a platform corrected downwards gained nothing, never less than nothing.
            let gained = later.since(&earlier);
            prop_assert!(gained.likes.unwrap_or(0) <= later.likes.unwrap_or(0));
            prop_assert_eq!(gained.likes.is_some(), later.likes.is_some());
        }
    }
}
