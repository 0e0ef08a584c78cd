//! How the database answers: every list by an index, in its order.

use std::sync::Arc;

use mcmp_core::access::Scope;
use mcmp_core::post::Post;
use mcmp_core::store::{Direction, Filter, JobQueue, Query, Sort};
use mcmp_core::testkit::{Sample, Vary};
use mcmp_core::time::ManualClock;
use mcmp_store_sql::{Value, list_sql};
use mcmp_test_servers::postgres::{database, execute};
use serde_json::Value as Json;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use crate::fixture::{Fixture, literal, request};

/// The plan of a list, for whoever reads everything: policies have no part in which index is taken.
async fn plan<E: Sample>(
    session: &mut PgConnection,
    fixture: &Fixture,
    scope: &Scope,
    query: &Query<E>,
) -> Json {
    let (sql, values) = list_sql(fixture.store.dialect(), scope, query).unwrap();
    let mut explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {sql}")));
    for value in values {
        explain = match value {
            Value::Flag(flag) => explain.bind(flag),
            Value::Number(number) => explain.bind(number),
            Value::Id(id) => explain.bind(id),
            Value::Text(text) => explain.bind(text),
            Value::Numbers(numbers) => explain.bind(numbers),
            Value::Ids(ids) => explain.bind(ids),
            Value::Texts(texts) => explain.bind(texts),
            other => panic!("a list asks for no {other:?}"),
        };
    }
    explain.fetch_one(session).await.unwrap().get::<Json, _>(0)[0]["Plan"].clone()
}

/// All nodes of a plan.
fn nodes(plan: &Json) -> Vec<&Json> {
    let mut all = vec![plan];
    for child in plan["Plans"].as_array().into_iter().flatten() {
        all.extend(nodes(child));
    }
    all
}

/// The queries of a kind: each field of its filter by itself, in every order, with or without its
/// client.
fn queries<E: Sample>(fixture: &Fixture, of_client: bool) -> Vec<(String, Query<E>)> {
    let sample: E = fixture.world.make(0, 5);
    let fields = E::fields();
    let client = fields.iter().find(|field| field.name == "client_id");
    if of_client && client.is_none() {
        return Vec::new();
    }
    let mut vary = Vary::new(3);
    let mut queries = Vec::new();
    for field in &fields {
        let mut filter = E::Filter::default();
        (field.ask)(&mut filter, &sample, &mut vary);
        if let (true, Some(client)) = (of_client, client) {
            (client.ask)(&mut filter, &sample, &mut vary);
        }
        for sort in <E::Filter as Filter<E>>::SORTS {
            for direction in [Direction::Ascending, Direction::Descending] {
                let query = Query::new(filter.clone()).sorted(*sort, direction);
                let after = query.cursor_at(&sample);
                let name = format!("{} by {}, {sort:?} {direction:?}", E::KIND, field.name);
                queries.push((format!("{name}, page 2"), query.clone().after(Some(after))));
                queries.push((name, query));
            }
        }
    }
    queries
}

/// What a plan has that reads or sorts more than it must.
fn waste(plan: &Json) -> Option<String> {
    nodes(plan).into_iter().find_map(|node| {
        let is_sort = node["Node Type"] == "Sort";
        let whole = is_sort && node["Plans"][0]["Plan Rows"].as_f64().unwrap() > 300.0;
        let is_scan = node["Node Type"] == "Seq Scan";
        (whole || is_scan).then(|| format!("{}", node["Node Type"]))
    })
}

