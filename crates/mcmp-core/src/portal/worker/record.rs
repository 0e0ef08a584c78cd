//! Writes what came of a step: the job, its post, the evidence, the events, in one commit.

use tokio::try_join;

use super::evidence::is_open;
use super::material::Rows;
use super::{Worker, key_of, settle_attempt};
use crate::error::Error;
use crate::event::Subject;
use crate::id::{AttemptId, PostId};
use crate::portal::patience::Patience;
use crate::portal::posts::follow_jobs;
use crate::portal::{Session, Work};
use crate::post::Post;
use crate::publishing::{
    Advanced, Attempt, JobRefused, JobStep, LaneAction, LaneChange, Outcome, PublishJob, Refusal,
    advance,
};
use crate::store::{EntityKind, PublishJobFilter, StoreExt};

/// How often a step is written again when people wrote its post at the same time: what came of it
/// must not be lost to that.
const TRIES: u32 = 10;

/// Writes what came of a job's steps.
#[derive(Debug)]
pub(super) struct Recorder<'w> {
    worker: &'w Worker,
    pub(super) session: Session,
    /// As they are after the last commit; every change of them makes the next one a conflict.
    family: Option<Family>,
}

/// A post and its jobs.
#[derive(Debug)]
struct Family {
    post: Post,
    jobs: Vec<PublishJob>,
}

