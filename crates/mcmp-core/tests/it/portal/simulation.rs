//! Many short lives of an agency: everybody does what they like, platforms fail as they like,
//! workers die, clocks jump. What must hold holds all the same.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stderr,
    reason = "what is diced is small, and a run that fails names its seed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::access::ActorRef;
use mcmp_core::account::{Platform, UnknownOutcomePolicy};
use mcmp_core::approval::{Approval, ApprovalPolicy, Stage, Verdict};
use mcmp_core::client::Client;
use mcmp_core::fake::{FakeCall, FakePublisher, OnGoLive};
use mcmp_core::id::{AccountId, JobId, PostId};
use mcmp_core::lifecycle::{PostAction, PostStatus, status_of_jobs};
use mcmp_core::member::Role;
use mcmp_core::portal::{
    AccountEdit, ClientEdit, PostDraft, PostEdit, Session, VariantDraft, When,
};
use mcmp_core::post::{Content, Digest, Post, PostKind, Revision, ThreadPart};
use mcmp_core::publishing::{
    Attempt, ErrorClass, JobState, LatenessPolicy, Part, PublishError, PublishJob,
    PublisherCapabilities, WhenLate,
};
use mcmp_core::store::{AttemptFilter, JobQueue, StoreExt};
use mcmp_core::{Error, ErrorKind};

use super::desk::{Desk, channel, note, stage, stages};

const RUNS: u64 = 300;
const STEPS: usize = 60;

/// Numbers that look random and repeat themselves.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(bound)).unwrap()
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap()) as usize
    }

    fn minutes(&mut self, most: u32) -> TimeDelta {
        TimeDelta::minutes(1 + i64::from(self.below(most)))
    }
}

fn policy(dice: &mut Dice) -> ApprovalPolicy {
    let inner = stage("Inner", &[Role::Manager]);
    let client = stage("Client", &[Role::ClientOwner]);
    let stages_ = match dice.below(5) {
        0 => return ApprovalPolicy::none(),
        1 => vec![client],
        2 => vec![inner, client],
        3 => vec![Stage { quorum: 2, ..inner }],
        _ => {
            vec![Stage { author_may_approve: true, ..stage("Any", &[Role::Owner, Role::Manager]) }]
        }
    };
    ApprovalPolicy { time_change_voids: dice.one_in(2), ..stages(stages_) }
}

fn error(dice: &mut Dice, now: chrono::DateTime<chrono::Utc>) -> PublishError {
    let until = dice.one_in(2).then(|| now + dice.minutes(90));
    let classes = [
        ErrorClass::Reconnect,
        ErrorClass::Permission,
        ErrorClass::RateLimited { until },
        ErrorClass::Transient,
        ErrorClass::Transient,
        ErrorClass::InvalidContent,
        ErrorClass::Duplicate,
    ];
    PublishError::new(*dice.pick(&classes), "told to fail")
}

struct Run {
    desk: Desk,
    dice: Dice,
    people: Vec<Session>,
    posts: Vec<PostId>,
    /// Every yes that was accepted: of which post, about which digest, whose.
    yes: BTreeSet<(PostId, String, ActorRef)>,
    written: u64,
    seen: [usize; 2],
}

