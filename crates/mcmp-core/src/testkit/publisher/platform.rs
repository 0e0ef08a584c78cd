//! What the author of a publisher implements to have it tried.

use std::sync::Arc;

use async_trait::async_trait;

use super::draft::{Draft, Form, checksum_of};
use super::fault::{At, Fault, Scripted};
use crate::asset::Checksum;
use crate::id::AssetId;
use crate::portal::Connection;
use crate::post::PlatformOptions;
use crate::publishing::Publisher;
use crate::rules::limits::LimitsBook;
use crate::service::MediaStorage;
use crate::value::WebUrl;

/// A file that the public sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveMedia {
    /// The SHA-256 of the bytes that arrived.
    pub checksum: Checksum,
    /// Its description, as a screen reader would read it out; `None` also where the platform
    /// shows none.
    pub alt_text: Option<String>,
}

impl LiveMedia {
    /// A file of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8], alt_text: Option<String>) -> Self {
        Self { checksum: checksum_of(bytes), alt_text }
    }
}

/// A post, or a part of one, that the public sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePost {
    /// The platform's id of it.
    pub id: String,
    /// Its address, where the platform tells one to whoever publishes.
    pub url: Option<String>,
    /// Its title, where it has one of its own.
    pub title: Option<String>,
    /// Its text as a reader sees it: escapes undone, tags that the publisher put around it and
    /// its marker taken away.
    pub text: String,
    /// Its files, in order.
    pub media: Vec<LiveMedia>,
    /// The id of the post that it stands under.
    pub parent: Option<String>,
}

/// How many calls have reached the fake since it began. A call counts once the fake has done with
/// it whatever it will do, even if no answer is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// Those that make something visible, whatever came of them.
    pub visible: usize,
    /// All of them, the visible ones too.
    pub total: usize,
}

/// A publisher with a fake of its platform, that does as it is told.
///
/// The fake is as strict as the real platform: it refuses what that refuses. It goes by the clock
/// that it was made with wherever the platform shows or compares times.
///
/// Only what has no default must be written.
#[async_trait]
pub trait PlatformUnderTest: Send + Sync + 'static {
    /// The publisher, as an installation would build it, but with the fake's address, and time
    /// limits that a test can wait for: [`go_live_budget`] and the limits of other calls some hundred
    /// milliseconds where [real sockets](Self::uses_sockets) are in play.
    ///
    /// [`go_live_budget`]: crate::publishing::PublisherCapabilities::go_live_budget
    fn publisher(&self) -> Arc<dyn Publisher>;

    /// What connecting an account of the fake gives: its facts, and tokens that are good. It is
    /// asked for at the start, and after [`revoke`](Self::revoke) and
    /// [`expire_token`](Self::expire_token), when a person connects the account again.
    fn connection(&self) -> Connection;

    /// What to publish for `form`: [`Draft::of`] it, changed to what the platform takes; `None` if
    /// there is no such thing. One form at least must be there.
    fn draft(&self, form: Form) -> Option<Draft>;

    /// The options that the platform demands for `form`; `media` are the draft's files.
    fn options(&self, form: Form, media: &[AssetId]) -> PlatformOptions {
        let _ = (form, media);
        PlatformOptions::None
    }

    /// Makes one call go wrong.
    async fn script(&self, at: At, fault: Fault) -> Scripted;

    /// What the public sees of the account, first to last.
    async fn live(&self) -> Vec<LivePost>;

    /// How many calls have reached the fake.
    fn calls(&self) -> Calls;

    /// From now on the access token is refused, as on the day on which it ends; where the publisher
    /// can refresh, the refresh token stays good. What [`connection`](Self::connection) gives from
    /// now on is good again.
    async fn expire_token(&self) -> Scripted;

    /// From now on the grant is worth nothing: the access token and the refresh token are refused.
    /// What [`connection`](Self::connection) gives from now on is good again.
    async fn revoke(&self) -> Scripted;

    /// Whether the publisher reaches the fake over real sockets. Without them the kit stops tokio's
    /// clock, and time limits run out at once where nothing else happens.
    fn uses_sockets(&self) -> bool {
        true
    }

    /// Secrets beside the tokens, which the kit sees by itself: an app's secret, a signing key. At
    /// least eight characters each.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// The platform's limits, if they are not among the bundled ones.
    fn limits(&self) -> Option<LimitsBook> {
        None
    }

    /// Whether the platform takes descriptions of files.
    fn takes_alt_text(&self) -> bool {
        true
    }

    /// Whether a look-up knows the job's own post from another one with the same text, because it
    /// goes by an id, a key or a marker. Without that it goes by text and time, and this is `false`.
    fn knows_its_own(&self) -> bool {
        true
    }

    /// How many bytes of media the fake has read so far. With it the kit sees how much a publisher
    /// holds in memory between reading and sending; `None` if the fake does not count.
    fn media_bytes_read(&self) -> Option<u64> {
        None
    }

    /// For platforms that fetch media by address: takes the storage, and answers with the address
    /// below which the fake serves its files by key. The default is a storage without addresses.
    fn serve_media(&self, media: Arc<dyn MediaStorage>) -> Option<WebUrl> {
        drop(media);
        None
    }

    /// How many uploads and the like lie on the platform without belonging to anything live.
    async fn orphans(&self) -> usize {
        0
    }

    /// How many of those one crash may leave behind at most, as the publisher documents.
    fn orphans_allowed(&self) -> usize {
        0
    }
}
