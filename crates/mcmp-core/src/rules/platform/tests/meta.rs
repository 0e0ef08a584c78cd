//! Facebook, Instagram, Threads.

use super::fixture::*;
use crate::account::Platform;
use crate::asset::Mime;
use crate::post::{InstagramOptions, Outgoing, PlatformOptions, PostKind, ThreadsOptions};
use crate::rules::FindingCode as Code;

fn facebook(kind: PostKind) -> Outgoing {
    post(Platform::FACEBOOK, kind)
}

fn instagram(kind: PostKind) -> Outgoing {
    post(Platform::INSTAGRAM, kind)
}

fn threads(kind: PostKind) -> Outgoing {
    post(Platform::THREADS, kind)
}

fn with(mut post: Outgoing, media: crate::post::OutgoingMedia) -> Outgoing {
    post.media = vec![media];
    post
}

#[test]
fn facebook_feed() {
    let feed = || facebook(PostKind::Feed);
    let picture = || with(feed(), image());
    edge(feed(), Code::TextTooLong, "text", &text).at_most(63_206);
    edge(picture(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(4_000_000);
    soft_edge(picture(), Code::MediaTooMany, "media", &copies).at_most(10);
    edge(with(feed(), video()), Code::MediaTooMany, "media", &copies).at_most(1);

    let mut mixed = picture();
    mixed.media.push(video());
    error(&mixed, Code::MediaMixed, "media");
    let mut webp = picture();
    webp.media[0].mime = Mime::new("mime", "image/webp").unwrap();
    error(&webp, Code::FormatUnsupported, "media[0].mime");
    error(&with(feed(), pdf()), Code::MediaKindUnsupported, "media[0]");

    let mut card = bare(Platform::FACEBOOK, PostKind::Feed);
    error(&card, Code::ContentRequired, "text");
    card.link = link("https://example.com/");
    clean(&card);
    card.media = vec![image()];
    warning(&card, Code::LinkWithMedia, "link");
    card.text = "See https://example.com/".to_owned();
    clean(&card);
}

#[test]
fn facebook_reel_and_story() {
    let reel = || facebook(PostKind::Reel);
    edge(reel(), Code::VideoTooShort, "media[0].facts.duration_ms", &duration).at_least(3_000);
    edge(reel(), Code::VideoTooLong, "media[0].facts.duration_ms", &duration).at_most(90_000);
    let story = || facebook(PostKind::Story);
    edge(story(), Code::VideoTooLong, "media[0].facts.duration_ms", &duration).at_most(60_000);
    for (rate, fine) in [(23_976, false), (24_000, true), (60_000, true), (60_001, false)] {
        let mut post = reel();
        frame_rate(&mut post, rate);
        match fine {
            true => clean(&post),
            false => drop(error(&post, Code::FrameRate, "media[0].facts.frame_rate_millis")),
        }
    }
    clean(&with(reel(), large_video(540, 960)));
    let narrow = find(&with(reel(), large_video(539, 960)));
    assert_eq!(narrow[0].code, Code::DimensionsTooSmall);
    assert_eq!(narrow[0].field, "media[0].facts.width");
    warning(&with(reel(), large_video(1080, 1080)), Code::AspectRatio, "media[0].facts");
    let mut codec = reel();
    codec.media[0].facts.video_codec = Some("mpeg2video".to_owned());
    error(&codec, Code::CodecUnsupported, "media[0].facts.video_codec");

    let mut none = reel();
    none.media.clear();
    error(&none, Code::MediaRequired, "media");
    error(&with(reel(), image()), Code::MediaKindUnsupported, "media[0]");

    let picture = with(story(), image());
    edge(picture, Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(10_000_000);
    let mut told = story();
    told.text = "Fresh bread".to_owned();
    warning(&told, Code::TextUnsupported, "text");
    told.text.clear();
    told.first_comment = Some("First".to_owned());
    error(&told, Code::FirstCommentUnsupported, "first_comment");
}

#[test]
fn instagram_text() {
    let feed = || instagram(PostKind::Feed);
    edge(feed(), Code::TextTooLong, "text", &text).at_most(2_200);
    let tags = |post: &mut Outgoing, n: u64| post.text = signs("#", usize::try_from(n).unwrap());
    soft_edge(feed(), Code::TooManyHashtags, "text", &tags).at_most(5);
    let mut post = feed();
    tags(&mut post, 30);
    warning(&post, Code::TooManyHashtags, "text");
    tags(&mut post, 31);
    assert_eq!(error(&post, Code::TooManyHashtags, "text").limit.as_deref(), Some("30"));
    let mentions =
        |post: &mut Outgoing, n: u64| post.text = signs("@", usize::try_from(n).unwrap());
    edge(feed(), Code::TooManyMentions, "text", &mentions).at_most(20);

    let mut linked = feed();
    linked.text = links(1);
    warning(&linked, Code::LinkNotClickable, "text");
    let mut linked = feed();
    linked.link = link("https://example.com/");
    warning(&linked, Code::LinkUnsupported, "link");

    edge(feed(), Code::AltTextTooLong, "media[0].alt_text", &alt_text).at_most(1_000);
    let mut nothing = feed();
    nothing.media.clear();
    error(&nothing, Code::MediaRequired, "media");
    // 1,100 emoji are 2,200 UTF-16 units.
    let mut emoji = feed();
    emoji.text = "🍞".repeat(1_100);
    clean(&emoji);
    emoji.text.push('!');
    error(&emoji, Code::TextTooLong, "text");
}

#[test]
fn instagram_media() {
    let feed = || instagram(PostKind::Feed);
    edge(feed(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(8_000_000);
    for (width, height, fine) in
        [(1080, 1350, true), (1080, 1351, false), (1080, 566, true), (1080, 564, false)]
    {
        let post = with(feed(), sized(width, height));
        match fine {
            true => clean(&post),
            false => drop(error(&post, Code::AspectRatio, "media[0].facts")),
        }
    }
    let mut png = feed();
    png.media[0].mime = Mime::new("mime", "image/png").unwrap();
    error(&png, Code::FormatUnsupported, "media[0].mime");
    let mut two = feed();
    two.media.push(image());
    let finding = error(&two, Code::MediaTooMany, "media");
    assert_eq!(finding.hint.as_deref(), Some("A carousel post takes up to 10."));

    let carousel = || instagram(PostKind::Carousel);
    edge(carousel(), Code::MediaTooFew, "media", &copies).at_least(2);
    edge(carousel(), Code::MediaTooMany, "media", &copies).at_most(10);
    let mut mixed = carousel();
    mixed.media[1] = large_video(1080, 1080);
    clean(&mixed);
    mixed.media[1] = sized(1080, 1350);
    warning(&mixed, Code::MediaNotUniform, "media[1]");

    let reel = || instagram(PostKind::Reel);
    edge(reel(), Code::VideoTooShort, "media[0].facts.duration_ms", &duration).at_least(3_000);
    edge(reel(), Code::VideoTooLong, "media[0].facts.duration_ms", &duration).at_most(900_000);
    edge(reel(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(300_000_000);
    edge(reel(), Code::BitRateTooHigh, "media[0].facts.bit_rate", &bit_rate).at_most(25_000_000);
    error(&with(reel(), image()), Code::MediaKindUnsupported, "media[0]");
    let story = || instagram(PostKind::Story);
    edge(story(), Code::VideoTooLong, "media[0].facts.duration_ms", &duration).at_most(60_000);
    edge(story(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(100_000_000);
    clean(&with(story(), sized(1080, 1920)));
    warning(&with(story(), image()), Code::AspectRatio, "media[0].facts");

    let mut together = reel();
    let names = |n: usize| (0..n).map(|i| format!("friend{i}")).collect();
    let options = |n| InstagramOptions { collaborators: names(n), ..InstagramOptions::default() };
    together.options = PlatformOptions::Instagram(options(3));
    clean(&together);
    together.options = PlatformOptions::Instagram(options(4));
    error(&together, Code::OptionTooMany, "options.collaborators");
    let options = InstagramOptions { cover_at_ms: Some(20_001), ..InstagramOptions::default() };
    together.options = PlatformOptions::Instagram(options);
    error(&together, Code::OptionOutOfRange, "options.cover_at_ms");
}

#[test]
fn threads_text() {
    let feed = || threads(PostKind::Feed);
    edge(feed(), Code::TextTooLong, "text", &text).at_most(500);
    edge(feed(), Code::TextTooLong, "first_comment", &comment).at_most(500);
    // An emoji counts as its bytes.
    let mut emoji = feed();
    emoji.text = "🍞".repeat(125);
    clean(&emoji);
    emoji.text = "🍞".repeat(126);
    assert_eq!(error(&emoji, Code::TextTooLong, "text").actual.as_deref(), Some("504"));
    // Any other character is one, however many bytes it has.
    emoji.text = "ü".repeat(500);
    clean(&emoji);

    let urls = |post: &mut Outgoing, n: u64| post.text = links(usize::try_from(n).unwrap());
    edge(feed(), Code::TooManyLinks, "text", &urls).at_most(5);
    let mut card = feed();
    card.text = links(5);
    card.link = link("https://example.com/card");
    error(&card, Code::TooManyLinks, "text");
    card.link = link("https://example.com/0");
    clean(&card);

    let topic = |tag: &str| {
        let mut post = feed();
        let topic_tag = Some(tag.to_owned());
        post.options =
            PlatformOptions::Threads(ThreadsOptions { topic_tag, ..ThreadsOptions::default() });
        post
    };
    clean(&topic(&"a".repeat(50)));
    error(&topic(&"a".repeat(51)), Code::OptionTooLong, "options.topic_tag");
    error(&topic("R&B"), Code::OptionInvalid, "options.topic_tag");
}

#[test]
fn threads_media_and_parts() {
    let feed = || with(threads(PostKind::Feed), image());
    edge(feed(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(8_000_000);
    edge(feed(), Code::AltTextTooLong, "media[0].alt_text", &alt_text).at_most(1_000);
    edge(feed(), Code::MediaTooMany, "media", &copies).at_most(1);
    clean(&with(feed(), sized(10_000, 1_000)));
    error(&with(feed(), sized(10_001, 1_000)), Code::AspectRatio, "media[0].facts");
    let film = || with(threads(PostKind::Feed), video());
    edge(film(), Code::VideoTooLong, "media[0].facts.duration_ms", &duration).at_most(300_000);
    edge(film(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(1_000_000_000);
    edge(film(), Code::BitRateTooHigh, "media[0].facts.bit_rate", &bit_rate).at_most(100_000_000);
    let carousel = || threads(PostKind::Carousel);
    edge(carousel(), Code::MediaTooFew, "media", &copies).at_least(2);
    edge(carousel(), Code::MediaTooMany, "media", &copies).at_most(20);

    let chain = || threads(PostKind::Thread);
    edge(chain(), Code::TextTooLong, "thread[0].text", &next_part).at_most(500);
    let mut empty = chain();
    empty.thread[0].text = " \n".to_owned();
    error(&empty, Code::ContentRequired, "thread[0].text");
    empty.thread[0].media = vec![image(), image()];
    clean(&empty);
    empty.thread[0].media[1].size_bytes = 8_000_001;
    error(&empty, Code::FileTooLarge, "thread[0].media[1].size_bytes");
    let mut feed = feed();
    feed.thread = vec![part("more")];
    error(&feed, Code::ThreadUnsupported, "thread");
}

#[test]
fn videos_at_every_other_edge() {
    let (length, rate) = ("media[0].facts.duration_ms", "media[0].facts.frame_rate_millis");
    let film = || with(facebook(PostKind::Feed), video());
    let size = "media[0].size_bytes";
    soft_edge(film(), Code::FileTooLarge, size, &bytes).at_most(10_000_000_000);
    soft_edge(film(), Code::VideoTooLong, length, &duration).at_most(14_400_000);
    let story = || facebook(PostKind::Story);
    edge(story(), Code::VideoTooShort, length, &duration).at_least(3_000);
    edge(story(), Code::FrameRate, rate, &frame_rate).at_least(24_000);
    edge(story(), Code::FrameRate, rate, &frame_rate).at_most(60_000);

    for post in [instagram(PostKind::Reel), with(threads(PostKind::Feed), video())] {
        edge(post.clone(), Code::FrameRate, rate, &frame_rate).at_least(23_000);
        edge(post.clone(), Code::FrameRate, rate, &frame_rate).at_most(60_000);
        clean(&with(post.clone(), large_video(1_920, 3_413)));
        let wide = with(post.clone(), large_video(1_921, 3_415));
        error(&wide, Code::DimensionsTooLarge, "media[0].facts.width");
        let mut opus = post.clone();
        opus.media[0].facts.audio_codec = Some("opus".to_owned());
        error(&opus, Code::CodecUnsupported, "media[0].facts.audio_codec");
        let mut webm = post;
        webm.media[0].mime = Mime::new("mime", "video/webm").unwrap();
        error(&webm, Code::FormatUnsupported, "media[0].mime");
    }
    let feed = |width, height| with(instagram(PostKind::Feed), large_video(width, height));
    for (fine, wrong) in [((100, 10_000), (100, 10_001)), ((1_000, 100), (1_001, 100))] {
        clean(&feed(fine.0, fine.1));
        error(&feed(wrong.0, wrong.1), Code::AspectRatio, "media[0].facts");
    }
    let mut empty = with(threads(PostKind::Feed), video());
    duration(&mut empty, 0);
    error(&empty, Code::VideoTooShort, length);
    let mut silent = instagram(PostKind::Reel);
    silent.media[0].facts.has_audio = Some(false);
    silent.media[0].facts.audio_codec = None;
    clean(&silent);
}
