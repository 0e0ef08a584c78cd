//! What only this store has. What every store must do is the conformance kit's.

mod rows;

use chrono::TimeDelta;
use proptest::prelude::*;

use self::rows::{
    agency, an_agency, claim_of, client, covers, event, id, job, membership, scopes, second, store,
    system, task,
};
use super::MemoryStore;
use super::state::{HasTable, State};
use super::transaction::Transaction;
use crate::account::SocialAccount;
use crate::agency::{Agency, Meter};
use crate::board::Task;
use crate::event::Event;
use crate::id::{AccountId, Id, JobId, PostId, TaskId};
use crate::member::{Coverage, Membership};
use crate::post::{HistoryEntry, Revision};
use crate::publishing::{
    JobState, LaneAction, LaneChange, Lease, PauseReason, PublishJob, WorkerId,
};
use crate::store::{
    AgencyFilter, ChangeSet, Commit, Direction, Entity, EntityKind, EventFilter, EventPosition,
    Filter, JobQueue, LeaseKey, MembershipFilter, MeterChange, Mutable, Outbox, PublishJobFilter,
    Query, Read, Record, StoreError, TaskFilter, Version, Write,
};
use crate::time::ManualClock;

/// One write of a random commit; numbers pick ids from few, so that writes meet.
#[derive(Debug, Clone)]
enum Step {
    Job { n: u32, account: u32, due: i64, priority: i16, state: JobState },
    DropJob(u32),
    Task { n: u32, post: Option<u32>, due: i64 },
    DropTask(u32),
    Membership { n: u32, clients: Vec<u32> },
    Lane(u32, LaneAction),
    Agency(u32),
    Meter(i64),
    Event(u32),
    DropEvent(u32),
}

#[derive(Debug, Clone)]
enum Act {
    Commit(Vec<Step>),
    Claim(usize),
    Renew,
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let action = prop_oneof![
        Just(LaneAction::Pause(PauseReason::Client)),
        Just(LaneAction::Resume(PauseReason::Client)),
        (0..40_i64).prop_map(|at| LaneAction::BlockUntil(second(at))),
        (0..4_u32).prop_map(LaneAction::SetMaxInFlight),
        (0..5_000_u32).prop_map(LaneAction::SetMinGap),
    ];
    let due = 0..40_i64;
    prop_oneof![
        6 => (0..8_u32, 0..4_u32, due.clone(), -1..2_i16, prop::sample::select(JobState::ALL))
            .prop_map(|(n, account, due, priority, state)| Step::Job { n, account, due, priority, state }),
        1 => (0..8_u32).prop_map(Step::DropJob),
        4 => (0..6_u32, prop::option::of(0..4_u32), due)
            .prop_map(|(n, post, due)| Step::Task { n, post, due }),
        1 => (0..6_u32).prop_map(Step::DropTask),
        2 => (0..3_u32, prop::sample::subsequence(vec![0, 1], 0..=2))
            .prop_map(|(n, clients)| Step::Membership { n, clients }),
        3 => (0..4_u32, action).prop_map(|(account, action)| Step::Lane(account, action)),
        1 => (1..3_u32).prop_map(Step::Agency),
        1 => (-3..4_i64).prop_map(Step::Meter),
        2 => (0..20_u32).prop_map(Step::Event),
        1 => (0..20_u32).prop_map(Step::DropEvent),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::collection::vec(step(), 1..4).prop_map(Act::Commit),
        2 => (0..6_usize).prop_map(Act::Claim),
        1 => Just(Act::Renew),
        2 => (-5..20_i64).prop_map(Act::Pass),
    ]
}

/// Inserts, or changes what is there.
async fn put<E>(store: &MemoryStore, changes: &mut ChangeSet, mut entity: E)
where
    E: Mutable + Into<Record>,
    State: HasTable<E>,
{
    match store.get(&system(), entity.id()).await.unwrap() {
        Some::<E>(stored) => {
            entity.set_version(stored.version());
            changes.update(&mut entity);
        }
        None => changes.insert(&mut entity),
    }
}

