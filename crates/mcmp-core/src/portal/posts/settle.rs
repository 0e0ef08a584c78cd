//! What a person found out about a job whose outcome the platform does not tell.

use super::Posts;
use super::perform::follow_jobs;
use super::situation::Situation;
use crate::error::Error;
use crate::event::Subject;
use crate::id::JobId;
use crate::member::Permission;
use crate::portal::session::retrying;
use crate::portal::worker::settle_attempt;
use crate::post::Post;
use crate::publishing::{
    HoldReason, JobRefused, JobState, JobStep, PublishJob, Refusal, RemoteRef, advance,
};
use crate::value::{InvalidValue, WebUrl};

/// Most characters of a platform's id.
const MAX_REMOTE_ID: usize = 500;

impl Posts<'_> {
    /// A person looked at the channel: what the job sent is live, there. What follows it goes on.
    ///
    /// # Errors
    /// No permission, the job is not there or its outcome is not open, or `remote` is refused.
    pub async fn confirm_published(&self, job: JobId, remote: RemoteRef) -> Result<Post, Error> {
        let length = remote.id.chars().count();
        if remote.id.trim().is_empty() {
            return Err(InvalidValue::required("remote.id").into());
        }
        if length > MAX_REMOTE_ID {
            return Err(InvalidValue::too_long("remote.id", MAX_REMOTE_ID, length).into());
        }
        if let Some(url) = &remote.url {
            WebUrl::new("remote.url", url)?;
        }
        self.settle(job, &JobStep::ConfirmPublished { remote }).await
    }

    /// A person looked at the channel: what the job sent is not live. It is sent again.
    ///
    /// # Errors
    /// No permission, the job is not there, its outcome is not open, or the call may still be
    /// under way.
    pub async fn confirm_absent(&self, job: JobId) -> Result<Post, Error> {
        self.settle(job, &JobStep::ConfirmAbsent).await
    }

    async fn settle(&self, id: JobId, step: &JobStep) -> Result<Post, Error> {
        retrying(async || self.try_to_settle(id, step).await).await
    }

    async fn try_to_settle(&self, id: JobId, step: &JobStep) -> Result<Post, Error> {
        let session = self.session;
        let job: PublishJob = session.load(id).await?;
        let Situation { mut post, mut jobs, .. } = Situation::load(session, job.post_id).await?;
        session.require(Permission::SchedulePosts, post.client_id)?;
        if !is_open(&job) {
            let (state, reason) = (job.state, Refusal::WrongState);
            return Err(JobRefused { job_id: id, state, step: step.name(), reason }.into());
        }
        let mut work = session.work_on_jobs().await?;
        let advanced = advance(&job, step, work.now())?;
        let mut next = advanced.job;
        settle_attempt(session, &mut work, &job, step, &next).await?;
        work.changes().update(&mut next);
        if let Some(kind) = advanced.event {
            work.tell(kind, Some(next.client_id), Subject::of(&next), Vec::new(), None)?;
        }
        for job in jobs.iter_mut().filter(|job| job.id == id) {
            job.clone_from(&next);
        }
        follow_jobs(session, &mut work, &mut post, &jobs).await?;
        // Written in any case: a worker that has read the same jobs looks again.
        work.changes().update(&mut post);
        work.commit().await?;
        Ok(post)
    }
}

/// Whether it may be live and nobody knows.
fn is_open(job: &PublishJob) -> bool {
    job.state == JobState::Unknown
        || job.state == JobState::Held
            && (job.intent.is_some() || job.hold_reason == Some(HoldReason::UnknownOutcome))
}
