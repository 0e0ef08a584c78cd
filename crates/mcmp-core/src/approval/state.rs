//! How far an approval has come.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::policy::{ApprovalPolicy, Stage};
use crate::access::ActorRef;
use crate::id::RevisionId;
use crate::post::Digest;
use crate::value::Note;

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Yes.
    Approved,
    /// Not like this.
    ChangesRequested,
    /// Not at all.
    Rejected,
}

/// One decision, bound to the revision its [`Approval`] is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// In which stage, counted from 0.
    pub stage: usize,
    /// Who.
    pub by: ActorRef,
    /// What.
    pub verdict: Verdict,
    /// Why.
    pub note: Option<Note>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A request for approval of one revision, and what became of it.
///
/// It keeps the policy as it was when it was asked for: a policy that changes later neither
/// approves nor voids anything that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Which revision.
    pub revision_id: RevisionId,
    /// That revision's digest: any other content is not approved.
    pub digest: Digest,
    /// When it would go out, if it was planned as it was asked for.
    pub planned_at: Option<DateTime<Utc>>,
    /// The policy it was asked for under.
    pub policy: ApprovalPolicy,
    /// Who asked.
    pub requested_by: ActorRef,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// When the current stage began.
    pub stage_started_at: DateTime<Utc>,
    /// What was decided, in order.
    pub decisions: Vec<Decision>,
    /// The stage, counted from 0, that people were told is overdue.
    #[serde(default)]
    pub overdue_told: Option<usize>,
}

impl Approval {
    /// The stage that waits for decisions, counted from 0; `None` once all stages said yes.
    #[must_use]
    pub fn current_stage(&self) -> Option<usize> {
        self.policy.stages.iter().enumerate().position(|(i, stage)| !self.is_met(i, stage))
    }

    /// Whether all stages said yes.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.current_stage().is_none()
    }

    /// Who said yes in stage `index`.
    pub fn approvers(&self, index: usize) -> impl Iterator<Item = &ActorRef> {
        self.decisions
            .iter()
            .filter(move |d| d.stage == index && d.verdict == Verdict::Approved)
            .map(|d| &d.by)
    }

    /// When the current stage's decision is due.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        let stage = self.policy.stages.get(self.current_stage()?)?;
        self.stage_started_at.checked_add_signed(stage.due_within()?)
    }

    /// Whether people were told that the stage that waits is overdue.
    #[must_use]
    pub fn is_overdue_told(&self) -> bool {
        self.overdue_told.is_some() && self.overdue_told == self.current_stage()
    }

    fn is_met(&self, index: usize, stage: &Stage) -> bool {
        let mut approvers: Vec<_> = self.approvers(index).collect();
        approvers.sort_unstable();
        approvers.dedup();
        u32::try_from(approvers.len()).unwrap_or(u32::MAX) >= stage.quorum
    }
}

/// The gate that nothing passes around: whether content of `digest` may go out under `policy`.
///
/// Without a policy everything may. With one, the approval must be complete under the policy it
/// was asked for, and about exactly this content.
#[must_use]
pub fn may_go_out(policy: &ApprovalPolicy, approval: Option<&Approval>, digest: &Digest) -> bool {
    match approval {
        Some(approval) => approval.is_complete() && approval.digest == *digest,
        None => !policy.is_required(),
    }
}