/// 100,000 posts of one agency, 1,000 of each client: no list of a client's reads or sorts more of
/// them than its index gives, and no list of the whole agency sorts them all.
#[tokio::test]
async fn lists_of_100_000_posts_are_served_by_an_index() {
    let fixture = Fixture::new(database!("lists_of_100_000_posts")).await;
    let place = &fixture.world.places[0];
    let mut session = fixture.superuser().await;
    let fill = format!(
        "INSERT INTO mcmp.post SELECT gen_random_uuid(), 1, {agency}, \
         CASE n % 100 WHEN 0 THEN {client} ELSE md5((n % 100)::text)::uuid END, \
         (ARRAY['draft', 'approved', 'scheduled', 'published'])[1 + n % 4], \
         ARRAY[(ARRAY['x', 'instagram', 'linkedin'])[1 + n % 3]], \
         ARRAY[md5((n % 700)::text)::uuid], md5((n % 2000)::text)::uuid, 'tips', \
         ARRAY['spring'], NULL, NULL, 1761955200000 + n * 60000::bigint, \
         1761955200000 + n * 1000::bigint, 1761955200000 + n * 2000::bigint, \
         CASE WHEN n % 50 = 0 THEN 1761955200000 + n * 60000::bigint END, 'some text ' || n, '{{}}' \
         FROM generate_series(1, 100000) AS n",
        agency = literal(place.agency_id),
        client = literal(place.client_id),
    );
    execute(&mut session, &fill).await;
    execute(&mut session, "ANALYZE mcmp.post").await;
    let owner = &fixture.world.readers[0].scope;
    let manager = &fixture.world.readers[2].scope;
    for scope in [owner, manager, &fixture.world.system] {
        for (name, query) in queries::<Post>(&fixture, true) {
            let plan = plan(&mut session, &fixture, scope, &query).await;
            assert_eq!(waste(&plan), None, "{name} by {:?}:\n{plan:#}", scope.reach());
        }
    }
    let mut due = mcmp_core::store::PostFilter::default();
    due.approval_due_before = Some("2025-11-03T00:00:00Z".parse().unwrap());
    let plan_of_due =
        plan(&mut session, &fixture, &fixture.world.system, &Query::<Post>::new(due)).await;
    let found = nodes(&plan_of_due).into_iter().find_map(|node| node["Index Name"].as_str());
    assert_eq!(found, Some("post_approval_due_at"), "{plan_of_due:#}");
    for sort in [Sort::Created, Sort::Updated, Sort::Planned] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let query = Query::<Post>::new(Default::default()).sorted(sort, direction);
            let plan = plan(&mut session, &fixture, owner, &query).await;
            assert_eq!(waste(&plan), None, "{sort:?} {direction:?} of the agency:\n{plan:#}");
        }
    }
    // Nor by the stores' role, whose policies stand beside what the statement says.
    let mut session = fixture.session().await;
    execute(
        &mut session,
        &format!(
            "BEGIN; SET LOCAL mcmp.reach = 'agency'; SET LOCAL mcmp.agency = {}",
            literal(place.agency_id)
        ),
    )
    .await;
    for (name, query) in queries::<Post>(&fixture, true) {
        let plan = plan(&mut session, &fixture, owner, &query).await;
        assert_eq!(waste(&plan), None, "{name} under policies:\n{plan:#}");
    }
}

/// A claim reads the jobs that it takes, however many wait, also under policies.
#[tokio::test]
async fn a_claim_reads_no_more_than_it_takes() {
    const WAITING: i64 = 5_000;
    let mut fixture = Fixture::new(database!("a_claim_reads_no_more_than_it_takes")).await;
    let clock = ManualClock::new(fixture.now().await);
    let config = fixture.database.config().clock(Arc::new(clock)).without_notifications();
    // One connection, whose counts are its own.
    let store = config.max_connections(1).open().await.unwrap();
    let account = fixture.account().await;
    let job = fixture.insert_job(account, -1).await;
    let mut session = store.pool().acquire().await.unwrap();
    // Of an account without a lane, so that nobody takes them.
    let fill = format!(
        "BEGIN; SET LOCAL mcmp.reach = 'everything'; \
         INSERT INTO mcmp.publish_job SELECT gen_random_uuid(), j.version, j.agency_id, j.client_id, \
         gen_random_uuid(), j.post_id, j.state, j.due_at, j.planned_at, j.priority, j.fence, \
         j.lease_until, j.metrics_due_at, j.body FROM mcmp.publish_job AS j, \
         generate_series(1, {WAITING}) WHERE j.id = {}; COMMIT",
        literal(job.id)
    );
    execute(&mut session, &fill).await;
    let before = rows_read(&mut session).await;
    drop(session);
    let claimed = store.claim(&fixture.system(), &request(10)).await.unwrap().jobs;
    assert_eq!(claimed.len(), 1);
    let read = rows_read(&mut store.pool().acquire().await.unwrap()).await - before;
    assert!(read < WAITING / 10, "{read} rows");
}

