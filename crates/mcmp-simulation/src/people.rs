//! People: they write, approve, plan, move, cancel, pause, and look at what went wrong, at any
//! time and in any order, allowed or not.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::id::{ClientId, Id, PostId, RevisionId};
use mcmp_core::lifecycle::PostAction;
use mcmp_core::member::Role;
use mcmp_core::portal::{ClientEdit, PauseScope, PostDraft, PostEdit, Session, VariantDraft, When};
use mcmp_core::post::{Content, Post, PostKind, ThreadPart};
use mcmp_core::publishing::{JobState, PublishJob, Publisher};
use mcmp_core::value::Note;
use mcmp_core::{Error, ErrorKind};
use tokio::time::{Instant, sleep, timeout_at};

use super::dice::Dice;
use super::hub::{Hub, lock};
use super::oracle;
use super::witness::short;
use super::world::{Channel, World};

pub(crate) struct People {
    world: Arc<World>,
    hub: Arc<Hub>,
    pub(crate) posts: Mutex<Vec<PostId>>,
    written: Mutex<u32>,
}

fn stage(label: &str, role: Role) -> Stage {
    let deciders = Deciders { roles: [role].into(), ..Deciders::default() };
    Stage::new(label.parse().unwrap(), deciders)
}

fn policy(dice: &mut Dice) -> ApprovalPolicy {
    let (inner, client) = (stage("Inner", Role::Manager), stage("Client", Role::ClientOwner));
    let stages = match dice.below(5) {
        0 | 1 => return ApprovalPolicy::none(),
        2 => vec![client],
        3 => vec![inner, client],
        _ => vec![Stage { quorum: 2, ..inner }],
    };
    ApprovalPolicy { time_change_voids: dice.one_in(2), ..ApprovalPolicy::stages(stages).unwrap() }
}

