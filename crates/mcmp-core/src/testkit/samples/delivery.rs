//! Jobs and their evidence, metrics, notifications, webhooks and events.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Maker, Place, Sample, actor, digest, fields, sealed};
use crate::account::{Platform, UnknownOutcomePolicy};
use crate::analytics::{Metrics, Rollup, RollupSubject, Snapshot};
use crate::event::{Event, EventKind, FieldChange, Subject};
use crate::id::Id;
use crate::member::Coverage;
use crate::notification::{Notification, NotificationChannel, NotificationTopic, Sent};
use crate::publishing::{
    Attempt, ErrorClass, FollowUp, FollowUpOutcome, HoldReason, Intent, JobState, LatenessPolicy,
    Lease, MaxFailures, Outcome, Part, PublishError, PublishJob, RemoteRef, WorkerId,
};
use crate::store::{ChangeSet, EntityKind, Version};
use crate::testkit::vary::Vary;
use crate::value::WebUrl;
use crate::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};

fn error(v: &mut Vary) -> PublishError {
    let class = v.pick(&[
        ErrorClass::Transient,
        ErrorClass::UnknownOutcome,
        ErrorClass::RateLimited { until: None },
        ErrorClass::RateLimited {
            until: chrono::DateTime::from_timestamp_millis(1_800_000_000_001),
        },
    ]);
    PublishError::new(class, v.text()).code("190/463").raw(v.text())
}

fn remote(v: &mut Vary) -> RemoteRef {
    RemoteRef { id: v.text().to_owned(), url: v.maybe(|_| "https://example.com/p/1".to_owned()) }
}

/// States in which no worker and no lane has to do with a job.
const RESTING: &[JobState] =
    &[JobState::Held, JobState::Published, JobState::Failed, JobState::Missed, JobState::Cancelled];

impl Sample for PublishJob {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        let state = v.pick(RESTING);
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            account_id: place.account_id,
            platform: Platform::INSTAGRAM,
            post_id: place.post_id,
            variant_id: v.id(),
            revision_id: v.id(),
            revision_digest: digest(&mut v),
            state,
            due_at: v.time(base),
            planned_at: v.time(base),
            lateness: LatenessPolicy::default(),
            unknown_outcome: UnknownOutcomePolicy::Retry,
            max_failures: MaxFailures::new(3).unwrap(),
            priority: v.pick(&[i16::MIN, -1, 0, 1, i16::MAX]),
            rev: v.number() >> 1,
            fence: v.number() >> 2,
            lease: v.maybe(|v| Lease {
                worker: WorkerId(v.text().to_owned()),
                until: v.time(base),
                claimed_rev: v.number() >> 1,
            }),
            intent: v.maybe(|v| Intent {
                at: v.time(base),
                deadline: v.time(base),
                attempt_id: v.id(),
                accepted: v.maybe(|_| ()).is_some(),
                repeats: v.maybe(|_| ()).is_some(),
            }),
            attempts: 1,
            sends: 1,
            failures: u32::MAX >> 1,
            waits: u32::MAX >> 1,
            crashes: 2,
            negatives: 0,
            last_negative_at: v.maybe(|v| v.time(base)),
            checkpoint: v.maybe(|v| serde_json::json!({ "upload.id": v.json() })),
            cancel_requested_at: v.maybe(|v| v.time(base)),
            hold_reason: v.maybe(|_| HoldReason::CrashLoop),
            last_error: v.maybe(error),
            remote: v.maybe(remote),
            follow_ups: vec![FollowUp {
                part: Part::Thread { index: 0 },
                outcome: FollowUpOutcome::Live { remote: remote(&mut v) },
            }],
            retry_of: v.maybe(Vary::id),
            created_at: v.time(base),
            finished_at: v.maybe(|v| v.time(base)),
            metrics_due_at: v.maybe(|v| v.time(base)),
            last_snapshot: v.maybe(Vary::id),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.rev += 1;
        (self.state, self.last_error) = (vary.pick(RESTING), vary.maybe(error));
        self.metrics_due_at = vary.maybe(|v| v.time(self.created_at));
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        post_id = |row, v| Some(row.post_id),
        account_id = |row, v| Some(row.account_id),
        states = |row, v| vec![row.state, JobState::Running],
        planned_from = |row, v| Some(row.planned_at + TimeDelta::milliseconds(v.below(2) as i64)),
        planned_until = |row, v| Some(row.planned_at + TimeDelta::milliseconds(v.below(2) as i64)),
        metrics_due_before = |row, v| Some(
            row.metrics_due_at.unwrap_or(row.created_at)
                + TimeDelta::milliseconds(v.below(2) as i64)
        ),
    }
}

