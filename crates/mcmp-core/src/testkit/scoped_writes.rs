//! Nobody writes what is not theirs, whatever ids they name.

use super::harness::Kit;
use super::samples::{Sample, every_kind};
use super::vary::Vary;
use super::world::{World, is_conflict};
use crate::agency::Meter;
use crate::campaign::Campaign;
use crate::event::Event;
use crate::id::Id;
use crate::member::{Coverage, Membership};
use crate::publishing::{JobState, LaneAction, LaneChange, PauseReason, PublishJob};
use crate::store::{ChangeSet, Entity, EntityKind, MeterChange, StoreError, for_each_entity};

fn expect_out_of_scope<E: Entity>(answer: Result<(), StoreError>, id: E::Id, what: &str) {
    match answer {
        Err(StoreError::OutOfScope { kind, id: named }) => {
            assert_eq!((kind, named), (E::KIND, id.uuid()), "{what}: names what is out of scope");
        }
        other => panic!("{what}: expected out of scope, not {other:?}"),
    }
}

/// New entities outside what `Scope::may_write` says are refused, and leave nothing; those inside
/// are taken.
pub(super) async fn inserts_out_of_scope_leave_nothing(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        for (i, reader) in world.readers.iter().enumerate() {
            for place in 0..world.places.len() {
                let mut entity: E = world.make(place, i as u64);
                let allowed = reader.scope.may_write(entity.tenancy());
                let mut changes = ChangeSet::new();
                entity.put(&mut changes);
                let answer = world.store().commit(&reader.scope, changes).await;
                let what = format!("{} in place {place} by {}", E::KIND, reader.name);
                let stored = world.stored::<E>(entity.id()).await;
                if allowed {
                    answer.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(stored, Some(entity), "{what}");
                } else {
                    expect_out_of_scope::<E>(answer, entity.id(), &what);
                    assert_eq!(stored, None, "{what}");
                }
            }
        }
    }
    every_kind!(check, &kit.world().await);
}

/// Changes and deletions outside what `Scope::may_write` says are refused, and change nothing.
pub(super) async fn changes_out_of_scope_leave_nothing(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for (i, reader) in world.readers.iter().enumerate() {
            for row in &rows {
                if reader.scope.may_write(row.tenancy()) {
                    continue;
                }
                let what = format!("{} {} by {}", E::KIND, row.id(), reader.name);
                let mut changes = ChangeSet::new();
                let mut changed = row.clone();
                if changed.amend(&mut changes, &mut Vary::new(i as u64)) {
                    let answer = world.store().commit(&reader.scope, changes).await;
                    expect_out_of_scope::<E>(answer, row.id(), &what);
                }
                if E::KIND != Event::KIND {
                    let mut changes = ChangeSet::new();
                    changes.delete(row.clone());
                    let answer = world.store().commit(&reader.scope, changes).await;
                    expect_out_of_scope::<E>(answer, row.id(), &what);
                }
                assert_eq!(world.stored::<E>(row.id()).await.as_ref(), Some(row), "{what}");
            }
        }
    }
    let mut world = kit.world().await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(world.populate::<$type>(1).await;)+
        };
    }
    for_each_entity!(populate);
    every_kind!(check, &world);
}

