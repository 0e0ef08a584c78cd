//! Carries out a lifecycle action: load, decide, check the rules, write once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::check;
use super::draft::When;
use super::jobs::JobChanges;
use super::situation::{Composition, Situation, new_revision};
use crate::access::ActorRef;
use crate::error::Error;
use crate::event::{FieldChange, Subject};
use crate::id::{JobId, PostId, RevisionId};
use crate::lifecycle::{
    Action, JobsEffect, PostAction, PostStatus, Refusal, RefusalReason, ScheduleChange, Transition,
    decide, follow,
};
use crate::member::Permission;
use crate::notification::NotificationTopic;
use crate::portal::session::retrying;
use crate::portal::{Session, Work, audience};
use crate::post::{HistoryEntry, Post, Revision, RevisionRef};
use crate::publishing::{JobState, PublishJob};
use crate::store::Version;
use crate::time::{Schedule, WallTime};
use crate::value::{InvalidValue, Note};

/// What a person asks of a post; what the action takes is found out here.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Submit {
        when: Option<When>,
    },
    Withdraw,
    Decide {
        /// The revision that was looked at.
        on: RevisionId,
        decision: Decide,
    },
    ExpireApproval,
    Schedule {
        when: When,
    },
    /// For the time that the post has already.
    ScheduleAsPlanned,
    Reschedule {
        when: When,
    },
    Unschedule,
    PublishNow,
    Retry {
        jobs: Vec<JobId>,
    },
    FollowJobs,
    Cancel {
        note: Option<Note>,
    },
    Reopen,
    Archive,
}

/// What is decided about a revision.
#[derive(Debug, Clone)]
pub(crate) enum Decide {
    Approve { note: Option<Note> },
    RequestChanges { note: Note },
    Reject { note: Option<Note> },
}

impl Decide {
    fn action(&self) -> Action {
        match self {
            Self::Approve { note } => Action::Approve { note: note.clone() },
            Self::RequestChanges { note } => Action::RequestChanges { note: note.clone() },
            Self::Reject { note } => Action::Reject { note: note.clone() },
        }
    }
}

impl Ask {
    /// The action of this name, as far as a name is enough; a decision is about the revision that
    /// `seen` asks approval of.
    pub(crate) fn of(action: PostAction, seen: &Post, note: Option<Note>) -> Option<Self> {
        let decide = |decision| {
            let on = seen.approval.as_ref()?.revision_id;
            Some(Self::Decide { on, decision })
        };
        Some(match action {
            PostAction::Submit => Self::Submit { when: None },
            PostAction::Withdraw => Self::Withdraw,
            PostAction::Approve => decide(Decide::Approve { note })?,
            PostAction::RequestChanges => decide(Decide::RequestChanges { note: note? })?,
            PostAction::Reject => decide(Decide::Reject { note })?,
            PostAction::Schedule => Self::ScheduleAsPlanned,
            PostAction::Unschedule => Self::Unschedule,
            PostAction::PublishNow => Self::PublishNow,
            PostAction::Retry => Self::Retry { jobs: Vec::new() },
            PostAction::Cancel => Self::Cancel { note },
            PostAction::Reopen => Self::Reopen,
            PostAction::Archive => Self::Archive,
            _ => return None,
        })
    }
}

/// Carries out what is asked, again if somebody else's commit comes first.
pub(crate) async fn perform(session: &Session, id: PostId, ask: &Ask) -> Result<Post, Error> {
    let post = retrying(async || Performance::begin(session, id).await?.run(ask).await).await?;
    Ok(session.as_read(post))
}

/// One try.
struct Performance<'s> {
    session: &'s Session,
    work: Work<'s>,
    situation: Situation,
    /// The time that was asked for, with what was meant.
    schedule: Option<Schedule>,
    /// The revision that this change adds.
    frozen: Option<Revision>,
    composition: Option<Composition>,
}

impl<'s> Performance<'s> {
    async fn begin(session: &'s Session, id: PostId) -> Result<Self, Error> {
        let work = session.work_on_jobs().await?;
        let situation = Situation::load(session, id).await?;
        Ok(Self { session, work, situation, schedule: None, frozen: None, composition: None })
    }