/// The attempt that a step is written with.
#[derive(Debug)]
enum With<'a> {
    Nothing,
    New(&'a mut Attempt),
    Changed(&'a mut Attempt),
}

impl<'w> Recorder<'w> {
    pub(super) fn new(worker: &'w Worker, session: Session) -> Self {
        Self { worker, session, family: None }
    }

    /// What a step takes, as it is now, with the session.
    pub(super) async fn read(
        &mut self,
        job: &PublishJob,
    ) -> Result<(&Session, &Post, Rows), Error> {
        let session = &self.session;
        let (family, rows) =
            try_join!(Family::load(session, job.post_id), Rows::load(session, job))?;
        Ok((session, &self.family.insert(family).post, rows))
    }

    /// A step of a job, with what follows for its post. A step that changes nothing writes nothing.
    pub(super) async fn step(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
    ) -> Result<PublishJob, Error> {
        self.write(job, step, With::Nothing).await
    }

    /// What a platform answered, also where people changed the job meanwhile, as long as it is this
    /// worker's: asking once more would forget what was said, such as that calls are to wait.
    pub(super) async fn answer(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
    ) -> Result<PublishJob, Error> {
        let mut current = job.clone();
        let mut tries_left = TRIES;
        loop {
            let conflict = match self.step(&current, step).await {
                Err(error @ Error::Conflict { kind: EntityKind::PublishJob, .. })
                    if tries_left > 0 =>
                {
                    tries_left -= 1;
                    error
                }
                result => return result,
            };
            let found: Option<PublishJob> =
                self.session.store().find(self.session.scope(), job.id).await?;
            current = found
                .filter(|now| self.worker.holds(now, job.fence) && now.state == job.state)
                .ok_or(conflict)?;
        }
    }

    /// The intent, with the attempt that will keep the evidence.
    pub(super) async fn intend(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
        attempt: &mut Attempt,
    ) -> Result<PublishJob, Error> {
        self.write(job, step, With::New(attempt)).await
    }

    /// What the visible call came to, with what follows for the job. Whoever has the job by now, the
    /// evidence is kept: it is the only copy of the truth, and outlasts a store that is gone.
    pub(super) async fn outcome(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
        attempt: &mut Attempt,
        outcome: Outcome,
    ) -> Result<PublishJob, Error> {
        if let Ok(ended_at) = self.session.store().now().await {
            let mut complete = attempt.clone();
            complete.outcome = Some(outcome.clone());
            complete.ended_at = Some(ended_at);
            if let Ok(next) = self.commit(job, step, &mut With::Changed(&mut complete)).await {
                return Ok(next);
            }
        }
        self.evidence(attempt, outcome).await?;
        let mut patience = Patience::new();
        loop {
            match self.step(job, step).await {
                Err(error) => patience.outlast(error).await?,
                done => return done,
            }
        }
    }

    /// What the visible call came to, alone: written until it is there, however long the store is
    /// gone.
    pub(super) async fn evidence(
        &self,
        attempt: &mut Attempt,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let (mut tries_left, mut patience) = (TRIES, Patience::new());
        loop {
            match self.write_evidence(attempt, &outcome).await {
                Err(Error::Conflict { kind: EntityKind::Attempt, .. }) if tries_left > 0 => {
                    tries_left -= 1;
                }
                Err(error) => patience.outlast(error).await?,
                done => return done,
            }
            let found = loop {
                match self.attempt(attempt.id).await {
                    Err(error) => patience.outlast(error).await?,
                    Ok(found) => break found,
                }
            };
            // Somebody settled it meanwhile; that we do not know adds nothing to it.
            match found {
                Some(now) if is_open(&now) || !outcome.is_open() => *attempt = now,
                _ => return Ok(()),
            }
        }
    }

    async fn write_evidence(&self, attempt: &mut Attempt, outcome: &Outcome) -> Result<(), Error> {
        attempt.ended_at = Some(self.session.store().now().await?);
        attempt.outcome = Some(outcome.clone());
        let mut work = self.session.work()?;
        work.changes().update(attempt);
        work.commit().await
    }

    pub(super) async fn attempt(&self, id: AttemptId) -> Result<Option<Attempt>, Error> {
        Ok(self.session.store().find(self.session.scope(), id).await?)
    }

    async fn write(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
        mut with: With<'_>,
    ) -> Result<PublishJob, Error> {
        let mut tries_left = TRIES;
        loop {
            match self.commit(job, step, &mut with).await {
                Err(Error::Conflict { kind: EntityKind::Post | EntityKind::Attempt, .. })
                    if tries_left > 0 =>
                {
                    tries_left -= 1;
                }
                result => return result,
            }
        }
    }

    async fn commit(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
        with: &mut With<'_>,
    ) -> Result<PublishJob, Error> {
        let advanced = advance(job, step, self.session.store().now().await?)?;
        if advanced.event.is_none() && advanced.job == *job {
            return Ok(advanced.job);
        }
        let (holds, key) = (&self.worker.holds, key_of(job));
        holds.begin_write(key);
        let wrote = self.commit_held(job, step, advanced, with).await;
        let lease = wrote.as_ref().ok().and_then(|next| next.lease.as_ref());
        holds.end_write(key, lease.map(|lease| lease.until));
        wrote
    }

    async fn commit_held(
        &mut self,
        job: &PublishJob,
        step: &JobStep,
        advanced: Advanced,
        with: &mut With<'_>,
    ) -> Result<PublishJob, Error> {
        let Advanced { job: mut next, event, lane_until } = advanced;
        // It may have been renewed since it was read.
        if let (Some(lease), Some(until)) = (&mut next.lease, self.worker.holds.until(key_of(job)))
        {
            lease.until = until;
        }
        let session = &self.session;
        let mut work = session.work()?;
        match with {
            With::New(attempt) => {
                work.changes().insert(*attempt);
            }
            With::Changed(attempt) => work.changes().update(*attempt),
            With::Nothing => settle_attempt(session, &mut work, job, step, &next).await?,
        }
        work.changes().update(&mut next);
        let is_call = matches!(step, JobStep::Intend { .. } | JobStep::Repeat { .. });
        let unpaused = is_call.then_some(LaneAction::RequireUnpaused);
        for action in unpaused.into_iter().chain(lane_until.map(LaneAction::BlockUntil)) {
            work.changes().lane(LaneChange {
                account_id: next.account_id,
                agency_id: next.agency_id,
                client_id: next.client_id,
                action,
            });
        }
        if let Some(kind) = event {
            work.tell(kind, Some(next.client_id), Subject::of(&next), Vec::new(), None)?;
        }
        let mut family = match self.family.take() {
            Some(family) => family,
            None => Family::load(session, next.post_id).await?,
        };
        family.follow(session, &mut work, &next).await?;
        let commits = &self.worker.commits;
        let wrote = commits.commit(session.store(), &self.worker.scope, work.into_changes()).await;
        wrote.map_err(|error| match error {
            Error::Conflict { kind: EntityKind::SocialAccount, .. } if is_call => {
                let (job_id, state, step) = (job.id, job.state, step.name());
                JobRefused { job_id, state, step, reason: Refusal::Paused }.into()
            }
            error => error,
        })?;
        self.family = Some(family);
        Ok(next)
    }
}

impl Family {
    async fn load(session: &Session, post_id: PostId) -> Result<Self, Error> {
        // The post first: whoever changes a job after this changes the post as well, and what is
        // written with older jobs is a conflict.
        let post = session.load(post_id).await?;
        let filter = PublishJobFilter { post_id: Some(post_id), ..Default::default() };
        let jobs = session.store().all(session.scope(), filter).await?;
        Ok(Self { post, jobs })
    }

    /// The post follows its jobs in the same commit. Where there are several it is written in any
    /// case: two that end at the same time must not each take the other for under way.
    async fn follow(
        &mut self,
        session: &Session,
        work: &mut Work<'_>,
        changed: &PublishJob,
    ) -> Result<(), Error> {
        for job in self.jobs.iter_mut().filter(|job| job.id == changed.id) {
            job.clone_from(changed);
        }
        if follow_jobs(session, work, &mut self.post, &self.jobs).await? || self.jobs.len() > 1 {
            work.changes().update(&mut self.post);
        }
        Ok(())
    }
}
