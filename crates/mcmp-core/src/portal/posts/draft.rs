//! What people hand in: new posts, changes, times.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;

use crate::account::SocialAccount;
use crate::id::{AccountId, CampaignId, ClientId, VariantId};
use crate::post::{Content, MediaUse, PlatformOptions, PostKind, PostText, ThreadPart, Variant};
use crate::value::{Change, Label, WebUrl};

/// When a post is to go out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum When {
    /// At this instant.
    At(DateTime<Utc>),
    /// At this local time of the client's zone. One that a clock change skips or doubles is
    /// answered as [`WallTime::resolve`](crate::time::WallTime::resolve) says; the post's
    /// schedule tells of it.
    Local(NaiveDateTime),
    /// At the next free queue slot of its accounts.
    NextFreeSlot,
}

/// A new post.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostDraft {
    /// Whose post.
    pub client_id: ClientId,
    /// What all accounts get.
    #[serde(default)]
    pub content: Content,
    /// What single accounts get; `None` takes the client's default accounts.
    #[serde(default)]
    pub variants: Option<Vec<VariantDraft>>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// What it is about.
    #[serde(default)]
    pub category: Option<Label>,
    /// The campaign it is part of.
    #[serde(default)]
    pub campaign_id: Option<CampaignId>,
    /// When somebody has it in mind for; nothing goes out before it is scheduled.
    #[serde(default)]
    pub planned: Option<When>,
}

impl PostDraft {
    /// A post of this text for the client's default accounts.
    #[must_use]
    pub fn new(client_id: ClientId, body: PostText) -> Self {
        Self {
            client_id,
            content: Content { body, ..Content::default() },
            variants: None,
            tags: Vec::new(),
            category: None,
            campaign_id: None,
            planned: None,
        }
    }

    /// For these accounts, all with the same content.
    #[must_use]
    pub fn to(mut self, accounts: impl IntoIterator<Item = AccountId>) -> Self {
        self.variants = Some(accounts.into_iter().map(VariantDraft::to).collect());
        self
    }
}

/// What one account gets; see [`Variant`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantDraft {
    /// Which account; its platform is looked up.
    pub account_id: AccountId,
    /// The form it takes there.
    #[serde(default)]
    pub kind: PostKind,
    /// Instead of the post's title.
    #[serde(default)]
    pub title: Option<PostText>,
    /// Instead of the post's text.
    #[serde(default)]
    pub text: Option<PostText>,
    /// Instead of the post's media.
    #[serde(default)]
    pub media: Option<Vec<MediaUse>>,
    /// Instead of the post's link; [`Change::Clear`] (`null`) sends none.
    #[serde(default)]
    pub link: Change<WebUrl>,
    /// A comment to post under it once it is live.
    #[serde(default)]
    pub first_comment: Option<PostText>,
    /// The further parts of a thread.
    #[serde(default)]
    pub thread: Vec<ThreadPart>,
    /// What only this platform has.
    #[serde(default)]
    pub options: PlatformOptions,
}

impl VariantDraft {
    /// All as the post has it.
    #[must_use]
    pub fn to(account_id: AccountId) -> Self {
        Self {
            account_id,
            kind: PostKind::default(),
            title: None,
            text: None,
            media: None,
            link: Change::Keep,
            first_comment: None,
            thread: Vec::new(),
            options: PlatformOptions::None,
        }
    }

    pub(super) fn into_variant(self, id: VariantId, account: &SocialAccount) -> Variant {
        Variant {
            id,
            account_id: account.id,
            platform: account.platform.clone(),
            kind: self.kind,
            title: self.title,
            text: self.text,
            media: self.media,
            link: match self.link {
                Change::Keep => None,
                Change::Clear => Some(None),
                Change::Set(link) => Some(Some(link)),
            },
            first_comment: self.first_comment,
            thread: self.thread,
            options: self.options,
        }
    }
}

/// A change of a post; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostEdit {
    /// What all accounts get.
    pub content: Option<Content>,
    /// What single accounts get: all of them, those left out are taken away.
    pub variants: Option<Vec<VariantDraft>>,
    /// Words to find it by.
    pub tags: Option<Vec<Label>>,
    /// What it is about.
    pub category: Change<Label>,
    /// The campaign it is part of.
    pub campaign_id: Change<CampaignId>,
}
