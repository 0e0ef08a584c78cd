//! Whole engines, killed on the way: whatever call they die at, the post is on the site once.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::account::UnknownOutcomePolicy;
use mcmp_core::id::PostId;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::AccountEdit;
use mcmp_core::publishing::{HoldReason, JobState};
use mcmp_core::store::Store;
use mcmp_core::time::{Clock, ManualClock, SystemClock, to_millis};
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::wordpress::WordPress;
use mcmp_scheduler::{Engine, EngineSettings};
use mcmp_test_servers::postgres::database;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::stores::{Places, in_memory};
use super::{plain, unique};
use crate::wordpress::desk::Desk;
use crate::wordpress::proxy::{Hold, Proxy};
use crate::wordpress::real_site::RealSite;

/// How long an engine waits before it looks for work again, and whoever watches it before the next
/// look at it. Nothing depends on it but how long a test takes.
const MOMENT: Duration = Duration::from_millis(10);

/// How far time moves at once.
const STEP: TimeDelta = TimeDelta::seconds(20);

/// How long a claim lasts: well beyond a step that falls into it.
const LEASE: TimeDelta = TimeDelta::seconds(40);

/// Longest that a post may take, in steps: more than two look-ups with all they wait for.
const MOST_STEPS: usize = 180;

#[tokio::test]
async fn an_engine_may_die_at_any_call() {
    let Some(site) = RealSite::find("an_engine_may_die_at_any_call") else { return };
    dies_at_any_call(&site, in_memory).await;
}

#[tokio::test]
async fn on_sqlite_an_engine_may_die_at_any_call() {
    let Some(site) = RealSite::find("on_sqlite_an_engine_may_die_at_any_call") else { return };
    let places = Places::new();
    dies_at_any_call(&site, async |clock| places.sqlite(clock).await).await;
}

#[tokio::test]
async fn on_postgres_an_engine_may_die_at_any_call() {
    let Some(site) = RealSite::find("on_postgres_an_engine_may_die_at_any_call") else { return };
    // Where there is none, it ends here.
    let _one = database!("on_postgres_an_engine_may_die_at_any_call");
    let places = Places::new();
    dies_at_any_call(&site, async |clock| places.postgres(clock).await).await;
}

#[tokio::test]
async fn an_engine_may_die_around_the_visible_call() {
    let Some(site) = RealSite::find("an_engine_may_die_around_the_visible_call") else { return };
    dies_around_the_visible_call(&site, in_memory).await;
}

#[tokio::test]
async fn on_sqlite_an_engine_may_die_around_the_visible_call() {
    let Some(site) = RealSite::find("on_sqlite_an_engine_may_die_around_the_visible_call") else {
        return;
    };
    let places = Places::new();
    dies_around_the_visible_call(&site, async |clock| places.sqlite(clock).await).await;
}

#[tokio::test]
async fn on_postgres_an_engine_may_die_around_the_visible_call() {
    let Some(site) = RealSite::find("on_postgres_an_engine_may_die_around_the_visible_call") else {
        return;
    };
    // Where there is none, it ends here.
    let _one = database!("on_postgres_an_engine_may_die_around_the_visible_call");
    let places = Places::new();
    dies_around_the_visible_call(&site, async |clock| places.postgres(clock).await).await;
}

/// Over stores that `new_store` makes, empty and by the given clock: an engine dies at its first
/// call, another one at its second, and so on, once before the site hears of the call and once
/// before the answer arrives; until one gets to the end.
async fn dies_at_any_call(
    site: &RealSite,
    new_store: impl AsyncFn(&ManualClock) -> Arc<dyn Store>,
) {
    let mut held_at = Vec::new();
    for hold in [Hold::Request, Hold::Answer] {
        for others in 0.. {
            let story = Story::begin(site, &new_store, UnknownOutcomePolicy::Retry).await;
            let held = story.proxy.hold(hold, "", "", others);
            let engine = story.engine();
            story.its_time_comes();
            let call = tokio::select! {
                biased;
                () = story.goes_on_until(&engine, PostStatus::Published) => None,
                call = held => Some(call.unwrap()),
            };
            engine.dies().await;
            let Some(call) = call else { break };
            held_at.push((hold, call));
            story.ends_well(site).await;
        }
    }
    // The file, its description and the post, at least.
    for hold in [Hold::Request, Hold::Answer] {
        for part in ["/wp/v2/media?", "/wp/v2/media/", "/wp/v2/posts?"] {
            let is_it = |(at, call): &(Hold, String)| {
                *at == hold && call.starts_with("POST ") && call.contains(part)
            };
            assert!(held_at.iter().any(is_it), "none died at {hold:?} of {part}: {held_at:?}");
        }
    }
}

