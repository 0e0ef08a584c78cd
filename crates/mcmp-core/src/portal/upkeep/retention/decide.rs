//! What may go.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::analytics::{RollupSubject, Snapshot};
use crate::id::{AccountId, JobId, SnapshotId};
use crate::lifecycle::PostStatus;
use crate::portal::upkeep::earlier;
use crate::publishing::PublishJob;

/// How old things are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ages {
    pub(super) now: DateTime<Utc>,
}

impl Ages {
    /// Whether `at` is longer ago than `age`; nothing is, without one.
    pub(super) fn is_older(&self, at: DateTime<Utc>, age: Option<TimeDelta>) -> bool {
        age.is_some_and(|age| at < earlier(self.now, age))
    }
}

/// The posts of which nothing more will come by itself.
pub(super) const OVER: &[PostStatus] = &[
    PostStatus::Published,
    PostStatus::PartiallyPublished,
    PostStatus::Failed,
    PostStatus::Cancelled,
    PostStatus::Archived,
];

/// Whether all of these jobs came to their end longer ago than `age`, and nothing more is asked
/// about them.
pub(super) fn jobs_are_old(jobs: &[PublishJob], ages: &Ages, age: TimeDelta) -> bool {
    jobs.iter().all(|job| {
        let ended = job.finished_at.filter(|_| job.state.is_final() && job.intent.is_none());
        ended.is_some_and(|at| ages.is_older(at, Some(age)))
    })
}

/// Sums that are for one post alone; the others are few, and stay.
pub(super) fn may_be_forgotten(subject: &RollupSubject) -> bool {
    matches!(subject, RollupSubject::Post(_))
}

/// Of each item and day, the newest of these.
pub(super) fn kept_days(snapshots: &[Snapshot]) -> BTreeSet<SnapshotId> {
    let mut newest = BTreeMap::<(AccountId, Option<JobId>, NaiveDate), &Snapshot>::new();
    for snapshot in snapshots {
        let day = (snapshot.account_id, snapshot.job_id, snapshot.taken_at.date_naive());
        let kept = newest.entry(day).or_insert(snapshot);
        if (kept.taken_at, kept.id) < (snapshot.taken_at, snapshot.id) {
            *kept = snapshot;
        }
    }
    newest.into_values().map(|snapshot| snapshot.id).collect()
}
