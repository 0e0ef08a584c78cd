//! Media in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{MediaInfo, MediaStorage, ServiceError, ServiceErrorKind, SignedUrl};
use crate::asset::{Mime, StorageKey};

/// Keeps media in memory: for tests, demonstrations and single runs. All of it is gone with the
/// process. It has no addresses for platforms to fetch from.
#[derive(Debug, Default)]
pub struct MemoryMedia {
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    finished: BTreeMap<StorageKey, Arc<[u8]>>,
    begun: BTreeMap<StorageKey, Vec<u8>>,
}

/// Names and sizes, not the bytes.
impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = self.finished.iter().map(|(key, bytes)| (key.as_str(), bytes.len()));
        f.debug_map().entries(sizes).finish()
    }
}

impl MemoryMedia {
    /// Nothing kept yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // Every change is complete before anything can panic.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn error(kind: ServiceErrorKind, message: impl Into<String>) -> ServiceError {
    ServiceError::new(kind, "memory_media", message)
}

fn missing(key: &StorageKey) -> ServiceError {
    error(ServiceErrorKind::NotFound, format!("there is no {}", key.as_str()))
}

fn info(bytes: &[u8]) -> MediaInfo {
    MediaInfo { size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
}

#[async_trait]
impl MediaStorage for MemoryMedia {
    async fn begin(&self, key: &StorageKey, _mime: &Mime) -> Result<(), ServiceError> {
        self.files().begun.insert(key.clone(), Vec::new());
        Ok(())
    }

    async fn append(
        &self,
        key: &StorageKey,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), ServiceError> {
        let mut files = self.files();
        let Some(begun) = files.begun.get_mut(key) else {
            return Err(error(ServiceErrorKind::Invalid, "nothing was begun"));
        };
        let written = usize::try_from(offset).ok().and_then(|offset| begun.get(offset..));
        match written {
            Some([]) => {
                begun.extend_from_slice(bytes);
                Ok(())
            }
            Some(last) if last == bytes => Ok(()),
            _ => Err(error(
                ServiceErrorKind::Invalid,
                format!("{} bytes are written, the piece starts at {offset}", begun.len()),
            )),
        }
    }

    async fn finish(&self, key: &StorageKey) -> Result<MediaInfo, ServiceError> {
        let mut files = self.files();
        if let Some(bytes) = files.begun.remove(key) {
            files.finished.insert(key.clone(), bytes.into());
        }
        files.finished.get(key).map(|bytes| info(bytes)).ok_or_else(|| missing(key))
    }

    async fn info(&self, key: &StorageKey) -> Result<Option<MediaInfo>, ServiceError> {
        Ok(self.files().finished.get(key).map(|bytes| info(bytes)))
    }

    async fn read_chunk(
        &self,
        key: &StorageKey,
        offset: u64,
        max_len: usize,
    ) -> Result<Vec<u8>, ServiceError> {
        let files = self.files();
        let bytes = files.finished.get(key).ok_or_else(|| missing(key))?;
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
        Ok(rest.unwrap_or(&[]).iter().take(max_len).copied().collect())
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), ServiceError> {
        let mut files = self.files();
        files.begun.remove(key);
        files.finished.remove(key);
        Ok(())
    }

    async fn signed_url(
        &self,
        _key: &StorageKey,
        _valid_for: TimeDelta,
    ) -> Result<SignedUrl, ServiceError> {
        Err(error(ServiceErrorKind::NotSupported, "files in memory have no address"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> StorageKey {
        StorageKey::new("key", "client/video.mp4").unwrap()
    }

    fn mime() -> Mime {
        Mime::new("mime", "video/mp4").unwrap()
    }

    fn now<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    proptest! {
        #[test]
        fn what_was_written_in_pieces_reads_back_in_pieces(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..20), any::<bool>()), 0..8),
            max_len in 1..30_usize,
        ) {
            let media = MemoryMedia::new();
            let mut whole = Vec::new();
            let read = now(async {
                media.begin(&key(), &mime()).await?;
                for (piece, answer_lost) in &pieces {
                    let offset = u64::try_from(whole.len()).unwrap();
                    media.append(&key(), offset, piece).await?;
                    if *answer_lost {
                        media.append(&key(), offset, piece).await?;
                    }
                    whole.extend_from_slice(piece);
                }
                assert_eq!(media.info(&key()).await?, None, "not there before it is finished");
                media.finish(&key()).await?;
                let mut read: Vec<u8> = Vec::new();
                loop {
                    let offset = u64::try_from(read.len()).unwrap();
                    let chunk = media.read_chunk(&key(), offset, max_len).await?;
                    assert!(chunk.len() <= max_len);
                    if chunk.is_empty() {
                        return Ok::<_, ServiceError>(read);
                    }
                    read.extend(chunk);
                }
            });
            prop_assert_eq!(read.unwrap(), whole);
        }
    }

    #[tokio::test]
    async fn a_file_stays_until_the_new_one_is_finished() {
        let media = MemoryMedia::new();
        media.put(&key(), &mime(), b"old").await.unwrap();
        media.begin(&key(), &mime()).await.unwrap();
        media.append(&key(), 0, b"newer").await.unwrap();
        let gap = media.append(&key(), 9, b"x").await.unwrap_err();
        assert_eq!(gap.kind, ServiceErrorKind::Invalid);
        assert_eq!(media.read_chunk(&key(), 0, 9).await.unwrap(), b"old");
        assert_eq!(media.finish(&key()).await.unwrap().size_bytes, 5);
        assert_eq!(media.finish(&key()).await.unwrap().size_bytes, 5);
        assert_eq!(media.read_chunk(&key(), 3, 9).await.unwrap(), b"er");
        assert_eq!(media.read_chunk(&key(), u64::MAX, 9).await.unwrap(), b"");
        media.delete(&key()).await.unwrap();
        media.delete(&key()).await.unwrap();
        let gone = media.read_chunk(&key(), 0, 9).await.unwrap_err();
        assert_eq!(gone.kind, ServiceErrorKind::NotFound);
        assert_eq!(media.finish(&key()).await.unwrap_err().kind, ServiceErrorKind::NotFound);
    }
}
