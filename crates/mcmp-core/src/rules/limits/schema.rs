//! What a platform's limits are made of.
//!
//! Every field is optional, so that a part of a file, a profile or an operator's patch has the
//! same shape as the whole. What is absent is not limited, except kinds of media: the ones
//! without a section are not taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::{Limit, Ratio, is_false};
use crate::account::Platform;
use crate::asset::AssetKind;
use crate::post::PostKind;
use crate::rules::text::CountUnit;

/// All limits of one platform, for every kind of post it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformLimits {
    /// Which platform.
    pub platform: Platform,
    /// Its name as people write it.
    pub name: String,
    /// Where the numbers are written down: keys that limits name, and `https` links.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// The kinds of post it has, each with its limits; others are refused.
    pub kinds: BTreeMap<PostKind, KindLimits>,
}

/// The limits of one kind of post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KindLimits {
    /// At least one of these must be there; empty asks for nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs_one_of: Vec<ContentPart>,
    /// The text; holds for every part of a thread.
    pub text: TextLimits,
    /// The title.
    pub title: TextLimits,
    /// Hashtags in a text.
    pub hashtags: CountLimits,
    /// Mentions in a text.
    pub mentions: CountLimits,
    /// Cashtags in a text.
    pub cashtags: CountLimits,
    /// Links in a text, together with the link field where that is sent.
    pub links: CountLimits,
    /// The post's link field.
    pub link: LinkLimits,
    /// The comment to post under it; absent: takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_comment: Option<TextLimits>,
    /// Further parts; absent: takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadLimits>,
    /// Pictures, videos, sound and documents; holds for every part of a thread.
    pub media: MediaLimits,
    /// Platform options by name, such as `board_id` or `poll.options`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, OptionLimits>,
}

/// What a post can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentPart {
    /// A title.
    Title,
    /// A text.
    Text,
    /// A picture, video, sound or document.
    Media,
    /// The link field.
    Link,
}

/// The limits of one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextLimits {
    /// Whether it is sent at all; `true` unless a file says otherwise.
    pub supported: bool,
    /// Whether it must be there.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// Must be there beside media of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_with: Option<AssetKind>,
    /// Is sent beside media of this kind only, and is not checked without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_with: Option<AssetKind>,
    /// What `max` counts.
    pub unit: CountUnit,
    /// Most of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit<u64>>,
    /// Most of them beside pictures, instead of `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_with_images: Option<Limit<u64>>,
    /// More than this is a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advised: Option<Limit<u64>>,
    /// Characters that are refused, one after the other.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub forbidden: String,
}

impl Default for TextLimits {
    fn default() -> Self {
        Self {
            supported: true,
            required: false,
            required_with: None,
            only_with: None,
            unit: CountUnit::CodePoint,
            max: None,
            max_with_images: None,
            advised: None,
            forbidden: String::new(),
        }
    }
}

/// How many of something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountLimits {
    /// Most of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit<u64>>,
    /// More than this is a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advised: Option<Limit<u64>>,
}

/// The limits of the link field, and what links in the text are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkLimits {
    /// Whether the platform has a place for it; without, it belongs into the text.
    pub supported: bool,
    /// Whether it is shown behind a button only, which the options choose.
    #[serde(skip_serializing_if = "is_false")]
    pub needs_button: bool,
    /// Whether it is still shown beside media.
    pub with_media: bool,
    /// Most UTF-16 units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit<u64>>,
    /// Whether people can click links in the text.
    pub clickable_in_text: bool,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            supported: false,
            needs_button: false,
            with_media: true,
            max: None,
            clickable_in_text: true,
        }
    }
}

/// The limits of a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThreadLimits {
    /// Most parts, the first one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_parts: Option<Limit<u64>>,
}

/// Which kinds of media may go out together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mixing {
    /// All that are taken.
    #[default]
    Any,
    /// One kind alone: pictures, or an animation, or a video.
    OneKind,
}

/// What all media of a post must have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Uniform {
    /// Width and height, or the post is refused.
    Size,
    /// Width to height, or the platform crops all to the first one's.
    Shape,
}

