//! What is told of the work: the documented names, the ids that matter, and no secret.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mcmp_core::event::Event;
use mcmp_core::fake::{FakeCall, FakeWebhookSender, OnGoLive};
use mcmp_core::member::Coverage;
use mcmp_core::portal::WebhookDraft;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::value::WebUrl;
use mcmp_scheduler::{EventSubscriber, SubscriberError, metric_names};
use metrics_util::debugging::DebuggingRecorder;

use super::world::{World, seconds};

#[derive(Debug)]
struct Takes;

#[async_trait]
impl EventSubscriber for Takes {
    async fn take(&self, _event: &Event) -> Result<(), SubscriberError> {
        Ok(())
    }
}

/// All that can happen to posts, and what surrounds them, in one afternoon.
async fn an_eventful_afternoon(world: &World) {
    let client = world.client("acme").await;
    let account = world.ending_account(&client, "a", 1_000).await;
    world.platform.on_go_live([OnGoLive::Publish, OnGoLive::LoseAnswer, OnGoLive::AcceptAndHang]);
    for n in 0..3 {
        world.post(&client, [account.id], &format!("post {n}"), 60 + n * 60).await;
    }
    let engine = || {
        let builder = world.engine().subscribe("notes", Arc::new(Takes));
        builder.build().unwrap()
    };
    // Killed in a call: the next one takes the job back.
    let first = engine();
    tokio::select! {
        () = first.run(std::future::pending()) => {}
        () = seconds(185) => {}
    }
    let second = engine();
    let running = second.start();
    seconds(900).await;
    // A pause is waited for, and a cancel in the middle of it refused as too late or taken.
    let paused = world.account(&client, "paused").await;
    world.post(&client, [paused.id], "paused", 30).await;
    let what = mcmp_core::portal::PauseScope::Platform(paused.platform.clone());
    world.portal.pause(what.clone()).await.unwrap();
    seconds(60).await;
    world.portal.resume(what).await.unwrap();
    seconds(120).await;
    // All that can fail.
    let refused = PublishError::new(ErrorClass::Reconnect, "the grant was taken back");
    world.platform.fail_next(FakeCall::Refresh, 3, &refused);
    world.platform.fail_next(FakeCall::Prepare, 3, &refused);
    let last = world.ending_account(&client, "last", 100).await;
    world.post(&client, [last.id], "refused", 30).await;
    seconds(300).await;
    second.health().await;
    running.shutdown().await;
}

async fn world() -> (World, String) {
    let hooks = Arc::new(FakeWebhookSender::new());
    hooks.answer_next(500);
    let world = World::with(|builder| builder.webhooks(hooks)).await;
    let draft = WebhookDraft {
        name: "Hook".parse().unwrap(),
        url: WebUrl::new("url", "https://hooks.example.com/in").unwrap(),
        coverage: Coverage::WholeAgency,
        event_kinds: BTreeSet::new(),
    };
    let (_, secret) = world.session().await.webhooks().create(draft).await.unwrap();
    (world, secret.expose().to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_documented_numbers_are_told() {
    let recorder = DebuggingRecorder::new();
    let numbers = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (world, _) = world().await;
    an_eventful_afternoon(&world).await;
    let told: BTreeSet<String> = numbers
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, ..)| key.key().name().to_owned())
        .collect();
    let mut missing: Vec<_> =
        metric_names::ALL.iter().filter(|name| !told.contains(**name)).collect();
    // Told in the tests of what they are about.
    missing.retain(|name| {
        ![metric_names::LOOP_ERRORS, metric_names::LOST, metric_names::REFUSED].contains(name)
    });
    assert_eq!(missing, Vec::<&&str>::new());
    let documented: BTreeSet<String> =
        metric_names::ALL.iter().map(|name| (*name).to_owned()).collect();
    assert!(told.is_subset(&documented), "{:?}", told.difference(&documented));
}

/// Keeps what is written.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_has_ids_and_no_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    // With a single subscriber, tracing asks whichever thread comes first whether it listens, and
    // other tests' threads don't.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().finish());
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let (world, secret) = world().await;
    an_eventful_afternoon(&world).await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let post = &world.platform.accepted()[0];
    let ids = [post.job_id.to_string(), post.account_id.to_string(), world.agency.id.to_string()];
    for id in &ids[..2] {
        assert!(text.contains(id.as_str()), "{id}");
    }
    assert!(text.contains("client=") && text.contains("platform=threads"));
    let key = secret.trim_start_matches("whsec_");
    for secret in ["TOKEN-OF-ACCESS", "TOKEN-TO-REFRESH", "access-1", "refresh-1", key] {
        assert!(!text.contains(secret), "{secret}");
    }
}
