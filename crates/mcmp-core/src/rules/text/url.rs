//! Where a link starts and ends in running text.
//!
//! Two ways of reading: X's own, which decides what it counts as 23 (the grammar of
//! <https://github.com/twitter/twitter-text>, re-implemented without regular expressions), and a
//! common one for every other platform, which takes any host after `https://` and ends a link where
//! people expect it to.

use super::chars::{is_accented_latin, is_directional, is_spaceless, is_word};
use super::count::utf16_units;
use super::emoji::is_emoji;
use super::entities::Syntax;
use super::tlds::{is_tld, tld_prefix};
use super::{punycode, url_tail};

/// Longest link X recognizes, in UTF-16 units, its scheme included.
const X_LONGEST: usize = 4096;
/// Longest host label, in ASCII form (RFC 1035).
const LONGEST_LABEL: usize = 63;

/// Written without spaces or with particles attached: text of these scripts right after a link
/// belongs to the sentence.
pub(super) fn may_follow_unspaced(c: char) -> bool {
    is_spaceless(c)
        || matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7A3}')
}

/// May stand in a host label, beside `-` and `_`.
fn is_host(c: char, syntax: Syntax) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    match syntax {
        Syntax::X => {
            !c.is_whitespace()
                && !is_directional(c)
                && !matches!(
                    c,
                    '\u{80}'..='\u{9F}' | '\u{180E}' | '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}'
                )
        }
        Syntax::Common => is_word(c) || is_emoji(c),
    }
}

fn is_host_or_joiner(c: char, syntax: Syntax) -> bool {
    matches!(c, '-' | '_') || is_host(c, syntax)
}

/// Whether a link may start right after `before`.
fn may_precede(before: Option<char>) -> bool {
    before.is_none_or(|c| {
        !(c.is_ascii_alphanumeric()
            || matches!(c, '@' | '＠' | '$' | '#' | '＃' | '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}'))
    })
}

fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// Whether a top-level domain may end before `rest`.
fn ends_host(rest: &str, syntax: Syntax) -> bool {
    rest.chars().next().is_none_or(|c| {
        !(c.is_ascii_alphanumeric() || matches!(c, '@' | '+' | '-'))
            && (syntax == Syntax::X || !is_word(c) || may_follow_unspaced(c))
    })
}

/// End of the top-level domain that starts at `at`.
fn tld_end(text: &str, at: usize, syntax: Syntax) -> Option<usize> {
    let rest = text.get(at..)?;
    let encoded = rest.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
    let ascii = rest
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || encoded && b == b'-'))
        .unwrap_or(rest.len());
    let (label, after) = rest.split_at_checked(ascii)?;
    if (encoded && ascii > 4 || is_tld(label)) && ends_host(after, syntax) {
        return Some(at + ascii);
    }
    if after.chars().next().is_none_or(|c| c.is_ascii()) {
        return None;
    }
    let whole = rest.find(|c| !is_host(c, syntax)).unwrap_or(rest.len());
    // The whole rest is looked at for what follows, the label alone for what is a name.
    let beyond = rest.get(whole..)?;
    tld_prefix(rest.get(..whole)?, |tail| {
        ends_host(if tail.is_empty() { beyond } else { tail }, syntax)
    })
    .map(|length| at + length)
}

/// End of the longest host that starts at `start` and ends in a known top-level domain.
fn host_end(text: &str, start: usize, syntax: Syntax) -> Option<usize> {
    let (mut label_start, mut end, mut after_name) = (start, None, false);
    loop {
        if after_name && let Some(found) = tld_end(text, label_start, syntax) {
            end = Some(found);
        }
        let rest = text.get(label_start..)?;
        let length = rest.find(|c| !is_host_or_joiner(c, syntax)).unwrap_or(rest.len());
        let (label, after) = rest.split_at_checked(length)?;
        let joined = |c| matches!(c, '-' | '_');
        if label.is_empty()
            || label.starts_with(joined)
            || label.ends_with(joined)
            || !after.starts_with('.')
        {
            return end;
        }
        // Subdomains may have an underscore, the name before the top-level domain may not.
        after_name = !label.contains('_');
        label_start += length + 1;
    }
}

/// Whether each label fits into the domain name system, as X checks it.
fn labels_fit(host: &str) -> bool {
    if host.is_ascii() {
        return host.split('.').all(|label| label.len() <= LONGEST_LABEL);
    }
    !host.starts_with("xn--")
        && host.split('.').all(|label| {
            punycode::ascii_length(label).is_some_and(|length| length <= LONGEST_LABEL)
        })
}

/// Whether X takes a link of this length; most are short in any unit.
fn is_x_length(link: &str, scheme: usize) -> bool {
    link.len() + scheme <= X_LONGEST || utf16_units(link) + scheme <= X_LONGEST
}

