//! The agency of a run: its clients, channels and people, and the processes that publish.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::access::Actor;
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens};
use mcmp_core::agency::{Agency, PlanTier};
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::event::Event;
use mcmp_core::fake::FakePublisher;
use mcmp_core::id::{AccountId, ClientId, EventId, UserId};
use mcmp_core::member::{Coverage, Grant, Role};
use mcmp_core::portal::{
    AccountEdit, AgencyDraft, ClientDraft, ClientEdit, Connection, InvitationDraft, Session,
    UserDraft,
};
use mcmp_core::publishing::Publisher;
use mcmp_core::rules::limits::LimitsBook;
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_scheduler::{Engine, EventSubscriber, Loop, SubscriberError};

use super::hub::{Hub, lock};
use super::life::Life;
use super::platform::Remote;
use super::store::Watched;
use super::witness::short;

/// Part of everything that must never be told.
pub(crate) const SECRET: &str = "SECRET-";

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) hub: Arc<Hub>,
    pub(crate) agency: Agency,
    pub(crate) clients: Vec<ClientId>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) people: Vec<(&'static str, Session)>,
    pub(crate) portal: Portal,
    pub(crate) delivered: Arc<Delivered>,
    tools: Tools,
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: AccountId,
    pub(crate) client: ClientId,
    pub(crate) name: String,
    pub(crate) platform: Arc<FakePublisher>,
}

/// What all portals of a run have in common.
#[derive(Debug, Clone)]
struct Tools {
    ring: Arc<KeyRing>,
    platforms: Vec<(Arc<FakePublisher>, u32)>,
}

/// What a subscriber of all processes took.
#[derive(Debug)]
pub(crate) struct Delivered {
    hub: Arc<Hub>,
    pub(crate) events: Mutex<Vec<EventId>>,
}

#[async_trait]
impl EventSubscriber for Delivered {
    async fn take(&self, event: &Event) -> Result<(), SubscriberError> {
        if !self.hub.is_calm() && self.hub.dice(|dice| dice.one_in(200)) {
            return Err(SubscriberError::new("not now"));
        }
        lock(&self.events).push(event.id);
        Ok(())
    }
}

impl Tools {
    fn portal(&self, hub: &Arc<Hub>, life: &Arc<Life>, seed: u64) -> Portal {
        static BOOK: OnceLock<LimitsBook> = OnceLock::new();
        let book = BOOK.get_or_init(|| LimitsBook::bundled().unwrap()).clone();
        let store = Watched::new(Arc::clone(hub), Arc::clone(life));
        let mut builder = Portal::builder(Arc::new(store))
            .clock(Arc::new(hub.clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(seed)))
            .sealer(self.ring.clone())
            .limits(book);
        for (platform, faults) in &self.platforms {
            let (hub, life) = (Arc::clone(hub), Arc::clone(life));
            let platform = Arc::clone(platform);
            builder = builder.publisher(Arc::new(Remote { hub, life, platform, faults: *faults }));
        }
        builder.build().unwrap()
    }
}

impl World {
    pub(crate) async fn new(hub: Arc<Hub>) -> Self {
        const PLATFORMS: [Platform; 3] = [Platform::THREADS, Platform::FACEBOOK, Platform::X];
        let key = SealKey::from_bytes(&[7; 32]).unwrap();
        let ring = KeyRing::builder().active("k", key).build(Arc::new(SeededEntropy::new(2)));
        let mut platforms: Vec<(Arc<FakePublisher>, u32)> = Vec::new();
        let mut places = Vec::new();
        for plan in &hub.plan.channels {
            if !plan.shares_platform {
                let name = PLATFORMS[platforms.len()].clone();
                let platform = FakePublisher::with_capabilities(name, plan.capabilities);
                platforms.push((Arc::new(platform.steps_to_prepare(plan.steps)), plan.faults));
            }
            places.push(platforms.len() - 1);
        }
        let tools = Tools { ring: Arc::new(ring.unwrap()), platforms };
        let life = Life::charmed("people", Arc::clone(&hub));
        let portal = tools.portal(&hub, &life, hub.dice(super::dice::Dice::word));
        let owner = register(&portal, "owner").await;
        let (name, subdomain) = ("Agency".parse().unwrap(), "agency".parse().unwrap());
        let draft = AgencyDraft { name, subdomain, plan: PlanTier::Enterprise };
        let (agency, _) = portal.found_agency(owner, draft).await.unwrap();
        let delivered = Arc::new(Delivered { hub: Arc::clone(&hub), events: Mutex::default() });
        let (clients, channels, people) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = Self { hub, agency, clients, channels, people, portal, delivered, tools };
        world.people.push(("owner", world.session_of(owner).await));
        let system = world.portal.session(&Actor::system("operator"), world.agency.id).await;
        world.people.push(("system", system.unwrap()));
        world.add_clients().await;
        world.add_channels(&places).await;
        for (name, role) in [
            ("mia", Role::Manager),
            ("max", Role::Manager),
            ("cat", Role::Creator),
            ("ben", Role::ClientOwner),
        ] {
            world.add_person(name, role).await;
        }
        world
    }

