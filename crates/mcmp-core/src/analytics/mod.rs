//! What became of what was published.

mod metrics;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::access::Tenancy;
use crate::account::Platform;
use crate::id::{
    AccountId, AgencyId, CampaignId, ClientId, Id, JobId, PostId, RollupId, SnapshotId,
};
use crate::store::{RollupFilter, SnapshotFilter, UniqueKey, Version, entity};

pub use metrics::Metrics;

/// The numbers of one published item, or of an account, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Always 1: it never changes.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose numbers.
    pub client_id: ClientId,
    /// Which account.
    pub account_id: AccountId,
    /// Where.
    pub platform: Platform,
    /// Which job's item; `None` for the account itself.
    pub job_id: Option<JobId>,
    /// That job's post.
    pub post_id: Option<PostId>,
    /// That post's campaign.
    pub campaign_id: Option<CampaignId>,
    /// The totals since publication, as the platform told them.
    pub metrics: Metrics,
    /// When they were read.
    pub taken_at: DateTime<Utc>,
}

entity! {
    Snapshot, SnapshotId, SnapshotFilter,
    tenancy: |snapshot| Tenancy::Client(snapshot.agency_id, snapshot.client_id),
    unique: |snapshot| vec![UniqueKey::new("taken_at", format_args!(
        "{}/{}/{}",
        snapshot.account_id,
        snapshot.job_id.map_or_else(|| "account".to_owned(), |job| job.to_string()),
        snapshot.taken_at.timestamp_millis(),
    ))],
    parent: |snapshot| snapshot.account_id,
}

/// What a [`Rollup`] sums up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "of")]
#[non_exhaustive]
pub enum RollupSubject {
    /// All of the client's.
    Client,
    /// One post's.
    Post(PostId),
    /// One campaign's.
    Campaign(CampaignId),
    /// One account's.
    Account(AccountId),
    /// One platform's.
    Platform(Platform),
}

/// What a client's items gained on one day: the growth of their totals, not the totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollup {
    /// Its id.
    pub id: RollupId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose numbers.
    pub client_id: ClientId,
    /// What is summed up.
    pub subject: RollupSubject,
    /// The day, in the client's zone.
    pub day: NaiveDate,
    /// What was gained on that day.
    pub metrics: Metrics,
    /// When it was last brought up to date.
    pub updated_at: DateTime<Utc>,
}

impl Rollup {
    /// The id of what is summed up for `subject` on `day`: always the same one, so that it is found
    /// without a list. Like every id it sorts by its time, which is the day's beginning in UTC.
    #[must_use]
    pub fn id_of(client: ClientId, subject: &RollupSubject, day: NaiveDate) -> RollupId {
        let name = format!("rollup/{client}/{}/{day}", Self::subject_key(subject));
        let hash = Sha256::digest(name.as_bytes());
        let mut random = [0; 10];
        random.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        let millis = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let millis = u64::try_from(millis).unwrap_or_default();
        RollupId::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The subject as one text, for unique keys and filters.
    #[must_use]
    pub fn subject_key(subject: &RollupSubject) -> String {
        match subject {
            RollupSubject::Client => "client".to_owned(),
            RollupSubject::Post(id) => format!("post/{id}"),
            RollupSubject::Campaign(id) => format!("campaign/{id}"),
            RollupSubject::Account(id) => format!("account/{id}"),
            RollupSubject::Platform(platform) => format!("platform/{platform}"),
        }
    }
}

entity! {
    Rollup, RollupId, RollupFilter,
    tenancy: |rollup| Tenancy::Client(rollup.agency_id, rollup.client_id),
    unique: |rollup| vec![UniqueKey::new("day", format_args!(
        "{}/{}/{}",
        rollup.client_id,
        Rollup::subject_key(&rollup.subject),
        rollup.day,
    ))],
}
