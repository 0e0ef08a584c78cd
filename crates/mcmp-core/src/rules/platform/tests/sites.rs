//! Google Business Profile, WordPress, Webflow, websites.

use chrono::NaiveDate;

use super::fixture::*;
use crate::account::Platform;
use crate::asset::{FileName, Mime};
use crate::id::{AssetId, Id};
use crate::post::{
    BusinessEvent, BusinessOffer, CallToAction, GoogleBusinessOptions, GoogleBusinessTopic,
    Outgoing, PlatformOptions, PostKind, WebflowOptions, WordPressOptions,
};
use crate::rules::FindingCode as Code;
use crate::value::Name;

fn google(options: GoogleBusinessOptions) -> Outgoing {
    let mut post = post(Platform::GOOGLE_BUSINESS, PostKind::Feed);
    post.options = PlatformOptions::GoogleBusiness(options);
    post
}

fn event(title: &str, days: u32) -> Option<BusinessEvent> {
    let day = |day| NaiveDate::from_ymd_opt(2027, 5, day).unwrap().and_hms_opt(9, 0, 0).unwrap();
    Some(BusinessEvent {
        title: Name::new("title", title).unwrap(),
        starts: day(5),
        ends: day(days),
    })
}

#[test]
fn google_business_content() {
    let feed = || post(Platform::GOOGLE_BUSINESS, PostKind::Feed);
    edge(feed(), Code::TextTooLong, "text", &text).at_most(1_500);
    let picture = || {
        let mut post = feed();
        post.media = vec![image()];
        post
    };
    edge(picture(), Code::MediaTooMany, "media", &copies).at_most(1);
    edge(picture(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(5_000_000);
    edge(picture(), Code::FileTooSmall, "media[0].size_bytes", &bytes).at_least(10_000);
    edge(picture(), Code::DimensionsTooSmall, "media[0].facts.width", &width).at_least(250);
    edge(picture(), Code::DimensionsTooSmall, "media[0].facts.height", &height).at_least(250);
    let mut film = feed();
    film.media = vec![video()];
    error(&film, Code::MediaKindUnsupported, "media[0]");
    let mut webp = picture();
    webp.media[0].mime = Mime::new("mime", "image/webp").unwrap();
    error(&webp, Code::FormatUnsupported, "media[0].mime");
    // A number that the platform does not confirm says so.
    let mut long = feed();
    text(&mut long, 1_501);
    let hint = error(&long, Code::TextTooLong, "text").hint.unwrap();
    assert!(hint.contains("does not confirm"), "{hint}");
}

#[test]
fn google_business_buttons_and_topics() {
    let button = |call_to_action| {
        google(GoogleBusinessOptions { call_to_action, ..GoogleBusinessOptions::default() })
    };
    let mut post = button(Some(CallToAction::Book));
    error(&post, Code::LinkRequired, "link");
    post.link = link("https://example.com/book");
    clean(&post);
    let mut post = button(Some(CallToAction::Call));
    clean(&post);
    post.link = link("https://example.com/book");
    warning(&post, Code::LinkUnsupported, "link");
    for options in [button(None).options, PlatformOptions::None] {
        post.options = options;
        warning(&post, Code::LinkUnsupported, "link");
    }

    let topic = |topic, event, offer, call_to_action| {
        google(GoogleBusinessOptions { topic, event, offer, call_to_action })
    };
    let offer = || Some(BusinessOffer::default());
    use GoogleBusinessTopic::{Event, Offer};
    error(&topic(Event, None, None, None), Code::OptionRequired, "options.event");
    clean(&topic(Event, event("Open day", 6), None, None));
    clean(&topic(Event, event(&"a".repeat(58), 6), None, None));
    let long = topic(Event, event(&"a".repeat(59), 6), None, None);
    error(&long, Code::OptionTooLong, "options.event.title");
    let backwards = topic(Event, event("Open day", 4), None, None);
    error(&backwards, Code::OptionOutOfRange, "options.event.ends");
    let bare = topic(Offer, event("Sale", 6), None, None);
    error(&bare, Code::OptionRequired, "options.offer");
    clean(&topic(Offer, event("Sale", 6), offer(), None));
    let button = topic(Offer, event("Sale", 6), offer(), Some(CallToAction::Shop));
    error(&button, Code::OptionConflict, "options.call_to_action");
}

#[test]
fn wordpress_and_websites() {
    for platform in [Platform::WORDPRESS, Platform::WEBSITE] {
        for kind in [PostKind::Feed, PostKind::Article] {
            error(&bare(platform.clone(), kind), Code::ContentRequired, "text");
            let mut post = post(platform.clone(), kind);
            post.title = "a".repeat(1_000);
            post.media = vec![image(), video(), pdf(), gif()];
            post.media[0].alt_text = Some("a".repeat(5_000));
            clean(&post);
            post.first_comment = Some("First".to_owned());
            error(&post, Code::FirstCommentUnsupported, "first_comment");
        }
        let reel = post(platform, PostKind::Reel);
        assert_eq!(
            error(&reel, Code::KindUnsupported, "kind").limit.as_deref(),
            Some("feed, article")
        );
    }
    let long = post(Platform::WEBSITE, PostKind::Article);
    soft_edge(long, Code::TextTooLong, "text", &text).at_most(20_000);
    let mut long = post(Platform::WORDPRESS, PostKind::Article);
    text(&mut long, 100_000);
    clean(&long);
}

#[test]
fn wordpress_features_a_picture_of_the_post() {
    let mut post = post(Platform::WORDPRESS, PostKind::Article);
    post.media = vec![video(), image()];
    let chosen = |featured| {
        PlatformOptions::Wordpress(WordPressOptions { featured, ..WordPressOptions::default() })
    };
    let other = AssetId::from_uuid(uuid::Uuid::from_u128(77));
    post.media[0].asset_id = other;
    post.options = chosen(Some(post.media[1].asset_id));
    clean(&post);
    for none in [other, AssetId::from_uuid(uuid::Uuid::from_u128(78))] {
        post.options = chosen(Some(none));
        error(&post, Code::OptionInvalid, "options.featured");
    }
    post.options = chosen(None);
    clean(&post);
}

#[test]
fn webflow() {
    let item = || post(Platform::WEBFLOW, PostKind::Article);
    edge(item(), Code::TitleTooLong, "title", &title).at_most(256);
    let mut untitled = item();
    untitled.title = " ".to_owned();
    error(&untitled, Code::TitleRequired, "title");
    let mut homeless = item();
    homeless.options = PlatformOptions::Webflow(WebflowOptions::default());
    error(&homeless, Code::OptionRequired, "options.collection_id");
    homeless.options = PlatformOptions::None;
    error(&homeless, Code::OptionRequired, "options.collection_id");
    let picture = || {
        let mut post = item();
        post.media = vec![image()];
        post
    };
    edge(picture(), Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(4_000_000);
    let named = |post: &mut Outgoing, length: u64| {
        let name = "a".repeat(usize::try_from(length).unwrap());
        post.media[0].file_name = FileName::new("file_name", name).unwrap();
    };
    edge(picture(), Code::FileNameTooLong, "media[0].file_name", &named).at_most(99);
    let mut paper = item();
    paper.media = vec![pdf()];
    edge(paper, Code::FileTooLarge, "media[0].size_bytes", &bytes).at_most(10_000_000);
    let mut film = item();
    film.media = vec![video()];
    error(&film, Code::MediaKindUnsupported, "media[0]");
}