    pub(crate) fn owner(&self) -> &Session {
        &self.people[0].1
    }

    pub(crate) fn system(&self) -> &Session {
        &self.people[1].1
    }

    async fn session_of(&self, user: UserId) -> Session {
        let actor = self.portal.actor_for(user).await.unwrap();
        self.portal.session(&actor, self.agency.id).await.unwrap()
    }

    async fn add_clients(&mut self) {
        for at in 0..self.hub.plan.clients {
            let name = format!("client{at}");
            let (slug, name) = (name.parse().unwrap(), name.parse().unwrap());
            let draft = ClientDraft { name, slug, zone: chrono_tz::UTC };
            let clients = self.owner().clients();
            let client = clients.create(draft).await.unwrap();
            let edit =
                ClientEdit { lateness: Some(self.hub.plan.lateness), ..ClientEdit::default() };
            let client = clients.edit(client.id, client.version, edit).await.unwrap();
            self.clients.push(client.id);
        }
    }

    async fn add_channels(&mut self, places: &[usize]) {
        for (at, plan) in self.hub.plan.channels.clone().into_iter().enumerate() {
            let place = places[at];
            let is_alone = places.iter().filter(|other| **other == place).count() == 1;
            let platform = Arc::clone(&self.tools.platforms[place].0);
            let (client, name) = (self.clients[plan.client], format!("channel{at}"));
            let mut tokens = Tokens::new(SecretText::new(format!("{SECRET}access-{place}")));
            if plan.refreshes && is_alone {
                tokens.refresh = Some(SecretText::new(format!("{SECRET}refresh-{place}")));
                tokens.access_expires_at = Some(self.hub.now() + TimeDelta::hours(1));
            }
            let account = self.connect(client, &name, &platform, tokens).await;
            let edit = AccountEdit {
                unknown_outcome: Some(plan.unknown_outcome),
                max_failures: Some(plan.max_failures),
                ..AccountEdit::default()
            };
            let (id, version) = (account.id, account.version);
            self.owner().accounts().edit(id, version, edit).await.unwrap();
            let what = format!(
                "channel {} on {}: {:?}, gives up at {}, steps {}, faults {}",
                short(id),
                platform.platform(),
                plan.unknown_outcome,
                plan.max_failures.get(),
                plan.steps,
                plan.faults,
            );
            self.hub.note("world", what);
            self.channels.push(Channel { id, client, name, platform });
        }
    }

    async fn connect(
        &self,
        client: ClientId,
        name: &str,
        platform: &FakePublisher,
        tokens: Tokens,
    ) -> SocialAccount {
        let (external, name) = (name.parse().unwrap(), name.parse().unwrap());
        let (platform, kind) = (platform.platform().clone(), AccountKind::Page);
        let connection = Connection::new(platform, kind, external, name, tokens);
        self.owner().accounts().connect(client, connection).await.unwrap()
    }

    /// A person grants access again: the old tokens work no longer.
    pub(crate) async fn reconnect(&self, channel: &Channel) {
        let number = self.hub.dice(|dice| dice.below(1_000_000));
        let token = SecretText::new(format!("{SECRET}again-{number}"));
        for other in &self.channels {
            if Arc::ptr_eq(&other.platform, &channel.platform) {
                let tokens = Tokens::new(token.clone());
                self.connect(other.client, &other.name, &other.platform, tokens).await;
                self.hub.ledger().refused.remove(&other.id);
            }
        }
        channel.platform.accept_only(&token);
    }

    async fn add_person(&mut self, name: &'static str, role: Role) {
        let user = register(&self.portal, name).await;
        let coverage = Coverage::clients(self.clients.iter().copied()).unwrap();
        let (email, grant) = (email(name), Grant::new(role, coverage).unwrap());
        let draft = InvitationDraft { email, grant, valid_days: 7 };
        let (_, token) = self.owner().members().invite(draft).await.unwrap();
        self.portal.accept_invitation(&token, user).await.unwrap();
        let session = self.session_of(user).await;
        self.people.push((name, session));
    }

    /// A new process.
    pub(crate) fn process(&self, life: &Arc<Life>) -> Engine {
        let seed = self.hub.dice(super::dice::Dice::word);
        Engine::builder(self.tools.portal(&self.hub, life, seed))
            .settings(self.hub.plan.settings.clone())
            .only([Loop::Publish, Loop::Outbox, Loop::Refresh, Loop::Metrics, Loop::Approvals])
            .subscribe("simulation", Arc::clone(&self.delivered) as _)
            .build()
            .unwrap()
    }
}

fn email(local: &str) -> mcmp_core::value::Email {
    format!("{local}@example.com").parse().unwrap()
}

async fn register(portal: &Portal, local: &str) -> UserId {
    let draft = UserDraft { email: email(local), name: local.parse().unwrap() };
    portal.register_user(draft).await.unwrap().id
}
