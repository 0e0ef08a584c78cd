//! An agency with clients and channels on fake platforms, and posts to go out.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::Portal;
use mcmp_core::access::Actor;
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens};
use mcmp_core::agency::{Agency, PlanTier};
use mcmp_core::client::Client;
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::fake::FakePublisher;
use mcmp_core::id::{AccountId, PostId, UserId};
use mcmp_core::notification::{Notification, NotificationTopic};
use mcmp_core::portal::{
    AgencyDraft, ClientDraft, Connection, PortalBuilder, PostDraft, Session, UserDraft, When,
};
use mcmp_core::post::Post;
use mcmp_core::publishing::PublishJob;
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::{Entity, JobQueue, MemoryStore, NotificationFilter, Read, Store, StoreExt};
use mcmp_scheduler::{Engine, EngineBuilder, EngineSettings, Running, TokioClock};

use super::troubled_store::{TroubledStore, Troubles};

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) portal: Portal,
    pub(crate) platform: Arc<FakePublisher>,
    pub(crate) agency: Agency,
    pub(crate) owner: UserId,
}

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub(crate) async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// For long stretches of time, at little cost: nothing is looked for more often than once a minute
/// that is not known to be due.
pub(crate) fn unhurried() -> EngineSettings {
    let minute = Duration::from_secs(60);
    let mut settings = EngineSettings::default();
    (settings.poll, settings.sends_every, settings.rescue_every) = (minute, minute, minute);
    (settings.refresh_every, settings.approvals_every) = (minute * 10, minute * 10);
    settings
}

pub(crate) async fn stop(engines: impl IntoIterator<Item = Running>) {
    for engine in engines {
        engine.shutdown().await;
    }
}

