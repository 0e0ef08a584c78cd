//! What goes out, and what follows from it.

use super::*;
use crate::analytics::{Rollup, Snapshot};
use crate::event::{Event, Subject};
use crate::notification::Notification;
use crate::publishing::{Attempt, PublishJob};
use crate::store::filter::time_key;
use crate::store::{
    AttemptFilter, DeliveryFilter, EventFilter, NotificationFilter, PublishJobFilter, RollupFilter,
    SnapshotFilter, WebhookEndpointFilter,
};
use crate::webhook::{Delivery, WebhookEndpoint};

fields! {
    PublishJobFilter for PublishJob (job) of Client {
        agency_id: Id = job.agency_id;
        client_id: Id = job.client_id => is client_id;
        account_id: Id = job.account_id => is account_id;
        post_id: Id = job.post_id => is post_id;
        state: Text = job.state.as_str() => among states as |v| v.as_str();
        due_at: Number = job.due_at;
        planned_at: Number by Planned = job.planned_at => from planned_from, until planned_until;
        priority: Number = job.priority;
        fence: Number = job.fence;
        lease_until: Number = job.lease.as_ref().map(|lease| lease.until);
        metrics_due_at: Number = job.metrics_due_at => until metrics_due_before;
    }
}

fields! {
    AttemptFilter for Attempt (attempt) of Client {
        agency_id: Id = attempt.agency_id;
        client_id: Id = attempt.client_id;
        job_id: Id = attempt.job_id => is job_id;
        number: Number = attempt.number;
    }
}

fields! {
    SnapshotFilter for Snapshot (snapshot) of Client {
        agency_id: Id = snapshot.agency_id;
        client_id: Id = snapshot.client_id => is client_id;
        account_id: Id = snapshot.account_id => is account_id;
        job_id: Id = snapshot.job_id;
        post_id: Id = snapshot.post_id => is post_id;
        campaign_id: Id = snapshot.campaign_id => is campaign_id;
        taken_at: Number by Planned = snapshot.taken_at => from from, until until;
    }
}

fields! {
    RollupFilter for Rollup (rollup) of Client {
        agency_id: Id = rollup.agency_id;
        client_id: Id = rollup.client_id => is client_id;
        subject: Text = Rollup::subject_key(&rollup.subject)
            => is subject as |v| Rollup::subject_key(v);
        day: Number by Planned = rollup.day => from from, until until;
    }
}

fields! {
    NotificationFilter for Notification (notification) of Addressed {
        user_id: Id = notification.user_id => is user_id;
        agency_id: Id = notification.agency_id => is agency_id;
        client_id: Id = notification.client_id;
        topic: Text = wire(&notification.topic) => among topics as |v| wire(v);
        is_read: Flag = notification.read_at.is_some() => is read;
        send_at: Number = notification.send_at => until send_due_before;
        incident: Text = notification.incident.as_str();
    }
}

fields! {
    WebhookEndpointFilter for WebhookEndpoint (endpoint) of Coverage {
        agency_id: Id = endpoint.agency_id => is agency_id;
        client_ids: Ids = super::people::covered(&endpoint.coverage);
        is_active: Flag = endpoint.active => is active;
        updated_at: Number by Updated = endpoint.updated_at;
    }
}

fields! {
    DeliveryFilter for Delivery (delivery) of AgencyWide {
        agency_id: Id = delivery.agency_id;
        endpoint_id: Id = delivery.endpoint_id => is endpoint_id;
        event_id: Id = delivery.event_id;
        status: Text = wire(&delivery.status) => among statuses as |v| wire(v);
        next_at: Number by Planned = time_key(delivery.next_at) => until due_before;
    }
}

/// A subject as one text.
fn subject_key(subject: &Subject) -> String {
    format!("{}/{}", subject.kind, subject.id)
}

fields! {
    EventFilter for Event (event) of Log {
        agency_id: Id = event.agency_id => is agency_id;
        client_id: Id = event.client_id => is client_id;
        kind: Text = event.kind.as_str() => among kinds as |v| v.as_str();
        subject: Text = subject_key(&event.subject) => is subject as |v| subject_key(v);
        user_id: Id = event.actor.user() => is user_id;
        at: Number = event.at => from from, until until;
    }
}
