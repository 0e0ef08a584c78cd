//! What holds for every platform.

use super::fixture::*;
use crate::account::Platform;
use crate::asset::MediaFacts;
use crate::post::{
    FacebookOptions, GoogleBusinessOptions, InstagramOptions, LinkedInOptions, PinterestOptions,
    PlatformOptions, PostKind, ThreadsOptions, TikTokOptions, WebflowOptions, WebsiteOptions,
    WordPressOptions, XOptions, YouTubeOptions,
};
use crate::rules::platform::options::{OptionValue, option};
use crate::rules::platform::{check, check_all};
use crate::rules::{FindingCode as Code, Report, Severity};

#[test]
fn a_plain_post_is_clean_in_every_kind_of_every_platform() {
    let book = book();
    let mut kinds = 0;
    for platform in Platform::BUNDLED {
        for kind in book.limits_for(platform, None).unwrap().kinds.keys() {
            let post = post(platform.clone(), *kind);
            let report = check_all(std::slice::from_ref(&post), &book);
            assert!(report.is_clean(), "{platform} {kind:?}: {:?}", report.findings);
            kinds += 1;
        }
    }
    assert!(kinds >= 20);
}

#[test]
fn every_option_named_in_data_exists() {
    let all = |platform: &str| match platform {
        "facebook" => PlatformOptions::Facebook(FacebookOptions::default()),
        "instagram" => PlatformOptions::Instagram(InstagramOptions::default()),
        "threads" => PlatformOptions::Threads(ThreadsOptions::default()),
        "x" => PlatformOptions::X(XOptions::default()),
        "linkedin" => PlatformOptions::Linkedin(LinkedInOptions::default()),
        "tiktok" => PlatformOptions::Tiktok(TikTokOptions::default()),
        "pinterest" => PlatformOptions::Pinterest(PinterestOptions::default()),
        "youtube" => PlatformOptions::Youtube(YouTubeOptions::default()),
        "google_business" => PlatformOptions::GoogleBusiness(GoogleBusinessOptions::default()),
        "wordpress" => PlatformOptions::Wordpress(WordPressOptions::default()),
        "webflow" => PlatformOptions::Webflow(WebflowOptions::default()),
        "website" => PlatformOptions::Website(WebsiteOptions::default()),
        other => panic!("{other}"),
    };
    for platform in Platform::BUNDLED {
        let options = all(platform.as_str());
        assert_eq!(options.platform(), Some(platform));
        for kind in book().limits_for(platform, None).unwrap().kinds.values() {
            for (name, limits) in &kind.options {
                for name in [Some(name), limits.or.as_ref()].into_iter().flatten() {
                    assert_ne!(option(&options, name), OptionValue::Unknown, "{platform} {name}");
                }
            }
        }
        assert_eq!(option(&options, "no_such_option"), OptionValue::Unknown);
    }
}

#[test]
fn all_findings_come_at_once_and_say_where_they_belong() {
    let mut post = post(Platform::X, PostKind::Thread);
    post.text = format!("{} $A $B", "a".repeat(300));
    post.link = link("https://example.com/");
    post.media = vec![image(), video()];
    post.media[0].alt_text = Some("a".repeat(1_001));
    post.media[0].size_bytes = 6_000_000;
    post.media[1].facts.duration_ms = Some(200_000);
    post.thread[0].text = "a".repeat(281);
    post.options = PlatformOptions::Facebook(FacebookOptions::default());
    let findings = find(&post);
    let found: Vec<_> = findings.iter().map(|f| (f.code, f.field.as_str())).collect();
    for wanted in [
        (Code::TextTooLong, "text"),
        (Code::TooManyCashtags, "text"),
        (Code::LinkUnsupported, "link"),
        (Code::MediaMixed, "media"),
        (Code::AltTextTooLong, "media[0].alt_text"),
        (Code::FileTooLarge, "media[0].size_bytes"),
        (Code::VideoTooLong, "media[1].facts.duration_ms"),
        (Code::TextTooLong, "thread[0].text"),
        (Code::OptionForOtherPlatform, "options"),
    ] {
        assert!(found.contains(&wanted), "{wanted:?} in {found:?}");
    }
    assert_eq!(found.len(), 9, "{found:?}");
    for finding in &findings {
        assert_eq!(finding.platform, Some(Platform::X));
        assert_eq!(finding.account_id, Some(post.account_id));
        assert_eq!(finding.variant_id, Some(post.variant_id));
    }
    let report = Report::from(findings);
    assert!(report.has_errors() && !report.is_clean());
    assert_eq!(report.errors().count() + report.warnings().count(), report.findings.len());
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["findings"].as_array().unwrap().iter().any(|f| f["code"] == "text_too_long"));
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
}

