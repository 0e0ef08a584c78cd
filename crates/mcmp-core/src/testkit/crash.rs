//! A process that is killed while it writes: whatever it was told is committed is there afterwards,
//! whole.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::harness::{Skip, TestStore};
use super::queue::{LEASE, MINUTE, request};
use super::samples::{Maker, Place, Sample, Stored};
use crate::access::{Actor, Scope};
use crate::agency::{Agency, Meter};
use crate::client::Client;
use crate::event::Event;
use crate::id::{AccountId, Id, JobId};
use crate::post::{Comment, HistoryEntry, Post};
use crate::publishing::{JobState, PublishJob, WorkerId};
use crate::store::{
    ChangeSet, ClaimRequest, EventPosition, MeterChange, PublishJobFilter, Store, StoreExt,
};

/// Where the store of a process that is to be killed is.
const PLACE: &str = "MCMP_CRASH_PLACE";
/// Which of these processes it is.
const ROUND: &str = "MCMP_CRASH_ROUND";

/// How many write at once, and how many claim.
const WRITERS: u64 = 4;
const WORKERS: u64 = 2;

/// Starts a process that commits and claims without end, kills it, and looks at what it left; so
/// many times over, in one place.
///
/// `test` is the path of the test that calls this, such as `crash::kills`: the processes are this
/// test binary, told to run that test alone. `place` makes a fresh place for a store, named in a
/// text, such as a file's; `open` opens the store there.
///
/// - Every commit that was acknowledged is there, with its event and its meter.
/// - Of every other, all is there or nothing.
/// - A job that was finished stays finished, and fences never fall back.
/// - Every other job is claimed again once the leases have passed.
///
/// # Panics
/// Any of this does not hold, or there is no store and `MCMP_REQUIRE_SERVICES=1` is set.
#[allow(clippy::print_stderr, reason = "a skipped test must not look like a passed one")]
pub fn survive_kills<Open, Opened>(
    test: &str,
    kills: u32,
    place: impl FnOnce() -> Result<String, Skip>,
    open: Open,
) where
    Open: Fn(String) -> Opened,
    Opened: Future<Output = TestStore>,
{
    if let Ok(place) = std::env::var(PLACE) {
        let round = std::env::var(ROUND).unwrap().parse().unwrap();
        return runtime().block_on(async { toil(open(place).await, round).await });
    }
    let place = match place() {
        Ok(place) => place,
        Err(Skip { what, install }) => {
            let required = std::env::var("MCMP_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
            assert!(!required, "{test} can't be skipped here: {what}; {install}");
            return eprintln!("SKIPPED {test}: {what}; {install}");
        }
    };
    runtime().block_on(async { seed(&open(place.clone()).await).await });
    let mut told = Told::default();
    for round in 1..=kills {
        let enough = 20 + (round * 37) % 90;
        told.listen(test, &place, round, enough);
        runtime().block_on(async { inspect(&open(place.clone()).await, &mut told).await });
    }
    assert!(told.begun.len() > told.acknowledged.len(), "some were killed before their answer");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn system() -> Scope {
    Actor::system("crash").own_scope().unwrap()
}

/// The same in every process.
fn base() -> DateTime<Utc> {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

fn the_place() -> Place {
    let maker = Maker::new(base());
    Place::new(&maker, maker.id(), maker.id(), maker.id())
}

fn accounts() -> Vec<AccountId> {
    let maker = Maker::new(base() - TimeDelta::days(1));
    (0..5).map(|_| maker.id()).collect()
}

async fn seed(test: &TestStore) {
    let (maker, place) = (Maker::new(base() + TimeDelta::minutes(1)), the_place());
    let mut changes = ChangeSet::new();
    let mut agency = Agency::sample(&maker, &place, 1);
    agency.set_id(place.agency_id);
    agency.put(&mut changes);
    let mut client = Client::sample(&maker, &place, 1);
    client.set_id(place.client_id);
    client.put(&mut changes);
    let mut post = Post::sample(&maker, &place, 1);
    post.set_id(place.post_id);
    post.put(&mut changes);
    test.store.commit(&system(), changes).await.unwrap();
}

/// What the process says: it is about to commit; that is acknowledged; a job was put in; was
/// claimed; was finished.
fn say(what: &str, ids: &[Uuid], fence: u64) {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let line = format!("\nmcmp {what} {fence} {}\n", ids.join(" "));
    // One write: lines of several threads stay whole.
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Commits and claims until it is killed.
async fn toil(test: TestStore, round: i64) {
    let mut tasks = tokio::task::JoinSet::new();
    let store = &test.store;
    // Ids of their own for each process and task.
    let maker = |task: u64| {
        let task = i64::try_from(task).unwrap();
        Maker::new(base() + TimeDelta::hours(round) + TimeDelta::minutes(task))
    };
    for task in 0..WRITERS {
        tasks.spawn(write(Arc::clone(store), maker(task)));
    }
    for task in 0..WORKERS {
        tasks.spawn(work(Arc::clone(store), maker(WRITERS + task), task));
    }
    tasks.join_next().await.unwrap().unwrap();
}

async fn write(store: Arc<dyn Store>, maker: Maker) {
    let (place, system) = (the_place(), system());
    for seq in 0.. {
        let mut comment = Comment::sample(&maker, &place, seq);
        let mut entry = HistoryEntry::sample(&maker, &place, seq);
        let mut event = Event::sample(&maker, &place, seq);
        let ids = [comment.id.uuid(), entry.id.uuid(), event.id.uuid()];
        let mut changes = ChangeSet::new();
        comment.put(&mut changes);
        entry.put(&mut changes);
        event.put(&mut changes);
        changes.meter(count(&place));
        say("begun", &ids, 0);
        store.commit(&system, changes).await.unwrap();
        say("acknowledged", &ids, 0);
    }
}

fn count(place: &Place) -> MeterChange {
    let (agency_id, meter) = (place.agency_id, Meter::StorageBytes);
    MeterChange { agency_id, meter, month: None, by: 1, limit: None }
}

async fn work(store: Arc<dyn Store>, maker: Maker, task: u64) {
    let (place, system, accounts) = (the_place(), system(), accounts());
    let worker = WorkerId(format!("worker-{task}"));
    for seq in 0.. {
        let due = store.now().await.unwrap() - MINUTE;
        let mut job = PublishJob::sample(&maker, &place, 1);
        job.account_id = accounts[usize::try_from(seq).unwrap_or_default() % accounts.len()];
        (job.state, job.due_at, job.planned_at) = (JobState::Scheduled, due, due);
        (job.lease, job.intent, job.hold_reason, job.finished_at) = (None, None, None, None);
        let mut changes = ChangeSet::new();
        changes.insert(&mut job);
        store.commit(&system, changes).await.unwrap();
        say("put", &[job.id.uuid()], job.fence);
        let request = ClaimRequest { worker: worker.clone(), ..request(3) };
        for mut job in store.claim(&system, &request).await.unwrap().jobs {
            say("claimed", &[job.id.uuid()], job.fence);
            // Every third one is left to whoever comes when its lease has passed.
            if seq % 3 == 2 {
                continue;
            }
            (job.state, job.lease) = (JobState::Published, None);
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            store.commit(&system, changes).await.unwrap();
            say("finished", &[job.id.uuid()], job.fence);
        }
    }
}

/// All that the processes have said.
#[derive(Debug, Default)]
struct Told {
    begun: BTreeSet<[Uuid; 3]>,
    acknowledged: BTreeSet<[Uuid; 3]>,
    put: BTreeSet<JobId>,
    fences: BTreeMap<JobId, u64>,
    finished: BTreeSet<JobId>,
}

impl Told {
    /// Starts a process, and kills it once it has said enough.
    fn listen(&mut self, test: &str, place: &str, round: u32, enough: u32) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(PLACE, place)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            // The last line may be cut.
            let line = line.unwrap_or_default();
            acknowledged += u32::from(self.note(&line));
            if acknowledged == enough {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged >= enough, "round {round}: the process ended by itself");
    }

    /// Whether a commit was acknowledged.
    fn note(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        let (Some("mcmp"), Some(what), Some(fence)) = (words.next(), words.next(), words.next())
        else {
            return false;
        };
        let Ok(ids) = words.map(Uuid::try_parse).collect::<Result<Vec<_>, _>>() else {
            return false;
        };
        let fence: u64 = fence.parse().unwrap();
        match (what, ids.as_slice()) {
            ("begun", [a, b, c]) => drop(self.begun.insert([*a, *b, *c])),
            ("acknowledged", [a, b, c]) => return self.acknowledged.insert([*a, *b, *c]),
            (_, [job]) => {
                let job = JobId::from_uuid(*job);
                match what {
                    "put" => drop(self.put.insert(job)),
                    "finished" => drop(self.finished.insert(job)),
                    _ => {}
                }
                let known = self.fences.entry(job).or_default();
                *known = fence.max(*known);
            }
            _ => {}
        }
        false
    }
}

/// What must hold after each kill.
async fn inspect(test: &TestStore, told: &mut Told) {
    let (store, system, place) = (&*test.store, system(), the_place());
    let mut whole = 0;
    let mut outbox = BTreeSet::new();
    let mut after = EventPosition::START;
    loop {
        let events = store.events_after(&system, after, 500).await.unwrap();
        let Some((last, _)) = events.last() else { break };
        after = *last;
        outbox.extend(events.iter().map(|(_, event)| event.id.uuid()));
    }
    for ids in &told.begun {
        let [comment, entry, event] = ids;
        let has_comment = store.find::<Comment>(&system, Id::from_uuid(*comment)).await.unwrap();
        let has_entry = store.find::<HistoryEntry>(&system, Id::from_uuid(*entry)).await.unwrap();
        let has_event = store.find::<Event>(&system, Id::from_uuid(*event)).await.unwrap();
        let parts = [
            has_comment.is_some(),
            has_entry.is_some(),
            has_event.is_some(),
            outbox.contains(event),
        ];
        assert!(parts.iter().all(|part| *part == parts[0]), "half of a commit is there: {parts:?}");
        assert!(parts[0] || !told.acknowledged.contains(ids), "an acknowledged commit is lost");
        whole += u64::from(parts[0]);
    }
    let used = store.usage(&system, place.agency_id, Meter::StorageBytes, None).await.unwrap();
    assert_eq!(used, whole, "the meter counts what is there");
    jobs(test, told).await;
}

/// Jobs that were finished stay so; all others are claimed once their leases have passed.
async fn jobs(test: &TestStore, told: &mut Told) {
    let (store, system) = (&*test.store, system());
    let all = store.all::<PublishJob>(&system, PublishJobFilter::default()).await.unwrap();
    let stored: BTreeMap<JobId, &PublishJob> = all.iter().map(|job| (job.id, job)).collect();
    for job in &told.put {
        assert!(stored.contains_key(job), "a job that was put in is lost");
    }
    for (job, fence) in &told.fences {
        assert!(stored.get(job).is_none_or(|job| job.fence >= *fence), "a fence fell back");
    }
    for job in &told.finished {
        assert_eq!(stored[job].state, JobState::Published, "a job's end is lost");
    }
    let mut open: BTreeSet<JobId> =
        all.iter().filter(|job| job.state != JobState::Published).map(|job| job.id).collect();

    test.time.advance(LEASE + MINUTE).await;
    let mut changes = ChangeSet::new();
    for mut job in store.expired(&system, 10_000).await.unwrap() {
        (job.state, job.lease) = (JobState::Scheduled, None);
        changes.update(&mut job);
    }
    store.commit(&system, changes).await.unwrap();
    while !open.is_empty() {
        let claimed = store.claim(&system, &request(50)).await.unwrap().jobs;
        assert!(!claimed.is_empty(), "{} jobs are not claimed again", open.len());
        for mut job in claimed {
            assert!(open.remove(&job.id), "a job is claimed that was through");
            assert!(job.fence > told.fences.get(&job.id).copied().unwrap_or_default());
            (job.state, job.lease) = (JobState::Published, None);
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            store.commit(&system, changes).await.unwrap();
            told.finished.insert(job.id);
        }
    }
}
