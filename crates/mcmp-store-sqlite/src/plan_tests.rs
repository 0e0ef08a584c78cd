//! Every list is served in its order by an index, however much there is: what the database says
//! that it will do, at 100,000 posts.

use std::sync::Arc;

use mcmp_core::access::Scope;
use mcmp_core::store::{Cursor, Direction, Entity, EntityKind, Filter, Query, Sort};
use mcmp_core::testkit::{TestStore, World};
use mcmp_core::time::ManualClock;
use mcmp_core::{
    account::SocialAccount, analytics::Rollup, analytics::Snapshot, approval::ReviewLink,
    asset::Asset, board::Task, campaign::Brief, campaign::Campaign, campaign::Creator,
    event::Event, post::Comment, post::HistoryEntry, post::Post, post::Revision,
    publishing::Attempt, publishing::PublishJob, series::Series, webhook::Delivery,
};
use mcmp_store_sql::{Session, Value, ValueType, list_sql};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{SqliteConfig, SqliteStore};

const POSTS: u32 = 100_000;

/// Kinds of which there are so many.
const CROWDED: [EntityKind; 3] = [EntityKind::Post, EntityKind::PublishJob, EntityKind::Event];

/// A world among many other clients' posts, jobs and events.
async fn crowded() -> (SqliteStore, World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
    let config = SqliteConfig::new(folder.path().join("store.sqlite"));
    let store = SqliteStore::open(config.clock(Arc::new(clock.clone()))).await.unwrap();
    let world = World::new(TestStore::new(Arc::new(store.clone()), clock)).await;
    let agency = world.places[0].agency_id.to_string().replace('-', "");
    let client = world.places[0].client_id.to_string().replace('-', "");
    // A hundredth is the client's, the rest its agency's.
    let common = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {POSTS}) \
         INSERT INTO $table SELECT $id, 1, x'{agency}', \
         CASE WHEN i % 100 = 0 THEN x'{client}' ELSE randomblob(16) END, $rest, '{{}}' FROM n"
    );
    let mut connection = sqlx::ConnectOptions::connect(
        &sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("store.sqlite")),
    )
    .await
    .unwrap();
    for (table, id, rest) in [
        (
            "mcmp_post",
            "randomblob(16)",
            "'draft', '[]', '[]', NULL, NULL, '[]', NULL, NULL, i, i, i, NULL, ''",
        ),
        (
            "mcmp_publish_job",
            "randomblob(16)",
            "randomblob(16), randomblob(16), 'published', i, i, 0, 0, NULL, NULL",
        ),
        ("mcmp_event", "NULL, randomblob(16)", "'post_created', '', NULL, i"),
    ] {
        let sql = common.replace("$table", table).replace("$id", id).replace("$rest", rest);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    (store, world, folder)
}

