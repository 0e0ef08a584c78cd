//! Writes what came of a step: the job, its post, the evidence, the events, in one commit.

use crate::error::Error;
use crate::event::Subject;
use crate::id::AttemptId;
use crate::portal::posts::follow_jobs;
use crate::portal::{Session, Work};
use crate::post::Post;
use crate::publishing::{Attempt, JobStep, Outcome, PublishJob, advance};
use crate::store::{EntityKind, PublishJobFilter, StoreExt};

/// Writes what came of a job's steps.
#[derive(Debug)]
pub(super) struct Recorder<'s> {
    session: &'s Session,
}

impl<'s> Recorder<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// A step of a job, with what follows for its post. A step that changes nothing writes nothing.
    pub(super) async fn step(&self, job: &PublishJob, step: &JobStep) -> Result<PublishJob, Error> {
        // People may write the post at the same time; what came of a step must not be lost to that.
        let mut tries_left = 10;
        loop {
            match self.commit(self.session.work()?, job, step).await {
                Err(Error::Conflict { kind: EntityKind::Post, .. }) if tries_left > 0 => {
                    tries_left -= 1;
                }
                result => return result,
            }
        }
    }

    /// The intent, with the attempt that will keep the evidence.
    pub(super) async fn intend(
        &self,
        job: &PublishJob,
        step: &JobStep,
        attempt: &mut Attempt,
    ) -> Result<PublishJob, Error> {
        let mut work = self.session.work()?;
        work.changes().insert(attempt);
        self.commit(work, job, step).await
    }

    /// What the visible call came to, whoever holds the job by now: the only copy of the truth.
    pub(super) async fn evidence(
        &self,
        attempt: &mut Attempt,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let ended_at = self.session.store().now().await?;
        let mut work = self.session.work()?;
        attempt.outcome = Some(outcome);
        attempt.ended_at = Some(ended_at);
        work.changes().update(attempt);
        work.commit().await
    }

    pub(super) async fn attempt(&self, id: AttemptId) -> Result<Option<Attempt>, Error> {
        Ok(self.session.store().find(self.session.scope(), id).await?)
    }

    async fn commit(
        &self,
        mut work: Work<'_>,
        job: &PublishJob,
        step: &JobStep,
    ) -> Result<PublishJob, Error> {
        let now = self.session.store().now().await?;
        let advanced = advance(job, step, now)?;
        if advanced.event.is_none() && advanced.job == *job {
            return Ok(advanced.job);
        }
        let mut next = advanced.job;
        work.changes().update(&mut next);
        if let Some(kind) = advanced.event {
            work.tell(kind, Some(next.client_id), Subject::of(&next), Vec::new(), None)?;
        }
        self.follow(&mut work, &next).await?;
        work.commit().await?;
        Ok(next)
    }

    /// The post follows its jobs in the same commit.
    async fn follow(&self, work: &mut Work<'_>, changed: &PublishJob) -> Result<(), Error> {
        let mut post: Post = self.session.load(changed.post_id).await?;
        let filter = PublishJobFilter { post_id: Some(post.id), ..Default::default() };
        let mut jobs: Vec<PublishJob> =
            self.session.store().all(self.session.scope(), filter).await?;
        for job in &mut jobs {
            if job.id == changed.id {
                job.clone_from(changed);
            }
        }
        if follow_jobs(self.session, work, &mut post, &jobs).await? {
            work.changes().update(&mut post);
        }
        Ok(())
    }
}
