use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use http_body::Body;
use mcmp_core::asset::{Mime, StorageKey};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::service::{MediaInfo, MediaStorage, ServiceError, ServiceErrorKind, SignedUrl};
use proptest::prelude::*;

use super::source::{MediaFile, MediaPart};

/// A file whose byte at `n` follows from `n`, given out in pieces of at most `most` bytes.
#[derive(Debug)]
struct Pattern {
    size: u64,
    most: usize,
    given: AtomicUsize,
}

fn byte_at(n: u64) -> u8 {
    let [byte, ..] = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    byte
}

impl Pattern {
    fn new(size: u64, most: usize) -> Self {
        Self { size, most, given: AtomicUsize::new(0) }
    }
}

fn not_needed() -> ServiceError {
    ServiceError::new(ServiceErrorKind::NotSupported, "pattern", "this file is only read")
}

#[async_trait]
impl MediaStorage for Pattern {
    async fn read_chunk(
        &self,
        key: &StorageKey,
        offset: u64,
        max_len: usize,
    ) -> Result<Vec<u8>, ServiceError> {
        if key.as_str() != "video" {
            return Err(ServiceError::new(ServiceErrorKind::NotFound, "pattern", "no such file"));
        }
        let end = self.size.min(offset.saturating_add(max_len.min(self.most) as u64));
        let bytes: Vec<u8> = (offset..end).map(byte_at).collect();
        self.given.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes)
    }

    async fn begin(&self, _: &StorageKey, _: &Mime) -> Result<(), ServiceError> {
        Err(not_needed())
    }
    async fn append(&self, _: &StorageKey, _: u64, _: &[u8]) -> Result<(), ServiceError> {
        Err(not_needed())
    }
    async fn finish(&self, _: &StorageKey) -> Result<MediaInfo, ServiceError> {
        Err(not_needed())
    }
    async fn info(&self, _: &StorageKey) -> Result<Option<MediaInfo>, ServiceError> {
        Ok(Some(MediaInfo { size_bytes: self.size }))
    }
    async fn delete(&self, _: &StorageKey) -> Result<(), ServiceError> {
        Err(not_needed())
    }
    async fn signed_url(&self, _: &StorageKey, _: TimeDelta) -> Result<SignedUrl, ServiceError> {
        Err(not_needed())
    }
}

/// What came out, and the most that was read and not yet taken.
struct Taken {
    bytes: Vec<u8>,
    most_buffered: usize,
    is_complete: bool,
}

/// Takes the body of `part` as a slow connection does: after each chunk it lets the other side run
/// until that can do no more.
async fn take(storage: &Pattern, part: MediaPart<'_>) -> Result<Taken, PublishError> {
    let before = storage.given.load(Ordering::Relaxed);
    let (body, feed) = part.into_body();
    let taking = async {
        let mut body = pin!(body);
        let mut taken = Taken { bytes: Vec::new(), most_buffered: 0, is_complete: true };
        loop {
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            let given = storage.given.load(Ordering::Relaxed) - before;
            taken.most_buffered = taken.most_buffered.max(given - taken.bytes.len());
            let left = body.size_hint().exact().unwrap();
            match poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                Some(Ok(frame)) => {
                    let chunk = frame.into_data().unwrap();
                    assert_eq!(body.size_hint().exact().unwrap(), left - chunk.len() as u64);
                    taken.bytes.extend_from_slice(&chunk);
                }
                Some(Err(_)) => {
                    taken.is_complete = false;
                    return taken;
                }
                None => return taken,
            }
        }
    };
    let (taken, fed) = tokio::join!(taking, feed);
    fed.map(|()| taken)
}

fn key(name: &str) -> StorageKey {
    StorageKey::new("key", name).unwrap()
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_parts_together_are_the_file_whatever_their_size(
        size in 0..3_000_u64,
        part_size in 0..900_u64,
        from in 0..3_000_u64,
        most in 1..500_usize,
    ) {
        let part_size = part_size.max(size / 50);
        let storage = Pattern::new(size, most);
        let key = key("video");
        let file = MediaFile::new(&storage, &key, size);
        let parts: Vec<_> = file.parts(from, part_size).collect();
        let mut at = from.min(size);
        let mut bytes = Vec::new();
        for part in parts {
            prop_assert_eq!(part.range().start, at, "no gap, no overlap");
            prop_assert!(!part.is_empty() && part.len() <= part_size.max(1));
            at = part.range().end;
            let taken = run(take(&storage, part.clone())).unwrap();
            prop_assert_eq!(taken.bytes.len() as u64, part.len());
            bytes.extend(taken.bytes);
        }
        prop_assert_eq!(at, size);
        let expected: Vec<u8> = (from.min(size)..size).map(byte_at).collect();
        prop_assert_eq!(bytes, expected);
    }
}

#[test]
fn a_large_file_never_lies_in_memory() {
    let size = 24 * 1024 * 1024 + 7;
    let storage = Pattern::new(size, usize::MAX);
    let key = key("video");
    let taken = run(take(&storage, MediaFile::new(&storage, &key, size).whole())).unwrap();
    assert!(taken.is_complete);
    assert_eq!(taken.bytes.len() as u64, size);
    assert!(taken.bytes.iter().zip(0..).all(|(byte, n)| *byte == byte_at(n)));
    assert!(taken.most_buffered <= MediaPart::MAX_BUFFERED, "{}", taken.most_buffered);
    assert!(taken.most_buffered > MediaPart::CHUNK, "it reads ahead");
}

#[test]
fn a_file_that_is_shorter_or_gone_breaks_the_body_off() {
    let storage = Pattern::new(1_000, usize::MAX);
    let (video, other) = (key("video"), key("other"));
    let short = run(take(&storage, MediaFile::new(&storage, &video, 1_001).whole()));
    assert_eq!(short.err().unwrap().code.as_deref(), Some("media_short"));
    let gone = run(take(&storage, MediaFile::new(&storage, &other, 10).whole()));
    assert_eq!(gone.err().unwrap().class, ErrorClass::InvalidContent);
    let empty = run(take(&storage, MediaFile::new(&storage, &other, 0).whole())).unwrap();
    assert!(empty.is_complete && empty.bytes.is_empty());
}
