//! What worlds are made of.

use super::cast::{client, id, start};
use crate::account::{Platform, UnknownOutcomePolicy};
use crate::approval::ApprovalPolicy;
use crate::lifecycle::PostAction;
use crate::post::Digest;
use crate::publishing::{JobState, LatenessPolicy, MaxFailures, PublishJob};
use crate::store::Version;

/// What somebody does, or what happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Somebody tries something, allowed or not.
    Try { who: usize, action: PostAction, choice: u8 },
    /// Somebody does one of the things that are allowed.
    Do { who: usize, pick: usize, choice: u8 },
    /// Whoever can brings it nearer to going live.
    Further { choice: u8 },
    /// The worker has news of a job.
    Work { job: usize, choice: u8 },
    /// Time passes.
    Wait { minutes: i64 },
    /// The client's policy changes.
    Change(ApprovalPolicy),
}

/// The digest of content number `content`.
pub(super) fn digest(content: u8) -> Digest {
    Digest::try_from(format!("{content:064x}")).unwrap()
}

pub(super) fn job(n: u128, state: JobState) -> PublishJob {
    PublishJob {
        id: id(n),
        version: Version::NEW,
        agency_id: id(1),
        client_id: client(),
        account_id: id(700),
        platform: Platform::X,
        post_id: id(3),
        variant_id: id(600),
        revision_id: id(501),
        revision_digest: digest(1),
        state,
        due_at: start(),
        planned_at: start(),
        lateness: LatenessPolicy::default(),
        unknown_outcome: UnknownOutcomePolicy::default(),
        max_failures: MaxFailures::default(),
        priority: 0,
        rev: 0,
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
        follow_ups: Vec::new(),
        retry_of: None,
        created_at: start(),
        finished_at: None,
        metrics_due_at: None,
        last_snapshot: None,
    }
}
