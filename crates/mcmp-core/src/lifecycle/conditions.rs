//! What tells the rules of one action and status apart.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::access::ActorRef;
use crate::approval::Approval;

use super::action::{Action, Asked};
use super::facts::Facts;

/// What tells the rules of one action and status apart: exactly one of them holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// What would go out changes.
    ContentChanges,
    /// What would go out stays the same.
    ContentStays,
    /// The client's policy asks somebody.
    PolicyAsks,
    /// The client's policy asks nobody.
    PolicyAsksNobody,
    /// The client's policy asks somebody, or the post was approved under one that did.
    ApprovalMatters,
    /// Nobody is or was asked.
    ApprovalDoesNotMatter,
    /// It is approved, by all stages.
    Approved,
    /// It is not approved.
    NotApproved,
    /// It is approved or waits for it, with a time that the policy binds the approval to, and the
    /// time changes.
    TimeChangeVoids,
    /// The time may change freely, or does not change.
    TimeChangeKeeps,
    /// One more yes is all that is missing.
    LastYes,
    /// More than one yes is missing.
    MoreThanOneYesMissing,
}

impl Condition {
    /// How the table reads.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::ContentChanges => "what would go out changes",
            Self::ContentStays => "what would go out stays the same",
            Self::PolicyAsks => "the policy has stages",
            Self::PolicyAsksNobody => "the policy has no stages",
            Self::ApprovalMatters => "the policy has stages, or the post is approved",
            Self::ApprovalDoesNotMatter => "the policy has no stages",
            Self::Approved => "all stages said yes",
            Self::NotApproved => "it was never approved",
            Self::TimeChangeVoids => "the approval is bound to another time",
            Self::TimeChangeKeeps => "the approval is not bound to another time",
            Self::LastYes => "this yes completes the last stage",
            Self::MoreThanOneYesMissing => "more decisions are needed",
        }
    }

    /// Whether it holds; for an action known by name only, whether it holds in some way.
    pub(super) fn holds(self, facts: &Facts<'_>, asked: Asked<'_>, now: DateTime<Utc>) -> bool {
        let approved = || facts.approval.is_some_and(Approval::is_complete);
        let matters = || facts.policy.is_required() || facts.approval.is_some();
        match self {
            Self::ContentChanges => changes_content(asked).unwrap_or(true),
            Self::ContentStays => !changes_content(asked).unwrap_or(false),
            Self::PolicyAsks => facts.policy.is_required(),
            Self::PolicyAsksNobody => !facts.policy.is_required(),
            Self::ApprovalMatters => matters(),
            Self::ApprovalDoesNotMatter => !matters(),
            Self::Approved => approved(),
            Self::NotApproved => !approved(),
            Self::TimeChangeVoids => changes_bound_time(facts, asked, now).unwrap_or(true),
            Self::TimeChangeKeeps => !changes_bound_time(facts, asked, now).unwrap_or(false),
            Self::LastYes => one_yes_is_missing(facts),
            Self::MoreThanOneYesMissing => !one_yes_is_missing(facts),
        }
    }
}

fn changes_content(asked: Asked<'_>) -> Option<bool> {
    match asked {
        Asked::Exactly(Action::Edit { digest_changes }) => Some(*digest_changes),
        _ => None,
    }
}

/// Whether the time of an approval bound to one changes; `None` if that depends on what is asked.
fn changes_bound_time(facts: &Facts<'_>, asked: Asked<'_>, now: DateTime<Utc>) -> Option<bool> {
    let Some(bound) = facts.bound_time() else { return Some(false) };
    match asked {
        Asked::Exactly(_) => Some(asked.time(now) != Some(bound)),
        Asked::InAnyWay(super::PostAction::Reschedule) => None,
        Asked::InAnyWay(_) => Some(true),
    }
}

/// Whether one more yes, of somebody who has not decided yet, completes the approval.
fn one_yes_is_missing(facts: &Facts<'_>) -> bool {
    let Some(approval) = facts.approval else { return false };
    let Some(current) = approval.current_stage() else { return false };
    let Some(stage) = approval.policy.stages.get(current) else { return false };
    let said_yes: BTreeSet<&ActorRef> = approval.approvers(current).collect();
    let with_this_one = u32::try_from(said_yes.len()).unwrap_or(u32::MAX).saturating_add(1);
    let later_is_open = (current + 1..approval.policy.stages.len()).any(|later| {
        let said_yes: BTreeSet<&ActorRef> = approval.approvers(later).collect();
        let needed = approval.policy.stages.get(later).map_or(0, |stage| stage.quorum);
        u32::try_from(said_yes.len()).unwrap_or(u32::MAX) < needed
    });
    with_this_one >= stage.quorum && !later_is_open
}
