//! Text lengths, each in the unit a platform counts by.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use super::clusters::Clusters;
use super::emoji;
use super::entities::{Entities, extract};
use super::linkedin;
use super::x_weight::{XLength, XWeights, parse_x_with};

/// What a platform counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CountUnit {
    /// X's weighted characters ([`parse_x`](super::parse_x)).
    WeightedX,
    /// UTF-16 code units: an emoji is mostly two. TikTok
    /// (<https://developers.tiktok.com/doc/content-posting-api-reference-direct-post>), and the
    /// safe reading where a platform says "characters" and no more.
    Utf16,
    /// What people see as one character (grapheme clusters, UAX #29).
    Grapheme,
    /// Unicode scalar values.
    CodePoint,
    /// Bytes of UTF-8. YouTube's description
    /// (<https://developers.google.com/youtube/v3/docs/videos#snippet.description>).
    Byte,
    /// UTF-16 units of the text as it is sent to LinkedIn, escapes included
    /// ([`linkedin::escape`]): the strictest reading of its limit. LinkedIn documents no unit; the
    /// text as the reader sees it is [`CountUnit::Utf16`].
    LinkedinEscaped,
    /// Grapheme clusters, but an emoji counts as its bytes of UTF-8. Threads
    /// (<https://developers.facebook.com/documentation/threads/posts>).
    EmojiAsBytes,
}

/// Counts `text` in `unit`. [`Measured`] shares the work where one text is counted in several.
///
/// ```
/// use mcmp_core::rules::text::{CountUnit, count};
///
/// let family = "👨‍👩‍👧‍👦";
/// assert_eq!(count(family, CountUnit::Grapheme), 1);
/// assert_eq!(count(family, CountUnit::WeightedX), 2);
/// assert_eq!(count(family, CountUnit::Utf16), 11);
/// assert_eq!(count(family, CountUnit::EmojiAsBytes), 25);
/// ```
#[must_use]
pub fn count(text: &str, unit: CountUnit) -> usize {
    Measured::new(text).count(unit)
}

/// A text whose lengths and entities are found when first asked for, and kept: for checking one
/// post against many platforms.
#[derive(Debug, Clone)]
pub struct Measured<'a> {
    text: &'a str,
    weights: &'a XWeights,
    x: OnceCell<XLength>,
    clusters: OnceCell<ClusterCounts>,
    utf16: OnceCell<usize>,
    escaped: OnceCell<usize>,
    entities: OnceCell<Entities<'a>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct ClusterCounts {
    clusters: usize,
    emoji_as_bytes: usize,
}

impl<'a> Measured<'a> {
    /// Takes `text`; counts nothing yet.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self::with_weights(text, &XWeights::V3)
    }

    /// The same, with the operator's numbers for X.
    #[must_use]
    pub fn with_weights(text: &'a str, weights: &'a XWeights) -> Self {
        Self {
            text,
            weights,
            x: OnceCell::new(),
            clusters: OnceCell::new(),
            utf16: OnceCell::new(),
            escaped: OnceCell::new(),
            entities: OnceCell::new(),
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Its length in `unit`.
    #[must_use]
    pub fn count(&self, unit: CountUnit) -> usize {
        match unit {
            CountUnit::WeightedX => self.x().weighted,
            CountUnit::Utf16 => *self.utf16.get_or_init(|| utf16_units(self.text)),
            CountUnit::Grapheme => self.clusters().clusters,
            CountUnit::CodePoint => self.text.chars().count(),
            CountUnit::Byte => self.text.len(),
            CountUnit::LinkedinEscaped => {
                *self.escaped.get_or_init(|| linkedin::escaped_length(self.text))
            }
            CountUnit::EmojiAsBytes => self.clusters().emoji_as_bytes,
        }
    }

    /// Its length for X, with what X would refuse.
    #[must_use]
    pub fn x(&self) -> XLength {
        *self.x.get_or_init(|| parse_x_with(self.text, self.weights))
    }

    /// Its links, hashtags, mentions and cashtags.
    #[must_use]
    pub fn entities(&self) -> &Entities<'a> {
        self.entities.get_or_init(|| extract(self.text))
    }

    fn clusters(&self) -> ClusterCounts {
        *self.clusters.get_or_init(|| cluster_counts(self.text))
    }
}

/// Each scalar value is one unit, and one more beyond the basic plane.
pub(super) fn utf16_units(text: &str) -> usize {
    text.chars().count() + text.bytes().filter(|byte| *byte >= 0xF0).count()
}

fn cluster_counts(text: &str) -> ClusterCounts {
    if text.is_ascii() {
        // A line break of two bytes is the only cluster longer than one.
        let clusters = text.len() - text.matches("\r\n").count();
        return ClusterCounts { clusters, emoji_as_bytes: clusters };
    }
    Clusters::of(text).fold(ClusterCounts::default(), |counts, cluster| ClusterCounts {
        clusters: counts.clusters + 1,
        emoji_as_bytes: counts.emoji_as_bytes
            + if cluster.len() > 2 && emoji::is_picture(cluster) { cluster.len() } else { 1 },
    })
}

/// Characters that a list of tags uses on YouTube: the commas between them count, and a tag with a
/// space counts two more, as if in quotes
/// (<https://developers.google.com/youtube/v3/docs/videos#snippet.tags[]>).
pub fn youtube_tags_length<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> usize {
    tags.into_iter().enumerate().fold(0, |length, (index, tag)| {
        let tag = tag.as_ref();
        let quotes = if tag.contains(char::is_whitespace) { 2 } else { 0 };
        length + usize::from(index > 0) + utf16_units(tag) + quotes
    })
}
