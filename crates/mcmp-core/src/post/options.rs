//! What only one platform has: typed options of a variant.
//!
//! They go out with the post and are part of its revision's digest. Required ones (a Pinterest
//! board, a TikTok privacy level) are rules, not types, so that a draft can be saved without them.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::Platform;
use crate::id::AssetId;
use crate::value::{Label, Name, Slug, WebUrl};

/// The options of one variant, by platform. `None` is right for every platform that requires
/// nothing; options of another platform than the variant's are refused by the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "platform", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlatformOptions {
    /// Nothing set.
    #[default]
    None,
    /// Facebook pages.
    Facebook(FacebookOptions),
    /// Instagram professional accounts.
    Instagram(InstagramOptions),
    /// Threads profiles.
    Threads(ThreadsOptions),
    /// X.
    X(XOptions),
    /// LinkedIn members and organizations.
    Linkedin(LinkedInOptions),
    /// TikTok.
    Tiktok(TikTokOptions),
    /// Pinterest.
    Pinterest(PinterestOptions),
    /// YouTube.
    Youtube(YouTubeOptions),
    /// Google Business Profile.
    GoogleBusiness(GoogleBusinessOptions),
    /// WordPress.
    Wordpress(WordPressOptions),
    /// Webflow.
    Webflow(WebflowOptions),
    /// Any website, over a signed webhook.
    Website(WebsiteOptions),
    /// A platform that a crate outside MCMP adds; its publisher knows the fields.
    Other {
        /// Which platform.
        name: Platform,
        /// Its fields.
        fields: BTreeMap<String, Value>,
    },
}

impl PlatformOptions {
    /// The platform that these options are for; `None` if nothing is set.
    #[must_use]
    pub fn platform(&self) -> Option<&Platform> {
        Some(match self {
            Self::None => return None,
            Self::Facebook(_) => &Platform::FACEBOOK,
            Self::Instagram(_) => &Platform::INSTAGRAM,
            Self::Threads(_) => &Platform::THREADS,
            Self::X(_) => &Platform::X,
            Self::Linkedin(_) => &Platform::LINKEDIN,
            Self::Tiktok(_) => &Platform::TIKTOK,
            Self::Pinterest(_) => &Platform::PINTEREST,
            Self::Youtube(_) => &Platform::YOUTUBE,
            Self::GoogleBusiness(_) => &Platform::GOOGLE_BUSINESS,
            Self::Wordpress(_) => &Platform::WORDPRESS,
            Self::Webflow(_) => &Platform::WEBFLOW,
            Self::Website(_) => &Platform::WEBSITE,
            Self::Other { name, .. } => name,
        })
    }
}

/// For Facebook pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FacebookOptions {
    /// A place's page id.
    pub place_id: Option<String>,
}

/// For Instagram.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstagramOptions {
    /// Show a reel in the feed as well; `None` leaves it to the platform.
    pub share_to_feed: Option<bool>,
    /// Handles of accounts that are asked to be co-authors.
    pub collaborators: Vec<String>,
    /// A place's page id.
    pub location_id: Option<String>,
    /// Where in the video its cover is taken, in milliseconds.
    pub cover_at_ms: Option<u64>,
    /// A picture to use as a reel's cover.
    pub cover: Option<AssetId>,
}

/// Who may answer on Threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThreadsReplyControl {
    /// Everyone.
    Everyone,
    /// Accounts that the author follows.
    AccountsYouFollow,
    /// Accounts that are mentioned.
    MentionedOnly,
}

/// For Threads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadsOptions {
    /// Who may answer.
    pub reply_control: Option<ThreadsReplyControl>,
    /// The one topic of the post, without `#`.
    pub topic_tag: Option<String>,
}

/// Who may answer on X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum XReplySettings {
    /// Accounts that the author follows.
    Following,
    /// Accounts that are mentioned.
    MentionedUsers,
    /// The author's subscribers.
    Subscribers,
    /// Verified accounts.
    Verified,
}

/// A poll on X.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// What can be chosen.
    pub options: Vec<String>,
    /// How long it runs, in minutes.
    pub duration_minutes: u32,
}

/// For X.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XOptions {
    /// Who may answer; `None` is everyone.
    pub reply_settings: Option<XReplySettings>,
    /// A poll; not together with media.
    pub poll: Option<Poll>,
    /// A community's id.
    pub community_id: Option<String>,
    /// Say that a model made it.
    pub made_with_ai: bool,
    /// Say that it is paid for.
    pub paid_partnership: bool,
}

/// Who sees a LinkedIn post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkedInVisibility {
    /// Everyone.
    #[default]
    Public,
    /// The member's connections; members only.
    Connections,
    /// People who are signed in.
    LoggedIn,
}

/// For LinkedIn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkedInOptions {
    /// Who sees it.
    pub visibility: LinkedInVisibility,
    /// Nobody may share it on.
    pub disable_reshare: bool,
}