/// Over stores that `new_store` makes, empty and by the given clock: an engine dies knowing that it
/// does not know what came of its call, another one when the post is published, and one whose call
/// the site never heard of, for people who would rather be asked than have it sent again.
async fn dies_around_the_visible_call(
    site: &RealSite,
    new_store: impl AsyncFn(&ManualClock) -> Arc<dyn Store>,
) {
    let story = Story::begin(site, &new_store, UnknownOutcomePolicy::Hold).await;
    story.proxy.cut_answer_to("POST", "/posts");
    let engine = story.engine();
    story.its_time_comes();
    let is_unknown = async || story.desk.job(story.post).await.state == JobState::Unknown;
    story.goes_on(&engine, is_unknown).await;
    engine.dies().await;
    story.ends_well(site).await;

    let story = Story::begin(site, &new_store, UnknownOutcomePolicy::Hold).await;
    let engine = story.engine();
    story.its_time_comes();
    story.goes_on_until(&engine, PostStatus::Published).await;
    engine.dies().await;
    story.ends_well(site).await;

    let story = Story::begin(site, &new_store, UnknownOutcomePolicy::Hold).await;
    let held = story.proxy.hold(Hold::Request, "POST", "/posts", 0);
    let engine = story.engine();
    story.its_time_comes();
    held.await.unwrap();
    engine.dies().await;
    let engine = story.engine();
    story.goes_on_until(&engine, PostStatus::Held).await;
    let job = story.desk.job(story.post).await;
    assert_eq!(job.hold_reason, Some(HoldReason::UnknownOutcome), "{job:#?}");
    assert!(site.with_text("posts", &story.word).await.is_empty());
    engine.dies().await;
    story.desk.agency.posts().confirm_absent(job.id).await.unwrap();
    story.ends_well(site).await;
}

/// A post with a picture that was drafted, approved by the client and scheduled.
struct Story {
    desk: Desk,
    proxy: Proxy,
    post: PostId,
    word: String,
}

/// An engine of a process of its own.
struct Process {
    engine: Engine,
    task: JoinHandle<()>,
}

impl Process {
    /// It is gone from one moment to the next.
    async fn dies(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

impl Story {
    async fn begin(
        site: &RealSite,
        new_store: &impl AsyncFn(&ManualClock) -> Arc<dyn Store>,
        unknown_outcome: UnknownOutcomePolicy,
    ) -> Self {
        let clock = ManualClock::new(to_millis(SystemClock.now()));
        let store = new_store(&clock).await;
        let wordpress = WordPress::new(&HttpSettings::loopback()).unwrap();
        let desk = Desk::over(store, clock, wordpress).await;
        let proxy = Proxy::before(site.address()).await;
        let account = desk.connect(&proxy.url(), &site.editor.name, &site.editor.password).await;
        let edit = AccountEdit { unknown_outcome: Some(unknown_outcome), ..AccountEdit::default() };
        desk.agency.accounts().edit(account.id, account.version, edit).await.unwrap();
        let word = unique(&desk, "killed");
        let picture = desk.picture(&format!("{word}.png"), "Killed & risen").await;
        let post = desk.scheduled(account.id, &word, "Text", &[picture], plain()).await;
        Self { desk, proxy, post, word }
    }

    /// Starts another process.
    fn engine(&self) -> Process {
        let mut settings = EngineSettings::default();
        settings.poll = MOMENT;
        settings.rescue_every = MOMENT;
        settings.lease = LEASE;
        let portal = self.desk.another_portal();
        let engine = Engine::builder(portal).settings(settings).build().unwrap();
        let running = engine.clone();
        Process { engine, task: tokio::spawn(async move { running.run(pending()).await }) }
    }

    fn its_time_comes(&self) {
        self.desk.clock.advance(TimeDelta::hours(1));
    }

    async fn goes_on_until(&self, process: &Process, status: PostStatus) {
        self.goes_on(process, async || self.desk.post(self.post).await.status == status).await;
    }

    /// Lets time go on until `is_there`, and stand still while the engine works on something.
    ///
    /// How long the store and the site take does not matter. Time moves only once a claim has got
    /// through since it last moved, and while the engine holds nothing. It claims once at a time, and
    /// holds what it claimed before it says that it did: so one step at most falls into a claim, and
    /// none into what is done with a claimed job.
    async fn goes_on(&self, process: &Process, is_there: impl AsyncFn() -> bool) {
        let mut commits = self.desk.portal.store().signal();
        let mut steps = 0;
        loop {
            commits.mark_unchanged();
            if is_there().await {
                return;
            }
            let health = process.engine.health().await;
            if health.last_claim_at == Some(self.desk.now()) && health.in_flight == 0 {
                let job = async || self.desk.job(self.post).await;
                assert!(steps < MOST_STEPS, "it never comes to that: {:#?}", job().await);
                self.desk.clock.advance(STEP);
                steps += 1;
            }
            // A claim that finds nothing is no commit.
            let _ = timeout(MOMENT, commits.changed()).await;
        }
    }

    /// The next engine finishes it, and the site has it once, with its picture.
    async fn ends_well(&self, site: &RealSite) {
        let engine = self.engine();
        self.goes_on_until(&engine, PostStatus::Published).await;
        engine.dies().await;
        let remote = self.desk.published(self.post).await;
        let found = site.with_text("posts", &self.word).await;
        assert_eq!(found, [remote.id.parse::<u64>().unwrap()], "one post, and the portal knows it");
        let pictures = site.with_text("media", &self.word).await;
        assert_eq!(pictures.len(), 1, "one picture");
        let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
        assert_eq!(
            (&post["status"], &post["title"]["raw"]),
            (&"publish".into(), &self.word.as_str().into())
        );
        assert_eq!(post["featured_media"], pictures[0]);
        let picture = site.read(&format!("media/{}", pictures[0])).await;
        assert_eq!(picture["alt_text"], "Killed & risen");
    }
}
