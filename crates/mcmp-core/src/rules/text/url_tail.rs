//! What belongs to a link after its host: port, path, query, fragment.

use super::chars::{is_accented_latin, is_directional, is_word};
use super::url::may_follow_unspaced;

/// Longest name of a `t.co` link.
const X_LONGEST_SHORT: usize = 40;

fn is_x_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '\u{400}'..='\u{4FF}') || is_accented_latin(c)
}

fn is_x_path(c: char) -> bool {
    is_x_letter(c)
        || matches!(
            c,
            '!' | '*'
                | '\''
                | ';'
                | ':'
                | '='
                | '+'
                | ','
                | '.'
                | '$'
                | '/'
                | '%'
                | '#'
                | '['
                | ']'
                | '-'
                | '\u{2013}'
                | '_'
                | '~'
                | '@'
                | '|'
                | '&'
        )
}

fn ends_x_path(c: char) -> bool {
    is_x_letter(c) || matches!(c, '+' | '-' | '=' | '_' | '#' | '/')
}

fn is_x_query(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '!' | '?'
                | '*'
                | '\''
                | '@'
                | '('
                | ')'
                | ';'
                | ':'
                | '&'
                | '='
                | '+'
                | '$'
                | '/'
                | '%'
                | '#'
                | '['
                | ']'
                | '-'
                | '_'
                | '.'
                | ','
                | '~'
                | '|'
        )
}

fn ends_x_query(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '&' | '=' | '#' | '/')
}

/// End of the link whose host ends at `at`, as X reads it.
pub(super) fn of_x(text: &str, at: usize) -> usize {
    let mut end = at;
    if let Some(digits) = text.get(end..).and_then(|rest| rest.strip_prefix(':')) {
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        if length > 0 {
            end += 1 + length;
        }
    }
    x_query(text, x_path(text, end))
}

/// The same for a link without a scheme, which X extends only by a path.
pub(super) fn of_x_bare(text: &str, at: usize) -> usize {
    let port = text
        .get(at..)
        .unwrap_or_default()
        .trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    if port.starts_with('/') { of_x(text, at) } else { at }
}

/// End of the `t.co` link whose host ends at `at`: nothing but its name and a query belong to it.
/// `None` where the name is too long for one.
pub(super) fn shortened(text: &str, at: usize) -> Option<usize> {
    let name = text.get(at..).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    match name.bytes().take_while(u8::is_ascii_alphanumeric).count() {
        0 => Some(of_x(text, at)),
        length if length > X_LONGEST_SHORT => None,
        length => Some(x_query(text, at + 1 + length)),
    }
}

fn x_path(text: &str, at: usize) -> usize {
    let path = text.get(at..).unwrap_or_default();
    if !path.starts_with('/') {
        return at;
    }
    let (mut length, mut end) = (0, 0);
    while let Some((rest, c)) =
        path.get(length..).and_then(|rest| Some((rest, rest.chars().next()?)))
    {
        if c == '(' {
            let Some(bracketed) = x_bracketed(rest) else { break };
            length += bracketed;
            end = length;
        } else if is_x_path(c) {
            length += c.len_utf8();
            if ends_x_path(c) {
                end = length;
            }
        } else {
            break;
        }
    }
    at + end
}

/// Bytes of a balanced pair of brackets with something inside, one more pair allowed in it.
fn x_bracketed(text: &str) -> Option<usize> {
    let run = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        at + rest.find(|c| !is_x_path(c)).unwrap_or(rest.len())
    };
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let mut at = run(1);
    if byte(at) == Some(b'(') {
        let inner = run(at + 1);
        if inner == at + 1 || byte(inner) != Some(b')') {
            return None;
        }
        at = run(inner + 1);
    } else if at == 1 {
        return None;
    }
    (byte(at) == Some(b')')).then_some(at + 1)
}

fn x_query(text: &str, at: usize) -> usize {
    let Some(query) = text.get(at..).and_then(|rest| rest.strip_prefix('?')) else { return at };
    let length = query.find(|c| !is_x_query(c)).unwrap_or(query.len());
    let kept = query.get(..length).unwrap_or_default().trim_end_matches(|c| !ends_x_query(c));
    if kept.is_empty() { at } else { at + 1 + kept.len() }
}

/// Ends a link in running text, whatever the platform.
fn delimits(c: char) -> bool {
    if c.is_ascii() {
        return c <= ' '
            || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^' | '\x7F');
    }
    // Quotes, CJK punctuation and emoji end a link; letters with spaces between words go on.
    !is_word(c) && c != '\u{2013}' && c != '\u{B7}'
        || c.is_whitespace()
        || is_directional(c)
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{20E3}')
        || may_follow_unspaced(c)
}

/// End of the link whose host ends at `at`, as people read it: sentence punctuation at the end and
/// closing brackets that were opened before the link stay outside.
pub(super) fn common(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let port = rest.strip_prefix(':').map_or(0, |digits| {
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 { 0 } else { 1 + length }
    });
    let tail_start = at + port;
    let tail = text.get(tail_start..).unwrap_or_default();
    if !tail.starts_with(['/', '?', '#']) {
        return tail_start;
    }
    let tail = tail.get(..tail.find(delimits).unwrap_or(tail.len())).unwrap_or_default();
    tail_start + trimmed(tail)
}

/// Bytes of `tail` without the punctuation that ends the sentence.
fn trimmed(tail: &str) -> usize {
    let count = |byte: u8| tail.bytes().filter(|b| *b == byte).count();
    let mut extra_round = count(b')').saturating_sub(count(b'('));
    let mut extra_square = count(b']').saturating_sub(count(b'['));
    let mut end = tail.len();
    while let Some(last) = tail.as_bytes().get(..end).and_then(<[u8]>::last) {
        match last {
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'*' | b'(' | b'[' => {}
            b')' if extra_round > 0 => extra_round -= 1,
            b']' if extra_square > 0 => extra_square -= 1,
            _ => break,
        }
        end -= 1;
    }
    end
}
