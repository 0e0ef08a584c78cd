//! A whole installation in memory: an agency, a client with an account, a platform.

use std::cell::Cell;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use mcmp_core::Portal;
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens};
use mcmp_core::agency::PlanTier;
use mcmp_core::asset::{Checksum, StorageKey};
use mcmp_core::client::{Client, Hashtag};
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::fake::{FakePublisher, ManualClock};
use mcmp_core::id::PostId;
use mcmp_core::portal::{
    AgencyDraft, AssetDraft, ClientDraft, ClientEdit, Connection, PostDraft, Session, UserDraft,
    When, Worker,
};
use mcmp_core::post::{Content, MediaUse, Post};
use mcmp_core::publishing::{JobState, PublishJob};
use mcmp_core::rules::ClientRules;
use mcmp_core::rules::client::{ClientRuleFields, LinkPolicy};
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::MemoryStore;

use crate::content::{POST, picture};
use crate::{Ids, minutes, ready, start};

/// An installation with one client, to publish in.
#[derive(Debug)]
pub struct House {
    portal: Portal,
    session: Session,
    worker: Worker,
    client: Client,
    account: SocialAccount,
    media: Vec<MediaUse>,
    last: Cell<Option<PostId>>,
}

impl House {
    /// A client without rules of its own.
    #[must_use]
    pub fn new() -> Self {
        ready(Self::build())
    }

    /// A client with all kinds of rules, and so many other posts in its calendar.
    #[must_use]
    pub fn with_rules(calendar: i64) -> Self {
        let house = Self::new();
        for n in 0..calendar {
            ready(house.approved(Some(minutes(60 + 200 * n))));
        }
        let edit = ClientEdit { rules: Some(rules()), ..ClientEdit::default() };
        let Client { id, version, .. } = house.client;
        ready(house.session.clients().edit(id, version, edit)).unwrap();
        house
    }

    async fn build() -> Self {
        let clock = Arc::new(ManualClock::new(start()));
        let entropy = Arc::new(SeededEntropy::new(2));
        let key = SealKey::from_hex(&SealKey::generate(entropy.as_ref()).unwrap()).unwrap();
        let sealer = KeyRing::builder().active("2026", key).build(entropy.clone()).unwrap();
        let portal = Portal::builder(Arc::new(MemoryStore::new(clock.clone())))
            .clock(clock)
            .entropy(entropy)
            .sealer(Arc::new(sealer))
            .publisher(Arc::new(FakePublisher::new(Platform::FACEBOOK)))
            .build()
            .unwrap();

        let anna = UserDraft {
            email: "anna@studio.example".parse().unwrap(),
            name: "Anna".parse().unwrap(),
        };
        let anna = portal.register_user(anna).await.unwrap();
        let studio = AgencyDraft {
            name: "Studio North".parse().unwrap(),
            subdomain: "studio-north".parse().unwrap(),
            plan: PlanTier::Enterprise,
        };
        let (studio, _owner) = portal.found_agency(anna.id, studio).await.unwrap();
        let actor = portal.actor_for(anna.id).await.unwrap();
        let session = portal.session(&actor, studio.id).await.unwrap();
        let client = ClientDraft {
            name: "Acme Bakery".parse().unwrap(),
            slug: "acme".parse().unwrap(),
            zone: chrono_tz::Europe::Berlin,
        };
        let client = session.clients().create(client).await.unwrap();
        let tokens = Tokens::new(SecretText::new("granted-by-the-platform"));
        let (external_id, name) = ("page-1".parse().unwrap(), "Acme Bakery".parse().unwrap());
        let page =
            Connection::new(Platform::FACEBOOK, AccountKind::Page, external_id, name, tokens);
        let account = session.accounts().connect(client.id, page).await.unwrap();
        let mut media = Vec::new();
        for n in ["1", "2"] {
            let asset = asset(&client, n);
            media.push(MediaUse::of(session.assets().add(asset).await.unwrap().asset.id));
        }
        let worker = portal.worker().unwrap();
        Self { portal, session, worker, client, account, media, last: Cell::new(None) }
    }

