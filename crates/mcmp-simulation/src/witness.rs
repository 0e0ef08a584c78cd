//! What is checked of every commit and every claim as it happens.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use mcmp_core::access::ActorRef;
use mcmp_core::account::SocialAccount;
use mcmp_core::approval::{Approval, Verdict};
use mcmp_core::client::Client;
use mcmp_core::event::{Event, EventKind};
use mcmp_core::id::Id;
use mcmp_core::post::{Digest, Post, Revision};
use mcmp_core::publishing::{JobState, PublishJob};
use mcmp_core::store::{Entity, Read, Record, Store, StoreExt, Write};

use tokio::time::Instant;

use super::hub::Hub;
use super::life::Life;

/// How long a step may take from reading the lane to its commit.
const PAUSE_HOLDS_AFTER: Duration = Duration::from_secs(60);

/// What was there before a commit, of what it changes.
#[derive(Debug, Default)]
pub(crate) struct Before {
    jobs: Vec<PublishJob>,
    accounts: Vec<SocialAccount>,
}

/// The first characters of an id that tell it from others in the notes.
pub(crate) fn short<I: Id>(id: I) -> String {
    let text = id.uuid().simple().to_string();
    text[text.len() - 5..].to_owned()
}

impl Hub {
    async fn there<E: Entity>(&self, id: E::Id) -> Option<E>
    where
        dyn Store: Read<E>,
    {
        self.store.find::<E>(&self.system, id).await.unwrap()
    }

    pub(crate) async fn before(&self, writes: &[Write]) -> Before {
        let mut before = Before::default();
        for write in writes {
            match write {
                Write::Update(Record::PublishJob(job)) => {
                    before.jobs.extend(self.there::<PublishJob>(job.id).await);
                }
                Write::Update(Record::SocialAccount(account)) => {
                    before.accounts.extend(self.there::<SocialAccount>(account.id).await);
                }
                _ => {}
            }
        }
        before
    }

    /// Looks at what was committed.
    pub(crate) async fn committed(
        &self,
        life: &Life,
        mut before: Before,
        writes: &[Write],
        events: &[Event],
    ) {
        for write in writes {
            match write {
                Write::Insert(Record::PublishJob(job)) => {
                    let what = format!(
                        "makes job {} of post {} for {}, due {}",
                        short(job.id),
                        short(job.post_id),
                        short(job.account_id),
                        self.show(job.due_at),
                    );
                    self.note(&life.name, what);
                    self.ledger().see(job);
                }
                Write::Update(Record::PublishJob(job)) => {
                    // What is changed twice in one commit is changed from what the first made of it.
                    if let Some(known) = before.jobs.iter_mut().find(|old| old.id == job.id) {
                        let old = std::mem::replace(known, PublishJob::clone(job));
                        self.job_changed(life, &old, job, events).await;
                    }
                }
                Write::Delete(Record::PublishJob(job)) => {
                    self.note(&life.name, format!("deletes job {}", short(job.id)));
                    let mut ledger = self.ledger();
                    ledger.jobs.remove(&job.id);
                    ledger.deleted.insert(job.id, PublishJob::clone(job));
                }
                Write::Insert(Record::HistoryEntry(entry)) => {
                    self.history_grew(entry.post_id, entry.from, entry.to);
                }
                Write::Update(Record::SocialAccount(account)) => {
                    if let Some(old) = before.accounts.iter().find(|old| old.id == account.id) {
                        self.account_changed(life, old, account);
                    }
                }
                _ => {}
            }
        }
    }

    fn history_grew(
        &self,
        post: mcmp_core::id::PostId,
        from: Option<mcmp_core::lifecycle::PostStatus>,
        to: mcmp_core::lifecycle::PostStatus,
    ) {
        let last = {
            let mut ledger = self.ledger();
            let history = ledger.histories.entry(post).or_default();
            let last = history.last().map(|(_, to)| *to);
            history.push((from, to));
            last
        };
        if last != from {
            self.violation(format!(
                "the history of {} leaps from {last:?} to {from:?} -> {to}",
                short(post)
            ));
        }
    }

    fn account_changed(&self, life: &Life, old: &SocialAccount, new: &SocialAccount) {
        let (was, is) = (old.status, new.status);
        if was != is {
            self.note(&life.name, format!("channel {} is {is:?} after {was:?}", short(new.id)));
        }
        let ended = new.tokens.as_ref().and_then(|tokens| tokens.access_expires_at);
        let has_ended = ended.is_some_and(|at| at <= self.now());
        let mut ledger = self.ledger();
        if old.tokens != new.tokens
            && let Some(token) = ledger.exchanged.remove(&new.id)
        {
            ledger.rotated.insert((new.id, token));
        }
        let engine = life.name != "people";
        let is_wrong = engine
            && was.is_usable()
            && !is.is_usable()
            && !has_ended
            && !ledger.refused.contains(&new.id);
        if is.is_usable() && !was.is_usable() {
            ledger.refused.remove(&new.id);
        }
        drop(ledger);
        if is_wrong {
            self.violation(format!("channel {} is cut off, and nobody refused it", short(new.id)));
        }
    }

