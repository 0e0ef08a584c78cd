//! Finds secrets in what was written, also where they were encoded.

/// The forms of `secret` in which it could be read back: as it is, percent-encoded, escaped as in
/// JSON and `Debug`, in hexadecimal, and in base 64 at any place of a longer text.
fn forms(secret: &str) -> Vec<String> {
    let percent = |upper: bool| -> String {
        secret
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                byte if upper => format!("%{byte:02X}"),
                byte => format!("%{byte:02x}"),
            })
            .collect()
    };
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped = secret.escape_debug().to_string();
    let mut forms = vec![
        secret.to_owned(),
        percent(true),
        percent(false),
        percent(true).replace("%20", "+"),
        escaped,
        hex.to_uppercase(),
        hex,
    ];
    for before in 0..3 {
        let inside = base64_inside(secret.as_bytes(), before);
        forms.push(inside.replace('+', "-").replace('/', "_"));
        forms.push(inside);
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The digits of base 64 that depend on `bytes` alone where `before` bytes (modulo 3) stand before
/// them. <https://www.rfc-editor.org/rfc/rfc4648#section-4>
fn base64_inside(bytes: &[u8], before: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = std::iter::repeat_n(0, before)
        .chain(bytes.iter().copied())
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let first = (before * 8).div_ceil(6);
    bits.as_chunks::<6>()
        .0
        .iter()
        .skip(first)
        .map(|bits| bits.iter().fold(0_usize, |value, bit| value << 1 | usize::from(*bit)))
        .map(|value| char::from(DIGITS[value]))
        .collect()
}

/// Where a secret shows in `texts`, if one does: the text around it, without the secret itself.
pub(super) fn find(secrets: &[String], texts: &[(String, String)]) -> Option<String> {
    for secret in secrets {
        for form in forms(secret) {
            for (what, text) in texts {
                if let Some(at) = text.find(&form) {
                    let start = text[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at);
                    return Some(format!("{what}: …{}<a secret>", &text[start..at]));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_however_they_are_written() {
        let secrets = ["s3cret key+/\"\u{e9}".to_owned()];
        let leaks = |text: &str| find(&secrets, &[("text".to_owned(), text.to_owned())]).is_some();
        for shown in [
            "token=s3cret key+/\"\u{e9}!",
            "?token=s3cret%20key%2B%2F%22%C3%A9&a=1",
            "?token=s3cret+key%2B%2F%22%C3%A9",
            "{\"token\":\"s3cret key+/\\\"\u{e9}\"}",
            "7333637265742068",
            "Basic dXNlcjpzM2NyZXQga2V5Ky8iw6k=",
        ] {
            let expected = shown != "7333637265742068";
            assert_eq!(leaks(shown), expected, "{shown}");
        }
        assert!(leaks("733363726574206b65792b2f22c3a9"));
        assert!(!leaks("s3cret"));
    }
}
