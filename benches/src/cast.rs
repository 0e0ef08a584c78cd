//! Accounts, people and jobs that belong to nothing but a benchmark.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use mcmp_core::access::{Actor, Scope};
use mcmp_core::account::{
    AccountKind, AccountStatus, AppCredentialsRef, ExternalId, Platform, SocialAccount,
    UnknownOutcomePolicy,
};
use mcmp_core::id::{AccountId, AgencyId, ClientId};
use mcmp_core::member::{Coverage, Grant, Membership, Role};
use mcmp_core::post::{Digest, Outgoing};
use mcmp_core::publishing::{
    Attempt, JobPlan, JobState, LatenessPolicy, Lease, MaxFailures, Outcome, PublishJob, RemoteRef,
    WorkerId,
};
use mcmp_core::store::Version;
use mcmp_core::time::QueueSlots;
use mcmp_core::value::{Email, Name};

use crate::{Ids, minutes, start};

/// One client's people, accounts and jobs.
#[derive(Debug)]
pub struct Cast {
    /// Where all ids come from.
    pub ids: Ids,
    /// The agency.
    pub agency: AgencyId,
    /// Its client.
    pub client: ClientId,
    digest: Digest,
}

impl Default for Cast {
    fn default() -> Self {
        let ids = Ids::default();
        Self { agency: ids.next(), client: ids.next(), digest: Digest::of(&[]), ids }
    }
}

impl Cast {
    /// The system, in the agency.
    #[must_use]
    pub fn system(&self) -> Scope {
        Actor::system("bench").scope(self.agency, start()).unwrap()
    }

    /// A person with `role` for the client.
    #[must_use]
    pub fn person(&self, role: Role) -> Scope {
        let membership = Membership {
            id: self.ids.next(),
            version: Version::NEW,
            agency_id: self.agency,
            user_id: self.ids.next(),
            display_name: Name::new("display_name", "Anna").unwrap(),
            email: Email::new("email", "anna@studio.example").unwrap(),
            grant: Grant::new(role, Coverage::clients([self.client]).unwrap()).unwrap(),
            created_at: start(),
            updated_at: start(),
        };
        Actor::user(membership.user_id, vec![membership]).scope(self.agency, start()).unwrap()
    }

    /// A connected page.
    #[must_use]
    pub fn account(&self, id: AccountId) -> SocialAccount {
        SocialAccount {
            id,
            version: Version::NEW,
            agency_id: self.agency,
            client_id: self.client,
            platform: Platform::FACEBOOK,
            kind: AccountKind::Page,
            external_id: ExternalId::new("external_id", "1234567890").unwrap(),
            handle: None,
            display_name: Name::new("display_name", "Acme Bakery").unwrap(),
            avatar_url: None,
            status: AccountStatus::Connected,
            status_detail: None,
            tokens: None,
            granted_scopes: BTreeSet::new(),
            app_credentials: AppCredentialsRef::Instance,
            metadata: BTreeMap::new(),
            limits_profile: None,
            queue_slots: QueueSlots::default(),
            unknown_outcome: UnknownOutcomePolicy::Hold,
            max_failures: MaxFailures::default(),
            created_at: start(),
            updated_at: start(),
        }
    }

    /// A job that waits for `planned_at`.
    #[must_use]
    pub fn job(
        &self,
        account: &SocialAccount,
        outgoing: &Outgoing,
        planned_at: DateTime<Utc>,
    ) -> PublishJob {
        PublishJob::plan(JobPlan {
            id: self.ids.next(),
            post_id: self.ids.next(),
            account,
            outgoing,
            revision_id: self.ids.next(),
            revision_digest: self.digest.clone(),
            planned_at,
            lateness: LatenessPolicy::default(),
            now: start(),
        })
    }

    /// The evidence that a claimed job is live.
    #[must_use]
    pub fn attempt(&self, job: &PublishJob) -> Attempt {
        let remote = RemoteRef { id: job.id.to_string(), url: None };
        Attempt {
            id: self.ids.next(),
            version: Version::NEW,
            agency_id: job.agency_id,
            client_id: job.client_id,
            job_id: job.id,
            fence: job.fence,
            number: 1,
            worker: WorkerId("bench".to_owned()),
            request_digest: self.digest.clone(),
            started_at: start(),
            outcome: Some(Outcome::Published { remote }),
            ended_at: Some(start()),
        }
    }
}

/// The job as a worker's claim leaves it.
#[must_use]
pub fn claimed(mut job: PublishJob) -> PublishJob {
    job.state = JobState::Running;
    job.fence += 1;
    job.lease = Some(Lease {
        worker: WorkerId("bench".to_owned()),
        until: minutes(10),
        claimed_rev: job.rev,
    });
    job
}
