//! Finds banned words and required phrases in a text.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, is_nfkc_quick, is_nfkd_quick};

use super::chars::{is_mark, is_plain, is_spaceless, is_word};
use super::fold::{folded, is_ignored, without_case};
use crate::value::InvalidValue;

/// Where a word stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WordMatch {
    /// Index of the word, in the order given to [`WordMatcher::new`].
    pub word: usize,
    /// Byte offset where it starts.
    pub start: usize,
    /// Byte offset where it ends (exclusive).
    pub end: usize,
}

/// Words and phrases, prepared once and looked for in many texts.
///
/// Words are found whole, whatever the case, width or composition ([`fold`](super::fold())); any white
/// space stands for the space in a phrase. `_`, `#`, an apostrophe and other signs end a word. In
/// scripts without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) a word is found anywhere, but
/// never so that a letter loses its marks.
///
/// ```
/// use mcmp_core::rules::text::WordMatcher;
///
/// let banned = WordMatcher::new(["free money", "賭博"])?;
/// assert_eq!(banned.matches("No FREE\u{a0}money here").len(), 1);
/// assert!(banned.matches("carefree moneybags").is_empty());
/// assert_eq!(banned.matches("違法賭博禁止")[0].word, 1);
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct WordMatcher {
    /// Sorted by first character, so that those starting alike lie together.
    words: Vec<Word>,
    /// How many words there are.
    count: usize,
    /// Low byte of each first character: rules out most places at once.
    first_bytes: Vec<bool>,
}

#[derive(Debug, Clone)]
struct Word {
    index: usize,
    first: char,
    last: char,
    folded: String,
}

fn low_byte(c: char) -> usize {
    usize::from(u32::from(c).to_le_bytes()[0])
}

impl WordMatcher {
    /// Longest word or phrase, in characters.
    pub const MAX: usize = 200;

    /// Prepares `words`.
    ///
    /// # Errors
    /// A word is blank or longer than [`Self::MAX`]; the field is `words[i]`.
    pub fn new<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Result<Self, InvalidValue> {
        let mut matcher = Self { words: Vec::new(), count: 0, first_bytes: vec![false; 256] };
        for (index, word) in words.into_iter().enumerate() {
            let word = word.as_ref();
            let field = || format!("words[{index}]");
            let length = word.chars().count();
            if length > Self::MAX {
                return Err(InvalidValue::too_long(field(), Self::MAX, length));
            }
            let folded = Folded::of(word).text.trim().to_owned();
            let (Some(first), Some(last)) = (folded.chars().next(), folded.chars().next_back())
            else {
                return Err(InvalidValue::required(field()));
            };
            if let Some(flag) = matcher.first_bytes.get_mut(low_byte(first)) {
                *flag = true;
            }
            matcher.words.push(Word { index, first, last, folded });
            matcher.count = index + 1;
        }
        matcher.words.sort_by_key(|word| (word.first, word.index));
        Ok(matcher)
    }

    /// Every place where a word stands, from the start of the text on; places may overlap.
    #[must_use]
    pub fn matches(&self, text: &str) -> Vec<WordMatch> {
        let mut found = Vec::new();
        if self.words.is_empty() {
            return found;
        }
        let folded = Folded::of(text);
        let mut before = None;
        for (at, c) in folded.text.char_indices() {
            if self.first_bytes.get(low_byte(c)).is_some_and(|first| *first) {
                for word in self.starting_with(c) {
                    if word.stands_at(&folded.text, at, before) {
                        let (start, end) = folded.origin(at, at + word.folded.len());
                        found.push(WordMatch { word: word.index, start, end });
                    }
                }
            }
            before = Some(c);
        }
        found
    }

    /// Indexes of the words that stand nowhere in `text`, ascending.
    #[must_use]
    pub fn missing(&self, text: &str) -> Vec<usize> {
        let mut there = vec![false; self.count];
        for found in self.matches(text) {
            if let Some(flag) = there.get_mut(found.word) {
                *flag = true;
            }
        }
        there.iter().enumerate().filter(|(_, there)| !**there).map(|(index, _)| index).collect()
    }