impl Sample for Attempt {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        let id: crate::id::AttemptId = maker.id();
        // The number is unique within the job; the end of the id is as good as a count.
        let number = u32::try_from(id.uuid().as_u128() % 1_000_000_007).unwrap();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            job_id: place.job_id,
            fence: v.number() >> 1,
            number,
            worker: WorkerId("w".to_owned()),
            request_digest: digest(&mut v),
            started_at: v.time(base),
            outcome: match v.below(5) {
                0 => None,
                4 => {
                    Some(Outcome::Accepted { checkpoint: serde_json::json!({ "id": v.number() }) })
                }
                1 => Some(Outcome::Published { remote: remote(&mut v) }),
                2 => Some(Outcome::Rejected { error: error(&mut v) }),
                _ => Some(Outcome::Unknown { error: error(&mut v) }),
            },
            ended_at: v.maybe(|v| v.time(base)),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.outcome = Some(Outcome::Published { remote: remote(vary) });
        changes.update(self);
        true
    }

    fields! { job_id = |row, v| Some(row.job_id) }
}

fn metrics(v: &mut Vary) -> Metrics {
    Metrics {
        impressions: v.maybe(|v| v.number() >> 1),
        reach: v.maybe(|_| 0),
        followers: v.maybe(|_| i64::MAX.unsigned_abs()),
        other: [("naïve.metric$".to_owned(), i64::MIN), ("b".to_owned(), 0)].into(),
        ..Metrics::default()
    }
}

impl Sample for Snapshot {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            account_id: place.account_id,
            platform: Platform::X,
            job_id: Some(maker.id()),
            post_id: v.maybe(|_| place.post_id),
            campaign_id: v.maybe(|_| place.campaign_id),
            metrics: metrics(&mut v),
            taken_at: v.time(base),
        }
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        account_id = |row, v| Some(row.account_id),
        post_id = |row, v| Some(row.post_id.unwrap_or_else(|| v.shared_id())),
        campaign_id = |row, v| Some(row.campaign_id.unwrap_or_else(|| v.shared_id())),
        from = |row, v| Some(row.taken_at + TimeDelta::milliseconds(v.below(2) as i64)),
        until = |row, v| Some(row.taken_at + TimeDelta::milliseconds(v.below(2) as i64)),
    }
}

impl Sample for Rollup {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            subject: match v.below(3) {
                0 => RollupSubject::Post(maker.id()),
                1 => RollupSubject::Account(maker.id()),
                _ => RollupSubject::Campaign(maker.id()),
            },
            day: v.time(base).date_naive() + TimeDelta::days(v.below(3) as i64),
            metrics: metrics(&mut v),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.metrics = metrics(vary);
        self.day += TimeDelta::days(100);
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        subject = |row, v| Some(row.subject.clone()),
        from = |row, v| Some(row.day + TimeDelta::days(v.below(2) as i64)),
        until = |row, v| Some(row.day + TimeDelta::days(v.below(2) as i64)),
    }
}

fn subject(v: &mut Vary) -> Subject {
    Subject {
        kind: v.pick(&[EntityKind::Post, EntityKind::Task]),
        id: Uuid::from_u128(v.below(3) as u128),
    }
}

