//! The one function that decides.

use chrono::{DateTime, Utc};

use crate::approval::{Approval, Decision, Verdict};
use crate::event::EventKind;
use crate::notification::NotificationTopic;

use super::action::{Action, Asked};
use super::facts::{Facts, Who};
use super::follow::{
    arrival, status_after_calling_off, status_after_retrying, status_of_jobs, told,
};
use super::guards::jobs_to_retry;
use super::refusal::{Refusal, RefusalReason};
use super::rule::{ApprovalRule, JobsRule, Rule, ScheduleRule, To};
use super::table::TABLE;
use super::transition::{ApprovalChange, JobsEffect, ScheduleChange, Transition};
use super::{PostAction, PostStatus};

/// What `action` of `who` comes to at `now`, by the [`TABLE`]. It reads nothing but its arguments
/// and changes nothing.
///
/// # Errors
/// [`Refusal`], with the reason and who or what could.
pub fn decide(
    facts: &Facts<'_>,
    who: &Who<'_>,
    action: &Action,
    now: DateTime<Utc>,
) -> Result<Transition, Refusal> {
    let refuse = |reason| Refusal { action: action.name(), status: facts.status, reason };
    let asked = Asked::Exactly(action);
    rules(facts, asked, now)
        .next()
        .ok_or_else(|| not_from_here(facts, asked, now))
        .and_then(|rule| {
            check(rule, facts, who, asked, now)?;
            outcome(rule, facts, who, action, now)
        })
        .map_err(refuse)
}

/// What `who` may do at `now`, in the order of the table: each action that [`decide`] accepts in
/// some way, such as for some time or with some kind of change.
#[must_use]
pub fn allowed_actions(facts: &Facts<'_>, who: &Who<'_>, now: DateTime<Utc>) -> Vec<PostAction> {
    let allowed = |name: &PostAction| {
        let asked = Asked::InAnyWay(*name);
        rules(facts, asked, now).any(|rule| check(rule, facts, who, asked, now).is_ok())
    };
    PostAction::ALL.iter().copied().filter(allowed).collect()
}

/// Where `action` would lead, whoever does it, if nothing speaks against it; `None` if it is not
/// possible from where the post stands.
#[must_use]
pub fn leads_to(facts: &Facts<'_>, action: PostAction, now: DateTime<Utc>) -> Option<PostStatus> {
    let asked = Asked::InAnyWay(action);
    rules(facts, asked, now).find_map(|rule| target(rule, facts, asked).ok())
}

/// The lines that hold for `asked`: one or none for an exact action.
pub(super) fn rules<'r>(
    facts: &'r Facts<'_>,
    asked: Asked<'r>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = &'static Rule> + 'r {
    TABLE.iter().filter(move |rule| {
        rule.action == asked.name()
            && rule.from.contains(&facts.status)
            && rule.when.iter().all(|condition| condition.holds(facts, asked, now))
    })
}

fn not_from_here(facts: &Facts<'_>, asked: Asked<'_>, now: DateTime<Utc>) -> RefusalReason {
    if facts.status == PostStatus::Publishing {
        return RefusalReason::BeingPublished;
    }
    let possible = |status: &PostStatus| {
        rules(&Facts { status: *status, ..*facts }, asked, now).next().is_some()
    };
    RefusalReason::NotFromHere {
        possible: PostStatus::ALL.iter().copied().filter(possible).collect(),
    }
}

fn check(
    rule: &Rule,
    facts: &Facts<'_>,
    who: &Who<'_>,
    asked: Asked<'_>,
    now: DateTime<Utc>,
) -> Result<(), RefusalReason> {
    rule.by.check(who)?;
    rule.guards.iter().try_for_each(|guard| guard.check(facts, who, asked, now))
}