    async fn run(mut self, ask: &Ask) -> Result<Post, Error> {
        let action = self.action(ask).await?;
        let who = self.situation.who(self.session);
        let transition = decide(&self.situation.facts(), &who, &action, self.work.now())?;
        if let Ask::Decide { on, .. } = ask {
            self.check_seen(*on, &transition)?;
        }
        self.check_rules(&action).await?;
        self.write(transition).await
    }

    async fn action(&mut self, ask: &Ask) -> Result<Action, Error> {
        Ok(match ask {
            Ask::Submit { when } => {
                let at = match when {
                    Some(when) => Some(self.plan(when).await?),
                    None => None,
                };
                Action::Submit { revision: self.freeze().await?, at }
            }
            Ask::Withdraw => Action::Withdraw,
            Ask::Decide { decision, .. } => decision.action(),
            Ask::ExpireApproval => Action::ExpireApproval,
            Ask::Schedule { when } => {
                let at = self.plan(when).await?;
                Action::Schedule { revision: self.freeze().await?, at }
            }
            Ask::ScheduleAsPlanned => {
                let at = self.situation.post.planned_at();
                let at = at.ok_or_else(|| InvalidValue::required("schedule"))?;
                Action::Schedule { revision: self.freeze().await?, at }
            }
            Ask::Reschedule { when } => Action::Reschedule { at: self.plan(when).await? },
            Ask::Unschedule => Action::Unschedule,
            Ask::PublishNow => {
                self.plan(&When::At(self.work.now())).await?;
                Action::PublishNow { revision: self.freeze().await? }
            }
            Ask::Retry { jobs } => Action::Retry { jobs: jobs.clone() },
            Ask::FollowJobs => Action::FollowJobs,
            Ask::Cancel { note } => Action::Cancel { note: note.clone() },
            Ask::Reopen => Action::Reopen,
            Ask::Archive => Action::Archive,
        })
    }

    /// Nobody decides on what they have not seen: the revision that waits must be the one that was
    /// looked at, also after somebody else's commit came first.
    fn check_seen(&self, on: RevisionId, transition: &Transition) -> Result<(), Error> {
        let waits = self.situation.post.approval.as_ref().map(|approval| approval.revision_id);
        match waits {
            Some(waits) if waits == on => Ok(()),
            waits => Err(Refusal {
                action: transition.action,
                status: transition.from,
                reason: RefusalReason::AnotherRevision { waits },
            }
            .into()),
        }
    }

    /// Finds out which instant is meant, and keeps what was meant beside it.
    async fn plan(&mut self, when: &When) -> Result<chrono::DateTime<chrono::Utc>, Error> {
        let Situation { post, client, .. } = &self.situation;
        let schedule = resolve(self.session, post, client.zone, when, self.work.now()).await?;
        let at = schedule.at();
        self.schedule = Some(schedule);
        Ok(at)
    }

    /// The revision of the content as it is: the newest one if nothing changed since, else a new one.
    async fn freeze(&mut self) -> Result<RevisionRef, Error> {
        let composition = Composition::of(self.session, &self.situation.post).await?;
        let (post, digest) = (&self.situation.post, composition.digest());
        let revision = match &post.revision {
            Some(newest) if newest.digest == digest => newest.clone(),
            _ => {
                let revision = new_revision(self.session, post, &composition, digest, &self.work)?;
                let name = revision.name();
                self.frozen = Some(revision);
                name
            }
        };
        self.composition = Some(composition);
        Ok(revision)
    }

    /// Nothing is submitted, scheduled or sent that the rules refuse.
    async fn check_rules(&mut self, action: &Action) -> Result<(), Error> {
        let is_checked = matches!(
            action,
            Action::Submit { .. }
                | Action::Schedule { .. }
                | Action::Reschedule { .. }
                | Action::PublishNow { .. }
        );
        if !is_checked {
            return Ok(());
        }
        let Situation { post, client, .. } = &self.situation;
        let composition = match self.composition.take() {
            Some(composition) => composition,
            None => Composition::of(self.session, post).await?,
        };
        let at = self.schedule.as_ref().map(Schedule::at).or_else(|| post.planned_at());
        let report = check(self.session, client, post, &composition, at).await?;
        if report.has_errors() { Err(Error::RulesViolated(report)) } else { Ok(()) }
    }