    async fn job_changed(&self, life: &Life, old: &PublishJob, new: &PublishJob, events: &[Event]) {
        let told: Vec<&str> = events
            .iter()
            .filter(|event| event.subject.id == new.id.uuid())
            .map(|event| event.kind.as_str())
            .collect();
        let mut what = format!("{} {} -> {}", short(new.id), old.state, new.state);
        if new.state == JobState::Scheduled || new.state == JobState::Unknown {
            what += &format!(" due {}", self.show(new.due_at));
        }
        if let Some(reason) = new.hold_reason.filter(|_| old.state != new.state) {
            what += &format!(" ({reason:?})");
        }
        if let Some(error) = new.last_error.as_ref().filter(|e| old.last_error.as_ref() != Some(e))
        {
            what += &format!(" [{}]", error.message);
        }
        if new.cancel_requested_at.is_some() && old.cancel_requested_at.is_none() {
            what += " cancel noted";
        }
        if new.rev != old.rev {
            what += " changed";
        }
        self.note(&life.name, what);
        self.event_is_there(old, new, &told);
        self.step_is_lawful(old, new);
        let becomes = |state| new.state == state && old.state != state;
        let disturbed = new.failures > 0
            || new.crashes > 0
            || new.last_error.is_some()
            || new.rev != old.rev
            || (old.state == JobState::Running
                && new.state == JobState::Scheduled
                && old.checkpoint == new.checkpoint)
            || matches!(new.state, JobState::Unknown | JobState::Held);
        {
            let mut ledger = self.ledger();
            ledger.see(new);
            if let Some(book) = ledger.jobs.get_mut(&new.id) {
                book.was_disturbed |= disturbed;
                let asks_again = old.state == JobState::Unknown && new.state.is_in_flight();
                book.has_no_place = new.state.is_in_flight() && (book.has_no_place || asks_again);
            }
            if new.crashes > old.crashes {
                ledger.counts.rescues += 1;
            }
            if becomes(JobState::Unknown) {
                ledger.counts.unknown += 1;
            }
            if becomes(JobState::Cancelled) {
                ledger.counts.cancels += 1;
            }
            // The worker has written what it heard; from now on everybody obeys it.
            // Not so people, and who takes it back: what was heard is lost with the worker.
            let is_worker = life.name != "people" && new.crashes == old.crashes;
            let heard = ledger.limits_heard.get(&(new.id, new.fence)).copied();
            if let Some(until) = heard.filter(|_| is_worker) {
                let limit = ledger.limits.entry(new.account_id).or_insert(until);
                *limit = until.max(*limit);
            }
        }
        if becomes(JobState::Committing) {
            self.is_about_to_be_sent(life, old, new).await;
        }
    }

    /// A change of state that matters is told in the same commit.
    fn event_is_there(&self, old: &PublishJob, new: &PublishJob, told: &[&str]) {
        let expected = match new.state {
            _ if new.state == old.state => return,
            JobState::Published => EventKind::JobPublished,
            JobState::Failed => EventKind::JobFailed,
            JobState::Held => EventKind::JobHeld,
            JobState::Missed => EventKind::JobMissed,
            JobState::Cancelled => EventKind::JobCancelled,
            JobState::Committing => EventKind::JobCommitting,
            _ => return,
        };
        if !told.contains(&expected.as_str()) {
            let job = short(new.id);
            self.violation(format!("{job} is {} and no event tells of it: {told:?}", new.state));
        }
    }

    fn step_is_lawful(&self, old: &PublishJob, new: &PublishJob) {
        let job = short(new.id);
        if !old.state.may_become(new.state) {
            self.violation(format!("{job} leaps from {} to {}", old.state, new.state));
        }
        let most = new.max_failures.get();
        if new.failures >= most && !new.state.is_final() {
            self.violation(format!("{job} goes on after {} failures of {most}", new.failures));
        }
        let is_held = old.lease.as_ref().is_some_and(|lease| lease.until > self.now());
        if new.crashes > old.crashes && is_held {
            self.violation(format!("{job} is taken back under a lease that still counts"));
        }
        if new.fence < old.fence || new.version.0 != old.version.0 + 1 {
            self.violation(format!("{job} was overwritten at version {}", old.version));
        }
    }

