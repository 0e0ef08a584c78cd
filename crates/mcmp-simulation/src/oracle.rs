//! What must hold once everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use mcmp_core::account::{SocialAccount, UnknownOutcomePolicy};
use mcmp_core::event::{Event, EventKind};
use mcmp_core::fake::FakePost;
use mcmp_core::id::{AccountId, EventId, Id, JobId, PostId};
use mcmp_core::lifecycle::{PostStatus, status_of_jobs};
use mcmp_core::post::{HistoryEntry, Post, Revision};
use mcmp_core::publishing::{
    Attempt, FollowUpOutcome, JobState, Part, PublishJob, Publisher, PublisherCapabilities,
};
use mcmp_core::store::{
    Entity, EntityKind, EventPosition, HistoryEntryFilter, Read, Store, StoreExt,
};

use super::hub::{Hub, lock};
use super::logs::tells_a_secret;
use super::witness::short;
use super::world::World;

async fn all<E: Entity>(hub: &Hub) -> Vec<E>
where
    dyn Store: Read<E>,
{
    hub.store.all::<E>(&hub.system, E::Filter::default()).await.unwrap()
}

/// Whether nothing is left that goes on by itself.
pub(crate) async fn is_at_rest(world: &World) -> bool {
    let jobs: Vec<PublishJob> = all(&world.hub).await;
    jobs.iter().all(|job| job.state.is_final() || job.state == JobState::Held)
}

/// The status of each post is what its jobs say.
pub(crate) async fn posts_follow_their_jobs(hub: &Hub) {
    let mut jobs_of: BTreeMap<PostId, Vec<PublishJob>> = BTreeMap::new();
    for job in all::<PublishJob>(hub).await {
        jobs_of.entry(job.post_id).or_default().push(job);
    }
    for post in all::<Post>(hub).await {
        let follows = matches!(
            post.status,
            PostStatus::Scheduled
                | PostStatus::Publishing
                | PostStatus::Published
                | PostStatus::PartiallyPublished
                | PostStatus::Failed
                | PostStatus::Held
        );
        let jobs = jobs_of.remove(&post.id).unwrap_or_default();
        // A claim touches the job alone; the post follows with the worker's first step.
        let mut unclaimed = jobs.clone();
        for job in unclaimed.iter_mut().filter(|job| job.state == JobState::Running) {
            job.state = JobState::Scheduled;
        }
        let said = [status_of_jobs(&jobs), status_of_jobs(&unclaimed)];
        // What was called off and is only looked for takes nothing from what was published.
        let is_settled =
            |job: &PublishJob| job.state.is_final() || job.cancel_requested_at.is_some();
        let is_over = post.status == PostStatus::Published && jobs.iter().all(is_settled);
        if follows && !is_over && !said.contains(&Some(post.status)) {
            let (id, status) = (short(post.id), post.status);
            hub.violation(format!("post {id} is {status}, and its jobs say {said:?}"));
        }
    }
}

/// Everything that was found at the end.
struct Found<'w> {
    world: &'w World,
    hub: &'w Hub,
    jobs: BTreeMap<JobId, PublishJob>,
    posts: Vec<Post>,
    revisions: Vec<Revision>,
    accepted: Vec<FakePost>,
}

pub(crate) async fn check(world: &World, came_to_rest: bool) {
    let hub = &*world.hub;
    let jobs: Vec<PublishJob> = all(hub).await;
    let mut accepted: Vec<FakePost> = Vec::new();
    for channel in &world.channels {
        let there = channel.platform.accepted();
        accepted.extend(there.into_iter().filter(|item| item.account_id == channel.id));
    }
    let found = Found {
        world,
        hub,
        jobs: jobs.into_iter().map(|job| (job.id, job)).collect(),
        posts: all(hub).await,
        revisions: all(hub).await,
        accepted,
    };
    if !came_to_rest {
        for job in found.jobs.values().filter(|job| !job.state.is_final()) {
            if job.state != JobState::Held {
                let (state, due) = (job.state, hub.show(job.due_at));
                hub.violation(format!("{} never comes to rest: {state} due {due}", short(job.id)));
            }
        }
    }
    found.every_job_is_answered();
    found.nothing_is_doubled();
    found.what_is_live_was_meant();
    posts_follow_their_jobs(hub).await;
    found.lanes_count_right().await;
    found.histories_explain().await;
    found.events_tell_it_all().await;
    found.nothing_tells_a_secret().await;
}

