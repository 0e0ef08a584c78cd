//! An agency, a client with a website, and a clock that is turned by hand.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::account::SocialAccount;
use mcmp_core::agency::PlanTier;
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::fake::ManualClock;
use mcmp_core::id::{ClientId, PostId};
use mcmp_core::portal::{AgencyDraft, ClientDraft, PostDraft, Session, UserDraft, When};
use mcmp_core::post::Post;
use mcmp_core::publishing::{PublishError, PublishJob};
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::MemoryStore;
use mcmp_core::value::WebUrl;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::website_webhook::WebsiteWebhook;

use super::site::Site;
use crate::fake_server::FakeServer;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const OTHER_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

pub(crate) struct World {
    pub(crate) site: Arc<Site>,
    pub(crate) server: FakeServer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) portal: Portal,
    pub(crate) agency: Session,
    pub(crate) client: ClientId,
    pub(crate) publisher: Arc<WebsiteWebhook>,
}

/// With a time-out that a test can wait for.
pub(crate) fn settings() -> HttpSettings {
    HttpSettings::loopback().timeout(Duration::from_millis(500))
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-23T08:00:00Z".parse().unwrap()));
        let site = Site::new(SECRET);
        let server = site.serve(clock.clone()).await;
        let publisher = Arc::new(WebsiteWebhook::new(&settings()).unwrap());
        let entropy = Arc::new(SeededEntropy::new(7));
        let key = SealKey::from_hex(&SealKey::generate(&*entropy).unwrap()).unwrap();
        let sealer = KeyRing::builder().active("k", key).build(entropy.clone()).unwrap();
        let portal = Portal::builder(Arc::new(MemoryStore::new(clock.clone())))
            .clock(clock.clone())
            .entropy(entropy)
            .sealer(Arc::new(sealer))
            .publisher(publisher.clone())
            .build()
            .unwrap();
        let (email, name) = ("anna@studio.example".parse().unwrap(), "Anna".parse().unwrap());
        let anna = portal.register_user(UserDraft { email, name }).await.unwrap();
        let (name, subdomain) = ("Studio".parse().unwrap(), "studio".parse().unwrap());
        let studio = AgencyDraft { name, subdomain, plan: PlanTier::Agency };
        let (studio, _) = portal.found_agency(anna.id, studio).await.unwrap();
        let actor = portal.actor_for(anna.id).await.unwrap();
        let agency = portal.session(&actor, studio.id).await.unwrap();
        let (name, slug) = ("Bakery".parse().unwrap(), "bakery".parse().unwrap());
        let client = ClientDraft { name, slug, zone: "UTC".parse().unwrap() };
        let client = agency.clients().create(client).await.unwrap().id;
        Self { site, server, clock, portal, agency, client, publisher }
    }

    pub(crate) fn endpoint(&self) -> WebUrl {
        WebUrl::new("url", self.server.url("/mcmp")).unwrap()
    }

    pub(crate) async fn connect_with(&self, secret: &str) -> Result<SocialAccount, PublishError> {
        let (name, secret) = ("bakery.example".parse().unwrap(), SecretText::new(secret));
        let now = self.portal.now();
        let connection = self.publisher.connect(name, &self.endpoint(), &secret, now).await?;
        Ok(self.agency.accounts().connect(self.client, connection).await.unwrap())
    }

    pub(crate) async fn connect(&self) -> SocialAccount {
        self.connect_with(SECRET).await.unwrap()
    }

    /// A post for `account` that is due in a minute.
    pub(crate) async fn scheduled(&self, account: &SocialAccount, text: &str) -> PostId {
        self.schedule(PostDraft::new(self.client, text.parse().unwrap()).to([account.id])).await
    }

    pub(crate) async fn schedule(&self, draft: PostDraft) -> PostId {
        let post = self.agency.posts().create(draft).await.unwrap();
        let at = When::At(self.portal.now() + TimeDelta::minutes(1));
        self.agency.posts().schedule(post.id, at).await.unwrap();
        post.id
    }

    /// Lets `seconds` pass, and does what is due then.
    pub(crate) async fn after(&self, seconds: i64) {
        self.clock.set(self.portal.now() + TimeDelta::seconds(seconds));
        self.portal.worker().unwrap().run_due().await.unwrap();
    }

    pub(crate) async fn post(&self, post: PostId) -> Post {
        self.agency.posts().get(post).await.unwrap()
    }

    pub(crate) async fn job(&self, post: PostId) -> PublishJob {
        let [job] = self.agency.posts().jobs(post).await.unwrap().try_into().unwrap();
        job
    }
}
