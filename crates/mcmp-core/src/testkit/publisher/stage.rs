//! What a rule plays on: an agency with one client and one account on the fake platform, in a store
//! in memory, with a clock that is moved by hand.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use chrono::{DateTime, TimeDelta, Utc};

use super::draft::{Draft, Form, SampleFile};
use super::fault::{At, Fault, Scripted};
use super::harness::NotHere;
use super::media::WatchedMedia;
use super::platform::PlatformUnderTest;
use super::watched::Watched;
use crate::Portal;
use crate::access::{Actor, Scope};
use crate::account::{SocialAccount, Tokens, UnknownOutcomePolicy};
use crate::agency::PlanTier;
use crate::asset::{AltText, FileName, Mime, StorageKey};
use crate::client::Client;
use crate::entropy::SeededEntropy;
use crate::id::{AgencyId, AssetId, PostId, UserId};
use crate::portal::{
    AccountEdit, AgencyDraft, AssetDraft, ClientDraft, PostDraft, Session, UserDraft, VariantDraft,
    When, Worker,
};
use crate::post::{Content, MediaUse, Outgoing, PostText, Revision, ThreadPart};
use crate::publishing::{HoldReason, JobState, Part, PublishJob, PublisherCapabilities, RemoteRef};
use crate::secret::{KeyRing, SealKey};
use crate::service::{MediaStorage, MemoryMedia};
use crate::store::{MemoryStore, StoreExt};
use crate::time::{Clock, ManualClock};
use crate::value::{Email, Name, Slug};

/// How often a job may go on before a rule gives up on it: more than any backoff allows in a day.
const MOST_ROUNDS: usize = 600;

#[derive(Clone)]
pub(super) struct Stage {
    pub(super) platform: Arc<dyn PlatformUnderTest>,
    pub(super) watched: Arc<Watched>,
    pub(super) media: Arc<WatchedMedia>,
    pub(super) clock: ManualClock,
    pub(super) portal: Portal,
    pub(super) store: MemoryStore,
    agency: AgencyId,
    owner: UserId,
    client: Client,
    pub(super) account: SocialAccount,
}

/// A post that goes out in an hour.
pub(super) struct Planned {
    pub(super) post: PostId,
    pub(super) draft: Draft,
}

