//! What chance seldom hits on: a worker that is stopped between its intent and its call, for longer
//! than others wait for it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use mcmp_core::account::UnknownOutcomePolicy;
use mcmp_core::portal::{PostDraft, When};
use mcmp_core::publishing::{LatenessPolicy, MaxFailures, PublisherCapabilities, WhenLate};
use mcmp_core::store::Store;
use mcmp_scheduler::{EngineSettings, TokioClock};
use tokio::time::{Instant, sleep, sleep_until};

use super::dice::Dice;
use super::hub::Hub;
use super::life::{Fate, Life};
use super::plan::{ChannelPlan, Plan};
use super::world::World;

fn quiet(unknown_outcome: UnknownOutcomePolicy) -> Plan {
    let capabilities =
        PublisherCapabilities { can_look_up: true, ..PublisherCapabilities::default() };
    Plan {
        processes: 2,
        clients: 1,
        channels: vec![ChannelPlan {
            capabilities,
            steps: 0,
            unknown_outcome,
            max_failures: MaxFailures::default(),
            client: 0,
            shares_platform: false,
            faults: 0,
            refreshes: false,
        }],
        posts: 1,
        hours: 1,
        lateness: LatenessPolicy::new(WhenLate::Publish, 60).unwrap(),
        store_fails: 0,
        store_is_slow: 0,
        somebody_acts: 0,
        crashes: false,
        freezes: true,
        clock_jumps: false,
        settings: EngineSettings::default(),
    }
}

/// A worker freezes between its intent and its call, and wakes up when another one has taken its job
/// over: fails unless the post is live once. Over the store that `new_store` makes, empty and going
/// by the clock.
pub fn a_worker_is_stopped_before_its_call(new_store: impl FnOnce(TokioClock) -> Arc<dyn Store>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(stop_one(new_store));
}

async fn stop_one(new_store: impl FnOnce(TokioClock) -> Arc<dyn Store>) {
    let clock = TokioClock::starting_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let store = new_store(clock.clone());
    let plan = quiet(UnknownOutcomePolicy::Retry);
    let hub = Arc::new(Hub::new(clock, store, plan, Dice::new(1), None));
    let world = World::new(Arc::clone(&hub)).await;
    let fate = Fate {
        claims: 1,
        calls: 0,
        only: Some("commit committing"),
        after: true,
        freezes: Some(Duration::from_secs(1_800)),
    };
    let stopped = Life::new("stopped".to_owned(), Arc::clone(&hub), Some(fate));
    let other = Life::new("other".to_owned(), Arc::clone(&hub), None);
    let posts = world.owner().posts();
    let channel = &world.channels[0];
    let draft = PostDraft::new(channel.client, "Once".parse().unwrap()).to([channel.id]);
    let post = posts.create(draft).await.unwrap();
    let at = hub.now() + TimeDelta::seconds(60);
    posts.schedule(post.id, When::At(at)).await.unwrap();

    let (first, second) = (world.process(&stopped), world.process(&other));
    let end = Instant::now() + Duration::from_secs(3 * 3_600);
    let late = async {
        sleep(Duration::from_secs(90)).await;
        second.run(sleep_until(end)).await;
    };
    tokio::join!(first.run(sleep_until(end)), late);
    let texts: Vec<_> = channel.platform.accepted().into_iter().map(|item| item.text).collect();
    let (notes, _, violations) = hub.take_notes();
    assert_eq!(texts, ["Once"], "{notes:#?}");
    assert!(violations.is_empty(), "{violations:#?}");
    assert!(notes.iter().any(|line| line.contains("is frozen")), "{notes:#?}");
}