/// Whoever gives another tenant's id to something of its own gets the answer it would get if
/// nothing were there, and changes nothing.
pub(super) async fn ids_of_others_answer_like_absent_ones(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let (own, other) = (0, 3);
        let scope = &world.readers[0].scope;
        let theirs: Vec<E> =
            world.all::<E>().into_iter().filter(|row| !scope.sees(row.tenancy())).collect();
        assert!(!theirs.is_empty(), "{}: place {other} has some", E::KIND);
        for row in theirs {
            let absent: E::Id = world.maker.id();
            for id in [row.id(), absent] {
                let what = format!("{} {id}", E::KIND);
                let mut mine: E = world.make(own, 5);
                mine.set_id(id);
                mine.set_version(row.version());
                if !scope.may_write(mine.tenancy()) {
                    continue; // its id is its tenancy
                }
                let mut changes = ChangeSet::new();
                if mine.clone().amend(&mut changes, &mut Vary::new(1)) {
                    let error = world.store().commit(scope, changes).await.expect_err(&what);
                    assert!(is_conflict(&error, E::KIND, id.uuid()), "{what}: {error:?}");
                }
                if E::KIND != Event::KIND {
                    let mut changes = ChangeSet::new();
                    changes.delete(mine);
                    let error = world.store().commit(scope, changes).await.expect_err(&what);
                    assert!(is_conflict(&error, E::KIND, id.uuid()), "{what}: {error:?}");
                }
            }
            assert_eq!(world.stored::<E>(row.id()).await, Some(row));
        }
    }
    let mut world = kit.world().await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(world.populate::<$type>(1).await;)+
        };
    }
    for_each_entity!(populate);
    every_kind!(check, &world);
}

/// Who reaches only some of the clients that a membership covers can neither change it nor cut it
/// down to its own.
pub(super) async fn shared_things_take_all_their_clients(kit: Kit) {
    let mut world = kit.world().await;
    let mut shared: Membership = world.make(0, 1);
    shared.grant.coverage =
        Coverage::clients([world.places[0].client_id, world.places[1].client_id]).unwrap();
    let shared = world.insert(shared).await;
    let reader = world.readers.iter().find(|reader| reader.name == "manager").unwrap();
    assert!(reader.scope.sees(shared.tenancy()), "it is seen by who reaches one of them");

    let mut cut = shared.clone();
    cut.grant.coverage = Coverage::clients([world.places[0].client_id]).unwrap();
    let mut changes = ChangeSet::new();
    changes.update(&mut cut);
    world.store().commit(&reader.scope, changes).await.expect_err("cut down");
    let mut changes = ChangeSet::new();
    changes.delete(cut);
    world.store().commit(&reader.scope, changes).await.expect_err("deleted");
    assert_eq!(world.stored::<Membership>(shared.id).await, Some(shared));
}

/// One write out of scope takes the whole commit with it, events and meters included.
pub(super) async fn one_write_out_of_scope_stops_the_commit(kit: Kit) {
    let world = kit.world().await;
    let before = world.dump().await;
    let reader = world.readers.iter().find(|reader| reader.name == "manager").unwrap();
    let (mut own, mut foreign): (Campaign, Campaign) = (world.make(0, 1), world.make(1, 1));
    let mut event: Event = world.make(0, 1);
    event.client_id = Some(world.places[0].client_id);
    let mut changes = ChangeSet::new();
    changes.insert(&mut own);
    changes.meter(MeterChange {
        agency_id: world.places[0].agency_id,
        meter: Meter::Clients,
        month: None,
        by: 1,
        limit: None,
    });
    changes.event(event);
    changes.insert(&mut foreign);
    let answer = world.store().commit(&reader.scope, changes).await;
    expect_out_of_scope::<Campaign>(answer, foreign.id, "a sibling client's campaign");
    assert_eq!(world.dump().await, before);
}

/// Events are written within the scope like everything else.
pub(super) async fn events_out_of_scope_stop_the_commit(kit: Kit) {
    let world = kit.world().await;
    let before = world.dump().await;
    let reader = world.readers.iter().find(|reader| reader.name == "manager").unwrap();
    for place in [1, 3] {
        let mut own: Campaign = world.make(0, 1);
        let mut event: Event = world.make(place, 1);
        event.client_id = Some(world.places[place].client_id);
        let id = event.id;
        let mut changes = ChangeSet::new();
        changes.insert(&mut own);
        changes.event(event);
        let answer = world.store().commit(&reader.scope, changes).await;
        expect_out_of_scope::<Event>(answer, id, "an event of another client");
    }
    assert_eq!(world.dump().await, before);
}

