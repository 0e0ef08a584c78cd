//! Many short lives of an agency on whole engines, each drawn from one seed: everybody does what
//! they like, platforms fail as they like, processes die, freeze and wake up, the store fails, the
//! clock jumps. What must hold holds all the same, over each store.
//!
//! A run that fails prints its seed and all that happened; `MCMP_SEED=n` runs that one alone, and
//! `MCMP_SIM_RUNS=n` that many of each range. `./scripts/test simulation` runs them with the engine
//! optimised, which is five times as fast; CI runs 5,000 of them over the store in memory. Over a
//! database a seed tells the very same story.
//!
//! | file | holds |
//! |---|---|
//! | `dice`, `plan` | chance, and what kind of run it is |
//! | `world`, `people`, `run` | the agency, who acts in it, and a run from seed to end |
//! | `life`, `store`, `platform`, `faults` | what happens to a process, and to each of its calls |
//! | `ledger`, `witness`, `oracle`, `logs` | what was seen, and what must hold at once and in the end |
//! | `outside` | a store that works outside the run's time, as databases do |
//! | `seeds`, `same` | many runs; and whether two stores make the same of one |
//! | `mutants` | faults that the simulation must find |
//! | `stopped` | a story that chance seldom tells |
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "code of tests: what does not go as expected fails the test"
)]

mod dice;
mod faults;
mod hub;
mod ledger;
mod life;
mod logs;
mod mutants;
mod oracle;
mod outside;
mod people;
mod plan;
mod platform;
#[path = "../../mcmp-core/tests/it/mutants/rewrite.rs"]
mod rewrite;
mod run;
mod same;
mod seeds;
mod stopped;
mod store;
mod witness;
mod world;

pub use ledger::Counts;
pub use mutants::Mutant;
pub use outside::Outside;
pub use run::{Outcome, in_memory, run, run_over};
pub use same::tells_the_same;
pub use seeds::{Named, Sum, all_hold, of_range, runs};
pub use stopped::a_worker_is_stopped_before_its_call;
