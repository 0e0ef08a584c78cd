//! Emoji sequences (UTS #51, <https://www.unicode.org/reports/tr51/>): where one ends, and whether
//! a grapheme cluster is shown as one.
//!
//! Sequences joined by U+200D are taken by their form, any emoji with any other; the list of those
//! that fonts draw as one picture grows yearly, and what X and Threads know of it is not published.

use super::emoji_table::{EMOJI, FLAGS, PICTURE, TONED};

const JOINER: char = '\u{200D}';
const AS_TEXT: char = '\u{FE0E}';
const AS_PICTURE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const LAST_TAG: char = '\u{E007F}';

/// What the table says of `c`; `None` for what is no emoji by itself.
fn properties(c: char) -> Option<u8> {
    let code = u32::from(c);
    if code < 0xA9 {
        return None;
    }
    let at = EMOJI.partition_point(|(_, last, _)| *last < code);
    EMOJI.get(at).filter(|(first, _, _)| *first <= code).map(|(_, _, properties)| *properties)
}

/// An emoji by itself, however it is shown.
pub(super) fn is_emoji(c: char) -> bool {
    properties(c).is_some()
}

/// The place of a regional indicator in the alphabet.
fn region_letter(c: char) -> Option<u32> {
    u32::from(c).checked_sub(0x1F1E6).filter(|letter| *letter < 26)
}

fn is_flag(first: u32, second: u32) -> bool {
    usize::try_from(first)
        .ok()
        .and_then(|first| FLAGS.get(first))
        .is_some_and(|seconds| seconds & (1 << second) != 0)
}

fn is_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Bytes of the emoji sequence at the start of `text`; `None` where none starts.
///
/// An emoji that is text by default counts even without U+FE0F, unless U+FE0E follows: X does the
/// same. © and ® must have it. A regional indicator that makes no flag counts alone.
pub(super) fn sequence(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first.is_ascii() {
        return keycap(text, first);
    }
    if let Some(letter) = region_letter(first) {
        let second = text.get(first.len_utf8()..)?.chars().next().and_then(region_letter);
        return Some(match second {
            Some(second) if is_flag(letter, second) => 2 * first.len_utf8(),
            _ => first.len_utf8(),
        });
    }
    let mut end = element(text)?;
    while let Some(rest) = text.get(end..).and_then(|rest| rest.strip_prefix(JOINER)) {
        let Some(joined) = element(rest) else { break };
        end += JOINER.len_utf8() + joined;
    }
    Some(end)
}

/// `#`, `*` or a digit in a key.
fn keycap(text: &str, first: char) -> Option<usize> {
    if !matches!(first, '#' | '*' | '0'..='9') {
        return None;
    }
    let rest = text.get(1..)?;
    let rest = rest.strip_prefix(AS_PICTURE).unwrap_or(rest);
    rest.strip_prefix(KEYCAP).map(|rest| text.len() - rest.len())
}

/// One emoji with its variation selector, skin tone or tags.
fn element(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let base = chars.next()?;
    let properties = properties(base)?;
    let mut rest = chars.as_str();
    if rest.starts_with(AS_TEXT) || (matches!(base, '©' | '®') && !rest.starts_with(AS_PICTURE)) {
        return None;
    }
    let toned = rest.strip_prefix(is_tone).filter(|_| properties & TONED != 0);
    rest = toned.unwrap_or_else(|| rest.strip_prefix(AS_PICTURE).unwrap_or(rest));
    if base == '\u{1F3F4}' {
        let after = rest.trim_start_matches(|c| matches!(c, '\u{E0020}'..='\u{E007E}'));
        if after.len() < rest.len() {
            rest = after.strip_prefix(LAST_TAG).unwrap_or(rest);
        }
    }
    Some(text.len() - rest.len())
}

/// Whether a grapheme cluster is shown as an emoji: by default, or because of a selector, a skin
/// tone, a joiner or a keycap. A heart or a sun without U+FE0F is text.
pub(super) fn is_picture(cluster: &str) -> bool {
    let Some(first) = cluster.chars().next() else { return false };
    if first.is_ascii() {
        return keycap(cluster, first).is_some();
    }
    if region_letter(first).is_some() {
        return cluster.len() > first.len_utf8();
    }
    let Some(properties) = properties(first) else { return false };
    let rest = cluster.get(first.len_utf8()..).unwrap_or_default();
    !rest.starts_with(AS_TEXT)
        && (properties & PICTURE != 0
            || rest.starts_with(|c| matches!(c, AS_PICTURE | JOINER) || is_tone(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_end_where_they_end() {
        for whole in
            ["🐱", "☺", "☺️", "❤️‍🔥", "👨‍👩‍👧‍👦", "🙋🏽", "👨🏿‍🎤", "1️⃣", "#⃣", "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏳️‍🌈", "©️", "🏴‍☠️"]
        {
            assert_eq!(sequence(whole), Some(whole.len()), "{whole}");
            let followed = format!("{whole}a");
            assert_eq!(sequence(&followed), Some(whole.len()), "{whole}a");
        }
        for (text, bytes) in [("🇦🇦", 4), ("🐱🏽", 4), ("🇩🇪🇫🇷", 8), ("👨‍a", 4)]
        {
            assert_eq!(sequence(text), Some(bytes), "{text}");
        }
        for text in ["", "a", "1", "#", "1\u{FE0F}", "☺\u{FE0E}", "©", "®", "★", "é", "\u{200D}"]
        {
            assert_eq!(sequence(text), None, "{text:?}");
        }
    }

    #[test]
    fn pictures_are_told_from_text() {
        for cluster in ["🐱", "❤️", "1️⃣", "🇩🇪", "👨‍👩‍👧", "☝🏽", "©️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
        {
            assert!(is_picture(cluster), "{cluster}");
        }
        for cluster in ["", "a", "❤", "❤\u{FE0E}", "🐱\u{FE0E}", "©", "1", "é", "漢", "★", "🇩"]
        {
            assert!(!is_picture(cluster), "{cluster:?}");
        }
    }
}
