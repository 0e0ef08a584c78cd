//! Telling other programs what happened.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::event::EventKind;
use crate::id::{AgencyId, DeliveryId, EventId, WebhookEndpointId};
use crate::member::Coverage;
use crate::secret::{SealContext, SealPurpose, Sealed};
use crate::store::{DeliveryFilter, UniqueKey, Version, WebhookEndpointFilter, entity};
use crate::value::{Name, WebUrl};

/// An address that is told what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Grows with every change.
    pub version: Version,
    /// Of which agency.
    pub agency_id: AgencyId,
    /// What people call it.
    pub name: Name,
    /// Where messages are sent; whoever sends applies the SSRF guard.
    pub url: WebUrl,
    /// For which clients.
    pub coverage: Coverage,
    /// Which kinds of event; empty is all.
    pub event_kinds: BTreeSet<EventKind>,
    /// What messages are signed with, newest first; several while one replaces the other.
    pub signing_secrets: Vec<Sealed>,
    /// Whether it is told anything.
    pub active: bool,
    /// Why it was switched off, if MCMP did it.
    pub disabled_reason: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl WebhookEndpoint {
    /// What its signing secrets are bound to.
    #[must_use]
    pub fn seal_context(&self) -> SealContext {
        SealContext::of_agency(SealPurpose::WEBHOOK_SECRET, self.agency_id)
            .subject("webhook_endpoint", self.id)
    }
}

entity! {
    WebhookEndpoint, WebhookEndpointId, WebhookEndpointFilter,
    tenancy: |endpoint| endpoint.coverage.tenancy(endpoint.agency_id),
}

/// Where a delivery stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// To be sent, or sent again.
    #[default]
    Pending,
    /// Taken.
    Delivered,
    /// Given up.
    Failed,
}

/// One event on its way to one endpoint: the delivery log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id; sent along, so that the receiver knows a repetition.
    pub id: DeliveryId,
    /// Grows with every change.
    pub version: Version,
    /// Of which agency.
    pub agency_id: AgencyId,
    /// To where.
    pub endpoint_id: WebhookEndpointId,
    /// What.
    pub event_id: EventId,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next; `None` at its end.
    pub next_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

entity! {
    Delivery, DeliveryId, DeliveryFilter,
    tenancy: |delivery| Tenancy::AgencyWide(delivery.agency_id),
    unique: |delivery| vec![UniqueKey::new(
        "event_id",
        format_args!("{}/{}", delivery.endpoint_id, delivery.event_id),
    )],
    parent: |delivery| delivery.endpoint_id,
}
