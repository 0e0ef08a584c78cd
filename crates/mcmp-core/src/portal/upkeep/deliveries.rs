//! Deliveries to webhook endpoints: each is held, sent, and what came of it written down.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

use super::backoff::WEBHOOKS;
use super::{Upkeep, due_by, later};
use crate::access::ActorRef;
use crate::error::Error;
use crate::event::{Event, EventKind, FieldChange, Subject};
use crate::id::{AgencyId, ClientId, EventId, WebhookEndpointId};
use crate::member::{Coverage, Permission};
use crate::notification::NotificationTopic;
use crate::portal::coverage::only_client;
use crate::portal::session::retrying;
use crate::portal::{Session, Work, audience};
use crate::secret::SecretText;
use crate::service::{WebhookAnswer, WebhookMessage};
use crate::store::{
    DeliveryFilter, Direction, EntityKind, Query, Read, Sort, StoreExt, WebhookEndpointFilter,
};
use crate::value::{Note, WebUrl};
use crate::webhook::{Delivery, DeliveryStatus, WebhookEndpoint};

/// The HTTP status that says: never again, <https://www.rfc-editor.org/rfc/rfc9110#section-15.5.11>.
const GONE: u16 = 410;

/// Most characters that are kept of what went wrong.
const MAX_ERROR: usize = 500;

/// Most pages of due deliveries that are looked at, to be fair between endpoints: so many that one
/// which takes nothing for a day can't fill them.
const FAIR_PAGES: usize = 20;

/// How many of an endpoint's newest deliveries are looked at to see whether it takes any.
const LOOK_BACK: usize = 50;

/// What an attempt came to.
#[derive(Debug)]
enum Attempt {
    Answered(WebhookAnswer),
    /// There was no answer, in words.
    Unanswered(String),
    /// It can't be sent any more, in words.
    Hopeless(&'static str),
}

/// What is sent to an endpoint.
#[derive(Debug)]
struct Prepared {
    url: WebUrl,
    body: Vec<u8>,
    secrets: Vec<SecretText>,
}

/// The body of a message, as Standard Webhooks has it.
#[derive(Debug, Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: EventKind,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    event_id: EventId,
    agency_id: AgencyId,
    client_id: Option<ClientId>,
    actor: &'a ActorRef,
    subject: Subject,
    changes: &'a [FieldChange],
    note: Option<&'a Note>,
}

impl Upkeep {
    /// Whether the portal has what sends messages to endpoints; without it, deliveries wait.
    #[must_use]
    pub fn can_send_webhooks(&self) -> bool {
        self.portal.parts.webhooks.is_some()
    }

