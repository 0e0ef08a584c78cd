//! Grapheme clusters (UAX #29, extended), without asking the tables about plain text.

use unicode_segmentation::{Graphemes, UnicodeSegmentation};

use super::chars::is_plain;

/// Iterates over the clusters of a text, the same ones as `unicode-segmentation` finds.
///
/// Between two characters that take part in no joining rule there is always a boundary. Runs of
/// them are cut here; what lies between goes through the full algorithm.
pub(super) struct Clusters<'a> {
    rest: &'a str,
    /// Whether `rest` starts with a plain character; after the first cut it always does.
    plain: bool,
    involved: Graphemes<'a>,
}

impl<'a> Clusters<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text, plain: text.starts_with(is_plain), involved: "".graphemes(true) }
    }
}

/// Bytes from the start of `text` up to the first boundary between two plain characters.
fn involved_bytes(text: &str) -> usize {
    let mut plain = false;
    for (at, c) in text.char_indices() {
        let next = is_plain(c);
        if plain && next {
            return at;
        }
        plain = next;
    }
    text.len()
}

impl<'a> Iterator for Clusters<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if let Some(cluster) = self.involved.next() {
            return Some(cluster);
        }
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        let alone = self.plain && chars.next().is_none_or(is_plain);
        let cut = if alone { first.len_utf8() } else { involved_bytes(self.rest) };
        let (head, tail) = self.rest.split_at(cut);
        self.rest = tail;
        self.plain = true;
        if alone {
            return Some(head);
        }
        self.involved = head.graphemes(true);
        self.involved.next()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

    use super::*;

    #[test]
    fn plain_characters_join_nothing_and_stay_as_they_are() {
        // Neighbours that stand for the joining classes: letters, Hangul, and each other.
        for c in ('\0'..=char::MAX).filter(|c| is_plain(*c)) {
            for pair in [
                format!("{c}{c}"),
                format!("a{c}"),
                format!("{c}a"),
                format!("각{c}"),
                format!("{c}각"),
            ] {
                assert_eq!(pair.graphemes(true).count(), 2, "{pair:?}");
            }
            assert!(c.nfc().eq([c]), "{c:?}");
            assert_eq!(is_nfc_quick([c].into_iter()), IsNormalized::Yes, "{c:?}");
            assert_eq!(unicode_normalization::char::canonical_combining_class(c), 0, "{c:?}");
            let mut bytes = [0; 4];
            let one: &str = c.encode_utf8(&mut bytes);
            assert!(super::super::emoji::sequence(one).is_none(), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn the_clusters_are_the_standard_ones(text in super::super::tests::any_text()) {
            let ours: Vec<&str> = Clusters::of(&text).collect();
            let standard: Vec<&str> = text.graphemes(true).collect();
            prop_assert_eq!(ours, standard);
        }
    }
}
