//! What whole use cases cost over the store in memory: everything but the database and the network.

use divan::Bencher;
use mcmp_benches::house::House;

fn main() {
    divan::main();
}

/// From an approved post to a scheduled one with its job.
#[divan::bench(sample_size = 1, sample_count = 1000)]
fn schedule(bencher: Bencher<'_, '_>) {
    let house = House::new();
    bencher.with_inputs(|| house.approved_post()).bench_local_values(|post| house.schedule(post));
}

/// The same with all kinds of client rules and fifty posts in the calendar.
#[divan::bench(sample_size = 1, sample_count = 1000)]
fn schedule_under_rules(bencher: Bencher<'_, '_>) {
    let house = House::with_rules(50);
    bencher.with_inputs(|| house.approved_post()).bench_local_values(|post| house.schedule(post));
}

/// From a claimed job to a published one: rules, tokens, intent, call, evidence, outcome, and the
/// post that follows; three commits.
#[divan::bench(sample_size = 1, sample_count = 1000)]
fn carry_out(bencher: Bencher<'_, '_>) {
    let house = House::new();
    bencher.with_inputs(|| house.claimed_job()).bench_local_values(|job| house.carry_out(job));
}

/// The same with all kinds of client rules and fifty posts in the calendar.
#[divan::bench(sample_size = 1, sample_count = 1000)]
fn carry_out_under_rules(bencher: Bencher<'_, '_>) {
    let house = House::with_rules(50);
    bencher.with_inputs(|| house.claimed_job()).bench_local_values(|job| house.carry_out(job));
}