impl Run {
    async fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let capabilities = PublisherCapabilities {
            can_look_up: !dice.one_in(5),
            takes_dedupe_key: dice.one_in(4),
            threads: true,
            ..PublisherCapabilities::default()
        };
        let steps = dice.below(3);
        let desk = Desk::with(seed, |_| {
            FakePublisher::with_capabilities(Platform::FACEBOOK, capabilities)
                .steps_to_prepare(steps)
        })
        .await;
        let mut people = vec![desk.owners().await, desk.systems().await];
        for (local, role) in [
            ("mia", Role::Manager),
            ("max", Role::Manager),
            ("cat", Role::Creator),
            ("ben", Role::ClientOwner),
            ("lea", Role::ClientViewer),
        ] {
            people.push(desk.person(local, role).await.1);
        }
        let mut run = Self {
            desk,
            dice,
            people,
            posts: Vec::new(),
            yes: BTreeSet::new(),
            written: 0,
            seen: [0; 2],
        };
        run.change_policy().await;
        if run.dice.one_in(4) {
            let edit = AccountEdit {
                unknown_outcome: Some(UnknownOutcomePolicy::Retry),
                ..AccountEdit::default()
            };
            let page = &run.desk.page;
            run.people[0].accounts().edit(page.id, page.version, edit).await.unwrap();
        }
        run
    }

    fn text(&mut self) -> String {
        self.written += 1;
        format!("Text number {}", self.written)
    }

    fn variants(&mut self) -> Vec<VariantDraft> {
        let mut variants = Vec::new();
        if !self.dice.one_in(3) {
            variants.push(VariantDraft::to(self.desk.page.id));
        }
        if self.dice.one_in(2) {
            let mut variant = VariantDraft::to(self.desk.profile.id);
            if self.dice.one_in(2) {
                let part =
                    |text: String| ThreadPart { text: text.parse().unwrap(), media: Vec::new() };
                variant.kind = PostKind::Thread;
                variant.thread = vec![part(self.text()), part(self.text())];
            }
            variants.push(variant);
        }
        variants
    }

    async fn change_policy(&mut self) {
        let late = *self.dice.pick(&[WhenLate::Publish, WhenLate::Hold, WhenLate::Skip]);
        let edit = ClientEdit {
            approval_policy: Some(policy(&mut self.dice)),
            lateness: Some(LatenessPolicy::new(late, 30 + self.dice.below(600)).unwrap()),
            ..ClientEdit::default()
        };
        self.desk.edit_client(edit).await;
    }

    async fn step(&mut self) {
        match self.dice.below(20) {
            0..=2 if self.posts.len() < 5 => self.write().await,
            0..=4 => self.act().await,
            5..=11 => self.further().await,
            12 => self.set_the_stage().await,
            13..=14 => self.break_something(),
            15 => self.interrupt(),
            16..=17 => {
                let by = self.dice.minutes(90);
                self.desk.clock.advance(by);
            }
            _ => {}
        }
        if self.dice.one_in(2) {
            self.work().await;
        }
    }

    async fn write(&mut self) {
        let text = self.text();
        let mut draft = PostDraft::new(self.desk.client.id, text.parse().unwrap());
        draft.variants = Some(self.variants());
        let session = self.dice.pick(&self.people).clone();
        match session.posts().create(draft).await {
            Ok(post) => self.posts.push(post.id),
            Err(error) => expected(&error),
        }
    }

    /// Somebody tries something, allowed or not.
    async fn act(&mut self) {
        if self.posts.is_empty() {
            return;
        }
        let id = *self.dice.pick(&self.posts);
        let session = self.dice.pick(&self.people).clone();
        let action = *self.dice.pick(PostAction::ALL);
        self.do_it(id, &session, action).await;
    }

    /// Whoever can brings a post nearer to going live.
    async fn further(&mut self) {
        use PostAction::{Approve, PublishNow, Reopen, Retry, Schedule, Submit};
        if self.posts.is_empty() {
            return;
        }
        let id = *self.dice.pick(&self.posts);
        let first = self.dice.index(self.people.len());
        for i in 0..self.people.len() {
            let session = self.people[(first + i) % self.people.len()].clone();
            let Ok(allowed) = session.posts().allowed_actions(id).await else { continue };
            let onward: Vec<PostAction> = [Approve, PublishNow, Reopen, Retry, Schedule, Submit]
                .into_iter()
                .filter(|action| allowed.contains(action))
                .collect();
            if !onward.is_empty() {
                let action = *self.dice.pick(&onward);
                return self.do_it(id, &session, action).await;
            }
        }
    }

    async fn do_it(&mut self, id: PostId, session: &Session, action: PostAction) {
        let posts = session.posts();
        let allowed = posts.allowed_actions(id).await.unwrap_or_default();
        let when = When::At(self.desk.now() + self.dice.minutes(240));
        let result = match action {
            PostAction::Edit => {
                let Ok(post) = posts.get(id).await else { return };
                let edit = self.edit();
                posts.edit(id, post.version, edit).await
            }
            PostAction::Submit => {
                let when = self.dice.one_in(2).then_some(when);
                posts.submit(id, when).await
            }
            PostAction::Withdraw => posts.withdraw(id).await,
            PostAction::Approve => posts.approve(id, self.desk.seen(id).await, None).await,
            PostAction::RequestChanges => {
                posts.request_changes(id, self.desk.seen(id).await, note("Otherwise")).await
            }
            PostAction::Reject => posts.reject(id, self.desk.seen(id).await, None).await,
            PostAction::ExpireApproval => posts.expire_approval(id).await,
            PostAction::Schedule => posts.schedule(id, when).await,
            PostAction::Reschedule => posts.reschedule(id, when).await,
            PostAction::Unschedule => posts.unschedule(id).await,
            PostAction::PublishNow => posts.publish_now(id).await,
            PostAction::Retry => posts.retry(id, Vec::new()).await,
            PostAction::Cancel => posts.cancel(id, None).await,
            PostAction::Reopen => posts.reopen(id).await,
            PostAction::Archive => posts.archive(id).await,
            PostAction::Delete => match posts.delete(id).await {
                Ok(()) => {
                    assert!(allowed.contains(&action), "{action} was not allowed");
                    self.posts.retain(|post| *post != id);
                    return;
                }
                Err(error) => Err(error),
            },
            _ => return,
        };
        match result {
            Ok(post) => {
                assert!(allowed.contains(&action), "{action} of {id} was not allowed");
                if action == PostAction::Approve {
                    let digest = post.approval.unwrap().digest;
                    self.yes.insert((
                        id,
                        digest.as_str().to_owned(),
                        session.scope().actor().clone(),
                    ));
                }
            }
            Err(error) => {
                expected(&error);
                let plain = matches!(
                    action,
                    PostAction::Withdraw
                        | PostAction::Approve
                        | PostAction::Reject
                        | PostAction::Unschedule
                        | PostAction::Cancel
                        | PostAction::Reopen
                        | PostAction::Archive
                );
                assert!(!(plain && allowed.contains(&action)), "{action} was allowed: {error}");
            }
        }
    }

    fn edit(&mut self) -> PostEdit {
        match self.dice.below(3) {
            0 => {
                let body = self.text().parse().unwrap();
                let content = Content { body, ..Content::default() };
                PostEdit { content: Some(content), ..PostEdit::default() }
            }
            1 => PostEdit { variants: Some(self.variants()), ..PostEdit::default() },
            _ => PostEdit { tags: Some(vec!["tag".parse().unwrap()]), ..PostEdit::default() },
        }
    }

    /// What the agency does besides posts.
    async fn set_the_stage(&mut self) {
        let owner = self.people[0].clone();
        let client = self.desk.client.id;
        match self.dice.below(5) {
            0 => self.change_policy().await,
            1 => drop(owner.clients().pause(client).await.unwrap()),
            2 => drop(owner.clients().resume(client).await.unwrap()),
            3 => drop(owner.accounts().disconnect(self.desk.page.id).await.unwrap()),
            _ => self.reconnect().await,
        }
    }

    async fn reconnect(&self) {
        let (owner, client) = (&self.people[0], self.desk.client.id);
        for connection in
            [channel(Platform::FACEBOOK, "page"), channel(Platform::THREADS, "profile")]
        {
            owner.accounts().connect(client, connection).await.unwrap();
        }
    }

    fn platform(&mut self) -> &FakePublisher {
        match self.dice.one_in(2) {
            true => &self.desk.facebook.platform,
            false => &self.desk.threads.platform,
        }
    }

    fn break_something(&mut self) {
        let now = self.desk.now();
        let refusal = error(&mut self.dice, now);
        let polls = self.dice.below(4);
        let minutes = TimeDelta::minutes(i64::from(self.dice.below(5)));
        let faults = [
            OnGoLive::Refuse(refusal.clone()),
            OnGoLive::LoseAnswer,
            OnGoLive::LoseRequest,
            OnGoLive::FailAfterAccepting,
            OnGoLive::AcceptLate(minutes),
            OnGoLive::AcceptAndHang,
            OnGoLive::Hang,
            OnGoLive::SayDuplicate,
            OnGoLive::Process { polls },
            OnGoLive::ProcessAndReject { polls, error: refusal.clone() },
        ];
        let fault = self.dice.pick(&faults).clone();
        let call = *self.dice.pick(&[FakeCall::Prepare, FakeCall::LookUp]);
        let times = 1 + self.dice.index(4);
        match self.dice.below(4) {
            0 => self.platform().fail_next(call, times, &refusal),
            1 => self.platform().limit_until(now + minutes),
            _ => self
                .platform()
                .on_go_live([OnGoLive::Publish, fault].into_iter().skip(polls as usize % 2)),
        }
    }

    /// Somebody does something in the middle of a worker's step.
    fn interrupt(&mut self) {
        if self.posts.is_empty() {
            return;
        }
        let (id, owner) = (*self.dice.pick(&self.posts), self.people[0].clone());
        let when = When::At(self.desk.now() + self.dice.minutes(300));
        let (what, edit) = (self.dice.below(5), self.edit());
        let (clock, portal) = (self.desk.clock.clone(), self.desk.portal.clone());
        self.desk.facebook.before_prepare(async move {
            let posts = owner.posts();
            let done = match what {
                0 => posts.cancel(id, None).await.map(drop),
                1 => posts.reschedule(id, when).await.map(drop),
                2 => posts.unschedule(id).await.map(drop),
                3 => match posts.get(id).await {
                    Ok(post) => posts.edit(id, post.version, edit).await.map(drop),
                    Err(error) => Err(error),
                },
                _ => {
                    clock.advance(TimeDelta::minutes(1));
                    portal.worker().unwrap().rescue(10).await.map(drop)
                }
            };
            if let Err(error) = done {
                expected(&error);
            }
        });
    }

    async fn work(&mut self) {
        let client = self.client().await;
        let worker = self.desk.worker();
        match self.dice.below(6) {
            // Dies right after the claim.
            0 => drop(worker.claim(2).await.unwrap()),
            // Is so slow that its lease passes, and somebody else comes in between.
            1 => {
                let claimed = worker.claim(2).await.unwrap().jobs;
                self.desk.clock.advance(TimeDelta::seconds(20));
                let _ = tokio::time::timeout(Duration::from_secs(1), self.desk.worker().run_due())
                    .await;
                for job in claimed {
                    let call = worker.carry_out(job);
                    let _ = tokio::time::timeout(Duration::from_secs(1), call)
                        .await
                        .map(Result::unwrap);
                }
            }
            // A call that never ends is a worker that dies in it.
            _ => {
                let call = tokio::time::timeout(Duration::from_secs(1), worker.run_due());
                let _ = call.await.map(Result::unwrap);
            }
        }
        self.check_what_was_sent(&client).await;
    }

    async fn client(&self) -> Client {
        self.people[0].clients().get(self.desk.client.id).await.unwrap()
    }

    async fn find_job(&self, id: JobId) -> PublishJob {
        let scope = self.people[1].scope();
        self.desk.store.find(scope, id).await.unwrap().expect("what was sent has its job")
    }

    /// What a platform accepted since the last time was let through by the policy of this moment.
    async fn check_what_was_sent(&mut self, client: &Client) {
        let scope = self.people[1].scope().clone();
        let fakes = [self.desk.facebook.platform.clone(), self.desk.threads.platform.clone()];
        for (seen, fake) in self.seen.iter_mut().zip(fakes) {
            let accepted = fake.accepted();
            for item in &accepted[*seen..] {
                let mut filter = AttemptFilter::default();
                filter.job_id = Some(item.job_id);
                let attempts: Vec<Attempt> = self.desk.store.all(&scope, filter).await.unwrap();
                let job: PublishJob =
                    self.desk.store.find(&scope, item.job_id).await.unwrap().unwrap();
                let post: Post = self.desk.store.find(&scope, job.post_id).await.unwrap().unwrap();
                let revisions = self.people[1].posts().revisions(post.id).await.unwrap();
                let sent = attempts
                    .iter()
                    .rfind(|attempt| attempt.started_at <= item.accepted_at)
                    .expect("nothing is sent without an intent");
                let revision = revisions.iter().find(|r| r.digest == sent.request_digest).unwrap();
                assert_eq!(Digest::of(&revision.outgoing), revision.digest);
                assert!(holds(revision, item.account_id, item.part, &item.text), "{item:?}");
                if item.part != Part::Main {
                    continue;
                }
                match &post.approval {
                    None => assert!(!client.approval_policy.is_required(), "unasked: {item:?}"),
                    Some(approval) => {
                        assert_eq!(approval.digest, revision.digest, "{item:?}");
                        assert!(said_yes(approval, post.id, &self.yes), "{item:?} {approval:?}");
                    }
                }
            }
            *seen = accepted.len();
        }
    }

    /// Each status is explained, the jobs say the same, and the lanes count right.
    async fn check(&self) {
        let mut in_flight: BTreeMap<AccountId, u32> = BTreeMap::new();
        for id in &self.posts {
            self.desk.explained(*id).await;
            let (post, jobs) = (self.desk.post(*id).await, self.desk.jobs(*id).await);
            let follows = matches!(
                post.status,
                PostStatus::Scheduled
                    | PostStatus::Publishing
                    | PostStatus::Published
                    | PostStatus::PartiallyPublished
                    | PostStatus::Failed
                    | PostStatus::Held
            );
            if follows {
                // A claim touches the job alone; the post follows with the worker's first step.
                let mut unclaimed = jobs.clone();
                for job in unclaimed.iter_mut().filter(|job| job.state == JobState::Running) {
                    job.state = JobState::Scheduled;
                }
                let said = [status_of_jobs(&jobs), status_of_jobs(&unclaimed)];
                assert!(said.contains(&Some(post.status)), "{} {jobs:#?}", post.status);
            }
            for job in jobs.iter().filter(|job| job.state.is_in_flight()) {
                *in_flight.entry(job.account_id).or_default() += 1;
            }
        }
        for account in [self.desk.page.id, self.desk.profile.id] {
            let lane = self.people[0].accounts().lane(account).await.unwrap();
            assert_eq!(lane.in_flight, in_flight.get(&account).copied().unwrap_or(0));
        }
    }

    /// Everything works again, and time passes.
    async fn come_to_an_end(&mut self) {
        self.reconnect().await;
        self.people[0].clients().resume(self.desk.client.id).await.unwrap();
        let scope = self.people[1].scope().clone();
        for _ in 0..2_000 {
            self.desk.clock.advance(TimeDelta::seconds(11));
            let client = self.client().await;
            let worker = self.desk.worker();
            let call = tokio::time::timeout(Duration::from_secs(1), worker.run_due());
            let _ = call.await.map(Result::unwrap);
            self.check_what_was_sent(&client).await;
            // A grant that ended is made anew; somebody would.
            self.reconnect().await;
            let expired = self.desk.store.expired(&scope, 10).await.unwrap();
            match self.desk.store.next_due(&scope).await.unwrap() {
                Some(due) if due > self.desk.now() => self.desk.clock.set(due),
                None if expired.is_empty() && !self.anything_in_flight().await => return,
                _ => {}
            }
        }
        panic!("it does not come to an end");
    }

    async fn anything_in_flight(&self) -> bool {
        for id in &self.posts {
            if self.desk.jobs(*id).await.iter().any(|job| job.state.is_in_flight()) {
                return true;
            }
        }
        false
    }

    async fn check_the_end(&self) {
        self.check().await;
        for id in &self.posts {
            for job in self.desk.jobs(*id).await {
                match job.state {
                    JobState::Published => assert!(job.remote.is_some(), "{job:#?}"),
                    JobState::Failed => assert!(job.last_error.is_some(), "{job:#?}"),
                    JobState::Held => assert!(job.hold_reason.is_some(), "{job:#?}"),
                    JobState::Missed | JobState::Cancelled => {}
                    _ => panic!("neither ended nor held: {job:#?}"),
                }
            }
        }
        // What is live is live once.
        let mut times: BTreeMap<(PostId, AccountId, Part), u32> = BTreeMap::new();
        for fake in [&self.desk.facebook.platform, &self.desk.threads.platform] {
            for item in fake.accepted().iter().filter(|item| item.is_live(self.desk.now())) {
                let job = self.find_job(item.job_id).await;
                let count = times.entry((job.post_id, item.account_id, item.part)).or_default();
                *count += 1;
                let risked = job.unknown_outcome == UnknownOutcomePolicy::Retry;
                assert!(*count == 1 || risked, "twice live: {item:#?} {job:#?}");
            }
        }
        // And what counts as published is there.
        for id in &self.posts {
            for job in self.desk.jobs(*id).await {
                if job.state == JobState::Published {
                    let live = times.contains_key(&(job.post_id, job.account_id, Part::Main));
                    assert!(live, "nowhere to be seen: {job:#?}");
                }
            }
        }
    }
}

