//! What a visitor sees of the site, and hears read out.

use super::store::{FakePost, Store};

/// A post as a visitor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: u64,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) files: Vec<SeenFile>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) alt_text: String,
}

/// All posts that are public, first to last.
pub(crate) fn seen(store: &Store, base: &str) -> Vec<Seen> {
    let public = store.posts.values().filter(|post| post.status == "publish");
    public
        .map(|post| Seen {
            id: post.id,
            url: post.link(base),
            title: unescaped(&post.title),
            text: text(&post.content),
            files: files(store, post, base),
        })
        .collect()
}

/// The featured picture stands above the text, then the files in it.
fn files(store: &Store, post: &FakePost, base: &str) -> Vec<SeenFile> {
    let featured = store
        .files
        .get(&post.featured_media)
        .map(|file| SeenFile { bytes: file.bytes.clone(), alt_text: unescaped(&file.alt_text) });
    let inside = post.content.split("src=\"").skip(1).map(|rest| {
        let (url, after) = rest.split_once('"').unwrap();
        let url = unescaped(url);
        let file = store.files.values().find(|file| file.url(base) == url).unwrap();
        let own = after.split('>').next().unwrap().split_once("alt=\"");
        // A player has no description of its own.
        let alt_text =
            own.map_or(file.alt_text.as_str(), |(_, rest)| rest.split_once('"').unwrap().0);
        SeenFile { bytes: file.bytes.clone(), alt_text: unescaped(alt_text) }
    });
    featured.into_iter().chain(inside).collect()
}

/// The words: paragraphs with an empty line between them.
fn text(content: &str) -> String {
    let paragraphs = content.split("<p>").skip(1).map(|rest| {
        let inner = rest.split_once("</p>").unwrap().0.replace("<br>", "\n");
        let mut words = String::new();
        let mut rest = inner.as_str();
        while let Some((before, after)) = rest.split_once('<') {
            words.push_str(before);
            rest = after.split_once('>').unwrap().1;
        }
        words.push_str(rest);
        unescaped(&words)
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// As a browser reads entities.
fn unescaped(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let entity = after.split_once(';').and_then(|(name, tail)| {
            let sign = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                name => char::from_u32(name.strip_prefix('#')?.parse().ok()?)?,
            };
            Some((sign, tail))
        });
        rest = match entity {
            Some((sign, tail)) => {
                text.push(sign);
                tail
            }
            None => {
                text.push('&');
                after
            }
        };
    }
    text.push_str(rest);
    text
}
