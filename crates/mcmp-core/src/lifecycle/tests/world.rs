//! A post whose life is played through: decisions are applied as a use case would, and a worker
//! moves its jobs.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::cast::{client, id, start, system};
use super::ledger::Ledger;
use super::things::{Step, digest, job};
use crate::access::{ActorRef, Scope};
use crate::approval::{Approval, ApprovalPolicy};
use crate::id::JobId;
use crate::lifecycle::{
    Action, ApprovalChange, Facts, JobsEffect, PostAction, PostStatus, Refusal, ScheduleChange,
    Transition, Who, allowed_actions, decide, follow, may_be_called_off, status_of_jobs,
};
use crate::post::{Digest, RevisionRef};
use crate::publishing::{HoldReason, JobState, PublishJob};

#[derive(Debug)]
pub(super) struct World {
    pub(super) cast: Vec<Scope>,
    pub(super) policy: ApprovalPolicy,
    pub(super) now: DateTime<Utc>,
    pub(super) status: PostStatus,
    author: ActorRef,
    editors: Vec<ActorRef>,
    /// Stands for all that would go out; how many accounts it goes to follows from it.
    content: u8,
    pub(super) revision: Option<RevisionRef>,
    pub(super) planned_at: Option<DateTime<Utc>>,
    pub(super) approval: Option<Approval>,
    pub(super) jobs: Vec<PublishJob>,
    pub(super) history: Vec<(PostStatus, PostStatus)>,
    ledgers: Vec<Ledger>,
    /// What each job may send, as the clerk saw it when the job was made, revised or retried.
    admitted: BTreeMap<JobId, Digest>,
    /// Whether it went live everywhere with an approval of at least one stage.
    pub(super) published_with_approval: bool,
}

impl World {
    pub(super) fn new(cast: Vec<Scope>, policy: ApprovalPolicy, author: usize) -> Self {
        let author = cast[author % cast.len()].actor().clone();
        Self {
            cast,
            policy,
            now: start(),
            status: PostStatus::Draft,
            author,
            editors: Vec::new(),
            content: 1,
            revision: None,
            planned_at: None,
            approval: None,
            jobs: Vec::new(),
            history: Vec::new(),
            ledgers: Vec::new(),
            admitted: BTreeMap::new(),
            published_with_approval: false,
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            status: self.status,
            author: &self.author,
            editors: &self.editors,
            revision: self.revision.as_ref(),
            planned_at: self.planned_at,
            approval: self.approval.as_ref(),
            policy: &self.policy,
            jobs: &self.jobs,
            has_variants: self.variants() > 0,
        }
    }

