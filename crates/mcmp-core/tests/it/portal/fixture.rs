//! An agency with its owner, a clock that stands still and randomness that repeats itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use mcmp_core::Portal;
use mcmp_core::access::Actor;
use mcmp_core::account::{AccountKind, AppCredentialsRef, ExternalId, Platform, Tokens};
use mcmp_core::agency::{Agency, PlanTier};
use mcmp_core::client::Client;
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::event::Event;
use mcmp_core::id::{ClientId, Id, PostId, RevisionId, UserId};
use mcmp_core::member::{Coverage, Grant, Membership, Role, User};
use mcmp_core::portal::{
    AgencyDraft, ClientDraft, Connection, InvitationDraft, PortalBuilder, Session, UserDraft,
};
use mcmp_core::post::Post;
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::{MemoryStore, Query, Read};
use mcmp_core::time::{ManualClock, to_millis};
use mcmp_core::value::{Email, Name, Slug};

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) store: MemoryStore,
    pub(crate) portal: Portal,
    pub(crate) agency: Agency,
    pub(crate) owner: UserId,
    pub(crate) owners_membership: Membership,
}

/// A ring that seals with the key `active` and opens what the others sealed.
pub(crate) fn key_ring(active: &str, older: &[&str]) -> Arc<KeyRing> {
    let key = |id: &str| SealKey::from_bytes(&[id.as_bytes()[0]; 32]).unwrap();
    let mut ring = KeyRing::builder().active(active, key(active));
    for id in older {
        ring = ring.older(*id, key(id));
    }
    Arc::new(ring.build(Arc::new(SeededEntropy::new(9))).unwrap())
}

pub(crate) fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new("slug", text).unwrap()
}

pub(crate) fn email(local: &str) -> Email {
    Email::new("email", format!("{local}@example.com")).unwrap()
}

pub(crate) fn everywhere(role: Role) -> Grant {
    Grant::new(role, Coverage::WholeAgency).unwrap()
}

pub(crate) fn only_for(role: Role, clients: &[&Client]) -> Grant {
    let clients = clients.iter().map(|client| client.id);
    Grant::new(role, Coverage::clients(clients).unwrap()).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_plan(PlanTier::Enterprise).await
    }

    pub(crate) async fn with_plan(plan: PlanTier) -> Self {
        Self::assembled(plan, 1, |builder| builder).await
    }

    /// With randomness of its own, and a portal that has more to it.
    pub(crate) async fn assembled(
        plan: PlanTier,
        seed: u64,
        more: impl FnOnce(PortalBuilder) -> PortalBuilder,
    ) -> Self {
        let clock = ManualClock::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let store = MemoryStore::new(Arc::new(clock.clone()));
        let builder = Portal::builder(Arc::new(store.clone()))
            .clock(Arc::new(clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(seed)))
            .sealer(key_ring("a", &[]));
        let portal = more(builder).build().unwrap();
        let owner = register(&portal, "owner").await;
        let draft = AgencyDraft { name: name("Agency"), subdomain: slug("agency"), plan };
        let (agency, owners_membership) = portal.found_agency(owner.id, draft).await.unwrap();
        Self { clock, store, portal, agency, owner: owner.id, owners_membership }
    }

    /// The revision that somebody who looks at a post now sees; one that does not exist for a post
    /// without any.
    pub(crate) async fn seen(&self, post: PostId) -> RevisionId {
        let system = Actor::system("test").own_scope().unwrap();
        let post: Option<Post> = self.store.get(&system, post).await.unwrap();
        let newest = post.and_then(|post| post.revision);
        newest.map_or_else(|| RevisionId::from_uuid(uuid::Uuid::nil()), |newest| newest.id)
    }

    /// The same world seen by a portal with other keys.
    pub(crate) fn with_keys(&self, ring: Arc<KeyRing>) -> Portal {
        Portal::builder(Arc::new(self.store.clone()))
            .clock(Arc::new(self.clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(2)))
            .sealer(ring)
            .build()
            .unwrap()
    }

    pub(crate) async fn user(&self, local: &str) -> User {
        register(&self.portal, local).await
    }

    pub(crate) async fn session(&self, user: UserId) -> Session {
        let actor = self.portal.actor_for(user).await.unwrap();
        self.portal.session(&actor, self.agency.id).await.unwrap()
    }

    pub(crate) async fn owners(&self) -> Session {
        self.session(self.owner).await
    }

    pub(crate) async fn systems(&self) -> Session {
        self.portal.session(&Actor::system("test"), self.agency.id).await.unwrap()
    }

    pub(crate) async fn client(&self, text: &str) -> Client {
        let draft = ClientDraft { name: name(text), slug: slug(text), zone: chrono_tz::UTC };
        self.owners().await.clients().create(draft).await.unwrap()
    }

    /// A new person whom the owner asks in.
    pub(crate) async fn member(&self, local: &str, grant: Grant) -> UserId {
        let user = self.user(local).await;
        self.join(&user, grant).await;
        user.id
    }

    pub(crate) async fn join(&self, user: &User, grant: Grant) -> Membership {
        let draft = InvitationDraft { email: user.email.clone(), grant, valid_days: 7 };
        let (_, token) = self.owners().await.members().invite(draft).await.unwrap();
        self.portal.accept_invitation(&token, user.id).await.unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let system = self.systems().await;
        let query = Query::new(Default::default()).limit(Query::<Event>::MAX_LIMIT);
        Read::<Event>::list(&self.store, system.scope(), &query).await.unwrap().items
    }
}

async fn register(portal: &Portal, local: &str) -> User {
    portal.register_user(UserDraft { email: email(local), name: name(local) }).await.unwrap()
}

pub(crate) fn tokens(access: &str, refresh: Option<&str>) -> Tokens {
    Tokens {
        access: SecretText::new(access),
        refresh: refresh.map(SecretText::new),
        access_expires_at: None,
        refresh_expires_at: None,
    }
}

pub(crate) fn connection(external_id: &str) -> Connection {
    Connection {
        platform: Platform::INSTAGRAM,
        kind: AccountKind::Profile,
        external_id: ExternalId::new("external_id", external_id).unwrap(),
        handle: Some("bakery".to_owned()),
        display_name: name("Bakery"),
        avatar_url: None,
        tokens: tokens("ACCESS-1", Some("REFRESH-1")),
        granted_scopes: BTreeSet::from(["publish".to_owned(), "read".to_owned()]),
        required_scopes: BTreeSet::from(["publish".to_owned()]),
        app_credentials: AppCredentialsRef::Instance,
        metadata: BTreeMap::from([("category".to_owned(), "food".into())]),
    }
}

pub(crate) fn after(clock: &ManualClock, by: TimeDelta) -> DateTime<chrono::Utc> {
    use mcmp_core::time::Clock;
    to_millis(clock.now() + by)
}

/// How many of a page-sized list `client` is named in.
pub(crate) fn names(coverage: &Coverage, client: ClientId) -> bool {
    matches!(coverage, Coverage::Clients(clients) if clients.contains(&client))
}