    async fn approved(&self, planned: Option<DateTime<Utc>>) -> Post {
        let content = Content {
            body: POST.parse().unwrap(),
            media: self.media.clone(),
            ..Content::default()
        };
        let draft = PostDraft {
            content,
            planned: planned.map(When::At),
            ..PostDraft::new(self.client.id, "".parse().unwrap()).to([self.account.id])
        };
        let post = self.session.posts().create(draft).await.unwrap();
        self.session.posts().submit(post.id, None).await.unwrap()
    }

    /// An approved post. The one before it leaves the calendar, so that every round finds the same.
    #[must_use]
    pub fn approved_post(&self) -> PostId {
        ready(async {
            if let Some(last) = self.last.take() {
                let posts = self.session.posts();
                if posts.archive(last).await.is_err() {
                    posts.cancel(last, None).await.unwrap();
                }
            }
            let post = self.approved(None).await;
            self.last.set(Some(post.id));
            post.id
        })
    }

    /// Gives an approved post a time.
    #[must_use]
    pub fn schedule(&self, post: PostId) -> Post {
        ready(self.session.posts().schedule(post, When::At(minutes(30)))).unwrap()
    }

    /// The job of a new post, due and claimed by the worker.
    #[must_use]
    pub fn claimed_job(&self) -> PublishJob {
        let post = self.approved_post();
        ready(self.session.posts().publish_now(post)).unwrap();
        let mut claimed = ready(self.worker.claim(1)).unwrap();
        claimed.jobs.pop().unwrap()
    }

    /// Publishes a claimed job.
    ///
    /// # Panics
    /// It is not live afterwards.
    #[must_use]
    pub fn carry_out(&self, job: PublishJob) -> PublishJob {
        let job = ready(self.worker.carry_out(job)).unwrap().job;
        assert_eq!(job.state, JobState::Published, "{:?}", job.last_error);
        job
    }

    /// The portal.
    #[must_use]
    pub fn portal(&self) -> &Portal {
        &self.portal
    }
}

impl Default for House {
    fn default() -> Self {
        Self::new()
    }
}

/// Rules as a careful client writes them; [`POST`] keeps them all.
#[must_use]
pub fn rules() -> ClientRules {
    let banned = [
        "cheap",
        "guaranteed",
        "miracle",
        "free money",
        "Wucher",
        "geschenkt",
        "賭博",
        "無料",
        "dernière chance",
        "gratis",
    ];
    ClientRules::new(ClientRuleFields {
        min_gap_minutes: Some(15),
        max_per_day: Some(20),
        max_per_week: Some(100),
        banned_words: banned.map(str::to_owned).to_vec(),
        required_hashtags: vec!["freshbread".parse::<Hashtag>().unwrap()],
        disclosures: vec!["Saturday".to_owned()],
        links: LinkPolicy {
            allowed_hosts: ["acme.com".to_owned()].into(),
            https_only: true,
            ..LinkPolicy::default()
        },
        alt_text_required: true,
        ..ClientRuleFields::default()
    })
    .unwrap()
}

fn asset(client: &Client, n: &str) -> AssetDraft {
    let file = picture(&Ids::default());
    AssetDraft {
        client_id: client.id,
        storage_key: StorageKey::new("storage_key", format!("acme/{n}.jpg")).unwrap(),
        file_name: format!("{n}.jpg").parse().unwrap(),
        mime: file.mime,
        size_bytes: file.size_bytes,
        checksum: Checksum::new("checksum", n.repeat(64)).unwrap(),
        alt_text: file.alt_text.map(|text| text.parse().unwrap()),
        tags: Vec::new(),
        folder: None,
        facts: file.facts,
        rights_until: None,
    }
}
