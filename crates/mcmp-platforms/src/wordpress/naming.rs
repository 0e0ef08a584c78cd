//! Names by which what a job sent is found again: the marker in the content, the slug, file names.

use mcmp_core::id::{Id, JobId};
use mcmp_core::post::{Outgoing, OutgoingMedia};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most characters of the readable part of a slug or file name; WordPress stores 200 in all.
const MAX_WORDS: usize = 80;

/// What stands before the key in a marker.
const MARKER: &str = "mcmp:";

/// The text that the content of a part carries in a comment, and that a search finds it by.
pub(super) fn marker(dedupe_key: &str) -> String {
    format!("{MARKER}{dedupe_key}")
}

/// Whether `content` carries any job's marker.
pub(super) fn has_a_marker(content: &str) -> bool {
    content.contains(&format!("<!-- {MARKER}"))
}

/// Ten digits that tell a job from others: the random end of its id, not the time at its start.
fn short_id(job: JobId) -> String {
    let digits = job.uuid().simple().to_string();
    digits.chars().skip(digits.len().saturating_sub(10)).collect()
}

/// A slug that no other job has: the title, or the text's first line, and a piece of the job's id.
pub(super) fn slug(outgoing: &Outgoing, job: JobId) -> String {
    let first_line = || outgoing.text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let title = outgoing.title.trim();
    let words = sluggish(if title.is_empty() { first_line() } else { title });
    join(&words, &short_id(job))
}

/// A file name that no other job and no other file of it has, without its ending: also the slug
/// that WordPress makes of it.
pub(super) fn file_stem(media: &OutgoingMedia, job: JobId) -> String {
    let name = media.file_name.as_str();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let content: String = media.checksum.as_str().chars().take(8).collect();
    join(&sluggish(stem), &format!("{}-{content}", short_id(job)))
}

/// The ending of a file's name. WordPress takes files by it, so one without gets its type's.
pub(super) fn file_ending(media: &OutgoingMedia) -> String {
    let own = media.file_name.as_str().rsplit_once('.').map(|(_, ending)| ending);
    let formed = |ending: &&str| {
        (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if let Some(ending) = own.filter(formed) {
        return ending.to_ascii_lowercase();
    }
    let subtype = media.mime.as_str().rsplit('/').next().unwrap_or_default();
    match subtype {
        "jpeg" => "jpg",
        "quicktime" => "mov",
        "mpeg" if media.mime.as_str().starts_with("audio/") => "mp3",
        "svg+xml" => "svg",
        "plain" => "txt",
        other if formed(&other) => other,
        _ => "bin",
    }
    .to_owned()
}

fn join(words: &str, id: &str) -> String {
    if words.is_empty() { id.to_owned() } else { format!("{words}-{id}") }
}

/// `a-z`, `0-9` and single inner hyphens, accents dropped; empty for a text in another script.
fn sluggish(text: &str) -> String {
    let mut slug = String::new();
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    for letter in letters {
        let ends = slug.len() >= MAX_WORDS;
        match letter {
            'a'..='z' | '0'..='9' if !ends => slug.push(letter),
            'ß' if !ends => slug.push_str("ss"),
            // Within a word, as in "don't".
            '\'' | '’' => {}
            _ if ends => break,
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wordpress::sample::{job_id, outgoing, picture};

    #[test]
    fn readable_words_come_first() {
        for (text, slug) in [
            ("Fresh rye bread, from 7!", "fresh-rye-bread-from-7"),
            ("Größe: naïve Café & don't", "grosse-naive-cafe-dont"),
            ("  --  ", ""),
            ("パンの日", ""),
            ("① ﬁne", "1-fine"),
        ] {
            assert_eq!(sluggish(text), slug);
        }
        let mut post = outgoing("\n Second thoughts\nmore");
        assert!(slug(&post, job_id(1)).starts_with("second-thoughts-"));
        post.title = "Spring menu".to_owned();
        assert!(slug(&post, job_id(1)).starts_with("spring-menu-"));
        post.title = "春".to_owned();
        assert_eq!(slug(&post, job_id(1)).len(), 10);
        assert_ne!(slug(&post, job_id(1)), slug(&post, job_id(2)));
    }

    #[test]
    fn files_keep_their_ending_or_get_their_types() {
        for (name, mime, ending) in [
            ("Holiday.JPG", "image/jpeg", "jpg"),
            ("no ending", "image/jpeg", "jpg"),
            ("a.b/c", "video/quicktime", "mov"),
            ("x.", "audio/mpeg", "mp3"),
            ("x", "video/mp4", "mp4"),
            ("x.läuft", "application/x-odd+thing", "bin"),
        ] {
            let file = picture(name, mime, 1);
            assert_eq!(file_ending(&file), ending, "{name}");
        }
        let (one, other) = (picture("a.png", "image/png", 1), picture("a.png", "image/png", 2));
        assert_ne!(file_stem(&one, job_id(1)), file_stem(&other, job_id(1)));
        assert_ne!(file_stem(&one, job_id(1)), file_stem(&one, job_id(2)));
        assert!(file_stem(&one, job_id(1)).starts_with("a-"));
    }

    proptest! {
        #[test]
        fn a_slug_is_one_that_wordpress_leaves_alone(title in ".{0,300}", text in ".{0,300}") {
            let mut post = outgoing(&text);
            post.title = title;
            let slug = slug(&post, job_id(7));
            prop_assert!(slug.len() <= 200 - "__trashed".len());
            prop_assert!(slug.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
        }
    }
}
