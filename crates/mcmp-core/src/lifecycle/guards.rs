//! What must hold before an action is accepted; each guard refuses with its own reason.

use chrono::{DateTime, Utc};

use crate::access::ActorRef;
use crate::approval::{Approval, Deciders, Stage, may_go_out};
use crate::post::Digest;
use crate::publishing::PublishJob;

use super::PostAction;
use super::action::{Action, Asked};
use super::facts::{Facts, Who};
use super::follow::{is_live, may_be_called_off, may_be_live, retryable, status_of_jobs};
use super::refusal::RefusalReason;

/// What must hold before an action is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Guard {
    /// It goes to some account.
    HasVariants,
    /// The gate: what would go out is approved, or nobody must be asked.
    MayGoOut,
    /// The time asked for, or the one it has, is still to come.
    TimeAhead,
    /// It has no time, or one that is still to come.
    PlannedTimeAhead,
    /// It has a time, and that has come.
    PlannedTimeCame,
    /// The policy does not bind its approval to another time.
    ApprovedForThatTime,
    /// It has a time.
    HasTime,
    /// Nothing was sent.
    NothingBegun,
    /// Some job can still be called off, or there is none.
    CanBeCalledOff,
    /// The jobs in question failed, were missed or are held.
    SomethingToRetry,
    /// What the jobs in question would send is approved, or nobody must be asked.
    RetriedMayGoOut,
    /// Its jobs say something.
    HasJobs,
    /// Something of it is live.
    IsLive,
    /// The actor decides in the current stage.
    Decider,
    /// The actor neither wrote, changed nor submitted it, or the stage lets authors decide.
    NotOwnPost,
    /// The actor has not decided in the current stage.
    NotDecidedYet,
}

impl Guard {
    /// How the table reads.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::HasVariants => "it has an account to go to",
            Self::MayGoOut => "exactly this content is approved, or the policy has no stages",
            Self::TimeAhead => "the time is to come",
            Self::PlannedTimeAhead => "its time, if it has one, is to come",
            Self::PlannedTimeCame => "its time has come",
            Self::ApprovedForThatTime => "its approval is not bound to another time",
            Self::HasTime => "it has a time",
            Self::NothingBegun => "nothing was sent",
            Self::CanBeCalledOff => "a job can still be called off",
            Self::SomethingToRetry => "a job failed, was missed or is held",
            Self::RetriedMayGoOut => "what is sent again is approved, or the policy has no stages",
            Self::HasJobs => "it has jobs",
            Self::IsLive => "something is live all the same",
            Self::Decider => "the actor is a decider of the current stage",
            Self::NotOwnPost => {
                "the actor neither wrote, changed nor submitted it, or the stage allows it"
            }
            Self::NotDecidedYet => "the actor has not decided in this stage",
        }
    }

    /// Refuses what does not hold; for an action known by name only, what holds in no way.
    pub(super) fn check(
        self,
        facts: &Facts<'_>,
        who: &Who<'_>,
        asked: Asked<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), RefusalReason> {
        let hold = |holds: bool, reason: RefusalReason| if holds { Ok(()) } else { Err(reason) };
        match self {
            Self::HasVariants => hold(facts.has_variants, RefusalReason::NothingToPublish),
            Self::MayGoOut => check_gate(facts, asked),
            Self::TimeAhead => check_time_ahead(facts, asked, now),
            Self::PlannedTimeAhead => check_ahead(facts.planned_at, now),
            Self::PlannedTimeCame => hold(
                facts.planned_at.is_some_and(|at| at <= now),
                RefusalReason::TimeNotCome { planned_at: facts.planned_at },
            ),
            Self::ApprovedForThatTime => check_bound_time(facts, asked, now),
            Self::HasTime => hold(facts.planned_at.is_some(), RefusalReason::NoTime),
            Self::NothingBegun => hold(
                !facts.jobs.iter().any(may_be_live) && !is_live(facts.jobs),
                RefusalReason::BeingPublished,
            ),
            Self::CanBeCalledOff => hold(
                facts.jobs.iter().any(may_be_called_off) || !facts.jobs.iter().any(may_be_live),
                RefusalReason::BeingPublished,
            ),
            Self::SomethingToRetry => jobs_to_retry(facts, asked).map(|_jobs| ()),
            Self::RetriedMayGoOut => jobs_to_retry(facts, asked)?
                .into_iter()
                .try_for_each(|job| gate(facts, Some(&job.revision_digest))),
            Self::HasJobs => hold(status_of_jobs(facts.jobs).is_some(), RefusalReason::NoJobs),
            Self::IsLive => hold(is_live(facts.jobs), RefusalReason::NoJobs),
            Self::Decider => {
                let (_, stage) = current_stage(facts)?;
                hold(
                    is_decider(&stage.deciders, who),
                    RefusalReason::NotADecider {
                        stage: stage.name.clone(),
                        deciders: stage.deciders.clone(),
                    },
                )
            }
            Self::NotOwnPost => {
                let (approval, stage) = current_stage(facts)?;
                let own = who.actor == facts.author
                    || facts.editors.contains(who.actor)
                    || *who.actor == approval.requested_by;
                hold(
                    !own || stage.author_may_approve,
                    RefusalReason::OwnPost {
                        stage: stage.name.clone(),
                        deciders: stage.deciders.clone(),
                    },
                )
            }
            Self::NotDecidedYet => {
                let (approval, stage) = current_stage(facts)?;
                let current = approval.current_stage();
                let decided = approval
                    .decisions
                    .iter()
                    .any(|d| Some(d.stage) == current && d.by == *who.actor);
                hold(!decided, RefusalReason::AlreadyDecided { stage: stage.name.clone() })
            }
        }
    }
}