impl Sample for Notification {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: v.maybe(|_| place.client_id),
            user_id: place.user_id,
            topic: v.pick(&[NotificationTopic::Mention, NotificationTopic::PostPublished]),
            subject: subject(&mut v),
            message: v.note(),
            incident: format!("{} {id}", v.text()),
            read_at: v.maybe(|v| v.time(base)),
            created_at: v.time(base),
            send_at: v.maybe(|v| v.time(base)),
            send_attempts: 2,
            sent: v
                .maybe(|v| Sent {
                    channel: NotificationChannel::Email,
                    at: v.time(base),
                    failed: v.maybe(|v| v.text().to_owned()),
                })
                .into_iter()
                .collect(),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.message = vary.note();
        self.send_at = vary.maybe(|v| v.time(self.created_at));
        self.incident.push('+');
        changes.update(self);
        true
    }

    fields! {
        user_id = |row, v| Some(row.user_id),
        agency_id = |row, v| Some(row.agency_id),
        topics = |row, v| vec![row.topic, NotificationTopic::PlanLimit],
        read = |row, v| Some(v.flag()),
        send_due_before = |row, v| Some(
            row.send_at.unwrap_or(row.created_at) + TimeDelta::milliseconds(v.below(2) as i64)
        ),
    }
}

impl Sample for WebhookEndpoint {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            name: v.name(),
            url: WebUrl::new("url", "https://hooks.example.com/x").unwrap(),
            coverage: if v.flag() {
                Coverage::WholeAgency
            } else {
                Coverage::clients([place.client_id, place.sibling]).unwrap()
            },
            event_kinds: v.some(EventKind::ALL).into_iter().collect(),
            signing_secrets: vec![sealed(&mut v)],
            active: v.flag(),
            disabled_reason: v.maybe(|v| v.text().to_owned()),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        (self.name, self.active) = (vary.name(), !self.active);
        changes.update(self);
        true
    }

    fields! {
        agency_id = |row, v| Some(row.agency_id),
        active = |row, v| Some(v.flag()),
    }
}

impl Sample for Delivery {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        let base = maker.base();
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            endpoint_id: place.endpoint_id,
            event_id: maker.id(),
            status: v.pick(&[DeliveryStatus::Pending, DeliveryStatus::Failed]),
            attempts: 3,
            next_at: v.maybe(|v| v.time(base)),
            last_status: v.maybe(|_| 599),
            last_error: v.maybe(|v| v.text().to_owned()),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.attempts += 1;
        self.event_id = vary.id();
        self.next_at = vary.maybe(|v| v.time(self.created_at));
        changes.update(self);
        true
    }

    fields! {
        endpoint_id = |row, v| Some(row.endpoint_id),
        statuses = |row, v| vec![row.status, DeliveryStatus::Delivered],
        due_before = |row, v| Some(
            row.next_at.unwrap_or(row.created_at) + TimeDelta::milliseconds(v.below(2) as i64)
        ),
    }
}

impl Sample for Event {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let mut v = Vary::new(seq);
        Self {
            id: maker.id(),
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: (v.below(4) > 0).then_some(place.client_id),
            actor: actor(&mut v),
            kind: v.pick(&[EventKind::PostCreated, EventKind::TaskMoved, EventKind::JobHeld]),
            subject: subject(&mut v),
            changes: (0..v.below(3))
                .map(|_| FieldChange {
                    field: "content.body".to_owned(),
                    before: v.json(),
                    after: v.json(),
                })
                .collect(),
            note: v.maybe(Vary::note),
            at: v.time(maker.base()),
        }
    }

    fields! {
        agency_id = |row, v| Some(row.agency_id),
        client_id = |row, v| Some(row.client_id.unwrap_or_else(|| v.shared_id())),
        kinds = |row, v| vec![row.kind, EventKind::AgencyCreated],
        subject = |row, v| Some(row.subject),
        user_id = |row, v| Some(row.actor.user().unwrap_or_else(|| v.shared_id())),
        from = |row, v| Some(row.at + TimeDelta::milliseconds(v.below(2) as i64)),
        until = |row, v| Some(row.at + TimeDelta::milliseconds(v.below(2) as i64)),
    }
}