/// How many jobs' rows a session has read, or others before.
async fn rows_read(session: &mut PgConnection) -> i64 {
    execute(session, "SELECT pg_stat_force_next_flush()").await;
    let sql = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables \
               WHERE relid = 'mcmp.publish_job'::regclass";
    sqlx::query_scalar(sql).fetch_one(session).await.unwrap()
}

/// Where the planner is kept from reading or sorting whole tables, it finds another way for every
/// list of a client's, of every kind; and for what is asked for without a client, by parent or time.
#[tokio::test]
async fn every_kind_has_its_indexes() {
    let fixture = Fixture::new(database!("every_kind_has_its_indexes")).await;
    let mut session = fixture.superuser().await;
    let only_indexes =
        "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off";
    execute(&mut session, only_indexes).await;
    let owner = &fixture.world.readers[0].scope;
    let system = &fixture.world.system;
    macro_rules! check {
        ($($kind:ty),+ $(,)?) => {$(
            for scope in [owner, system] {
                for (name, query) in queries::<$kind>(&fixture, true) {
                    let plan = plan(&mut session, &fixture, scope, &query).await;
                    let kinds: Vec<&Json> =
                        nodes(&plan).into_iter().map(|node| &node["Node Type"]).collect();
                    let wasted = kinds.iter().any(|kind| **kind == "Seq Scan" || **kind == "Sort");
                    assert!(!wasted, "{name}:\n{plan:#}");
                }
            }
        )+};
    }
    use mcmp_core::{
        account, analytics, approval, asset, board, campaign, event, post, publishing, series,
    };
    check!(
        account::SocialAccount,
        post::Post,
        post::Comment,
        post::HistoryEntry,
        approval::ReviewLink,
        series::Series,
        campaign::Campaign,
        campaign::Brief,
        campaign::Creator,
        board::Task,
        asset::Asset,
        publishing::PublishJob,
        analytics::Snapshot,
        analytics::Rollup,
        event::Event,
    );

    // What is looked for over all tenants, or by what it belongs to, is little: it may be sorted.
    execute(&mut session, "SET enable_sort = on; SET enable_bitmapscan = on").await;
    macro_rules! by {
        ($($kind:ty: $($field:literal)+;)+) => {$($(
            let prefix = format!("{} by {}, Created Ascending", <$kind>::KIND, $field);
            for (name, query) in queries::<$kind>(&fixture, false) {
                if name.starts_with(&prefix) {
                    let plan = plan(&mut session, &fixture, system, &query).await;
                    let index = nodes(&plan).into_iter().find_map(|n| n["Index Cond"].as_str());
                    let index = index.unwrap_or_default();
                    assert!(!index.is_empty() && index != "(id > $2)", "{name}:\n{plan:#}");
                }
            }
        )+)+};
    }
    use mcmp_core::store::Entity;
    use mcmp_core::{member, notification, webhook};
    by! {
        member::User: "email" "identity";
        member::Membership: "user_id" "agency_id";
        member::Invitation: "token_hash";
        member::ApiKey: "token_hash";
        approval::ReviewLink: "token_hash";
        post::Revision: "post_id";
        post::Comment: "post_id";
        post::HistoryEntry: "post_id";
        publishing::PublishJob: "post_id";
        publishing::Attempt: "job_id";
        analytics::Snapshot: "account_id";
        notification::Notification: "user_id";
        webhook::Delivery: "endpoint_id";
        post::Post: "campaign_id" "series_id";
    }
    // What is due is found by an index of what waits and of nothing else.
    for (table, column) in [
        ("post", "approval_due_at"),
        ("social_account", "access_expires_at"),
        ("publish_job", "metrics_due_at"),
        ("notification", "send_at"),
        ("delivery", "next_at"),
    ] {
        let sql = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'mcmp' AND tablename = $1 \
                   AND indexdef LIKE '% (' || $2 || ', id) WHERE %'";
        let indexes: i64 =
            sqlx::query_scalar(sql).bind(table).bind(column).fetch_one(&mut session).await.unwrap();
        assert_eq!(indexes, 1, "{table}.{column}");
    }
}
