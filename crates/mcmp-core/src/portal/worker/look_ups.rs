//! Jobs whose outcome is unknown, claimed alone: while nothing may be sent, what was sent is still
//! looked for.

use super::Worker;
use crate::error::Error;
use crate::publishing::{JobState, Lease, PublishJob};
use crate::store::{ChangeSet, Claimed, PublishJobFilter, StoreError, StoreExt};

impl Worker {
    /// Takes up to `limit` jobs whose outcome is unknown and whose time to ask has come, as
    /// [`claim`](Self::claim) does, and no others. Each must be [carried out](Self::carry_out) or
    /// [released](Self::release).
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn claim_look_ups(&self, limit: usize) -> Result<Claimed, Error> {
        let store = self.portal.store();
        let at = store.now().await?;
        let filter = PublishJobFilter { states: vec![JobState::Unknown], ..Default::default() };
        let mut due: Vec<PublishJob> = store.all(&self.scope, filter).await?;
        due.sort_by_key(|job| job.due_at);
        let later = due.split_off(due.partition_point(|job| job.due_at <= at).min(limit));
        let next_due = later.first().map(|job| job.due_at);
        let mut jobs = Vec::new();
        for mut job in due {
            let until = at + self.lease;
            job.fence = job.fence.saturating_add(1);
            job.lease = Some(Lease { worker: self.id.clone(), until, claimed_rev: job.rev });
            // Nobody else asks meanwhile.
            job.due_at = until;
            let mut changes = ChangeSet::new();
            changes.update(&mut job);
            match store.commit(&self.scope, changes).await {
                Ok(()) => {
                    self.holds.note(&job);
                    jobs.push(job);
                }
                // Somebody else was faster.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) if jobs.is_empty() => return Err(error.into()),
                // Those that were taken must not be forgotten.
                Err(_) => break,
            }
        }
        Ok(Claimed { jobs, at, next_due })
    }
}
