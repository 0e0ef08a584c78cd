//! A schema for each client, and the end of a client on both layouts.

use mcmp_core::access::Scope;
use mcmp_core::asset::Asset;
use mcmp_core::id::{ClientId, Id};
use mcmp_core::post::{Post, Revision};
use mcmp_core::publishing::Attempt;
use mcmp_core::store::{
    ChangeSet, Commit, EntityKind, PostFilter, Query, Read, RevisionFilter, StoreError,
};
use mcmp_core::testkit::Stored;
use mcmp_store_postgres::OpenError;
use mcmp_test_servers::postgres::{database, execute};
use sqlx::AssertSqlSafe;

use crate::fixture::Fixture;

fn schema_of(client: ClientId) -> String {
    format!("mcmp_c_{}", client.uuid().simple())
}

async fn count(fixture: &Fixture, sql: &str) -> i64 {
    let mut superuser = fixture.superuser().await;
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut superuser).await.unwrap()
}

#[tokio::test]
async fn content_lies_in_its_clients_schema() {
    let mut fixture =
        Fixture::per_client(database!("content_lies_in_its_clients_schema", per_client)).await;
    fixture.world.populate::<Post>(2).await;
    for place in fixture.world.places.clone() {
        let own = format!("SELECT count(*) FROM {}.post", schema_of(place.client_id));
        assert_eq!(count(&fixture, &own).await, 3, "one of the world, and two more");
        // Not by naming the partition either.
        let mut session = fixture.session().await;
        let seen: i64 =
            sqlx::query_scalar(AssertSqlSafe(own)).fetch_one(&mut session).await.unwrap();
        assert_eq!(seen, 0);
    }
}

/// The same id in another client's schema is taken.
#[tokio::test]
async fn ids_stand_once_over_all_clients() {
    let mut fixture =
        Fixture::per_client(database!("ids_stand_once_over_all_clients", per_client)).await;
    let post: Post = fixture.world.make(0, 4);
    let post = fixture.world.insert(post).await;
    let mut other: Post = fixture.world.make(1, 5);
    other.set_id(post.id);
    let mut changes = ChangeSet::new();
    changes.insert(&mut other);
    let refused = fixture.store.commit(&fixture.system(), changes).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { kind: EntityKind::Post, id }) if id == post.id.uuid()),
        "{refused:?}"
    );
}

/// How many partitions a statement reads, as the plan says.
async fn partitions(fixture: &Fixture, condition: &str) -> usize {
    let mut superuser = fixture.superuser().await;
    let sql = format!("EXPLAIN SELECT body FROM mcmp.post WHERE {condition} ORDER BY id LIMIT 5");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut superuser).await.unwrap();
    lines.iter().filter(|line| line.contains("Scan")).count()
}

/// A list that names its client, or whose parent does, looks into one schema alone.
#[tokio::test]
async fn a_clients_list_reads_one_schema() {
    let mut fixture =
        Fixture::per_client(database!("a_clients_list_reads_one_schema", per_client)).await;
    fixture.world.populate::<Revision>(2).await;
    let place = fixture.world.places[0].clone();
    let one = format!("client_id = '{}'", place.client_id.uuid());
    assert_eq!(partitions(&fixture, &one).await, 1);
    assert!(partitions(&fixture, "true").await > 1);

    // What lies elsewhere can't be read while its tables are held; what is asked for can.
    let mut holder = fixture.superuser().await;
    let elsewhere = fixture.world.places[1].client_id;
    let hold = format!(
        "BEGIN; LOCK TABLE {0}.post, {0}.revision IN ACCESS EXCLUSIVE MODE",
        schema_of(elsewhere)
    );
    execute(&mut holder, &hold).await;
    let system = fixture.system();
    let found: Option<Post> = fixture.store.get(&system, place.post_id).await.unwrap();
    assert!(found.is_some());
    let mut filter = PostFilter::default();
    filter.client_id = Some(place.client_id);
    assert_eq!(
        fixture.store.list(&system, &Query::<Post>::new(filter)).await.unwrap().items.len(),
        1
    );
    let mut filter = RevisionFilter::default();
    filter.post_id = Some(place.post_id);
    let revisions = fixture.store.list(&system, &Query::<Revision>::new(filter)).await.unwrap();
    assert_eq!(revisions.items.len(), 2);
    let mut post = found.unwrap();
    let mut changes = ChangeSet::new();
    changes.update(&mut post);
    fixture.store.commit(&system, changes).await.unwrap();
}

#[tokio::test]
async fn a_schema_keeps_its_layout() {
    let database = database!("a_schema_keeps_its_layout");
    let refused = database.config().schema_per_client().open().await.unwrap_err();
    assert!(matches!(refused, OpenError::OtherTenancy { .. }), "{refused}");
    let database = database!("a_schema_keeps_its_layout", per_client);
    let refused = database.config().open().await.unwrap_err();
    assert!(matches!(refused, OpenError::OtherTenancy { .. }), "{refused}");
}

/// Erases the first client: nothing of it is left, and all else is as it was.
async fn erase(mut fixture: Fixture) {
    fixture.world.populate::<Asset>(2).await;
    fixture.world.populate::<Attempt>(1).await;
    let account = fixture.account().await;
    fixture.insert_job(account, 5).await;
    let gone = fixture.world.places[0].client_id;
    let id = gone.uuid().to_string();
    let others = async |fixture: &Fixture| -> Vec<String> {
        let dump = fixture.world.dump().await;
        dump.into_iter().filter(|line| !line.contains(&id)).collect()
    };
    // Lines of the outbox and lanes name no client.
    let rows = |lines: Vec<String>| -> Vec<String> {
        let is_row = |line: &String| !line.starts_with("outbox ") && !line.starts_with("None");
        lines.into_iter().filter(is_row).collect()
    };
    let before = rows(others(&fixture).await);

    let narrower: &Scope = &fixture.world.readers[0].scope;
    let refused = fixture.store.erase_client(narrower, gone).await;
    assert!(matches!(refused, Err(StoreError::OutOfScope { .. })), "{refused:?}");
    fixture.store.erase_client(&fixture.system(), gone).await.unwrap();

    assert_eq!(rows(others(&fixture).await), before);
    let mut superuser = fixture.superuser().await;
    let sql = "SELECT relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid \
               WHERE relnamespace = 'mcmp'::regnamespace AND relkind IN ('r', 'p') \
               AND attname = 'client_id'";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut superuser).await.unwrap();
    assert!(tables.len() > 15);
    for table in tables {
        let left = format!("SELECT count(*) FROM mcmp.\"{table}\" WHERE client_id = '{id}'");
        assert_eq!(count(&fixture, &left).await, 0, "{table}");
    }
    let schema = format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{}'", schema_of(gone));
    assert_eq!(count(&fixture, &schema).await, 0);
}

#[tokio::test]
async fn a_client_is_erased_from_shared_tables() {
    let database = database!("a_client_is_erased_from_shared_tables");
    erase(Fixture::new(database).await).await;
}

#[tokio::test]
async fn a_client_is_erased_with_its_schema() {
    let database = database!("a_client_is_erased_with_its_schema", per_client);
    erase(Fixture::per_client(database).await).await;
}
