//! One run from its seed to its end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use mcmp_core::store::{MemoryStore, Store};
use mcmp_scheduler::TokioClock;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::dice::Dice;
use super::faults::strike;
use super::hub::{Hub, lock};
use super::ledger::Counts;
use super::life::{Fate, Life};
use super::logs::Logs;
use super::mutants::Mutant;
use super::oracle;
use super::people::People;
use super::plan::Plan;
use super::world::World;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The same for two runs in which the same happened.
    pub hash: u64,
    /// All that happened, a line each.
    pub notes: Vec<String>,
    /// What must never be, and was.
    pub violations: Vec<String>,
    /// How often what happened.
    pub counts: Counts,
    /// How much is live in the end.
    pub live: usize,
}

/// The processes that are alive now.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    lives: Mutex<Vec<Option<Arc<Life>>>>,
}

impl Slots {
    pub(crate) fn lives(&self) -> Vec<Arc<Life>> {
        lock(&self.lives).iter().flatten().cloned().collect()
    }

    fn put(&self, slot: usize, life: Option<Arc<Life>>) {
        let mut lives = lock(&self.lives);
        if lives.len() <= slot {
            lives.resize(slot + 1, None);
        }
        lives[slot] = life;
    }
}

/// Longest that it takes until everything has come to rest: a platform is asked for a day.
const LONGEST_DRAIN: Duration = Duration::from_secs(4 * 24 * 3_600);

/// An empty store in memory.
pub fn in_memory(clock: TokioClock) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(clock)))
}

/// A run over a store in memory.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Outcome {
    run_over(in_memory, seed, mutant)
}

/// A run over the store that `new_store` makes, empty and going by the clock.
///
/// Time is paused, and goes on by itself while nothing is ready to run: a store that waits for
/// something outside the runtime is wrapped in [`Outside`](super::Outside).
pub fn run_over(
    new_store: impl FnOnce(TokioClock) -> Arc<dyn Store>,
    seed: u64,
    mutant: Option<Mutant>,
) -> Outcome {
    let logs = Logs::default();
    let _listening = logs.listen();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(simulate(new_store, seed, mutant, &logs))
}

async fn simulate(
    new_store: impl FnOnce(TokioClock) -> Arc<dyn Store>,
    seed: u64,
    mutant: Option<Mutant>,
    logs: &Logs,
) -> Outcome {
    let mut dice = Dice::new(seed);
    let plan = Plan::new(&mut dice, mutant);
    let clock = TokioClock::starting_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let store = new_store(clock.clone());
    let hub = Arc::new(Hub::new(clock, store, plan, dice, mutant));
    hub.note("world", format!("{:?}", hub.plan));
    let world = Arc::new(World::new(Arc::clone(&hub)).await);
    let people = People::new(Arc::clone(&world));
    let slots = Arc::new(Slots::default());
    let mut tasks: Vec<JoinHandle<()>> = (0..hub.plan.processes)
        .map(|slot| tokio::spawn(keep_running(Arc::clone(&world), Arc::clone(&slots), slot)))
        .collect();
    tasks.push(tokio::spawn(strike(Arc::clone(&world), Arc::clone(&slots))));

    people.live().await;
    hub.calm();
    hub.note("world", "everything works again, and nobody does anything more");
    people.settle().await;
    let end = Instant::now() + LONGEST_DRAIN;
    let mut came_to_rest = false;
    while !came_to_rest && Instant::now() < end && !hub.has_failed() {
        sleep(Duration::from_secs(900)).await;
        people.keep_connected().await;
        came_to_rest = oracle::is_at_rest(&world).await;
    }
    // Whoever reads events gets to the last one.
    sleep(Duration::from_secs(3_600)).await;
    if !hub.has_failed() {
        oracle::check(&world, came_to_rest).await;
    }
    for task in tasks {
        task.abort();
        if let Err(error) = task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
    for wrong in logs.wrongs() {
        hub.violation(wrong);
    }
    let live = world.channels.iter().map(|c| c.platform.live_on(c.id, hub.now()).len()).sum();
    let counts = hub.ledger().counts;
    let (notes, hash, violations) = hub.take_notes();
    Outcome { hash, notes, violations, counts, live }
}

/// One process after another: each is killed, dies by itself or is replaced, and the next one comes
/// after a while.
async fn keep_running(world: Arc<World>, slots: Arc<Slots>, slot: usize) {
    let hub = Arc::clone(&world.hub);
    for number in 1.. {
        let name = format!("p{slot}.{number}");
        let (fate, replaced_after) = hub.dice(|dice| {
            let freezes = hub.plan.freezes && (!hub.plan.crashes || dice.one_in(2));
            let is_fated = (hub.plan.crashes || freezes) && !dice.one_in(3);
            // Where it matters most, and anywhere else.
            let only = *dice.pick(&[None, None, Some("commit committing"), Some("go_live")]);
            let most = if only.is_some() { 2 } else { *dice.pick(&[15, 50]) };
            let fate = is_fated.then(|| Fate {
                claims: dice.within(1, 4),
                calls: dice.below(most),
                only,
                after: dice.one_in(2),
                freezes: freezes.then(|| match dice.one_in(2) {
                    true => dice.seconds(60, 1_500),
                    false => dice.seconds(5, 60),
                }),
            });
            (fate, dice.seconds(600, 3 * 3_600))
        });
        let life = Life::new(name.clone(), Arc::clone(&hub), fate);
        hub.note(&name, "starts");
        let engine = world.process(&life);
        slots.put(slot, Some(Arc::clone(&life)));
        let replaced = async {
            sleep(replaced_after).await;
            if hub.is_calm() {
                std::future::pending::<()>().await;
            }
            hub.note(&name, "is to stop");
        };
        let has_died = tokio::select! {
            biased;
            () = life.died() => true,
            () = engine.run(replaced) => false,
        };
        slots.put(slot, None);
        if has_died {
            hub.ledger().counts.deaths += 1;
        } else {
            hub.note(&name, "has stopped");
        }
        let pause = hub.dice(|dice| match dice.one_in(4) {
            true => dice.seconds(60, 3_600),
            false => dice.seconds(1, 60),
        });
        sleep(pause).await;
    }
}
