//! Secrets taken out of what is kept: of answers' texts and of errors.

use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use mcmp_core::secret::SecretText;

/// What stands in a secret's place.
const MASK: &str = "***";
/// Shorter texts are no secrets, and taking them out would tear words apart.
const SHORTEST: usize = 4;

/// Takes the secrets of a call out of texts, in each form in which a platform may echo them: plain,
/// in Base64, as the value of a Basic header, and each of these with any of its characters
/// escaped for an address, for JSON or for HTML.
///
/// ```
/// use mcmp_core::secret::SecretText;
/// use mcmp_platforms::http::Redactor;
///
/// let redactor = Redactor::new().secret(&SecretText::new("a b/c+d"));
/// assert_eq!(redactor.scrub("token=a%20b%2Fc%2Bd is bad"), "token=*** is bad");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    /// The longest first, so that no form leaves a piece of another.
    forms: Vec<SecretText>,
}

impl Redactor {
    /// Without secrets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With `secret` in all its forms. Texts under four bytes are not taken for secrets.
    #[must_use]
    pub fn secret(mut self, secret: &SecretText) -> Self {
        if secret.expose().len() >= SHORTEST {
            self.add(secret.expose().to_owned());
            self.add_base64(secret.expose());
        }
        self
    }

    /// With `password`, and with the value of the Basic header that it makes with `user`.
    #[must_use]
    pub fn basic(mut self, user: &str, password: &SecretText) -> Self {
        let pair = SecretText::new(format!("{user}:{}", password.expose()));
        self.add_base64(pair.expose());
        self.secret(password)
    }

    fn add_base64(&mut self, secret: &str) {
        // Without padding, so that the forms with it are found as well.
        self.add(BASE64_STANDARD_NO_PAD.encode(secret));
        self.add(BASE64_URL_SAFE_NO_PAD.encode(secret));
    }

    fn add(&mut self, form: String) {
        let form = SecretText::new(form);
        if !self.forms.contains(&form) {
            let len = form.expose().len();
            let at = self.forms.partition_point(|other| other.expose().len() >= len);
            self.forms.insert(at, form);
        }
    }

    /// `text` with `***` in place of every secret.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        self.replace(text, false)
    }

    /// [`scrub`](Self::scrub) for a text that was cut off at its end: the beginning of a secret
    /// that may stand there goes as well.
    #[must_use]
    pub fn scrub_cut(&self, text: &str) -> String {
        self.replace(text, true)
    }

    fn replace(&self, text: &str, is_cut: bool) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let spelt = self.forms.iter().find_map(|form| match spelt(rest, form.expose()) {
                Spelt::Whole(length) => Some(length),
                Spelt::RanOut if is_cut => Some(rest.len()),
                Spelt::RanOut | Spelt::Not => None,
            });
            if let Some(length) = spelt {
                clean.push_str(MASK);
                at += length;
            } else {
                let next = rest.chars().next().unwrap_or_default();
                clean.push(next);
                at += next.len_utf8();
            }
        }
        clean
    }
}

/// How many forms, not which.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("forms", &self.forms.len()).finish()
    }
}

/// Whether a text begins with a secret, in any spelling of its characters.
enum Spelt {
    /// It does; the spelling has so many bytes.
    Whole(usize),
    /// It ends before the secret does.
    RanOut,
    /// It does not.
    Not,
}

fn spelt(text: &str, secret: &str) -> Spelt {
    // Nearly every place of a text is ruled out by its first character.
    let first = secret.chars().next().unwrap_or_default();
    if !is_cut_short(text) && spellings(text, first).iter().all(Option::is_none) {
        return Spelt::Not;
    }
    // A character may be spelt in two ways that both fit so far: a `%` may be itself or begin an
    // escape. All places that fit are followed.
    let mut places = vec![0];
    let mut ran_out = false;
    for c in secret.chars() {
        let mut next = Vec::with_capacity(1);
        for place in &places {
            let rest = text.get(*place..).unwrap_or_default();
            ran_out |= is_cut_short(rest);
            for length in spellings(rest, c).into_iter().flatten() {
                if !next.contains(&(place + length)) {
                    next.push(place + length);
                }
            }
        }
        if next.is_empty() {
            return if ran_out { Spelt::RanOut } else { Spelt::Not };
        }
        places = next;
    }
    places.into_iter().max().map_or(Spelt::Not, Spelt::Whole)
}

/// Whether `rest` may go on with any character: nothing is left, or the beginning of an escape.
fn is_cut_short(rest: &str) -> bool {
    let open = |start: char, longest: usize| rest.starts_with(start) && rest.len() < longest;
    rest.is_empty() || open('%', 3) || open('\\', 6) || (open('&', 6) && !rest.contains(';'))
}

