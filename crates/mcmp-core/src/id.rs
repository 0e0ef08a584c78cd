//! Typed ids over UUIDv7: one type per thing, so that a client's id never stands where a post's
//! belongs, and ids made later sort later.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::value::InvalidValue;

/// What every id type can do; lets stores and the id source be generic over them.
pub trait Id:
    Copy
    + Ord
    + std::hash::Hash
    + fmt::Debug
    + fmt::Display
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(value)
                    .map(Self)
                    .map_err(|_| InvalidValue::malformed("id", "a UUID", value))
            }
        }
    )+};
}

ids! {
    /// Of an [`Agency`](crate::agency::Agency).
    AgencyId,
    /// Of a [`Client`](crate::client::Client).
    ClientId,
    /// Of a [`User`](crate::member::User).
    UserId,
    /// Of a [`Membership`](crate::member::Membership).
    MembershipId,
    /// Of an [`Invitation`](crate::member::Invitation).
    InvitationId,
    /// Of an [`ApiKey`](crate::member::ApiKey).
    ApiKeyId,
    /// Of a [`SocialAccount`](crate::account::SocialAccount).
    AccountId,
    /// Of a set of platform app credentials, kept outside core.
    AppCredentialsId,
    /// Of a [`Post`](crate::post::Post).
    PostId,
    /// Of a [`Variant`](crate::post::Variant) inside its post.
    VariantId,
    /// Of a [`Revision`](crate::post::Revision).
    RevisionId,
    /// Of a [`Comment`](crate::post::Comment).
    CommentId,
    /// Of a [`HistoryEntry`](crate::post::HistoryEntry).
    HistoryEntryId,
    /// Of a [`ReviewLink`](crate::approval::ReviewLink).
    ReviewLinkId,
    /// Of a [`Series`](crate::series::Series) of recurring posts.
    SeriesId,
    /// Of a [`Campaign`](crate::campaign::Campaign).
    CampaignId,
    /// Of a [`Brief`](crate::campaign::Brief).
    BriefId,
    /// Of a [`Creator`](crate::campaign::Creator).
    CreatorId,
    /// Of a [`Task`](crate::board::Task).
    TaskId,
    /// Of an [`Asset`](crate::asset::Asset).
    AssetId,
    /// Of a [`PublishJob`](crate::publishing::PublishJob).
    JobId,
    /// Of an [`Attempt`](crate::publishing::Attempt).
    AttemptId,
    /// Of a metric [`Snapshot`](crate::analytics::Snapshot).
    SnapshotId,
    /// Of a metric [`Rollup`](crate::analytics::Rollup).
    RollupId,
    /// Of a [`Notification`](crate::notification::Notification).
    NotificationId,
    /// Of a [`WebhookEndpoint`](crate::webhook::WebhookEndpoint).
    WebhookEndpointId,
    /// Of a webhook [`Delivery`](crate::webhook::Delivery).
    DeliveryId,
    /// Of an [`Event`](crate::event::Event).
    EventId,
    /// Of a [`Duty`](crate::duty::Duty).
    DutyId,
    /// Of a [`RateBudget`](crate::publishing::RateBudget).
    RateBudgetId,
}

/// Ids of things that are known by a name: whoever knows the name knows the id (a UUIDv8 of the
/// name's SHA-256, <https://www.rfc-editor.org/rfc/rfc9562#section-5.8>).
macro_rules! named_ids {
    ($($name:ident),+ $(,)?) => {$(
        impl $name {
            /// The id of what has this name.
            #[must_use]
            pub fn of(name: &str) -> Self {
                let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] =
                    <[u8; 32]>::from(Sha256::digest(name));
                let bytes = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
                Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
            }
        }
    )+};
}

named_ids! { DutyId, RateBudgetId }
