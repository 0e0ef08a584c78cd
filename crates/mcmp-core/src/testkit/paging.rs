//! Lists in order and in pages, that stay right while rows come and go.

use super::harness::Kit;
use super::samples::{Sample, Stored, every_kind};
use super::vary::Vary;
use super::world::{World, ids, in_order};
use crate::board::Task;
use crate::id::{Id, TaskId};
use crate::post::Post;
use crate::store::{
    ChangeSet, Cursor, Direction, Entity, Filter, Query, Sort, StoreError, for_each_entity,
};

const BOTH: [Direction; 2] = [Direction::Ascending, Direction::Descending];

async fn full_world(kit: &Kit) -> World {
    let mut world = kit.world().await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(world.populate::<$type>(3).await;)+
        };
    }
    for_each_entity!(populate);
    world
}

/// Every sort of every kind, both ways, in pages of one, of three and of all: each row once, by key
/// and then by id.
pub(super) async fn every_sort_is_in_order(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for sort in E::sorts() {
            for direction in BOTH {
                let expected = in_order(rows.clone(), *sort, direction);
                for limit in [1, 3, rows.len(), Query::<E>::MAX_LIMIT] {
                    let query =
                        Query::new(E::Filter::default()).sorted(*sort, direction).limit(limit);
                    let found = world.walk::<E>(&world.system, query).await;
                    let what = format!("{} by {sort:?} {direction:?}, {limit}", E::KIND);
                    assert_eq!(ids(&found), ids(&expected), "{what}");
                }
            }
        }
    }
    every_kind!(check, &full_world(&kit).await);
}

/// Many rows with one key: none is passed over and none comes twice, whatever the page's size.
pub(super) async fn ties_go_by_id(kit: Kit) {
    let mut world = kit.world().await;
    let due = world.maker.base();
    for i in 0..11 {
        let mut task: Task = world.make(0, i);
        (task.order, task.due_at, task.updated_at) = (5, Some(due).filter(|_| i > 3), due);
        world.insert(task).await;
    }
    let rows = world.all::<Task>();
    for sort in [Sort::Position, Sort::Planned, Sort::Updated, Sort::Created] {
        for direction in BOTH {
            let expected = ids(&in_order(rows.clone(), sort, direction));
            for limit in 1..=12 {
                let query = Query::new(Default::default()).sorted(sort, direction).limit(limit);
                let found = ids(&world.walk::<Task>(&world.system, query).await);
                assert_eq!(found, expected, "{sort:?} {direction:?} {limit}");
            }
        }
    }
}

/// A page says where it goes on, by the last item's key and id, and the last page says that it is
/// the last one, also when it is full.
pub(super) async fn the_last_page_is_known(kit: Kit) {
    let mut world = kit.world().await;
    world.populate::<Task>(2).await;
    let rows = world.all::<Task>();
    for (limit, goes_on) in [(rows.len() - 1, true), (rows.len(), false), (rows.len() + 1, false)] {
        let query = Query::new(Default::default())
            .sorted(Sort::Position, Direction::Descending)
            .limit(limit);
        let page = Task::read(world.store()).list(&world.system, &query).await.unwrap();
        assert_eq!(page.items.len(), limit.min(rows.len()));
        let expected = page.items.last().filter(|_| goes_on).map(|last| query.cursor_at(last));
        assert_eq!(page.next, expected, "a page of {limit} of {}", rows.len());
        let decoded = page.next.map(|next| Cursor::decode(&next.encode()).unwrap());
        assert_eq!(decoded, page.next, "a cursor survives its text");
    }
    let nothing =
        crate::store::TaskFilter { client_id: Some(world.maker.id()), ..Default::default() };
    let page = Task::read(world.store()).list(&world.system, &Query::new(nothing)).await.unwrap();
    assert_eq!((page.items, page.next), (Vec::new(), None), "an empty list");
}

