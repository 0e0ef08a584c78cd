//! What people write: the shared content of a post and what each account gets of it.

use serde::{Deserialize, Serialize};

use super::options::PlatformOptions;
use crate::account::Platform;
use crate::asset::AltText;
use crate::id::{AccountId, AssetId, VariantId};
use crate::value::{InvalidValue, WebUrl};

/// A text as it goes out: kept exactly as written, nothing trimmed. Up to 100,000 characters,
/// no control characters but line breaks and tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostText(String);

impl PostText {
    /// Most characters (Unicode scalar values); platforms take less, websites as much.
    pub const MAX: usize = 100_000;

    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Too long, or a control character inside.
    pub fn new(field: &str, value: impl Into<String>) -> Result<Self, InvalidValue> {
        let value = value.into();
        // Bytes bound characters from above, so nearly every text passes without being counted.
        if value.len() > Self::MAX {
            let length = value.chars().count();
            if length > Self::MAX {
                return Err(InvalidValue::too_long(field, Self::MAX, length));
            }
        }
        if let Some(control) =
            value.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(InvalidValue::malformed(
                field,
                "text without control characters",
                control.escape_unicode(),
            ));
        }
        Ok(Self(value))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing, or nothing but white space, was written.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl TryFrom<String> for PostText {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("text", value)
    }
}

impl std::str::FromStr for PostText {
    type Err = InvalidValue;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::new("text", value)
    }
}

impl From<PostText> for String {
    fn from(value: PostText) -> Self {
        value.0
    }
}

/// What form a post takes on its platform.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PostKind {
    /// An ordinary post in the feed.
    #[default]
    Feed,
    /// A vertical video in the reels tab (Instagram, Facebook).
    Reel,
    /// Gone after a day (Instagram, Facebook).
    Story,
    /// A short vertical video (YouTube).
    Short,
    /// Several pictures or videos to swipe through.
    Carousel,
    /// Several posts that answer one another (X, Threads).
    Thread,
    /// A page on a website.
    Article,
}

/// A use of an asset in a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaUse {
    /// Which asset.
    pub asset_id: AssetId,
    /// A description for this use alone; `None` takes the asset's.
    #[serde(default)]
    pub alt_text: Option<AltText>,
}

impl MediaUse {
    /// The asset with its own description.
    #[must_use]
    pub fn of(asset_id: AssetId) -> Self {
        Self { asset_id, alt_text: None }
    }
}

/// What all accounts of a post get, unless their variant says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// A title, for the platforms that have one (YouTube, Pinterest, websites).
    pub title: PostText,
    /// The text.
    pub body: PostText,
    /// Pictures, videos and documents, in order.
    pub media: Vec<MediaUse>,
    /// A link, shown as a card or button where the platform has one.
    pub link: Option<WebUrl>,
}

/// One further part of a thread, after the first, which is the variant's own text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadPart {
    /// The text.
    pub text: PostText,
    /// Pictures and videos, in order.
    pub media: Vec<MediaUse>,
}

/// What one [`SocialAccount`](crate::account::SocialAccount) gets of a post: the post's content
/// with overrides. A `None` override takes the post's; an empty one means "nothing here".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// The account that it goes to; at most one variant per account and post.
    pub account_id: AccountId,
    /// The account's platform.
    pub platform: Platform,
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
    /// Instead of the post's link; `Some(None)` sends no link.
    #[serde(default, with = "link_override", skip_serializing_if = "Option::is_none")]
    pub link: Option<Option<WebUrl>>,
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

impl Variant {
    /// A variant that takes everything from its post.
    #[must_use]
    pub fn new(id: VariantId, account_id: AccountId, platform: Platform) -> Self {
        Self {
            id,
            account_id,
            platform,
            kind: PostKind::default(),
            title: None,
            text: None,
            media: None,
            link: None,
            first_comment: None,
            thread: Vec::new(),
            options: PlatformOptions::default(),
        }
    }
}

/// Tells an absent field (take the post's link) from `null` (send none).
mod link_override {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::value::WebUrl;

    #[allow(
        clippy::option_option,
        clippy::ref_option,
        reason = "the shape serde's `with` asks for"
    )]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Option<WebUrl>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<WebUrl>>, D::Error> {
        Option::<WebUrl>::deserialize(deserializer).map(Some)
    }
}
