//! Reading the numbers of what was published, and adding up what each day gained.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::metrics_schedule::MetricsSchedule;
use super::{Upkeep, due, due_by, later};
use crate::account::SocialAccount;
use crate::analytics::{Metrics, Rollup, RollupSubject, Snapshot};
use crate::client::Client;
use crate::error::Error;
use crate::id::JobId;
use crate::portal::{CallReport, PublisherCall, Session, Supervisor};
use crate::post::Post;
use crate::publishing::{
    AccountContext, ErrorClass, JobState, PublishError, PublishJob, RateLog, RemoteRef,
};
use crate::store::{ChangeSet, EntityKind, PublishJobFilter, Sort, StoreExt, Version};
use crate::time::to_millis;

/// What came of looking at one published item.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MetricsPoll {
    /// Its numbers were read and written down.
    Read(Box<Snapshot>),
    /// The platform did not tell; it is asked again later.
    NotTold(PublishError),
    /// The account can't be asked now: it must be connected again, or its tokens can't be opened.
    NotConnected,
    /// Nobody asks for its numbers any more: it is too old, its platform has none, or it is gone.
    Over,
}

/// How often writing numbers down is tried again when others write the same day's sums.
const TRIES: usize = 10;

/// Soonest that a platform is asked again that wants to be left alone.
const MIN_PAUSE: TimeDelta = TimeDelta::minutes(1);

