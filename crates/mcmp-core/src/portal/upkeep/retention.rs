//! How long data is kept, and clearing up what is older.

mod decide;
mod sweep;

use chrono::TimeDelta;

pub use sweep::Sweep;

/// How long data is kept; `None` is for good.
///
/// The newest data is never touched, and nothing that is still needed: jobs that are not at their
/// end, deliveries and notifications on their way, events that a reader has not come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The log: 400 days, so that a year can be compared with the one before.
    pub events: Option<TimeDelta>,
    /// Names of the duties whose holders read the events, with the `position` that they came to as
    /// their progress: what they have not read is kept. One that was never begun holds nothing
    /// back; take out one that will not go on.
    pub event_readers: Vec<String>,
    /// Notifications that were read: 90 days.
    pub read_notifications: Option<TimeDelta>,
    /// Notifications that nobody ever read: 400 days.
    pub unread_notifications: Option<TimeDelta>,
    /// Deliveries to webhook endpoints that came to their end: 30 days.
    pub deliveries: Option<TimeDelta>,
    /// Evidence of visible calls, of jobs that came to their end: 400 days. With the evidence of
    /// archived and cancelled posts go their jobs, all of a post's together.
    pub jobs: Option<TimeDelta>,
    /// From this age on, one snapshot a day is kept of each item, and none of items whose job is
    /// gone: 90 days. The sums of each day stay as they are.
    pub thin_snapshots: Option<TimeDelta>,
    /// The daily sums of single posts: for good. Those of clients, campaigns, accounts and platforms
    /// always are.
    pub post_rollups: Option<TimeDelta>,
    /// Posts that are over (published, in part or in full, failed, cancelled or archived) and did
    /// not change for so long, with their revisions, comments, history, jobs and evidence: for good.
    /// What people wrote is never deleted unless an installation says so.
    pub posts: Option<TimeDelta>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: Some(TimeDelta::days(400)),
            event_readers: vec![super::Upkeep::WEBHOOKS_DUTY.to_owned()],
            read_notifications: Some(TimeDelta::days(90)),
            unread_notifications: Some(TimeDelta::days(400)),
            deliveries: Some(TimeDelta::days(30)),
            jobs: Some(TimeDelta::days(400)),
            thin_snapshots: Some(TimeDelta::days(90)),
            post_rollups: None,
            posts: None,
        }
    }
}
