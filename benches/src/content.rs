//! Posts as people write them, for each platform, and texts in several scripts.

use std::fmt;

use mcmp_core::account::Platform;
use mcmp_core::asset::{AssetKind, Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::id::AccountId;
use mcmp_core::post::{
    Outgoing, OutgoingMedia, PinterestOptions, PlatformOptions, PostKind, TikTokOptions,
    TikTokPrivacy, WebflowOptions, YouTubeOptions, YouTubePrivacy,
};

use crate::Ids;

/// A post of about 300 characters: a link, two hashtags, a mention.
pub const POST: &str = "We baked all night so that your Saturday starts well: rye with caraway, \
    spelt rolls, and the first plum cake of the year. Come by from seven, bring a bag, and tell \
    @acme_bakery which one you liked best. The whole list is at https://www.acme.com/saturday \
    and on the door. #freshbread #saturday";

const MIXED: &str = "新しいパンが焼けました🥖 毎朝七時から営業しています👨‍👩‍👧‍👦 Frisches Brot für alle, \
    ça va très bien ❤️ #パン @acme_bakery https://www.acme.com/パン 🇯🇵🇩🇪 ";

/// The worst that people really write: 2,000 characters, emoji and CJK all over.
#[must_use]
pub fn long_text() -> String {
    MIXED.chars().cycle().take(2_000).collect()
}

/// A script to count, 300 characters of it.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    name: &'static str,
    sample: &'static str,
}

impl Script {
    /// Those that differ in what they cost.
    pub const ALL: [Self; 6] = [
        Self { name: "english", sample: "Fresh bread every morning from seven. " },
        Self { name: "german", sample: "Größere Brötchen für süße Mäuse gäbe es. " },
        Self {
            name: "japanese", sample: "毎朝七時から新しいパンを焼いています。"
        },
        Self {
            name: "arabic", sample: "خُبْزٌ طَازَجٌ كُلَّ صَبَاحٍ مِنَ السَّابِعَةِ. "
        },
        Self {
            name: "hindi", sample: "हर सुबह सात बजे से ताज़ी रोटी मिलती है। "
        },
        Self {
            name: "emoji", sample: "🥖👨‍👩‍👧‍👦❤️🇩🇪👍🏽1️⃣🎉"
        },
    ];

    /// The text.
    #[must_use]
    pub fn text(self) -> String {
        self.sample.chars().cycle().take(300).collect()
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What goes out to one account on `platform`, complete, with its required options: `text` with
/// two pictures, or with a video where the platform takes nothing else.
#[must_use]
pub fn outgoing(platform: &Platform, text: &str, ids: &Ids) -> Outgoing {
    let has_video = matches!(platform.as_str(), "youtube" | "tiktok");
    let media = if has_video { vec![video(ids)] } else { vec![picture(ids), picture(ids)] };
    let kind = match platform.as_str() {
        "pinterest" => PostKind::Carousel,
        _ => PostKind::Feed,
    };
    Outgoing {
        variant_id: ids.next(),
        account_id: ids.next(),
        platform: platform.clone(),
        kind,
        title: "Plum cake on Saturday".to_owned(),
        text: text.to_owned(),
        media,
        link: None,
        first_comment: None,
        thread: Vec::new(),
        options: options(platform),
    }
}

/// The same post for all twelve platforms.
#[must_use]
pub fn for_all(text: &str, ids: &Ids) -> Vec<Outgoing> {
    Platform::BUNDLED.iter().map(|platform| outgoing(platform, text, ids)).collect()
}

/// The same post for the first `count` platforms, one account each.
#[must_use]
pub fn for_some(count: usize, text: &str, ids: &Ids) -> Vec<Outgoing> {
    let mut all = for_all(text, ids);
    all.truncate(count);
    all
}

/// The same post for these accounts, in turn.
pub fn for_accounts(
    accounts: impl IntoIterator<Item = AccountId>,
    ids: &Ids,
) -> impl Iterator<Item = Outgoing> {
    accounts
        .into_iter()
        .map(|account_id| Outgoing { account_id, ..outgoing(&Platform::FACEBOOK, POST, ids) })
}

fn options(platform: &Platform) -> PlatformOptions {
    match platform.as_str() {
        "tiktok" => PlatformOptions::Tiktok(TikTokOptions {
            privacy: Some(TikTokPrivacy::PublicToEveryone),
            ..TikTokOptions::default()
        }),
        "pinterest" => PlatformOptions::Pinterest(PinterestOptions {
            board_id: Some("1234567890123456789".to_owned()),
            ..PinterestOptions::default()
        }),
        "youtube" => PlatformOptions::Youtube(YouTubeOptions {
            privacy: Some(YouTubePrivacy::Public),
            made_for_kids: Some(false),
            tags: ["bread", "bakery", "plum cake"].map(str::to_owned).to_vec(),
            ..YouTubeOptions::default()
        }),
        "webflow" => PlatformOptions::Webflow(WebflowOptions {
            collection_id: Some("64f0c1".to_owned()),
            ..WebflowOptions::default()
        }),
        _ => PlatformOptions::None,
    }
}

/// A square JPEG with a description.
#[must_use]
pub fn picture(ids: &Ids) -> OutgoingMedia {
    let facts = MediaFacts { width: Some(1080), height: Some(1080), ..MediaFacts::default() };
    file(AssetKind::Image, "image/jpeg", facts, ids)
}

/// A vertical MP4 of 20 seconds with a description.
#[must_use]
pub fn video(ids: &Ids) -> OutgoingMedia {
    let facts = MediaFacts {
        width: Some(720),
        height: Some(1280),
        duration_ms: Some(20_000),
        video_codec: Some("h264".to_owned()),
        audio_codec: Some("aac".to_owned()),
        frame_rate_millis: Some(30_000),
        has_audio: Some(true),
        bit_rate: Some(4_000_000),
        frames: None,
    };
    file(AssetKind::Video, "video/mp4", facts, ids)
}

fn file(kind: AssetKind, mime: &str, facts: MediaFacts, ids: &Ids) -> OutgoingMedia {
    OutgoingMedia {
        asset_id: ids.next(),
        kind,
        mime: Mime::new("mime", mime).unwrap(),
        file_name: FileName::new("file_name", "plum-cake.bin").unwrap(),
        storage_key: StorageKey::new("storage_key", "acme/plum-cake.bin").unwrap(),
        size_bytes: 500_000,
        checksum: Checksum::new("checksum", "5".repeat(64)).unwrap(),
        alt_text: Some("A plum cake on a wooden board, two slices cut".to_owned()),
        facts,
    }
}