/// The link with a scheme whose colon stands at `colon`, as its start and end.
pub(super) fn with_scheme(
    text: &str,
    floor: usize,
    colon: usize,
    syntax: Syntax,
) -> Option<(usize, usize)> {
    let host_start = colon + 3;
    if text.get(colon..host_start)? != "://" {
        return None;
    }
    let start = ["https", "http"].into_iter().find_map(|scheme| {
        let start = colon.checked_sub(scheme.len()).filter(|start| *start >= floor)?;
        text.get(start..colon)?.eq_ignore_ascii_case(scheme).then_some(start)
    })?;
    if !may_precede(char_before(text, start)) {
        return None;
    }
    match (host_end(text, host_start, syntax), syntax) {
        (Some(host_end), Syntax::X) => {
            let host = text.get(host_start..host_end)?;
            if !labels_fit(host) {
                return None;
            }
            let end = if host.eq_ignore_ascii_case("t.co") {
                url_tail::shortened(text, host_end)?
            } else {
                url_tail::of_x(text, host_end)
            };
            is_x_length(text.get(start..end)?, 0).then_some((start, end))
        }
        (None, Syntax::X) => None,
        (Some(host_end), Syntax::Common) => Some((start, url_tail::common(text, host_end))),
        (None, Syntax::Common) => {
            // An address, `localhost`, or a name in a private zone.
            let rest = text.get(host_start..)?;
            let name = rest
                .find(|c| {
                    !(is_host(c, syntax)
                        || matches!(c, '-' | '.' | '_' | '~' | '%' | '[' | ']' | ':' | '@'))
                })
                .unwrap_or(rest.len());
            let name = rest.get(..name)?;
            name.contains(|c| is_host(c, syntax)).then(|| {
                let name = name.trim_end_matches(['.', ':', '@', '-']);
                (start, url_tail::common(text, host_start + name.len()))
            })
        }
    }
}

/// Links without a scheme in the run of host characters around the dot at `dot`: calls `found` for
/// each, and answers how far it looked, and where to go on if it found one.
pub(super) fn bare(
    text: &str,
    floor: usize,
    dot: usize,
    syntax: Syntax,
    mut found: impl FnMut(usize, usize),
) -> (usize, Option<usize>) {
    let in_run = |c: char| c == '.' || is_host_or_joiner(c, syntax);
    let before = text.get(floor..dot).unwrap_or_default();
    let run_start = floor + before.trim_end_matches(in_run).len();
    let run = text.get(run_start..).unwrap_or_default();
    let run_end = run_start + run.find(|c| !in_run(c)).unwrap_or(run.len());
    let run = text.get(run_start..run_end).unwrap_or_default();

    // What stands before a link must not belong to a former one.
    let before = char_before(text, run_start).filter(|_| run_start > floor);
    let found_host = run_host(text, run_start, run, before, syntax);
    let Some((start, end)) = found_host else { return (run_end, None) };
    match syntax {
        Syntax::X if !text.get(start..end).is_some_and(labels_fit) => return (end, None),
        Syntax::Common if char_at(text, run_end) == Some('@') => return (run_end, None),
        _ => {}
    }

    let (whole_end, link_end) = match syntax {
        Syntax::X => (url_tail::of_x(text, end), url_tail::of_x_bare(text, end)),
        Syntax::Common => (url_tail::common(text, end), url_tail::common(text, end)),
    };
    let mut at = start;
    let mut resume = None;
    while let Some((host_start, host_end)) = ascii_host(text, at, end, syntax) {
        at = host_end;
        let link_end = if host_end == end { link_end } else { host_end };
        let link = text.get(host_start..link_end).unwrap_or_default();
        if syntax == Syntax::Common || is_x_length(link, "https://".len()) {
            found(host_start, link_end);
            resume = Some(whole_end);
        }
    }
    (whole_end, resume)
}

/// The host of the first link in a run of host characters; none where a sign before it forbids one.
fn run_host(
    text: &str,
    run_start: usize,
    run: &str,
    before: Option<char>,
    syntax: Syntax,
) -> Option<(usize, usize)> {
    let mut previous = before;
    for (at, c) in run.char_indices() {
        let start = run_start + at;
        if is_host(c, syntax) && (previous.is_some() || start == 0) && may_precede(previous) {
            // X reads a letter at the very start as what stands before the link, if it can.
            if syntax == Syntax::X
                && start == 0
                && !c.is_ascii()
                && run.chars().nth(1).is_some_and(|c| is_host(c, syntax))
            {
                let second = c.len_utf8();
                if let Some(end) = host_end(text, second, syntax) {
                    return Some((second, end));
                }
            }
            if matches!(previous, Some('-' | '_' | '.' | '/')) {
                return None;
            }
            return host_end(text, start, syntax).map(|end| (start, end));
        }
        previous = Some(c);
    }
    None
}

/// The next host of Latin labels between `from` and `to`: without a scheme only these are links, so
/// that a name right after Japanese text is found and the text is not taken for a label.
fn ascii_host(text: &str, from: usize, to: usize, syntax: Syntax) -> Option<(usize, usize)> {
    let is_label = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_accented_latin(c);
    let mut at = from;
    while at < to {
        let start = at + text.get(at..to)?.find(is_label)?;
        let (mut label_start, mut end) = (start, None);
        loop {
            let rest = text.get(label_start..to)?;
            let length = rest.find(|c| !is_label(c)).unwrap_or(rest.len());
            at = label_start + length;
            if length == 0 || at >= to || char_at(text, at) != Some('.') {
                break;
            }
            label_start = at + 1;
            end = tld_end(text, label_start, syntax).filter(|end| *end <= to).or(end);
        }
        if let Some(end) = end {
            return Some((start, end));
        }
        at = at.max(label_start).max(start + 1);
    }
    None
}