    async fn write(mut self, transition: Transition) -> Result<Post, Error> {
        let before = self.situation.post.clone();
        let mut post = before.clone();
        if let Some(revision) = &mut self.frozen {
            self.work.changes().insert(revision);
            post.revision = Some(revision.name());
        }
        post.status = transition.to;
        post.updated_at = self.work.now();
        transition.approval.apply(&mut post.approval);
        self.apply_schedule(transition.schedule, &mut post)?;

        let mut plan = JobChanges::new(self.session, &self.situation, self.frozen.as_ref());
        plan.carry_out(&transition.jobs, &post, &mut self.work).await?;
        let jobs = plan.jobs;
        let has_new_jobs = transition.jobs != JobsEffect::None;
        record(&mut self.work, self.session.actor(), &post, &transition)?;
        tell(self.session, &mut self.work, &before, &post, &transition).await?;
        if has_new_jobs {
            follow_jobs(self.session, &mut self.work, &mut post, &jobs).await?;
        }
        self.work.changes().update(&mut post);
        self.work.commit().await?;
        Ok(post)
    }

    fn apply_schedule(&self, change: ScheduleChange, post: &mut Post) -> Result<(), Error> {
        match change {
            ScheduleChange::Keep => {}
            ScheduleChange::Clear => post.schedule = None,
            ScheduleChange::Set(at) => {
                let meant = self.schedule.as_ref().or(post.schedule.as_ref());
                post.schedule = Some(match meant.filter(|schedule| schedule.at() == at) {
                    Some(schedule) => *schedule,
                    None => Schedule::at_instant(at, self.situation.client.zone)?,
                });
            }
        }
        Ok(())
    }
}

