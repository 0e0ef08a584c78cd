//! Text made comparable: letter case, width, compatibility forms and invisible characters no longer
//! tell two texts apart.

use unicode_normalization::UnicodeNormalization;

/// Folds `text` for comparing and searching: NFKC, full case folding, invisible characters dropped
/// (soft hyphen, zero-width and direction marks, variation selectors).
///
/// `ß` becomes `ss`, `ς` becomes `σ`, and all four Turkish i become `i`, so that `İSTANBUL`,
/// `ISTANBUL` and `istanbul` are one. Accents stay. Folding twice changes nothing.
///
/// ```
/// use mcmp_core::rules::text::fold;
///
/// assert_eq!(fold("STRASSE"), fold("Straße"));
/// assert_eq!(fold("ＡＢＣ ﬁn"), "abc fin");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { folded(text).collect() }
}

/// Whether two hashtags are the same one, with or without their signs.
#[must_use]
pub fn same_tag(one: &str, other: &str) -> bool {
    fn name(tag: &str) -> &str {
        let tag = tag.trim();
        tag.strip_prefix(['#', '＃']).unwrap_or(tag)
    }
    let (one, other) = (name(one), name(other));
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    folded(one).eq(folded(other))
}

/// The folded characters of `text`.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    let mut after_i = false;
    text.chars()
        .filter(|c| !is_ignored(*c))
        .nfkd()
        .flat_map(without_case)
        .filter(move |c| {
            // What a capital I with dot leaves behind.
            let left_over = after_i && *c == '\u{307}';
            after_i = *c == 'i' || left_over;
            !left_over
        })
        .nfkc()
}

/// Lower, upper, lower: reaches what single letters fold to in full (`ß`, `ς`, `ſ`, `ı`, `ﬃ`).
pub(super) fn without_case(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Shows nothing and tells no words apart.
pub(super) fn is_ignored(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_word_fold_alike() {
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("Straße", "STRAẞE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδός", "ΟΔΌΣ"),
            ("İSTANBUL", "istanbul"),
            ("ISPARTA", "ısparta"),
            ("i\u{307}", "İ"),
            ("ＡＢＣ１２", "abc12"),
            ("ﾊｯｼｭ", "ハッシュ"),
            ("Cafe\u{301}", "CAFÉ"),
            ("ﬃ", "FFI"),
            ("ſ", "s"),
            ("soft\u{AD}hy\u{200B}phen", "softhyphen"),
            ("ΐ", "Ϊ\u{301}"),
            ("각", "\u{1100}\u{1161}\u{11A8}"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
            assert!(same_tag(&format!("#{one}"), other), "{one} {other}");
        }
        for (one, other) in
            [("café", "cafe"), ("が", "か"), ("각", "가"), ("Maße", "Mase"), ("tag", "tags")]
        {
            assert_ne!(fold(one), fold(other));
            assert!(!same_tag(one, other));
        }
        assert!(same_tag("＃Neu", " #neu"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in super::super::tests::any_text()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text.to_uppercase().to_lowercase()));
            prop_assert!(same_tag(&text, &text));
        }
    }
}
