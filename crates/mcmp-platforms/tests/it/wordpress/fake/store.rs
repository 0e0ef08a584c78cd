//! What the site keeps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A post of any type.
#[derive(Debug, Clone)]
pub(crate) struct FakePost {
    pub(crate) id: u64,
    pub(crate) rest_base: String,
    pub(crate) slug: String,
    pub(crate) status: String,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) excerpt: String,
    pub(crate) featured_media: u64,
    pub(crate) categories: Vec<u64>,
    pub(crate) tags: Vec<u64>,
    pub(crate) comments: usize,
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct FakeFile {
    pub(crate) id: u64,
    pub(crate) file_name: String,
    pub(crate) slug: String,
    pub(crate) alt_text: String,
    pub(crate) bytes: Vec<u8>,
}

/// A category or a tag.
#[derive(Debug, Clone)]
pub(crate) struct FakeTerm {
    pub(crate) id: u64,
    pub(crate) taxonomy: String,
    /// As it is stored: HTML.
    pub(crate) name: String,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) posts: BTreeMap<u64, FakePost>,
    pub(crate) files: BTreeMap<u64, FakeFile>,
    pub(crate) terms: Vec<FakeTerm>,
    last_id: u64,
    /// The next picture is stored, and making its smaller sizes fails.
    pub(crate) fail_at_sizes: bool,
    /// The site erases at once what is deleted.
    pub(crate) has_no_trash: bool,
    /// The host lets only GET and POST through.
    pub(crate) blocks_delete: bool,
    /// The site does not tell of its API in a header.
    pub(crate) hides_its_link: bool,
    /// There are no pretty permalinks.
    pub(crate) is_plain: bool,
    /// A filter of the site takes comments out of contents.
    pub(crate) drops_comments: bool,
}

impl Store {
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// `slug`, or with the next free number behind it, as WordPress does without a word.
    pub(crate) fn free_slug(&self, rest_base: &str, slug: &str, own: u64) -> String {
        let taken = |slug: &str| {
            self.posts
                .values()
                .any(|post| post.id != own && post.rest_base == rest_base && post.slug == slug)
        };
        if !taken(slug) {
            return slug.to_owned();
        }
        (2..).map(|n| format!("{slug}-{n}")).find(|slug| !taken(slug)).unwrap()
    }

    /// A name that no file has.
    pub(crate) fn free_file_name(&self, name: &str) -> String {
        let taken = |name: &str| self.files.values().any(|file| file.file_name == name);
        if !taken(name) {
            return name.to_owned();
        }
        let (stem, ending) = name.rsplit_once('.').unwrap();
        (1..).map(|n| format!("{stem}-{n}.{ending}")).find(|name| !taken(name)).unwrap()
    }

    /// What the filters of the site leave of a content.
    pub(crate) fn filtered(&self, content: &str) -> String {
        if !self.drops_comments {
            return content.to_owned();
        }
        let mut left = content.to_owned();
        while let Some(start) = left.find("<!-- mcmp") {
            let end = left[start..].find("-->").unwrap() + start + 3;
            left.replace_range(start..end, "");
        }
        left
    }
}

impl FakePost {
    /// As the API tells of it; `raw` is for people who may edit it.
    pub(crate) fn json(&self, base: &str, with_raw: bool) -> Value {
        let text = |text: &str| {
            let mut json = json!({ "rendered": text });
            if with_raw {
                json["raw"] = text.into();
            }
            json
        };
        json!({
            "id": self.id,
            "slug": self.slug,
            "status": self.status,
            "link": self.link(base),
            "title": text(&self.title),
            "content": text(&self.content),
            "excerpt": text(&self.excerpt),
            "featured_media": self.featured_media,
            "categories": self.categories,
            "tags": self.tags,
        })
    }

    pub(crate) fn link(&self, base: &str) -> String {
        match self.status.as_str() {
            "publish" | "private" => format!("{base}/2026/11/{}/", self.slug),
            _ => format!("{base}/?p={}", self.id),
        }
    }
}

impl FakeFile {
    pub(crate) fn json(&self, base: &str) -> Value {
        json!({
            "id": self.id,
            "slug": self.slug,
            "status": "inherit",
            "alt_text": self.alt_text,
            "source_url": self.url(base),
            "media_details": [],
        })
    }

    pub(crate) fn url(&self, base: &str) -> String {
        format!("{base}/wp-content/uploads/2026/11/{}", self.file_name)
    }
}

/// What `sanitize_text_field` leaves of a text: no tags, no percent-encoded bytes, single spaces.
/// <https://developer.wordpress.org/reference/functions/sanitize_text_field/>
pub(crate) fn sanitized(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        rest = match after.split_once('>') {
            Some((_tag, after)) => after,
            None => {
                plain.push_str("&lt;");
                after
            }
        };
    }
    plain.push_str(rest);
    let bytes: Vec<char> = plain.chars().collect();
    let mut clean = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_octet = bytes[at] == '%'
            && bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(char::is_ascii_hexdigit));
        if is_octet {
            at += 3;
        } else {
            clean.push(bytes[at]);
            at += 1;
        }
    }
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}
