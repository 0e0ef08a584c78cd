//! An agency with a client who approves every post, and a worker that publishes to WordPress.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::Portal;
use mcmp_core::account::SocialAccount;
use mcmp_core::agency::PlanTier;
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::asset::{AltText, Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::id::{AccountId, AssetId, AttemptId, ClientId, Id, PostId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::{Coverage, Grant, Role};
use mcmp_core::portal::{
    AgencyDraft, AssetDraft, ClientDraft, ClientEdit, InvitationDraft, PostDraft, Session,
    UserDraft, VariantDraft, When,
};
use mcmp_core::post::{Content, MediaUse, Outgoing, PlatformOptions, Post, WordPressOptions};
use mcmp_core::publishing::{
    AccountContext, Intent, Part, PublishContext, PublishJob, RateLog, RemoteRef,
};
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::service::{MediaStorage, MemoryMedia};
use mcmp_core::store::{MemoryStore, Store};
use mcmp_core::time::{Clock, ManualClock, SystemClock, to_millis};
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::wordpress::WordPress;
use sha2::{Digest as _, Sha256};

/// The smallest PNG there is.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 0x0D, b'I', b'D', b'A', b'T',
    0x78, 0xDA, 0x63, 0x64, 0xF8, 0xCF, 0x50, 0x0F, 0x00, 0x03, 0x86, 0x01, 0x80, 0x5A, 0x34, 0x7D,
    0x6B, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82,
];

pub(crate) struct Desk {
    pub(crate) clock: ManualClock,
    store: Arc<dyn Store>,
    sealer: Arc<KeyRing>,
    pub(crate) portal: Portal,
    pub(crate) wordpress: Arc<WordPress>,
    pub(crate) agency: Session,
    /// The client's owner, who approves.
    boss: Session,
    pub(crate) client: ClientId,
    media: Arc<MemoryMedia>,
}

fn portal(
    store: &Arc<dyn Store>,
    clock: &ManualClock,
    sealer: &Arc<KeyRing>,
    wordpress: &Arc<WordPress>,
    media: &Arc<MemoryMedia>,
) -> Portal {
    Portal::builder(Arc::clone(store))
        .clock(Arc::new(clock.clone()))
        .sealer(Arc::clone(sealer) as _)
        .publisher(Arc::clone(wordpress) as _)
        .media(Arc::clone(media) as _)
        .build()
        .unwrap()
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(WordPress::new(&HttpSettings::loopback()).unwrap()).await
    }

    pub(crate) async fn with(wordpress: WordPress) -> Self {
        let clock = ManualClock::new(to_millis(SystemClock.now()));
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        Self::over(store, clock, wordpress).await
    }

    /// Over a store, which is empty and goes by `clock`.
    pub(crate) async fn over(
        store: Arc<dyn Store>,
        clock: ManualClock,
        wordpress: WordPress,
    ) -> Self {
        let wordpress = Arc::new(wordpress);
        let media = Arc::new(MemoryMedia::new());
        let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy).unwrap()).unwrap();
        let sealer = KeyRing::builder().active("1", key).build(Arc::new(SystemEntropy)).unwrap();
        let sealer = Arc::new(sealer);
        let portal = portal(&store, &clock, &sealer, &wordpress, &media);
        let person = |local: &str| UserDraft {
            email: format!("{local}@example.com").parse().unwrap(),
            name: local.parse().unwrap(),
        };
        let anna = portal.register_user(person("anna")).await.unwrap();
        let draft = AgencyDraft {
            name: "Studio".parse().unwrap(),
            subdomain: "studio".parse().unwrap(),
            plan: PlanTier::Agency,
        };
        let (studio, _) = portal.found_agency(anna.id, draft).await.unwrap();
        let actor = portal.actor_for(anna.id).await.unwrap();
        let agency = portal.session(&actor, studio.id).await.unwrap();
        let draft = ClientDraft {
            name: "Acme".parse().unwrap(),
            slug: "acme".parse().unwrap(),
            zone: chrono_tz::UTC,
        };
        let client = agency.clients().create(draft).await.unwrap();
        let grant = Grant::new(Role::ClientOwner, Coverage::clients([client.id]).unwrap()).unwrap();
        let ben = person("ben");
        let invited = InvitationDraft::new(ben.email.clone(), grant);
        let (_, token) = agency.members().invite(invited).await.unwrap();
        let ben = portal.register_user(ben).await.unwrap();
        portal.accept_invitation(&token, ben.id).await.unwrap();
        let actor = portal.actor_for(ben.id).await.unwrap();
        let boss = portal.session(&actor, studio.id).await.unwrap();
        let deciders = Deciders { roles: [Role::ClientOwner].into(), ..Deciders::default() };
        let stage = Stage::new("Acme".parse().unwrap(), deciders);
        let policy = ApprovalPolicy::stages(vec![stage]).unwrap();
        let edit = ClientEdit { approval_policy: Some(policy), ..ClientEdit::default() };
        agency.clients().edit(client.id, client.version, edit).await.unwrap();
        let client = client.id;
        Self { clock, store, sealer, portal, wordpress, agency, boss, client, media }
    }

    /// A portal of another process over the same store, which shares nothing else with this one but
    /// the files and the keys.
    pub(crate) fn another_portal(&self) -> Portal {
        let wordpress = Arc::new(WordPress::new(&HttpSettings::loopback()).unwrap());
        portal(&self.store, &self.clock, &self.sealer, &wordpress, &self.media)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        to_millis(self.clock.now())
    }

    /// Connects the site at `url`, or connects it again.
    pub(crate) async fn connect(&self, url: &str, user: &str, password: &str) -> SocialAccount {
        let site = self.wordpress.find(url, self.now()).await.unwrap();
        let password = SecretText::new(password);
        let connection = self.wordpress.connect(&site, user, &password, self.now()).await.unwrap();
        self.agency.accounts().connect(self.client, connection).await.unwrap()
    }

    /// A picture in the library; another one for each name.
    pub(crate) async fn picture(&self, name: &str, alt_text: &str) -> AssetId {
        self.file(name, "image/png", [PNG, name.as_bytes()].concat(), alt_text).await
    }

    pub(crate) async fn file(
        &self,
        name: &str,
        mime: &str,
        bytes: Vec<u8>,
        alt_text: &str,
    ) -> AssetId {
        let key = StorageKey::new("key", format!("acme/{name}")).unwrap();
        let mime = Mime::new("mime", mime).unwrap();
        let stored = self.media.put(&key, &mime, &bytes).await.unwrap();
        let hash = Sha256::digest(&bytes);
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let draft = AssetDraft {
            client_id: self.client,
            storage_key: key,
            file_name: FileName::new("file_name", name).unwrap(),
            mime,
            size_bytes: stored.size_bytes,
            checksum: Checksum::new("checksum", digits).unwrap(),
            alt_text: AltText::new("alt_text", alt_text).ok(),
            tags: Vec::new(),
            folder: None,
            facts: MediaFacts::default(),
            rights_until: None,
        };
        self.agency.assets().add(draft).await.unwrap().asset.id
    }

    /// Drafted by the agency, submitted, approved by the client, scheduled for in an hour.
    pub(crate) async fn scheduled(
        &self,
        account: AccountId,
        title: &str,
        text: &str,
        media: &[AssetId],
        options: WordPressOptions,
    ) -> PostId {
        let content = Content {
            title: title.parse().unwrap(),
            body: text.parse().unwrap(),
            media: media.iter().copied().map(MediaUse::of).collect(),
            link: None,
        };
        let mut draft = PostDraft::new(self.client, Default::default());
        draft.content = content;
        let mut variant = VariantDraft::to(account);
        variant.options = PlatformOptions::Wordpress(options);
        draft.variants = Some(vec![variant]);
        let posts = self.agency.posts();
        let post = posts.create(draft).await.unwrap();
        let post = posts.submit(post.id, None).await.unwrap();
        let seen = post.revision.unwrap().id;
        self.boss.posts().approve(post.id, seen, None).await.unwrap();
        let when = When::At(self.now() + TimeDelta::hours(1));
        posts.schedule(post.id, when).await.unwrap().id
    }

    /// Lets a worker do what is due in so many minutes, minute by minute.
    pub(crate) async fn run_for(&self, minutes: u32) {
        let worker = self.portal.worker().unwrap();
        for _ in 0..minutes {
            self.clock.advance(TimeDelta::minutes(1));
            worker.run_due().await.unwrap();
        }
    }

    /// An hour later, the worker does what is due by then.
    pub(crate) async fn run_at_its_time(&self) {
        self.clock.advance(TimeDelta::hours(1));
        self.portal.worker().unwrap().run_due().await.unwrap();
    }

    pub(crate) async fn post(&self, id: PostId) -> Post {
        self.agency.posts().get(id).await.unwrap()
    }

    pub(crate) async fn job(&self, id: PostId) -> PublishJob {
        let jobs = self.agency.posts().jobs(id).await.unwrap();
        jobs.into_iter().max_by_key(|job| job.created_at).unwrap()
    }

    /// Where a post went live; it must have.
    pub(crate) async fn published(&self, id: PostId) -> RemoteRef {
        let job = self.job(id).await;
        assert_eq!(self.post(id).await.status, PostStatus::Published, "{job:#?}");
        job.remote.unwrap()
    }

    pub(crate) async fn account(&self, id: AccountId) -> SocialAccount {
        self.agency.accounts().get(id).await.unwrap()
    }

    pub(crate) async fn outgoing(&self, id: PostId) -> Outgoing {
        let revisions = self.agency.posts().revisions(id).await.unwrap();
        revisions.into_iter().max_by_key(|revision| revision.created_at).unwrap().outgoing.remove(0)
    }

    /// Lets `then` call the publisher as an engine does for the main part of `job`.
    pub(crate) async fn with_context<T>(
        &self,
        job: &PublishJob,
        outgoing: &Outgoing,
        then: impl AsyncFnOnce(&PublishContext<'_>) -> T,
    ) -> T {
        let account = self.account(job.account_id).await;
        let tokens = self.tokens(job.account_id).await;
        let context = PublishContext {
            job,
            part: Part::Main,
            outgoing,
            account: &account,
            tokens: &tokens,
            media: &*self.media,
            rates: &RateLog::default(),
            now: self.now(),
        };
        then(&context).await
    }

    /// The same for calls about an account.
    pub(crate) async fn about<T>(
        &self,
        account: AccountId,
        then: impl AsyncFnOnce(&AccountContext<'_>) -> T,
    ) -> T {
        let found = self.account(account).await;
        let tokens = self.tokens(account).await;
        let rates = &RateLog::default();
        then(&AccountContext { account: &found, tokens: &tokens, rates, now: self.now() }).await
    }

    /// An intent of now.
    pub(crate) fn intent(&self) -> Intent {
        let (at, attempt_id) = (self.now(), AttemptId::from_uuid(uuid::Uuid::from_u128(1)));
        Intent {
            at,
            deadline: at + TimeDelta::minutes(1),
            attempt_id,
            accepted: false,
            repeats: false,
        }
    }

    async fn tokens(&self, account: AccountId) -> mcmp_core::account::Tokens {
        let actor = mcmp_core::access::Actor::system("test");
        let system = self.portal.session(&actor, self.agency.agency().id).await.unwrap();
        system.grants().open_tokens(account).await.unwrap()
    }
}