/// Deletes, if it is there.
async fn take<E>(store: &MemoryStore, changes: &mut ChangeSet, id: E::Id)
where
    E: Entity + Into<Record>,
    State: HasTable<E>,
{
    if let Some::<E>(stored) = store.get(&system(), id).await.unwrap() {
        changes.delete(stored);
    }
}

async fn add(store: &MemoryStore, changes: &mut ChangeSet, step: Step) {
    match step {
        Step::Job { n, account, due, priority, state } => {
            let mut job = job(n, account, due);
            (job.priority, job.state) = (priority, state);
            if state.is_in_flight() && due % 2 == 0 {
                let worker = WorkerId("w".to_owned());
                job.lease = Some(Lease { worker, until: second(due), claimed_rev: 1 });
            }
            put(store, changes, job).await;
        }
        Step::DropJob(n) => take::<PublishJob>(store, changes, id(n)).await,
        Step::Task { n, post, due } => put(store, changes, task(n, post, due)).await,
        Step::DropTask(n) => take::<Task>(store, changes, id(n)).await,
        Step::Membership { n, clients } => {
            let coverage =
                if clients.is_empty() { Coverage::WholeAgency } else { covers(&clients) };
            put(store, changes, membership(n, coverage)).await;
        }
        Step::Lane(account, action) => changes.lane(LaneChange {
            account_id: id(account),
            agency_id: agency(),
            client_id: client(account),
            action,
        }),
        Step::Agency(n) => put(store, changes, an_agency(n)).await,
        Step::Meter(by) => changes.meter(MeterChange {
            agency_id: agency(),
            meter: Meter::Accounts,
            month: None,
            by,
            limit: Some(4),
        }),
        Step::Event(n) => changes.event(event(n, (n % 3 > 0).then(|| client(n)))),
        Step::DropEvent(n) => take::<Event>(store, changes, id(n)).await,
    }
}

async fn carry_out(store: &MemoryStore, clock: &ManualClock, act: Act) {
    match act {
        Act::Commit(steps) => {
            let mut changes = ChangeSet::new();
            for step in steps {
                add(store, &mut changes, step).await;
            }
            let before = store.lock().clone();
            if store.commit(&system(), changes).await.is_err() {
                assert_eq!(*store.lock(), before, "a commit that was refused wrote something");
            }
        }
        Act::Claim(limit) => {
            let claimed = store.claim(&system(), &claim_of(limit)).await.unwrap();
            assert!(claimed.jobs.len() <= limit);
        }
        Act::Renew => {
            let jobs: Vec<PublishJob> =
                HasTable::<PublishJob>::table(&*store.lock()).rows().cloned().collect();
            let keys: Vec<_> =
                jobs.iter().map(|job| LeaseKey { job_id: job.id, fence: job.fence }).collect();
            store.renew(&system(), &keys, TimeDelta::seconds(10)).await.unwrap();
        }
        Act::Pass(seconds) => clock.advance(TimeDelta::seconds(seconds)),
    }
}

