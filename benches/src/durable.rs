//! What is written to a durable store, and how fast; for any store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::{Actor, ActorRef, Scope};
use mcmp_core::account::SocialAccount;
use mcmp_core::event::{Event, EventKind, Subject};
use mcmp_core::id::{AccountId, ClientId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::post::{Content, Outgoing, Post, Variant};
use mcmp_core::publishing::{JobState, PublishJob, WorkerId};
use mcmp_core::store::{ChangeSet, ClaimRequest, Store, Version};

use mcmp_core::time::Schedule;

use crate::cast::Cast;
use crate::content::{POST, for_accounts};
use crate::start;

/// Makes what is written: posts of many clients with their events, jobs in many lanes.
#[derive(Debug)]
pub struct Load {
    cast: Arc<Cast>,
    clients: Vec<ClientId>,
    /// The system, which sees and writes everything.
    pub scope: Scope,
}

/// So many things in so much time.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// How long it took.
    pub took: Duration,
}

impl Rate {
    /// How many a second.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }
}

impl Load {
    /// With so many clients.
    #[must_use]
    pub fn new(clients: usize) -> Self {
        let cast = Arc::new(Cast::default());
        let clients = (0..clients).map(|_| cast.ids.next()).collect();
        let scope = Actor::system("bench").own_scope().unwrap();
        Self { cast, clients, scope }
    }

    /// The clients.
    #[must_use]
    pub fn clients(&self) -> &[ClientId] {
        &self.clients
    }

    /// A post of the `n`th client, planned `minutes` after the start.
    #[must_use]
    pub fn post(&self, n: usize, minutes: i64) -> Post {
        let account = self.cast.account(self.cast.ids.next());
        let at = start() + TimeDelta::minutes(minutes);
        Post {
            id: self.cast.ids.next(),
            version: Version::NEW,
            agency_id: self.cast.agency,
            client_id: self.clients.get(n % self.clients.len()).copied().unwrap(),
            author: ActorRef::System("bench".to_owned()),
            editors: Vec::new(),
            content: Content { body: POST.parse().unwrap(), ..Content::default() },
            variants: vec![Variant::new(self.cast.ids.next(), account.id, account.platform)],
            tags: Vec::new(),
            category: None,
            campaign_id: None,
            status: PostStatus::Draft,
            schedule: Schedule::at_instant(at, chrono_tz::UTC).ok(),
            revision: None,
            approval: None,
            series: None,
            created_at: start(),
            updated_at: start(),
        }
    }

    /// The event of a post.
    #[must_use]
    pub fn event(&self, post: &Post) -> Event {
        Event {
            id: self.cast.ids.next(),
            version: Version::NEW,
            agency_id: post.agency_id,
            client_id: Some(post.client_id),
            actor: ActorRef::System("bench".to_owned()),
            kind: EventKind::PostUpdated,
            subject: Subject::of(post),
            changes: [].into(),
            note: None,
            at: start(),
        }
    }

    /// A new post with its event.
    pub fn new_post(&self, n: usize) -> (ChangeSet, Post) {
        let mut changes = ChangeSet::new();
        let mut post = self.post(n, i64::try_from(n).unwrap() * 7 % 525_600);
        changes.event(self.event(&post));
        changes.insert(&mut post);
        (changes, post)
    }

    /// So many posts, over a year, by hundreds at once.
    ///
    /// # Panics
    /// The store refuses one.
    pub async fn fill(&self, store: &dyn Store, posts: usize) {
        let mut n = 0;
        while n < posts {
            let mut changes = ChangeSet::new();
            for n in n..posts.min(n + 500) {
                // Each client's posts are spread over the year.
                let share = (posts / self.clients.len()).max(1);
                let minutes = i64::try_from(n / self.clients.len() * 525_600 / share).unwrap();
                changes.insert(&mut self.post(n, minutes));
            }
            n += 500;
            store.commit(&self.scope, changes).await.unwrap();
        }
    }

