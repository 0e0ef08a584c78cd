//! From events to deliveries: each event once to every endpoint that is told of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Round, Upkeep};
use crate::agency::{Agency, AgencyStatus, Feature};
use crate::error::Error;
use crate::event::Event;
use crate::id::AgencyId;
use crate::portal::HeldDuty;
use crate::store::{ChangeSet, EventPosition, Query, ReadUpTo, StoreExt, Version};
use crate::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};

impl Upkeep {
    /// Names the duty of [`fan_out_webhooks`](Self::fan_out_webhooks).
    pub const WEBHOOKS_DUTY: &'static str = "webhook_deliveries";

    /// Makes deliveries of up to `limit` events, going on where `duty` got to: one for each active
    /// endpoint that covers the event and asks for its kind. Deliveries and place are written
    /// together, so that an event becomes each of its deliveries exactly once, whatever fails and
    /// whoever else tries. [`Round::done`] counts events.
    ///
    /// What happened before an endpoint was made is not told to it, and nothing is told to
    /// endpoints of an agency that is not active or whose plan has no webhooks. The duty's lease
    /// stays as it is: take it again before it ends.
    ///
    /// # Errors
    /// The duty is somebody else's by now, or its progress can't be read; or
    /// the store can't be reached or fails. Nothing was written then: drop the duty.
    pub async fn fan_out_webhooks(
        &self,
        duty: &mut HeldDuty,
        limit: usize,
    ) -> Result<Round, Error> {
        let limit = limit.clamp(1, Query::<Event>::MAX_LIMIT);
        let known: Option<ReadUpTo> = duty.progress()?;
        let from = known.map_or(EventPosition::START, |known| known.position);
        let events = self.store().events_after(&self.scope, from, limit).await?;
        let Some((last, _)) = events.last() else { return Ok(Round::default()) };
        let (last, done, now) = (*last, events.len(), self.now().await?);
        let mut endpoints = BTreeMap::new();
        let mut changes = ChangeSet::new();
        for (_, event) in &events {
            let of_agency = match endpoints.entry(event.agency_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.endpoints_told(event.agency_id).await?),
            };
            for endpoint in of_agency.iter().filter(|endpoint| endpoint.is_told(event)) {
                let mut delivery = Delivery {
                    id: self.portal.new_id()?,
                    version: Version::NEW,
                    agency_id: event.agency_id,
                    endpoint_id: endpoint.id,
                    event_id: event.id,
                    status: DeliveryStatus::Pending,
                    attempts: 0,
                    next_at: Some(now),
                    last_status: None,
                    last_error: None,
                    created_at: now,
                    updated_at: now,
                };
                changes.insert(&mut delivery);
            }
        }
        duty.record_in(&mut changes, &ReadUpTo { position: last })?;
        self.store().commit(&self.scope, changes).await?;
        Ok(Round { done, more: done >= limit })
    }

    async fn endpoints_told(&self, agency: AgencyId) -> Result<Vec<WebhookEndpoint>, Error> {
        let found: Option<Agency> = self.store().find(&self.scope, agency).await?;
        let is_told = |agency: &Agency| {
            agency.status == AgencyStatus::Active && agency.plan.require(Feature::Webhooks).is_ok()
        };
        match found.filter(is_told) {
            Some(agency) => self.active_endpoints(agency.id).await,
            None => Ok(Vec::new()),
        }
    }
}
