//! Many runs.

use std::ops::Range;

use super::ledger::Counts;
use super::run::Outcome;

/// Runs of each range.
const RUNS: u64 = 250;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// How many runs of each range are asked for: `MCMP_SIM_RUNS`, 250 unless it is set.
#[must_use]
pub fn runs() -> u64 {
    number("MCMP_SIM_RUNS").unwrap_or(RUNS)
}

/// The first `count` seeds of a range of a million; of `MCMP_SEED`, if it is set, that one if it
/// is in the range.
#[must_use]
pub fn of_range(which: u64, count: u64) -> Range<u64> {
    let first = which * 1_000_000;
    match number("MCMP_SEED") {
        Some(seed) if (first..first + 1_000_000).contains(&seed) => seed..seed + 1,
        Some(_) => first..first,
        None => first..first + count,
    }
}

/// Says which run it was if one panics.
#[derive(Debug)]
pub struct Named(pub u64);

impl Drop for Named {
    #[allow(clippy::print_stderr, reason = "a run that fails says how it can be run again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("MCMP_SEED={} runs it alone", self.0);
        }
    }
}

/// Runs these seeds and adds up what happened; shows the first run in which something went wrong,
/// and names the others.
#[allow(clippy::print_stderr, reason = "a run that fails says how it can be run again")]
pub fn all_hold(seeds: impl IntoIterator<Item = u64>, mut run: impl FnMut(u64) -> Outcome) -> Sum {
    let (mut sum, mut failed) = (Sum::default(), Vec::new());
    for seed in seeds {
        let _named = Named(seed);
        let outcome = run(seed);
        sum.add(&outcome);
        if outcome.violations.is_empty() {
            continue;
        }
        if failed.is_empty() {
            outcome.notes.iter().for_each(|line| eprintln!("{line}"));
        }
        eprintln!("MCMP_SEED={seed}: {:#?}", outcome.violations);
        failed.push(seed);
    }
    assert!(failed.is_empty(), "these seeds went wrong: {failed:?}");
    sum
}

/// What happened in many runs.
#[derive(Debug, Default)]
pub struct Sum {
    /// How many runs.
    pub runs: u64,
    /// How much went live.
    pub live: usize,
    /// How much else happened.
    pub counts: Counts,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.live += outcome.live;
        self.counts.add(outcome.counts);
    }

    /// A simulation in which nothing happens shows nothing: fails if that is so. Too few runs for
    /// chance to be even are let pass.
    pub fn something_happened(&self) {
        let (Self { runs, live, counts }, each) = (self, usize::try_from(self.runs).unwrap());
        if *runs >= 100 {
            assert!(*live > each * 3 && counts.deaths > *runs && counts.rescues > *runs / 3);
            assert!(counts.unknown > *runs / 2 && counts.approvals > *runs);
            assert!(counts.cancels > *runs / 4);
        }
    }
}
