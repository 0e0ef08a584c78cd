//! Lists of what goes out, and of what follows from it.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Filter, is_before, is_one_of, is_within, time_key};
use crate::analytics::{Rollup, RollupSubject, Snapshot};
use crate::event::{Event, EventKind, Subject};
use crate::id::{
    AccountId, AgencyId, CampaignId, ClientId, Id, JobId, PostId, UserId, WebhookEndpointId,
};
use crate::notification::{Notification, NotificationTopic};
use crate::publishing::{Attempt, JobState, PublishJob};
use crate::store::Sort;
use crate::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};

filter! {
    /// Jobs.
    PublishJobFilter for PublishJob (job) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| job.client_id == v),
        /// Of this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| job.post_id == v),
        /// To this account.
        account_id: Option<AccountId> => |v| v.is_none_or(|v| job.account_id == v),
        /// In one of these states.
        states: Vec<JobState> => |v| is_one_of(v, &job.state),
        /// Planned at this time or later.
        planned_from: Option<DateTime<Utc>> => |v| is_within(Some(job.planned_at), *v, None),
        /// Planned before this time.
        planned_until: Option<DateTime<Utc>> => |v| is_within(Some(job.planned_at), None, *v),
        /// Whose numbers are to be read before this time.
        metrics_due_before: Option<DateTime<Utc>> => |v| is_before(job.metrics_due_at, *v),
    }
    client: client_id,
    parent: post_id,
    due: metrics_due_before => job.metrics_due_at,
    sorts: { Planned => job.planned_at.timestamp_millis() }
}

filter! {
    /// Attempts.
    AttemptFilter for Attempt (attempt) {
        /// Of this job.
        job_id: Option<JobId> => |v| v.is_none_or(|v| attempt.job_id == v),
    }
    parent: job_id,
    sorts: {}
}

filter! {
    /// Snapshots of metrics.
    SnapshotFilter for Snapshot (snapshot) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| snapshot.client_id == v),
        /// Of this account.
        account_id: Option<AccountId> => |v| v.is_none_or(|v| snapshot.account_id == v),
        /// Of this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| snapshot.post_id == Some(v)),
        /// Of this campaign.
        campaign_id: Option<CampaignId> => |v| v.is_none_or(|v| snapshot.campaign_id == Some(v)),
        /// Taken at this time or later.
        from: Option<DateTime<Utc>> => |v| is_within(Some(snapshot.taken_at), *v, None),
        /// Taken before this time.
        until: Option<DateTime<Utc>> => |v| is_within(Some(snapshot.taken_at), None, *v),
    }
    client: client_id,
    parent: account_id,
    sorts: { Planned => snapshot.taken_at.timestamp_millis() }
}

filter! {
    /// Rollups of metrics.
    RollupFilter for Rollup (rollup) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| rollup.client_id == v),
        /// Of this subject.
        subject: Option<RollupSubject> => |v| v.as_ref().is_none_or(|v| rollup.subject == *v),
        /// On this day or later.
        from: Option<NaiveDate> => |v| v.is_none_or(|v| v <= rollup.day),
        /// Before this day.
        until: Option<NaiveDate> => |v| v.is_none_or(|v| rollup.day < v),
    }
    client: client_id,
    sorts: { Planned => i64::from(rollup.day.to_epoch_days()) }
}

filter! {
    /// Notifications; a scope sees those of the person it belongs to.
    NotificationFilter for Notification (notification) {
        /// To this person.
        user_id: Option<UserId> => |v| v.is_none_or(|v| notification.user_id == v),
        /// In this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| notification.agency_id == v),
        /// About one of these.
        topics: Vec<NotificationTopic> => |v| is_one_of(v, &notification.topic),
        /// Read, or not.
        read: Option<bool> => |v| v.is_none_or(|v| notification.read_at.is_some() == v),
        /// To be told of outside the product before this time.
        send_due_before: Option<DateTime<Utc>> => |v| is_before(notification.send_at, *v),
    }
    due: send_due_before => notification.send_at,
    sorts: {}
}

filter! {
    /// Webhook endpoints.
    WebhookEndpointFilter for WebhookEndpoint (endpoint) {
        /// Of this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| endpoint.agency_id == v),
        /// That are told anything, or not.
        active: Option<bool> => |v| v.is_none_or(|v| endpoint.active == v),
    }
    sorts: { Updated => endpoint.updated_at.timestamp_millis() }
}

filter! {
    /// Deliveries to webhook endpoints.
    DeliveryFilter for Delivery (delivery) {
        /// To this endpoint.
        endpoint_id: Option<WebhookEndpointId> => |v| v.is_none_or(|v| delivery.endpoint_id == v),
        /// In one of these states.
        statuses: Vec<DeliveryStatus> => |v| is_one_of(v, &delivery.status),
        /// To be sent before this time.
        due_before: Option<DateTime<Utc>> => |v| is_before(delivery.next_at, *v),
    }
    parent: endpoint_id,
    due: due_before => delivery.next_at,
    sorts: { Planned => time_key(delivery.next_at) }
}

filter! {
    /// The audit log.
    EventFilter for Event (event) {
        /// In this agency.
        agency_id: Option<AgencyId> => |v| v.is_none_or(|v| event.agency_id == v),
        /// For this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| event.client_id == Some(v)),
        /// Of one of these kinds.
        kinds: Vec<EventKind> => |v| is_one_of(v, &event.kind),
        /// About this.
        subject: Option<Subject> => |v| v.is_none_or(|v| event.subject == v),
        /// By this person.
        user_id: Option<UserId> => |v| v.is_none_or(|v| event.actor.user() == Some(v)),
        /// At this time or later.
        from: Option<DateTime<Utc>> => |v| is_within(Some(event.at), *v, None),
        /// Before this time.
        until: Option<DateTime<Utc>> => |v| is_within(Some(event.at), None, *v),
    }
    client: client_id,
    sorts: {}
}