    fn starting_with(&self, c: char) -> impl Iterator<Item = &Word> {
        let from = self.words.partition_point(|word| word.first < c);
        self.words.get(from..).unwrap_or_default().iter().take_while(move |word| word.first == c)
    }
}

impl Word {
    fn stands_at(&self, text: &str, at: usize, before: Option<char>) -> bool {
        let Some(after) = text.get(at..).and_then(|rest| rest.strip_prefix(self.folded.as_str()))
        else {
            return false;
        };
        let joined = |edge: char, beside: char| {
            is_word(edge) && is_word(beside) && !is_spaceless(edge) && !is_spaceless(beside)
        };
        !before.is_some_and(|before| joined(self.first, before))
            && !after.chars().next().is_some_and(|after| is_mark(after) || joined(self.last, after))
    }
}

/// A folded text, each run of white space one space, that knows where its characters came from.
struct Folded {
    text: String,
    /// Offset of each folded character, with the start and end of what it came from.
    origins: Vec<(usize, usize, usize)>,
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut this = Self {
            text: String::with_capacity(text.len()),
            origins: Vec::with_capacity(text.len()),
        };
        let mut start = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let end = at + c.len_utf8();
            if chars.peek().is_some_and(|(_, next)| !begins_group(*next)) {
                continue;
            }
            if start == at && c.is_ascii() {
                this.push(c.to_ascii_lowercase(), start, end);
            } else if start == at && is_caseless(c) {
                this.push(c, start, end);
            } else if start == at
                && !is_ignored(c)
                && is_nfkd_quick(std::iter::once(c)) == IsNormalized::Yes
            {
                without_case(c).for_each(|c| this.push(c, start, end));
            } else if let Some(group) = text.get(start..end) {
                folded(group).for_each(|c| this.push(c, start, end));
            }
            start = end;
        }
        this
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !self.text.ends_with(' ') {
            self.origins.push((self.text.len(), start, end));
            self.text.push(c);
        }
    }

    /// Where the folded bytes `from..to` came from.
    fn origin(&self, from: usize, to: usize) -> (usize, usize) {
        let first = self.origins.partition_point(|(at, ..)| *at < from);
        let behind = self.origins.partition_point(|(at, ..)| *at < to);
        let start = self.origins.get(first).map_or(0, |(_, start, _)| *start);
        let end = behind.checked_sub(1).and_then(|last| self.origins.get(last));
        (start, end.map_or(start, |(.., end)| *end))
    }
}

/// Folds to itself: Han, kana, Hebrew and Arabic letters.
fn is_caseless(c: char) -> bool {
    matches!(c, '\u{5D0}'..='\u{5EA}' | '\u{626}'..='\u{64A}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}')
}

/// Whether normalizing never joins `c` to what stands before it.
fn begins_group(c: char) -> bool {
    c.is_ascii() || is_plain(c) || (!is_ignored(c) && stands_apart(c))
}

