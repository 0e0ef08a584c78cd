//! The store is gone at the very moment that a platform answers: the answer outlasts that.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::access::Actor;
use mcmp_core::account::{Platform, UnknownOutcomePolicy};
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::fake::{FakeCall, FakePublisher, OnGoLive};
use mcmp_core::portal::{AccountEdit, Refreshed};
use mcmp_core::publishing::{Attempt, JobState, Outcome, PublisherCapabilities, WorkerId};
use mcmp_core::store::StoreExt;

use super::desk::Desk;
use super::fixture::key_ring;
use super::flaky::Flaky;

impl Desk {
    /// What a process sees whose connection to the store can be cut.
    pub(super) fn behind_a_bad_line(&self) -> (Arc<Flaky>, Portal) {
        let store = Arc::new(Flaky::new(self.store.clone(), []));
        let portal = Portal::builder(store.clone())
            .clock(Arc::new(self.clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(77)))
            .sealer(key_ring("a", &[]))
            .publisher(self.facebook.clone())
            .publisher(self.threads.clone())
            .build();
        (store, portal.unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_live_is_known_though_the_store_was_gone_for_long() {
    let blind = PublisherCapabilities { can_look_up: false, ..Default::default() };
    let make = |_| FakePublisher::with_capabilities(Platform::FACEBOOK, blind);
    // Whether the lease is over, and the job somebody else's, before the store is back.
    for is_rescued in [false, true] {
        let desk = Desk::with(1, make).await;
        let owner = desk.owners().await;
        let retry = AccountEdit {
            unknown_outcome: Some(UnknownOutcomePolicy::Retry),
            ..AccountEdit::default()
        };
        owner.accounts().edit(desk.page.id, desk.page.version, retry).await.unwrap();
        let post = desk.scheduled("Once").await;
        let (line, portal) = desk.behind_a_bad_line();
        let cut = line.clone();
        desk.facebook.before_go_live(async move { cut.set_down(true) });
        desk.clock.advance(TimeDelta::hours(1));
        let worker = portal.worker().unwrap();
        let job = worker.claim(1).await.unwrap().jobs.remove(0);
        let others = async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            if is_rescued {
                desk.clock.advance(TimeDelta::seconds(30));
                desk.worker().rescue(1).await.unwrap();
                assert_eq!(desk.job(post.id).await.state, JobState::Unknown);
            }
            line.set_down(false);
        };
        let (done, ()) = tokio::join!(worker.carry_out(job), others);
        assert_eq!(done.unwrap().lost, is_rescued);
        desk.run_for(1).await;
        assert_eq!(desk.job(post.id).await.state, JobState::Published);
        assert_eq!(desk.facebook.platform.calls(FakeCall::GoLive), 1);
        assert_eq!(desk.live(desk.page.id), ["Once"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_is_asked_for_by_what_the_platform_said() {
    let desk = Desk::new().await;
    let post = desk.scheduled("Processed").await;
    let (line, portal) = desk.behind_a_bad_line();
    let cut = line.clone();
    desk.facebook.platform.on_go_live([OnGoLive::Process { polls: 1 }]);
    desk.facebook.before_go_live(async move { cut.set_down(true) });
    desk.clock.advance(TimeDelta::hours(1));
    let worker = portal.worker().unwrap();
    let job = worker.claim(1).await.unwrap().jobs.remove(0);
    let others = async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        desk.clock.advance(TimeDelta::seconds(30));
        desk.worker().rescue(1).await.unwrap();
        line.set_down(false);
    };
    let (done, ()) = tokio::join!(worker.carry_out(job), others);
    assert!(done.unwrap().lost);
    let rescued = desk.job(post.id).await;
    assert_eq!((rescued.state, rescued.checkpoint), (JobState::Unknown, None));
    let system = desk.systems().await;
    let attempts: Vec<Attempt> = desk.store.all(system.scope(), Default::default()).await.unwrap();
    let said = match &attempts[0].outcome {
        Some(Outcome::Accepted { checkpoint }) => checkpoint.clone(),
        outcome => panic!("{outcome:?}"),
    };
    desk.clock.advance(TimeDelta::minutes(10));
    desk.run().await;
    let job = desk.job(post.id).await;
    assert_eq!((job.checkpoint, job.intent.unwrap().accepted), (Some(said), true));
    desk.run_for(1).await;
    assert_eq!(desk.job(post.id).await.state, JobState::Published);
    assert_eq!(desk.live(desk.page.id), ["Processed"]);
    let attempts: Vec<Attempt> = desk.store.all(system.scope(), Default::default()).await.unwrap();
    assert!(matches!(attempts[..], [Attempt { outcome: Some(Outcome::Published { .. }), .. }]));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_rotated_are_kept_though_the_store_was_gone() {
    let desk = Desk::new().await;
    let page = desk.renewable(None).await;
    let (line, portal) = desk.behind_a_bad_line();
    let cut = line.clone();
    desk.facebook.before_refresh(async move { cut.set_down(true) });
    let system = portal.session(&Actor::system("test"), desk.agency.id).await.unwrap();
    let asked_with = system.grants().open_tokens(page.id).await.unwrap();
    let (grants, by) = (system.grants(), WorkerId("worker".to_owned()));
    let back = async {
        tokio::time::sleep(Duration::from_secs(90)).await;
        line.set_down(false);
    };
    let (refreshed, ()) = tokio::join!(grants.refresh(page.id, &asked_with, &by), back);
    let Ok(Refreshed::Renewed(tokens)) = refreshed else { panic!("{refreshed:?}") };
    assert_ne!(tokens.refresh, asked_with.refresh);
    assert_eq!(desk.systems().await.grants().open_tokens(page.id).await.unwrap(), tokens);
}
