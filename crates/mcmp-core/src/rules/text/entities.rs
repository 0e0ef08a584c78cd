//! Finds links, hashtags, mentions and cashtags in running text, in any script, in one pass.

use serde::Serialize;

use super::chars::{is_tag, is_tag_letter, is_word};
use super::url;

/// A stretch of a text. Offsets are bytes and lie between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Span<'a> {
    /// Where it starts, the sign `#`, `@` or `$` included.
    pub start: usize,
    /// Where it ends (exclusive).
    pub end: usize,
    /// The link, or the name without its sign.
    pub text: &'a str,
}

/// What a text holds, each in the order of the text. Nothing overlaps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Entities<'a> {
    /// Links, with or without a scheme.
    pub urls: Vec<Span<'a>>,
    /// Hashtags; one of digits alone is none.
    pub hashtags: Vec<Span<'a>>,
    /// Mentions of accounts; e-mail addresses are none.
    pub mentions: Vec<Span<'a>>,
    /// Ticker symbols such as `$TSLA`.
    pub cashtags: Vec<Span<'a>>,
}

/// Whose rules a text is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Syntax {
    /// What platforms have in common. Handles may have dots inside and be of any script, as on
    /// Instagram, Threads, TikTok and YouTube; `https://` makes any host a link.
    #[default]
    Common,
    /// X: handles of at most 20 ASCII letters, digits and `_`; a link needs a known top-level
    /// domain; a hashtag directly followed by another sign is none.
    /// Source: <https://github.com/twitter/twitter-text>.
    X,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Url,
    Hashtag,
    Mention,
    Cashtag,
}

/// Extracts what [`Syntax::Common`] finds in `text`.
///
/// ```
/// use mcmp_core::rules::text::extract;
///
/// let found = extract("Neu: #Größe (mit @jo.doe.) auf https://example.com/a_(b).");
/// assert_eq!(found.hashtags[0].text, "Größe");
/// assert_eq!(found.mentions[0].text, "jo.doe");
/// assert_eq!(found.urls[0].text, "https://example.com/a_(b)");
/// ```
#[must_use]
pub fn extract(text: &str) -> Entities<'_> {
    extract_as(text, Syntax::Common)
}

/// Extracts what the given platform's rules find in `text`.
#[must_use]
pub fn extract_as(text: &str, syntax: Syntax) -> Entities<'_> {
    let mut entities = Entities::default();
    scan(text, syntax, |kind, span| match kind {
        Kind::Url => entities.urls.push(span),
        Kind::Hashtag => entities.hashtags.push(span),
        Kind::Mention => entities.mentions.push(span),
        Kind::Cashtag => entities.cashtags.push(span),
    });
    entities
}

/// Bytes that may stand in an entity's first sign: `.` and `:` for links, `#`, `@`, `$`, and the
/// first byte of the full-width `＃` and `＠`.
const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'.' | b':' | b'#' | b'@' | b'$' | 0xEF)
}

/// Walks over `text` once and reports each entity in order.
pub(super) fn scan<'a>(text: &'a str, syntax: Syntax, mut found: impl FnMut(Kind, Span<'a>)) {
    let mut scanner = Scanner { text, syntax, taken: 0, links_from: 0 };
    let mut at = 0;
    while let Some(offset) =
        text.as_bytes().get(at..).and_then(|rest| rest.iter().position(|b| is_sign(*b)))
    {
        at = scanner.at_sign(at + offset, &mut found).max(at + offset + 1);
    }
}

/// Reports links only, even where they overlap a hashtag or mention: what X counts as 23.
pub(super) fn scan_links<'a>(text: &'a str, syntax: Syntax, mut found: impl FnMut(usize, usize)) {
    let mut scanner = Scanner { text, syntax, taken: 0, links_from: 0 };
    let mut at = 0;
    while let Some(offset) = text
        .as_bytes()
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| matches!(b, b'.' | b':')))
    {
        let resume = scanner.link(at + offset, &mut |span: Span<'a>| found(span.start, span.end));
        at = resume.max(at + offset + 1);
    }
}

struct Scanner<'a> {
    text: &'a str,
    syntax: Syntax,
    /// End of the last entity.
    taken: usize,
    /// Where the search for links without a scheme has got to.
    links_from: usize,
}

impl<'a> Scanner<'a> {
    /// Looks at the sign at `at`, and answers where to go on.
    fn at_sign(&mut self, at: usize, found: &mut impl FnMut(Kind, Span<'a>)) -> usize {
        let Some(sign) = self.rest(at).chars().next() else { return at + 1 };
        let entity = match sign {
            '.' | ':' => return self.link(at, &mut |span| found(Kind::Url, span)),
            '#' | '＃' => self.hashtag(at, sign).map(|span| (Kind::Hashtag, span)),
            '@' | '＠' => self.mention(at, sign).map(|span| (Kind::Mention, span)),
            '$' => self.cashtag(at).map(|span| (Kind::Cashtag, span)),
            _ => None,
        };
        let Some((kind, span)) = entity else { return at + sign.len_utf8() };
        self.taken = span.end;
        found(kind, span);
        span.end
    }

    fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    fn before(&self, at: usize) -> Option<char> {
        self.text.get(..at)?.chars().next_back()
    }

    fn span(&self, start: usize, name: usize, end: usize) -> Option<Span<'a>> {
        Some(Span { start, end, text: self.text.get(name..end)? })
    }

