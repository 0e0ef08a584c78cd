//! People's notifications, out to where they want to be told.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::backoff::PEOPLE;
use super::{Upkeep, due, due_by, earlier, later};
use crate::error::Error;
use crate::member::User;
use crate::notification::{Notification, NotificationChannel, NotificationTopic, Sent};
use crate::portal::session::retrying;
use crate::service::{Address, Message, Notifier, ServiceError, ServiceErrorKind};
use crate::store::{ChangeSet, NotificationFilter, Read, Sort};

/// What is older than this is not sent any more: it is in the list, and no news.
const STALE_AFTER: TimeDelta = TimeDelta::days(1);

/// Most characters that are kept of what went wrong.
const MAX_ERROR: usize = 500;

/// What a try left.
#[derive(Debug, Default)]
struct Tried {
    settled: Vec<Sent>,
    /// Some channel may work later, no earlier than this if it said so.
    again: Option<Option<DateTime<Utc>>>,
}

impl Upkeep {
    /// Whether the portal has anything that tells people outside the product. Without it there is
    /// no use in the calls below: they would settle that nobody is told.
    #[must_use]
    pub fn can_notify(&self) -> bool {
        !self.portal.parts.notifiers.is_empty()
    }

    /// Takes up to `limit` notifications that people are to be told of outside the product, and
    /// keeps others from taking them for `lease`. Each is given to
    /// [`send_notification`](Self::send_notification); one that is not, because its process died,
    /// comes back when the lease is over.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn claim_notifications(
        &self,
        limit: usize,
        lease: TimeDelta,
    ) -> Result<Vec<Notification>, Error> {
        let now = self.now().await?;
        let filter =
            NotificationFilter { send_due_before: Some(due_by(now)), ..Default::default() };
        let found: Vec<Notification> = due(self, filter, Sort::Created, limit).await?;
        self.hold(found, |notification| {
            notification.send_attempts = notification.send_attempts.saturating_add(1);
            notification.send_at = Some(later(now, lease));
        })
        .await
    }

    /// Tells a person on each channel that they chose for the topic, as far as there is a notifier
    /// and an address, and writes down what came of it. What may work later is tried again for half
    /// a day, with the same [`Message::id`]; the rest is given up, with its reason. What the person
    /// has read by now is not sent.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn send_notification(&self, claimed: Notification) -> Result<Notification, Error> {
        let now = self.now().await?;
        let is_stale = claimed.created_at < earlier(now, STALE_AFTER);
        let tried = if claimed.read_at.is_some() || is_stale {
            Tried::default()
        } else {
            self.tell(&claimed, now).await?
        };
        retrying(async || {
            let found: Option<Notification> =
                Read::<Notification>::get(self.store(), &self.scope, claimed.id).await?;
            let Some(mut notification) = found else { return Ok(claimed.clone()) };
            if notification.send_at.is_none() {
                return Ok(notification);
            }
            for sent in &tried.settled {
                if !notification.is_settled(sent.channel) {
                    notification.sent.push(sent.clone());
                }
            }
            if notification.send_attempts == claimed.send_attempts {
                notification.send_at = match tried.again {
                    Some(not_before) => {
                        let (attempts, jitter) = (claimed.send_attempts, self.portal.jitter()?);
                        PEOPLE.next(attempts, jitter, now, not_before)
                    }
                    None => None,
                };
            }
            let mut changes = ChangeSet::new();
            changes.update(&mut notification);
            self.store().commit(&self.scope, changes).await?;
            Ok(notification)
        })
        .await
    }

    async fn tell(&self, claimed: &Notification, now: DateTime<Utc>) -> Result<Tried, Error> {
        let mut tried = Tried::default();
        let user = Read::<User>::get(self.store(), &self.scope, claimed.user_id).await?;
        let Some(user) = user.filter(|user| user.active) else { return Ok(tried) };
        let message = Message {
            id: claimed.id,
            title: title(claimed.topic).to_owned(),
            text: claimed.message.to_string(),
            link: None,
        };
        for channel in user.notification_preferences.channels(claimed.topic) {
            let (Some(notifier), Some(to)) = (self.notifier(*channel), address(&user, *channel))
            else {
                continue;
            };
            if claimed.is_settled(*channel) {
                continue;
            }
            let answer = notifier.deliver(&to, &message).await;
            tried.note(*channel, answer, claimed.send_attempts, now);
        }
        Ok(tried)
    }

    fn notifier(&self, channel: NotificationChannel) -> Option<&Arc<dyn Notifier>> {
        self.portal.parts.notifiers.iter().find(|notifier| notifier.channel() == channel)
    }
}

impl Tried {
    fn note(
        &mut self,
        channel: NotificationChannel,
        answer: Result<(), ServiceError>,
        attempts: u32,
        at: DateTime<Utc>,
    ) {
        let failed = match answer {
            Ok(()) => None,
            Err(error) if error.is_temporary() && attempts < PEOPLE.attempts() => {
                let until = match error.kind {
                    ServiceErrorKind::RateLimited { until } => until,
                    _ => None,
                };
                self.again = Some(self.again.flatten().max(until));
                return;
            }
            Err(error) => Some(error.to_string().chars().take(MAX_ERROR).collect()),
        };
        self.settled.push(Sent { channel, at, failed });
    }
}

impl Notification {
    /// Whether it is settled what came of telling the person there.
    fn is_settled(&self, channel: NotificationChannel) -> bool {
        self.sent.iter().any(|sent| sent.channel == channel)
    }
}

/// Where to reach a person; for chats and telephones nothing is known so far.
fn address(user: &User, channel: NotificationChannel) -> Option<Address> {
    match channel {
        NotificationChannel::Email => Some(Address::Email(user.email.clone())),
        _ => None,
    }
}

fn title(topic: NotificationTopic) -> &'static str {
    match topic {
        NotificationTopic::ApprovalRequested => "Your decision is asked for",
        NotificationTopic::ApprovalDecided => "There is a decision on your post",
        NotificationTopic::ApprovalOverdue => "A decision is overdue",
        NotificationTopic::PostPublished => "Your post is live",
        NotificationTopic::PostNeedsAttention => "A post needs attention",
        NotificationTopic::AccountNeedsReconnect => "A channel must be connected again",
        NotificationTopic::Mention => "You were mentioned",
        NotificationTopic::Comment => "There is a comment on your post",
        NotificationTopic::TaskAssigned => "A task is yours",
        NotificationTopic::PlanLimit => "Your plan's limit is near",
        NotificationTopic::OccurrencesMissed => "Recurring posts were missed",
        NotificationTopic::WebhookDisabled => "A webhook was switched off",
    }
}
