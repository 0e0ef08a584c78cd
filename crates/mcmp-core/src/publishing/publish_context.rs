//! What a publisher is given for one step.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::follow_up::Part;
use super::job::{PublishJob, RemoteRef};
use super::rate::RateLog;
use crate::account::{SocialAccount, Tokens};
use crate::post::{Outgoing, OutgoingMedia, OutgoingPart};
use crate::service::MediaStorage;

/// What a publisher is given for one step of one [`Part`].
#[derive(Debug, Clone, Copy)]
pub struct PublishContext<'a> {
    /// The job as it is now.
    pub job: &'a PublishJob,
    /// The part that the step is about.
    pub part: Part,
    /// What goes out to the account, with all parts.
    pub outgoing: &'a Outgoing,
    /// The account.
    pub account: &'a SocialAccount,
    /// Its tokens.
    pub tokens: &'a Tokens,
    /// Where the media lie.
    pub media: &'a dyn MediaStorage,
    /// Where to note what the answers tell of rate limits.
    pub rates: &'a RateLog,
    /// The time, by the store's clock.
    pub now: DateTime<Utc>,
}

impl<'a> PublishContext<'a> {
    /// What the last step left.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&'a Value> {
        self.job.checkpoint.as_ref()
    }

    /// The key that the platform may know a repetition by; see [`PublishJob::dedupe_key`].
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        self.job.dedupe_key(self.part)
    }

    /// What the part is posted under; `None` for the main item.
    #[must_use]
    pub fn parent(&self) -> Option<&'a RemoteRef> {
        self.job.parent_of(self.part)
    }

    /// The part's text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        match self.part {
            Part::Main => &self.outgoing.text,
            Part::Thread { index } => self.thread_part(index).map_or("", |part| &part.text),
            Part::FirstComment => self.outgoing.first_comment.as_deref().unwrap_or(""),
        }
    }

    /// The part's media, in order.
    #[must_use]
    pub fn media_files(&self) -> &'a [OutgoingMedia] {
        match self.part {
            Part::Main => &self.outgoing.media,
            Part::Thread { index } => self.thread_part(index).map_or(&[], |part| &part.media),
            Part::FirstComment => &[],
        }
    }

    fn thread_part(&self, index: usize) -> Option<&'a OutgoingPart> {
        self.outgoing.thread.get(index)
    }
}

/// What a publisher is given for a call about an account or a published item.
#[derive(Debug, Clone, Copy)]
pub struct AccountContext<'a> {
    /// The account.
    pub account: &'a SocialAccount,
    /// Its tokens.
    pub tokens: &'a Tokens,
    /// Where to note what the answers tell of rate limits.
    pub rates: &'a RateLog,
    /// The time, by the store's clock.
    pub now: DateTime<Utc>,
}