impl Found<'_> {
    /// What a job, or one before it that it tries again, made visible of a part.
    fn live(&self, job: &PublishJob, part: Part) -> Vec<&FakePost> {
        let mut of_it = vec![job.id];
        let mut at = job.retry_of;
        while let Some(before) = at.and_then(|id| self.jobs.get(&id)) {
            of_it.push(before.id);
            at = before.retry_of;
        }
        let is_live = |item: &&FakePost| {
            of_it.contains(&item.job_id) && item.part == part && item.live_from.is_some()
        };
        self.accepted.iter().filter(is_live).collect()
    }

    /// Whether its people would rather have it twice than not at all, and nobody can look.
    fn is_risked(&self, job: &PublishJob) -> bool {
        job.unknown_outcome == UnknownOutcomePolicy::Retry && !self.channel_of(job).can_look_up
    }

    /// Whether it was sent, and may have been sent again without a proof.
    fn was_risked(&self, job: &PublishJob) -> bool {
        self.is_risked(job) && job.attempts > 0
    }

    fn channel_of(&self, job: &PublishJob) -> PublisherCapabilities {
        let channel = self.world.channels.iter().find(|channel| channel.id == job.account_id);
        channel.unwrap().platform.capabilities()
    }

    /// What a job says of itself is what its platform shows.
    fn every_job_is_answered(&self) {
        for job in self.jobs.values() {
            let live = self.live(job, Part::Main);
            // One that goes on with what is live already is called off, or fails, with that live.
            let was_live = live.iter().any(|item| item.job_id != job.id);
            // It was sent again without a proof; nobody knows what came of the first time.
            let was_risked = self.was_risked(job);
            let says = match job.state {
                JobState::Published if live.is_empty() => "is published, and nowhere to be seen",
                JobState::Failed if job.last_error.is_none() => "failed without a reason",
                JobState::Held if job.hold_reason.is_none() => "is held without a reason",
                _ if was_live || was_risked => "",
                JobState::Failed if !live.is_empty() => "failed, and is live",
                JobState::Missed if !live.is_empty() => "was missed, and is live",
                JobState::Cancelled if !live.is_empty() => "was called off, and is live",
                _ => "",
            };
            if !says.is_empty() {
                self.hub.violation(format!("{} {says}", short(job.id)));
            }
            for follow_up in job.follow_ups.iter().filter(|_| job.state == JobState::Published) {
                let live = self.live(job, follow_up.part);
                let is_live = matches!(follow_up.outcome, FollowUpOutcome::Live { .. });
                if is_live == live.is_empty() && (is_live || !was_risked) {
                    let (part, outcome) = (follow_up.part, &follow_up.outcome);
                    let count = live.len();
                    self.hub.violation(format!(
                        "{part:?} of {} is {outcome:?}, and {count} times live",
                        short(job.id)
                    ));
                }
            }
        }
    }

    /// One place, one part, one time: but where nobody can look and the account's people said that
    /// they would rather have it twice.
    fn nothing_is_doubled(&self) {
        let mut times: BTreeMap<(PostId, AccountId, Part), Vec<&FakePost>> = BTreeMap::new();
        for item in self.accepted.iter().filter(|item| item.live_from.is_some()) {
            match self.jobs.get(&item.job_id) {
                Some(job) => {
                    times.entry((job.post_id, item.account_id, item.part)).or_default().push(item);
                }
                None => {
                    let deleted = self.hub.ledger().deleted.get(&item.job_id).cloned();
                    if !deleted.is_some_and(|job| self.was_risked(&job)) {
                        let job = short(item.job_id);
                        self.hub.violation(format!("{job} was deleted, and is live"));
                    }
                }
            }
        }
        for ((_, _, part), items) in times.iter().filter(|(_, items)| items.len() > 1) {
            // A platform that knows keys tells one job's repetitions, but not its successor's.
            let is_one_job = items.iter().all(|item| item.job_id == items[0].job_id);
            let knows = |item: &&FakePost| {
                is_one_job && self.channel_of(&self.jobs[&item.job_id]).takes_dedupe_key
            };
            let is_excused =
                |item: &&FakePost| self.is_risked(&self.jobs[&item.job_id]) && !knows(item);
            if !items.iter().any(is_excused) {
                let job = short(items[0].job_id);
                let count = items.len();
                self.hub.violation(format!("{part:?} of {job} is live {count} times"));
            }
        }
    }

    /// The text is the revision's, and what follows stands under what it belongs to.
    fn what_is_live_was_meant(&self) {
        for item in &self.accepted {
            let Some(job) = self.jobs.get(&item.job_id) else { continue };
            let digests: BTreeSet<_> = {
                let ledger = self.hub.ledger();
                let intents = ledger.jobs.get(&job.id).map(|book| book.intents.clone());
                let intents = intents.unwrap_or_default().into_iter();
                intents.filter(|(part, _)| *part == item.part).map(|(_, digest)| digest).collect()
            };
            let is_meant = self.revisions.iter().any(|revision| {
                revision.post_id == job.post_id
                    && digests.contains(&revision.digest)
                    && holds(revision, item)
            });
            if !is_meant {
                let (job, text) = (short(job.id), &item.text);
                self.hub.violation(format!("{job} went out as {text:?}, which nobody meant"));
            }
            let parent = job.parent_of(item.part).map(|parent| &parent.id);
            if item.live_from.is_some() && item.parent.as_ref().map(|parent| &parent.id) != parent {
                let job = short(job.id);
                self.hub.violation(format!("{:?} of {job} stands under the wrong item", item.part));
            }
        }
    }

    async fn lanes_count_right(&self) {
        for channel in &self.world.channels {
            let of_it = self.jobs.values().filter(|job| job.account_id == channel.id);
            let in_flight = of_it.filter(|job| job.state.is_in_flight()).count();
            let lane = self.hub.store.lane(&self.hub.system, channel.id).await.unwrap();
            let counted = lane.map_or(0, |lane| lane.in_flight);
            if u32::try_from(in_flight).unwrap() != counted {
                let id = short(channel.id);
                self.hub.violation(format!("lane {id} counts {counted} and has {in_flight}"));
            }
        }
    }

    /// The steps that were committed lead to where the post stands, and all are in its history.
    async fn histories_explain(&self) {
        for post in &self.posts {
            let (seen, id) = (self.hub.ledger().histories.get(&post.id).cloned(), short(post.id));
            let seen = seen.unwrap_or_default();
            if seen.last().map(|(_, to)| *to) != Some(post.status) {
                self.hub.violation(format!("the history of {id} does not lead to its status"));
            }
            let mut filter = HistoryEntryFilter::default();
            filter.post_id = Some(post.id);
            let kept: Vec<HistoryEntry> =
                self.hub.store.all(&self.hub.system, filter).await.unwrap();
            if kept.len() != seen.len() {
                self.hub.violation(format!("the history of {id} lacks steps"));
            }
        }
    }

    /// What the events tell is where things stand, and every subscriber was told all of it.
    async fn events_tell_it_all(&self) {
        let start = EventPosition::START;
        let events =
            self.hub.store.events_after(&self.hub.system, start, usize::MAX).await.unwrap();
        let mut told: BTreeMap<JobId, EventKind> = BTreeMap::new();
        for (_, event) in &events {
            if event.subject.kind == EntityKind::PublishJob {
                told.insert(JobId::from_uuid(event.subject.id), event.kind);
            }
        }
        for job in self.jobs.values() {
            let expected = match job.state {
                JobState::Published => EventKind::JobPublished,
                JobState::Failed => EventKind::JobFailed,
                JobState::Held => EventKind::JobHeld,
                JobState::Missed => EventKind::JobMissed,
                JobState::Cancelled => EventKind::JobCancelled,
                _ => continue,
            };
            let said = told.get(&job.id);
            // A job that is held can be moved, and stays held.
            let is_moved = said == Some(&EventKind::JobRescheduled) && job.state == JobState::Held;
            if said != Some(&expected) && !is_moved {
                let (id, state) = (short(job.id), job.state);
                self.hub.violation(format!("{id} is {state}, and its last event is {said:?}"));
            }
        }
        let order: Vec<EventId> = events.iter().map(|(_, event)| event.id).collect();
        let delivered = lock(&self.world.delivered.events).clone();
        self.was_delivered(&order, &delivered);
    }

    fn was_delivered(&self, order: &[EventId], delivered: &[EventId]) {
        let places: BTreeMap<_, _> = order.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let mut next = 0;
        for id in delivered {
            match places.get(id) {
                Some(at) if *at == next => next += 1,
                Some(at) if *at < next => {}
                _ => {
                    return self
                        .hub
                        .violation(format!("a subscriber was not told of event {next}"));
                }
            }
        }
        if next != order.len() {
            let total = order.len();
            self.hub.violation(format!("a subscriber was told of {next} events out of {total}"));
        }
    }

    async fn nothing_tells_a_secret(&self) {
        let hub = self.hub;
        let mut texts: Vec<String> = Vec::new();
        texts.extend(all::<Event>(hub).await.iter().map(|event| format!("{event:?}")));
        texts.extend(all::<Attempt>(hub).await.iter().map(|attempt| format!("{attempt:?}")));
        texts.extend(all::<SocialAccount>(hub).await.iter().map(|account| format!("{account:?}")));
        texts.extend(self.jobs.values().map(|job| format!("{job:?}")));
        for text in texts.iter().filter(|text| tells_a_secret(text)) {
            hub.violation(format!("a secret is told: {text}"));
        }
    }
}

fn holds(revision: &Revision, item: &FakePost) -> bool {
    let outgoing = revision.outgoing.iter().find(|out| out.account_id == item.account_id);
    let Some(outgoing) = outgoing else { return false };
    match item.part {
        Part::Main => outgoing.text == item.text,
        Part::Thread { index } => {
            outgoing.thread.get(index).is_some_and(|part| part.text == item.text)
        }
        _ => outgoing.first_comment.as_ref() == Some(&item.text),
    }
}
