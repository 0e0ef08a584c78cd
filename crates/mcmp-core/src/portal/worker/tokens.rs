//! The tokens that a job's calls take: renewed shortly before they end, and once per claim when the
//! platform refuses them.

use chrono::{DateTime, TimeDelta, Utc};

use super::material::Material;
use super::supervisor::PublisherCall;
use super::turn::Turn;
use crate::error::Error;
use crate::portal::{GrantEnd, RefreshOutcome, Refreshed};
use crate::publishing::{ErrorClass, HoldReason, JobState, JobStep, PublishError, PublishJob};

/// Tokens that end this soon are renewed before they are used.
const ENDS_SOON: TimeDelta = TimeDelta::minutes(1);

/// How long to wait while another worker renews them.
const WHILE_BUSY: TimeDelta = TimeDelta::seconds(2);

impl Turn<'_> {
    /// Renews tokens that are about to end, before a call is made with them. Answers the job if
    /// that is all that can be done with it now; one that is still held begins again.
    pub(super) async fn renew_ahead(
        &mut self,
        job: &PublishJob,
        material: &Material,
        now: DateTime<Utc>,
    ) -> Result<Option<PublishJob>, Error> {
        let ends = material.tokens.access_expires_at.filter(|ends| *ends - now <= ENDS_SOON);
        let Some(ends) = ends.filter(|_| !self.has_refreshed && material.can_refresh()) else {
            return Ok(None);
        };
        match self.refresh(job, material).await? {
            Refreshed::Renewed(_) => Ok(Some(job.clone())),
            Refreshed::Refused => {
                let message =
                    format!("“{}” must be connected again", material.account.display_name);
                let error = Some(PublishError::new(ErrorClass::Reconnect, message));
                let (fence, reason) = (self.fence, HoldReason::Reconnect);
                let step = JobStep::HoldIt { fence, reason, error };
                Ok(Some(self.record.step(job, &step).await?))
            }
            Refreshed::Temporary(error) if ends <= now => Ok(Some(self.put_off(job, error).await?)),
            Refreshed::Busy if ends <= now => Ok(Some(self.wait_for_others(job).await?)),
            // They still work.
            Refreshed::Temporary(_) | Refreshed::Busy | Refreshed::Impossible => Ok(None),
        }
    }

    /// Renews tokens that a call was refused for. Answers the job if it goes on, now or later; if
    /// not, the refusal stands and is noted, so that nothing else is sent with them and whoever can
    /// connect the account again is told.
    pub(super) async fn renew_refused(
        &mut self,
        job: &PublishJob,
        material: &Material,
        error: &PublishError,
    ) -> Result<Option<PublishJob>, Error> {
        if error.class != ErrorClass::Reconnect {
            return Ok(None);
        }
        if !self.has_refreshed && material.can_refresh() {
            match self.refresh(job, material).await? {
                Refreshed::Renewed(_) => return Ok(Some(self.begin_again(job, error).await?)),
                Refreshed::Temporary(error) => return Ok(Some(self.put_off(job, error).await?)),
                Refreshed::Busy => return Ok(Some(self.wait_for_others(job).await?)),
                Refreshed::Refused => return Ok(None),
                Refreshed::Impossible => {}
            }
        }
        let outcome =
            RefreshOutcome::Refused { end: GrantEnd::Expired, detail: error.message.clone() };
        let (grants, tokens) = (self.session().grants(), &material.tokens);
        let account = grants.record_refresh(material.account.id, tokens, outcome).await?;
        match grants.settled_already(&account, tokens)? {
            // Somebody connected it again during the call: what was refused are the old ones.
            Some(Refreshed::Renewed(_)) => Ok(Some(self.begin_again(job, error).await?)),
            _ => Ok(None),
        }
    }

    /// Goes on with other tokens than those that were refused.
    async fn begin_again(
        &mut self,
        job: &PublishJob,
        error: &PublishError,
    ) -> Result<PublishJob, Error> {
        if job.state != JobState::Committing {
            // Nothing was sent: it begins again, in the same claim.
            return Ok(job.clone());
        }
        let (fence, error, until) = (self.fence, error.clone(), self.now().await?);
        let step = JobStep::Block { fence, error, until, lane: false };
        self.record.step(job, &step).await
    }

    async fn refresh(&mut self, job: &PublishJob, material: &Material) -> Result<Refreshed, Error> {
        self.has_refreshed = true;
        let (account, tokens) = (&material.account, &material.tokens);
        let grants = self.session().grants();
        let refresh = grants.refresh_with_call(account.id, tokens, &self.worker.id).await?;
        if let Some(call) = refresh.call {
            self.calls = self.calls.saturating_add(1);
            let which = PublisherCall::Refresh;
            self.report(job, account, which, call.error.as_ref(), &call.rates).await?;
        }
        Ok(refresh.came_to)
    }

    /// Tries again later: the tokens could not be renewed this time, whatever the platform calls
    /// the reason.
    async fn put_off(
        &mut self,
        job: &PublishJob,
        error: PublishError,
    ) -> Result<PublishJob, Error> {
        let class = match error.class {
            limited @ ErrorClass::RateLimited { .. } => limited,
            _ => ErrorClass::Transient,
        };
        let (fence, error) = (self.fence, PublishError { class, ..error });
        let jitter = self.worker.jitter()?;
        let step = match job.state {
            JobState::Unknown => JobStep::LookupFailed { fence, error, jitter },
            _ => JobStep::Rejected { fence, error, jitter },
        };
        self.record.step(job, &step).await
    }

    async fn wait_for_others(&mut self, job: &PublishJob) -> Result<PublishJob, Error> {
        let message = "another worker is renewing the account's tokens";
        let error = PublishError::new(ErrorClass::Transient, message);
        let (fence, until) = (self.fence, self.now().await? + WHILE_BUSY);
        let step = JobStep::Block { fence, error, until, lane: true };
        self.record.step(job, &step).await
    }
}