/// Every page of every list is what a look at each row says.
async fn assert_lists<E>(store: &MemoryStore, filters: &[E::Filter])
where
    E: Entity,
    State: HasTable<E>,
{
    let rows: Vec<E> = HasTable::<E>::table(&*store.lock()).rows().cloned().collect();
    for (scope, filter) in scopes().iter().flat_map(|s| filters.iter().map(move |f| (s, f))) {
        for sort in E::Filter::SORTS {
            for direction in [Direction::Ascending, Direction::Descending] {
                let mut expected: Vec<&E> = rows
                    .iter()
                    .filter(|row| scope.sees(row.tenancy()) && filter.matches(row))
                    .collect();
                expected.sort_by_key(|row| (E::Filter::sort_key(row, *sort), row.id()));
                if direction == Direction::Descending {
                    expected.reverse();
                }
                let mut query = Query::<E>::new(filter.clone()).sorted(*sort, direction).limit(2);
                let mut found = Vec::new();
                loop {
                    let page = store.list(scope, &query).await.unwrap();
                    found.extend(page.items);
                    match page.next {
                        Some(next) => query = query.after(Some(next)),
                        None => break,
                    }
                }
                assert_eq!(found.iter().collect::<Vec<_>>(), expected);
                let count = Read::<E>::count(store, scope, filter).await.unwrap();
                assert_eq!(count, expected.len() as u64);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn indexes_lanes_and_lists_are_what_the_rows_say(acts in prop::collection::vec(act(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, clock) = store();
            for act in acts {
                carry_out(&store, &clock, act).await;
                let state = store.lock().clone();
                assert_eq!(state, state.rebuilt());
            }
            let of_client = |client_id| TaskFilter { client_id, ..TaskFilter::default() };
            assert_lists::<Task>(&store, &[of_client(None), of_client(Some(client(0)))]).await;
            let job_filters = [
                PublishJobFilter::default(),
                PublishJobFilter { client_id: Some(client(1)), ..Default::default() },
                PublishJobFilter { post_id: Some(id(101)), ..Default::default() },
            ];
            assert_lists::<PublishJob>(&store, &job_filters).await;
            assert_lists::<Agency>(&store, &[AgencyFilter::default()]).await;
            assert_lists::<Event>(&store, &[EventFilter::default()]).await;
            assert_lists::<Membership>(&store, &[MembershipFilter::default()]).await;
        });
    }
}

#[tokio::test]
async fn clones_share_what_they_hold() {
    let (store, _) = store();
    let mut changes = ChangeSet::new();
    changes.insert(&mut task(1, None, 0));
    store.clone().commit(&system(), changes).await.unwrap();
    let found: Option<Task> = store.get(&system(), id::<TaskId>(1)).await.unwrap();
    assert_eq!(found.map(|task| task.version), Some(Version(1)));
}

#[tokio::test]
async fn a_panic_with_the_lock_held_leaves_neither_half_a_commit_nor_a_dead_store() {
    let (store, _) = store();
    let mut changes = ChangeSet::new();
    changes.insert(&mut job(1, 1, 0));
    store.commit(&system(), changes).await.unwrap();
    let before = store.lock().clone();

    let dying = store.clone();
    let died = std::thread::spawn(move || {
        let mut state = dying.lock();
        let mut transaction = Transaction::new(&mut state);
        let mut second = job(2, 1, 0);
        (second.version, second.client_id) = (Version(1), client(1));
        transaction.write(&system(), Write::Insert(second.into())).unwrap();
        panic!("in the middle of a commit");
    })
    .join();
    assert!(died.is_err() && store.shared.state.is_poisoned());

    assert_eq!(*store.lock(), before);
    let claimed = store.claim(&system(), &claim_of(5)).await.unwrap();
    assert_eq!(claimed.jobs.len(), 1);
}

#[test]
fn what_is_written_once_is_not_updated() {
    for kind in EntityKind::ALL {
        let once = [Revision::KIND, HistoryEntry::KIND, EntityKind::Snapshot, Event::KIND];
        assert_eq!(kind.is_mutable(), !once.contains(kind), "{kind}");
    }
    let mut state = State::default();
    let mut transaction = Transaction::new(&mut state);
    let mut event = event(1, None);
    event.version = Version(1);
    transaction.write(&system(), Write::Insert(event.clone().into())).unwrap();
    event.version = Version(2);
    let refused = transaction.write(&system(), Write::Update(event.into()));
    assert!(matches!(refused, Err(StoreError::Invalid(_))));
}

#[tokio::test]
async fn an_account_of_one_client_has_no_jobs_of_another() {
    let (store, _) = store();
    let mut changes = ChangeSet::new();
    changes.insert(&mut job(0, 7, 0));
    changes.insert(&mut job(1, 7, 0));
    let refused = store.commit(&system(), changes).await;
    let account: AccountId = id(7);
    assert!(matches!(refused, Err(StoreError::Conflict { kind: EntityKind::SocialAccount, id })
        if id == account.uuid()));
    assert_eq!(store.lane(&system(), account).await.unwrap(), None);
}

#[tokio::test]
async fn places_are_dealt_out_in_rounds_and_shared_with_unknown_jobs() {
    let (store, _) = store();
    let mut changes = ChangeSet::new();
    for n in 0..8 {
        // Account 0 was due first with everything it has; account 2 has room for one job.
        let (account, due) = if n < 4 { (0, -20) } else { (2, -10) };
        let mut job = job(2 * n, account, due + i64::from(n));
        changes.insert(&mut job);
    }
    for n in 8..12 {
        let mut unknown = job(2 * n, 4, -1);
        unknown.state = JobState::Unknown;
        changes.insert(&mut unknown);
    }
    changes.lane(LaneChange {
        account_id: id(0),
        agency_id: agency(),
        client_id: client(0),
        action: LaneAction::SetMaxInFlight(3),
    });
    store.commit(&system(), changes).await.unwrap();

    let taken = |jobs: Vec<PublishJob>| -> Vec<JobId> { jobs.iter().map(|job| job.id).collect() };
    let ids = |numbers: &[u32]| -> Vec<JobId> { numbers.iter().map(|n| id(*n)).collect() };
    let first = store.claim(&system(), &claim_of(6)).await.unwrap().jobs;
    assert_eq!(taken(first), ids(&[0, 8, 2, 16, 18, 20]));
    let one = store.claim(&system(), &claim_of(1)).await.unwrap().jobs;
    assert_eq!(taken(one), ids(&[4]), "the odd place is the lanes' first");
    let rest = store.claim(&system(), &claim_of(9)).await.unwrap().jobs;
    assert_eq!(taken(rest), ids(&[22]), "all lanes are full");
    assert_eq!(store.next_due(&system()).await.unwrap(), Some(second(10)));
}

#[tokio::test]
async fn positions_go_on_when_the_oldest_events_are_gone() {
    let (store, _) = store();
    for n in 0..4 {
        let mut changes = ChangeSet::new();
        changes.event(event(n, None));
        store.commit(&system(), changes).await.unwrap();
    }
    let positions = async |after| -> Vec<u64> {
        let found = store.events_after(&system(), EventPosition(after), 10).await.unwrap();
        found.iter().map(|(position, _)| position.0).collect()
    };
    assert_eq!(positions(1).await, [2, 3, 4]);
    for n in [1, 0] {
        let mut changes = ChangeSet::new();
        take::<Event>(&store, &mut changes, id(n)).await;
        store.commit(&system(), changes).await.unwrap();
        assert_eq!(positions(0).await, if n == 1 { vec![1, 3, 4] } else { vec![3, 4] });
    }
    assert_eq!(positions(3).await, [4]);
    assert_eq!(positions(u64::MAX).await, [0; 0]);
    let mut changes = ChangeSet::new();
    changes.event(event(0, None));
    store.commit(&system(), changes).await.unwrap();
    assert_eq!(positions(0).await, [3, 4, 5], "an id that comes again is a new event");
}

#[tokio::test]
async fn a_unique_value_is_freed_and_taken_in_one_commit() {
    let (store, _) = store();
    let mut changes = ChangeSet::new();
    let mut card = task(1, Some(1), 5);
    changes.insert(&mut card);
    changes.delete(card);
    changes.insert(&mut task(3, Some(1), 5));
    store.commit(&system(), changes).await.unwrap();
    let page = store.list(&system(), &Query::<Task>::new(TaskFilter::default())).await.unwrap();
    let posts: Vec<Option<PostId>> = page.items.iter().map(|task| task.post_id).collect();
    assert_eq!(posts, [Some(id(1))]);
}

#[tokio::test]
async fn nothing_is_left_of_what_was_deleted() {
    let (store, _) = store();
    let account = SocialAccount {
        id: id(8),
        version: Version::NEW,
        agency_id: agency(),
        client_id: client(0),
        ..crate::publishing::sample::account()
    };
    let (mut one, mut other, mut card) = (account.clone(), job(2, 8, 5), task(4, Some(1), 5));
    other.state = JobState::Published;
    other.metrics_due_at = Some(second(9));
    let mut changes = ChangeSet::new();
    changes.insert(&mut one);
    changes.insert(&mut other);
    changes.insert(&mut card);
    changes.event(event(1, None));
    store.commit(&system(), changes).await.unwrap();
    assert!(store.lane(&system(), account.id).await.unwrap().is_some());

    // A refused commit leaves the lane where it was.
    let mut changes = ChangeSet::new();
    changes.delete(one.clone());
    changes.delete(one.clone());
    assert!(store.commit(&system(), changes).await.is_err());
    assert!(store.lane(&system(), account.id).await.unwrap().is_some());

    // The account goes before its job, whose end does not bring the lane back.
    let mut changes = ChangeSet::new();
    changes.delete(one);
    store.commit(&system(), changes).await.unwrap();
    assert_eq!(store.lane(&system(), account.id).await.unwrap(), None);
    let mut changes = ChangeSet::new();
    changes.delete(other);
    changes.delete(card);
    take::<Event>(&store, &mut changes, id(1)).await;
    store.commit(&system(), changes).await.unwrap();
    let mut left = store.lock().clone();
    assert_eq!(left.log.after(EventPosition::START).count(), 0);
    left.log = Default::default();
    assert_eq!(left, State::default());
}

#[tokio::test]
async fn the_lane_of_a_job_on_its_way_outlives_its_account() {
    let (store, _) = store();
    let mut account = SocialAccount {
        id: id(8),
        version: Version::NEW,
        agency_id: agency(),
        client_id: client(0),
        ..crate::publishing::sample::account()
    };
    let mut changes = ChangeSet::new();
    changes.insert(&mut account);
    changes.insert(&mut job(2, 8, -5));
    store.commit(&system(), changes).await.unwrap();
    let mut changes = ChangeSet::new();
    changes.delete(account);
    store.commit(&system(), changes).await.unwrap();
    assert_eq!(store.claim(&system(), &claim_of(5)).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn what_is_due_is_found_without_what_is_not() {
    let (store, _) = store();
    let mut changes = ChangeSet::new();
    for n in 0..40 {
        let mut job = job(2 * n, 8, 5);
        job.metrics_due_at = (n % 3 == 0).then(|| second(i64::from(40 - n)));
        changes.insert(&mut job);
    }
    store.commit(&system(), changes).await.unwrap();
    for before in [0, 1, 7, 8, 41] {
        let filter = PublishJobFilter {
            metrics_due_before: Some(second(before)),
            ..PublishJobFilter::default()
        };
        for direction in [Direction::Ascending, Direction::Descending] {
            let query = Query::new(filter.clone()).sorted(Default::default(), direction).limit(4);
            let (mut query, mut found) = (query, Vec::new());
            loop {
                let page = Read::<PublishJob>::list(&store, &system(), &query).await.unwrap();
                found.extend(page.items.iter().map(|job| job.id));
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            let mut expected: Vec<JobId> = (0..40)
                .filter(|n| n % 3 == 0 && i64::from(40 - n) < before)
                .map(|n| id(2 * n))
                .collect();
            if direction == Direction::Descending {
                expected.reverse();
            }
            assert_eq!(found, expected, "{before} {direction:?}");
        }
    }
}