async fn plan(store: &SqliteStore, sql: &str, values: &[Value]) -> Vec<String> {
    let mut reader = store.reader().await.unwrap();
    let columns = [ValueType::Number, ValueType::Number, ValueType::Number, ValueType::Text];
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    let rows = reader.session().fetch(&sql, values, &columns).await.unwrap();
    rows.into_iter()
        .map(|mut row| match row.pop() {
            Some(Value::Text(step)) => step,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Checks every sort, direction and page of a filter.
async fn in_order<E: Entity>(store: &SqliteStore, scope: &Scope, filter: &E::Filter, what: &str) {
    for sort in <E::Filter as Filter<E>>::SORTS {
        for direction in [Direction::Ascending, Direction::Descending] {
            let key = i64::from(*sort != Sort::Created);
            let cursor = Cursor { sort: *sort, key, id: Uuid::from_u128(1) };
            for after in [None, Some(cursor)] {
                let query = Query::<E>::new(filter.clone()).sorted(*sort, direction).after(after);
                let (sql, values) = list_sql(&store.shared.ground.dialect, scope, &query).unwrap();
                let steps = plan(store, &sql, &values).await;
                let said = format!("{what}, {sort:?}: {steps:#?}\n{sql}");
                assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{said}");
                let table = format!("mcmp_{}", E::KIND);
                let index = steps.iter().find(|step| step.contains(&table)).expect(&said);
                assert!(index.starts_with("SEARCH"), "{said}");
                // By the client where one is asked for, and not by its agency. (A host's own look
                // at tables with next to nothing in them may find that it makes no difference.)
                let is_crowded = CROWDED.contains(&E::KIND) || !what.contains("analyzed");
                let is_own = !what.contains("client") || !index.contains("_by_agency");
                assert!(is_own || !is_crowded, "{said}");
            }
        }
    }
}

async fn check(store: &SqliteStore, world: &World, stage: &str) {
    let place = &world.places[0];
    let owner = &world.readers.iter().find(|reader| reader.name == "owner").unwrap().scope;
    let manager = &world.readers.iter().find(|reader| reader.name == "manager").unwrap().scope;
    macro_rules! lists {
        ($($kind:ident by $($field:ident = $value:expr),+;)+) => {$({
            type F = <$kind as Entity>::Filter;
            let kind = <$kind as Entity>::KIND;
            $({
                let mut filter = F::default();
                filter.$field = Some($value);
                for (name, scope) in [("system", &world.system), ("owner", owner), ("manager", manager)] {
                    let what = format!("{stage}: {kind} by {}, {name}", stringify!($field));
                    // What is kept for the agency as a whole is not shown to all of its people.
                    if list_sql(&store.shared.ground.dialect, scope, &Query::<$kind>::new(filter.clone())).is_some() {
                        in_order::<$kind>(store, scope, &filter, &what).await;
                    }
                }
            })+
            let what = format!("{stage}: {kind} of the agency");
            in_order::<$kind>(store, owner, &F::default(), &what).await;
        })+};
    }
    lists! {
        SocialAccount by client_id = place.client_id;
        Post by client_id = place.client_id;
        Revision by post_id = place.post_id;
        Comment by client_id = place.client_id, post_id = place.post_id;
        HistoryEntry by client_id = place.client_id, post_id = place.post_id;
        ReviewLink by client_id = place.client_id;
        Series by client_id = place.client_id;
        Campaign by client_id = place.client_id;
        Brief by client_id = place.client_id;
        Creator by client_id = place.client_id;
        Task by client_id = place.client_id;
        Asset by client_id = place.client_id;
        PublishJob by client_id = place.client_id;
        Attempt by job_id = place.job_id;
        Snapshot by client_id = place.client_id, account_id = place.account_id;
        Rollup by client_id = place.client_id;
        Event by client_id = place.client_id;
        Delivery by endpoint_id = place.endpoint_id;
    }
}

#[tokio::test]
async fn every_list_has_its_index() {
    let (store, world, folder) = crowded().await;
    check(&store, &world, "new").await;
    store.close().await;

    // And so after a host has had its own look at what is in the file.
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("store.sqlite"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("ANALYZE").execute(&mut connection).await.unwrap();
    drop(connection);
    let config = SqliteConfig::new(folder.path().join("store.sqlite"));
    let store = SqliteStore::open(config).await.unwrap();
    check(&store, &world, "analyzed").await;
}

#[tokio::test]
async fn the_queue_has_its_indexes() {
    let (store, _world, _folder) = crowded().await;
    let wanted = [
        (
            "SELECT account_id FROM mcmp_account_lane WHERE ready_at <= $1 ORDER BY ready_at, account_id",
            "mcmp_account_lane_ready",
        ),
        (
            "SELECT body FROM mcmp_publish_job WHERE state = 'unknown' AND due_at <= $1 ORDER BY due_at, id",
            "mcmp_publish_job_unknown",
        ),
        (
            "SELECT j.id FROM mcmp_publish_job AS j WHERE j.account_id = $1 AND j.state = 'scheduled' \
             AND j.due_at <= $2 ORDER BY j.planned_at, j.priority, j.id LIMIT 1",
            "mcmp_publish_job_turn",
        ),
        (
            "SELECT min(j.due_at) FROM mcmp_publish_job AS j WHERE j.account_id = $1 \
             AND j.state = 'scheduled'",
            "mcmp_publish_job_due",
        ),
        (
            "SELECT count(*) FROM mcmp_publish_job AS j WHERE j.account_id = $1 \
             AND j.state IN ('running', 'committing')",
            "mcmp_publish_job_in_flight",
        ),
        (
            "SELECT body FROM mcmp_publish_job WHERE state IN ('running', 'committing') AND \
             (lease_until IS NULL OR lease_until <= $1) ORDER BY coalesce(lease_until, 0), id",
            "mcmp_publish_job_in_flight",
        ),
        (
            "SELECT body FROM mcmp_publish_job WHERE metrics_due_at < $1 ORDER BY id LIMIT $2",
            "mcmp_publish_job_metrics_due",
        ),
        (
            "SELECT body FROM mcmp_post WHERE approval_due_at < $1 ORDER BY id LIMIT $2",
            "mcmp_post_approval_due",
        ),
        (
            "SELECT id FROM mcmp_delivery WHERE next_at < $1 ORDER BY next_at, id LIMIT $2",
            "mcmp_delivery_planned",
        ),
        (
            "SELECT id FROM mcmp_notification WHERE send_at < $1 ORDER BY id LIMIT $2",
            "mcmp_notification_send_due",
        ),
    ];
    for (sql, index) in wanted {
        let steps = plan(&store, sql, &[]).await;
        let is_used = steps
            .iter()
            .any(|step| step.contains(&format!("INDEX {index} ")) || step.ends_with(index));
        assert!(is_used, "{sql}: {steps:#?}");
    }
}