/// The jobs that a retry is about; never none.
pub(super) fn jobs_to_retry<'a>(
    facts: &Facts<'a>,
    asked: Asked<'_>,
) -> Result<Vec<&'a PublishJob>, RefusalReason> {
    let can: Vec<_> = retryable(facts.jobs).collect();
    let jobs = match asked {
        Asked::Exactly(Action::Retry { jobs: named }) if !named.is_empty() => {
            if let Some(job) = named.iter().find(|id| can.iter().all(|job| job.id != **id)) {
                return Err(RefusalReason::NotRetryable { job: *job });
            }
            can.into_iter().filter(|job| named.contains(&job.id)).collect()
        }
        // Known by name only: any one job that may go out will do.
        Asked::InAnyWay(_) => {
            let open: Vec<_> = can
                .iter()
                .filter(|job| gate(facts, Some(&job.revision_digest)).is_ok())
                .copied()
                .collect();
            if open.is_empty() { can } else { open }
        }
        Asked::Exactly(_) => can,
    };
    if jobs.is_empty() { Err(RefusalReason::NothingToRetry) } else { Ok(jobs) }
}

/// Whether `who` is one of `deciders`. The system never is, whatever its permissions.
fn is_decider(deciders: &Deciders, who: &Who<'_>) -> bool {
    match who.actor {
        ActorRef::System(_) => false,
        ActorRef::Guest(_) => deciders.guests,
        actor => {
            actor.user().is_some_and(|user| deciders.users.contains(&user))
                || who.roles.iter().any(|role| deciders.roles.contains(role))
        }
    }
}

fn current_stage<'a>(facts: &Facts<'a>) -> Result<(&'a Approval, &'a Stage), RefusalReason> {
    facts
        .approval
        .and_then(|approval| {
            let stage = approval.policy.stages.get(approval.current_stage()?)?;
            Some((approval, stage))
        })
        .ok_or(RefusalReason::NoDecisionAsked)
}

/// [`may_go_out`], with the reason why not. Content that has no digest yet may go out only where
/// nobody must be asked.
fn gate(facts: &Facts<'_>, digest: Option<&Digest>) -> Result<(), RefusalReason> {
    let open = match digest {
        Some(digest) => may_go_out(facts.policy, facts.approval, digest),
        None => facts.approval.is_none() && !facts.policy.is_required(),
    };
    match facts.approval {
        _ if open => Ok(()),
        Some(approval) if approval.is_complete() => Err(RefusalReason::NotWhatWasApproved),
        _ => Err(RefusalReason::ApprovalRequired),
    }
}

fn check_gate(facts: &Facts<'_>, asked: Asked<'_>) -> Result<(), RefusalReason> {
    let digest = match asked {
        Asked::Exactly(Action::Schedule { revision, .. } | Action::PublishNow { revision }) => {
            Some(&revision.digest)
        }
        Asked::InAnyWay(PostAction::Schedule | PostAction::PublishNow) => facts
            .approval
            .map(|approval| &approval.digest)
            .or(facts.revision.map(|revision| &revision.digest)),
        _ => facts.revision.map(|revision| &revision.digest),
    };
    gate(facts, digest)
}

fn check_ahead(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), RefusalReason> {
    match at {
        Some(at) if at <= now => Err(RefusalReason::PlannedInThePast { at }),
        _ => Ok(()),
    }
}

fn check_time_ahead(
    facts: &Facts<'_>,
    asked: Asked<'_>,
    now: DateTime<Utc>,
) -> Result<(), RefusalReason> {
    match asked {
        Asked::Exactly(_) => check_ahead(asked.time(now).or(facts.planned_at), now),
        Asked::InAnyWay(_) => Ok(()),
    }
}

fn check_bound_time(
    facts: &Facts<'_>,
    asked: Asked<'_>,
    now: DateTime<Utc>,
) -> Result<(), RefusalReason> {
    let Some(approved_for) = facts.bound_time() else { return Ok(()) };
    let kept = match asked.time(now) {
        Some(at) => at == approved_for,
        None => approved_for > now,
    };
    if kept { Ok(()) } else { Err(RefusalReason::NotWhenApproved { approved_for }) }
}
