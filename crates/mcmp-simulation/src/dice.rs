//! Chance that repeats itself.

use std::time::Duration;

use chrono::TimeDelta;

/// Numbers that look random, the same for one seed in every run: splitmix64,
/// <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbours must not walk the same way one step apart.
        let mut dice = Self(seed ^ 0x5851_f42d_4c95_7f2d);
        Self(dice.word() ^ dice.word().rotate_left(32))
    }

    /// Dice of their own, for what came later: the throws of these stay what they were, and the
    /// stories of seeds with them.
    pub(crate) fn apart(&self) -> Self {
        Self::new(self.0)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.word() % u64::from(bound.max(1))).unwrap()
    }

    /// From `from` to `to`, both included.
    pub(crate) fn within(&mut self, from: u32, to: u32) -> u32 {
        from + self.below(to - from + 1)
    }

    pub(crate) fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn permille(&mut self, chance: u32) -> bool {
        self.below(1_000) < chance
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u32::try_from(length).unwrap())).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    pub(crate) fn seconds(&mut self, from: u32, to: u32) -> Duration {
        Duration::from_secs(u64::from(self.within(from, to)))
    }

    pub(crate) fn millis(&mut self, from: u32, to: u32) -> Duration {
        Duration::from_millis(u64::from(self.within(from, to)))
    }

    pub(crate) fn minutes(&mut self, from: u32, to: u32) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.within(from, to)))
    }
}
