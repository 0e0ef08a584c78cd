//! What holds for any content.

use proptest::prelude::*;

use super::fixture::*;
use crate::account::Platform;
use crate::asset::{AssetKind, MediaFacts};
use crate::post::{Outgoing, OutgoingMedia, OutgoingPart, PlatformOptions, PostKind};
use crate::rules::platform::check_all;
use crate::rules::{Finding, FindingCode as Code, Severity};

const KINDS: [PostKind; 7] = [
    PostKind::Feed,
    PostKind::Reel,
    PostKind::Story,
    PostKind::Short,
    PostKind::Carousel,
    PostKind::Thread,
    PostKind::Article,
];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z🍞#@$ .]{0,40}",
        (0_usize..900, "[a-zü日🍞 #]{1,8}").prop_map(|(times, piece)| piece.repeat(times)),
        Just("https://example.com/a $TSLA @you #tag ".repeat(40)),
    ]
}

fn any_media() -> impl Strategy<Value = OutgoingMedia> {
    let kinds = prop_oneof![
        Just((AssetKind::Image, "image/jpeg")),
        Just((AssetKind::Image, "image/gif")),
        Just((AssetKind::Video, "video/mp4")),
        Just((AssetKind::Audio, "audio/mpeg")),
        Just((AssetKind::Document, "application/pdf")),
        // What a file says of itself need not agree.
        Just((AssetKind::Document, "image/gif")),
    ];
    let facts = (
        any::<Option<u32>>(),
        any::<Option<u32>>(),
        any::<Option<u64>>(),
        proptest::option::of("[a-z0-9]{0,6}"),
        any::<Option<u32>>(),
        any::<Option<bool>>(),
        any::<Option<u64>>(),
        any::<Option<u32>>(),
    );
    let facts = facts.prop_map(
        |(width, height, duration_ms, video_codec, rate, has_audio, bit_rate, frames)| MediaFacts {
            width,
            height,
            duration_ms,
            video_codec,
            audio_codec: None,
            frame_rate_millis: rate,
            has_audio,
            bit_rate,
            frames,
        },
    );
    (kinds, facts, any::<u64>(), proptest::option::of(any_text())).prop_map(
        |((kind, mime), facts, size_bytes, alt_text)| OutgoingMedia {
            size_bytes,
            alt_text,
            ..file(kind, mime, facts)
        },
    )
}

fn any_options() -> impl Strategy<Value = PlatformOptions> {
    let choices = (0..Platform::BUNDLED.len(), 0..KINDS.len());
    choices.prop_map(|(platform, kind)| {
        let platform = Platform::BUNDLED[platform].clone();
        if kind == 0 {
            return PlatformOptions::None;
        }
        post(platform, KINDS[kind]).options
    })
}

fn any_outgoing() -> impl Strategy<Value = Outgoing> {
    let part = (any_text(), proptest::collection::vec(any_media(), 0..3))
        .prop_map(|(text, media)| OutgoingPart { text, media });
    (
        (0..Platform::BUNDLED.len(), 0..KINDS.len()),
        (any_text(), any_text(), proptest::option::of(any_text())),
        proptest::collection::vec(any_media(), 0..12),
        proptest::collection::vec(part, 0..3),
        proptest::option::of("[a-z]{1,10}"),
        any_options(),
    )
        .prop_map(
            |((platform, kind), (title, text, first_comment), media, thread, path, options)| {
                Outgoing {
                    title,
                    text,
                    media,
                    link: path.and_then(|path| link(&format!("https://example.com/{path}"))),
                    first_comment,
                    thread,
                    options,
                    ..bare(Platform::BUNDLED[platform].clone(), KINDS[kind])
                }
            },
        )
}

