//! X, LinkedIn, TikTok, Pinterest, YouTube.

use super::fixture::*;
use crate::account::Platform;
use crate::asset::Mime;
use crate::post::{
    Outgoing, OutgoingMedia, PinterestOptions, PlatformOptions, Poll, PostKind, TikTokOptions,
    TikTokPrivacy, XOptions, YouTubeOptions,
};
use crate::rules::FindingCode as Code;
use crate::rules::platform::check_each;

fn with(mut post: Outgoing, media: OutgoingMedia) -> Outgoing {
    post.media = vec![media];
    post
}

fn x(kind: PostKind) -> Outgoing {
    post(Platform::X, kind)
}

#[test]
fn x_text() {
    let feed = || x(PostKind::Feed);
    edge(feed(), Code::TextTooLong, "text", &text).at_most(280);
    edge(feed(), Code::TextTooLong, "first_comment", &comment).at_most(280);
    edge(x(PostKind::Thread), Code::TextTooLong, "thread[0].text", &next_part).at_most(280);
    let mut post = feed();
    post.text = "日".repeat(140);
    clean(&post);
    post.text.push('a');
    assert_eq!(error(&post, Code::TextTooLong, "text").actual.as_deref(), Some("281"));
    // A link counts 23, however long it is.
    post.text = format!("{} https://example.com/{}", "a".repeat(256), "b".repeat(400));
    clean(&post);
    post.text.insert(0, 'a');
    error(&post, Code::TextTooLong, "text");

    post.text = "Up: $TSLA".to_owned();
    clean(&post);
    post.text.push_str(" $AAPL");
    error(&post, Code::TooManyCashtags, "text");
    error(&bare(Platform::X, PostKind::Feed), Code::ContentRequired, "text");
    let mut linked = feed();
    linked.link = link("https://example.com/");
    warning(&linked, Code::LinkUnsupported, "link");
    let mut marked = feed();
    marked.text.push('\u{feff}');
    error(&marked, Code::CharacterForbidden, "text");

    let mut long = feed();
    long.text = "a".repeat(25_000);
    error(&long, Code::TextTooLong, "text");
    let premium = |post: &Outgoing| check_each([(post, Some("premium"))], &book()).findings;
    assert_eq!(premium(&long), []);
    long.text.push('a');
    assert_eq!(premium(&long).len(), 1);
}

