//! The engine over this store: what is due goes out once, however often the engine is cut off.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens, UnknownOutcomePolicy};
use mcmp_core::agency::PlanTier;
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::fake::FakePublisher;
use mcmp_core::id::{AgencyId, UserId};
use mcmp_core::portal::{
    AccountEdit, AgencyDraft, ClientDraft, Connection, PostDraft, UserDraft, When,
};
use mcmp_core::publishing::{JobState, PublishJob};
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::{JobQueue, PublishJobFilter, SocialAccountFilter, StoreExt};
use mcmp_core::time::ManualClock;
use mcmp_scheduler::{Engine, EngineSettings, Loop};
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};

use super::place::{Folder, clock, manual, system};

/// A process as it starts: the store and a portal over it. The platform is the world's.
async fn start(
    file: &Path,
    clock: &ManualClock,
    platform: &Arc<FakePublisher>,
) -> (SqliteStore, Portal) {
    let config = SqliteConfig::new(file).clock(manual(clock));
    let store = SqliteStore::open(config).await.unwrap();
    let key = SealKey::from_bytes(&[7; 32]).unwrap();
    let ring = KeyRing::builder().active("k", key).build(Arc::new(SystemEntropy)).unwrap();
    let portal = Portal::builder(Arc::new(store.clone()))
        .clock(manual(clock))
        .sealer(Arc::new(ring))
        .publisher(platform.clone())
        .build()
        .unwrap();
    (store, portal)
}

/// An agency with a client that has three channels.
async fn found(portal: &Portal) -> (UserId, AgencyId) {
    let owner = UserDraft { email: "o@x.example".parse().unwrap(), name: "O".parse().unwrap() };
    let owner = portal.register_user(owner).await.unwrap();
    let (name, subdomain) = ("Agency".parse().unwrap(), "agency".parse().unwrap());
    let draft = AgencyDraft { name, subdomain, plan: PlanTier::Enterprise };
    let (agency, _) = portal.found_agency(owner.id, draft).await.unwrap();
    let session = portal.session(&portal.actor_for(owner.id).await.unwrap(), agency.id).await;
    let session = session.unwrap();
    let (name, slug) = ("Acme".parse().unwrap(), "acme".parse().unwrap());
    let draft = ClientDraft { name, slug, zone: chrono_tz::UTC };
    let client = session.clients().create(draft).await.unwrap();
    for channel in ["one", "two", "three"] {
        let (id, name) = (channel.parse().unwrap(), channel.parse().unwrap());
        let tokens = Tokens::new(SecretText::new("TOKEN-OF-ACCESS"));
        let page = Connection::new(Platform::THREADS, AccountKind::Profile, id, name, tokens);
        let account = session.accounts().connect(client.id, page).await.unwrap();
        // The platform's look-ups are honest, so nothing is doubled by sending again.
        let unknown_outcome = Some(UnknownOutcomePolicy::Retry);
        let edit = AccountEdit { unknown_outcome, ..AccountEdit::default() };
        session.accounts().edit(account.id, account.version, edit).await.unwrap();
    }
    (owner.id, agency.id)
}

/// Posts to all channels, due a minute from now.
async fn plan(portal: &Portal, (owner, agency): (UserId, AgencyId), posts: usize) {
    let actor = portal.actor_for(owner).await.unwrap();
    let session = portal.session(&actor, agency).await.unwrap();
    let accounts: Vec<SocialAccount> =
        portal.store().all(&system(), SocialAccountFilter::default()).await.unwrap();
    for post in 0..posts {
        let text = format!("Post {post}").parse().unwrap();
        let draft = PostDraft::new(accounts[0].client_id, text);
        let draft = draft.to(accounts.iter().map(|account| account.id));
        let post = session.posts().create(draft).await.unwrap();
        let at = When::At(portal.now() + TimeDelta::minutes(1));
        session.posts().schedule(post.id, at).await.unwrap();
    }
}

const LEASE: TimeDelta = TimeDelta::minutes(1);

fn engine(portal: &Portal) -> Engine {
    let soon = Duration::from_millis(20);
    let mut settings = EngineSettings::default();
    (settings.poll, settings.rescue_every, settings.claim_batch) = (soon, soon, 4);
    (settings.catch_up_per_second, settings.catch_up_gap) = (1_000, TimeDelta::zero());
    settings.lease = LEASE;
    Engine::builder(portal.clone()).settings(settings).only([Loop::Publish]).build().unwrap()
}

/// Lets an engine publish all that there is. Time goes on while this engine holds nothing: what
/// another one has left behind waits for its lease.
async fn drain(store: &SqliteStore, portal: &Portal, clock: &ManualClock) -> Vec<PublishJob> {
    let engine = engine(portal);
    let running = engine.start();
    let mut signal = store.signal();
    let all = async {
        loop {
            let jobs: Vec<PublishJob> =
                store.all(&system(), PublishJobFilter::default()).await.unwrap();
            if jobs.iter().all(|job| job.state == JobState::Published) {
                return jobs;
            }
            let stuck = [JobState::Held, JobState::Missed, JobState::Failed];
            let stuck = jobs.iter().find(|job| stuck.contains(&job.state));
            assert!(stuck.is_none(), "{stuck:#?}");
            let is_own = |job: &PublishJob| {
                job.lease.as_ref().is_some_and(|lease| lease.worker == *engine.worker_id())
            };
            if !jobs.iter().any(is_own) {
                clock.advance(LEASE / 4);
            }
            drop(tokio::time::timeout(Duration::from_millis(50), signal.changed()).await);
        }
    };
    let jobs = tokio::time::timeout(Duration::from_secs(60), all).await.expect("all go out");
    running.shutdown().await;
    jobs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_post_goes_out_once() {
    let (folder, clock) = (Folder::new(), clock());
    let file = folder.file("store.sqlite");
    let platform = Arc::new(FakePublisher::new(Platform::THREADS).steps_to_prepare(1));
    let (store, portal) = start(&file, &clock, &platform).await;
    let agency = found(&portal).await;
    store.close().await;

    let mut planned = 0;
    // Cut off after so many commits, in the middle of whatever it does.
    for commits in [1, 2, 3, 5, 8] {
        let (store, portal) = start(&file, &clock, &platform).await;
        plan(&portal, agency, 2).await;
        planned += 2 * 3;
        clock.advance(TimeDelta::minutes(1));
        let mut signal = store.signal();
        let cut = async {
            for _ in 0..commits {
                // Should nothing more be due, it is cut off as it waits.
                drop(tokio::time::timeout(Duration::from_secs(2), signal.changed()).await);
            }
        };
        let engine = engine(&portal);
        tokio::select! {
            () = engine.run(std::future::pending()) => {}
            () = cut => {}
        }
        drop((store, portal));

        let (store, portal) = start(&file, &clock, &platform).await;
        let jobs = drain(&store, &portal, &clock).await;
        assert_eq!(jobs.len(), planned);
        let accepted = platform.accepted();
        assert_eq!(accepted.len(), jobs.len(), "each once");
        for job in jobs {
            assert_eq!(accepted.iter().filter(|post| post.job_id == job.id).count(), 1);
        }
    }
}
