//! Goes through what is stored, oldest first, a bounded piece at a time.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, TimeDelta, Utc};

use super::Retention;
use super::decide::{Ages, OVER, jobs_are_old, kept_days, may_be_forgotten};
use crate::analytics::{Rollup, Snapshot};
use crate::duty::Duty;
use crate::error::Error;
use crate::event::{Event, EventKind, Subject};
use crate::id::{DutyId, PostId};
use crate::lifecycle::PostStatus;
use crate::notification::Notification;
use crate::portal::posts::add_deletion;
use crate::portal::upkeep::{Round, Upkeep, earlier, pass_over};
use crate::post::Post;
use crate::publishing::{Attempt, JobState, PublishJob};
use crate::store::{
    AttemptFilter, ChangeSet, Cursor, Entity, EventPosition, Page, PostFilter, PublishJobFilter,
    Query, Read, ReadUpTo, Record, SnapshotFilter, Store, StoreError, StoreExt,
};
use crate::webhook::Delivery;

/// What is cleared up, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Events,
    Notifications,
    Deliveries,
    Posts,
    Jobs,
    Snapshots,
    Rollups,
}

impl Kind {
    fn next(self) -> Option<Self> {
        Some(match self {
            Self::Events => Self::Notifications,
            Self::Notifications => Self::Deliveries,
            Self::Deliveries => Self::Posts,
            Self::Posts => Self::Jobs,
            Self::Jobs => Self::Snapshots,
            Self::Snapshots => Self::Rollups,
            Self::Rollups => return None,
        })
    }
}

/// How far clearing up has come; whoever drives it keeps it between calls, and begins with a new
/// one after a restart. Two that go through the same data at once do no harm.
#[derive(Debug, Clone, Default)]
pub struct Sweep {
    kind: Kind,
    after: Option<Cursor>,
}

/// What looking at one page left.
#[derive(Debug, Default)]
struct Swept {
    deleted: usize,
    /// Where the kind goes on.
    next: Option<Cursor>,
}

