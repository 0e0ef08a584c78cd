//! What is asked for at the same time, which is read together.

use mcmp_core::post::{Comment, Post};
use mcmp_core::store::{CommentFilter, Read, StoreExt as _};
use mcmp_store_postgres::PostgresStore;
use mcmp_test_servers::postgres::{database, execute};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::fixture::Fixture;

async fn everybody_is_answered(fixture: &mut Fixture) {
    let mut posts = Vec::new();
    for n in 0..100 {
        let post: Post = fixture.world.make(n % 5, 1);
        posts.push(fixture.world.insert(post).await);
    }
    fixture.world.populate::<Comment>(3).await;
    let comments = fixture.world.all::<Comment>();
    let mut asking = JoinSet::new();
    for round in 0..10 {
        for place in &fixture.world.places {
            let (store, system, post) = (fixture.store.clone(), fixture.system(), place.post_id);
            let expected: Vec<Comment> =
                comments.iter().filter(|comment| comment.post_id == post).cloned().collect();
            assert!(!expected.is_empty());
            asking.spawn(async move {
                let mut filter = CommentFilter::default();
                filter.post_id = Some(post);
                assert_eq!(store.all::<Comment>(&system, filter).await.unwrap(), expected);
            });
        }
        for post in &posts {
            let (store, system, post) = (fixture.store.clone(), fixture.system(), post.clone());
            asking.spawn(async move {
                // Some do not wait for their answer.
                if round % 5 == 4 {
                    tokio::select! {
                        biased;
                        _ = Read::<Post>::get(&store, &system, post.id) => {}
                        () = tokio::task::yield_now() => {}
                    }
                    return;
                }
                assert_eq!(store.get(&system, post.id).await.unwrap(), Some(post));
            });
        }
    }
    asking.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_are_each_answered() {
    let database = database!("a_thousand_at_once");
    everybody_is_answered(&mut Fixture::new(database).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_are_each_answered_from_their_clients_schemas() {
    let database = database!("a_thousand_at_once_per_client", per_client);
    everybody_is_answered(&mut Fixture::per_client(database).await).await;
}

/// Who asks first reads for all; its runtime may end before it is done.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_for_others_may_go() {
    let mut fixture = Fixture::new(database!("who_reads_for_others_may_go")).await;
    let post: Post = fixture.world.make(0, 1);
    let post = fixture.world.insert(post).await;
    let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Connections of its own: one that was made by a runtime does not outlive it.
    let store = fixture.database.config().open().await.unwrap();
    let mut superuser = fixture.superuser().await;
    execute(&mut superuser, "BEGIN; LOCK TABLE mcmp.post IN ACCESS EXCLUSIVE MODE").await;

    let ask = |store: &PostgresStore| {
        let (store, system, id) = (store.clone(), fixture.system(), post.id);
        async move { Read::<Post>::get(&store, &system, id).await.unwrap() }
    };
    first.spawn(ask(&store));
    fixture.until_somebody_waits().await;
    let second = tokio::spawn(ask(&store));
    tokio::task::yield_now().await;
    first.shutdown_background();
    execute(&mut superuser, "COMMIT").await;
    assert_eq!(second.await.unwrap(), Some(post));
}