/// Which instant is meant, beside what was meant.
pub(super) async fn resolve(
    session: &Session,
    post: &Post,
    zone: chrono_tz::Tz,
    when: &When,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Schedule, Error> {
    Ok(match when {
        When::At(at) => Schedule::at_instant(crate::time::to_millis(*at), zone)?,
        When::Local(local) => Schedule::at_wall(WallTime::new(*local, zone)?).0,
        When::NextFreeSlot => {
            // A post for one account goes by that account's slots, any other by the client's.
            let mut accounts = post.account_ids();
            let only = accounts.next().filter(|_| accounts.next().is_none());
            session.slots().next_free(post.client_id, only, Some(now)).await?
        }
    })
}

/// Brings a post's status in line with its jobs, in the change that changes the jobs. Says whether
/// anything came of it; the post itself is for the caller to write.
pub(crate) async fn follow_jobs(
    session: &Session,
    work: &mut Work<'_>,
    post: &mut Post,
    jobs: &[PublishJob],
) -> Result<bool, Error> {
    let Some(transition) = follow(post.status, jobs) else { return Ok(false) };
    // Nothing but the status changes, so the rest need not be compared.
    let changes = FieldChange::of_field("status", &post.status, &transition.to);
    post.status = transition.to;
    post.updated_at = work.now();
    record(work, session.actor(), post, &transition)?;
    tell_of(session, work, post, &transition, changes.into_iter().collect(), jobs).await?;
    Ok(true)
}

/// Tells of a transition: its events, and whom it concerns.
pub(super) async fn tell(
    session: &Session,
    work: &mut Work<'_>,
    before: &Post,
    post: &Post,
    transition: &Transition,
) -> Result<(), Error> {
    let changes = FieldChange::between(Some(before), Some(post));
    tell_of(session, work, post, transition, changes, &[]).await
}

async fn tell_of(
    session: &Session,
    work: &mut Work<'_>,
    post: &Post,
    transition: &Transition,
    changes: Vec<FieldChange>,
    jobs: &[PublishJob],
) -> Result<(), Error> {
    let changes: Arc<[FieldChange]> = changes.into();
    for kind in &transition.events {
        let note = transition.note.clone();
        work.tell(*kind, Some(post.client_id), Subject::of(post), Arc::clone(&changes), note)?;
    }
    for topic in &transition.notify {
        notify(session, work, post, *topic, jobs).await?;
    }
    Ok(())
}

/// Adds a step to the post's history.
pub(super) fn record(
    work: &mut Work<'_>,
    actor: &ActorRef,
    post: &Post,
    transition: &Transition,
) -> Result<(), Error> {
    let first = transition.action == PostAction::Create;
    let mut entry = HistoryEntry {
        id: work.id()?,
        version: Version::NEW,
        agency_id: post.agency_id,
        client_id: post.client_id,
        post_id: post.id,
        actor: actor.clone(),
        action: transition.action,
        from: (!first).then_some(transition.from),
        to: transition.to,
        note: transition.note.clone(),
        revision_id: post.revision.as_ref().map(|revision| revision.id),
        at: work.now(),
    };
    work.changes().insert(&mut entry);
    Ok(())
}

async fn notify(
    session: &Session,
    work: &mut Work<'_>,
    post: &Post,
    topic: NotificationTopic,
    jobs: &[PublishJob],
) -> Result<(), Error> {
    let (portal, agency, client) = (session.portal(), post.agency_id, post.client_id);
    let own: BTreeSet<_> = post
        .author
        .user()
        .into_iter()
        .chain(post.approval.as_ref().and_then(|approval| approval.requested_by.user()))
        .collect();
    let users = match topic {
        NotificationTopic::ApprovalRequested => {
            let stage = post
                .approval
                .as_ref()
                .and_then(|approval| approval.policy.stages.get(approval.current_stage()?));
            match stage {
                Some(stage) => audience::deciders(portal, agency, client, &stage.deciders).await?,
                None => BTreeSet::new(),
            }
        }
        NotificationTopic::PostNeedsAttention => {
            let schedulers =
                audience::holders(portal, agency, client, Permission::SchedulePosts).await?;
            let own = audience::members_among(portal, agency, client, &own).await?;
            schedulers.union(&own).copied().collect()
        }
        _ => audience::members_among(portal, agency, client, &own).await?,
    };
    let message = Note::new("message", told(topic, post, jobs))?;
    let incident = format!("{topic:?}/{}/{}/{}", post.id, post.version, post.status);
    work.notify(users, topic, Some(client), Subject::of(post), &message, &incident)
}

/// Most characters of a platform's words in a message to a person.
const MAX_TROUBLE: usize = 200;

/// The ends that people must be told of.
const ENDED: &[JobState] = &[JobState::Failed, JobState::Missed];

/// What went wrong with the newest job that stands still, as the end of a sentence.
fn trouble(jobs: &[PublishJob], states: &[JobState]) -> String {
    let stands = jobs.iter().filter(|job| states.contains(&job.state));
    let newest = stands.max_by_key(|job| job.id);
    let words = newest.and_then(PublishJob::trouble);
    words.map_or_else(String::new, |words| {
        let words: String = words.chars().take(MAX_TROUBLE).collect();
        format!(": {words}")
    })
}

fn told(topic: NotificationTopic, post: &Post, jobs: &[PublishJob]) -> String {
    let name = post.name();
    match topic {
        NotificationTopic::ApprovalRequested => format!("“{name}” waits for your decision"),
        NotificationTopic::ApprovalDecided => match post.status {
            PostStatus::Approved => format!("“{name}” is approved"),
            PostStatus::ChangesRequested => format!("changes to “{name}” are asked for"),
            PostStatus::Cancelled => format!("“{name}” was turned down"),
            _ => format!("“{name}” was decided on"),
        },
        NotificationTopic::PostPublished => format!("“{name}” is live"),
        NotificationTopic::PostNeedsAttention => match post.status {
            PostStatus::Failed => {
                format!("“{name}” failed{}", trouble(jobs, ENDED))
            }
            PostStatus::PartiallyPublished => {
                format!("“{name}” failed in part{}", trouble(jobs, ENDED))
            }
            PostStatus::Held => {
                format!("“{name}” waits for a person{}", trouble(jobs, &[JobState::Held]))
            }
            _ => format!("“{name}” needs attention"),
        },
        _ => format!("“{name}” changed"),
    }
}
