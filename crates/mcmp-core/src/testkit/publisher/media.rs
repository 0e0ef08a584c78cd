//! A media storage that watches how it is read.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::asset::{Mime, StorageKey};
use crate::service::{
    MediaInfo, MediaStorage, MemoryMedia, ServiceError, ServiceErrorKind, SignedUrl,
};
use crate::time::Clock;
use crate::value::WebUrl;

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reads {
    /// The most bytes that were asked for at once.
    pub(super) largest: usize,
    /// The most bytes that had been read and not yet reached the platform.
    pub(super) most_held: u64,
    read: u64,
}

type Arrived = Box<dyn Fn() -> Option<u64> + Send + Sync>;

/// Keeps files in memory, hands them out in shorter pieces than asked for, as a storage may, and
/// watches.
pub(super) struct WatchedMedia {
    files: Arc<MemoryMedia>,
    reads: Mutex<Reads>,
    arrived: Arrived,
    address: Option<WebUrl>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for WatchedMedia {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchedMedia").field("reads", &self.reads()).finish_non_exhaustive()
    }
}

/// Most bytes of one piece: an odd number, so that no piece ends where a publisher expects it.
const PIECE: usize = 100_003;

impl WatchedMedia {
    /// Watches `files`; `arrived` says how many bytes have reached the platform.
    pub(super) fn new(
        files: Arc<MemoryMedia>,
        address: Option<WebUrl>,
        clock: Arc<dyn Clock>,
        arrived: impl Fn() -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        Self { files, reads: Mutex::default(), arrived: Box::new(arrived), address, clock }
    }

    pub(super) fn reads(&self) -> Reads {
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, asked: usize, given: usize) {
        let arrived = (self.arrived)();
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.largest = reads.largest.max(asked);
        reads.read += u64::try_from(given).unwrap_or(u64::MAX);
        if let Some(arrived) = arrived {
            reads.most_held = reads.most_held.max(reads.read.saturating_sub(arrived));
        }
    }
}

#[async_trait]
impl MediaStorage for WatchedMedia {
    async fn begin(&self, key: &StorageKey, mime: &Mime) -> Result<(), ServiceError> {
        self.files.begin(key, mime).await
    }

    async fn append(
        &self,
        key: &StorageKey,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), ServiceError> {
        self.files.append(key, offset, bytes).await
    }

    async fn finish(&self, key: &StorageKey) -> Result<MediaInfo, ServiceError> {
        self.files.finish(key).await
    }

    async fn info(&self, key: &StorageKey) -> Result<Option<MediaInfo>, ServiceError> {
        self.files.info(key).await
    }

    async fn read_chunk(
        &self,
        key: &StorageKey,
        offset: u64,
        max_len: usize,
    ) -> Result<Vec<u8>, ServiceError> {
        let piece = self.files.read_chunk(key, offset, max_len.min(PIECE)).await?;
        self.note(max_len, piece.len());
        Ok(piece)
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), ServiceError> {
        self.files.delete(key).await
    }

    async fn signed_url(
        &self,
        key: &StorageKey,
        valid_for: TimeDelta,
    ) -> Result<SignedUrl, ServiceError> {
        let error = |message: String| {
            ServiceError::new(ServiceErrorKind::NotSupported, "watched_media", message)
        };
        let Some(address) = &self.address else {
            return Err(error("these files have no address".to_owned()));
        };
        let url = format!("{}/{}", address.as_str().trim_end_matches('/'), key.as_str());
        let url = WebUrl::new("url", url).map_err(|invalid| error(invalid.to_string()))?;
        let expires_at: DateTime<Utc> = self.clock.now() + valid_for;
        Ok(SignedUrl { url, expires_at })
    }
}