impl People {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let hub = Arc::clone(&world.hub);
        Self { world, hub, posts: Mutex::default(), written: Mutex::default() }
    }

    fn dice<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        self.hub.dice(throw)
    }

    /// Acts until the run is over, at times of its own and whenever an engine is in the middle of
    /// something.
    pub(crate) async fn live(&self) {
        let end = Instant::now() + std::time::Duration::from_secs(3_600) * self.hub.plan.hours;
        for client in self.world.clients.clone() {
            self.change_policy(client).await;
        }
        for turn in 1_u32.. {
            if Instant::now() >= end || self.hub.has_failed() {
                break;
            }
            if turn % 10 == 0 {
                oracle::posts_follow_their_jobs(&self.hub).await;
            }
            let next = Instant::now() + self.dice(|dice| dice.seconds(1, 240));
            let poked = timeout_at(next.min(end), self.hub.poke.notified()).await.is_ok();
            if poked && self.dice(|dice| dice.one_in(2)) {
                sleep(self.dice(|dice| dice.millis(0, 3))).await;
            }
            self.act().await;
        }
    }

    async fn act(&self) {
        let has_room = lock(&self.posts).len() < self.hub.plan.posts;
        match self.dice(|dice| dice.below(40)) {
            0..=7 if has_room => self.write().await,
            0..=20 => self.further().await,
            21..=26 => self.try_something().await,
            27..=31 => self.look_into_it().await,
            32 if self.dice(|dice| dice.one_in(3)) => {
                let client = self.dice(|dice| *dice.pick(&self.world.clients));
                self.change_policy(client).await;
            }
            32..=36 => self.pause_or_resume().await,
            37 | 38 => self.reconnect_if_needed().await,
            _ => self.disconnect().await,
        }
    }

    fn text(&self) -> String {
        let mut written = lock(&self.written);
        *written += 1;
        format!("Text number {written}")
    }

    fn variants(&self, client: ClientId) -> Vec<VariantDraft> {
        let mut variants = Vec::new();
        for channel in self.world.channels.iter().filter(|channel| channel.client == client) {
            if self.dice(|dice| dice.one_in(3)) {
                continue;
            }
            let mut variant = VariantDraft::to(channel.id);
            let platform = channel.platform.platform().as_str();
            if self.dice(|dice| dice.one_in(3)) {
                let part = |text: String| ThreadPart { text: text.parse().unwrap(), media: vec![] };
                match platform {
                    "threads" | "x" => {
                        variant.kind = PostKind::Thread;
                        variant.thread = vec![part(self.text()), part(self.text())];
                    }
                    _ => variant.first_comment = Some(self.text().parse().unwrap()),
                }
            }
            variants.push(variant);
        }
        variants
    }

    async fn write(&self) {
        let client = self.dice(|dice| *dice.pick(&self.world.clients));
        let mut draft = PostDraft::new(client, self.text().parse().unwrap());
        draft.variants = Some(self.variants(client));
        let posts = self.world.owner().posts();
        match posts.create(draft).await {
            Ok(post) => {
                self.hub.note("owner", format!("writes {}", short(post.id)));
                lock(&self.posts).push(post.id);
            }
            Err(error) => self.refused("owner", "writes", &error),
        }
    }

    /// Whoever can brings a post nearer to going live.
    async fn further(&self) {
        use PostAction::{Approve, PublishNow, Reopen, Retry, Schedule, Submit};
        let Some(id) = self.some_post() else { return };
        let first = self.dice(|dice| dice.index(self.world.people.len()));
        for at in 0..3 {
            let (name, session) = &self.world.people[(first + at) % self.world.people.len()];
            let Ok(allowed) = session.posts().allowed_actions(id).await else { continue };
            let onward: Vec<PostAction> =
                [Approve, Schedule, Schedule, Submit, Retry, Reopen, PublishNow]
                    .into_iter()
                    .filter(|action| allowed.contains(action))
                    .collect();
            if !onward.is_empty() {
                let action = self.dice(|dice| *dice.pick(&onward));
                return self.perform(name, session, id, action).await;
            }
        }
    }

    async fn try_something(&self) {
        let Some(id) = self.some_post() else { return };
        let (name, session) = self.dice(|dice| dice.pick(&self.world.people));
        let action = self.dice(|dice| *dice.pick(PostAction::ALL));
        self.perform(name, session, id, action).await;
    }

    fn some_post(&self) -> Option<PostId> {
        let posts = lock(&self.posts).clone();
        (!posts.is_empty()).then(|| self.dice(|dice| *dice.pick(&posts)))
    }

    async fn seen(&self, id: PostId) -> RevisionId {
        let post = self.world.system().posts().get(id).await.ok();
        let newest = post.and_then(|post| post.revision);
        newest.map_or_else(|| Id::from_uuid(id.uuid()), |newest| newest.id)
    }

    fn when(&self) -> When {
        let most = self.hub.plan.hours * 30;
        // Some together, some a little apart.
        let minutes = self.dice(|dice| match dice.one_in(3) {
            true => TimeDelta::seconds(i64::from(dice.within(1, 600))),
            false => dice.minutes(1, most) / 10 * 10,
        });
        When::At(self.hub.now() + minutes)
    }

    async fn perform(&self, name: &str, session: &Session, id: PostId, action: PostAction) {
        let posts = session.posts();
        let allowed = posts.allowed_actions(id).await.unwrap_or_default();
        let is_allowed = allowed.contains(&action);
        let note = || Note::new("note", "Otherwise").unwrap();
        let result = match action {
            PostAction::Edit => self.edit(session, id).await,
            PostAction::Submit => {
                let when = self.dice(|dice| dice.one_in(2)).then(|| self.when());
                posts.submit(id, when).await
            }
            PostAction::Withdraw => posts.withdraw(id).await,
            PostAction::Approve => posts.approve(id, self.seen(id).await, None).await,
            PostAction::RequestChanges => {
                posts.request_changes(id, self.seen(id).await, note()).await
            }
            PostAction::Reject => posts.reject(id, self.seen(id).await, None).await,
            PostAction::ExpireApproval => posts.expire_approval(id).await,
            PostAction::Schedule => posts.schedule(id, self.when()).await,
            PostAction::Reschedule => posts.reschedule(id, self.when()).await,
            PostAction::Unschedule => posts.unschedule(id).await,
            PostAction::PublishNow => posts.publish_now(id).await,
            PostAction::Retry => posts.retry(id, Vec::new()).await,
            PostAction::Cancel => posts.cancel(id, None).await,
            PostAction::Reopen => posts.reopen(id).await,
            PostAction::Archive => posts.archive(id).await,
            PostAction::Delete => match posts.delete(id).await {
                Ok(()) => {
                    self.hub.note(name, format!("deletes {}", short(id)));
                    lock(&self.posts).retain(|post| *post != id);
                    return;
                }
                Err(error) => Err(error),
            },
            _ => return,
        };
        match result {
            Ok(post) => {
                let what = format!("{action} {}: {}", short(id), post.status);
                self.hub.note(name, what);
                if !is_allowed {
                    self.hub.violation(format!("{action} {} was not allowed", short(id)));
                }
                if action == PostAction::Approve {
                    let by = session.scope().actor().clone();
                    let mut ledger = self.hub.ledger();
                    ledger.counts.approvals += 1;
                    ledger.yes.insert((id, post.approval.unwrap().digest, by));
                }
            }
            Err(error) => {
                self.refused(name, &format!("{action} {}", short(id)), &error);
                // The others also take a time, a text or a change that may be wrong.
                let is_plain = matches!(
                    action,
                    PostAction::Withdraw
                        | PostAction::Approve
                        | PostAction::Reject
                        | PostAction::Unschedule
                        | PostAction::Cancel
                        | PostAction::Reopen
                        | PostAction::Archive
                );
                if is_plain && is_allowed {
                    self.hub.violation(format!("{action} {} was allowed", short(id)));
                }
            }
        }
    }

    async fn edit(&self, session: &Session, id: PostId) -> Result<Post, Error> {
        let post = session.posts().get(id).await?;
        let edit = match self.dice(|dice| dice.below(3)) {
            0 | 1 => {
                let body = self.text().parse().unwrap();
                PostEdit {
                    content: Some(Content { body, ..Content::default() }),
                    ..PostEdit::default()
                }
            }
            _ => PostEdit { variants: Some(self.variants(post.client_id)), ..PostEdit::default() },
        };
        session.posts().edit(id, post.version, edit).await
    }

    /// A person looks at what waits for one, and at the channel, and tells what is there.
    async fn look_into_it(&self) {
        let Some(id) = self.some_post() else { return };
        let posts = self.world.owner().posts();
        let Ok(jobs) = posts.jobs(id).await else { return };
        let open = jobs.into_iter().find(|job| {
            job.intent.is_some() && matches!(job.state, JobState::Held | JobState::Unknown)
        });
        let Some(job) = open else { return };
        let Some(part) = job.current_part() else { return };
        let Some(channel) = self.channel(&job) else { return };
        let accepted = channel.platform.accepted();
        let there = accepted.iter().find(|item| item.job_id == job.id && item.part == part);
        let telling = || self.hub.ledger().told.insert(job.id, Instant::now());
        let (what, result) = match there {
            Some(item) if item.is_live(self.hub.now()) => {
                telling();
                ("confirms", posts.confirm_published(job.id, item.remote.clone()).await)
            }
            // It may show yet: whoever looks waits.
            Some(_) => return,
            None if self.hub.is_under_way(job.id) => return,
            None => {
                telling();
                ("denies", posts.confirm_absent(job.id).await)
            }
        };
        match result {
            Ok(_) => self.hub.note("owner", format!("{what} {}", short(job.id))),
            Err(error) => self.refused("owner", what, &error),
        }
    }

    fn channel(&self, job: &PublishJob) -> Option<&Channel> {
        self.world.channels.iter().find(|channel| channel.id == job.account_id)
    }

    async fn change_policy(&self, client: ClientId) {
        let clients = self.world.owner().clients();
        let before = clients.get(client).await.unwrap();
        let policy = self.dice(policy);
        let stages = policy.stages.len();
        let edit = ClientEdit { approval_policy: Some(policy), ..ClientEdit::default() };
        if clients.edit(client, before.version, edit).await.is_ok() {
            self.hub.note("owner", format!("wants {stages} approvals for {}", short(client)));
            self.hub.ledger().policy_changed.insert(client, Instant::now());
        }
    }

    async fn pause_or_resume(&self) {
        let owner = self.world.owner();
        let channel = self.dice(|dice| dice.pick(&self.world.channels));
        let what = self.dice(|dice| dice.below(8));
        self.hub.note("owner", format!("pauses or resumes: {what} {}", short(channel.id)));
        let done = match what {
            0 | 1 => owner.accounts().pause(channel.id).await.map(|_| {
                self.hub.ledger().paused.insert(channel.id, Instant::now());
            }),
            2..=4 => {
                self.hub.ledger().paused.remove(&channel.id);
                owner.accounts().resume(channel.id).await.map(drop)
            }
            5 => owner.clients().pause(channel.client).await.map(drop),
            6 => owner.clients().resume(channel.client).await.map(drop),
            _ => {
                let scope = match self.dice(|dice| dice.one_in(2)) {
                    true => PauseScope::Everything,
                    false => PauseScope::Platform(channel.platform.platform().clone()),
                };
                let paused = self.world.portal.pauses().await.unwrap();
                let is_paused = paused.everything || !paused.platforms.is_empty();
                match is_paused {
                    true => {
                        for platform in paused.platforms {
                            let scope = PauseScope::Platform(platform);
                            self.world.portal.resume(scope).await.map(drop).unwrap();
                        }
                        self.world.portal.resume(PauseScope::Everything).await.map(drop)
                    }
                    false => self.world.portal.pause(scope).await.map(drop),
                }
            }
        };
        if let Err(error) = done {
            self.refused("owner", "pauses or resumes", &error);
        }
    }

    async fn reconnect_if_needed(&self) {
        for channel in &self.world.channels {
            let account = self.world.owner().accounts().get(channel.id).await.unwrap();
            if !account.status.is_usable() {
                self.hub.note("owner", format!("connects {} again", channel.name));
                self.world.reconnect(channel).await;
            }
        }
    }

    async fn disconnect(&self) {
        let channel = self.dice(|dice| dice.pick(&self.world.channels));
        if self.dice(|dice| dice.one_in(3)) {
            self.hub.note("owner", format!("disconnects {}", channel.name));
            self.world.owner().accounts().disconnect(channel.id).await.unwrap();
        }
    }

    /// Everything is let go on.
    pub(crate) async fn settle(&self) {
        let (owner, portal) = (self.world.owner(), &self.world.portal);
        self.hub.ledger().paused.clear();
        portal.resume(PauseScope::Everything).await.unwrap();
        for channel in &self.world.channels {
            let platform = channel.platform.platform().clone();
            portal.resume(PauseScope::Platform(platform)).await.unwrap();
            owner.accounts().resume(channel.id).await.unwrap();
            channel.platform.limit_until(self.hub.now());
        }
        for client in &self.world.clients {
            owner.clients().resume(*client).await.unwrap();
        }
        for channel in &self.world.channels {
            self.world.reconnect(channel).await;
        }
    }

    pub(crate) async fn keep_connected(&self) {
        self.reconnect_if_needed().await;
    }

    /// People are refused what does not fit; nothing else.
    fn refused(&self, name: &str, what: &str, error: &Error) {
        self.hub.note(name, format!("{what}: no, {error}"));
        let usual = matches!(
            error.kind(),
            ErrorKind::Invalid
                | ErrorKind::NotFound
                | ErrorKind::Denied
                | ErrorKind::Refused
                | ErrorKind::Conflict
        );
        if !usual {
            self.hub.violation(format!("{name} {what}: {error:?}"));
        }
    }
}