#[test]
fn unknown_facts_are_warnings_one_for_each() {
    let mut reel = post(Platform::INSTAGRAM, PostKind::Reel);
    reel.media[0].facts = MediaFacts::default();
    let findings = find(&reel);
    assert!(
        findings.iter().all(|f| f.code == Code::FactUnknown && f.severity == Severity::Warning)
    );
    let fields: Vec<_> = findings.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "media[0].facts.width",
            "media[0].facts.height",
            "media[0].facts.duration_ms",
            "media[0].facts.frame_rate_millis",
            "media[0].facts.bit_rate",
            "media[0].facts.video_codec",
            "media[0].facts.audio_codec",
        ]
    );
    // No sound, no codec to know.
    reel.media[0].facts.has_audio = Some(false);
    assert_eq!(find(&reel).len(), 6);
    // A fact that no limit asks for is nobody's business.
    let mut site = post(Platform::WORDPRESS, PostKind::Article);
    site.media = reel.media;
    clean(&site);
}

#[test]
fn an_unsupported_kind_does_not_hide_foreign_options() {
    let mut post = post(Platform::LINKEDIN, PostKind::Story);
    post.options = PlatformOptions::X(XOptions::default());
    let found: Vec<_> = find(&post).into_iter().map(|f| f.code).collect();
    assert_eq!(found, [Code::OptionForOtherPlatform, Code::KindUnsupported]);
}

#[test]
fn blank_texts_are_missing_and_still_measured() {
    let mut blank = post(Platform::X, PostKind::Feed);
    blank.text = " ".repeat(281);
    let found: Vec<_> = find(&blank).into_iter().map(|f| f.code).collect();
    assert_eq!(found, [Code::ContentRequired, Code::TextTooLong]);
}

#[test]
fn a_platform_without_limits_is_a_warning() {
    let mut post = post(Platform::X, PostKind::Feed);
    post.platform = Platform::new("mastodon").unwrap();
    warning(&post, Code::LimitsUnknown, "platform");
}

#[test]
fn options_of_another_platform_leave_the_required_ones_missing() {
    let mut pin = post(Platform::PINTEREST, PostKind::Feed);
    pin.options = PlatformOptions::X(XOptions::default());
    let found: Vec<_> = find(&pin).into_iter().map(|f| (f.code, f.field)).collect();
    assert_eq!(
        found,
        [
            (Code::OptionForOtherPlatform, "options".to_owned()),
            (Code::OptionRequired, "options.board_id".to_owned())
        ]
    );
}

#[test]
fn outside_platforms_are_checked_by_their_data_alone() {
    let file = r#"
        platform = "mastodon"
        name = "Mastodon"
        [sources]
        docs = "https://docs.joinmastodon.org/user/posting/"
        [common]
        needs_one_of = ["text", "media"]
        text = { unit = "grapheme", max = { value = 500, source = "docs" } }
        [common.media.image]
        max_count = { value = 4, source = "docs" }
        [common.options.visibility]
        required = true
        [common.options.languages]
        max_items = { value = 2, source = "docs" }
        [common.options.delay]
        max = { value = 60, source = "docs" }
        [kinds.thread.thread]
        max_parts = { value = 3, source = "docs" }
    "#;
    let mut book = book();
    let name = book.insert_toml(file).unwrap();
    let mut post = bare(name.clone(), PostKind::Thread);
    post.text = "👨‍👩‍👧‍👦".repeat(501);
    post.thread = vec![part("a"), part("b"), part("c")];
    let fields = [
        ("languages".to_owned(), serde_json::json!(["en", "de", "fr"])),
        ("delay".to_owned(), serde_json::json!(61)),
    ];
    post.options = PlatformOptions::Other { name, fields: fields.into_iter().collect() };
    let findings = check_all(&[post], &book).findings;
    let found: Vec<_> = findings.iter().map(|f| (f.code, f.field.as_str())).collect();
    assert_eq!(
        found,
        [
            (Code::ThreadTooLong, "thread"),
            (Code::TextTooLong, "text"),
            (Code::OptionOutOfRange, "options.delay"),
            (Code::OptionTooMany, "options.languages"),
            (Code::OptionRequired, "options.visibility"),
        ]
    );
}

#[test]
fn checking_together_finds_what_checking_alone_finds() {
    let book = book();
    let long = format!("{} #a #b #c #d #e #f https://example.com/", "a ".repeat(400));
    let posts: Vec<_> = Platform::BUNDLED
        .iter()
        .map(|platform| {
            let mut post = post(platform.clone(), PostKind::Feed);
            post.text = long.clone();
            post
        })
        .collect();
    let alone: Vec<_> = posts
        .iter()
        .flat_map(|post| check(post, book.limits_for(&post.platform, None).unwrap()))
        .collect();
    assert_eq!(check_all(&posts, &book).findings, alone);
    assert!(alone.len() >= 4, "{alone:?}");
}