/// While rows are inserted, changed and deleted between pages, every row that stays as it is comes
/// exactly once.
pub(super) async fn rows_that_stay_come_once(kit: Kit) {
    for sort in [Sort::Created, Sort::Updated, Sort::Planned, Sort::Position] {
        for direction in BOTH {
            let mut world = kit.world().await;
            for seq in 0..24 {
                let task: Task = world.make(0, seq);
                world.insert(task).await;
            }
            let rows = world.all::<Task>();
            let touched: Vec<TaskId> = ids(&rows).into_iter().step_by(3).collect();
            let mut left = touched.clone();
            let mut vary = Vary::new(3);
            let mut query = Query::new(Default::default()).sorted(sort, direction).limit(4);
            let mut seen = Vec::new();
            loop {
                let page = Task::read(world.store()).list(&world.system, &query).await.unwrap();
                seen.extend(ids(&page.items));
                let Some(next) = page.next else { break };
                query.after = Some(next);
                assert!(seen.len() < 200, "the list ends");

                let mut changes = ChangeSet::new();
                for _ in 0..left.len().min(2) {
                    let id = left.remove(vary.below(left.len()));
                    let mut row = world.stored::<Task>(id).await.unwrap();
                    if vary.flag() {
                        changes.delete(row);
                    } else {
                        row.due_at = Some(vary.time(world.maker.base()));
                        row.updated_at = vary.time(world.maker.base());
                        assert!(row.amend(&mut changes, &mut vary));
                    }
                }
                if seen.len() < 40 {
                    let mut new: Task = world.make(1, vary.number());
                    changes.insert(&mut new);
                }
                world.commit(changes).await.unwrap();
            }
            let stayed: Vec<_> = ids(&in_order(rows, sort, direction))
                .into_iter()
                .filter(|id| !touched.contains(id))
                .collect();
            let mut found = seen.clone();
            found.retain(|id| stayed.contains(id));
            assert_eq!(found, stayed, "{sort:?} {direction:?}");
        }
    }
}

/// A cursor still leads on when the row it stands at is gone, or never was.
pub(super) async fn a_cursor_outlives_its_row(kit: Kit) {
    let mut world = kit.world().await;
    world.populate::<Task>(2).await;
    let rows = in_order(world.all::<Task>(), Sort::Position, Direction::Ascending);
    let query = Query::new(Default::default()).sorted(Sort::Position, Direction::Ascending);
    let cursor = query.cursor_at(&rows[3]);
    let mut changes = ChangeSet::new();
    changes.delete(rows[3].clone());
    world.commit(changes).await.unwrap();
    let found = world.walk::<Task>(&world.system, query.clone().after(Some(cursor))).await;
    assert_eq!(ids(&found), ids(&rows[4..]));

    let before_all = Cursor { sort: Sort::Position, key: i64::MIN, id: uuid::Uuid::nil() };
    let found = world.walk::<Task>(&world.system, query.clone().after(Some(before_all))).await;
    assert_eq!(found.len(), rows.len() - 1);
    let after_all = Cursor { sort: Sort::Position, key: i64::MAX, id: uuid::Uuid::max() };
    let found = world.walk::<Task>(&world.system, query.after(Some(after_all))).await;
    assert_eq!(found, Vec::new());
}

/// A limit out of range, a sort that the kind does not have, and a cursor of another sort are
/// refused as invalid.
pub(super) async fn invalid_queries_are_refused(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let query = || Query::<E>::new(E::Filter::default());
        let mut invalid = vec![query().limit(0), query().limit(Query::<E>::MAX_LIMIT + 1)];
        for sort in [Sort::Created, Sort::Updated, Sort::Planned, Sort::Position] {
            if !E::sorts().contains(&sort) {
                invalid.push(query().sorted(sort, Direction::Ascending));
            }
            if sort != Sort::Created {
                let foreign = Cursor { sort, key: 0, id: world.places[0].post_id.uuid() };
                invalid.push(query().after(Some(foreign)));
            }
        }
        for query in invalid {
            let answer = E::read(world.store()).list(&world.system, &query).await;
            assert!(matches!(answer, Err(StoreError::Invalid(_))), "{query:?}: {answer:?}");
        }
    }
    every_kind!(check, &kit.world().await);
}

/// Filter, sort, direction, limit and scope together give the rows that they give one by one.
pub(super) async fn filtered_pages_are_in_order(kit: Kit) {
    let mut world = kit.world().await;
    world.populate::<Post>(8).await;
    let rows = world.all::<Post>();
    let mut vary = Vary::new(17);
    for _ in 0..120 {
        let reader = vary.pick(&world.readers);
        let mut filter = crate::store::PostFilter::default();
        let source = vary.pick(&rows);
        (vary.some(&Post::fields()[..4].iter().map(|f| f.ask).collect::<Vec<_>>()))
            .into_iter()
            .for_each(|ask| ask(&mut filter, &source, &mut vary));
        let (sort, direction) = (vary.pick(Post::sorts()), vary.pick(&BOTH));
        let mut expected = in_order(rows.clone(), sort, direction);
        expected.retain(|row| reader.scope.sees(row.tenancy()) && filter.matches(row));
        let query = Query::new(filter).sorted(sort, direction).limit(1 + vary.below(5));
        let found = world.walk::<Post>(&reader.scope, query.clone()).await;
        assert_eq!(ids(&found), ids(&expected), "{query:?} for {}", reader.name);
    }
}
