//! How X counts a post: weights by code point, a fixed length for each link, one weight for each
//! emoji sequence.
//!
//! Source: <https://docs.x.com/fundamentals/counting-characters>; numbers and edge cases from
//! `config/v3.json` and the conformance data of <https://github.com/twitter/twitter-text>.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc, is_nfc_quick};

use super::chars::is_plain;
use super::clusters::Clusters;
use super::emoji;
use super::entities::{Syntax, scan_links};

/// The weight of a range of code points, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightRange {
    /// First code point.
    pub start: u32,
    /// Last code point.
    pub end: u32,
    /// Weight of each, in parts of [`XWeights::scale`].
    pub weight: u32,
}

/// The numbers X counts by. The default is configuration 3 of 2018, still in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XWeights {
    /// Most weighted characters of a post.
    pub max_length: u32,
    /// What one weighted character is worth; 0 is taken for 1.
    pub scale: u32,
    /// Weight of what lies in no range, and of an emoji sequence.
    pub default_weight: u32,
    /// Weighted characters of a link, whatever its length.
    pub url_length: u32,
    /// Whether an emoji sequence counts as one.
    pub emoji_sequences: bool,
    /// Ranges with a weight of their own; the first that fits wins.
    pub ranges: Cow<'static, [WeightRange]>,
}

impl XWeights {
    /// Configuration 3: <https://github.com/twitter/twitter-text/blob/master/config/v3.json>.
    pub const V3: Self = Self {
        max_length: 280,
        scale: 100,
        default_weight: 200,
        url_length: 23,
        emoji_sequences: true,
        ranges: Cow::Borrowed(&[
            WeightRange { start: 0, end: 4351, weight: 100 },
            WeightRange { start: 8192, end: 8205, weight: 100 },
            WeightRange { start: 8208, end: 8223, weight: 100 },
            WeightRange { start: 8242, end: 8247, weight: 100 },
        ]),
    };

    fn of(&self, c: char) -> u64 {
        let code = u32::from(c);
        let range = self.ranges.iter().find(|range| (range.start..=range.end).contains(&code));
        u64::from(range.map_or(self.default_weight, |range| range.weight))
    }
}

impl Default for XWeights {
    fn default() -> Self {
        Self::V3
    }
}

/// How long a post is for X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct XLength {
    /// Weighted characters, rounded up.
    pub weighted: usize,
    /// Byte offset in the given text up to which it fits into the limit; the whole text if it does.
    pub valid_range_end: usize,
    /// A character that X refuses anywhere: U+FFFE, U+FEFF or U+FFFF.
    pub invalid_character: Option<char>,
}

impl XLength {
    /// Whether X takes the text under these weights: not empty, not too long, nothing forbidden.
    #[must_use]
    pub fn is_valid(&self, weights: &XWeights) -> bool {
        self.weighted > 0
            && self.invalid_character.is_none()
            && u32::try_from(self.weighted).is_ok_and(|weighted| weighted <= weights.max_length)
    }
}

/// Counts `text` as X does today.
///
/// ```
/// use mcmp_core::rules::text::parse_x;
///
/// assert_eq!(parse_x("Hi http://test.co").weighted, 26);
/// assert_eq!(parse_x("H🐱☺👨‍👩‍👧‍👦").weighted, 7);
/// ```
#[must_use]
pub fn parse_x(text: &str) -> XLength {
    parse_x_with(text, &XWeights::V3)
}

/// Counts `text` as X does, by other numbers.
#[must_use]
pub fn parse_x_with(text: &str, weights: &XWeights) -> XLength {
    if stays_in_nfc(text) {
        return weigh(text, weights);
    }
    let composed: String = text.nfc().collect();
    let mut length = weigh(&composed, weights);
    length.valid_range_end = offset_before_nfc(text, length.valid_range_end);
    length
}

/// Whether normalizing changes nothing; asks the tables only about what may change.
fn stays_in_nfc(text: &str) -> bool {
    let certain = |c: char| {
        is_plain(c)
            || c.is_ascii()
            || (is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes
                && unicode_normalization::char::canonical_combining_class(c) == 0)
    };
    text.is_ascii() || text.chars().all(certain) || is_nfc(text)
}

/// The offset in `text` of the cluster that stands at `composed` in its NFC form.
fn offset_before_nfc(text: &str, composed: usize) -> usize {
    let (mut offset, mut in_nfc) = (0, 0);
    for cluster in Clusters::of(text) {
        in_nfc += cluster.nfc().map(char::len_utf8).sum::<usize>();
        if in_nfc > composed {
            break;
        }
        offset += cluster.len();
    }
    offset
}

fn weigh(text: &str, weights: &XWeights) -> XLength {
    let mut scale = Scale {
        weights,
        ascii_weight: weights
            .ranges
            .first()
            .filter(|range| range.start == 0 && range.end >= 127)
            .map(|range| u64::from(range.weight)),
        limit: u64::from(weights.max_length) * u64::from(weights.scale.max(1)),
        sum: 0,
        fits: 0,
        invalid: None,
    };
    let mut from = 0;
    scan_links(text, Syntax::X, |start, end| {
        scale.add_plain(text, from, start);
        scale.add(u64::from(weights.url_length) * u64::from(weights.scale.max(1)), end);
        from = end;
    });
    scale.add_plain(text, from, text.len());
    XLength {
        weighted: usize::try_from(scale.sum.div_ceil(u64::from(weights.scale.max(1))))
            .unwrap_or(usize::MAX),
        valid_range_end: scale.fits,
        invalid_character: scale.invalid,
    }
}

struct Scale<'w> {
    weights: &'w XWeights,
    /// The weight of all ASCII alike, where the first range says so.
    ascii_weight: Option<u64>,
    limit: u64,
    sum: u64,
    fits: usize,
    invalid: Option<char>,
}

impl Scale<'_> {
    /// Adds the weight of what ends at byte `end`.
    fn add(&mut self, weight: u64, end: usize) {
        self.sum = self.sum.saturating_add(weight);
        if self.sum <= self.limit && self.invalid.is_none() {
            self.fits = end;
        }
    }

    /// Adds `count` ASCII characters from byte `at` on, which are no keys.
    fn add_ascii(&mut self, at: usize, count: usize, weight: u64) {
        let fitting = self.limit.saturating_sub(self.sum).checked_div(weight);
        let fitting = fitting
            .map_or(count, |fitting| usize::try_from(fitting).map_or(count, |f| f.min(count)));
        if self.sum <= self.limit && self.invalid.is_none() {
            self.fits = at + fitting;
        }
        self.sum = self
            .sum
            .saturating_add(weight.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX)));
    }

    /// Adds text without links.
    fn add_plain(&mut self, text: &str, from: usize, to: usize) {
        let mut at = from;
        while let Some(rest) = text.get(at..to).filter(|rest| !rest.is_empty()) {
            let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
            // The last one before other text may be a key.
            let certain = if ascii == rest.len() { ascii } else { ascii.saturating_sub(1) };
            if let Some(weight) = self.ascii_weight.filter(|_| certain > 0) {
                self.add_ascii(at, certain, weight);
                at += certain;
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            let emoji = self.weights.emoji_sequences && (c.is_ascii() || !is_plain(c));
            let sequence = if emoji { emoji::sequence(rest) } else { None };
            let weight = match sequence {
                Some(_) => u64::from(self.weights.default_weight),
                None => self.weights.of(c),
            };
            if matches!(c, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}') {
                self.invalid = self.invalid.or(Some(c));
            }
            at += sequence.unwrap_or(c.len_utf8());
            self.add(weight, at);
        }
    }
}