impl Stage {
    pub(super) async fn new(clock: ManualClock, platform: Arc<dyn PlatformUnderTest>) -> Self {
        let store = MemoryStore::new(Arc::new(clock.clone()));
        let watched = Arc::new(Watched::new(platform.publisher()));
        let files = Arc::new(MemoryMedia::new());
        let address = platform.serve_media(files.clone());
        let counting = platform.clone();
        let arrived = move || counting.media_bytes_read();
        let media = Arc::new(WatchedMedia::new(files, address, Arc::new(clock.clone()), arrived));
        let key = SealKey::from_bytes(&[7; 32]).unwrap();
        let sealer = KeyRing::builder().active("kit", key).build(Arc::new(SeededEntropy::new(9)));
        let mut builder = Portal::builder(Arc::new(store.clone()))
            .clock(Arc::new(clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .sealer(Arc::new(sealer.unwrap()))
            .media(media.clone())
            .publisher(watched.clone());
        if let Some(limits) = platform.limits() {
            builder = builder.limits(limits);
        }
        let portal = builder.build().unwrap();
        let email = Email::new("email", "owner@example.com").unwrap();
        let owner = portal.register_user(UserDraft { email, name: name("Owner") }).await.unwrap();
        let draft = AgencyDraft {
            name: name("Agency"),
            subdomain: slug("agency"),
            plan: PlanTier::Enterprise,
        };
        let (agency, _) = portal.found_agency(owner.id, draft).await.unwrap();
        let actor = portal.actor_for(owner.id).await.unwrap();
        let session = portal.session(&actor, agency.id).await.unwrap();
        let draft =
            ClientDraft { name: name("Bakery"), slug: slug("bakery"), zone: chrono_tz::UTC };
        let client = session.clients().create(draft).await.unwrap();
        let account = session
            .accounts()
            .connect(client.id, platform.connection())
            .await
            .expect("the account of connection() can be connected");
        let (agency, owner) = (agency.id, owner.id);
        Self { platform, watched, media, clock, portal, store, agency, owner, client, account }
    }

    pub(super) fn capabilities(&self) -> PublisherCapabilities {
        self.platform.publisher().capabilities()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) async fn owners(&self) -> Session {
        let actor = self.portal.actor_for(self.owner).await.unwrap();
        self.portal.session(&actor, self.agency).await.unwrap()
    }

    pub(super) async fn systems(&self) -> Session {
        self.portal.session(&Actor::system("kit"), self.agency).await.unwrap()
    }

    pub(super) fn scope() -> Scope {
        Actor::system("kit").own_scope().unwrap()
    }

    /// A post of the first of `forms` that the platform has, planned for in an hour.
    pub(super) async fn planned(&self, forms: &[Form]) -> Result<Planned, NotHere> {
        for form in forms {
            if let Some(draft) = self.platform.draft(*form) {
                return Ok(self.plan(*form, draft).await);
            }
        }
        Err(NotHere(format!("post of the form {forms:?}")))
    }

    async fn plan(&self, form: Form, draft: Draft) -> Planned {
        let session = self.owners().await;
        let mut media = Vec::new();
        for file in &draft.media {
            media.push(self.add(&session, file).await);
        }
        let text = |text: &str| PostText::new("text", text).expect("a text that can go out");
        let content = Content {
            title: text(&draft.title),
            body: text(&draft.text),
            media: media.iter().copied().map(MediaUse::of).collect(),
            link: draft.link.clone(),
        };
        let variant = VariantDraft {
            kind: draft.kind,
            thread: draft
                .thread
                .iter()
                .map(|part| ThreadPart { text: text(part), media: Vec::new() })
                .collect(),
            first_comment: draft.first_comment.as_deref().map(text),
            options: self.platform.options(form, &media),
            ..VariantDraft::to(self.account.id)
        };
        let body = content.body.clone();
        let post = PostDraft {
            content,
            variants: Some(vec![variant]),
            ..PostDraft::new(self.client.id, body)
        };
        let post = session.posts().create(post).await.unwrap();
        let when = When::At(self.now() + TimeDelta::hours(1));
        session.posts().schedule(post.id, when).await.unwrap_or_else(|error| {
            panic!("the draft of {form:?} is refused before it is sent: {error}: {error:?}")
        });
        Planned { post: post.id, draft }
    }

    async fn add(&self, session: &Session, file: &SampleFile) -> AssetId {
        let checksum = file.checksum();
        let mime = Mime::new("mime", &file.mime).unwrap();
        let key = format!("{}/{}", checksum.as_str(), file.name);
        let storage_key = StorageKey::new("key", key).unwrap();
        self.media.put(&storage_key, &mime, &file.bytes).await.unwrap();
        let draft = AssetDraft {
            client_id: self.client.id,
            storage_key,
            file_name: FileName::new("file_name", &file.name).unwrap(),
            mime,
            size_bytes: u64::try_from(file.bytes.len()).unwrap(),
            checksum,
            alt_text: file.alt_text.as_ref().map(|text| AltText::new("alt", text).unwrap()),
            tags: Vec::new(),
            folder: None,
            facts: file.facts.clone(),
            rights_until: None,
        };
        session.assets().add(draft).await.unwrap().asset.id
    }

    /// Makes a call go wrong; what the platform says then.
    pub(super) async fn script(&self, at: At, fault: Fault) -> Result<Option<String>, NotHere> {
        match self.platform.script(at, fault).await {
            Scripted::Yes => Ok(None),
            Scripted::Saying(text) => Ok(Some(text)),
            Scripted::NotOnThisPlatform => {
                assert!(
                    matches!(fault, Fault::Refuse(_) | Fault::RateLimit { .. }),
                    "{fault:?} happens on every platform: the fake must be able to do it"
                );
                Err(NotHere(format!("{fault:?} at {at:?}")))
            }
        }
    }

    /// What people want where it can't be found out whether a post is live; posts that are planned
    /// from now on keep it.
    pub(super) async fn when_unknown(&self, policy: UnknownOutcomePolicy) {
        let session = self.owners().await;
        let account = session.accounts().get(self.account.id).await.unwrap();
        let edit = AccountEdit { unknown_outcome: Some(policy), ..AccountEdit::default() };
        session.accounts().edit(account.id, account.version, edit).await.unwrap();
    }

    /// A person connects the account again.
    pub(super) async fn reconnect(&self) {
        let session = self.owners().await;
        let connection = self.platform.connection();
        session.accounts().connect(self.client.id, connection).await.unwrap();
    }

    pub(super) async fn job(&self, planned: &Planned) -> PublishJob {
        let jobs = self.systems().await.posts().jobs(planned.post).await.unwrap();
        jobs.into_iter().next_back().expect("a planned post has a job")
    }

    /// The account as it is, with its tokens.
    pub(super) async fn account(&self) -> (SocialAccount, Tokens) {
        let session = self.systems().await;
        let account = session.accounts().get(self.account.id).await.unwrap();
        let tokens = session.grants().open_tokens(account.id).await.unwrap();
        (account, tokens)
    }

    pub(super) async fn outgoing(&self, planned: &Planned) -> Outgoing {
        let job = self.job(planned).await;
        let revision: Revision =
            self.store.find(&Self::scope(), job.revision_id).await.unwrap().unwrap();
        revision.outgoing.into_iter().next().expect("something goes out")
    }

    fn worker(&self) -> Worker {
        self.portal.worker().unwrap()
    }

    /// The hour has passed.
    pub(super) fn the_time_comes(&self) {
        self.clock.advance(TimeDelta::hours(1));
    }

    /// A new process takes one job one step on, and is gone. Whether there was one.
    pub(super) async fn one_step(&self) -> bool {
        let worker = self.worker();
        worker.rescue(100).await.unwrap();
        let claimed = worker.claim(1).await.unwrap().jobs;
        let found = !claimed.is_empty();
        for job in claimed {
            worker.carry_out(job).await.unwrap();
        }
        self.watched.raise();
        found
    }

    /// The job's next step may run now.
    pub(super) async fn the_next_step_comes(&self, planned: &Planned) {
        let due_at = self.job(planned).await.due_at;
        self.clock.set(due_at.max(self.now()));
    }

    /// Lets new processes, one for each step, do what is due, until the job is at its end or waits
    /// for a person, for at most `limit` of the platform's time. The clock jumps to what is next.
    pub(super) async fn run_for(&self, planned: &Planned, limit: TimeDelta) -> PublishJob {
        let end = self.now() + limit;
        for _ in 0..MOST_ROUNDS {
            let found = self.one_step().await;
            let job = self.job(planned).await;
            if job.state.is_final() || job.state == JobState::Held {
                return job;
            }
            let next = match &job.lease {
                Some(lease) if job.state.is_in_flight() => lease.until + TimeDelta::milliseconds(1),
                _ => job.due_at,
            };
            if next > end {
                return job;
            }
            if next > self.now() {
                self.clock.set(next);
            } else if !found {
                self.clock.advance(TimeDelta::minutes(1));
            }
        }
        panic!("it went on and on: {:#?}", self.job(planned).await);
    }

    /// Runs until the job is at its end or waits for a person.
    pub(super) async fn run(&self, planned: &Planned) -> PublishJob {
        let job = self.run_for(planned, TimeDelta::days(3)).await;
        assert!(
            job.state.is_final() || job.state == JobState::Held,
            "after three days it has come to no end: {job:#?}"
        );
        job
    }

    /// A process works until it has died as it was told to, or there is nothing to do. Whether it
    /// died.
    pub(super) async fn run_until_death(&self) -> bool {
        let worker = self.worker();
        let mut work = pin!(worker.run_due());
        let mut death = pin!(self.watched.death());
        let died = poll_fn(|task| {
            if death.as_mut().poll(task).is_ready() {
                return Poll::Ready(true);
            }
            match work.as_mut().poll(task) {
                Poll::Ready(done) => {
                    done.unwrap();
                    Poll::Ready(false)
                }
                Poll::Pending => death.as_mut().poll(task).map(|()| true),
            }
        })
        .await;
        self.watched.raise();
        died
    }

    /// A process works until so many calls in all have reached the platform, and dies there, or
    /// until there is nothing to do. Whether it died.
    pub(super) async fn run_until_call(&self, calls: usize) -> bool {
        let worker = self.worker();
        let mut work = pin!(worker.run_due());
        let died = poll_fn(|task| {
            if let Poll::Ready(done) = work.as_mut().poll(task) {
                done.unwrap();
                return Poll::Ready(false);
            }
            if self.platform.calls().total >= calls {
                return Poll::Ready(true);
            }
            // The fake has no way to call back, so it is asked again once others had their turn.
            task.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.watched.raise();
        died
    }

    /// A person looks where the software can't, says what there is, and lets it go on; until then
    /// nothing may have been sent twice.
    pub(super) async fn settle_by_person(&self, planned: &Planned) -> PublishJob {
        let mut job = self.job(planned).await;
        while job.state == JobState::Held {
            assert_eq!(job.hold_reason, Some(HoldReason::UnknownOutcome), "{job:#?}");
            let session = self.owners().await;
            let known: Vec<&RemoteRef> = std::iter::once(Part::Main)
                .chain(job.follow_ups.iter().map(|follow_up| follow_up.part))
                .filter_map(|part| job.remote_of(part))
                .collect();
            let live = self.platform.live().await;
            let unknown = live.iter().find(|live| known.iter().all(|known| known.id != live.id));
            match unknown {
                Some(live) => {
                    let remote = RemoteRef { id: live.id.clone(), url: live.url.clone() };
                    session.posts().confirm_published(job.id, remote).await.unwrap();
                }
                None => {
                    session.posts().confirm_absent(job.id).await.unwrap();
                }
            }
            job = self.run(planned).await;
        }
        job
    }

    /// How many visible calls have reached the platform.
    pub(super) fn visible_calls(&self) -> usize {
        self.platform.calls().visible
    }
}

fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

fn slug(text: &str) -> Slug {
    Slug::new("slug", text).unwrap()
}