/// The lengths of the spellings of `c` that `rest` begins with: itself, in an address, in JSON, in
/// HTML.
fn spellings(rest: &str, c: char) -> [Option<usize>; 4] {
    let plain = rest.starts_with(c).then(|| c.len_utf8());
    let address = if c == ' ' && rest.starts_with('+') { Some(1) } else { percent(rest, c) };
    [plain, address, json(rest, c), html(rest, c)]
}

fn percent(rest: &str, c: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let mut length = 0;
    for byte in c.encode_utf8(&mut bytes).bytes() {
        let digits = rest.get(length..)?.strip_prefix('%')?.get(..2)?;
        if u8::from_str_radix(digits, 16) != Ok(byte) {
            return None;
        }
        length += 3;
    }
    Some(length)
}

fn json(rest: &str, c: char) -> Option<usize> {
    let escaped = rest.strip_prefix('\\')?;
    if matches!(c, '"' | '\\' | '/') && escaped.starts_with(c) {
        return Some(2);
    }
    let mut units = [0; 2];
    let mut length = 0;
    for unit in c.encode_utf16(&mut units) {
        let digits = rest.get(length..)?.strip_prefix("\\u")?.get(..4)?;
        if u16::from_str_radix(digits, 16) != Ok(*unit) {
            return None;
        }
        length += 6;
    }
    Some(length)
}

fn html(rest: &str, c: char) -> Option<usize> {
    let spellings: &[&str] = match c {
        '&' => &["&amp;", "&#038;", "&#38;"],
        '<' => &["&lt;"],
        '>' => &["&gt;"],
        '"' => &["&quot;", "&#034;", "&#34;"],
        '\'' => &["&#039;", "&#39;", "&apos;"],
        _ => return None,
    };
    spellings.iter().find(|spelling| rest.starts_with(**spelling)).map(|spelling| spelling.len())
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    /// As PHP writes it.
    fn ascii_json(text: &str) -> String {
        let escape = |c: char| match c {
            '"' | '\\' | '/' => format!("\\{c}"),
            c if c.is_ascii() => c.to_string(),
            c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        };
        text.chars().map(escape).collect()
    }

    fn html_text(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
    }

    proptest! {
        #[test]
        fn a_secret_is_found_in_every_spelling(
            secret in "[ -~äß😀]{6,40}",
            user in "[a-z@.]{1,12}",
            before in "[g-z<> ]{0,20}",
        ) {
            let redactor = Redactor::new().basic(&user, &SecretText::new(secret.clone()));
            let percent = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
            let pair = format!("{user}:{secret}");
            for spelling in [
                secret.clone(),
                percent,
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
                ascii_json(&secret),
                html_text(&secret),
                BASE64_STANDARD.encode(&secret),
                BASE64_URL_SAFE.encode(&secret),
                BASE64_STANDARD.encode(&pair),
                ascii_json(&BASE64_STANDARD.encode(&pair)),
                BASE64_URL_SAFE.encode(&pair),
            ] {
                let scrubbed = redactor.scrub(&format!("{before}{spelling}\n{before}"));
                let padding = spelling.len() - spelling.trim_end_matches('=').len();
                prop_assert!(scrubbed.contains(MASK), "{} in {}", spelling, scrubbed);
                prop_assert!(
                    scrubbed.len() <= 2 * before.len() + MASK.len() + 1 + padding,
                    "{} is all of it: {}", spelling, scrubbed
                );
            }
        }

        #[test]
        fn the_beginning_of_a_secret_at_a_cut_is_no_way_out(
            secret in "[a-z0-9/ ]{8,30}",
            cut in 1..30_usize,
        ) {
            let redactor = Redactor::new().secret(&SecretText::new(secret.clone()));
            let encoded = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
            for spelling in [secret, encoded] {
                let shown = spelling.get(..cut.min(spelling.len())).unwrap();
                prop_assert_eq!(redactor.scrub_cut(&format!("TOKEN:{shown}")), "TOKEN:***");
            }
        }

        #[test]
        fn a_text_without_secrets_stays(text in "[A-Z %&\\\\+]{0,60}") {
            let redactor = Redactor::new().secret(&SecretText::new("abc-123-xyz"));
            prop_assert_eq!(redactor.scrub(&text), text);
        }
    }

    #[test]
    fn short_texts_and_debug_show_nothing() {
        let redactor = Redactor::new().secret(&SecretText::new("a")).secret(&SecretText::new(""));
        assert_eq!(redactor.scrub("a bad call"), "a bad call");
        let redactor = redactor.secret(&SecretText::new("hunter2-hunter2"));
        assert!(!format!("{redactor:?}").contains("hunter2"));
    }
}