/// Most of these times that lie within any stretch as long as `window`.
pub(crate) fn most_within(times: &[i64], window: i64) -> usize {
    let within = |from: &i64| times.iter().filter(|at| (*from..from + window).contains(at)).count();
    times.iter().map(within).max().unwrap_or(0)
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// With a portal that has more to it. Time must be paused.
    pub(crate) async fn with(more: impl FnOnce(PortalBuilder) -> PortalBuilder) -> Self {
        let plain = |store| Arc::new(store) as Arc<dyn Store>;
        Self::over(plain, TimeDelta::zero(), more).await
    }

    /// Whose portal sees the store through something that gets in the way.
    pub(crate) async fn troubled() -> (Self, Troubles) {
        Self::ahead_by(TimeDelta::zero()).await
    }

    /// The same, with a machine whose clock is so far ahead of the store's; behind it where that is
    /// negative.
    pub(crate) async fn ahead_by(ahead: TimeDelta) -> (Self, Troubles) {
        let troubles = Troubles::default();
        (Self::troubled_by(&troubles, ahead, |builder| builder).await, troubles)
    }

    /// With a portal that has more to it, too.
    pub(crate) async fn troubled_with(
        troubles: &Troubles,
        more: impl FnOnce(PortalBuilder) -> PortalBuilder,
    ) -> Self {
        Self::troubled_by(troubles, TimeDelta::zero(), more).await
    }

    async fn troubled_by(
        troubles: &Troubles,
        ahead: TimeDelta,
        more: impl FnOnce(PortalBuilder) -> PortalBuilder,
    ) -> Self {
        let seen = troubles.clone();
        let wrap = |store| Arc::new(TroubledStore::new(store, seen)) as Arc<dyn Store>;
        Self::over(wrap, ahead, more).await
    }

    async fn over(
        wrap: impl FnOnce(MemoryStore) -> Arc<dyn Store>,
        ahead: TimeDelta,
        more: impl FnOnce(PortalBuilder) -> PortalBuilder,
    ) -> Self {
        let clock = TokioClock::starting_at(start());
        let store = MemoryStore::new(Arc::new(clock));
        let clock = TokioClock::starting_at(start() + ahead);
        let platform = Arc::new(FakePublisher::new(Platform::THREADS));
        let key = SealKey::from_bytes(&[7; 32]).unwrap();
        let ring = KeyRing::builder().active("k", key).build(Arc::new(SeededEntropy::new(2)));
        let builder = Portal::builder(wrap(store.clone()))
            .clock(Arc::new(clock))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .sealer(Arc::new(ring.unwrap()))
            .publisher(platform.clone());
        let portal = more(builder).build().unwrap();
        let owner = UserDraft { email: "o@x.example".parse().unwrap(), name: "O".parse().unwrap() };
        let owner = portal.register_user(owner).await.unwrap();
        let (name, subdomain) = ("Agency".parse().unwrap(), "agency".parse().unwrap());
        let draft = AgencyDraft { name, subdomain, plan: PlanTier::Enterprise };
        let (agency, _) = portal.found_agency(owner.id, draft).await.unwrap();
        Self { store, portal, platform, agency, owner: owner.id }
    }

    /// The store's time.
    pub(crate) async fn now(&self) -> DateTime<Utc> {
        JobQueue::now(&self.store).await.unwrap()
    }

    /// What the agency's owner can do.
    pub(crate) async fn session(&self) -> Session {
        let actor = self.portal.actor_for(self.owner).await.unwrap();
        self.portal.session(&actor, self.agency.id).await.unwrap()
    }

    pub(crate) async fn client(&self, slug: &str) -> Client {
        let (name, slug) = (slug.parse().unwrap(), slug.parse().unwrap());
        let draft = ClientDraft { name, slug, zone: chrono_tz::UTC };
        self.session().await.clients().create(draft).await.unwrap()
    }

    /// A channel on the fake platform.
    pub(crate) async fn account(&self, client: &Client, id: &str) -> SocialAccount {
        self.account_on(Platform::THREADS, client, id).await
    }

    pub(crate) async fn account_on(
        &self,
        platform: Platform,
        client: &Client,
        id: &str,
    ) -> SocialAccount {
        let tokens = Tokens::new(SecretText::new("TOKEN-OF-ACCESS"));
        self.account_with(platform, AccountKind::Profile, client, id, tokens).await
    }

    /// A website.
    pub(crate) async fn site(&self, client: &Client, id: &str) -> SocialAccount {
        let tokens = Tokens::new(SecretText::new("TOKEN-OF-ACCESS"));
        self.account_with(Platform::THREADS, AccountKind::Site, client, id, tokens).await
    }

    /// A channel whose access token ends in so many seconds, with a refresh token.
    pub(crate) async fn ending_account(
        &self,
        client: &Client,
        id: &str,
        seconds: i64,
    ) -> SocialAccount {
        self.ending_account_on(Platform::THREADS, client, id, seconds).await
    }

    pub(crate) async fn ending_account_on(
        &self,
        platform: Platform,
        client: &Client,
        id: &str,
        seconds: i64,
    ) -> SocialAccount {
        let mut tokens = Tokens::new(SecretText::new("TOKEN-OF-ACCESS"));
        tokens.refresh = Some(SecretText::new("TOKEN-TO-REFRESH"));
        tokens.access_expires_at = Some(self.portal.now() + TimeDelta::seconds(seconds));
        self.account_with(platform, AccountKind::Profile, client, id, tokens).await
    }

    async fn account_with(
        &self,
        platform: Platform,
        kind: AccountKind,
        client: &Client,
        id: &str,
        tokens: Tokens,
    ) -> SocialAccount {
        let (external, name) = (id.parse().unwrap(), id.parse().unwrap());
        let connection = Connection::new(platform, kind, external, name, tokens);
        self.session().await.accounts().connect(client.id, connection).await.unwrap()
    }

    /// A post that goes out in so many seconds.
    pub(crate) async fn post(
        &self,
        client: &Client,
        to: impl IntoIterator<Item = AccountId>,
        text: &str,
        seconds: i64,
    ) -> Post {
        let at = self.now().await + TimeDelta::seconds(seconds);
        self.post_at(client, to, text, at).await
    }

    pub(crate) async fn post_at(
        &self,
        client: &Client,
        to: impl IntoIterator<Item = AccountId>,
        text: &str,
        at: DateTime<Utc>,
    ) -> Post {
        let session = self.session().await;
        let draft = PostDraft::new(client.id, text.parse().unwrap()).to(to);
        let post = session.posts().create(draft).await.unwrap();
        session.posts().schedule(post.id, When::At(at)).await.unwrap()
    }

    pub(crate) async fn read(&self, post: PostId) -> Post {
        self.session().await.posts().get(post).await.unwrap()
    }

    pub(crate) async fn jobs(&self, post: PostId) -> Vec<PublishJob> {
        self.session().await.posts().jobs(post).await.unwrap()
    }

    /// What people were told about a topic.
    pub(crate) async fn told(&self, topic: NotificationTopic) -> Vec<Notification> {
        let mut all: Vec<Notification> = self.all(NotificationFilter::default()).await;
        all.retain(|notification| notification.topic == topic);
        all
    }

    /// Everything of a kind.
    pub(crate) async fn all<E: Entity>(&self, filter: E::Filter) -> Vec<E>
    where
        MemoryStore: Read<E>,
    {
        let scope = Actor::system("test").own_scope().unwrap();
        self.store.all(&scope, filter).await.unwrap()
    }

    /// What the platform accepted, as texts.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.platform.accepted().into_iter().map(|post| post.text).collect()
    }

    /// When the platform accepted each, in whole milliseconds after the start.
    pub(crate) fn accepted_ms(&self) -> Vec<i64> {
        let accepted = self.platform.accepted();
        accepted.iter().map(|post| (post.accepted_at - start()).num_milliseconds()).collect()
    }

    pub(crate) fn engine(&self) -> EngineBuilder {
        Engine::builder(self.portal.clone())
    }
}