/// The quoted path of every limit of a platform, below its kinds.
fn limit_paths(platform: &Platform) -> Vec<String> {
    fn walk(table: &toml::Table, path: &str, found: &mut Vec<String>) {
        for (key, value) in table {
            let Some(inner) = value.as_table() else { continue };
            let path = format!("{path}.\"{key}\"");
            if inner.get("value").is_some_and(|value| !value.is_table()) {
                found.push(path);
            } else {
                walk(inner, &path, found);
            }
        }
    }
    let limits = toml::Table::try_from(book().limits_for(platform, None).unwrap()).unwrap();
    let mut found = Vec::new();
    walk(limits["kinds"].as_table().unwrap(), "kinds", &mut found);
    found
}

fn same(a: &Finding, b: &Finding) -> bool {
    (a.code, a.severity, &a.field) == (b.code, b.severity, &b.field)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_content_gets_findings_that_say_something(post in any_outgoing()) {
        for finding in find(&post) {
            prop_assert!(!finding.field.is_empty() && !finding.message.is_empty());
            prop_assert_eq!(finding.platform.as_ref(), Some(&post.platform));
        }
    }

    #[test]
    fn longer_texts_stay_too_long(post in any_outgoing(), more in any_text()) {
        let before = find(&post);
        let mut longer = post;
        longer.text.push_str("\n\n");
        longer.text.push_str(&more);
        let after = find(&longer);
        for finding in before.iter().filter(|f| f.code == Code::TextTooLong && f.field == "text") {
            // A warning may become an error.
            prop_assert!(after.iter().any(|f| {
                f.code == finding.code && f.field == finding.field && f.severity <= finding.severity
            }), "{:?}", finding);
        }
    }

    #[test]
    fn a_raised_limit_removes_exactly_its_finding(length in 281_u64..2_000, urls in 0_usize..4) {
        let mut long = post(Platform::X, PostKind::Thread);
        text(&mut long, length);
        long.text.push_str(&links(urls));
        long.media = vec![image(), video()];
        let before = find(&long);
        prop_assert!(before.iter().any(|f| f.code == Code::TextTooLong));
        let raised = book()
            .with_override(&Platform::X, "[common.text]\nmax = { value = 100_000 }")
            .unwrap();
        let after = check_all(std::slice::from_ref(&long), &raised).findings;
        let kept: Vec<_> = before.into_iter().filter(|f| f.code != Code::TextTooLong).collect();
        prop_assert_eq!(kept, after);
    }

    #[test]
    fn a_limit_that_is_taken_away_adds_no_error(post in any_outgoing(), at in any::<usize>()) {
        let paths = limit_paths(&post.platform);
        let path = &paths[at % paths.len()];
        // Without the limit for pictures the general one holds, which may be lower.
        prop_assume!(!path.ends_with("\"max_with_images\""));
        let patch = format!("{path} = {{ remove = true }}");
        let freer = book().with_override(&post.platform, &patch).unwrap();
        let before = find(&post);
        for finding in check_all(std::slice::from_ref(&post), &freer).findings {
            let known = before.iter().any(|f| same(f, &finding));
            prop_assert!(known || finding.severity == Severity::Warning, "{}: {:?}", path, finding);
        }
    }

    #[test]
    fn the_order_of_posts_does_not_matter(posts in proptest::collection::vec(any_outgoing(), 0..5)) {
        let book = book();
        let forwards = check_all(&posts, &book).findings;
        let backwards: Vec<_> = posts.into_iter().rev().collect();
        let mut backwards = check_all(&backwards, &book).findings;
        prop_assert_eq!(forwards.len(), backwards.len());
        for finding in &forwards {
            let at = backwards.iter().position(|other| other == finding);
            prop_assert!(at.is_some(), "{:?}", finding);
            backwards.remove(at.unwrap_or_default());
        }
    }

    #[test]
    fn every_known_fact_is_worth_no_less_than_an_unknown_one(post in any_outgoing()) {
        // Taking a fact away may hide an error, and never adds one.
        let mut blind = post.clone();
        for media in &mut blind.media {
            media.facts = MediaFacts::default();
        }
        let known = find(&post);
        let blind = find(&blind);
        for finding in blind.iter().filter(|f| f.severity == Severity::Error) {
            prop_assert!(known.iter().any(|f| same(f, finding)), "{:?}", finding);
        }
    }
}
