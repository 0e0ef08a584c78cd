//! The loop that publishes: claims what is due, works on many jobs at once, holds on to them while
//! it does, and lets go of none at shutdown.

mod keep;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backon::ExponentialBackoff;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::Error;
use mcmp_core::portal::CarriedOut;
use mcmp_core::publishing::PublishJob;
use mcmp_core::store::Claimed;
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{Instrument, debug, error, info_span, warn};

use crate::engine::Shared;
use crate::loops::Loop;
use crate::pace::until;
use crate::telemetry;

/// Publishes until it is told to stop, then ends what is under way.
pub(crate) async fn run(engine: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut keeping = JoinSet::new();
    keeping.spawn(keep::whatever_happens(Arc::clone(&engine), keep::hold));
    keeping.spawn(keep::whatever_happens(Arc::clone(&engine), keep::rescue));
    let mut publishing = Publishing::new(engine);
    while !*stop.borrow_and_update() {
        let wait = publishing.claim().await;
        publishing.wait(wait, &mut stop).await;
    }
    publishing.finish().await;
}

/// The jobs that are worked on now.
struct Publishing {
    engine: Arc<Shared>,
    tasks: JoinSet<()>,
    /// What each task works on, as it was claimed.
    jobs: HashMap<task::Id, PublishJob>,
    signal: watch::Receiver<u64>,
    after_errors: ExponentialBackoff,
    next_claim: Instant,
}

/// What ends a wait, besides a signal to stop and a job that is done.
enum Until {
    /// So long, or something that was committed.
    Due(Duration),
    /// So long, whatever happens: after an error, or while everything is paused.
    Time(Duration),
    /// A free slot.
    Slot,
}

impl Publishing {
    fn new(engine: Arc<Shared>) -> Self {
        Self {
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            signal: engine.portal.store().signal(),
            after_errors: engine.pace.after_errors(),
            next_claim: Instant::now(),
            engine,
        }
    }

    /// Claims as many jobs as there are slots, begins to work on them, and says how long to wait.
    async fn claim(&mut self) -> Until {
        let settings = &self.engine.settings;
        let free = settings.slots.saturating_sub(self.tasks.len()).min(settings.claim_batch);
        if free == 0 {
            return Until::Slot;
        }
        self.signal.mark_unchanged();
        match self.claim_up_to(free).await {
            Ok(wait) => {
                self.after_errors = self.engine.pace.after_errors();
                wait
            }
            Err(error) => {
                error!(%error, "jobs could not be claimed");
                self.engine.health.failed(Loop::Publish, "", &error.to_string());
                telemetry::loop_failed(Loop::Publish);
                let wait = self.after_errors.next().unwrap_or(self.engine.settings.poll);
                Until::Time(self.engine.pace.part_of(wait))
            }
        }
    }

    async fn claim_up_to(&mut self, free: usize) -> Result<Until, Error> {
        let engine = Arc::clone(&self.engine);
        let poll = engine.pace.around(engine.settings.poll);
        let is_paused = engine.supervisor.is_all_paused().await?;
        let began = Instant::now();
        // What was sent already is looked for whatever is paused.
        let claimed = match is_paused {
            true => engine.worker.claim_look_ups(free).await?,
            false => engine.worker.claim(free).await?,
        };
        self.next_claim = Instant::now() + engine.settings.claim_spacing;
        telemetry::claimed(claimed.jobs.len(), began.elapsed());
        engine.health.claimed(claimed.at);
        if !claimed.jobs.is_empty() {
            engine.held.notify_one();
        }
        let Claimed { jobs, at, next_due } = claimed;
        if !is_paused {
            engine.health.note_next_due(next_due);
            telemetry::oldest_due(next_due.map_or(TimeDelta::zero(), |due| at - due));
        }
        let is_all = jobs.len() < free;
        for job in jobs {
            self.begin(job);
        }
        Ok(match next_due {
            _ if is_all && is_paused => Until::Time(poll),
            Some(due) if is_all || due > at => Until::Due(self.wait_for(due, at, is_all).min(poll)),
            None if is_all => Until::Due(poll),
            _ => Until::Slot,
        })
    }

