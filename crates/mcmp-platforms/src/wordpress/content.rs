//! The content of a post as WordPress's block editor keeps it, so that people can go on with it
//! there. <https://developer.wordpress.org/block-editor/getting-started/fundamentals/markup-representation-block/>

use std::fmt::Write as _;

use mcmp_core::asset::AssetKind;
use mcmp_core::post::{Outgoing, OutgoingMedia};
use mcmp_core::rules::text::extract;

use super::naming;
use super::prepared::Uploaded;

/// The content: the text in paragraphs, then `media` in order, then the post's link if the text
/// does not hold it, then the marker of `dedupe_key`.
///
/// The text is taken as words, never as HTML.
pub(super) fn content(
    outgoing: &Outgoing,
    media: &[(&OutgoingMedia, &Uploaded)],
    dedupe_key: &str,
) -> String {
    let mut html = String::new();
    for paragraph in paragraphs(&outgoing.text) {
        block(&mut html, "paragraph", &format!("<p>{}</p>", lines(&paragraph)));
    }
    for (file, uploaded) in media {
        figure(&mut html, file, uploaded);
    }
    if let Some(link) = outgoing.link.as_ref().filter(|link| !outgoing.text.contains(link.as_str()))
    {
        block(&mut html, "paragraph", &format!("<p>{}</p>", anchor(link.as_str(), link.as_str())));
    }
    block(&mut html, "html", &format!("<!-- {} -->", naming::marker(dedupe_key)));
    html
}

/// `text` as it stands in HTML, in an attribute as well.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A shortcode would be carried out, https://developer.wordpress.org/plugins/shortcodes/
            '[' => escaped.push_str("&#091;"),
            ']' => escaped.push_str("&#093;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `text` as it stands in a title or an excerpt.
pub(super) fn escape_words(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A description as the media library takes it: WordPress cleans it of tags and of percent-encoded
/// bytes, and shows entities as the signs they stand for.
/// <https://developer.wordpress.org/reference/functions/sanitize_text_field/>
pub(super) fn escape_description(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let mut next = text.get(at + c.len_utf8()..).unwrap_or_default().chars();
        match c {
            '<' => escaped.push_str("&lt;"),
            '&' if next.next().is_some_and(|c| c == '#' || c.is_ascii_alphanumeric()) => {
                escaped.push_str("&amp;");
            }
            '%' if next.next().is_some_and(|c| c.is_ascii_hexdigit()) => escaped.push_str("&#37;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn block(html: &mut String, name: &str, inner: &str) {
    block_with(html, name, "", inner);
}

fn block_with(html: &mut String, name: &str, attributes: &str, inner: &str) {
    if !html.is_empty() {
        html.push_str("\n\n");
    }
    // Writing to a `String` can't fail.
    let _ = write!(html, "<!-- wp:{name} {attributes}-->\n{inner}\n<!-- /wp:{name} -->");
}

/// The paragraphs of a text: empty lines stand between them.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            paragraphs.push(Vec::new());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push(line);
        }
    }
    paragraphs.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n")).collect()
}

/// The lines of a paragraph, with addresses made links.
fn lines(paragraph: &str) -> String {
    let mut html = String::new();
    let mut done = 0;
    for link in extract(paragraph).urls {
        let is_whole = link.text.starts_with("https://") || link.text.starts_with("http://");
        if !is_whole {
            continue;
        }
        html.push_str(&escape(paragraph.get(done..link.start).unwrap_or_default()));
        html.push_str(&anchor(link.text, link.text));
        done = link.end;
    }
    html.push_str(&escape(paragraph.get(done..).unwrap_or_default()));
    html.replace('\n', "<br>")
}

fn anchor(to: &str, words: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape(to), escape(words))
}

fn figure(html: &mut String, file: &OutgoingMedia, uploaded: &Uploaded) {
    let id = uploaded.id;
    let url = escape(&uploaded.url);
    let alt = escape(file.alt_text.as_deref().unwrap_or_default());
    match file.kind {
        AssetKind::Image => block_with(
            html,
            "image",
            &format!("{{\"id\":{id},\"sizeSlug\":\"full\",\"linkDestination\":\"none\"}} "),
            &format!(
                "<figure class=\"wp-block-image size-full\"><img src=\"{url}\" alt=\"{alt}\" \
                 class=\"wp-image-{id}\"/></figure>"
            ),
        ),
        AssetKind::Video => block_with(
            html,
            "video",
            &format!("{{\"id\":{id}}} "),
            &format!(
                "<figure class=\"wp-block-video\"><video controls src=\"{url}\"></video></figure>"
            ),
        ),
        AssetKind::Audio => block_with(
            html,
            "audio",
            &format!("{{\"id\":{id}}} "),
            &format!(
                "<figure class=\"wp-block-audio\"><audio controls src=\"{url}\"></audio></figure>"
            ),
        ),
        _ => {
            let named = if alt.is_empty() { escape(file.file_name.as_str()) } else { alt };
            block(html, "paragraph", &format!("<p><a href=\"{url}\">{named}</a></p>"));
        }
    }
}

