//! A guest in a host's database: its transaction, its pool, its schema.

use mcmp_core::event::Event;
use mcmp_core::post::Post;
use mcmp_core::store::{ChangeSet, Commit, EventPosition, Outbox, Read, StoreError};
use mcmp_test_servers::postgres::{database, execute};
use sqlx::{Connection, Executor};

use crate::fixture::Fixture;

/// A change with its event, in the first client.
fn change(fixture: &Fixture, seq: u64) -> (Post, ChangeSet) {
    let mut post: Post = fixture.world.make(0, seq);
    let mut changes = ChangeSet::new();
    changes.insert(&mut post);
    changes.event(fixture.world.make::<Event>(0, seq));
    (post, changes)
}

async fn orders(fixture: &Fixture) -> i64 {
    let mut session = fixture.session().await;
    sqlx::query_scalar("SELECT count(*) FROM shop.orders").fetch_one(&mut session).await.unwrap()
}

async fn shop(database: mcmp_test_servers::postgres::Database) -> Fixture {
    let fixture = Fixture::new(database).await;
    let mut session = fixture.session().await;
    execute(&mut session, "CREATE SCHEMA shop; CREATE TABLE shop.orders (number bigint)").await;
    fixture
}

async fn is_there(fixture: &Fixture, post: &Post) -> bool {
    let found: Option<Post> = fixture.store.get(&fixture.system(), post.id).await.unwrap();
    found.is_some()
}

async fn events(fixture: &Fixture) -> usize {
    let system = fixture.system();
    fixture.store.events_after(&system, EventPosition::START, 1000).await.unwrap().len()
}

#[tokio::test]
async fn the_hosts_write_and_ours_are_one() {
    let fixture = shop(database!("the_hosts_write_and_ours_are_one")).await;
    let before = events(&fixture).await;
    for keeps in [false, true] {
        let (post, changes) = change(&fixture, 5);
        let mut transaction = fixture.store.pool().begin().await.unwrap();
        transaction.execute("INSERT INTO shop.orders VALUES (1)").await.unwrap();
        let system = fixture.system();
        fixture.store.commit_in(&mut transaction, &system, changes).await.unwrap();
        assert!(!is_there(&fixture, &post).await, "not before the host commits");
        if keeps {
            transaction.commit().await.unwrap();
            fixture.store.wake();
        } else {
            transaction.rollback().await.unwrap();
        }
        assert_eq!(is_there(&fixture, &post).await, keeps);
        assert_eq!(orders(&fixture).await, i64::from(keeps));
        assert_eq!(events(&fixture).await, before + usize::from(keeps));
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_hosts_transaction_usable() {
    let fixture = shop(database!("a_refusal_leaves_the_hosts_transaction_usable")).await;
    let (post, changes) = change(&fixture, 5);
    let mut transaction = fixture.store.pool().begin().await.unwrap();
    transaction.execute("INSERT INTO shop.orders VALUES (1)").await.unwrap();
    let system = fixture.system();
    // The second one has an id that is taken by the first.
    fixture.store.commit_in(&mut transaction, &system, changes.clone()).await.unwrap();
    let refused = fixture.store.commit_in(&mut transaction, &system, changes).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    let (another, changes) = change(&fixture, 6);
    fixture.store.commit_in(&mut transaction, &system, changes).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(is_there(&fixture, &post).await && is_there(&fixture, &another).await);
    assert_eq!(orders(&fixture).await, 1);
}

/// The host may use the settings itself: they are its own again afterwards.
#[tokio::test]
async fn the_hosts_settings_come_back() {
    let fixture = shop(database!("the_hosts_settings_come_back")).await;
    let mut transaction = fixture.store.pool().begin().await.unwrap();
    let reach = "SELECT current_setting('mcmp.reach', true)";
    let system = fixture.system();
    for own in ["", "person"] {
        if !own.is_empty() {
            transaction.execute("SET LOCAL mcmp.reach = 'person'").await.unwrap();
        }
        for (seq, is_refused) in [(5, false), (6, true)] {
            let (_, mut changes) = change(&fixture, seq);
            if is_refused {
                let (mut gone, _) = change(&fixture, 7);
                gone.version = gone.version.next();
                changes.update(&mut gone);
            }
            let done = fixture.store.commit_in(&mut transaction, &system, changes).await;
            assert_eq!(done.is_err(), is_refused);
            let now: Option<String> =
                sqlx::query_scalar(reach).fetch_one(&mut *transaction).await.unwrap();
            assert_eq!(now.unwrap_or_default(), own);
        }
    }
}

/// Two schemas in one database, over the host's pool, know nothing of one another.
#[tokio::test]
async fn stores_of_two_schemas_are_apart() {
    let fixture = shop(database!("stores_of_two_schemas_are_apart")).await;
    let pool = fixture.store.pool().clone();
    let config = mcmp_store_postgres::PostgresConfig::pool(pool).schema("second");
    let second = config.without_notifications().open().await.unwrap();
    assert_eq!(second.schema().as_str(), "second");
    let (post, changes) = change(&fixture, 5);
    let system = fixture.system();
    fixture.store.commit(&system, changes.clone()).await.unwrap();
    let found: Option<Post> = second.get(&system, post.id).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(second.events_after(&system, EventPosition::START, 10).await.unwrap(), []);
    second.commit(&system, changes).await.unwrap();
    // The first schema's event that is not settled yet holds up nobody in the second.
    let mut session = fixture.store.pool().acquire().await.unwrap();
    let mut transaction = session.begin().await.unwrap();
    let (_, changes) = change(&fixture, 8);
    fixture.store.commit_in(&mut transaction, &system, changes).await.unwrap();
    let (_, changes) = change(&fixture, 9);
    second.commit(&system, changes).await.unwrap();
    assert_eq!(second.events_after(&system, EventPosition::START, 10).await.unwrap().len(), 2);
}
