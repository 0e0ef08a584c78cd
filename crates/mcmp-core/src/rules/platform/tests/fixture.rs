//! Posts and media that are fine, to be made wrong one thing at a time.

use uuid::Uuid;

use crate::account::Platform;
use crate::asset::{AssetKind, Checksum, FileName, MediaFacts, Mime, StorageKey};
use crate::id::{AccountId, AssetId, Id, VariantId};
use crate::post::{
    Outgoing, OutgoingMedia, OutgoingPart, PinterestOptions, PlatformOptions, PostKind,
    TikTokOptions, TikTokPrivacy, WebflowOptions, YouTubeOptions, YouTubePrivacy,
};
use crate::rules::limits::LimitsBook;
use crate::rules::platform::check_all;
use crate::rules::{Finding, FindingCode, Severity};
use crate::value::WebUrl;

pub(super) fn book() -> LimitsBook {
    LimitsBook::bundled().unwrap()
}

/// An empty post.
pub(super) fn bare(platform: Platform, kind: PostKind) -> Outgoing {
    Outgoing {
        variant_id: VariantId::from_uuid(Uuid::from_u128(1)),
        account_id: AccountId::from_uuid(Uuid::from_u128(2)),
        platform,
        kind,
        title: String::new(),
        text: String::new(),
        media: Vec::new(),
        link: None,
        first_comment: None,
        thread: Vec::new(),
        options: PlatformOptions::None,
    }
}

/// A post that its platform takes without a word.
pub(super) fn post(platform: Platform, kind: PostKind) -> Outgoing {
    let mut post = bare(platform, kind);
    post.text = "Fresh bread every morning".to_owned();
    match kind {
        PostKind::Reel | PostKind::Story => {
            post.media = vec![video()];
        }
        PostKind::Short => post.media = vec![video()],
        PostKind::Carousel => post.media = vec![image(), image()],
        PostKind::Thread => post.thread = vec![part("And cake on Sundays")],
        PostKind::Feed | PostKind::Article => {}
    }
    if kind == PostKind::Story {
        post.text.clear();
    }
    match post.platform.as_str() {
        "instagram" if kind == PostKind::Feed => post.media = vec![image()],
        "tiktok" => {
            if kind == PostKind::Feed {
                post.media = vec![video()];
            }
            let privacy = Some(TikTokPrivacy::PublicToEveryone);
            post.options =
                PlatformOptions::Tiktok(TikTokOptions { privacy, ..TikTokOptions::default() });
        }
        "pinterest" => {
            if kind == PostKind::Feed {
                post.media = vec![image()];
            }
            post.options = PlatformOptions::Pinterest(PinterestOptions {
                board_id: Some("1234567890123456789".to_owned()),
                ..PinterestOptions::default()
            });
        }
        "youtube" => {
            post.title = "Bread".to_owned();
            post.media = vec![video()];
            post.options = PlatformOptions::Youtube(YouTubeOptions {
                privacy: Some(YouTubePrivacy::Public),
                made_for_kids: Some(false),
                ..YouTubeOptions::default()
            });
        }
        "webflow" => {
            post.title = "Bread".to_owned();
            post.options = PlatformOptions::Webflow(WebflowOptions {
                collection_id: Some("c1".to_owned()),
                ..WebflowOptions::default()
            });
        }
        _ => {}
    }
    post
}

pub(super) fn part(text: &str) -> OutgoingPart {
    OutgoingPart { text: text.to_owned(), media: Vec::new() }
}

pub(super) fn file(kind: AssetKind, mime: &str, facts: MediaFacts) -> OutgoingMedia {
    OutgoingMedia {
        asset_id: AssetId::from_uuid(Uuid::from_u128(3)),
        kind,
        mime: Mime::new("mime", mime).unwrap(),
        file_name: FileName::new("file_name", "bread.bin").unwrap(),
        storage_key: StorageKey::new("storage_key", "a/bread.bin").unwrap(),
        size_bytes: 500_000,
        checksum: Checksum::new("checksum", "0".repeat(64)).unwrap(),
        alt_text: None,
        facts,
    }
}

