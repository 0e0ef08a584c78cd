//! Several processes, each with several workers, empty one queue together; some of them are killed
//! on the way. No job is lost, none is finished twice, and no lane sleeps over what it has to do.
//!
//! `MCMP_DRAIN_JOBS` is the number of jobs, 10,000 unless set. The store goes by its server's clock,
//! as it does unless told otherwise.

mod processes;
mod queue;
mod worker;

use std::collections::{BTreeMap, BTreeSet};

use tokio::runtime::Runtime;
use uuid::Uuid;

use self::processes::{Processes, Said};
use self::queue::Queue;
use mcmp_test_servers::postgres::Database;
use mcmp_test_servers::skipped;

const TEST: &str = "draining::processes_empty_a_queue";

/// How many work at once, and how many are killed before all is done.
const PROCESSES: u32 = 4;
const KILLS: u32 = 6;

/// How often in a row somebody may find nothing to do. Leases end long before; what is not found
/// then never will be.
const MOST_IDLE: u32 = 20_000;

#[test]
fn processes_empty_a_queue() {
    let runtime = Runtime::new().unwrap();
    if let Some((url, process)) = processes::is_one() {
        return runtime.block_on(worker::toil(url, process));
    }
    let database = match runtime.block_on(Database::fresh()) {
        Ok(database) => database,
        Err(skip) => return skipped("processes_empty_a_queue", &skip),
    };
    let jobs = std::env::var("MCMP_DRAIN_JOBS").map_or(10_000, |jobs| jobs.parse().unwrap());
    let queue = runtime.block_on(Queue::new(&database));
    runtime.block_on(queue.fill(jobs / 2));
    let mut drain = Drain::new(&runtime, &queue, Processes::new(TEST, &database));
    drain.processes.start(PROCESSES);
    // The rest comes while others are at work.
    let filling = runtime.spawn(queue.clone().filled(jobs - jobs / 2));
    while !(filling.is_finished() && drain.is_done()) {
        drain.listen();
        if drain.kills < KILLS && drain.finished >= jobs * (drain.kills + 1) / (KILLS + 1) {
            drain.kill_one();
        }
    }
    runtime.block_on(filling).unwrap();
    let told = drain.end();
    assert!(told.kills > 0 && told.rescued > 0, "jobs of the killed were taken back");
    assert!(told.refused > 0, "some came too late");
    runtime.block_on(check(&queue, jobs, &told.fences));
}

/// What the processes came to.
async fn check(queue: &Queue, jobs: u32, claimed: &BTreeMap<Uuid, u64>) {
    queue.has_nothing_left().await;
    let mut finished = BTreeMap::new();
    let mut processes = BTreeSet::new();
    for (job, fence, process) in queue.trail().await {
        let earlier = finished.insert(job, fence);
        assert_eq!(earlier, None, "job {job} was finished twice");
        processes.insert(process);
    }
    let stored = queue.published().await;
    assert_eq!(stored.len(), usize::try_from(jobs).unwrap());
    assert!(finished == stored, "every job has its event, with the fence it was finished under");
    assert!(finished == *claimed, "nobody finished what somebody else had claimed since");
    assert!(stored.values().any(|fence| *fence > 1), "some were claimed more than once");
    assert!(processes.len() > 1, "several processes did the work: {processes:?}");
}

/// What was heard so far.
struct Drain<'a> {
    runtime: &'a Runtime,
    queue: &'a Queue,
    processes: Processes,
    /// Who spoke last.
    last: u32,
    kills: u32,
    finished: u32,
    rescued: u32,
    refused: u32,
    /// The highest fence of each job.
    fences: BTreeMap<Uuid, u64>,
    /// How often in a row somebody had nothing to do.
    idle: u32,
}

impl<'a> Drain<'a> {
    fn new(runtime: &'a Runtime, queue: &'a Queue, processes: Processes) -> Self {
        let (last, kills, finished, rescued, refused, idle) = (0, 0, 0, 0, 0, 0);
        let fences = BTreeMap::new();
        Self { runtime, queue, processes, last, kills, finished, rescued, refused, fences, idle }
    }

    /// Whether there is nothing to do any more, once somebody says so.
    fn is_done(&self) -> bool {
        self.idle > 0 && self.runtime.block_on(self.queue.is_empty())
    }

    fn listen(&mut self) {
        let (process, said) = self.processes.listen();
        self.hear(said);
        self.last = process;
        if self.idle > MOST_IDLE {
            self.runtime.block_on(self.queue.audit());
            panic!("{} are finished, and nobody finds the rest", self.finished);
        }
    }

    fn hear(&mut self, said: Said) {
        self.idle = if matches!(said, Said::Idle) { self.idle + 1 } else { 0 };
        match said {
            Said::Claimed(jobs) => {
                for (job, fence) in jobs {
                    let known = self.fences.entry(job).or_default();
                    assert!(fence != *known, "two have claimed job {job} under fence {fence}");
                    *known = fence.max(*known);
                }
            }
            Said::Finished(count) => self.finished += count,
            Said::Rescued(count) => self.rescued += count,
            Said::Refused => self.refused += 1,
            Said::Idle => {}
        }
    }

    /// Whoever spoke last is in the middle of something.
    fn kill_one(&mut self) {
        self.processes.replace(self.last);
        self.kills += 1;
        self.runtime.block_on(self.queue.audit());
    }

    /// Ends all processes, and hears what they said until then.
    fn end(mut self) -> Self {
        for said in self.processes.end() {
            self.hear(said);
        }
        self
    }
}