    /// Takes up to `limit` deliveries whose time has come, soonest first and each endpoint in its
    /// turn, so that a slow one does not keep the others waiting; keeps others from taking them for
    /// `lease`. Each is given to [`send_delivery`](Self::send_delivery); one that
    /// is not, because its process died, comes back when the lease is over.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn claim_deliveries(
        &self,
        limit: usize,
        lease: TimeDelta,
    ) -> Result<Vec<Delivery>, Error> {
        let now = self.now().await?;
        let mut found = self.due_deliveries(limit, now).await?;
        take_turns(&mut found);
        found.truncate(limit);
        self.hold(found, |delivery| {
            delivery.attempts = delivery.attempts.saturating_add(1);
            delivery.next_at = Some(later(now, lease));
            delivery.updated_at = now;
        })
        .await
    }

    /// Deliveries that are due, soonest first, from as many endpoints as are served at once; none
    /// more of one endpoint than are taken of all.
    async fn due_deliveries(
        &self,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Delivery>, Error> {
        let filter = DeliveryFilter { due_before: Some(due_by(now)), ..Default::default() };
        let (mut found, mut counts) = (Vec::new(), BTreeMap::<WebhookEndpointId, usize>::new());
        let mut after = None;
        for _ in 0..FAIR_PAGES {
            let query = Query::<Delivery>::new(filter.clone())
                .sorted(Sort::Planned, Direction::Ascending)
                .limit(Query::<Delivery>::MAX_LIMIT)
                .after(after);
            let page = Read::<Delivery>::list(self.store(), &self.scope, &query).await?;
            for delivery in page.items {
                let count = counts.entry(delivery.endpoint_id).or_default();
                *count += 1;
                if *count <= limit {
                    found.push(delivery);
                }
            }
            after = page.next;
            if after.is_none() || counts.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// Sends a delivery that was claimed, once, and writes down what came of it: taken; to be sent
    /// again, by Standard Webhooks' schedule and no earlier than the endpoint asks; or given up. An
    /// endpoint that says 410, or that took nothing in all the time that a delivery was tried, is
    /// switched off, and those who manage it are told.
    ///
    /// # Errors
    /// The portal was built without a sender or a sealer; or the store can't be reached or fails.
    pub async fn send_delivery(&self, claimed: Delivery) -> Result<Delivery, Error> {
        let sender = self.portal.parts.webhooks.clone();
        let sender = sender.ok_or(Error::NotConfigured { part: "a webhook sender" })?;
        let session = self.session(claimed.agency_id).await?;
        let attempt = match self.prepare(&session, &claimed).await? {
            Err(why) => Attempt::Hopeless(why),
            Ok(Prepared { url, body, secrets }) => {
                let id = claimed.id.to_string();
                let sent_at = self.now().await?;
                let message =
                    WebhookMessage { url: &url, id: &id, sent_at, body: &body, secrets: &secrets };
                match sender.send(&message).await {
                    Ok(answer) => Attempt::Answered(answer),
                    Err(error) => Attempt::Unanswered(error.to_string()),
                }
            }
        };
        retrying(async || self.record_attempt(&session, &claimed, &attempt).await).await
    }

    /// What is sent; or why nothing is, for good.
    async fn prepare(
        &self,
        session: &Session,
        delivery: &Delivery,
    ) -> Result<Result<Prepared, &'static str>, Error> {
        if delivery.attempts > WEBHOOKS.attempts() {
            return Ok(Err("it was begun too often and never ended"));
        }
        let endpoint: Option<WebhookEndpoint> =
            self.store().find(&self.scope, delivery.endpoint_id).await?;
        let Some(endpoint) = endpoint else { return Ok(Err("the endpoint was deleted")) };
        if !endpoint.active {
            return Ok(Err("the endpoint is switched off"));
        }
        let event: Option<Event> = self.store().find(&self.scope, delivery.event_id).await?;
        let Some(event) = event else { return Ok(Err("the event is no longer kept")) };
        // What it covers may have changed since the delivery was made.
        if !endpoint.is_told(&event) {
            return Ok(Err("the endpoint does not cover it any longer"));
        }
        let secrets = session.webhooks().signing_secrets(endpoint.id).await?;
        Ok(Ok(Prepared { url: endpoint.url, body: body_of(&event), secrets }))
    }

    async fn record_attempt(
        &self,
        session: &Session,
        claimed: &Delivery,
        attempt: &Attempt,
    ) -> Result<Delivery, Error> {
        let mut delivery: Delivery = session.load(claimed.id).await?;
        let is_taken = matches!(attempt, Attempt::Answered(answer) if is_success(answer.status));
        let is_ours = delivery.attempts == claimed.attempts;
        if delivery.status != DeliveryStatus::Pending || !is_ours && !is_taken {
            return Ok(delivery);
        }
        let mut work = session.work()?;
        let now = work.now();
        delivery.updated_at = now;
        let (status, error, not_before) = match attempt {
            Attempt::Answered(answer) => {
                let error = format!("the endpoint answered {}", answer.status);
                let not_before = answer.retry_after.map(|wait| later(now, wait));
                (Some(answer.status), error, not_before)
            }
            Attempt::Unanswered(why) => (None, why.clone(), None),
            Attempt::Hopeless(why) => (None, (*why).to_owned(), None),
        };
        delivery.last_status = status;
        delivery.last_error = Some(error.chars().take(MAX_ERROR).collect());
        let next_at = WEBHOOKS.next(delivery.attempts, self.portal.jitter()?, now, not_before);
        if is_taken {
            (delivery.status, delivery.last_error) = (DeliveryStatus::Delivered, None);
        } else if status == Some(GONE) {
            delivery.status = DeliveryStatus::Failed;
            let reason = "it answered that it is gone for good (410)";
            self.switch_off(session, &mut work, &delivery, reason).await?;
        } else if matches!(attempt, Attempt::Hopeless(_)) {
            delivery.status = DeliveryStatus::Failed;
        } else if next_at.is_none() {
            delivery.status = DeliveryStatus::Failed;
            if !self.has_taken_any_since(&delivery).await? {
                let reason = "it took no message for days";
                self.switch_off(session, &mut work, &delivery, reason).await?;
            }
        }
        delivery.next_at = next_at.filter(|_| delivery.status == DeliveryStatus::Pending);
        work.changes().update(&mut delivery);
        work.commit().await?;
        Ok(delivery)
    }

    /// Whether the endpoint took anything in the time that a delivery was tried.
    async fn has_taken_any_since(&self, delivery: &Delivery) -> Result<bool, Error> {
        let filter = DeliveryFilter {
            endpoint_id: Some(delivery.endpoint_id),
            statuses: vec![DeliveryStatus::Delivered],
            ..Default::default()
        };
        let query = Query::new(filter).sorted(Sort::Created, Direction::Descending);
        let newest =
            Read::<Delivery>::list(self.store(), &self.scope, &query.limit(LOOK_BACK)).await?;
        Ok(newest.items.iter().any(|taken| taken.updated_at >= delivery.created_at))
    }

    async fn switch_off(
        &self,
        session: &Session,
        work: &mut Work<'_>,
        delivery: &Delivery,
        reason: &str,
    ) -> Result<(), Error> {
        let before: WebhookEndpoint = match session.load(delivery.endpoint_id).await {
            Ok(endpoint) => endpoint,
            Err(Error::NotFound { kind: EntityKind::WebhookEndpoint, .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !before.active {
            return Ok(());
        }
        let mut endpoint = WebhookEndpoint {
            active: false,
            disabled_reason: Some(reason.to_owned()),
            updated_at: work.now(),
            ..before.clone()
        };
        let client = only_client(&endpoint.coverage);
        work.update(&before, &mut endpoint, EventKind::WebhookEndpointUpdated, client)?;
        let (portal, agency) = (session.portal(), endpoint.agency_id);
        let permission = Permission::ManageWebhooks;
        let users =
            audience::holders_for_all(portal, agency, &endpoint.coverage, permission).await?;
        let message = format!("“{}” gets no more messages: {reason}", endpoint.name);
        let message = Note::new("message", message)?;
        let incident = format!("webhook/{}/{}", endpoint.id, endpoint.version);
        let topic = NotificationTopic::WebhookDisabled;
        work.notify(users, topic, client, Subject::of(&endpoint), &message, &incident)
    }

    /// The endpoints of an agency that are told anything.
    pub(super) async fn active_endpoints(
        &self,
        agency: AgencyId,
    ) -> Result<Vec<WebhookEndpoint>, Error> {
        let filter = WebhookEndpointFilter { agency_id: Some(agency), active: Some(true) };
        Ok(self.store().all(&self.scope, filter).await?)
    }
}

impl WebhookEndpoint {
    /// Whether it is told of an event: it covers the event's client (or, of the agency's own
    /// affairs, the whole agency), asks for its kind, and was there when it happened.
    pub(super) fn is_told(&self, event: &Event) -> bool {
        let covers = match (&self.coverage, event.client_id) {
            (Coverage::WholeAgency, _) => true,
            (coverage, Some(client)) => coverage.covers(client),
            (Coverage::Clients(_), None) => false,
        };
        let asks = self.event_kinds.is_empty() || self.event_kinds.contains(&event.kind);
        covers && asks && event.agency_id == self.agency_id && self.created_at <= event.at
    }
}

/// Puts the first of each endpoint before the second of any.
fn take_turns(deliveries: &mut Vec<Delivery>) {
    let mut turns = BTreeMap::<WebhookEndpointId, usize>::new();
    let mut in_turn: Vec<(usize, Delivery)> = Vec::with_capacity(deliveries.len());
    for delivery in deliveries.drain(..) {
        let turn = turns.entry(delivery.endpoint_id).or_default();
        in_turn.push((*turn, delivery));
        *turn += 1;
    }
    // Stable: within a turn, soonest first.
    in_turn.sort_by_key(|(turn, _)| *turn);
    deliveries.extend(in_turn.into_iter().map(|(_, delivery)| delivery));
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// What is said of an event: what whoever covers its client reads in the log.
fn body_of(event: &Event) -> Vec<u8> {
    let body = Body {
        kind: event.kind,
        timestamp: rfc3339(event.at),
        data: Data {
            event_id: event.id,
            agency_id: event.agency_id,
            client_id: event.client_id,
            actor: &event.actor,
            subject: event.subject,
            changes: &event.changes,
            note: event.note.as_ref(),
        },
    };
    // Nothing in it can fail to be written as JSON: no map has keys that are no text.
    serde_json::to_vec(&body).unwrap_or_default()
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