    pub(super) fn who(&self, who: usize) -> Who<'_> {
        Who::of(&self.cast[who % self.cast.len()], client())
    }

    fn variants(&self) -> u128 {
        u128::from(self.content % 4)
    }

    /// The revision of the content as it is; the newest one if nothing changed since.
    fn frozen(&self) -> RevisionRef {
        let number = self.revision.as_ref().map_or(1, |newest| newest.number + 1);
        let new =
            RevisionRef { id: id(500 + u128::from(number)), number, digest: digest(self.content) };
        self.revision.clone().filter(|newest| newest.digest == new.digest).unwrap_or(new)
    }

    /// `action` with what an honest use case would put into it.
    fn action(&self, action: PostAction, choice: u8) -> Option<Action> {
        let later = self.now + TimeDelta::minutes(10 + i64::from(choice));
        let at = self.planned_at.filter(|_| choice.is_multiple_of(2)).unwrap_or(later);
        let note = || "Because.".parse().unwrap();
        Some(match action {
            PostAction::Edit => Action::Edit { digest_changes: choice % 8 != self.content },
            PostAction::Submit => Action::Submit {
                revision: self.frozen(),
                at: (choice.is_multiple_of(3)).then_some(at),
            },
            PostAction::Withdraw => Action::Withdraw,
            PostAction::Approve => Action::Approve { note: None },
            PostAction::RequestChanges => Action::RequestChanges { note: note() },
            PostAction::Reject => Action::Reject { note: Some(note()) },
            PostAction::ExpireApproval => Action::ExpireApproval,
            PostAction::Schedule => Action::Schedule { revision: self.frozen(), at },
            PostAction::Reschedule => Action::Reschedule { at },
            PostAction::Unschedule => Action::Unschedule,
            PostAction::PublishNow => Action::PublishNow { revision: self.frozen() },
            PostAction::Retry => Action::Retry { jobs: Vec::new() },
            PostAction::FollowJobs => Action::FollowJobs,
            PostAction::Cancel => Action::Cancel { note: None },
            PostAction::Reopen => Action::Reopen,
            PostAction::Archive => Action::Archive,
            PostAction::Delete => Action::Delete,
            PostAction::Create => return None,
        })
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Try { who, action, choice } => {
                if let Some(action) = self.action(action, choice) {
                    let _ = self.act(who, &action, choice);
                }
            }
            Step::Do { who, pick, choice } => {
                let allowed = allowed_actions(&self.facts(), &self.who(who), self.now);
                if !allowed.is_empty() {
                    let action = self.action(allowed[pick % allowed.len()], choice).unwrap();
                    let _ = self.act(who, &action, choice);
                }
            }
            Step::Further { choice } => self.further(choice),
            Step::Work { job, choice } => self.work(job, choice),
            Step::Wait { minutes } => self.now += TimeDelta::minutes(minutes),
            Step::Change(policy) => self.policy = policy,
        }
        self.check();
    }

    fn further(&mut self, choice: u8) {
        const WAY: [PostAction; 5] = [
            PostAction::Approve,
            PostAction::PublishNow,
            PostAction::Schedule,
            PostAction::Submit,
            PostAction::Retry,
        ];
        let people = self.cast.len();
        for (action, who) in WAY.iter().flat_map(|way| (1..people).map(|n| (*way, n))) {
            let action = self.action(action, choice).unwrap();
            if self.act(who, &action, choice).is_ok() {
                return;
            }
        }
    }

    pub(super) fn act(
        &mut self,
        who: usize,
        action: &Action,
        choice: u8,
    ) -> Result<Transition, Refusal> {
        let transition = decide(&self.facts(), &self.who(who), action, self.now)?;
        self.write_down(who, action, &transition);
        if let Action::Edit { .. } = action {
            self.content = choice % 8;
        }
        self.apply(&transition, action);
        Ok(transition)
    }

    fn apply(&mut self, transition: &Transition, action: &Action) {
        assert_eq!(transition.from, self.status);
        self.history.push((transition.from, transition.to));
        self.status = transition.to;
        transition.approval.apply(&mut self.approval);
        match transition.schedule {
            ScheduleChange::Keep => {}
            ScheduleChange::Set(at) => self.planned_at = Some(at),
            ScheduleChange::Clear => self.planned_at = None,
        }
        if let Action::Submit { revision, .. }
        | Action::Schedule { revision, .. }
        | Action::PublishNow { revision } = action
        {
            self.revision = Some(revision.clone());
        }
        match &transition.jobs {
            JobsEffect::None => {}
            JobsEffect::Sync => self.sync(),
            JobsEffect::Cancel => self.jobs.iter_mut().for_each(call_off),
            JobsEffect::Retry { jobs } => self.retry(jobs),
        }
        if let Some(followed) = follow(self.status, &self.jobs) {
            self.history.push((followed.from, followed.to));
            self.status = followed.to;
        }
    }

    fn sync(&mut self) {
        let revision = self.frozen();
        self.admit(&revision.digest);
        self.revision = Some(revision.clone());
        let (planned, variants) = (self.planned_at.unwrap(), self.variants());
        for job in &mut self.jobs {
            if (variants..4).any(|gone| job.variant_id == id(600 + gone)) {
                call_off(job);
            }
        }
        for variant in 0..variants {
            let newest = self.jobs.iter().rposition(|job| job.variant_id == id(600 + variant));
            match newest.map(|at| &mut self.jobs[at]) {
                Some(job) if !job.state.is_final() && job.cancel_requested_at.is_none() => {
                    job.revision_id = revision.id;
                    job.revision_digest = revision.digest.clone();
                    job.planned_at = planned;
                    job.rev += 1;
                    if job.hold_reason == Some(HoldReason::Late) {
                        (job.state, job.hold_reason) = (JobState::Scheduled, None);
                    }
                    self.admitted.insert(job.id, revision.digest.clone());
                }
                old => {
                    let old = old.map(|job| job.id);
                    self.make_job(variant, &revision, planned, old);
                }
            }
        }
    }

    fn retry(&mut self, jobs: &[JobId]) {
        assert!(!jobs.is_empty());
        for at in 0..self.jobs.len() {
            let job = self.jobs[at].clone();
            if !jobs.contains(&job.id) {
                continue;
            }
            self.admit(&job.revision_digest);
            if job.state == JobState::Held {
                self.jobs[at].state = match job.hold_reason {
                    Some(HoldReason::UnknownOutcome) => JobState::Unknown,
                    _ => JobState::Scheduled,
                };
                self.jobs[at].hold_reason = None;
            } else {
                assert!(matches!(job.state, JobState::Failed | JobState::Missed));
                let revision = RevisionRef {
                    id: job.revision_id,
                    number: 0,
                    digest: job.revision_digest.clone(),
                };
                let variant = (0..4).find(|v| job.variant_id == id(600 + v)).unwrap();
                self.make_job(variant, &revision, self.now, Some(job.id));
            }
        }
    }

    fn make_job(
        &mut self,
        variant: u128,
        revision: &RevisionRef,
        planned: DateTime<Utc>,
        retry_of: Option<JobId>,
    ) {
        let mut job = job(1_000 + self.jobs.len() as u128, JobState::Scheduled);
        job.variant_id = id(600 + variant);
        job.revision_id = revision.id;
        job.revision_digest = revision.digest.clone();
        job.planned_at = planned;
        job.retry_of = retry_of;
        self.admitted.insert(job.id, revision.digest.clone());
        self.jobs.push(job);
    }

    /// What a worker may see next of one job; it honours a request to call off, and looks at
    /// nothing else.
    fn work(&mut self, job: usize, choice: u8) {
        let open: Vec<usize> =
            (0..self.jobs.len()).filter(|at| !self.jobs[*at].state.is_final()).collect();
        if open.is_empty() {
            return;
        }
        let job = &mut self.jobs[open[job % open.len()]];
        let called_off = job.cancel_requested_at.is_some();
        let hold = |job: &mut PublishJob, reason| {
            (job.state, job.hold_reason) = (JobState::Held, Some(reason));
        };
        match (job.state, choice % 8) {
            (JobState::Scheduled | JobState::Running, _) if called_off => {
                job.state = JobState::Cancelled;
            }
            (JobState::Scheduled, 0) => job.state = JobState::Missed,
            (JobState::Scheduled, 1) => hold(job, HoldReason::Late),
            (JobState::Scheduled, _) => job.state = JobState::Running,
            (JobState::Running, 0) => job.state = JobState::Failed,
            (JobState::Running, 1) => hold(job, HoldReason::Reconnect),
            (JobState::Running, 2) => {
                job.state = JobState::Scheduled;
                job.checkpoint = Some(serde_json::json!({ "container": 1 }));
            }
            (JobState::Running, _) => job.state = JobState::Committing,
            (JobState::Committing, 0) => job.state = JobState::Failed,
            (JobState::Committing, 1) => job.state = JobState::Unknown,
            (JobState::Unknown, 0 | 1) => hold(job, HoldReason::UnknownOutcome),
            (JobState::Unknown, 2) => job.state = JobState::Scheduled,
            (JobState::Committing | JobState::Unknown, _) => job.state = JobState::Published,
            // A person has looked and confirms it.
            (JobState::Held, 0) if job.hold_reason == Some(HoldReason::UnknownOutcome) => {
                job.state = JobState::Published;
            }
            _ => {}
        }
        if job.state == JobState::Published {
            let admitted = self.admitted.get(&job.id);
            assert_eq!(admitted, Some(&job.revision_digest), "what goes live was admitted");
        }
        let system = system();
        let who = Who::of(&system, client());
        if let Ok(followed) = decide(&self.facts(), &who, &Action::FollowJobs, self.now)
            && followed.to != followed.from
        {
            self.apply(&followed, &Action::FollowJobs);
        }
    }

    /// Keeps the ledger: whoever says yes is looked at here once more, by other code.
    fn write_down(&mut self, who: usize, action: &Action, transition: &Transition) {
        let scope = &self.cast[who % self.cast.len()];
        let actor = scope.actor().clone();
        match action {
            Action::Submit { revision, .. } => {
                match &transition.approval {
                    ApprovalChange::Set(asked) => assert_eq!(asked.digest, revision.digest),
                    _ => assert!(!self.policy.is_required(), "somebody is asked"),
                }
                self.ledgers.push(Ledger::open(revision, &self.policy, actor));
            }
            Action::Edit { digest_changes: true } => self.editors.push(actor),
            Action::Approve { .. } => {
                let ledger = self.ledgers.last_mut().unwrap();
                ledger.yes_of(scope, &self.author, &self.editors);
                assert_eq!(transition.to == PostStatus::Approved, ledger.is_complete());
            }
            _ => {}
        }
    }

    /// What is about to be sent was approved, as the ledger says, or nobody had to be asked.
    fn admit(&self, digest: &Digest) {
        match &self.approval {
            Some(_) => {
                let ledger = self.ledgers.last().unwrap();
                assert!(ledger.is_complete(), "all stages said yes");
                assert_eq!(ledger.digest(), digest, "to exactly this");
            }
            None => assert!(!self.policy.is_required(), "nobody had to be asked"),
        }
    }

    fn check(&mut self) {
        let mut chain = PostStatus::Draft;
        for (from, to) in &self.history {
            assert_eq!(*from, chain, "each step begins where the last one ended");
            chain = *to;
        }
        assert_eq!(chain, self.status, "the history explains the status");
        assert!(self.status != PostStatus::Draft || self.approval.is_none());

        let goes_out = matches!(
            self.status,
            PostStatus::Scheduled | PostStatus::Publishing | PostStatus::Held
        );
        let ended = matches!(
            self.status,
            PostStatus::Published | PostStatus::PartiallyPublished | PostStatus::Failed
        );
        if goes_out || ended {
            assert_eq!(status_of_jobs(&self.jobs), Some(self.status), "the jobs say it");
        }
        if !goes_out {
            let open = self
                .jobs
                .iter()
                .find(|job| !job.state.is_final() && job.cancel_requested_at.is_none());
            assert_eq!(open, None, "nothing goes out of a post that is {}", self.status);
        }
        let asked = self.approval.as_ref().is_some_and(|a| a.policy.is_required());
        self.published_with_approval |= self.status == PostStatus::Published && asked;
    }
}

fn call_off(job: &mut PublishJob) {
    if may_be_called_off(job) {
        if job.state == JobState::Running {
            job.cancel_requested_at = Some(start());
        } else {
            job.state = JobState::Cancelled;
        }
    }
}
