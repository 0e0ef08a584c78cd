//! How jobs come to be: planned for a variant, or as another try of one that has ended.

use chrono::{DateTime, Utc};

use super::follow_up::{FollowUp, FollowUpOutcome};
use super::job::{JobState, PublishJob};
use super::lateness::LatenessPolicy;
use crate::account::SocialAccount;
use crate::id::{JobId, PostId, RevisionId};
use crate::post::{Digest, Outgoing};
use crate::store::Version;

/// What a job is made from.
#[derive(Debug, Clone)]
pub struct JobPlan<'a> {
    /// The job's id.
    pub id: JobId,
    /// Which post.
    pub post_id: PostId,
    /// To which account; the job takes over its policy for unknown outcomes and how often a part
    /// may fail.
    pub account: &'a SocialAccount,
    /// What goes out.
    pub outgoing: &'a Outgoing,
    /// The revision that `outgoing` is from.
    pub revision_id: RevisionId,
    /// That revision's digest.
    pub revision_digest: Digest,
    /// When it goes out.
    pub planned_at: DateTime<Utc>,
    /// What happens when it is late.
    pub lateness: LatenessPolicy,
    /// The present time.
    pub now: DateTime<Utc>,
}

impl PublishJob {
    /// A scheduled job that was never committed.
    #[must_use]
    pub fn plan(plan: JobPlan<'_>) -> Self {
        Self {
            id: plan.id,
            version: Version::NEW,
            agency_id: plan.account.agency_id,
            client_id: plan.account.client_id,
            account_id: plan.account.id,
            platform: plan.account.platform.clone(),
            post_id: plan.post_id,
            variant_id: plan.outgoing.variant_id,
            revision_id: plan.revision_id,
            revision_digest: plan.revision_digest,
            state: JobState::Scheduled,
            due_at: plan.planned_at,
            planned_at: plan.planned_at,
            lateness: plan.lateness,
            unknown_outcome: plan.account.unknown_outcome,
            max_failures: plan.account.max_failures,
            priority: 0,
            rev: 1,
            fence: 0,
            lease: None,
            intent: None,
            attempts: 0,
            sends: 0,
            failures: 0,
            waits: 0,
            crashes: 0,
            negatives: 0,
            last_negative_at: None,
            checkpoint: None,
            cancel_requested_at: None,
            hold_reason: None,
            last_error: None,
            remote: None,
            follow_ups: FollowUp::of(plan.outgoing),
            retry_of: None,
            created_at: plan.now,
            finished_at: None,
            metrics_due_at: None,
            last_snapshot: None,
        }
    }

    /// Another try under the id `id`, at `due_at`, of what did not go live: for a job that failed or
    /// was missed, and for one that is live with parts missing. What is live stays so and is not
    /// sent again. `None` for any other job.
    #[must_use]
    pub fn retry(&self, id: JobId, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Self> {
        let is_missing =
            |follow_up: &FollowUp| !matches!(follow_up.outcome, FollowUpOutcome::Live { .. });
        let can_retry = match self.state {
            JobState::Failed | JobState::Missed => true,
            JobState::Published => self.follow_ups.iter().any(is_missing),
            _ => false,
        };
        if !can_retry {
            return None;
        }
        let mut retry = Self {
            id,
            version: Version::NEW,
            state: JobState::Scheduled,
            due_at,
            planned_at: due_at,
            rev: 1,
            fence: 0,
            lease: None,
            intent: None,
            attempts: 0,
            sends: 0,
            failures: 0,
            waits: 0,
            crashes: 0,
            negatives: 0,
            last_negative_at: None,
            checkpoint: None,
            cancel_requested_at: None,
            hold_reason: None,
            last_error: None,
            retry_of: Some(self.id),
            created_at: now,
            finished_at: None,
            metrics_due_at: None,
            last_snapshot: None,
            ..self.clone()
        };
        for follow_up in retry.follow_ups.iter_mut().filter(|follow_up| is_missing(follow_up)) {
            follow_up.outcome = FollowUpOutcome::Pending;
        }
        Some(retry)
    }
}