impl Upkeep {
    /// Looks at up to `limit` things of one kind, oldest first, and deletes those that `retention`
    /// does not keep. [`Round::more`] is false once everything had its turn: call again in an hour,
    /// or a day.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn sweep(
        &self,
        sweep: &mut Sweep,
        retention: &Retention,
        limit: usize,
    ) -> Result<Round, Error> {
        let limit = limit.clamp(1, Query::<Event>::MAX_LIMIT);
        let now = self.now().await?;
        let page = PageOf { after: sweep.after, limit, now };
        let swept = match sweep.kind {
            Kind::Events => self.sweep_events(&page, retention).await?,
            Kind::Notifications => self.sweep_notifications(&page, retention).await?,
            Kind::Deliveries => self.sweep_deliveries(&page, retention).await?,
            Kind::Posts => self.sweep_posts(&page, retention).await?,
            Kind::Jobs => self.sweep_jobs(&page, retention).await?,
            Kind::Snapshots => self.sweep_snapshots(&page, retention).await?,
            Kind::Rollups => self.sweep_rollups(&page, retention).await?,
        };
        sweep.after = swept.next;
        let mut more = true;
        if swept.next.is_none() {
            let next = sweep.kind.next();
            more = next.is_some();
            sweep.kind = next.unwrap_or_default();
        }
        Ok(Round { done: swept.deleted, more })
    }

    /// From the front of the log alone, so that those who read it never meet a gap.
    async fn sweep_events(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let Some(age) = keep.events else { return Ok(Swept::default()) };
        let unread = self.first_unread(keep).await?;
        let before = earlier(page.now, age);
        let found =
            self.store().events_after(&self.scope, EventPosition::START, page.limit).await?;
        let is_full = found.len() >= page.limit;
        let old = found
            .into_iter()
            .take_while(|(position, event)| event.at < before && *position <= unread)
            .map(|(_, event)| event);
        let old: Vec<Event> = old.collect();
        let next = old.last().filter(|_| is_full && old.len() >= page.limit);
        let next = next.map(|event| Query::<Event>::new(Default::default()).cursor_at(event));
        Ok(Swept { deleted: self.delete(old).await?, next })
    }

    /// The place that all readers of events have come to.
    async fn first_unread(&self, keep: &Retention) -> Result<EventPosition, Error> {
        let mut unread = EventPosition(u64::MAX);
        for name in &keep.event_readers {
            let duty: Option<Duty> = self.store().find(&self.scope, DutyId::of(name)).await?;
            let Some(duty) = duty.filter(|duty| !duty.progress.is_null()) else { continue };
            // What can't be understood holds everything back rather than nothing.
            let known = serde_json::from_value(duty.progress);
            let position = known.map_or(EventPosition::START, |known: ReadUpTo| known.position);
            unread = unread.min(position);
        }
        Ok(unread)
    }

    async fn sweep_notifications(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let (read, unread) = (keep.read_notifications, keep.unread_notifications);
        let Some(age) = read.into_iter().chain(unread).min() else { return Ok(Swept::default()) };
        let ages = Ages { now: page.now };
        self.sweep_rows::<Notification>(
            page,
            age,
            |row| row.created_at,
            |row| match row.read_at {
                Some(at) => ages.is_older(at, read),
                None => ages.is_older(row.created_at, unread),
            },
        )
        .await
    }

    async fn sweep_deliveries(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let Some(age) = keep.deliveries else { return Ok(Swept::default()) };
        let ages = Ages { now: page.now };
        self.sweep_rows::<Delivery>(
            page,
            age,
            |row| row.created_at,
            |row| row.next_at.is_none() && ages.is_older(row.updated_at, Some(age)),
        )
        .await
    }

    async fn sweep_rollups(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let Some(age) = keep.post_rollups else { return Ok(Swept::default()) };
        let ages = Ages { now: page.now };
        let day = |row: &Rollup| row.day.and_time(chrono::NaiveTime::MIN).and_utc();
        self.sweep_rows::<Rollup>(page, age, day, |row| {
            may_be_forgotten(&row.subject) && ages.is_older(day(row), Some(age))
        })
        .await
    }

    async fn sweep_snapshots(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let Some(age) = keep.thin_snapshots else { return Ok(Swept::default()) };
        let all = SnapshotFilter::default();
        let (found, next) = self.old_page::<Snapshot>(page, all, age, |row| row.taken_at).await?;
        let mut old = Vec::new();
        let newest_of_days = kept_days(&found);
        for row in found {
            let job: Option<PublishJob> = match row.job_id {
                Some(job) => self.store().find(&self.scope, job).await?,
                None => None,
            };
            let is_needed = match (row.job_id, &job) {
                (Some(_), None) => false,
                (Some(_), Some(job)) if job.last_snapshot == Some(row.id) => true,
                _ => newest_of_days.contains(&row.id) && !self.comes_later(&row).await?,
            };
            if !is_needed {
                old.push(row);
            }
        }
        Ok(Swept { deleted: self.delete(old).await?, next })
    }

    /// Whether the same item has a later snapshot on the same day, which need not be on the page.
    async fn comes_later(&self, row: &Snapshot) -> Result<bool, Error> {
        let end = row.taken_at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
            + TimeDelta::days(1);
        let filter = SnapshotFilter {
            account_id: Some(row.account_id),
            post_id: row.post_id,
            from: Some(row.taken_at + TimeDelta::milliseconds(1)),
            until: Some(end),
            ..Default::default()
        };
        let later: Vec<Snapshot> = self.store().all(&self.scope, filter).await?;
        Ok(later.iter().any(|other| other.job_id == row.job_id))
    }

    async fn sweep_posts(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let Some(age) = keep.posts else { return Ok(Swept::default()) };
        let ages = Ages { now: page.now };
        let over = PostFilter { statuses: OVER.to_vec(), ..Default::default() };
        let (found, next) = self.old_page::<Post>(page, over, age, |row| row.created_at).await?;
        let mut sessions = BTreeMap::new();
        let mut deleted = 0;
        for post in found {
            if !ages.is_older(post.updated_at, Some(age)) {
                continue;
            }
            let jobs = self.jobs_of(post.id).await?;
            if !jobs_are_old(&jobs, &ages, age) {
                continue;
            }
            let session = match sessions.entry(post.agency_id) {
                Entry::Occupied(opened) => opened.into_mut(),
                Entry::Vacant(place) => place.insert(self.session(post.agency_id).await?),
            };
            let mut work = session.work()?;
            let (client, subject) = (Some(post.client_id), Subject::of(&post));
            work.tell(EventKind::PostDeleted, client, subject, Vec::new(), None)?;
            add_deletion(session, &mut work, post, jobs).await?;
            deleted += usize::from(pass_over(work.commit().await)?.is_some());
        }
        Ok(Swept { deleted, next })
    }

    async fn sweep_jobs(&self, page: &PageOf, keep: &Retention) -> Result<Swept, Error> {
        let Some(age) = keep.jobs else { return Ok(Swept::default()) };
        let ages = Ages { now: page.now };
        let states = JobState::ALL.iter().copied().filter(|state| state.is_final()).collect();
        let over = PublishJobFilter { states, ..Default::default() };
        let (found, next) =
            self.old_page::<PublishJob>(page, over, age, |row| row.created_at).await?;
        let mut deleted = 0;
        for job in found {
            if !jobs_are_old(std::slice::from_ref(&job), &ages, age) {
                continue;
            }
            let post: Option<Post> = self.store().find(&self.scope, job.post_id).await?;
            let all = self.jobs_of(job.post_id).await?;
            let is_put_away = post.is_none_or(|post| {
                matches!(post.status, PostStatus::Archived | PostStatus::Cancelled)
            });
            let with_jobs = is_put_away && jobs_are_old(&all, &ages, age);
            let mut changes = ChangeSet::new();
            for job in if with_jobs { all } else { vec![job] } {
                let filter = AttemptFilter { job_id: Some(job.id) };
                for attempt in self.store().all::<Attempt>(&self.scope, filter).await? {
                    changes.delete(attempt);
                }
                if with_jobs {
                    changes.delete(job);
                }
            }
            deleted += self.commit_deletion(changes).await?;
        }
        Ok(Swept { deleted, next })
    }

    async fn jobs_of(&self, post: PostId) -> Result<Vec<PublishJob>, Error> {
        let filter = PublishJobFilter { post_id: Some(post), ..Default::default() };
        Ok(self.store().all(&self.scope, filter).await?)
    }

    async fn sweep_rows<E>(
        &self,
        page: &PageOf,
        age: TimeDelta,
        made_at: impl Fn(&E) -> DateTime<Utc>,
        is_old: impl Fn(&E) -> bool,
    ) -> Result<Swept, Error>
    where
        E: Entity + Into<Record>,
        dyn Store: Read<E>,
    {
        let (mut rows, next) = self.old_page::<E>(page, Default::default(), age, made_at).await?;
        rows.retain(is_old);
        Ok(Swept { deleted: self.delete(rows).await?, next })
    }

    /// The next page of those that can go, as far as it was made longer than `age` ago, and where
    /// it goes on.
    async fn old_page<E>(
        &self,
        page: &PageOf,
        filter: E::Filter,
        age: TimeDelta,
        made_at: impl Fn(&E) -> DateTime<Utc>,
    ) -> Result<(Vec<E>, Option<Cursor>), Error>
    where
        E: Entity,
        dyn Store: Read<E>,
    {
        let before = earlier(page.now, age);
        let query = Query::<E>::new(filter).limit(page.limit).after(page.after);
        let Page { items, next } = Read::<E>::list(self.store(), &self.scope, &query).await?;
        let found = items.len();
        let old: Vec<E> = items.into_iter().take_while(|row| made_at(row) < before).collect();
        let next = next.filter(|_| old.len() == found);
        Ok((old, next))
    }

    /// Deletes rows in one commit; if somebody changed one of them, those that are as they were,
    /// each on its own.
    async fn delete<E>(&self, rows: Vec<E>) -> Result<usize, Error>
    where
        E: Entity + Into<Record>,
        dyn Store: Read<E>,
    {
        let seen: Vec<_> = rows.iter().map(|row| (row.id(), row.version())).collect();
        let mut all = ChangeSet::new();
        rows.into_iter().for_each(|row| all.delete(row));
        match self.store().commit(&self.scope, all).await {
            Ok(()) => return Ok(seen.len()),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut deleted = 0;
        for (id, version) in seen {
            let row: Option<E> = self.store().find(&self.scope, id).await?;
            let Some(row) = row.filter(|row| row.version() == version) else { continue };
            let mut change = ChangeSet::new();
            change.delete(row);
            deleted += self.commit_deletion(change).await?;
        }
        Ok(deleted)
    }

    async fn commit_deletion(&self, changes: ChangeSet) -> Result<usize, Error> {
        let count = changes.writes().len();
        match self.store().commit(&self.scope, changes).await {
            Ok(()) => Ok(count),
            Err(StoreError::Conflict { .. }) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

/// Which piece a call looks at.
#[derive(Debug)]
struct PageOf {
    after: Option<Cursor>,
    limit: usize,
    now: DateTime<Utc>,
}