#[test]
fn x_media() {
    let feed = |media| with(x(PostKind::Feed), media);
    edge(feed(image()), Code::MediaTooMany, "media", &copies).at_most(4);
    edge(feed(video()), Code::MediaTooMany, "media", &copies).at_most(1);
    edge(feed(gif()), Code::MediaTooMany, "media", &copies).at_most(1);
    for (one, other) in [(image(), video()), (image(), gif()), (gif(), video())] {
        let mut mixed = feed(one);
        mixed.media.push(other);
        error(&mixed, Code::MediaMixed, "media");
    }
    edge(feed(image()), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(5_000_000);
    edge(feed(image()), Code::AltTextTooLong, "media[0].alt_text", &alt_text).at_most(1_000);
    edge(feed(gif()), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(15_000_000);
    edge(feed(gif()), Code::TooManyFrames, "media[0].facts.frames", &frames).at_most(350);
    let mut heavy = feed(sized(1_280, 1_000));
    heavy.media[0].mime = Mime::new("mime", "image/gif").unwrap();
    frames(&mut heavy, 234);
    clean(&heavy);
    frames(&mut heavy, 235);
    error(&heavy, Code::DimensionsTooLarge, "media[0].facts.frames");

    let length = "media[0].facts.duration_ms";
    edge(feed(video()), Code::VideoTooShort, length, &duration).at_least(500);
    edge(feed(video()), Code::VideoTooLong, length, &duration).at_most(140_000);
    edge(feed(video()), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(512_000_000);
    clean(&feed(large_video(1_024, 1_280)));
    warning(&feed(large_video(1_280, 1_026)), Code::DimensionsTooLarge, "media[0].facts");
    clean(&feed(large_video(300, 900)));
    error(&feed(large_video(300, 901)), Code::AspectRatio, "media[0].facts");
    let mut fast = feed(video());
    frame_rate(&mut fast, 59_940);
    clean(&fast);
    frame_rate(&mut fast, 60_001);
    error(&fast, Code::FrameRate, "media[0].facts.frame_rate_millis");
    let mut part = x(PostKind::Thread);
    part.thread[0].media = (0..5).map(|_| image()).collect();
    error(&part, Code::MediaTooMany, "thread[0].media");
}

#[test]
fn x_poll() {
    let poll = |count: usize, length: usize, duration_minutes| {
        let mut post = x(PostKind::Feed);
        let options = (0..count).map(|_| "a".repeat(length)).collect();
        let poll = Some(Poll { options, duration_minutes });
        post.options = PlatformOptions::X(XOptions { poll, ..XOptions::default() });
        post
    };
    clean(&poll(2, 1, 5));
    clean(&poll(4, 25, 10_080));
    error(&poll(1, 5, 60), Code::OptionTooFew, "options.poll.options");
    error(&poll(5, 5, 60), Code::OptionTooMany, "options.poll.options");
    error(&poll(2, 5, 4), Code::OptionOutOfRange, "options.poll.duration_minutes");
    error(&poll(2, 5, 10_081), Code::OptionOutOfRange, "options.poll.duration_minutes");
    let items = [(0, 26, Code::OptionTooLong), (0, 0, Code::OptionTooShort)];
    for (_, length, code) in items {
        let mut post = poll(2, 5, 60);
        if let PlatformOptions::X(XOptions { poll: Some(poll), .. }) = &mut post.options {
            poll.options[1] = "a".repeat(length);
        }
        error(&post, code, "options.poll.options[1]");
    }
    error(&with(poll(2, 5, 60), image()), Code::OptionConflict, "options.poll");
}

#[test]
fn linkedin() {
    let feed = || post(Platform::LINKEDIN, PostKind::Feed);
    edge(feed(), Code::TextTooLong, "text", &text).at_most(3_000);
    // Reserved characters count once, as the reader sees them.
    let mut brackets = feed();
    brackets.text = "(".repeat(3_000);
    clean(&brackets);
    edge(with(feed(), image()), Code::MediaTooMany, "media", &copies).at_most(20);
    edge(with(feed(), image()), Code::AltTextTooLong, "media[0].alt_text", &alt_text)
        .at_most(4_086);
    soft_edge(with(feed(), image()), Code::FileTooLarge, "media[0].size_bytes", &bytes)
        .at_most(5_000_000);
    clean(&with(feed(), sized(6_012, 6_013)));
    error(&with(feed(), sized(6_013, 6_013)), Code::DimensionsTooLarge, "media[0].facts");
    edge(with(feed(), gif()), Code::TooManyFrames, "media[0].facts.frames", &frames).at_most(250);

    let film = || with(feed(), video());
    let (length, size) = ("media[0].facts.duration_ms", "media[0].size_bytes");
    edge(film(), Code::VideoTooShort, length, &duration).at_least(3_000);
    edge(film(), Code::VideoTooLong, length, &duration).at_most(1_800_000);
    edge(film(), Code::FileTooSmall, size, &bytes).at_least(75_000);
    edge(film(), Code::FileTooLarge, size, &bytes).at_most(500_000_000);

    let mut paper = with(feed(), pdf());
    error(&paper, Code::TitleRequired, "title");
    paper.title = "Recipes".to_owned();
    clean(&paper);
    edge(paper.clone(), Code::TooManyPages, "media[0].facts.frames", &frames).at_most(300);
    edge(paper.clone(), Code::FileTooLarge, size, &bytes).at_most(100_000_000);
    paper.media.push(image());
    error(&paper, Code::MediaMixed, "media");

    let carousel = post(Platform::LINKEDIN, PostKind::Carousel);
    let finding = error(&carousel, Code::KindUnsupported, "kind");
    assert_eq!(finding.limit.as_deref(), Some("feed"));
}

#[test]
fn tiktok() {
    let film = || post(Platform::TIKTOK, PostKind::Feed);
    let photos = || post(Platform::TIKTOK, PostKind::Carousel);
    edge(film(), Code::TextTooLong, "text", &text).at_most(2_200);
    edge(photos(), Code::TextTooLong, "text", &text).at_most(4_000);
    edge(photos(), Code::TitleTooLong, "title", &title).at_most(90);
    // A video has no title, so one that is too long for photos is no matter.
    let mut titled = film();
    titled.title = "a".repeat(91);
    clean(&titled);

    edge(photos(), Code::MediaTooMany, "media", &copies).at_most(35);
    edge(film(), Code::MediaTooMany, "media", &copies).at_most(1);
    let mut mixed = film();
    mixed.media.push(image());
    error(&mixed, Code::MediaMixed, "media");
    let mut png = photos();
    png.media[1].mime = Mime::new("mime", "image/png").unwrap();
    error(&png, Code::FormatUnsupported, "media[1].mime");
    edge(photos(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(20_000_000);
    clean(&with(photos(), sized(1_920, 1_080)));
    error(&with(photos(), sized(1_081, 1_920)), Code::DimensionsTooLarge, "media[0].facts");
    warning(&with(photos(), sized(900, 1_800)), Code::AspectRatio, "media[0].facts");

    let length = "media[0].facts.duration_ms";
    edge(film(), Code::VideoTooLong, length, &duration).at_most(600_000);
    soft_edge(film(), Code::VideoTooShort, length, &duration).at_least(3_000);
    edge(film(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(4_000_000_000);
    edge(film(), Code::DimensionsTooSmall, "media[0].facts.width", &width).at_least(360);
    edge(film(), Code::DimensionsTooSmall, "media[0].facts.height", &height).at_least(360);

    let mut secret = film();
    secret.options = PlatformOptions::Tiktok(TikTokOptions::default());
    error(&secret, Code::OptionRequired, "options.privacy");
    secret.options = PlatformOptions::Tiktok(TikTokOptions {
        privacy: Some(TikTokPrivacy::SelfOnly),
        branded_content: true,
        ..TikTokOptions::default()
    });
    error(&secret, Code::OptionConflict, "options.privacy");
    let mut commented = film();
    commented.first_comment = Some("First".to_owned());
    error(&commented, Code::FirstCommentUnsupported, "first_comment");
}

#[test]
fn pinterest() {
    let pin = || post(Platform::PINTEREST, PostKind::Feed);
    soft_edge(pin(), Code::TextTooLong, "text", &text).at_most(500);
    let mut described = pin();
    text(&mut described, 800);
    warning(&described, Code::TextTooLong, "text");
    text(&mut described, 801);
    assert_eq!(error(&described, Code::TextTooLong, "text").limit.as_deref(), Some("800"));
    edge(pin(), Code::TitleTooLong, "title", &title).at_most(100);
    edge(pin(), Code::AltTextTooLong, "media[0].alt_text", &alt_text).at_most(500);
    edge(pin(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(20_000_000);
    error(&with(pin(), sized(99, 100)), Code::DimensionsTooSmall, "media[0].facts.width");
    let mut linked = pin();
    linked.link = link("https://example.com/bread");
    clean(&linked);

    let carousel = || post(Platform::PINTEREST, PostKind::Carousel);
    edge(carousel(), Code::MediaTooFew, "media", &copies).at_least(2);
    edge(carousel(), Code::MediaTooMany, "media", &copies).at_most(5);
    let mut uneven = carousel();
    uneven.media[1] = sized(1_081, 1_080);
    error(&uneven, Code::MediaNotUniform, "media[1]");

    let board = |board_id: Option<&str>, cover_at_ms| {
        PlatformOptions::Pinterest(PinterestOptions {
            board_id: board_id.map(str::to_owned),
            cover_at_ms,
            ..PinterestOptions::default()
        })
    };
    let mut boardless = pin();
    boardless.options = board(None, None);
    error(&boardless, Code::OptionRequired, "options.board_id");
    assert_eq!(check_each([(&boardless, Some("board"))], &book()).findings, []);
    boardless.options = board(Some("my-board"), None);
    error(&boardless, Code::OptionInvalid, "options.board_id");

    let mut film = with(pin(), video());
    error(&film, Code::OptionRequired, "options.cover_at_ms");
    film.options = board(Some("1"), Some(20_001));
    error(&film, Code::OptionOutOfRange, "options.cover_at_ms");
    film.options = board(Some("1"), Some(0));
    clean(&film);
    let length = "media[0].facts.duration_ms";
    edge(film.clone(), Code::VideoTooShort, length, &duration).at_least(4_000);
    edge(film.clone(), Code::VideoTooLong, length, &duration).at_most(900_000);
    edge(film, Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(1_000_000_000);
}

#[test]
fn youtube() {
    let film = || post(Platform::YOUTUBE, PostKind::Feed);
    edge(film(), Code::TitleTooLong, "title", &title).at_most(100);
    edge(film(), Code::TextTooLong, "text", &text).at_most(5_000);
    // The description is counted in bytes.
    let mut german = film();
    german.text = "ü".repeat(2_500);
    clean(&german);
    german.text.push('ü');
    assert_eq!(error(&german, Code::TextTooLong, "text").actual.as_deref(), Some("5002"));
    let mut angled = film();
    angled.title = "Bread <3".to_owned();
    error(&angled, Code::CharacterForbidden, "title");
    let mut untitled = film();
    untitled.title.clear();
    error(&untitled, Code::TitleRequired, "title");

    edge(film(), Code::MediaTooMany, "media", &copies).at_most(1);
    error(&with(film(), image()), Code::MediaKindUnsupported, "media[0]");
    edge(film(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(256_000_000_000);
    let length = "media[0].facts.duration_ms";
    edge(film(), Code::VideoTooLong, length, &duration).at_most(43_200_000);
    let short = || post(Platform::YOUTUBE, PostKind::Short);
    edge(short(), Code::VideoTooLong, length, &duration).at_most(180_000);
    clean(&with(short(), large_video(1_080, 1_080)));
    error(&with(short(), large_video(1_081, 1_080)), Code::AspectRatio, "media[0].facts");
    let mut long = film();
    duration(&mut long, 900_001);
    clean(&long);
    assert_eq!(check_each([(&long, Some("unverified"))], &book()).findings.len(), 1);

    let tagged = |tags: Vec<String>| {
        let mut post = film();
        if let PlatformOptions::Youtube(options) = &mut post.options {
            options.tags = tags;
        }
        post
    };
    clean(&tagged(vec!["a".repeat(249), "b".repeat(250)]));
    error(&tagged(vec!["a".repeat(250), "b".repeat(250)]), Code::OptionTooLong, "options.tags");
    // A tag with a space is quoted.
    clean(&tagged(vec![format!("a {}", "b".repeat(496))]));
    error(&tagged(vec![format!("a {}", "b".repeat(497))]), Code::OptionTooLong, "options.tags");

    let mut unset = film();
    unset.options = PlatformOptions::Youtube(YouTubeOptions::default());
    let findings = find(&unset);
    let fields: Vec<_> = findings.iter().map(|f| (f.code, f.field.as_str())).collect();
    assert_eq!(
        fields,
        [
            (Code::OptionRequired, "options.made_for_kids"),
            (Code::OptionRequired, "options.privacy")
        ]
    );
}

#[test]
fn media_at_every_other_edge() {
    let (length, rate) = ("media[0].facts.duration_ms", "media[0].facts.frame_rate_millis");
    let x_feed = |media| with(x(PostKind::Feed), media);
    let small = || x_feed(large_video(32, 32));
    edge(small(), Code::DimensionsTooSmall, "media[0].facts.width", &width).at_least(32);
    edge(small(), Code::DimensionsTooSmall, "media[0].facts.height", &height).at_least(32);
    clean(&x_feed(large_video(900, 300)));
    error(&x_feed(large_video(901, 300)), Code::AspectRatio, "media[0].facts");
    soft_edge(x_feed(large_video(720, 1_280)), Code::DimensionsTooLarge, "media[0].facts", &height)
        .at_most(1_280);
    let moving = |width, height| {
        let mut gif = gif();
        (gif.facts.width, gif.facts.height) = (Some(width), Some(height));
        x_feed(gif)
    };
    edge(moving(1_280, 1_000), Code::DimensionsTooLarge, "media[0].facts", &width).at_most(1_280);
    edge(moving(1_200, 1_080), Code::DimensionsTooLarge, "media[0].facts", &height).at_most(1_080);
    let coded = |mut post: Outgoing, codec: &str| {
        post.media[0].facts.video_codec = Some(codec.to_owned());
        post
    };
    error(&coded(x_feed(video()), "hevc"), Code::CodecUnsupported, "media[0].facts.video_codec");

    let tiktok = || post(Platform::TIKTOK, PostKind::Feed);
    edge(tiktok(), Code::FrameRate, rate, &frame_rate).at_least(23_000);
    edge(tiktok(), Code::FrameRate, rate, &frame_rate).at_most(60_000);
    let wide = with(tiktok(), large_video(4_096, 2_304));
    edge(wide, Code::DimensionsTooLarge, "media[0].facts", &width).at_most(4_096);
    for codec in ["h264", "hevc", "vp8", "vp9"] {
        clean(&coded(tiktok(), codec));
    }
    error(&coded(tiktok(), "av1"), Code::CodecUnsupported, "media[0].facts.video_codec");

    let linkedin =
        |width, height| with(post(Platform::LINKEDIN, PostKind::Feed), large_video(width, height));
    for (fine, wrong) in [((2_400, 1_000), (2_401, 1_000)), ((1_000, 2_400), (1_000, 2_401))] {
        clean(&linkedin(fine.0, fine.1));
        warning(&linkedin(wrong.0, wrong.1), Code::AspectRatio, "media[0].facts");
    }
    let pin = |width, height| {
        let mut post = with(post(Platform::PINTEREST, PostKind::Feed), large_video(width, height));
        if let PlatformOptions::Pinterest(options) = &mut post.options {
            options.cover_at_ms = Some(1_000);
        }
        post
    };
    for (fine, wrong) in [((1_910, 1_000), (1_911, 1_000)), ((1_000, 2_000), (1_000, 2_001))] {
        clean(&pin(fine.0, fine.1));
        error(&pin(wrong.0, wrong.1), Code::AspectRatio, "media[0].facts");
    }
    let mut section = pin(1_000, 1_000);
    if let PlatformOptions::Pinterest(options) = &mut section.options {
        options.board_section_id = Some("12a".to_owned());
    }
    error(&section, Code::OptionInvalid, "options.board_section_id");
    edge(post(Platform::YOUTUBE, PostKind::Short), Code::VideoTooLong, length, &duration)
        .at_most(180_000);
    // A link of exactly 2,048 characters is the longest that there is, so none is too long.
    let mut linked = pin(1_000, 1_000);
    linked.link = link(&format!("https://example.com/{}", "a".repeat(2_028)));
    clean(&linked);
}
