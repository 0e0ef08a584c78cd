//! What these tests store, and who asks.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::access::{Actor, ActorRef, Scope};
use crate::account::{Platform, UnknownOutcomePolicy};
use crate::agency::{Agency, AgencyStatus, Branding, Plan};
use crate::board::{Column, Task};
use crate::event::{Event, EventKind, Subject};
use crate::id::{AgencyId, ClientId, Id};
use crate::member::{Coverage, Grant, Membership, Role};
use crate::post::Digest;
use crate::publishing::{JobState, LatenessPolicy, MaxFailures, PublishJob, WorkerId};
use crate::store::{ClaimRequest, EntityKind, MemoryStore, Version};
use crate::time::ManualClock;
use crate::value::{Email, Name, Slug};

pub(super) fn id<I: Id>(n: u32) -> I {
    I::from_uuid(Uuid::from_u128(u128::from(n)))
}

pub(super) fn second(n: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(n)
}

pub(super) fn agency() -> AgencyId {
    id(1)
}

pub(super) fn client(n: u32) -> ClientId {
    id(10 + n % 2)
}

pub(super) fn job(n: u32, account: u32, due: i64) -> PublishJob {
    PublishJob {
        id: id(n),
        version: Version::NEW,
        agency_id: agency(),
        client_id: client(n),
        account_id: id(account),
        platform: Platform::new("mastodon").unwrap(),
        post_id: id(100 + n / 2),
        variant_id: id(1),
        revision_id: id(1),
        revision_digest: Digest::of(&[]),
        state: JobState::Scheduled,
        due_at: second(due),
        planned_at: second(due),
        lateness: LatenessPolicy::default(),
        unknown_outcome: UnknownOutcomePolicy::default(),
        max_failures: MaxFailures::default(),
        priority: 0,
        rev: 1,
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
        created_at: second(0),
        finished_at: None,
        metrics_due_at: None,
        last_snapshot: None,
    }
}

pub(super) fn task(n: u32, post: Option<u32>, due: i64) -> Task {
    Task {
        id: id(n),
        version: Version::NEW,
        agency_id: agency(),
        client_id: client(n),
        title: Name::new("title", "Card").unwrap(),
        description: serde_json::from_str("\"\"").unwrap(),
        column: Column::Backlog,
        order: due % 3,
        due_at: Some(second(due)),
        assignee: None,
        target_accounts: vec![],
        captions: vec![],
        post_id: post.map(id),
        campaign_id: None,
        brief_id: None,
        created_at: second(0),
        updated_at: second(due),
    }
}

pub(super) fn membership(n: u32, coverage: Coverage) -> Membership {
    Membership {
        id: id(n),
        version: Version::NEW,
        agency_id: agency(),
        user_id: id(50 + n),
        display_name: Name::new("display_name", "Ann").unwrap(),
        email: Email::new("email", "ann@example.com").unwrap(),
        grant: Grant::new(Role::Manager, coverage).unwrap(),
        created_at: second(0),
        updated_at: second(0),
    }
}

pub(super) fn an_agency(n: u32) -> Agency {
    Agency {
        id: id(n),
        version: Version::NEW,
        name: Name::new("name", "Agency").unwrap(),
        subdomain: Slug::new("subdomain", format!("agency-{n}")).unwrap(),
        branding: Branding::default(),
        status: AgencyStatus::Active,
        plan: Plan::default(),
        identity_providers: vec![],
        created_at: second(0),
        updated_at: second(0),
    }
}

pub(super) fn event(n: u32, client: Option<ClientId>) -> Event {
    Event {
        id: id(n),
        version: Version::NEW,
        agency_id: agency(),
        client_id: client,
        actor: ActorRef::System("test".to_owned()),
        kind: EventKind::ClientUpdated,
        subject: Subject { kind: EntityKind::Client, id: Uuid::nil() },
        changes: [].into(),
        note: None,
        at: second(0),
    }
}

pub(super) fn system() -> Scope {
    Actor::system("test").own_scope().unwrap()
}

fn member(n: u32, coverage: Coverage) -> Scope {
    let membership = membership(n, coverage);
    Actor::user(membership.user_id, vec![membership]).scope(agency(), second(0)).unwrap()
}

pub(super) fn covers(clients: &[u32]) -> Coverage {
    Coverage::clients(clients.iter().map(|n| client(*n))).unwrap()
}

pub(super) fn scopes() -> Vec<Scope> {
    vec![
        system(),
        member(1, Coverage::WholeAgency),
        member(1, covers(&[0])),
        member(1, covers(&[1])),
        member(1, covers(&[0, 1])),
        Actor::user(id(51), vec![]).own_scope().unwrap(),
    ]
}

pub(super) fn store() -> (MemoryStore, ManualClock) {
    let clock = ManualClock::new(second(0));
    (MemoryStore::new(Arc::new(clock.clone())), clock)
}

pub(super) fn claim_of(limit: usize) -> ClaimRequest {
    ClaimRequest {
        worker: WorkerId("w".to_owned()),
        limit,
        lease: TimeDelta::seconds(10),
        ahead: TimeDelta::zero(),
    }
}
