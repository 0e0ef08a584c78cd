//! An agency with two clients, written straight into the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mcmp_core::Portal;
use mcmp_core::access::{Actor, ActorRef};
use mcmp_core::account::{
    AccountKind, AccountStatus, AppCredentialsRef, ExternalId, Platform, SocialAccount,
    UnknownOutcomePolicy,
};
use mcmp_core::agency::{Agency, AgencyStatus, Branding, Plan, PlanTier};
use mcmp_core::client::Client;
use mcmp_core::entropy::{IdSource, SeededEntropy};
use mcmp_core::id::{Id, UserId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::{Coverage, Grant, Membership, Role};
use mcmp_core::portal::{ClientDraft, Session};
use mcmp_core::post::{Content, Post, Variant};
use mcmp_core::publishing::MaxFailures;
use mcmp_core::store::{ChangeSet, Commit, Entity, MemoryStore, Record, Version};
use mcmp_core::time::{Clock, ManualClock, QueueSlots, Schedule};
use mcmp_core::value::{Email, Name, Slug};

pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) store: MemoryStore,
    pub(super) portal: Portal,
    pub(super) agency: Agency,
    pub(super) a: Client,
    pub(super) b: Client,
    ids: IdSource,
}

pub(super) fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Waits for `future` on a runtime of its own, for property tests.
pub(super) fn wait_for<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(Plan::of(PlanTier::Enterprise), chrono_tz::UTC).await
    }

    /// Both clients are in `zone`.
    pub(super) async fn with(plan: Plan, zone: Tz) -> Self {
        let clock = ManualClock::new(at("2026-12-01T08:00:00Z"));
        let store = MemoryStore::new(Arc::new(clock.clone()));
        let portal = Portal::builder(Arc::new(store.clone()))
            .clock(Arc::new(clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .build()
            .unwrap();
        let ids = IdSource::new(Arc::new(SeededEntropy::new(2)));
        let mut agency = Agency {
            id: ids.next(clock.now()).unwrap(),
            version: Version::NEW,
            name: name("Agency"),
            subdomain: Slug::new("subdomain", "agency").unwrap(),
            branding: Branding::default(),
            status: AgencyStatus::Active,
            plan,
            identity_providers: Vec::new(),
            created_at: clock.now(),
            updated_at: clock.now(),
        };
        let mut changes = ChangeSet::new();
        changes.insert(&mut agency);
        let system = Actor::system("test");
        store.commit(&system.own_scope().unwrap(), changes).await.unwrap();
        let session = portal.session(&system, agency.id).await.unwrap();
        let client = async |text: &str| {
            let slug = Slug::new("slug", text).unwrap();
            let draft = ClientDraft { name: name(text), slug, zone };
            session.clients().create(draft).await.unwrap()
        };
        let (a, b) = (client("bakery").await, client("garage").await);
        Self { clock, store, portal, agency, a, b, ids }
    }

    pub(super) fn id<I: Id>(&self) -> I {
        self.ids.next(self.clock.now()).unwrap()
    }

    pub(super) async fn put<E: Entity + Into<Record>>(&self, mut entity: E) -> E {
        let mut changes = ChangeSet::new();
        changes.insert(&mut entity);
        let scope = Actor::system("test").own_scope().unwrap();
        self.store.commit(&scope, changes).await.unwrap();
        entity
    }

    pub(super) async fn system(&self) -> Session {
        self.portal.session(&Actor::system("test"), self.agency.id).await.unwrap()
    }

    /// A new person with these memberships.
    pub(super) async fn member(&self, grants: &[(Role, &[&Client])]) -> (UserId, Session) {
        let user_id: UserId = self.id();
        let mut memberships = Vec::new();
        for (role, clients) in grants {
            let coverage = match clients {
                [] => Coverage::WholeAgency,
                clients => Coverage::clients(clients.iter().map(|client| client.id)).unwrap(),
            };
            let membership = Membership {
                id: self.id(),
                version: Version::NEW,
                agency_id: self.agency.id,
                user_id,
                display_name: name("Somebody"),
                email: Email::new("email", "somebody@example.com").unwrap(),
                grant: Grant::new(*role, coverage).unwrap(),
                created_at: self.clock.now(),
                updated_at: self.clock.now(),
            };
            memberships.push(self.put(membership).await);
        }
        let actor = Actor::user(user_id, memberships);
        (user_id, self.portal.session(&actor, self.agency.id).await.unwrap())
    }

    pub(super) async fn admin(&self) -> Session {
        self.member(&[(Role::Admin, &[])]).await.1
    }

    pub(super) async fn account(&self, client: &Client, platform: Platform) -> SocialAccount {
        let id = self.id();
        self.put(SocialAccount {
            id,
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            platform,
            kind: AccountKind::Profile,
            external_id: ExternalId::new("external_id", id.to_string()).unwrap(),
            handle: None,
            display_name: name("Channel"),
            avatar_url: None,
            status: AccountStatus::Connected,
            status_detail: None,
            tokens: None,
            granted_scopes: BTreeSet::new(),
            app_credentials: AppCredentialsRef::Instance,
            metadata: BTreeMap::new(),
            limits_profile: None,
            queue_slots: QueueSlots::default(),
            unknown_outcome: UnknownOutcomePolicy::Hold,
            max_failures: MaxFailures::default(),
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        })
        .await
    }

    pub(super) fn draft(&self, client: &Client, schedule: Option<Schedule>) -> Post {
        Post {
            id: self.id(),
            version: Version::NEW,
            agency_id: client.agency_id,
            client_id: client.id,
            author: ActorRef::System("test".to_owned()),
            editors: Vec::new(),
            content: Content::default(),
            variants: Vec::new(),
            tags: Vec::new(),
            category: None,
            campaign_id: None,
            status: PostStatus::Draft,
            schedule,
            revision: None,
            approval: None,
            series: None,
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        }
    }

    pub(super) fn variant(&self, account: &SocialAccount) -> Variant {
        Variant::new(self.id(), account.id, account.platform.clone())
    }
}
