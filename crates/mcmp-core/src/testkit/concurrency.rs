//! What holds when many do things at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::harness::Kit;
use super::queue::{MINUTE, account, change_lane, new_job, request};
use super::samples::{Sample, Stored};
use super::vary::Vary;
use super::world::{World, is_conflict};
use crate::access::Scope;
use crate::campaign::Campaign;
use crate::client::Client;
use crate::id::{AccountId, Id, JobId};
use crate::publishing::{JobState, LaneAction, PublishJob, WorkerId};
use crate::store::{
    ChangeSet, ClaimRequest, Entity, PublishJobFilter, Query, Store, StoreError, Version,
};
use crate::value::Markdown;

/// Commits all at once, each in a task of its own; answers in their order.
async fn race(world: &World, sets: Vec<ChangeSet>) -> Vec<Result<(), StoreError>> {
    let barrier = Arc::new(tokio::sync::Barrier::new(sets.len()));
    let tasks: Vec<_> = sets
        .into_iter()
        .map(|changes| {
            let (store, system) = (world.shared(), world.system.clone());
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                store.commit(&system, changes).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Of several changes of one version exactly one wins, whole; the others are conflicts.
pub(super) async fn one_of_racing_changes_wins(kit: Kit) {
    let mut world = kit.world().await;
    let campaign: Campaign = world.make(0, 1);
    let mut campaign = world.insert(campaign).await;
    for round in 0..20 {
        let mut wanted = Vec::new();
        let mut sets = Vec::new();
        for racer in 0..6 {
            let mut changes = ChangeSet::new();
            let mut own = campaign.clone();
            own.amend(&mut changes, &mut Vary::new(round * 10 + racer));
            let mut event: crate::event::Event = world.make(0, racer);
            event.put(&mut changes);
            sets.push(changes);
            wanted.push((own, event.id));
        }
        let answers = race(&world, sets).await;
        let winners: Vec<_> = answers.iter().zip(&wanted).filter(|(a, _)| a.is_ok()).collect();
        let [(_, (winner, _))] = winners.as_slice() else { panic!("{} won", winners.len()) };
        for (answer, (_, event)) in answers.iter().zip(&wanted) {
            if let Err(error) = answer {
                assert!(is_conflict(error, Campaign::KIND, campaign.id.uuid()), "{error:?}");
            }
            let kept = world.stored::<crate::event::Event>(*event).await;
            assert_eq!(kept.is_some(), answer.is_ok(), "events of losers are not kept");
        }
        assert_eq!(world.stored::<Campaign>(campaign.id).await.as_ref(), Some(winner));
        campaign = winner.clone();
    }
    assert_eq!(campaign.version, Version(21));
}

/// Of several who take one unique value at once, one gets it.
pub(super) async fn one_of_racing_values_wins(kit: Kit) {
    let world = kit.world().await;
    for round in 0..10 {
        let first: Client = world.make(0, round);
        let mut clients: Vec<Client> = (0..5).map(|seq| world.make(0, seq)).collect();
        let sets = clients.iter_mut().map(|client| {
            client.slug = first.slug.clone();
            let mut changes = ChangeSet::new();
            changes.insert(client);
            changes
        });
        let answers = race(&world, sets.collect()).await;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
        for error in answers.into_iter().filter_map(Result::err) {
            assert!(matches!(error, StoreError::NotUnique { field: "slug", .. }), "{error:?}");
        }
    }
}

/// Counts the jobs that workers hold, account by account, and fails on one too many.
#[derive(Debug)]
struct Held {
    most: u32,
    now: BTreeMap<AccountId, AtomicU32>,
}

impl Held {
    fn new(accounts: &[AccountId], most: u32) -> Arc<Self> {
        let now = accounts.iter().map(|account| (*account, AtomicU32::new(0))).collect();
        Arc::new(Self { most, now })
    }

    fn take(&self, job: &PublishJob) {
        let before = self.now[&job.account_id].fetch_add(1, Ordering::SeqCst);
        assert!(before < self.most, "{} jobs of one account in flight", before + 1);
    }

    fn give_back(&self, job: &PublishJob) {
        self.now[&job.account_id].fetch_sub(1, Ordering::SeqCst);
    }
}

/// Claims and finishes until the given number of jobs is through; names those it took.
async fn work(
    store: Arc<dyn Store>,
    system: Scope,
    worker: usize,
    held: Arc<Held>,
    done: Arc<AtomicU32>,
    all: u32,
) -> Vec<JobId> {
    let worker = WorkerId(format!("worker-{worker}"));
    let request = ClaimRequest { worker, ..request(3) };
    let mut taken = Vec::new();
    let mut empty = 0;
    while done.load(Ordering::SeqCst) < all {
        let jobs = store.claim(&system, &request).await.unwrap().jobs;
        empty = if jobs.is_empty() { empty + 1 } else { 0 };
        assert!(empty < 20_000, "a lane sleeps while jobs are due");
        for mut job in jobs {
            held.take(&job);
            taken.push(job.id);
            tokio::task::yield_now().await;
            held.give_back(&job);
            (job.state, job.lease) = (JobState::Published, None);
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            store.commit(&system, changes).await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        }
        tokio::task::yield_now().await;
    }
    taken
}

/// Many claimers over many jobs: none is taken twice, none is lost, and no account has two in flight.
pub(super) async fn claims_take_every_job_once(kit: Kit) {
    const JOBS: u32 = 120;
    let mut world = kit.world().await;
    let mut accounts = Vec::new();
    for i in 0..8 {
        accounts.push(account(&mut world, i % 5).await);
    }
    let now = world.now().await;
    let mut changes = ChangeSet::new();
    let mut made = Vec::new();
    for (i, minutes) in (0..JOBS as usize).zip((1..=7).cycle()) {
        let due = now - MINUTE * minutes;
        let mut job = new_job(&world, i % 8 % 5, accounts[i % 8], due);
        changes.insert(&mut job);
        made.push(job.id);
    }
    world.commit(changes).await.unwrap();
    let (held, done) = (Held::new(&accounts, 1), Arc::new(AtomicU32::new(0)));
    let workers: Vec<_> = (0..6)
        .map(|i| {
            let (held, done) = (Arc::clone(&held), Arc::clone(&done));
            tokio::spawn(work(world.shared(), world.system.clone(), i, held, done, JOBS))
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, made, "each once");
    for account in accounts {
        let lane = world.store().lane(&world.system, account).await.unwrap().unwrap();
        assert_eq!((lane.in_flight, lane.ready_at), (0, None));
    }
}

/// A job that is called off while it is claimed is either taken or cancelled, never both.
pub(super) async fn a_claim_or_a_cancel_wins(kit: Kit) {
    let mut world = kit.world().await;
    for _ in 0..6 {
        let mut jobs = Vec::new();
        let mut changes = ChangeSet::new();
        for _ in 0..6 {
            let account = account(&mut world, 0).await;
            let mut job = new_job(&world, 0, account, world.now().await - MINUTE);
            changes.insert(&mut job);
            jobs.push(job);
        }
        world.commit(changes).await.unwrap();
        let cancels = jobs.iter().cloned().map(|mut job| {
            job.state = JobState::Cancelled;
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            changes
        });
        let (store, system) = (world.shared(), world.system.clone());
        let claims = tokio::spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..6 {
                taken.extend(store.claim(&system, &request(2)).await.unwrap().jobs);
                tokio::task::yield_now().await;
            }
            taken
        });
        let cancelled = race(&world, cancels.collect()).await;
        let taken = claims.await.unwrap();
        for (job, answer) in jobs.iter().zip(cancelled) {
            let was_taken = taken.iter().any(|taken| taken.id == job.id);
            assert!(answer.is_ok() != was_taken, "taken {was_taken}, cancel {answer:?}");
            let stored = world.stored::<PublishJob>(job.id).await.unwrap();
            let expected = if was_taken { JobState::Running } else { JobState::Cancelled };
            assert_eq!(stored.state, expected);
        }
    }
}

/// Jobs inserted while others are claimed and finished: never more in flight than the lane allows,
/// and all of them go out.
pub(super) async fn racing_inserts_never_overfill_a_lane(kit: Kit) {
    const JOBS: u32 = 60;
    let mut world = kit.world().await;
    let account = account(&mut world, 0).await;
    change_lane(&world, 0, account, LaneAction::SetMaxInFlight(2)).await;
    let (held, done) = (Held::new(&[account], 2), Arc::new(AtomicU32::new(0)));
    let due = world.now().await - MINUTE;
    let inserters: Vec<_> = (0..3)
        .map(|_| {
            let jobs: Vec<_> = (0..JOBS / 3).map(|_| new_job(&world, 0, account, due)).collect();
            let (store, system) = (world.shared(), world.system.clone());
            tokio::spawn(async move {
                for mut job in jobs {
                    let mut changes = ChangeSet::new();
                    changes.insert(&mut job);
                    store.commit(&system, changes).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let workers: Vec<_> = (0..4)
        .map(|i| {
            let (held, done) = (Arc::clone(&held), Arc::clone(&done));
            tokio::spawn(work(world.shared(), world.system.clone(), i, held, done, JOBS))
        })
        .collect();
    for inserter in inserters {
        inserter.await.unwrap();
    }
    let mut taken = 0;
    for worker in workers {
        taken += worker.await.unwrap().len();
    }
    assert_eq!(taken, JOBS as usize);
    let filter = PublishJobFilter {
        account_id: Some(account),
        states: vec![JobState::Published],
        ..Default::default()
    };
    let published = world.walk::<PublishJob>(&world.system, Query::new(filter)).await;
    assert_eq!(published.len(), JOBS as usize);
}

/// Two rows that always change together are always read together, in lists and in counts.
pub(super) async fn a_read_sees_all_of_a_commit_or_nothing(kit: Kit) {
    let mut world = kit.world().await;
    let (one, other): (Campaign, Campaign) = (world.make(0, 1), world.make(0, 2));
    let mut pair = [world.insert(one).await, world.insert(other).await];
    let [one, other] = [pair[0].id, pair[1].id];
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, system) = (world.shared(), world.system.clone());
        let stop = Arc::clone(&stop);
        async move {
            for step in 0..150 {
                let mut changes = ChangeSet::new();
                for campaign in &mut pair {
                    let text = format!("step {step}");
                    campaign.description = Markdown::new("description", text).unwrap();
                    changes.update(campaign);
                }
                store.commit(&system, changes).await.unwrap();
                tokio::task::yield_now().await;
            }
            stop.store(true, Ordering::SeqCst);
        }
    });
    while !stop.load(Ordering::SeqCst) && !writer.is_finished() {
        let query = Query::new(Default::default()).limit(500);
        let page = Campaign::read(world.store()).list(&world.system, &query).await.unwrap();
        let text = |id| {
            let found = page.items.iter().find(|campaign| campaign.id == id);
            found.map(|campaign| (campaign.version, campaign.description.clone()))
        };
        let (one, other) = (text(one).unwrap(), text(other).unwrap());
        assert_eq!(one.0, other.0, "half a commit was seen");
        assert!(one.0 == Version(1) || one.1 == other.1, "half a commit was seen");
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

/// Commits that touch the same rows in opposite orders all come to an end: done or a conflict.
pub(super) async fn crossing_commits_all_end(kit: Kit) {
    let mut world = kit.world().await;
    let (one, other): (Campaign, Campaign) = (world.make(0, 1), world.make(0, 2));
    let mut pair = [world.insert(one).await, world.insert(other).await];
    for round in 0..15 {
        let sets = (0..4).map(|racer| {
            let mut changes = ChangeSet::new();
            let mut own = pair.clone();
            if racer % 2 == 1 {
                own.reverse();
            }
            let mut vary = Vary::new(round * 4 + racer);
            for campaign in &mut own {
                campaign.amend(&mut changes, &mut vary);
            }
            changes
        });
        let answers = race(&world, sets.collect()).await;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
        for error in answers.into_iter().filter_map(Result::err) {
            assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
        }
        for campaign in &mut pair {
            *campaign = world.stored::<Campaign>(campaign.id).await.unwrap();
        }
    }
}