/// The limits of a post's media.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaLimits {
    /// Fewest files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Limit<u64>>,
    /// Most files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit<u64>>,
    /// Which may go together.
    pub mixing: Mixing,
    /// What they must have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uniform: Option<Uniform>,
    /// Pictures; absent: takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<FileLimits>,
    /// GIFs, where they are more than a picture; absent: they count as pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gif: Option<FileLimits>,
    /// Videos; absent: takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<FileLimits>,
    /// Sound; absent: takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<FileLimits>,
    /// Documents; absent: takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<FileLimits>,
}

/// The limits of one media file. Sizes are decimal (1 MB is 1,000,000 bytes), the smaller reading
/// of what platforms write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileLimits {
    /// Most files of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_count: Option<Limit<u64>>,
    /// Most characters of the file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_name: Option<Limit<u64>>,
    /// MIME types that are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formats: Option<Limit<Vec<String>>>,
    /// Video codecs that are taken, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_codecs: Option<Limit<Vec<String>>>,
    /// Audio codecs that are taken, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_codecs: Option<Limit<Vec<String>>>,
    /// Fewest bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_bytes: Option<Limit<u64>>,
    /// Most bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<Limit<u64>>,
    /// Least width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_width: Option<Limit<u64>>,
    /// Most width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_width: Option<Limit<u64>>,
    /// Least height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_height: Option<Limit<u64>>,
    /// Most height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<Limit<u64>>,
    /// Most pixels of the shorter side, whichever it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_short_side: Option<Limit<u64>>,
    /// Most pixels of the longer side, whichever it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_long_side: Option<Limit<u64>>,
    /// Most pixels in all, width times height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pixels: Option<Limit<u64>>,
    /// Tallest shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_aspect: Option<Limit<Ratio>>,
    /// Widest shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_aspect: Option<Limit<Ratio>>,
    /// The shape it is shown best in; any other is a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advised_aspect: Option<Limit<Ratio>>,
    /// Shortest length in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration_ms: Option<Limit<u64>>,
    /// Longest length in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration_ms: Option<Limit<u64>>,
    /// Fewest frames in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_frame_rate: Option<Limit<u64>>,
    /// Most frames in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_frame_rate: Option<Limit<u64>>,
    /// Most bits in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bit_rate: Option<Limit<u64>>,
    /// Most frames of an animation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_frames: Option<Limit<u64>>,
    /// Most pixels of an animation over all frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_frame_pixels: Option<Limit<u64>>,
    /// Most pages of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<Limit<u64>>,
    /// The description; absent: the platform takes none, and it is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<TextLimits>,
}

/// The limits of one platform option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptionLimits {
    /// What people call it, as in "needs the board to pin to"; absent: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it must be set.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// Must be set beside media of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_with: Option<AssetKind>,
    /// Another option that will do instead, where it is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<String>,
    /// Whether it may be set beside media.
    pub with_media: bool,
    /// What `min_length` and `max_length` count.
    pub unit: CountUnit,
    /// Shortest text, of each item of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<Limit<u64>>,
    /// Longest text, of each item of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<Limit<u64>>,
    /// Longest list of tags, counted as [`youtube_tags_length`](crate::rules::text::youtube_tags_length)
    /// does: joined by commas, those with a space in quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_joined: Option<Limit<u64>>,
    /// Characters that are refused, one after the other.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub forbidden: String,
    /// Whether it is a number written in ASCII digits.
    #[serde(skip_serializing_if = "is_false")]
    pub digits: bool,
    /// Fewest items of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<Limit<u64>>,
    /// Most items of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<Limit<u64>>,
    /// Least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Limit<u64>>,
    /// Greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit<u64>>,
}

impl Default for OptionLimits {
    fn default() -> Self {
        Self {
            label: None,
            required: false,
            required_with: None,
            or: None,
            with_media: true,
            unit: CountUnit::CodePoint,
            min_length: None,
            max_length: None,
            max_joined: None,
            forbidden: String::new(),
            digits: false,
            min_items: None,
            max_items: None,
            min: None,
            max: None,
        }
    }
}