    /// Intent: what is about to be seen was approved, is still wanted, and it is its turn.
    async fn is_about_to_be_sent(&self, life: &Life, old: &PublishJob, new: &PublishJob) {
        let job = short(new.id);
        let Some(part) = new.current_part() else {
            return self.violation(format!("{job} is to be sent, and nothing is left to send"));
        };
        // Time is read before the commit, which goes by the version: whoever froze in between may be
        // late, but first.
        let froze = Instant::now().checked_sub(Duration::from_secs(2));
        let froze = froze.is_some_and(|since| life.was_troubled(since));
        if !froze && old.lease.as_ref().is_none_or(|lease| lease.until <= self.now()) {
            self.violation(format!("{job} is sent under a lease that has passed"));
        }
        if old.cancel_requested_at.is_some() {
            self.violation(format!("{job} is sent after it was called off"));
        }
        let post: Option<Post> = self.there(new.post_id).await;
        let client: Option<Client> = self.there(new.client_id).await;
        let revision: Option<Revision> = self.there(new.revision_id).await;
        let (Some(post), Some(client), Some(revision)) = (post, client, revision) else {
            return self.violation(format!("{job} is sent without a post"));
        };
        if revision.digest != new.revision_digest
            || Digest::of(&revision.outgoing) != revision.digest
        {
            self.violation(format!("{job} is sent in another revision than it says"));
        }
        let mut ledger = self.ledger();
        ledger.counts.intents += 1;
        let claimed = ledger.jobs.get(&new.id).and_then(|book| book.claimed);
        let changed = ledger.policy_changed.get(&client.id).copied();
        let is_new_policy = claimed.is_none_or(|(_, _, at)| changed.is_some_and(|c| c >= at));
        let is_first = part == mcmp_core::publishing::Part::Main;
        let mut wrongs = Vec::new();
        match &post.approval {
            _ if !is_first || is_new_policy => {}
            None if client.approval_policy.is_required() => {
                wrongs.push("nobody was asked".to_owned())
            }
            None => {}
            Some(approval) if approval.digest != new.revision_digest => {
                wrongs.push("another revision was approved".to_owned());
            }
            Some(approval) if !said_yes(approval, &post, &ledger.yes) => {
                wrongs.push("not enough people said yes".to_owned());
            }
            Some(_) => {}
        }
        // The lane is read shortly before the intent, and not looked at by its commit.
        let paused = ledger.paused.get(&new.account_id);
        if paused.is_some_and(|since| since.elapsed() > PAUSE_HOLDS_AFTER) {
            wrongs.push("its channel is paused".to_owned());
        }
        if is_first
            && new.attempts == 1
            && let Some(other) = ledger.passed_over(new)
        {
            wrongs.push(format!("{} was to go first", short(other.id)));
        }
        if ledger.places(new.account_id) > 1 {
            wrongs.push("its lane is overfull".to_owned());
        }
        if let Some(book) = ledger.jobs.get_mut(&new.id) {
            book.intents.push((part, new.revision_digest.clone()));
        }
        drop(ledger);
        for wrong in wrongs {
            self.violation(format!("{job} is sent though {wrong}"));
        }
    }

    /// Looks at what was claimed.
    pub(crate) fn claimed(&self, life: &Life, jobs: &[PublishJob], at: DateTime<Utc>) {
        for job in jobs {
            self.note(
                &life.name,
                format!("claims {} ({}) by {}", short(job.id), job.state, job.fence),
            );
            let limit = {
                let mut ledger = self.ledger();
                ledger.claimed(job, at);
                ledger.limits.get(&job.account_id).copied()
            };
            let start = at.max(job.due_at);
            if job.state == JobState::Running && limit.is_some_and(|until| start < until) {
                self.violation(format!("{} starts before its platform takes calls", short(job.id)));
            }
        }
    }
}

/// Whether enough people said yes in every stage, each of whom was heard to.
fn said_yes(
    approval: &Approval,
    post: &Post,
    heard: &BTreeSet<(mcmp_core::id::PostId, Digest, ActorRef)>,
) -> bool {
    approval.policy.stages.iter().enumerate().all(|(at, stage)| {
        let yes: BTreeSet<&ActorRef> = approval
            .decisions
            .iter()
            .filter(|d| d.stage == at && d.verdict == Verdict::Approved)
            .filter(|d| heard.contains(&(post.id, approval.digest.clone(), d.by.clone())))
            .map(|d| &d.by)
            .collect();
        yes.len() >= usize::from(u8::try_from(stage.quorum).unwrap())
    })
}