    fn link(&mut self, at: usize, found: &mut impl FnMut(Span<'a>)) -> usize {
        let text = self.text;
        let mut taken = self.taken;
        let mut report = |start: usize, end: usize| {
            if start >= taken
                && let Some(link) = text.get(start..end)
            {
                taken = end;
                found(Span { start, end, text: link });
            }
        };
        let resume = if self.rest(at).starts_with(':') {
            match url::with_scheme(text, self.taken, at, self.syntax) {
                Some((start, end)) => {
                    report(start, end);
                    self.links_from = end;
                    end
                }
                None => at + 1,
            }
        } else {
            if at < self.links_from {
                return at + 1;
            }
            let (looked, resume) = url::bare(text, self.links_from, at, self.syntax, report);
            self.links_from = looked;
            resume.unwrap_or(at + 1)
        };
        self.taken = taken;
        resume
    }

    fn hashtag(&self, at: usize, sign: char) -> Option<Span<'a>> {
        let before = self.before(at);
        let chained = self.syntax == Syntax::Common && self.taken == at && at > 0;
        // A keycap or a variation selector ends an emoji, not a word.
        let attached = before.is_some_and(|c| {
            let emoji = matches!(c, '\u{FE0E}' | '\u{FE0F}')
                || (c == '\u{20E3}' && self.syntax == Syntax::Common);
            (is_tag(c) || c == '&') && !emoji
        });
        if attached && !chained {
            return None;
        }
        let name = at + sign.len_utf8();
        let rest = self.rest(name);
        if rest.starts_with(['\u{FE0F}', '\u{20E3}']) {
            return None;
        }
        let length = rest.find(|c| !is_tag(c)).unwrap_or(rest.len());
        let (tag, after) = rest.split_at_checked(length)?;
        let glued = self.syntax == Syntax::X && after.starts_with(['#', '＃']);
        if glued || after.starts_with("://") || !tag.contains(is_tag_letter) {
            return None;
        }
        self.span(at, name, name + length)
    }

    fn mention(&self, at: usize, sign: char) -> Option<Span<'a>> {
        if !self.may_mention_after(self.before(at)) && !self.after_retweet(at) {
            return None;
        }
        let name = at + sign.len_utf8();
        let rest = self.rest(name);
        let length = match self.syntax {
            Syntax::X => rest
                .bytes()
                .take(20)
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                .count(),
            Syntax::Common => handle_bytes(rest),
        };
        if length == 0 {
            return None;
        }
        let after = rest.get(length..)?;
        let spoiled = after.starts_with(['@', '＠'])
            || after.starts_with("://")
            || (self.syntax == Syntax::X && after.starts_with(super::chars::is_accented_latin));
        if spoiled { None } else { self.span(at, name, name + length) }
    }

    fn may_mention_after(&self, before: Option<char>) -> bool {
        before.is_none_or(|c| {
            if c.is_ascii() {
                let signs = match self.syntax {
                    Syntax::X => "_!#$%&*@",
                    Syntax::Common => "_!#$%&*@+-=",
                };
                return !c.is_ascii_alphanumeric() && !signs.contains(c);
            }
            c != '＠' && (self.syntax == Syntax::X || !is_word(c) || url::may_follow_unspaced(c))
        })
    }

    /// X takes the old `RT@name` for a mention.
    fn after_retweet(&self, at: usize) -> bool {
        let Some(before) = self.text.get(..at).filter(|_| self.syntax == Syntax::X) else {
            return false;
        };
        let Some((start, mark)) =
            before.len().checked_sub(2).and_then(|cut| before.split_at_checked(cut))
        else {
            return false;
        };
        mark.eq_ignore_ascii_case("rt")
            && start.chars().next_back().is_none_or(|c| {
                !(c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '~' | '.' | '-'))
            })
    }

    fn cashtag(&self, at: usize) -> Option<Span<'a>> {
        if self.before(at).is_some_and(|c| !c.is_whitespace()) {
            return None;
        }
        let rest = self.rest(at + 1);
        let letters =
            |from: usize| rest.bytes().skip(from).take_while(u8::is_ascii_alphabetic).count();
        let ends_before = |c: char| match self.syntax {
            Syntax::Common => !is_word(c),
            Syntax::X => c.is_whitespace() || c.is_ascii_punctuation(),
        };
        let ends = |length: usize| {
            rest.get(length..).is_some_and(|after| after.chars().next().is_none_or(ends_before))
        };
        let symbol = letters(0);
        if !(1..=6).contains(&symbol) || !ends(symbol) {
            return None;
        }
        let class = match rest.as_bytes().get(symbol) {
            Some(b'.' | b'_') => letters(symbol + 1),
            _ => 0,
        };
        let with_class = symbol + 1 + class;
        let length = if (1..=2).contains(&class) && ends(with_class) { with_class } else { symbol };
        self.span(at, at + 1, at + 1 + length)
    }
}

/// Bytes of the handle that `rest` starts with: letters, marks, digits and `_`, with dots inside.
/// One that starts in ASCII ends where text of a script without spaces goes on.
fn handle_bytes(rest: &str) -> usize {
    let ascii = rest.starts_with(|c: char| c.is_ascii());
    let in_name = |c: char| c == '_' || (is_word(c) && !(ascii && url::may_follow_unspaced(c)));
    let (mut end, mut chars) = (0, rest.char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        let inner_dot = c == '.' && at > 0 && chars.peek().is_some_and(|(_, next)| in_name(*next));
        if !in_name(c) && !inner_dot {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}