/// A square JPEG that every platform with pictures takes.
pub(super) fn image() -> OutgoingMedia {
    file(
        AssetKind::Image,
        "image/jpeg",
        MediaFacts { width: Some(1080), height: Some(1080), ..MediaFacts::default() },
    )
}

pub(super) fn sized(width: u32, height: u32) -> OutgoingMedia {
    let mut image = image();
    image.facts.width = Some(width);
    image.facts.height = Some(height);
    image
}

pub(super) fn gif() -> OutgoingMedia {
    let mut gif = sized(480, 480);
    gif.mime = Mime::new("mime", "image/gif").unwrap();
    gif.facts.frames = Some(20);
    gif
}

/// A vertical MP4 of 20 seconds that every platform with videos takes.
pub(super) fn video() -> OutgoingMedia {
    file(
        AssetKind::Video,
        "video/mp4",
        MediaFacts {
            width: Some(720),
            height: Some(1280),
            duration_ms: Some(20_000),
            video_codec: Some("h264".to_owned()),
            audio_codec: Some("aac".to_owned()),
            frame_rate_millis: Some(30_000),
            has_audio: Some(true),
            bit_rate: Some(4_000_000),
            frames: None,
        },
    )
}

/// The same video, of another size.
pub(super) fn large_video(width: u32, height: u32) -> OutgoingMedia {
    let mut video = video();
    video.facts.width = Some(width);
    video.facts.height = Some(height);
    video
}

pub(super) fn pdf() -> OutgoingMedia {
    let facts = MediaFacts { frames: Some(10), ..MediaFacts::default() };
    file(AssetKind::Document, "application/pdf", facts)
}

pub(super) fn link(url: &str) -> Option<WebUrl> {
    Some(WebUrl::new("link", url).unwrap())
}

/// `count` words that start with `sign`.
pub(super) fn signs(sign: &str, count: usize) -> String {
    (0..count).map(|i| format!("{sign}name{i} ")).collect()
}

pub(super) fn links(count: usize) -> String {
    (0..count).map(|i| format!("https://example.com/{i} ")).collect()
}

pub(super) fn find(post: &Outgoing) -> Vec<Finding> {
    check_all(std::slice::from_ref(post), &book()).findings
}

/// Codes, severities and fields, for comparing.
pub(super) fn brief(findings: &[Finding]) -> Vec<(FindingCode, Severity, &str)> {
    findings.iter().map(|f| (f.code, f.severity, f.field.as_str())).collect()
}

/// Nothing is found.
#[track_caller]
pub(super) fn clean(post: &Outgoing) {
    let findings = find(post);
    assert!(findings.is_empty(), "{:?}", findings);
}

/// Exactly this error is found.
#[track_caller]
pub(super) fn error(post: &Outgoing, code: FindingCode, field: &str) -> Finding {
    only(post, code, Severity::Error, field)
}

/// Exactly this warning is found.
#[track_caller]
pub(super) fn warning(post: &Outgoing, code: FindingCode, field: &str) -> Finding {
    only(post, code, Severity::Warning, field)
}

#[track_caller]
fn only(post: &Outgoing, code: FindingCode, severity: Severity, field: &str) -> Finding {
    let mut findings = find(post);
    assert_eq!(brief(&findings), [(code, severity, field)], "{findings:?}");
    findings.remove(0)
}

/// A starting point and a way to set one number in it.
pub(super) struct Edge<'a> {
    pub(super) post: Outgoing,
    pub(super) set: &'a dyn Fn(&mut Outgoing, u64),
    pub(super) code: FindingCode,
    pub(super) field: &'a str,
    pub(super) severity: Severity,
}

