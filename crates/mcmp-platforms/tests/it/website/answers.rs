//! What a site's answers come to.

use chrono::TimeDelta;
use mcmp_core::account::AccountStatus;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::PostDraft;
use mcmp_core::publishing::{ErrorClass, HoldReason, JobState, RemoteRef};
use serde_json::json;

use super::site::Act;
use super::world::{OTHER_SECRET, SECRET, World};
use crate::fake_server::Reply;

#[tokio::test]
async fn a_post_goes_live_where_the_site_says() {
    let own = |world: &World| world.server.url("/news/fresh-bread");
    let world = World::new().await;
    let account = world.connect().await;
    let cases = [
        (json!({ "id": "n-1", "url": own(&world) }), "n-1", Some(own(&world))),
        (json!({ "id": 12, "url": "https://elsewhere.example/" }), "12", None),
        (json!({ "url": "javascript:alert(1)", "status": "draft" }), "", None),
        (json!(["no", "object"]), "", None),
    ];
    for (answer, id, url) in cases {
        world.site.answers(answer.clone());
        let post = world.scheduled(&account, "Fresh bread").await;
        world.after(60).await;
        assert_eq!(world.post(post).await.status, PostStatus::Published, "{answer}");
        let id = if id.is_empty() { post.to_string() } else { id.to_owned() };
        assert_eq!(world.job(post).await.remote, Some(RemoteRef { id, url }), "{answer}");
    }
    assert_eq!(world.site.shown().len(), 4);
    let data = &world.site.shown()[0];
    assert_eq!((&data["text"], &data["kind"]), (&json!("Fresh bread"), &json!("feed")));
}

#[tokio::test]
async fn a_refusal_has_its_class() {
    use ErrorClass::{InvalidContent, Permission, Reconnect};
    for (status, class, state) in [
        (301, Permission, JobState::Failed),
        (400, InvalidContent, JobState::Failed),
        (401, Reconnect, JobState::Held),
        (403, Reconnect, JobState::Held),
        (404, Permission, JobState::Failed),
        (405, Permission, JobState::Failed),
        (410, Reconnect, JobState::Held),
        (413, InvalidContent, JobState::Failed),
        (415, InvalidContent, JobState::Failed),
        (422, InvalidContent, JobState::Failed),
    ] {
        let world = World::new().await;
        let account = world.connect().await;
        let post = world.scheduled(&account, "Fresh bread").await;
        let reply = Reply::text(status, format!("no, {SECRET}")).header("location", "/other");
        world.site.acts([Act::Refuse(reply)]);
        world.after(60).await;
        let job = world.job(post).await;
        let error = job.last_error.unwrap();
        assert_eq!((error.class, job.state), (class, state), "{status}");
        assert_eq!(error.code.as_deref(), Some(format!("http_{status}").as_str()));
        assert!(error.raw.as_deref().unwrap().contains("whsec_***"), "{error:?}");
        assert_eq!(world.server.received().len(), 2, "no redirect is followed");
        let account = world.agency.accounts().get(account.id).await.unwrap();
        let usable = account.status == AccountStatus::Connected;
        assert_eq!(usable, class != Reconnect, "{status}");
        // Whoever disabled the endpoint gets nothing more.
        if class == Reconnect {
            world.after(3600).await;
            assert_eq!(world.server.received().len(), 2);
            assert_eq!(job.hold_reason, Some(HoldReason::Reconnect));
        }
    }
}

#[tokio::test]
async fn a_site_that_wants_to_be_left_alone_is() {
    let world = World::new().await;
    let account = world.connect().await;
    let post = world.scheduled(&account, "Fresh bread").await;
    let busy = Reply::status(429).header("retry-after", "900");
    world.site.acts([Act::Refuse(busy)]);
    world.after(60).await;
    let job = world.job(post).await;
    let until = Some(world.portal.now() + TimeDelta::seconds(900));
    assert_eq!(job.last_error.unwrap().class, ErrorClass::RateLimited { until });
    world.after(890).await;
    assert_eq!(world.server.received().len(), 2);
    world.after(300).await;
    assert_eq!(world.post(post).await.status, PostStatus::Published);
}

#[tokio::test]
async fn a_duplicate_that_names_nothing_is_left_to_a_person() {
    let world = World::new().await;
    let account = world.connect().await;
    let post = world.scheduled(&account, "Fresh bread").await;
    let named = Act::SayDuplicate { names_it: true };
    world.site.acts([named]);
    world.after(60).await;
    assert_eq!(world.post(post).await.status, PostStatus::Published);

    let post = world.scheduled(&account, "Rye bread").await;
    let unnamed = || Act::SayDuplicate { names_it: false };
    world.site.acts((0..50).map(|_| unnamed()));
    for _ in 0..50 {
        world.after(60).await;
    }
    assert_eq!(world.post(post).await.status, PostStatus::Held);
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again() {
    let world = World::new().await;
    let account = world.connect().await;
    let post = world.scheduled(&account, "Fresh bread").await;
    // Somewhere that nobody listens, and the same path at the same host otherwise.
    let port = world.server.port().to_string();
    let closed = crate::fake_server::closed_port().await.to_string();
    let mut moved = world.agency.accounts().get(account.id).await.unwrap();
    let endpoint = world.server.url("/mcmp").replace(&port, &closed);
    moved.metadata.insert("endpoint".into(), endpoint.into());
    let mut connection = mcmp_core::portal::Connection::new(
        moved.platform.clone(),
        moved.kind,
        moved.external_id.clone(),
        moved.display_name.clone(),
        mcmp_core::account::Tokens::new(SECRET.into()),
    );
    connection.metadata = moved.metadata.clone();
    world.agency.accounts().connect(world.client, connection.clone()).await.unwrap();
    world.after(60).await;
    let job = world.job(post).await;
    assert_eq!(job.state, JobState::Scheduled);
    assert_eq!(job.last_error.unwrap().class, ErrorClass::Transient, "nothing was received");
    connection.metadata.insert("endpoint".into(), world.server.url("/mcmp").into());
    world.agency.accounts().connect(world.client, connection).await.unwrap();
    world.after(60).await;
    assert_eq!(world.post(post).await.status, PostStatus::Published);
    assert_eq!(world.site.shown().len(), 1);
}

#[tokio::test]
async fn a_secret_is_replaced_without_a_gap() {
    let world = World::new().await;
    let both = format!("{OTHER_SECRET} {SECRET}");
    let account = world.connect_with(&both).await.unwrap();
    for secret in [SECRET, OTHER_SECRET] {
        world.site.knows(secret);
        let post = world.scheduled(&account, "Fresh bread").await;
        world.after(60).await;
        assert_eq!(world.post(post).await.status, PostStatus::Published);
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_sent() {
    let world = World::new().await;
    let account = world.connect().await;
    let text = "🥐".repeat(70_000).parse().unwrap();
    let post = world.schedule(PostDraft::new(world.client, text).to([account.id])).await;
    world.after(60).await;
    let error = world.job(post).await.last_error.unwrap();
    assert_eq!(
        (error.class, error.code.as_deref()),
        (ErrorClass::InvalidContent, Some("too_large"))
    );
    assert!(error.message.contains("262144") && error.message.contains("280"), "{error}");
    assert_eq!(world.server.received().len(), 1, "the ping alone");
}
