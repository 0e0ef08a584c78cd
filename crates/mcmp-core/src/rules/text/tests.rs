//! What must hold for counting and extraction, against slow and obvious references.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::*;

const PIECES: &[&str] = &[
    "a",
    "Z",
    "7",
    " ",
    "\n",
    "\r\n",
    ".",
    "..",
    ",",
    ":",
    "/",
    "(",
    ")",
    "[",
    "]",
    "?",
    "!",
    "'",
    "\"",
    "_",
    "-",
    "+",
    "~",
    "*",
    "|",
    "{",
    "}",
    "<",
    ">",
    "\\",
    "&",
    "$",
    "#",
    "＃",
    "@",
    "＠",
    "é",
    "e\u{301}",
    "ß",
    "İ",
    "i\u{307}",
    "ς",
    "漢",
    "字",
    "カ",
    "ｶﾞ",
    "。",
    "が",
    "か\u{3099}",
    "한",
    "\u{1112}\u{1161}",
    "ไทย",
    "ก\u{E34}",
    "नि",
    "क्ष",
    "שלום",
    "ع",
    "\u{200B}",
    "\u{200D}",
    "\u{FE0F}",
    "\u{FE0E}",
    "\u{20E3}",
    "\u{FEFF}",
    "\u{AD}",
    "\u{202A}",
    "☺",
    "❤️",
    "🐱",
    "🙋🏽",
    "👨‍👩‍👧‍👦",
    "1️⃣",
    "🇩🇪",
    "🇦🇦",
    "🏽",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "©",
    "http://",
    "https://",
    "example.com",
    "t.co/abc",
    "www.",
    ".com",
    "日本.jp",
    "みんな",
    "@user",
    "#tag",
    "$TSLA",
    "me@x.org",
    "{hashtag|\\#|tag}",
    "@[Ann](urn:li:person:1)",
    "/path_(x)",
    "?q=1",
    "#top",
    "xn--",
];

/// Texts made of what breaks counters, and of anything.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn x(text: &str) -> usize {
    parse_x(text).weighted
}

#[test]
fn x_counts_by_weight_links_and_emoji_sequences() {
    for (text, weighted) in [
        ("", 0),
        ("plain", 5),
        ("Hi http://test.co", 26),
        ("http://test.co", 23),
        ("H🐱☺👨‍👩‍👧‍👦", 7),
        ("🙋🏽👨‍🎤", 4),
        ("😷👾😡🔥💩", 10),
        ("A\u{301}B", 2),
        ("Unicode 9.0 emoji: 🤠; 💃; 💃🏾", 29),
        ("漢字かな", 8),
        ("한국어", 6),
        ("Größe", 5),
        ("“quoted” – dash…", 17),
        ("′″‴", 3),
        ("1️⃣2", 3),
        ("© ™", 4),
        ("©️", 2),
        ("🇩🇪🇫🇷", 4),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2),
        ("☺\u{FE0E}", 4),
        ("see example.com/a?b=c, ok", 31),
        ("a.b", 3),
        ("Visit example.com.", 30),
        ("me@example.com", 14),
        ("#http://test.co", 15),
        ("日本語example.com", 29),
        ("https://example.com/日本", 27),
        ("file.txt", 8),
        ("https://nowhere", 15),
        ("\u{FB2C}", 3),
    ] {
        assert_eq!(x(text), weighted, "{text}");
        assert_eq!(count(text, CountUnit::WeightedX), weighted, "{text}");
    }
    assert_eq!(x(&"👨‍👩‍👧‍👦".repeat(140)), 280);
    assert_eq!(x(&"字".repeat(160)), 320);
}