/// The same for any character: what it decomposes to first decides.
fn stands_apart(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |part| first = first.or(Some(part)));
    first.is_some_and(|part| {
        canonical_combining_class(part) == 0
            && is_nfkc_quick(std::iter::once(part)) != IsNormalized::Maybe
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fold::fold;
    use super::*;
    use crate::value::InvalidCode;

    fn found(words: &[&str], text: &str) -> Vec<String> {
        let matches = WordMatcher::new(words).unwrap().matches(text);
        matches.iter().map(|found| text[found.start..found.end].to_owned()).collect()
    }

    #[test]
    fn words_are_found_whole_in_any_spelling() {
        for (word, text, there) in [
            ("spam", "No SPAM!", vec!["SPAM"]),
            ("spam", "antispam spammer", vec![]),
            ("spam", "#spam_spam", vec!["spam", "spam"]),
            ("free money", "FREE \n money", vec!["FREE \n money"]),
            ("free money", "free  moneys", vec![]),
            ("straße", "In der STRASSE.", vec!["STRASSE"]),
            ("strasse", "Große Straße", vec!["Straße"]),
            ("cafe", "Café cafe\u{301}", vec![]),
            ("café", "Cafe\u{301}!", vec!["Cafe\u{301}"]),
            ("argent", "l'argent l’Argent", vec!["argent", "Argent"]),
            ("c++", "C++, c+++", vec!["C++", "c++"]),
            ("шум", "ШУМ и шумный", vec!["ШУМ"]),
            ("ربح", "ربح سريع", vec!["ربح"]),
            ("गांजा", "यह गांजा है", vec!["गांजा"]),
            ("bet", "be\u{AD}t b\u{200B}et", vec!["be\u{AD}t", "b\u{200B}et"]),
            ("ｂｅｔ", "a bet", vec!["bet"]),
            ("istanbul", "İSTANBUL", vec!["İSTANBUL"]),
        ] {
            assert_eq!(found(&[word], text), there, "{word:?} in {text:?}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_searched_inside() {
        for (word, text, there) in [
            ("賭博", "違法賭博禁止", vec!["賭博"]),
            ("カジノ", "オンラインｶｼﾞﾉで", vec!["ｶｼﾞﾉ"]),
            ("か", "がか", vec!["か"]),
            ("ฟรี", "ของฟรีวันนี้", vec!["ฟรี"]),
            ("กน", "กนิ", vec![]),
            ("iphone", "新iPhone発売", vec!["iPhone"]),
            ("가", "각 가", vec!["가"]),
            ("도박", "온라인도박 도박", vec!["도박"]),
        ] {
            assert_eq!(found(&[word], text), there, "{word:?} in {text:?}");
        }
    }

    #[test]
    fn blank_and_endless_words_are_refused() {
        for blank in ["", " \n", "\u{200B}"] {
            let refused = WordMatcher::new(["fine", blank]).unwrap_err();
            assert_eq!((refused.code, refused.field.as_str()), (InvalidCode::Required, "words[1]"));
        }
        let long = "x".repeat(201);
        assert_eq!(WordMatcher::new([&long]).unwrap_err().code, InvalidCode::TooLong);
        assert!(WordMatcher::new(Vec::<&str>::new()).unwrap().matches("anything").is_empty());
    }

    #[test]
    fn missing_phrases_are_named() {
        let required = WordMatcher::new(["#ad", "paid partnership", "Anzeige"]).unwrap();
        assert_eq!(required.missing("ANZEIGE #Ad"), [1]);
        assert_eq!(required.missing(""), [0, 1, 2]);
    }

    #[test]
    fn single_characters_fold_as_in_a_text() {
        for c in '\0'..=char::MAX {
            let whole: String = fold(c.encode_utf8(&mut [0; 4]));
            let alone = Folded::of(c.encode_utf8(&mut [0; 4])).text;
            assert!(
                alone == whole || (c.is_whitespace() && alone == " "),
                "{c:?} {alone:?} {whole:?}"
            );
        }
    }

    #[test]
    fn plain_characters_stand_apart() {
        assert!(('\0'..=char::MAX).filter(|c| is_plain(*c)).all(stands_apart));
    }

    proptest! {
        #[test]
        fn folding_by_groups_is_folding(text in super::super::tests::any_text()) {
            let grouped = Folded::of(&text).text;
            let mut whole = String::new();
            for c in fold(&text).chars() {
                let c = if c.is_whitespace() { ' ' } else { c };
                if c != ' ' || !whole.ends_with(' ') {
                    whole.push(c);
                }
            }
            prop_assert_eq!(grouped, whole);
        }

        #[test]
        fn a_word_set_off_by_spaces_is_found_where_it_stands(
            before in super::super::tests::any_text(),
            word in super::super::tests::any_text(),
            after in super::super::tests::any_text(),
        ) {
            let Ok(matcher) = WordMatcher::new([&word]) else { return Ok(()) };
            let text = format!("{before} {word} {after}");
            let matches = matcher.matches(&text);
            prop_assert!(!matches.is_empty(), "{:?} in {:?}", word, text);
            for found in matches {
                prop_assert!(found.start < found.end);
                let piece = text.get(found.start..found.end).expect("offsets lie between characters");
                let (piece, word) = (Folded::of(piece).text, Folded::of(&word).text);
                prop_assert_eq!(piece.trim(), word.trim());
            }
        }
    }
}