fn expected(error: &Error) {
    let usual = matches!(
        error.kind(),
        ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Refused
    );
    assert!(usual, "{error:?}");
}

fn holds(revision: &Revision, account: AccountId, part: Part, text: &str) -> bool {
    let Some(item) = revision.outgoing.iter().find(|item| item.account_id == account) else {
        return false;
    };
    match part {
        Part::Main => item.text == text,
        Part::Thread { index } => item.thread[index].text == text,
        _ => item.first_comment.as_deref() == Some(text),
    }
}

/// Whether enough people said yes in every stage, each of whom was heard to.
fn said_yes(
    approval: &Approval,
    post: PostId,
    heard: &BTreeSet<(PostId, String, ActorRef)>,
) -> bool {
    approval.policy.stages.iter().enumerate().all(|(i, stage)| {
        let yes: BTreeSet<&ActorRef> = approval
            .decisions
            .iter()
            .filter(|d| d.stage == i && d.verdict == Verdict::Approved)
            .filter(|d| heard.contains(&(post, approval.digest.as_str().to_owned(), d.by.clone())))
            .map(|d| &d.by)
            .collect();
        yes.len() >= stage.quorum as usize
    })
}

/// Says which run it was if one fails.
struct Named(u64);

#[allow(clippy::print_stderr, reason = "a failing run must say how it can be run again")]
impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed is {}: MCMP_SEED={} runs it alone", self.0, self.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_nothing_is_lost_doubled_or_sent_unapproved() {
    let only = std::env::var("MCMP_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let (mut live, mut approved) = (0, 0);
    for seed in only.map_or(0..RUNS, |seed| seed..seed + 1) {
        let _named = Named(seed);
        let mut run = Run::new(seed).await;
        for at in 0..STEPS {
            run.step().await;
            if at % 9 == 0 {
                run.check().await;
            }
        }
        run.come_to_an_end().await;
        run.check_the_end().await;
        live += run.seen.iter().sum::<usize>();
        approved += run.yes.len();
    }
    // A simulation in which nothing happens shows nothing.
    assert!(only.is_some() || (live > 500 && approved > 300), "{live} live, {approved} approved");
}
