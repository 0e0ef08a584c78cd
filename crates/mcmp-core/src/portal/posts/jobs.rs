//! Keeps a post's jobs in step with the post.

use chrono::{DateTime, Utc};

use super::situation::Situation;
use crate::account::SocialAccount;
use crate::error::Error;
use crate::event::{EventKind, Subject};
use crate::id::{AccountId, JobId, RevisionId};
use crate::lifecycle::{JobsEffect, may_be_called_off};
use crate::portal::{Session, Work};
use crate::post::{Outgoing, Post, Revision, RevisionRef, Variant};
use crate::publishing::{self, FollowUp, HoldReason, JobState, JobStep, PublishJob, advance};
use crate::value::InvalidValue;

/// What becomes of a post's jobs, decided together and written in one change set.
#[derive(Debug)]
pub(super) struct JobChanges<'a> {
    session: &'a Session,
    situation: &'a Situation,
    /// The revision that the same change set adds, if it does.
    frozen: Option<&'a Revision>,
    /// The jobs as they will be.
    pub(super) jobs: Vec<PublishJob>,
}

impl<'a> JobChanges<'a> {
    pub(super) fn new(
        session: &'a Session,
        situation: &'a Situation,
        frozen: Option<&'a Revision>,
    ) -> Self {
        Self { session, situation, frozen, jobs: situation.jobs.clone() }
    }

    /// Carries out what the lifecycle decided; `post` is the post as it will be.
    pub(super) async fn carry_out(
        &mut self,
        effect: &JobsEffect,
        post: &Post,
        work: &mut Work<'_>,
    ) -> Result<(), Error> {
        match effect {
            JobsEffect::None => Ok(()),
            JobsEffect::Cancel => self.call_off(work, may_be_called_off),
            JobsEffect::Sync => self.sync(post, work).await,
            JobsEffect::Retry { jobs } => self.retry(jobs, work),
        }
    }

    fn call_off(
        &mut self,
        work: &mut Work<'_>,
        which: impl Fn(&PublishJob) -> bool,
    ) -> Result<(), Error> {
        let ids: Vec<JobId> = self.jobs.iter().filter(|job| which(job)).map(|job| job.id).collect();
        ids.into_iter().try_for_each(|id| self.step(id, &JobStep::Cancel, work))
    }

    async fn sync(&mut self, post: &Post, work: &mut Work<'_>) -> Result<(), Error> {
        let (Some(revision), Some(planned_at)) = (post.revision.clone(), post.planned_at()) else {
            return Err(InvalidValue::required("schedule").into());
        };
        let outgoing = self.outgoing_of(revision.id).await?;
        let meant: Vec<AccountId> = post.account_ids().collect();
        self.call_off(work, |job| !meant.contains(&job.account_id) && may_be_called_off(job))?;
        for variant in &post.variants {
            let item = outgoing.iter().find(|item| item.account_id == variant.account_id);
            let item = item
                .ok_or_else(|| InvalidValue::unknown("variants.account_id", variant.account_id))?;
            self.sync_variant(variant, item, &revision, planned_at, work).await?;
        }
        Ok(())
    }

    async fn sync_variant(
        &mut self,
        variant: &Variant,
        item: &Outgoing,
        revision: &RevisionRef,
        planned_at: DateTime<Utc>,
        work: &mut Work<'_>,
    ) -> Result<(), Error> {
        let open = self
            .jobs
            .iter()
            .find(|job| {
                job.account_id == variant.account_id
                    && !job.state.is_final()
                    && job.cancel_requested_at.is_none()
            })
            .cloned();
        let Some(job) = open else {
            let last = self
                .jobs
                .iter()
                .filter(|job| job.account_id == variant.account_id)
                .max_by_key(|job| job.id);
            if last.is_some_and(|job| job.state == JobState::Published) {
                return Ok(());
            }
            let mut job = self.new_job(item, revision, planned_at, work).await?;
            job.retry_of = last.map(|last| last.id);
            return self.add(job, work);
        };
        if job.revision_digest != revision.digest || job.revision_id != revision.id {
            let step = JobStep::Revise {
                revision_id: revision.id,
                revision_digest: revision.digest.clone(),
                follow_ups: FollowUp::of(item),
            };
            self.step(job.id, &step, work)?;
        }
        if job.planned_at != planned_at {
            self.step(job.id, &JobStep::Reschedule { due_at: planned_at, planned_at }, work)?;
        }
        let still_held = self.jobs.iter().any(|j| j.id == job.id && j.state == JobState::Held);
        if still_held && job.hold_reason == Some(HoldReason::Late) {
            self.step(job.id, &JobStep::Resume { due_at: planned_at }, work)?;
        }
        Ok(())
    }

    fn retry(&mut self, ids: &[JobId], work: &mut Work<'_>) -> Result<(), Error> {
        for id in ids {
            let Some(job) = self.jobs.iter().find(|job| job.id == *id).cloned() else { continue };
            if job.intent.is_some() {
                // What may be live already is looked for before anything else.
                self.step(*id, &JobStep::RunNow, work)?;
                continue;
            }
            if !job.state.is_final() {
                // It may have been moved while it was held.
                let due_at = job.planned_at.max(work.now());
                self.step(*id, &JobStep::Resume { due_at }, work)?;
                continue;
            }
            if let Some(again) = job.retry(work.id()?, work.now(), work.now()) {
                self.add(again, work)?;
            }
        }
        Ok(())
    }

    async fn new_job(
        &self,
        item: &Outgoing,
        revision: &RevisionRef,
        planned_at: DateTime<Utc>,
        work: &Work<'_>,
    ) -> Result<PublishJob, Error> {
        let account: SocialAccount = self.session.load(item.account_id).await?;
        Ok(PublishJob::plan(publishing::JobPlan {
            id: work.id()?,
            post_id: self.situation.post.id,
            account: &account,
            outgoing: item,
            revision_id: revision.id,
            revision_digest: revision.digest.clone(),
            planned_at,
            lateness: self.situation.client.lateness,
            now: work.now(),
        }))
    }

    fn add(&mut self, mut job: PublishJob, work: &mut Work<'_>) -> Result<(), Error> {
        work.changes().insert(&mut job);
        tell(EventKind::JobScheduled, &job, work)?;
        self.jobs.push(job);
        Ok(())
    }

    fn step(&mut self, id: JobId, step: &JobStep, work: &mut Work<'_>) -> Result<(), Error> {
        let Some(place) = self.jobs.iter_mut().find(|job| job.id == id) else { return Ok(()) };
        let advanced = advance(place, step, work.now())?;
        let mut job = advanced.job;
        work.changes().update(&mut job);
        if let Some(event) = advanced.event {
            tell(event, &job, work)?;
        }
        *place = job;
        Ok(())
    }

    async fn outgoing_of(&self, revision: RevisionId) -> Result<Vec<Outgoing>, Error> {
        match self.frozen {
            Some(frozen) if frozen.id == revision => Ok(frozen.outgoing.clone()),
            _ => Ok(self.session.load::<Revision>(revision).await?.outgoing),
        }
    }
}

fn tell(kind: EventKind, job: &PublishJob, work: &mut Work<'_>) -> Result<(), Error> {
    work.tell(kind, Some(job.client_id), Subject::of(job), Vec::new(), None)
}
