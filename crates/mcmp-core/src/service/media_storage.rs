//! Keeping media files.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::ServiceError;
use crate::asset::{Mime, StorageKey};
use crate::value::WebUrl;

/// What the storage knows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaInfo {
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// An address that works without credentials, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUrl {
    /// The address; whoever has it can read the file.
    pub url: WebUrl,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// Keeps the bytes of media files, by key. Files are written once and read in pieces, so that the
/// memory in use does not grow with them.
///
/// # Writing
/// `begin`, then `append` piece by piece in order, then `finish`. Until `finish` the key reads as
/// if nothing were there, or as the file that was there before; after it, as the new file whole.
#[async_trait]
pub trait MediaStorage: Debug + Send + Sync + 'static {
    /// Begins to write a file. What was begun and not finished for the same key is dropped.
    ///
    /// # Errors
    /// What the storage answered instead.
    async fn begin(&self, key: &StorageKey, mime: &Mime) -> Result<(), ServiceError>;

    /// Writes the next piece of a file that was begun: the one that starts at byte `offset`.
    ///
    /// # Behavior
    /// - The piece that was written last may be written again, with the same bytes, after a lost
    ///   answer.
    ///
    /// # Errors
    /// Nothing was begun, or `offset` is not where the file ends so far (invalid); or what the
    /// storage answered instead.
    async fn append(&self, key: &StorageKey, offset: u64, bytes: &[u8])
    -> Result<(), ServiceError>;

    /// Makes what was written the file. Finishing again, with nothing begun since, changes nothing.
    ///
    /// # Errors
    /// Nothing was begun and there is no file; or what the storage answered instead.
    async fn finish(&self, key: &StorageKey) -> Result<MediaInfo, ServiceError>;

    /// What is known of a file; `None` if there is none.
    ///
    /// # Errors
    /// What the storage answered instead.
    async fn info(&self, key: &StorageKey) -> Result<Option<MediaInfo>, ServiceError>;

    /// Up to `max_len` bytes of a file from byte `offset` on; empty only at its end, or if
    /// `max_len` is zero.
    ///
    /// # Errors
    /// There is no such file; or what the storage answered instead.
    async fn read_chunk(
        &self,
        key: &StorageKey,
        offset: u64,
        max_len: usize,
    ) -> Result<Vec<u8>, ServiceError>;

    /// Deletes a file. What is not there is deleted.
    ///
    /// # Errors
    /// What the storage answered instead.
    async fn delete(&self, key: &StorageKey) -> Result<(), ServiceError>;

    /// An address at which a platform can fetch the file, good for at least `valid_for` from now.
    ///
    /// # Errors
    /// The storage has no such addresses (not supported), there is no such file, or what it
    /// answered instead.
    async fn signed_url(
        &self,
        key: &StorageKey,
        valid_for: TimeDelta,
    ) -> Result<SignedUrl, ServiceError>;

    /// Writes a small file in one go.
    ///
    /// # Errors
    /// As the three steps of writing.
    async fn put(
        &self,
        key: &StorageKey,
        mime: &Mime,
        bytes: &[u8],
    ) -> Result<MediaInfo, ServiceError> {
        self.begin(key, mime).await?;
        self.append(key, 0, bytes).await?;
        self.finish(key).await
    }
}