/// Who sees a TikTok post; the account's own settings say which are on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TikTokPrivacy {
    /// Everyone.
    PublicToEveryone,
    /// Friends.
    MutualFollowFriends,
    /// Followers.
    FollowerOfCreator,
    /// The account alone.
    SelfOnly,
}

/// For TikTok.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TikTokOptions {
    /// Who sees it; required, and never chosen for the person.
    pub privacy: Option<TikTokPrivacy>,
    /// Nobody may comment.
    pub disable_comment: bool,
    /// Nobody may make a duet.
    pub disable_duet: bool,
    /// Nobody may stitch.
    pub disable_stitch: bool,
    /// It promotes the account's own business.
    pub own_brand: bool,
    /// It promotes another brand, for pay.
    pub branded_content: bool,
    /// Say that a model made it.
    pub made_with_ai: bool,
    /// Where in the video its cover is taken, in milliseconds.
    pub cover_at_ms: Option<u64>,
    /// Put recommended music under pictures.
    pub auto_add_music: bool,
}

/// For Pinterest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PinterestOptions {
    /// The board to pin to; required unless the account is itself a board.
    pub board_id: Option<String>,
    /// A section of that board.
    pub board_section_id: Option<String>,
    /// A picture to use as a video's cover.
    pub cover: Option<AssetId>,
    /// Where in the video its cover is taken, in milliseconds.
    pub cover_at_ms: Option<u64>,
}

/// Who sees a YouTube video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum YouTubePrivacy {
    /// Everyone.
    Public,
    /// Whoever has the link.
    Unlisted,
    /// Whoever was invited.
    Private,
}

/// For YouTube; the title is the post's title, the description its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct YouTubeOptions {
    /// Who sees it; required.
    pub privacy: Option<YouTubePrivacy>,
    /// Whether it is made for children; required by law in some places.
    pub made_for_kids: Option<bool>,
    /// YouTube's category id.
    pub category_id: Option<String>,
    /// Keywords.
    pub tags: Vec<String>,
    /// Tell the channel's subscribers.
    pub notify_subscribers: Option<bool>,
    /// It shows realistic content that a model made.
    pub contains_synthetic_media: bool,
    /// A picture to use as its thumbnail.
    pub thumbnail: Option<AssetId>,
    /// Playlists to add it to.
    pub playlist_ids: Vec<String>,
}

/// What a Google Business post is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GoogleBusinessTopic {
    /// News.
    #[default]
    Standard,
    /// An event; needs `event`.
    Event,
    /// An offer; needs `event` and `offer`.
    Offer,
}

/// What a Google Business post's button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallToAction {
    /// Book.
    Book,
    /// Order.
    Order,
    /// Shop.
    Shop,
    /// Learn more.
    LearnMore,
    /// Sign up.
    SignUp,
    /// Call the location's number; takes no link.
    Call,
}

/// When and what an event is, in the location's local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessEvent {
    /// Its title.
    pub title: Name,
    /// When it begins.
    pub starts: NaiveDateTime,
    /// When it ends.
    pub ends: NaiveDateTime,
}

/// What an offer gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessOffer {
    /// A code to show or type.
    pub coupon_code: Option<String>,
    /// Where to redeem it.
    pub redeem_url: Option<WebUrl>,
    /// Its terms.
    pub terms: Option<String>,
}

/// For Google Business Profile; the button's link is the post's link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoogleBusinessOptions {
    /// What it is about.
    pub topic: GoogleBusinessTopic,
    /// The button.
    pub call_to_action: Option<CallToAction>,
    /// The event, for the topics that need one.
    pub event: Option<BusinessEvent>,
    /// The offer.
    pub offer: Option<BusinessOffer>,
}

/// How visible a WordPress post is once sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WordPressStatus {
    /// Live.
    #[default]
    Publish,
    /// Waiting for an editor of the site.
    Pending,
    /// A draft on the site.
    Draft,
    /// Live for people who are signed in.
    Private,
}

/// For WordPress; the title is the post's title, the content its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WordPressOptions {
    /// Names of categories; missing ones are created.
    pub categories: Vec<Label>,
    /// Names of tags; missing ones are created.
    pub tags: Vec<Label>,
    /// The last part of its address; `None` lets the site make one.
    pub slug: Option<Slug>,
    /// A short text for lists.
    pub excerpt: Option<String>,
    /// How visible it is.
    pub status: WordPressStatus,
    /// A custom post type, by its name with `-` for `_`, or by that in its address; `None` is an
    /// ordinary post.
    pub post_type: Option<Slug>,
    /// The featured picture, one of the post's; `None` takes the first one.
    pub featured: Option<AssetId>,
}

/// For Webflow; the item's name is the post's title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebflowOptions {
    /// The collection to add an item to; required.
    pub collection_id: Option<String>,
    /// The last part of its address.
    pub slug: Option<Slug>,
    /// Further fields of the collection.
    pub fields: BTreeMap<String, Value>,
}

/// For websites that take posts over a signed webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebsiteOptions {
    /// The last part of its address.
    pub slug: Option<Slug>,
    /// Further fields, sent as they are.
    pub fields: BTreeMap<String, Value>,
}