#[cfg(test)]
mod tests {
    use mcmp_core::value::WebUrl;
    use proptest::prelude::*;

    use super::*;
    use crate::wordpress::sample::{outgoing, picture};

    fn words(text: &str) -> String {
        content(&outgoing(text), &[], "key")
    }

    const MARKED: &str = "<!-- wp:html -->\n<!-- mcmp:key -->\n<!-- /wp:html -->";

    #[test]
    fn a_text_becomes_paragraphs_and_carries_its_marker() {
        let html = words("One\r\ntwo\n\n \n<b>\"Three\" & [gallery]</b> \n");
        let expected = "<!-- wp:paragraph -->\n<p>One<br>two</p>\n<!-- /wp:paragraph -->\n\n\
            <!-- wp:paragraph -->\n<p>&lt;b&gt;&quot;Three&quot; &amp; &#091;gallery&#093;&lt;/b&gt; \
            </p>\n<!-- /wp:paragraph -->\n\n";
        assert_eq!(html, format!("{expected}{MARKED}"));
        assert_eq!(words(" \n"), MARKED);
    }

    #[test]
    fn descriptions_keep_what_cleaning_would_take() {
        let text = "Bread & <butter> at 100%ab, R&D &lt; 7 > 6";
        let escaped = "Bread & &lt;butter> at 100&#37;ab, R&amp;D &amp;lt; 7 > 6";
        assert_eq!(escape_description(text), escaped);
    }

    #[test]
    fn addresses_become_links_once() {
        let html = words("See https://a.example/?x=1&y=\"2\". Or a.example!");
        assert!(
            html.contains(
                "<p>See <a href=\"https://a.example/?x=1&amp;y=\">https://a.example/?x=1&amp;y=</a>\
                 &quot;2&quot;. Or a.example!</p>"
            ),
            "{html}"
        );
        let mut post = outgoing("See https://a.example/more");
        post.link = Some(WebUrl::new("link", "https://a.example/more").unwrap());
        assert_eq!(content(&post, &[], "key").matches("</a>").count(), 1);
        post.text = "See".to_owned();
        let html = content(&post, &[], "key");
        assert!(
            html.contains("<p><a href=\"https://a.example/more\">https://a.example/more</a></p>")
        );
    }

    #[test]
    fn files_stand_below_the_text_with_their_descriptions() {
        let mut post = outgoing("Look");
        let mut image = picture("a.png", "image/png", 1);
        image.alt_text = Some("\"Bread\" & <butter>".to_owned());
        let files =
            [image, picture("b.mp4", "video/mp4", 2), picture("c.pdf", "application/pdf", 3)];
        post.media = files.to_vec();
        let uploaded: Vec<Uploaded> = (1..=3)
            .map(|id| Uploaded { id, url: format!("https://a.example/{id}?a&b"), described: true })
            .collect();
        let media: Vec<_> = files.iter().zip(&uploaded).collect();
        let html = content(&post, &media, "key");
        for part in [
            "<!-- wp:image {\"id\":1,\"sizeSlug\":\"full\",\"linkDestination\":\"none\"} -->\n\
             <figure class=\"wp-block-image size-full\"><img src=\"https://a.example/1?a&amp;b\" \
             alt=\"&quot;Bread&quot; &amp; &lt;butter&gt;\" class=\"wp-image-1\"/></figure>\n\
             <!-- /wp:image -->",
            "<video controls src=\"https://a.example/2?a&amp;b\"></video>",
            "<p><a href=\"https://a.example/3?a&amp;b\">c.pdf</a></p>",
        ] {
            assert!(html.contains(part), "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup_of_its_own(text in "[ -~\n]{0,200}") {
            let html = words(&text);
            prop_assert!(html.ends_with(MARKED));
            prop_assert_eq!(html.matches("mcmp:").count(), 1 + text.matches("mcmp:").count());
            let mut rest = html;
            for ours in ["<!-- wp:paragraph -->", "<!-- /wp:paragraph -->", "<p>", "</p>", "<br>",
                "<!-- wp:html -->", "<!-- /wp:html -->", "<!-- mcmp:key -->", "</a>"] {
                rest = rest.replace(ours, "");
            }
            let anchors: Vec<&str> = rest.split("<a href=\"").collect();
            for anchor in anchors.iter().skip(1) {
                prop_assert!(anchor.starts_with("http"));
                prop_assert!(anchor.split_once("\">").is_some_and(|(to, _)| !to.contains(['<', '>'])));
            }
            let left = rest.replace("<a href=\"", "").replace("\">", "");
            prop_assert!(!left.contains(['<', '>', '[', ']']), "{left}");
        }
    }
}
