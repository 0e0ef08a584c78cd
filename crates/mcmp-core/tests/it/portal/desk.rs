//! A client with two channels on fake platforms, and people on both sides.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens};
use mcmp_core::agency::PlanTier;
use mcmp_core::analytics::Metrics;
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::client::Client;
use mcmp_core::fake::FakePublisher;
use mcmp_core::id::{AccountId, PostId, UserId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::portal::{ClientEdit, Connection, PortalBuilder, PostDraft, Session, When, Worker};
use mcmp_core::post::{HistoryEntry, Post};
use mcmp_core::publishing::{
    AccountContext, Intent, LookUp, Progress, PublishContext, PublishError, PublishJob, Publisher,
    PublisherCapabilities, RemoteRef, WentLive,
};
use mcmp_core::secret::SecretText;
use mcmp_core::time::{Clock, to_millis};
use mcmp_core::value::Note;

use super::fixture::{World, name, only_for};

pub(crate) type Hook = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A fake platform that lets something happen right before it is called.
pub(crate) struct Interrupted {
    pub(crate) platform: Arc<FakePublisher>,
    before_prepare: Mutex<VecDeque<Hook>>,
    before_go_live: Mutex<VecDeque<Hook>>,
    before_look_up: Mutex<VecDeque<Hook>>,
    before_refresh: Mutex<VecDeque<Hook>>,
}

impl Interrupted {
    pub(crate) fn new(platform: FakePublisher) -> Self {
        Self {
            platform: Arc::new(platform),
            before_prepare: Mutex::default(),
            before_go_live: Mutex::default(),
            before_look_up: Mutex::default(),
            before_refresh: Mutex::default(),
        }
    }

    pub(crate) fn before_prepare(&self, hook: impl Future<Output = ()> + Send + 'static) {
        self.before_prepare.lock().unwrap().push_back(Box::pin(hook));
    }

    pub(crate) fn before_go_live(&self, hook: impl Future<Output = ()> + Send + 'static) {
        self.before_go_live.lock().unwrap().push_back(Box::pin(hook));
    }

    pub(crate) fn before_look_up(&self, hook: impl Future<Output = ()> + Send + 'static) {
        self.before_look_up.lock().unwrap().push_back(Box::pin(hook));
    }

    pub(crate) fn before_refresh(&self, hook: impl Future<Output = ()> + Send + 'static) {
        self.before_refresh.lock().unwrap().push_back(Box::pin(hook));
    }

    async fn interrupt(hooks: &Mutex<VecDeque<Hook>>) {
        let hook = hooks.lock().unwrap().pop_front();
        if let Some(hook) = hook {
            hook.await;
        }
    }
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupted").finish_non_exhaustive()
    }
}

#[async_trait]
impl Publisher for Interrupted {
    fn platform(&self) -> &Platform {
        self.platform.platform()
    }

    fn capabilities(&self) -> PublisherCapabilities {
        self.platform.capabilities()
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        Self::interrupt(&self.before_prepare).await;
        self.platform.prepare(cx).await
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        Self::interrupt(&self.before_go_live).await;
        self.platform.go_live(cx).await
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        Self::interrupt(&self.before_look_up).await;
        self.platform.look_up(cx, intent).await
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        Self::interrupt(&self.before_refresh).await;
        self.platform.refresh_tokens(cx).await
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        self.platform.metrics(cx, remote).await
    }
}

/// The client, its channels and everything around them.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) facebook: Arc<Interrupted>,
    pub(crate) threads: Arc<Interrupted>,
    pub(crate) client: Client,
    /// On Facebook.
    pub(crate) page: SocialAccount,
    /// On Threads.
    pub(crate) profile: SocialAccount,
}

impl Deref for Desk {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

pub(crate) fn note(text: &str) -> Note {
    Note::new("note", text).unwrap()
}

pub(crate) fn stage(label: &str, roles: &[Role]) -> Stage {
    let roles: BTreeSet<Role> = roles.iter().copied().collect();
    Stage::new(name(label), Deciders { roles, ..Deciders::default() })
}

pub(crate) fn stages(stages: Vec<Stage>) -> ApprovalPolicy {
    ApprovalPolicy::stages(stages).unwrap()
}

/// The client's owner says yes, once.
pub(crate) fn clients_word() -> ApprovalPolicy {
    stages(vec![stage("Client", &[Role::ClientOwner])])
}

pub(crate) fn channel(platform: Platform, external_id: &str) -> Connection {
    let tokens = Tokens::new(SecretText::new("ACCESS-1"));
    let (kind, id) = (AccountKind::Page, external_id.parse().unwrap());
    Connection::new(platform, kind, id, name(external_id), tokens)
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(1, |platform| platform).await
    }

    /// With another kind of platform for Facebook, and randomness of its own.
    pub(crate) async fn with(
        seed: u64,
        facebook: impl FnOnce(FakePublisher) -> FakePublisher,
    ) -> Self {
        Self::assembled(seed, facebook, |builder| builder).await
    }

