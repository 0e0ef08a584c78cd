//! Top-level domains, so that `example.com` is a link and `end.Then` is none.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The longest entry, in bytes.
const LONGEST: usize = 40;

static TLDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("tlds.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// Whether `label` is a delegated top-level domain, in ASCII or Unicode form, in any letter case.
pub(super) fn is_tld(label: &str) -> bool {
    let mut lowered = [0_u8; LONGEST];
    let mut length = 0;
    let mut push = |c: char| {
        let slot = lowered.get_mut(length..length + c.len_utf8())?;
        length += c.encode_utf8(slot).len();
        Some(())
    };
    let fits = if label.is_ascii() {
        label.chars().try_for_each(|c| push(c.to_ascii_lowercase()))
    } else {
        label.chars().flat_map(char::to_lowercase).try_for_each(push)
    };
    let lowered = lowered.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    fits.is_some() && lowered.is_some_and(|label| TLDS.contains(label))
}

/// Bytes of the longest top-level domain that `label` starts with and after which `ends` allows the
/// rest of it to follow.
pub(super) fn tld_prefix(label: &str, ends: impl Fn(&str) -> bool) -> Option<usize> {
    let mut cut = label.len().min(LONGEST);
    loop {
        if let Some((head, rest)) = label.split_at_checked(cut)
            && ends(rest)
            && is_tld(head)
        {
            return Some(cut);
        }
        cut = cut.checked_sub(1).filter(|cut| *cut > 0)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_lower_case_and_short_enough() {
        let lines = include_str!("tlds.txt").lines().filter(|line| !line.starts_with('#'));
        assert!(lines.is_sorted_by(|one, next| one.as_bytes() < next.as_bytes()));
        for tld in TLDS.iter() {
            assert!(tld.len() <= LONGEST && !tld.contains(char::is_whitespace), "{tld}");
            assert_eq!(*tld, tld.to_lowercase());
            assert!(is_tld(tld));
            assert!(is_tld(&tld.to_uppercase()), "{tld}");
        }
        assert!(TLDS.len() > 1_500);
    }

    #[test]
    fn only_listed_ones_are_known() {
        for known in ["com", "COM", "de", "museum", "рф", "РФ", "中国", "xn--p1ai", "みんな"]
        {
            assert!(is_tld(known), "{known}");
        }
        let long = "a".repeat(500);
        for unknown in ["", "comm", "c", "example", "local", "txt", "日本", long.as_str()] {
            assert!(!is_tld(unknown), "{unknown}");
        }
        assert_eq!(tld_prefix("中国です", |_| true), Some("中国".len()));
        assert_eq!(tld_prefix("です", |_| true), None);
    }
}