#[test]
fn x_says_up_to_where_a_text_fits() {
    let weights = XWeights::default();
    let family = parse_x(&"👨‍👩‍👧‍👦".repeat(140));
    assert!(family.is_valid(&weights));
    let long = format!("{}tail", "字".repeat(140));
    let length = parse_x(&long);
    assert!(!length.is_valid(&weights));
    assert_eq!(length.valid_range_end, 140 * "字".len());
    let link = format!("{} https://example.com/x", "a".repeat(270));
    assert_eq!(parse_x(&link).valid_range_end, 271, "a link fits whole or not at all");
    // Decomposed text is cut before a letter, never between a letter and its accent.
    let accents = "e\u{301}".repeat(300);
    assert_eq!(parse_x(&accents).weighted, 300);
    assert_eq!(parse_x(&accents).valid_range_end, 280 * "e\u{301}".len());
    assert!(!parse_x("").is_valid(&weights));
    for refused in ['\u{FFFE}', '\u{FEFF}', '\u{FFFF}'] {
        let length = parse_x(&format!("ab{refused}c"));
        assert_eq!(length.invalid_character, Some(refused));
        assert_eq!(length.valid_range_end, 2);
        assert!(!length.is_valid(&weights));
    }
}

#[test]
fn x_numbers_can_be_replaced() {
    let weights: XWeights = serde_json::from_str(
        r#"{"max_length": 25000, "url_length": 30, "emoji_sequences": false,
            "ranges": [{"start": 0, "end": 1114111, "weight": 150}]}"#,
    )
    .unwrap();
    assert_eq!(weights.scale, 100);
    assert_eq!(parse_x_with("abc", &weights).weighted, 5, "rounded up");
    assert_eq!(parse_x_with("http://test.co", &weights).weighted, 30);
    assert_eq!(parse_x_with("👨‍👩‍👧‍👦", &weights).weighted, 11);
    assert_eq!(Measured::with_weights("ab", &weights).count(CountUnit::WeightedX), 3);
    let no_scale = XWeights { scale: 0, ..XWeights::default() };
    assert_eq!(parse_x_with("a", &no_scale).weighted, 100);
}

