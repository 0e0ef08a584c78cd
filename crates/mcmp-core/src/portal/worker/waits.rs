//! What a claimed job waits for before its next call: its time, in here; anything else, in the store.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

use super::supervisor::{Admission, PublisherCall};
use super::turn::Turn;
use crate::error::Error;
use crate::publishing::{ErrorClass, JobState, JobStep, PublishError, PublishJob};

/// A job that may not go on yet waits for so long at least.
const SHORTEST_WAIT: TimeDelta = TimeDelta::milliseconds(10);

/// How long a job waits that was claimed at the moment its agency or its client was stopped.
const WHILE_NOT_ACTIVE: TimeDelta = TimeDelta::minutes(1);

impl Turn<'_> {
    /// How long it is until the time of a job that was claimed ahead of it; nothing for any other.
    async fn left(&self, job: &PublishJob) -> Result<Duration, Error> {
        if job.state != JobState::Running {
            return Ok(Duration::ZERO);
        }
        Ok((job.due_at - self.now().await?).to_std().unwrap_or_default())
    }

    /// Whether nothing may be called for the job yet.
    pub(super) async fn is_ahead(&self, job: &PublishJob) -> Result<bool, Error> {
        Ok(!self.left(job).await?.is_zero())
    }

    /// Waits for the time of a job that was claimed ahead of it. Where it lies farther ahead, as the
    /// clock was set back, the job is given back, and answered; so it is without Tokio, as there is no
    /// timer.
    pub(super) async fn wait_until_due(
        &mut self,
        job: &PublishJob,
    ) -> Result<Option<PublishJob>, Error> {
        let left = self.left(job).await?;
        if left.is_zero() {
            return Ok(None);
        }
        let is_near = TimeDelta::from_std(left).is_ok_and(|left| left <= self.worker.ahead);
        if !is_near || Handle::try_current().is_err() {
            let step = JobStep::Release { fence: self.fence };
            return Ok(Some(self.record.step(job, &step).await?));
        }
        let due = Instant::now() + left;
        if let Some(supervisor) = &self.worker.supervisor {
            supervisor.foresee(job).await;
        }
        sleep_until(due).await;
        Ok(None)
    }

    /// Gives the job back if its next call may not be made yet.
    pub(super) async fn wait_for_admission(
        &mut self,
        job: &PublishJob,
        call: PublisherCall,
    ) -> Result<Option<PublishJob>, Error> {
        let Some(supervisor) = &self.worker.supervisor else { return Ok(None) };
        match supervisor.admit(job, call).await {
            Ok(Admission::Go) => Ok(None),
            Ok(Admission::Wait { until, error, lane }) => {
                // Asked again at once, it would never end.
                let until = until.max(self.now().await? + SHORTEST_WAIT);
                let step = JobStep::Block { fence: self.fence, error, until, lane };
                Ok(Some(self.record.step(job, &step).await?))
            }
            Err(error) => {
                self.give_back_as_it_is(job.clone()).await?;
                Err(error)
            }
        }
    }

    /// Gives the job back: its lane is paused by now, and goes on by itself once its agency and its
    /// client are active again.
    pub(super) async fn wait_until_active(
        &mut self,
        job: &PublishJob,
    ) -> Result<PublishJob, Error> {
        let message = "its agency or its client is not active";
        let error = PublishError::new(ErrorClass::Transient, message);
        let (fence, until) = (self.fence, self.now().await? + WHILE_NOT_ACTIVE);
        self.record.step(job, &JobStep::Block { fence, error, until, lane: false }).await
    }
}