    /// With a portal that has more to it, too.
    pub(crate) async fn assembled(
        seed: u64,
        facebook: impl FnOnce(FakePublisher) -> FakePublisher,
        more: impl FnOnce(PortalBuilder) -> PortalBuilder,
    ) -> Self {
        let facebook = Arc::new(Interrupted::new(facebook(FakePublisher::new(Platform::FACEBOOK))));
        let threads = Arc::new(Interrupted::new(FakePublisher::new(Platform::THREADS)));
        let world = World::assembled(PlanTier::Enterprise, seed, |builder| {
            more(builder.publisher(facebook.clone()).publisher(threads.clone()))
        })
        .await;
        let client = world.client("acme").await;
        let owner = world.owners().await;
        let page = channel(Platform::FACEBOOK, "page");
        let page = owner.accounts().connect(client.id, page).await.unwrap();
        let profile = channel(Platform::THREADS, "profile");
        let profile = owner.accounts().connect(client.id, profile).await.unwrap();
        Self { world, facebook, threads, client, page, profile }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        to_millis(self.clock.now())
    }

    pub(crate) fn hours(&self, hours: i64) -> DateTime<Utc> {
        self.now() + TimeDelta::hours(hours)
    }

    pub(crate) async fn edit_client(&self, edit: ClientEdit) -> Client {
        let owner = self.owners().await;
        let client = owner.clients().get(self.client.id).await.unwrap();
        owner.clients().edit(client.id, client.version, edit).await.unwrap()
    }

    pub(crate) async fn ask_for(&self, policy: ApprovalPolicy) {
        let edit = ClientEdit { approval_policy: Some(policy), ..ClientEdit::default() };
        self.edit_client(edit).await;
    }

    /// A new person with a role for the client alone.
    pub(crate) async fn person(&self, local: &str, role: Role) -> (UserId, Session) {
        let id = self.member(local, only_for(role, &[&self.client])).await;
        (id, self.session(id).await)
    }

    pub(crate) fn to(&self, accounts: &[&SocialAccount], text: &str) -> PostDraft {
        PostDraft::new(self.client.id, text.parse().unwrap())
            .to(accounts.iter().map(|account| account.id))
    }

    /// The owner's draft for the page.
    pub(crate) async fn draft(&self, text: &str) -> Post {
        self.owners().await.posts().create(self.to(&[&self.page], text)).await.unwrap()
    }

    /// The owner's post for the page, in an hour.
    pub(crate) async fn scheduled(&self, text: &str) -> Post {
        let post = self.draft(text).await;
        self.schedule(post.id).await
    }

    pub(crate) async fn schedule(&self, id: PostId) -> Post {
        let when = When::At(self.hours(1));
        self.owners().await.posts().schedule(id, when).await.unwrap()
    }

    pub(crate) fn worker(&self) -> Worker {
        self.portal.worker().unwrap()
    }

    /// Lets a worker do what is due now.
    pub(crate) async fn run(&self) -> usize {
        self.worker().run_due().await.unwrap()
    }

    /// Lets a worker do what is due in so many hours, in steps of a minute.
    pub(crate) async fn run_for(&self, hours: i64) {
        for _ in 0..hours * 60 {
            self.clock.advance(TimeDelta::minutes(1));
            self.run().await;
        }
    }

    /// An hour and a bit later, the worker does what is due by then.
    pub(crate) async fn run_at_its_time(&self) {
        self.clock.advance(TimeDelta::hours(1));
        self.run().await;
    }

    pub(crate) async fn post(&self, id: PostId) -> Post {
        self.systems().await.posts().get(id).await.unwrap()
    }

    pub(crate) async fn status(&self, id: PostId) -> PostStatus {
        self.post(id).await.status
    }

    pub(crate) async fn jobs(&self, id: PostId) -> Vec<PublishJob> {
        self.systems().await.posts().jobs(id).await.unwrap()
    }

    pub(crate) async fn job(&self, id: PostId) -> PublishJob {
        let jobs = self.jobs(id).await;
        assert_eq!(jobs.len(), 1, "{jobs:#?}");
        jobs.into_iter().next().unwrap()
    }

    pub(crate) async fn history(&self, id: PostId) -> Vec<HistoryEntry> {
        self.systems().await.posts().history(id).await.unwrap()
    }

    /// The texts that are live on an account now.
    pub(crate) fn live(&self, account: AccountId) -> Vec<String> {
        let now = self.now();
        let of = |fake: &FakePublisher| fake.live_on(account, now);
        let posts = [of(&self.facebook.platform), of(&self.threads.platform)].concat();
        posts.into_iter().map(|post| post.text).collect()
    }

    /// Every step of a post's history follows from the one before, and the last one is where it
    /// stands.
    pub(crate) async fn explained(&self, id: PostId) {
        let (post, history) = (self.post(id).await, self.history(id).await);
        let mut at = None;
        for entry in &history {
            assert_eq!(entry.from, at, "{history:#?}");
            at = Some(entry.to);
        }
        assert_eq!(at, Some(post.status), "{history:#?}");
    }
}
