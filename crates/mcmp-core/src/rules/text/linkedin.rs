//! LinkedIn's "little text": what a post's `commentary` must look like so that LinkedIn shows what
//! was written. One reserved character left bare can cut the post there without an error.
//!
//! Source: <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format>.
//! Comments, titles, alt texts and polls are plain text and must not be escaped.

use super::chars::is_tag;
use super::count::utf16_units;
use super::entities::{Kind, Syntax, scan};

/// Characters that need a backslash to be shown.
#[must_use]
pub const fn is_reserved(c: char) -> bool {
    matches!(
        c,
        '|' | '{' | '}' | '@' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '\\' | '*' | '_' | '~'
    )
}

/// Escapes `text` for a post's `commentary`.
///
/// - Hashtags stay hashtags. One with a `_` becomes the hashtag template, where the `_` can be
///   escaped.
/// - Mentions `@[Name](urn:li:person:ID)` and `@[Name](urn:li:organization:ID)` stay mentions; the
///   name is taken as the plain name and escaped.
/// - The hashtag template `{hashtag|\#|word}` stays as it is.
/// - Everything else shows as written, links included: they are escaped like other text.
///
/// ```
/// use mcmp_core::rules::text::linkedin::escape;
///
/// assert_eq!(escape("50% (sale) #new"), r"50% \(sale\) #new");
/// assert_eq!(escape("@[Ann (CEO)](urn:li:person:a1)"), r"@[Ann \(CEO\)](urn:li:person:a1)");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    write(text, |piece| escaped.push_str(piece));
    escaped
}

/// UTF-16 units of what [`escape`] answers, without building it.
#[must_use]
pub fn escaped_length(text: &str) -> usize {
    let mut length = 0;
    write(text, |piece| length += utf16_units(piece));
    length
}

/// Hands out the escaped text in pieces.
fn write(text: &str, mut out: impl FnMut(&str)) {
    let mut at = 0;
    scan(text, Syntax::Common, |kind, span| {
        // A tag inside a mention's name was written with the mention.
        if kind == Kind::Hashtag && span.start >= at {
            let end = write_text(text, at, span.start, &mut out);
            if end <= span.start {
                write_hashtag(
                    text.get(span.start..span.end).unwrap_or_default(),
                    span.text,
                    &mut out,
                );
                at = span.end;
            } else {
                at = end;
            }
        }
    });
    write_text(text, at, text.len(), &mut out);
}

fn write_hashtag(whole: &str, name: &str, out: &mut impl FnMut(&str)) {
    if name.contains(is_reserved) {
        // The sign as it was written, which may be the full-width one.
        out(r"{hashtag|\");
        out(whole.strip_suffix(name).unwrap_or("#"));
        out("|");
        write_escaped(name, out);
        out("}");
    } else {
        out(whole);
    }
}

/// Writes what lies between two hashtags, and answers where it stopped: behind `to` where a mention
/// reaches over it.
fn write_text(text: &str, from: usize, to: usize, out: &mut impl FnMut(&str)) -> usize {
    let mut at = from;
    while let Some(rest) = text.get(at..).filter(|_| at < to) {
        let between = text.get(at..to).unwrap_or_default();
        let opening = |byte: u8| matches!(byte, b'@' | b'{');
        let plain = between.bytes().position(opening).unwrap_or(between.len());
        write_escaped(between.get(..plain).unwrap_or_default(), out);
        at += plain;
        let Some(rest) = rest.get(plain..).filter(|_| at < to) else { break };
        if let Some(mention) = mention(rest) {
            out("@[");
            write_escaped(mention.name, out);
            out("](");
            out(mention.urn);
            out(")");
            at += mention.length;
        } else if let Some(length) = hashtag_template(rest) {
            out(rest.get(..length).unwrap_or_default());
            at += length;
        } else {
            write_escaped(rest.get(..1).unwrap_or_default(), out);
            at += 1;
        }
    }
    at
}

/// Writes `text` with a backslash before each reserved character.
fn write_escaped(text: &str, out: &mut impl FnMut(&str)) {
    let mut rest = text;
    // Reserved characters are one byte each, and no byte of any other character looks like one.
    while let Some(at) = rest.bytes().position(|byte| is_reserved(char::from(byte))) {
        out(rest.get(..at).unwrap_or_default());
        out("\\");
        out(rest.get(at..=at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    out(rest);
}

struct Mention<'a> {
    name: &'a str,
    urn: &'a str,
    length: usize,
}

/// The mention that `text` starts with.
fn mention(text: &str) -> Option<Mention<'_>> {
    let line = text.strip_prefix("@[")?;
    // Cut at the next mention first: that keeps a row of openings linear.
    let line = line.get(..line.find("@[").unwrap_or(line.len()))?;
    let line = line.get(..line.find('\n').unwrap_or(line.len()))?;
    let (name, after) = line.split_once("](urn:li:")?;
    let id = after.strip_prefix("person:").or_else(|| after.strip_prefix("organization:"))?;
    let id_length = id.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))?;
    if name.is_empty() || id_length == 0 || !id.get(id_length..)?.starts_with(')') {
        return None;
    }
    let urn_start = "@[".len() + name.len() + "](".len();
    let urn_end = urn_start + "urn:li:".len() + (after.len() - id.len()) + id_length;
    Some(Mention { name, urn: text.get(urn_start..urn_end)?, length: urn_end + 1 })
}