impl Upkeep {
    /// Takes up to `limit` published items whose numbers are to be read, and keeps others from
    /// taking them for `lease`. Each is given to [`poll_metrics`](Self::poll_metrics); one that is
    /// not, because its process died, comes back when the lease is over.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn claim_metrics(
        &self,
        limit: usize,
        lease: TimeDelta,
    ) -> Result<Vec<PublishJob>, Error> {
        let now = self.now().await?;
        let filter = PublishJobFilter {
            metrics_due_before: Some(due_by(now)),
            states: vec![JobState::Published],
            ..Default::default()
        };
        let found: Vec<PublishJob> = due(self, filter, Sort::Created, limit).await?;
        self.hold(found, |job| job.metrics_due_at = Some(later(now, lease))).await
    }

    /// Reads the numbers of a published item that was claimed, and writes them down; by `schedule`
    /// they are read again. What could not be read is not made up for: the next reading has all
    /// that was gained since the last one. A `supervisor` is told what the call came to; it is not
    /// asked first, as reading numbers takes nothing from what may be published.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn poll_metrics(
        &self,
        job: PublishJob,
        schedule: &MetricsSchedule,
        supervisor: Option<&dyn Supervisor>,
    ) -> Result<MetricsPoll, Error> {
        let session = self.session(job.agency_id).await?;
        let now = self.now().await?;
        let next = job.finished_at.and_then(|at| schedule.next(at, now));
        let Some(remote) = self.item_to_ask_for(&job, schedule).await? else {
            self.read_next(&job, None).await?;
            return Ok(MetricsPoll::Over);
        };
        match self.ask(&session, &job, remote, now, supervisor).await? {
            Ok(metrics) => {
                let snapshot = self.record_metrics(job.id, metrics, now, next).await?;
                Ok(snapshot.map_or(MetricsPoll::Over, |new| MetricsPoll::Read(Box::new(new))))
            }
            Err(None) => {
                self.read_next(&job, next).await?;
                Ok(MetricsPoll::NotConnected)
            }
            Err(Some(error)) => {
                let next = match error.class {
                    _ if error.code.as_deref() == Some(PublishError::NOT_SUPPORTED) => None,
                    ErrorClass::RateLimited { until } => {
                        Some(until.unwrap_or(now).max(later(now, MIN_PAUSE)))
                    }
                    _ => next,
                };
                self.read_next(&job, next).await?;
                Ok(MetricsPoll::NotTold(error))
            }
        }
    }

    /// Writes down the numbers of a published item as they were at `taken_at`, adds what they
    /// gained since the last ones to the day's sums (of the client, the post, its campaign, the
    /// account and the platform, by the day in the client's zone), and sets when they are read
    /// next: all of it or nothing. Numbers no newer than those there are change nothing, so that
    /// the same ones can be given again. `None` if the item is no longer there.
    ///
    /// # Errors
    /// The store can't be reached or fails, or others keep writing the same sums.
    pub async fn record_metrics(
        &self,
        job: JobId,
        metrics: Metrics,
        taken_at: DateTime<Utc>,
        next: Option<DateTime<Utc>>,
    ) -> Result<Option<Snapshot>, Error> {
        let mut tries_left = TRIES;
        loop {
            match self.try_to_record(job, &metrics, to_millis(taken_at), next).await {
                Err(Error::Conflict { .. }) if tries_left > 1 => tries_left -= 1,
                result => return result,
            }
        }
    }

    async fn try_to_record(
        &self,
        job: JobId,
        metrics: &Metrics,
        taken_at: DateTime<Utc>,
        next: Option<DateTime<Utc>>,
    ) -> Result<Option<Snapshot>, Error> {
        let (store, scope) = (self.store(), &self.scope);
        let Some(mut job) = store.find::<PublishJob>(scope, job).await? else { return Ok(None) };
        let Some(client) = store.find::<Client>(scope, job.client_id).await? else {
            return Ok(None);
        };
        let last: Option<Snapshot> = match job.last_snapshot {
            Some(last) => store.find(scope, last).await?,
            None => None,
        };
        if let Some(last) = last.clone().filter(|last| taken_at <= last.taken_at) {
            return Ok(Some(last));
        }
        let post: Option<Post> = store.find(scope, job.post_id).await?;
        let mut snapshot = Snapshot {
            id: self.portal.new_id()?,
            version: Version::NEW,
            agency_id: job.agency_id,
            client_id: job.client_id,
            account_id: job.account_id,
            platform: job.platform.clone(),
            job_id: Some(job.id),
            post_id: Some(job.post_id),
            campaign_id: post.and_then(|post| post.campaign_id),
            metrics: metrics.clone(),
            taken_at,
        };
        let gained = match last {
            Some(last) => metrics.since(&last.metrics),
            // What was known before is no longer kept: what was gained since can't be told.
            None if job.last_snapshot.is_some() => Metrics::default(),
            None => metrics.clone(),
        };
        let mut changes = ChangeSet::new();
        let day = taken_at.with_timezone(&client.zone).date_naive();
        for subject in subjects_of(&snapshot) {
            self.add_to_day(&mut changes, &snapshot, subject, day, &gained).await?;
        }
        changes.insert(&mut snapshot);
        job.last_snapshot = Some(snapshot.id);
        job.metrics_due_at = next;
        changes.update(&mut job);
        store.commit(scope, changes).await?;
        Ok(Some(snapshot))
    }

    async fn add_to_day(
        &self,
        changes: &mut ChangeSet,
        of: &Snapshot,
        subject: RollupSubject,
        day: NaiveDate,
        gained: &Metrics,
    ) -> Result<(), Error> {
        let id = Rollup::id_of(of.client_id, &subject, day);
        let found: Option<Rollup> = self.store().find(&self.scope, id).await?;
        if let Some(mut rollup) = found {
            rollup.metrics = rollup.metrics.plus(gained);
            rollup.updated_at = of.taken_at;
            changes.update(&mut rollup);
            return Ok(());
        }
        let mut rollup = Rollup {
            id,
            version: Version::NEW,
            agency_id: of.agency_id,
            client_id: of.client_id,
            subject,
            day,
            metrics: gained.clone(),
            updated_at: of.taken_at,
        };
        changes.insert(&mut rollup);
        Ok(())
    }

    /// Where the item is, if anybody asks for its numbers at all. A job that sent only what was
    /// missing of another one's item shares that item, whose numbers are read once.
    async fn item_to_ask_for<'a>(
        &self,
        job: &'a PublishJob,
        schedule: &MetricsSchedule,
    ) -> Result<Option<&'a RemoteRef>, Error> {
        let publisher = self.portal.publishers().get(&job.platform);
        let (Some(remote), Some(finished_at)) = (&job.remote, job.finished_at) else {
            return Ok(None);
        };
        let tells = publisher.is_some_and(|publisher| publisher.capabilities().metrics);
        if !tells || schedule.next(finished_at, finished_at).is_none() {
            return Ok(None);
        }
        if let Some(original) = job.retry_of {
            let original: Option<PublishJob> = self.store().find(&self.scope, original).await?;
            if original.is_some_and(|original| original.remote.as_ref() == Some(remote)) {
                return Ok(None);
            }
        }
        Ok(Some(remote))
    }

    /// Asks the platform; without an error the account can't be asked.
    async fn ask(
        &self,
        session: &Session,
        job: &PublishJob,
        remote: &RemoteRef,
        now: DateTime<Utc>,
        supervisor: Option<&dyn Supervisor>,
    ) -> Result<Result<Metrics, Option<PublishError>>, Error> {
        let account: Option<SocialAccount> = self.store().find(&self.scope, job.account_id).await?;
        let usable = account.filter(|account| account.status.is_usable());
        let (Some(account), Some(publisher)) =
            (usable, self.portal.publishers().get(&job.platform))
        else {
            return Ok(Err(None));
        };
        let tokens = match session.grants().open_tokens(account.id).await {
            Ok(tokens) => tokens,
            Err(Error::Seal(_) | Error::NotConfigured { .. } | Error::NotFound { .. }) => {
                return Ok(Err(None));
            }
            Err(error) => return Err(error),
        };
        let rates = RateLog::default();
        let context = AccountContext { account: &account, tokens: &tokens, rates: &rates, now };
        let answer = publisher.metrics(&context, remote).await;
        if let Some(supervisor) = supervisor {
            let report = CallReport {
                job,
                account: &account,
                call: PublisherCall::Metrics,
                error: answer.as_ref().err(),
                rates: rates.take(),
                at: self.now().await?,
            };
            supervisor.observe(&report).await?;
        }
        Ok(answer.map_err(Some))
    }

    /// Sets when an item's numbers are read next; whoever changed the job first knows better.
    async fn read_next(&self, job: &PublishJob, next: Option<DateTime<Utc>>) -> Result<(), Error> {
        let mut job = job.clone();
        job.metrics_due_at = next;
        let mut changes = ChangeSet::new();
        changes.update(&mut job);
        match self.store().commit(&self.scope, changes).await.map_err(Error::from) {
            Err(Error::Conflict { kind: EntityKind::PublishJob, .. }) => Ok(()),
            result => result,
        }
    }
}

/// What an item's gains are added up under.
fn subjects_of(snapshot: &Snapshot) -> Vec<RollupSubject> {
    let mut subjects = vec![
        RollupSubject::Client,
        RollupSubject::Account(snapshot.account_id),
        RollupSubject::Platform(snapshot.platform.clone()),
    ];
    subjects.extend(snapshot.post_id.map(RollupSubject::Post));
    subjects.extend(snapshot.campaign_id.map(RollupSubject::Campaign));
    subjects
}