/// Meters belong to their agency: another's can be neither counted up nor read.
pub(super) async fn meters_belong_to_their_agency(kit: Kit) {
    let world = kit.world().await;
    let own = world.places[0].agency_id;
    let count = |by| {
        let mut changes = ChangeSet::new();
        let meter = Meter::Members;
        changes.meter(MeterChange { agency_id: own, meter, month: None, by, limit: None });
        changes
    };
    world.commit(count(2)).await.unwrap();
    for reader in &world.readers {
        let sees = reader.scope.sees(crate::access::Tenancy::Agency(own));
        let answer = world.store().commit(&reader.scope, count(0)).await;
        assert_eq!(answer.is_ok(), sees, "{}", reader.name);
        let used = world.store().usage(&reader.scope, own, Meter::Members, None).await;
        match used {
            Ok(used) => assert_eq!(used, if sees { 2 } else { 0 }, "{}", reader.name),
            Err(StoreError::OutOfScope { .. }) => assert!(!sees, "{}", reader.name),
            Err(error) => panic!("{}: {error}", reader.name),
        }
    }
}

/// A lane is read and changed by who reaches its account's client; naming an own client beside
/// another's account changes nothing.
pub(super) async fn lanes_belong_to_their_client(kit: Kit) {
    let world = kit.world().await;
    let place = &world.places[0];
    let pause = |client_id| {
        let mut changes = ChangeSet::new();
        changes.lane(LaneChange {
            account_id: place.account_id,
            agency_id: place.agency_id,
            client_id,
            action: LaneAction::Pause(PauseReason::Account),
        });
        changes
    };
    world.commit(pause(place.client_id)).await.unwrap();
    let lane = world.store().lane(&world.system, place.account_id).await.unwrap();
    for reader in &world.readers {
        let tenancy = crate::access::Tenancy::Client(place.agency_id, place.client_id);
        let sees = reader.scope.sees(tenancy);
        let found = world.store().lane(&reader.scope, place.account_id).await.unwrap();
        assert_eq!(found, lane.clone().filter(|_| sees), "{}", reader.name);
        let answer = world.store().commit(&reader.scope, pause(place.client_id)).await;
        assert_eq!(answer.is_ok(), sees, "{}", reader.name);
    }
    let resume = LaneChange {
        account_id: place.account_id,
        agency_id: place.agency_id,
        client_id: world.places[1].client_id,
        action: LaneAction::Resume(PauseReason::Account),
    };
    let mut changes = ChangeSet::new();
    changes.lane(resume);
    let sibling = world.readers.iter().find(|reader| reader.name == "viewer").unwrap();
    world.store().commit(&sibling.scope, changes).await.expect_err("another client's account");
    assert_eq!(world.store().lane(&world.system, place.account_id).await.unwrap(), lane);
}

/// Someone else's job can't be put into a lane that belongs to another client.
pub(super) async fn jobs_stay_in_their_clients_lane(kit: Kit) {
    let world = kit.world().await;
    let mut changes = ChangeSet::new();
    changes.lane(LaneChange {
        account_id: world.places[0].account_id,
        agency_id: world.places[0].agency_id,
        client_id: world.places[0].client_id,
        action: LaneAction::SetMaxInFlight(1),
    });
    world.commit(changes).await.unwrap();
    let lane = world.store().lane(&world.system, world.places[0].account_id).await.unwrap();
    let mut foreign: PublishJob = world.make(1, 1);
    foreign.account_id = world.places[0].account_id;
    foreign.state = JobState::Scheduled;
    let mut changes = ChangeSet::new();
    changes.insert(&mut foreign);
    let error = world.commit(changes).await.expect_err("the account is another client's");
    let account = world.places[0].account_id.uuid();
    assert!(is_conflict(&error, EntityKind::SocialAccount, account), "{error:?}");
    assert_eq!(world.stored::<PublishJob>(foreign.id).await, None);
    let after = world.store().lane(&world.system, world.places[0].account_id).await.unwrap();
    assert_eq!(after, lane);
}
