//! A file in the storage, and pieces of it.

use std::ops::Range;

use bytes::Bytes;
use mcmp_core::asset::StorageKey;
use mcmp_core::post::OutgoingMedia;
use mcmp_core::publishing::{ErrorClass, PublishContext, PublishError};
use mcmp_core::service::{MediaStorage, ServiceError, ServiceErrorKind};
use tokio::sync::mpsc;

use super::body::MediaBody;

/// A media file that goes out.
#[derive(Debug, Clone, Copy)]
pub struct MediaFile<'a> {
    storage: &'a dyn MediaStorage,
    key: &'a StorageKey,
    size: u64,
}

impl<'a> MediaFile<'a> {
    /// `media` of the post that `cx` is about.
    #[must_use]
    pub fn of(cx: &PublishContext<'a>, media: &'a OutgoingMedia) -> Self {
        Self::new(cx.media, &media.storage_key, media.size_bytes)
    }

    /// The file of `size` bytes at `key`.
    #[must_use]
    pub fn new(storage: &'a dyn MediaStorage, key: &'a StorageKey, size: u64) -> Self {
        Self { storage, key, size }
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All of it.
    #[must_use]
    pub fn whole(self) -> MediaPart<'a> {
        self.part(0..self.size)
    }

    /// The bytes of `range`; what lies beyond the end is left out.
    #[must_use]
    pub fn part(self, range: Range<u64>) -> MediaPart<'a> {
        let end = range.end.min(self.size);
        MediaPart { file: self, range: range.start.min(end)..end }
    }

    /// The pieces of `part_size` bytes of an upload in parts, from byte `from` on, where an earlier
    /// attempt stopped; the last one may be shorter. A size of zero counts as one byte.
    pub fn parts(self, from: u64, part_size: u64) -> impl Iterator<Item = MediaPart<'a>> {
        let mut start = from;
        std::iter::from_fn(move || {
            if start >= self.size {
                return None;
            }
            let part = self.part(start..start.saturating_add(part_size.max(1)));
            start = part.range.end;
            Some(part)
        })
    }
}

/// A piece of a media file, or all of it: the body of one request.
#[derive(Debug, Clone)]
pub struct MediaPart<'a> {
    file: MediaFile<'a>,
    range: Range<u64>,
}

impl<'a> MediaPart<'a> {
    /// Most bytes that are read at once.
    pub const CHUNK: usize = 256 * 1024;
    /// Chunks that wait to be sent.
    const WAITING: usize = 2;
    /// Most bytes in memory between the storage and the connection: the chunks that wait, one
    /// that is being read and one that is being sent.
    pub const MAX_BUFFERED: usize = Self::CHUNK * (Self::WAITING + 2);

    /// Which bytes of the file, as `Content-Range` headers tell it.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The body, and what fills it: both must run for either to end.
    pub(crate) fn into_body(
        self,
    ) -> (MediaBody, impl Future<Output = Result<(), PublishError>> + Send + use<'a>) {
        let (chunks, receiver) = mpsc::channel(Self::WAITING);
        (MediaBody::new(receiver, self.len()), self.feed(chunks))
    }

    async fn feed(self, chunks: mpsc::Sender<Bytes>) -> Result<(), PublishError> {
        let Range { mut start, end } = self.range;
        while start < end {
            let left = usize::try_from(end - start).unwrap_or(usize::MAX);
            let MediaFile { storage, key, .. } = self.file;
            let chunk = storage
                .read_chunk(key, start, left.min(Self::CHUNK))
                .await
                .map_err(|error| unreadable(&error))?;
            if chunk.is_empty() {
                let message = "the media file is shorter than it was when it was added";
                return Err(
                    PublishError::new(ErrorClass::InvalidContent, message).code("media_short")
                );
            }
            // A storage that gives more than was asked for does not shift what follows.
            let mut chunk = Bytes::from(chunk);
            chunk.truncate(left);
            start = start.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if chunks.send(chunk).await.is_err() {
                // Nobody wants the rest: the answer came early, or the connection broke.
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What a storage's error means for the post.
pub(crate) fn unreadable(error: &ServiceError) -> PublishError {
    let class = match error.kind {
        ServiceErrorKind::RateLimited { until } => ErrorClass::RateLimited { until },
        ServiceErrorKind::NotFound | ServiceErrorKind::Invalid => ErrorClass::InvalidContent,
        ServiceErrorKind::Refused | ServiceErrorKind::NotSupported => ErrorClass::Permission,
        _ => ErrorClass::Transient,
    };
    PublishError::new(class, format!("the media file can't be read: {error}")).code("media_storage")
}
