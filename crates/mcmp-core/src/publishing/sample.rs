//! A small world to test in: one account, one post, one job.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{JobPlan, LatenessPolicy, Lease, MaxFailures, PublishJob, WorkerId};
use crate::account::{
    AccountKind, AccountStatus, AppCredentialsRef, ExternalId, Platform, SocialAccount, Tokens,
    UnknownOutcomePolicy,
};
use crate::id::Id;
use crate::post::{Digest, Outgoing, OutgoingPart, PlatformOptions, PostKind};
use crate::secret::SecretText;
use crate::store::Version;
use crate::time::QueueSlots;
use crate::value::Name;

/// An id that is the same in every run.
pub(crate) fn id<I: Id>(n: u128) -> I {
    I::from_uuid(Uuid::from_u128(n))
}

/// `seconds` after the time that samples are planned for.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(crate) fn account() -> SocialAccount {
    SocialAccount {
        id: id(3),
        version: Version(1),
        agency_id: id(1),
        client_id: id(2),
        platform: Platform::THREADS,
        kind: AccountKind::Profile,
        external_id: ExternalId::new("external_id", "42").unwrap(),
        handle: None,
        display_name: Name::new("display_name", "Bakery").unwrap(),
        avatar_url: None,
        status: AccountStatus::Connected,
        status_detail: None,
        tokens: None,
        granted_scopes: std::collections::BTreeSet::new(),
        app_credentials: AppCredentialsRef::Instance,
        metadata: std::collections::BTreeMap::new(),
        limits_profile: None,
        queue_slots: QueueSlots::default(),
        unknown_outcome: UnknownOutcomePolicy::Hold,
        max_failures: MaxFailures::default(),
        created_at: at(-1_000),
        updated_at: at(-1_000),
    }
}

/// A text with so many further parts.
pub(crate) fn outgoing(parts: usize, first_comment: bool) -> Outgoing {
    Outgoing {
        variant_id: id(5),
        account_id: id(3),
        platform: Platform::THREADS,
        kind: PostKind::Feed,
        title: String::new(),
        text: "Fresh bread".to_owned(),
        media: Vec::new(),
        link: None,
        first_comment: first_comment.then(|| "Where to find us".to_owned()),
        thread: (0..parts)
            .map(|n| OutgoingPart { text: format!("Part {n}"), media: Vec::new() })
            .collect(),
        options: PlatformOptions::None,
    }
}

/// A job planned for `at(0)`.
pub(crate) fn job(outgoing: &Outgoing) -> PublishJob {
    PublishJob::plan(JobPlan {
        id: id(6),
        post_id: id(4),
        account: &account(),
        outgoing,
        revision_id: id(7),
        revision_digest: Digest::of(std::slice::from_ref(outgoing)),
        planned_at: at(0),
        lateness: LatenessPolicy::default(),
        now: at(-1_000),
    })
}

/// The job as the store's claim leaves it, if it can be claimed at `now`.
pub(crate) fn claim(job: &PublishJob, now: DateTime<Utc>) -> Option<PublishJob> {
    use super::JobState::{Running, Scheduled, Unknown};
    if job.due_at > now || !matches!(job.state, Scheduled | Unknown) {
        return None;
    }
    let mut job = job.clone();
    let until = now + chrono::TimeDelta::seconds(10);
    match job.state {
        Scheduled => job.state = Running,
        _ => job.due_at = until,
    }
    job.fence += 1;
    job.lease = Some(Lease { worker: WorkerId("sample".to_owned()), until, claimed_rev: job.rev });
    Some(job)
}

pub(crate) fn tokens() -> Tokens {
    Tokens {
        access: SecretText::new("very-secret"),
        refresh: None,
        access_expires_at: None,
        refresh_expires_at: None,
    }
}