/// Bytes of the hashtag template that `text` starts with.
fn hashtag_template(text: &str) -> Option<usize> {
    let name =
        text.strip_prefix(r"{hashtag|\#|").or_else(|| text.strip_prefix(r"{hashtag|\＃|"))?;
    let mut chars = name.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '}' => return (at > 0).then_some(text.len() - name.len() + at + 1),
            '\\' if chars.next().is_some_and(|(_, escaped)| escaped == '_') => {}
            c if is_tag(c) => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_written_is_shown() {
        for (written, sent) in [
            ("", ""),
            ("plain, text. 50%", "plain, text. 50%"),
            (
                "a (b) [c] {d} <e> f|g *h* _i_ ~j~",
                r"a \(b\) \[c\] \{d\} \<e\> f\|g \*h\* \_i\_ \~j\~",
            ),
            (r"C:\new", r"C:\\new"),
            ("me@example.com", r"me\@example.com"),
            ("#one #Größe #日本語 ＃全角", "#one #Größe #日本語 ＃全角"),
            ("#1 is C#", r"\#1 is C\#"),
            ("#two_words", r"{hashtag|\#|two\_words}"),
            ("＃two_words", r"{hashtag|\＃|two\_words}"),
            ("https://e.org/a_b#top", r"https://e.org/a\_b\#top"),
            (r"{hashtag|\#|kept}", r"{hashtag|\#|kept}"),
            (r"{hashtag|\#|a\_b}", r"{hashtag|\#|a\_b}"),
            (r"{hashtag|\#|}", r"\{hashtag\|\\\#\|\}"),
            ("@[Ann](urn:li:person:aB-1_2)!", "@[Ann](urn:li:person:aB-1_2)!"),
            (
                "@[A [x] #y (z)](urn:li:organization:7)",
                r"@[A \[x\] \#y \(z\)](urn:li:organization:7)",
            ),
            ("@[a] @[B](urn:li:person:1)", r"\@\[a\] @[B](urn:li:person:1)"),
            ("@[a](urn:li:group:1)", r"\@\[a\]\(urn:li:group:1\)"),
            ("@[](urn:li:person:1)", r"\@\[\]\(urn:li:person:1\)"),
            ("#a#b", "#a#b"),
        ] {
            assert_eq!(escape(written), sent, "{written}");
            assert_eq!(escaped_length(written), sent.encode_utf16().count(), "{written}");
        }
    }

    /// What a reader sees of escaped text without mentions.
    fn shown(sent: &str) -> String {
        let sent = sent.replace(r"{hashtag|\#|", "#").replace(r"{hashtag|\＃|", "＃");
        let (mut shown, mut chars) = (String::new(), sent.chars());
        while let Some(c) = chars.next() {
            match c {
                '\\' => shown.extend(chars.next()),
                // Bare, it can only close a template.
                '}' => {}
                c => shown.push(c),
            }
        }
        shown
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_reserved_is_left(text in super::super::tests::any_text()) {
            prop_assume!(!text.contains("](urn:li:") && !text.contains("{hashtag|"));
            let sent = escape(&text);
            prop_assert_eq!(shown(&sent), text.as_str());
            prop_assert_eq!(escaped_length(&text), sent.encode_utf16().count());
            let bare = sent.replace(r"{hashtag|\#|", "").replace(r"{hashtag|\＃|", "");
            let mut escaped = false;
            for c in bare.chars() {
                prop_assert!(escaped || !is_reserved(c) || matches!(c, '\\' | '#' | '}'), "{c} in {}", sent);
                escaped = c == '\\' && !escaped;
            }
        }
    }
}