    /// How long to wait for what is due next; `is_all` if the last claim took all that it could. A
    /// claim comes ahead of what it is for, but no earlier than halfway: so it finds more of it.
    fn wait_for(&self, due: DateTime<Utc>, now: DateTime<Utc>, is_all: bool) -> Duration {
        let ahead = self.engine.settings.claim_ahead.to_std().unwrap_or_default();
        let left = until(due, now);
        // What is that near and was not taken can't be before its time.
        let early = if is_all && left <= ahead { Duration::ZERO } else { ahead.min(left) / 2 };
        left - early
    }

    fn begin(&mut self, job: PublishJob) {
        let span = info_span!(
            "publish",
            job = %job.id, post = %job.post_id, client = %job.client_id,
            account = %job.account_id, platform = %job.platform, fence = job.fence,
        );
        let (claimed, due_at) = (job.clone(), job.due_at);
        let carrying = self.engine.worker.carry_out(job);
        let task = self.tasks.spawn(carry_out(carrying, due_at).instrument(span));
        self.jobs.insert(task.id(), claimed);
        telemetry::in_flight(self.tasks.len());
    }

    async fn wait(&mut self, until: Until, stop: &mut watch::Receiver<bool>) {
        let (wait, has_slot, heeds_signal) = match until {
            Until::Due(wait) => (wait, true, true),
            Until::Time(wait) => (wait, true, false),
            Until::Slot => (Duration::ZERO, self.tasks.len() < self.engine.settings.slots, true),
        };
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            Some(done) = self.tasks.join_next_with_id() => self.note_end(done),
            _ = self.signal.changed(), if has_slot && heeds_signal => {}
            () = sleep(wait), if has_slot => {}
        }
        while let Some(done) = self.tasks.try_join_next_with_id() {
            self.note_end(done);
        }
        telemetry::in_flight(self.tasks.len());
        tokio::select! {
            biased;
            _ = stop.changed() => {}
            () = sleep_until(self.next_claim) => {}
        }
    }

    /// A publisher that panics costs its job a lease, and nobody else anything.
    fn note_end(&mut self, done: Result<(task::Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                if error.is_panic() {
                    error!(%error, "a job's task panicked");
                }
                error.id()
            }
        };
        self.jobs.remove(&id);
    }

    /// Lets what is under way end. What does not end in time goes on elsewhere: where nothing was
    /// sent, at once; else its lease runs out, and what was sent is looked for before anything is
    /// sent again.
    async fn finish(mut self) {
        let until = Instant::now() + self.engine.settings.grace;
        while let Ok(Some(done)) = timeout_at(until, self.tasks.join_next_with_id()).await {
            self.note_end(done);
        }
        if !self.tasks.is_empty() {
            warn!(left = self.tasks.len(), "jobs did not end in time at shutdown");
            self.tasks.shutdown().await;
            self.give_back().await;
        }
        telemetry::in_flight(0);
    }

    /// Gives back what nobody works on any longer, so that it is no crash of theirs. What can't be
    /// given back comes back by its lease.
    async fn give_back(&mut self) {
        let mut left: Vec<PublishJob> = self.jobs.drain().map(|(_, job)| job).collect();
        // A run with a seed is the same every time.
        left.sort_unstable_by_key(|job| job.id);
        let mut releases = JoinSet::new();
        for job in left {
            let worker = self.engine.worker.clone();
            releases.spawn(async move { worker.release(job).await }.in_current_span());
        }
        while let Some(released) = releases.join_next().await {
            if let Ok(Err(error)) = released {
                warn!(%error, "a job could not be given back at shutdown");
            }
        }
    }
}

async fn carry_out(
    carrying: impl Future<Output = Result<CarriedOut, Error>>,
    due_at: DateTime<Utc>,
) {
    match carrying.await {
        Ok(done) => {
            telemetry::carried_out(&done, due_at);
            tell(&done);
        }
        // Its lease brings it back.
        Err(error) => error!(%error, "a job could not be carried out"),
    }
}

fn tell(done: &CarriedOut) {
    let (state, error) = (done.job.state, done.job.last_error.as_ref().map(|e| e.message.as_str()));
    if done.lost {
        warn!(%state, "the job is no longer this worker's");
    } else {
        debug!(%state, error, "the job was let go");
    }
}
