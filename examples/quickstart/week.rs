//! The week: what is planned, and what goes wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use mcmp_core::Portal;
use mcmp_core::account::{Platform, SocialAccount};
use mcmp_core::client::Client;
use mcmp_core::fake::{FakePublisher, OnGoLive};
use mcmp_core::id::{AccountId, PostId, UserId};
use mcmp_core::portal::{PostDraft, When};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_core::store::MemoryStore;
use mcmp_scheduler::{Engine, EngineSettings, Loop, TokioClock};
use tokio::time::sleep;

use crate::Done;
use crate::report::Report;
use crate::studio::{self, Studio};

const MONDAY: &str = "2026-11-23T00:00:00Z";
const PLATFORMS: [Platform; 4] =
    [Platform::FACEBOOK, Platform::LINKEDIN, Platform::THREADS, Platform::X];

/// One line of the plan: local time of the client, where, what.
type Line = (&'static str, &'static [usize], &'static str);

const BAKERY: &[Line] = &[
    ("2026-11-23T07:00:00", &[0, 2], "Fresh rye bread from seven o'clock"),
    ("2026-11-24T12:00:00", &[0], "Lunch: pumpkin soup with sourdough"),
    ("2026-11-25T07:00:00", &[0, 2], "Half price on yesterday's rolls"),
    ("2026-11-26T07:00:00", &[2], "Saint Nicholas biscuits are here"),
    ("2026-11-27T17:00:00", &[0, 2], "We close early today"),
    ("2026-11-28T08:00:00", &[0, 2], "Saturday: croissants until they are gone"),
    ("2026-11-29T09:00:00", &[0], "Sunday surprise, not yet approved"),
];

const SURF: &[Line] = &[
    ("2026-11-23T06:30:00", &[2, 3], "Swell 1.8 m, light offshore wind"),
    ("2026-11-25T10:00:00", &[3], "Beginners' course: two places left"),
    ("2026-11-26T09:00:00", &[2, 3], "Storm tomorrow: no lessons"),
    ("2026-11-27T15:00:00", &[2], "Boards are back in the shop"),
    ("2026-11-28T07:15:00", &[2, 3], "Clean lines this morning"),
];

const OPTICS: &[Line] = &[
    ("2026-11-24T10:00:00", &[1], "How we measure a lens to a hundredth"),
    ("2026-11-26T10:00:00", &[1, 0], "Open house on Saturday"),
    ("2026-11-28T11:00:00", &[1], "Three hundred visitors, thank you"),
];

struct Week {
    studio: Studio,
    platforms: Vec<Arc<FakePublisher>>,
    clock: TokioClock,
}

pub(crate) async fn run() -> Done {
    let began = Instant::now();
    let from: DateTime<Utc> = MONDAY.parse()?;
    let clock = TokioClock::starting_at(from - TimeDelta::hours(12));
    let platforms = PLATFORMS.map(|platform| Arc::new(FakePublisher::new(platform)));
    let mut portal = Portal::builder(Arc::new(MemoryStore::new(Arc::new(clock.clone()))))
        .clock(Arc::new(clock.clone()))
        .sealer(studio::sealer()?);
    for platform in &platforms {
        portal = portal.publisher(platform.clone());
    }
    let studio = Studio::found(portal.build()?).await?;
    let week = Week { studio, platforms: platforms.into(), clock };
    let report = Arc::new(Report::new(week.studio.portal.clone())?);

    println!("A week at Studio North: three clients, four platforms, and what goes wrong.");
    let cancelled = week.plan().await?;
    let engine = || {
        let mut settings = EngineSettings::default();
        // Commits wake the engine; to look more often would only cost time that is not there.
        settings.poll = Duration::from_secs(600);
        settings.rescue_every = Duration::from_secs(15);
        let engine = Engine::builder(week.studio.portal.clone()).settings(settings);
        engine.subscribe("report", report.clone()).without(Loop::Metrics).build()
    };

    // A second process takes over when the first one is killed on Friday, in the middle of a call.
    let first = engine()?;
    tokio::select! {
        () = first.run(std::future::pending()) => {}
        done = week.troubles(cancelled) => done?,
    }
    println!("\n  (the publishing process is killed in the middle of a call; another one starts)");
    let second = engine()?.start();
    week.wait_until("2026-11-27T16:00:00Z").await?;
    // LinkedIn ends the tokens that it gave out; a refresh gets new ones.
    if let [_, linkedin, ..] = week.platforms.as_slice() {
        linkedin.accept_only(&SecretText::new("another"));
    }
    week.wait_until("2026-11-30T12:00:00Z").await?;
    second.shutdown().await;

    let now = week.studio.portal.now();
    let live = week.platforms.iter().zip(PLATFORMS).map(|(fake, platform)| {
        let live = fake.accepted().iter().filter(|post| post.is_live(now)).count();
        (platform.as_str().to_owned(), live)
    });
    report.summary(&live.collect::<BTreeMap<_, _>>()).await?;
    println!("\n7 days in {:.1} s.", began.elapsed().as_secs_f64());
    Ok(())
}

impl Week {
    /// Writes and schedules everything; answers the post that will be called off.
    async fn plan(&self) -> Done<PostId> {
        let studio = &self.studio;
        let bakery = studio.client("Acme Bakery", "acme", chrono_tz::Europe::Berlin).await?;
        let surf = studio.client("Harbor Surf", "surf", chrono_tz::America::Los_Angeles).await?;
        let optics = studio.client("Hikari Optics", "hikari", chrono_tz::Asia::Tokyo).await?;
        let ben = studio.reviewer(&bakery, "Ben").await?;
        self.posts(&bakery, BAKERY, Some(ben)).await?;
        let of_surf = self.posts(&surf, SURF, None).await?;
        self.posts(&optics, OPTICS, None).await?;
        Ok(of_surf.get(2).copied().ok_or("the plan has no third post")?)
    }

    async fn posts(
        &self,
        client: &Client,
        plan: &[Line],
        reviewer: Option<UserId>,
    ) -> Done<Vec<PostId>> {
        let mut channels = Vec::<SocialAccount>::new();
        for platform in PLATFORMS {
            channels.push(self.studio.channel(client, platform).await?);
        }
        let mut ids = Vec::new();
        for (time, places, text) in plan {
            let to: Vec<AccountId> =
                places.iter().filter_map(|i| channels.get(*i)).map(|channel| channel.id).collect();
            let session = self.studio.session().await?;
            let draft = PostDraft::new(client.id, text.parse()?).to(to);
            let post = session.posts().create(draft).await?;
            ids.push(post.id);
            let at = When::Local(time.parse::<NaiveDateTime>()?);
            let Some(ben) = reviewer else {
                session.posts().schedule(post.id, at).await?;
                continue;
            };
            let post = session.posts().submit(post.id, Some(at.clone())).await?;
            let seen = post.revision.as_ref().ok_or("it was not submitted")?.id;
            if !text.contains("not yet approved") {
                let theirs = self.studio.as_user(ben).await?;
                theirs.posts().approve(post.id, seen, None).await?;
                session.posts().schedule(post.id, at).await?;
            }
        }
        Ok(ids)
    }

    /// What goes wrong until Friday afternoon.
    async fn troubles(&self, cancelled: PostId) -> Done {
        let [facebook, _, threads, x] = self.platforms.as_slice() else { return Ok(()) };
        // The post goes live, and the answer gets lost.
        self.wait_until("2026-11-24T10:59:00Z").await?;
        facebook.on_go_live([OnGoLive::LoseAnswer]);
        // X wants no calls for a while.
        self.wait_until("2026-11-25T17:59:00Z").await?;
        x.limit_until("2026-11-25T18:20:00Z".parse()?);
        // Threads is down for a while.
        self.wait_until("2026-11-26T05:59:00Z").await?;
        let down = PublishError::new(ErrorClass::Transient, "503 from the platform");
        threads.on_go_live(std::iter::repeat_n(OnGoLive::Refuse(down), 4));
        // The client calls, a minute before it would go out.
        self.wait_until("2026-11-26T16:59:00Z").await?;
        self.studio.session().await?.posts().cancel(cancelled, None).await?;
        // The call that this process does not live to see the end of.
        self.wait_until("2026-11-27T15:59:00Z").await?;
        facebook.on_go_live([OnGoLive::AcceptAndHang]);
        self.wait_until("2026-11-27T16:00:10Z").await
    }

    async fn wait_until(&self, at: &str) -> Done {
        let at: DateTime<Utc> = at.parse()?;
        let now = mcmp_core::time::Clock::now(&self.clock);
        sleep((at - now).to_std().unwrap_or(Duration::ZERO)).await;
        Ok(())
    }
}