#[test]
fn each_unit_counts_its_own_way() {
    use CountUnit::{Byte, CodePoint, EmojiAsBytes, Grapheme, LinkedinEscaped, Utf16};
    let units = [Byte, CodePoint, Utf16, Grapheme, EmojiAsBytes, LinkedinEscaped];
    for (text, expected) in [
        ("", [0, 0, 0, 0, 0, 0]),
        ("abc", [3, 3, 3, 3, 3, 3]),
        ("a\r\nb", [4, 4, 4, 3, 3, 4]),
        ("é", [2, 1, 1, 1, 1, 1]),
        ("e\u{301}", [3, 2, 2, 1, 1, 2]),
        ("漢", [3, 1, 1, 1, 1, 1]),
        ("👍", [4, 1, 2, 1, 4, 2]),
        ("👨‍👩‍👧‍👦", [25, 7, 11, 1, 25, 11]),
        ("🇩🇪", [8, 2, 4, 1, 8, 4]),
        ("❤", [3, 1, 1, 1, 1, 1]),
        ("❤️", [6, 2, 2, 1, 6, 2]),
        ("(a)", [3, 3, 3, 3, 3, 5]),
    ] {
        assert_eq!(units.map(|unit| count(text, unit)), expected, "{text:?}");
    }
    assert_eq!(serde_json::to_string(&CountUnit::WeightedX).unwrap(), r#""weighted_x""#);
}

#[test]
fn youtube_tags_count_commas_and_quotes() {
    assert_eq!(youtube_tags_length(Vec::<&str>::new()), 0);
    assert_eq!(youtube_tags_length(["one"]), 3);
    assert_eq!(youtube_tags_length(["one", "two words"]), 3 + 1 + 9 + 2);
}

/// X's length by the letter of its description: normalize, cut out links, then the longest emoji
/// sequence or one character at a time.
fn slow_x(text: &str) -> usize {
    let text: String = text.nfc().collect();
    let mut links = Vec::new();
    super::entities::scan_links(&text, Syntax::X, |start, end| links.push((start, end)));
    let (mut at, mut sum) = (0, 0);
    while at < text.len() {
        if let Some((_, end)) = links.iter().find(|(start, _)| *start == at) {
            sum += 2300;
            at = *end;
            continue;
        }
        let c = text[at..].chars().next().unwrap();
        let stop =
            links.iter().map(|(start, _)| *start).find(|start| *start > at).unwrap_or(text.len());
        if let Some(emoji) = super::emoji::sequence(&text[at..stop]) {
            sum += 200;
            at += emoji;
            continue;
        }
        sum += match u32::from(c) {
            0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 100,
            _ => 200,
        };
        at += c.len_utf8();
    }
    sum / 100
}

proptest! {
    #[test]
    fn counts_agree_with_the_reference(text in any_text()) {
        let measured = Measured::new(&text);
        prop_assert_eq!(measured.count(CountUnit::Byte), text.len());
        prop_assert_eq!(measured.count(CountUnit::CodePoint), text.chars().count());
        prop_assert_eq!(measured.count(CountUnit::Utf16), text.encode_utf16().count());
        let clusters: Vec<&str> = text.graphemes(true).collect();
        prop_assert_eq!(measured.count(CountUnit::Grapheme), clusters.len());
        let threads: usize =
            clusters.iter().map(|c| if super::emoji::is_picture(c) { c.len() } else { 1 }).sum();
        prop_assert_eq!(measured.count(CountUnit::EmojiAsBytes), threads);
        prop_assert_eq!(measured.count(CountUnit::WeightedX), slow_x(&text));
        prop_assert_eq!(
            measured.count(CountUnit::LinkedinEscaped),
            linkedin::escape(&text).encode_utf16().count()
        );
    }

    #[test]
    fn more_text_is_never_shorter(text in any_text(), more in any_text()) {
        let both = format!("{text}{more}");
        for unit in [CountUnit::Byte, CountUnit::CodePoint, CountUnit::Utf16] {
            prop_assert_eq!(count(&both, unit), count(&text, unit) + count(&more, unit));
        }
        prop_assert!(count(&both, CountUnit::Grapheme) <= count(&text, CountUnit::Grapheme) + count(&more, CountUnit::Grapheme));
        prop_assert!(count(&both, CountUnit::Grapheme) >= count(&text, CountUnit::Grapheme));
    }

    /// X's length is not monotone: finishing a link or an emoji sequence can lower it. With a line
    /// break between, lengths add up; the break goes with what follows, as X reads a letter at the
    /// very start of a text as what stands before a link.
    #[test]
    fn lines_add_up_for_x(one in any_text(), two in any_text()) {
        prop_assert_eq!(x(&format!("{one}\n{two}")), x(&one) + x(&format!("\n{two}")));
    }

    #[test]
    fn what_fits_is_a_prefix_that_fits(text in any_text(), limit in 0_u32..40) {
        let weights = XWeights { max_length: limit, ..XWeights::default() };
        let length = parse_x_with(&text, &weights);
        prop_assert!(text.is_char_boundary(length.valid_range_end));
        prop_assert!(length.valid_range_end <= text.len());
        let fits = u32::try_from(length.weighted).unwrap() <= limit && length.invalid_character.is_none();
        prop_assert_eq!(fits, length.valid_range_end == text.len());
    }

    #[test]
    fn entities_lie_in_order_and_apart(text in any_text()) {
        for syntax in [Syntax::Common, Syntax::X] {
            let found = extract_as(&text, syntax);
            let mut all: Vec<(Span, &str)> = Vec::new();
            all.extend(found.urls.iter().map(|span| (*span, "")));
            all.extend(found.hashtags.iter().map(|span| (*span, "#＃")));
            all.extend(found.mentions.iter().map(|span| (*span, "@＠")));
            all.extend(found.cashtags.iter().map(|span| (*span, "$")));
            all.sort_by_key(|(span, _)| span.start);
            let mut end = 0;
            for (span, signs) in all {
                prop_assert!(span.start >= end && span.start < span.end);
                end = span.end;
                let whole = text.get(span.start..span.end).expect("offsets lie between characters");
                prop_assert_eq!(whole.trim_start_matches(|c| signs.contains(c)), span.text);
                prop_assert!(!span.text.is_empty());
                prop_assert!(!span.text.contains(char::is_whitespace));
            }
        }
    }
}