impl Edge<'_> {
    /// Fine at and below `max`, found just above, with the numbers in the finding.
    #[track_caller]
    pub(super) fn at_most(&self, max: u64) {
        if max > 1 {
            self.fine(max - 1);
        }
        self.fine(max);
        self.found(max + 1, max);
    }

    /// Fine at and above `min`, found just below.
    #[track_caller]
    pub(super) fn at_least(&self, min: u64) {
        self.fine(min + 1);
        self.fine(min);
        self.found(min - 1, min);
    }

    #[track_caller]
    fn fine(&self, value: u64) {
        let mut post = self.post.clone();
        (self.set)(&mut post, value);
        let findings = find(&post);
        assert!(findings.is_empty(), "at {value}: {findings:?}");
    }

    #[track_caller]
    fn found(&self, value: u64, limit: u64) {
        let mut post = self.post.clone();
        (self.set)(&mut post, value);
        let findings = find(&post);
        assert_eq!(
            brief(&findings),
            [(self.code, self.severity, self.field)],
            "at {value}: {findings:?}"
        );
        assert_eq!(findings[0].limit.as_deref(), Some(limit.to_string().as_str()));
        assert_eq!(findings[0].actual.as_deref(), Some(value.to_string().as_str()));
        assert_eq!(findings[0].platform.as_ref(), Some(&self.post.platform));
        assert!(findings[0].message.len() > 20, "{}", findings[0].message);
    }
}

/// An edge whose passing blocks.
pub(super) fn edge<'a>(
    post: Outgoing,
    code: FindingCode,
    field: &'a str,
    set: &'a dyn Fn(&mut Outgoing, u64),
) -> Edge<'a> {
    Edge { post, set, code, field, severity: Severity::Error }
}

/// An edge whose passing only warns.
pub(super) fn soft_edge<'a>(
    post: Outgoing,
    code: FindingCode,
    field: &'a str,
    set: &'a dyn Fn(&mut Outgoing, u64),
) -> Edge<'a> {
    Edge { severity: Severity::Warning, ..edge(post, code, field, set) }
}

fn letters(count: u64) -> String {
    "a".repeat(usize::try_from(count).unwrap())
}

// What an edge sets.
pub(super) fn text(post: &mut Outgoing, length: u64) {
    post.text = letters(length);
}
pub(super) fn title(post: &mut Outgoing, length: u64) {
    post.title = letters(length);
}
pub(super) fn comment(post: &mut Outgoing, length: u64) {
    post.first_comment = Some(letters(length));
}
pub(super) fn next_part(post: &mut Outgoing, length: u64) {
    post.thread[0].text = letters(length);
}
pub(super) fn alt_text(post: &mut Outgoing, length: u64) {
    post.media[0].alt_text = Some(letters(length));
}
pub(super) fn copies(post: &mut Outgoing, count: u64) {
    let first = post.media[0].clone();
    post.media = (0..count).map(|_| first.clone()).collect();
}
pub(super) fn bytes(post: &mut Outgoing, bytes: u64) {
    post.media[0].size_bytes = bytes;
}
pub(super) fn duration(post: &mut Outgoing, millis: u64) {
    post.media[0].facts.duration_ms = Some(millis);
}
pub(super) fn frame_rate(post: &mut Outgoing, millis: u64) {
    post.media[0].facts.frame_rate_millis = Some(millis.try_into().unwrap());
}
pub(super) fn bit_rate(post: &mut Outgoing, rate: u64) {
    post.media[0].facts.bit_rate = Some(rate);
}
pub(super) fn width(post: &mut Outgoing, width: u64) {
    post.media[0].facts.width = Some(width.try_into().unwrap());
}
pub(super) fn height(post: &mut Outgoing, height: u64) {
    post.media[0].facts.height = Some(height.try_into().unwrap());
}
pub(super) fn frames(post: &mut Outgoing, frames: u64) {
    post.media[0].facts.frames = Some(frames.try_into().unwrap());
}
