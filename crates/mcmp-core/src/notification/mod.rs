//! What people are told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::event::Subject;
use crate::id::{AgencyId, ClientId, NotificationId, UserId};
use crate::store::{NotificationFilter, UniqueKey, Version, entity};
use crate::value::Note;

/// What a notification is about; people choose per topic where they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotificationTopic {
    /// A decision is asked of you.
    ApprovalRequested,
    /// A decision was taken on your post.
    ApprovalDecided,
    /// A decision is overdue.
    ApprovalOverdue,
    /// Your post went out.
    PostPublished,
    /// Your post failed or waits for a person.
    PostNeedsAttention,
    /// A channel must be connected again.
    AccountNeedsReconnect,
    /// Somebody mentioned you.
    Mention,
    /// Somebody commented on your post.
    Comment,
    /// A task was given to you.
    TaskAssigned,
    /// The plan's limit is near or reached.
    PlanLimit,
    /// Posts of a series were missed.
    OccurrencesMissed,
    /// A webhook endpoint was switched off.
    WebhookDisabled,
}

/// Where people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotificationChannel {
    /// The list in the product.
    InApp,
    /// E-mail.
    Email,
    /// A chat message.
    Chat,
    /// A text message.
    Sms,
}

/// Something that one person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Grows with every change.
    pub version: Version,
    /// In which agency it happened.
    pub agency_id: AgencyId,
    /// For which client.
    pub client_id: Option<ClientId>,
    /// Who is told.
    pub user_id: UserId,
    /// What it is about.
    pub topic: NotificationTopic,
    /// What it leads to.
    pub subject: Subject,
    /// What is said, in plain words.
    pub message: Note,
    /// Names the incident: a person gets one notification per incident, however often it is seen.
    pub incident: String,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the person is told of it outside the product, or told again; `None` at its end.
    #[serde(default)]
    pub send_at: Option<DateTime<Utc>>,
    /// How often that was tried.
    #[serde(default)]
    pub send_attempts: u32,
    /// What came of it, channel by channel; a channel that is not named is not settled.
    #[serde(default)]
    pub sent: Vec<Sent>,
}

/// What came of telling somebody on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Where.
    pub channel: NotificationChannel,
    /// When it was settled.
    pub at: DateTime<Utc>,
    /// Why it was given up; `None` if it was handed over.
    pub failed: Option<String>,
}

entity! {
    Notification, NotificationId, NotificationFilter,
    tenancy: |notification| Tenancy::AddressedTo(
        notification.user_id,
        notification.agency_id,
        notification.client_id,
    ),
    unique: |notification| vec![UniqueKey::new(
        "incident",
        format_args!("{}/{}", notification.user_id, notification.incident),
    )],
}