fn target(rule: &Rule, facts: &Facts<'_>, asked: Asked<'_>) -> Result<PostStatus, RefusalReason> {
    match (rule.to, rule.jobs) {
        (To::Same, _) => Ok(facts.status),
        (To::Status(status), _) => Ok(status),
        // Without a job nothing is left that could go out.
        (To::AsJobsSay, JobsRule::Cancel) => {
            Ok(status_after_calling_off(facts.jobs).unwrap_or(PostStatus::Cancelled))
        }
        (To::AsJobsSay, JobsRule::Retry) => {
            let jobs: Vec<_> = jobs_to_retry(facts, asked)?.iter().map(|job| job.id).collect();
            status_after_retrying(facts.jobs, &jobs).ok_or(RefusalReason::NoJobs)
        }
        (To::AsJobsSay, JobsRule::Keep | JobsRule::Sync) => {
            status_of_jobs(facts.jobs).ok_or(RefusalReason::NoJobs)
        }
    }
}

fn outcome(
    rule: &Rule,
    facts: &Facts<'_>,
    who: &Who<'_>,
    action: &Action,
    now: DateTime<Utc>,
) -> Result<Transition, RefusalReason> {
    let asked = Asked::Exactly(action);
    let to = target(rule, facts, asked)?;
    let mut events = rule.events.to_vec();
    let mut notify = rule.notify.to_vec();
    if rule.to == To::AsJobsSay && to != facts.status && !events.contains(&EventKind::PostRetried) {
        events.push(arrival(to));
        notify.extend(told(to));
    }
    let approval = match rule.approval {
        ApprovalRule::Keep => ApprovalChange::Keep,
        ApprovalRule::Clear => ApprovalChange::Clear,
        ApprovalRule::Void => {
            events.extend(facts.approval.map(|_approval| EventKind::PostApprovalVoided));
            ApprovalChange::Clear
        }
        ApprovalRule::Ask => asked_for(facts, who, action, now),
        ApprovalRule::Decide(verdict) => {
            let (approval, next_stage) = decided(facts, who, action, verdict, now)?;
            notify.extend(next_stage.then_some(NotificationTopic::ApprovalRequested));
            ApprovalChange::Set(approval)
        }
    };
    let schedule = match rule.schedule {
        ScheduleRule::Keep => ScheduleChange::Keep,
        ScheduleRule::Clear => ScheduleChange::Clear,
        ScheduleRule::Asked => asked.time(now).map_or(ScheduleChange::Keep, ScheduleChange::Set),
    };
    let jobs = match rule.jobs {
        JobsRule::Keep => JobsEffect::None,
        JobsRule::Sync => JobsEffect::Sync,
        JobsRule::Cancel => JobsEffect::Cancel,
        JobsRule::Retry => JobsEffect::Retry {
            jobs: jobs_to_retry(facts, asked)?.iter().map(|job| job.id).collect(),
        },
    };
    Ok(Transition {
        action: action.name(),
        from: facts.status,
        to,
        approval,
        schedule,
        jobs,
        events,
        notify,
        note: action.note().cloned(),
    })
}

fn asked_for(
    facts: &Facts<'_>,
    who: &Who<'_>,
    action: &Action,
    now: DateTime<Utc>,
) -> ApprovalChange {
    let Action::Submit { revision, at } = action else { return ApprovalChange::Keep };
    ApprovalChange::Set(Approval {
        revision_id: revision.id,
        digest: revision.digest.clone(),
        planned_at: at.or(facts.planned_at),
        policy: facts.policy.clone(),
        requested_by: who.actor.clone(),
        requested_at: now,
        stage_started_at: now,
        decisions: Vec::new(),
        overdue_told: None,
    })
}

/// The approval with one more decision, and whether another stage begins with it.
fn decided(
    facts: &Facts<'_>,
    who: &Who<'_>,
    action: &Action,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Result<(Approval, bool), RefusalReason> {
    let mut approval = facts.approval.cloned().ok_or(RefusalReason::NoDecisionAsked)?;
    let stage = approval.current_stage().ok_or(RefusalReason::NoDecisionAsked)?;
    approval.decisions.push(Decision {
        stage,
        by: who.actor.clone(),
        verdict,
        note: action.note().cloned(),
        at: now,
    });
    let current = approval.current_stage();
    if current != Some(stage) {
        approval.stage_started_at = now;
    }
    Ok((approval, current.is_some_and(|current| current != stage)))
}
