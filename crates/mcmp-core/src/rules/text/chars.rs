//! What a character is, for the scanners: letter, mark, digit, space, or of a script without spaces.

use unicode_normalization::char::is_combining_mark;

/// A mark that belongs to the letter before it (general category M).
pub(super) fn is_mark(c: char) -> bool {
    c >= '\u{300}' && is_combining_mark(c)
}

/// A letter of any script. The enclosed Latin letters, which Unicode calls alphabetic though they
/// are symbols (and partly emoji), are none.
pub(super) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    c.is_alphabetic() && !matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}')
}

/// A decimal digit of any script (general category Nd).
pub(super) fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    let code = u32::from(c);
    let at = ZEROS.partition_point(|zero| *zero <= code);
    at.checked_sub(1).and_then(|at| ZEROS.get(at)).is_some_and(|zero| code - zero < 10)
}

/// Part of a word: letter, mark or digit.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    is_letter(c) || is_mark(c) || is_digit(c)
}

/// Part of a hashtag's name: words, and the joiners that scripts write inside one (as X lists them,
/// <https://github.com/twitter/twitter-text>).
pub(super) fn is_tag(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    is_word(c) || is_tag_joiner(c)
}

/// Punctuation that may stand inside a hashtag: the zero-width joiners, the middle dots, Hebrew
/// maqaf and geresh, Tibetan tsheg, Japanese ditto and wave marks.
fn is_tag_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{B7}'
            | '\u{5BE}'
            | '\u{5F3}'
            | '\u{5F4}'
            | '\u{F0B}'
            | '\u{F0C}'
            | '\u{200C}'
            | '\u{200D}'
            | '\u{3003}'
            | '\u{301C}'
            | '\u{309B}'
            | '\u{309C}'
            | '\u{30A0}'
            | '\u{30FB}'
            | '\u{A67E}'
            | '\u{FF5E}'
    )
}

/// Makes a hashtag one: at least one of these must be in it.
pub(super) fn is_tag_letter(c: char) -> bool {
    is_letter(c) || is_mark(c)
}

/// Of a script that writes without spaces between words: Han, Hiragana, Katakana, Thai, Lao, Khmer,
/// Myanmar.
pub(super) fn is_spaceless(c: char) -> bool {
    matches!(u32::from(c),
        0xE01..=0xE3A | 0xE40..=0xE4E | 0xE80..=0xEFF // Thai, Lao
        | 0x1000..=0x109F | 0x1780..=0x17FF | 0x19E0..=0x19FF // Myanmar, Khmer
        | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3038..=0x303B // Han signs
        | 0x3041..=0x30FF | 0x31F0..=0x31FF // kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF // Han
        | 0xA9E0..=0xA9FF | 0xAA60..=0xAA7F // Myanmar
        | 0xF900..=0xFAFF | 0xFF66..=0xFF9F // Han, half-width kana
        | 0x1AFF0..=0x1B16F | 0x20000..=0x3FFFD) // kana, Han
}

/// Takes part in no rule that joins characters: always a grapheme cluster of its own beside another
/// such character, never changed by NFC, and no emoji. Covers what most posts are written in, so
/// that the tables are asked about the rest only.
pub(super) fn is_plain(c: char) -> bool {
    matches!(u32::from(c),
        0x20..=0x7E
        | 0xA0..=0xA8 | 0xAA..=0xAC | 0xAF..=0x2FF // Latin
        | 0x391..=0x3A1 | 0x3A3..=0x3FF // Greek
        | 0x400..=0x482 | 0x48A..=0x52F // Cyrillic
        | 0x5D0..=0x5EA | 0x620..=0x64A // Hebrew, Arabic
        | 0x2010..=0x2027 | 0x2030..=0x203B // dashes, quotes
        | 0x3000..=0x3029 | 0x3041..=0x3096 | 0x30A1..=0x30FF // CJK signs, kana
        | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 // Han, Hangul
        | 0xFF01..=0xFF9D) // full and half width
}

/// Marks of writing direction, invisible.
pub(super) fn is_directional(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Latin letters with accents, which X takes in paths and in host names beside ASCII.
pub(super) fn is_accented_latin(c: char) -> bool {
    matches!(c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{24F}' | '\u{253}' | '\u{254}' | '\u{256}'
        | '\u{257}' | '\u{259}' | '\u{25B}' | '\u{263}' | '\u{268}' | '\u{26F}' | '\u{272}' | '\u{289}'
        | '\u{28B}' | '\u{2BB}' | '\u{300}'..='\u{36F}' | '\u{1E00}'..='\u{1EFF}')
}

/// Where each script's ten decimal digits begin. Source: `UnicodeData.txt` of Unicode 17.0,
/// general category Nd.
#[rustfmt::skip]
static ZEROS: [u32; 77] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66,
    0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
    0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450,
    0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50,
    0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950,
    0x1FBF0,
];
