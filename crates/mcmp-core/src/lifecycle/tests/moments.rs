//! Random moments: any status with any approval, time and jobs, reachable or not, so that nothing
//! rests on a store having kept its promises.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::cast::{cast, client, id, policy, start};
use super::things::{digest, job};
use crate::access::Scope;
use crate::approval::{Approval, ApprovalPolicy, Decision, Verdict};
use crate::lifecycle::{Action, Facts, PostAction, PostStatus, Who};
use crate::post::RevisionRef;
use crate::publishing::{HoldReason, JobState, PublishJob};

/// A post at a moment, with everybody around it.
#[derive(Debug)]
pub(crate) struct Moment {
    pub(crate) cast: Vec<Scope>,
    policy: ApprovalPolicy,
    pub(crate) status: PostStatus,
    author: usize,
    revision: Option<RevisionRef>,
    planned_at: Option<DateTime<Utc>>,
    approval: Option<Approval>,
    pub(crate) jobs: Vec<PublishJob>,
    has_variants: bool,
}

impl Moment {
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            status: self.status,
            author: self.cast[self.author].actor(),
            editors: &[],
            revision: self.revision.as_ref(),
            planned_at: self.planned_at,
            approval: self.approval.as_ref(),
            policy: &self.policy,
            jobs: &self.jobs,
            has_variants: self.has_variants,
        }
    }

    pub(crate) fn everybody(&self) -> impl Iterator<Item = Who<'_>> {
        self.cast.iter().map(|scope| Who::of(scope, client()))
    }

    /// Every way to ask for `action` that could make a difference.
    pub(crate) fn ways(&self, action: PostAction) -> Vec<Action> {
        let hour = TimeDelta::hours(1);
        let times: Vec<_> =
            self.planned_at.into_iter().chain([now() - hour, now(), now() + hour * 9]).collect();
        let revisions = || (0..CONTENTS).map(revision);
        let note = || "Because.".parse().unwrap();
        match action {
            PostAction::Create => Vec::new(),
            PostAction::Edit => [true, false]
                .into_iter()
                .map(|digest_changes| Action::Edit { digest_changes })
                .collect(),
            PostAction::Submit => std::iter::once(None)
                .chain(times.into_iter().map(Some))
                .map(|at| Action::Submit { revision: revision(0), at })
                .collect(),
            PostAction::Withdraw => vec![Action::Withdraw],
            PostAction::Approve => vec![Action::Approve { note: None }],
            PostAction::RequestChanges => vec![Action::RequestChanges { note: note() }],
            PostAction::Reject => vec![Action::Reject { note: None }],
            PostAction::ExpireApproval => vec![Action::ExpireApproval],
            PostAction::Schedule => revisions()
                .flat_map(|revision| {
                    times
                        .iter()
                        .map(move |at| Action::Schedule { revision: revision.clone(), at: *at })
                })
                .collect(),
            PostAction::Reschedule => {
                times.into_iter().map(|at| Action::Reschedule { at }).collect()
            }
            PostAction::Unschedule => vec![Action::Unschedule],
            PostAction::PublishNow => {
                revisions().map(|revision| Action::PublishNow { revision }).collect()
            }
            PostAction::Retry => std::iter::once(Vec::new())
                .chain(self.jobs.iter().map(|job| vec![job.id]))
                .map(|jobs| Action::Retry { jobs })
                .collect(),
            PostAction::FollowJobs => vec![Action::FollowJobs],
            PostAction::Cancel => vec![Action::Cancel { note: None }],
            PostAction::Reopen => vec![Action::Reopen],
            PostAction::Archive => vec![Action::Archive],
            PostAction::Delete => vec![Action::Delete],
        }
    }
}

const CONTENTS: u8 = 3;

pub(crate) fn now() -> DateTime<Utc> {
    start() + TimeDelta::days(1)
}

pub(super) fn revision(content: u8) -> RevisionRef {
    RevisionRef {
        id: id(500 + u128::from(content)),
        number: u32::from(content) + 1,
        digest: digest(content),
    }
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (-2_i64..=3).prop_map(|hours| now() + TimeDelta::hours(hours))
}

fn approval() -> impl Strategy<Value = Approval> {
    let verdict = prop_oneof![
        6 => Just(Verdict::Approved),
        1 => Just(Verdict::ChangesRequested),
        1 => Just(Verdict::Rejected),
    ];
    let decisions = vec((0_usize..2, 1_u128..5, verdict), 0..5);
    (policy(), 0..CONTENTS, option::of(time()), 0_u128..4, decisions).prop_map(
        |(policy, content, planned_at, requested_by, decisions)| Approval {
            revision_id: revision(content).id,
            digest: digest(content),
            planned_at,
            policy,
            requested_by: crate::access::ActorRef::User(super::cast::person(requested_by)),
            requested_at: start(),
            stage_started_at: start(),
            decisions: decisions
                .into_iter()
                .map(|(stage, by, verdict)| Decision {
                    stage,
                    by: crate::access::ActorRef::User(super::cast::person(by)),
                    verdict,
                    note: None,
                    at: start(),
                })
                .collect(),
            overdue_told: None,
        },
    )
}

fn jobs() -> impl Strategy<Value = Vec<PublishJob>> {
    let holds = vec![HoldReason::Late, HoldReason::UnknownOutcome, HoldReason::Reconnect];
    let one = (
        select(JobState::ALL),
        0..CONTENTS,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        select(holds),
        option::weighted(0.3, 0_u128..4),
    );
    vec(one, 0..4).prop_map(|jobs| {
        (0..)
            .zip(jobs)
            .map(|(n, (state, content, checkpoint, called_off, reason, retry_of))| {
                let mut job = job(1_000 + n, state);
                job.revision_id = revision(content).id;
                job.revision_digest = digest(content);
                job.checkpoint = checkpoint.then(|| serde_json::json!({}));
                job.cancel_requested_at = called_off.then(start);
                job.hold_reason = (state == JobState::Held).then_some(reason);
                job.retry_of = retry_of.filter(|old| *old < n).map(|old| id(1_000 + old));
                job
            })
            .collect()
    })
}

/// Any moment.
pub(crate) fn moment() -> impl Strategy<Value = Moment> {
    (
        cast(),
        policy(),
        select(PostStatus::ALL),
        0_usize..8,
        option::of((0..CONTENTS).prop_map(revision)),
        option::of(time()),
        option::weighted(0.7, approval()),
        jobs(),
        prop::bool::weighted(0.9),
    )
        .prop_map(
            |(cast, policy, status, author, revision, planned_at, approval, jobs, has_variants)| {
                let author = author % cast.len();
                Moment {
                    cast,
                    policy,
                    status,
                    author,
                    revision,
                    planned_at,
                    approval,
                    jobs,
                    has_variants,
                }
            },
        )
}