    /// Committers at once, each of which changes a post of its own again and again, with an event.
    ///
    /// # Panics
    /// The store refuses one.
    pub async fn commit(&self, store: &Arc<dyn Store>, committers: usize, each: usize) -> Rate {
        let mut sets = Vec::new();
        for n in 0..committers {
            let (changes, mut post) = self.new_post(n);
            store.commit(&self.scope, changes).await.unwrap();
            let own: Vec<ChangeSet> = (0..each)
                .map(|_| {
                    let mut changes = ChangeSet::new();
                    post.updated_at += TimeDelta::seconds(1);
                    changes.update(&mut post);
                    changes.event(self.event(&post));
                    changes
                })
                .collect();
            sets.push(own);
        }
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for own in sets {
            let (store, scope) = (Arc::clone(store), self.scope.clone());
            tasks.spawn(async move {
                for changes in own {
                    store.commit(&scope, changes).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        Rate { count: committers * each, took: began.elapsed() }
    }

    /// Puts so many due jobs into each of so many lanes.
    ///
    /// # Panics
    /// The store refuses one.
    pub async fn queue(&self, store: &dyn Store, lanes: usize, jobs: i64, first: DateTime<Utc>) {
        let accounts: Vec<AccountId> = (0..lanes).map(|_| self.cast.ids.next()).collect();
        let items: Vec<Outgoing> = for_accounts(accounts, &self.cast.ids).collect();
        for items in items.chunks(100) {
            let mut changes = ChangeSet::new();
            for (n, item) in items.iter().enumerate() {
                let mut account: SocialAccount = self.cast.account(item.account_id);
                account.client_id = self.clients.get(n % self.clients.len()).copied().unwrap();
                for n in 0..jobs {
                    let due = first + TimeDelta::seconds(n);
                    changes.insert(&mut self.cast.job(&account, item, due));
                }
            }
            store.commit(&self.scope, changes).await.unwrap();
        }
    }

    /// Workers that claim up to `batch` jobs and finish each with its attempt and an event, until
    /// there is none: publishing, but for the platform's part of it.
    ///
    /// # Panics
    /// The store refuses one.
    pub async fn drain(&self, store: &Arc<dyn Store>, workers: usize, batch: usize) -> Rate {
        let count = Arc::new(AtomicUsize::new(0));
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for worker in 0..workers {
            let (store, scope) = (Arc::clone(store), self.scope.clone());
            let (cast, count) = (Arc::clone(&self.cast), Arc::clone(&count));
            let worker = WorkerId(format!("worker-{worker}"));
            let request = ClaimRequest {
                worker,
                limit: batch,
                lease: TimeDelta::seconds(60),
                ahead: TimeDelta::zero(),
            };
            tasks.spawn(async move {
                loop {
                    let jobs = store.claim(&scope, &request).await.unwrap().jobs;
                    if jobs.is_empty() {
                        break;
                    }
                    count.fetch_add(jobs.len(), Ordering::Relaxed);
                    let ends = jobs.into_iter().map(|job| finished(&cast, job)).collect();
                    for end in store.commit_all(&scope, ends).await {
                        end.unwrap();
                    }
                }
            });
        }
        tasks.join_all().await;
        Rate { count: count.load(Ordering::Relaxed), took: began.elapsed() }
    }
}

/// The end of a claimed job.
fn finished(cast: &Cast, mut job: PublishJob) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.insert(&mut cast.attempt(&job));
    changes.event(Event {
        id: cast.ids.next(),
        version: Version::NEW,
        agency_id: job.agency_id,
        client_id: Some(job.client_id),
        actor: ActorRef::System("bench".to_owned()),
        kind: EventKind::JobPublished,
        subject: Subject::of(&job),
        changes: [].into(),
        note: None,
        at: start(),
    });
    (job.state, job.lease, job.finished_at) = (JobState::Published, None, Some(start()));
    changes.update(&mut job);
    changes
}
