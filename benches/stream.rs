//! A video of 300 MB from the media storage to a platform, through the HTTP client that publishers
//! use: how fast, and in how much memory. The file is made up while it is read and the platform counts
//! what it gets, so that all memory there is belongs to the way between them.
//!
//!     cargo bench -p mcmp-benches --bench stream
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a program that measures and tells"
)]

use std::time::Instant;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_benches::memory::{peak_mib, resident_mib};
use mcmp_core::asset::{Mime, StorageKey};
use mcmp_core::service::{MediaInfo, MediaStorage, ServiceError, ServiceErrorKind, SignedUrl};
use mcmp_platforms::http::{CallKind, HttpClient, HttpRequest, HttpSettings, parse_url};
use mcmp_platforms::media::MediaFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A file of a given size that is nowhere.
#[derive(Debug)]
struct MadeUp {
    size: u64,
}

fn cannot() -> ServiceError {
    ServiceError::new(ServiceErrorKind::NotSupported, "made-up media", "can only be read")
}

#[async_trait]
impl MediaStorage for MadeUp {
    async fn begin(&self, _: &StorageKey, _: &Mime) -> Result<(), ServiceError> {
        Err(cannot())
    }

    async fn append(&self, _: &StorageKey, _: u64, _: &[u8]) -> Result<(), ServiceError> {
        Err(cannot())
    }

    async fn finish(&self, _: &StorageKey) -> Result<MediaInfo, ServiceError> {
        Err(cannot())
    }

    async fn info(&self, _: &StorageKey) -> Result<Option<MediaInfo>, ServiceError> {
        Err(cannot())
    }

    async fn read_chunk(
        &self,
        _: &StorageKey,
        offset: u64,
        max_len: usize,
    ) -> Result<Vec<u8>, ServiceError> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap();
        Ok(vec![7; max_len.min(left)])
    }

    async fn delete(&self, _: &StorageKey) -> Result<(), ServiceError> {
        Err(cannot())
    }

    async fn signed_url(&self, _: &StorageKey, _: TimeDelta) -> Result<SignedUrl, ServiceError> {
        Err(cannot())
    }
}

/// Takes one request, and answers with how many bytes its body had.
async fn platform(listener: TcpListener, size: u64) {
    let (mut connection, _) = listener.accept().await.unwrap();
    let (mut head, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    let mut body = 0_u64;
    let mut is_head = true;
    while body < size {
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the file ends early");
        if !is_head {
            body += read as u64;
            continue;
        }
        head.extend_from_slice(&buffer[..read]);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            body += (head.len() - end - 4) as u64;
            is_head = false;
        }
    }
    let answer =
        format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{body}", body.to_string().len());
    connection.write_all(answer.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // As cargo bench runs it; cargo test only sees whether it runs at all.
    let is_test = !std::env::args().any(|word| word == "--bench");
    let size: u64 = if is_test { 3_000_000 } else { 300_000_000 };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/upload", listener.local_addr().unwrap());
    let server = tokio::spawn(platform(listener, size));
    let client = HttpClient::guarded(&HttpSettings::loopback()).unwrap();
    let (storage, key) = (MadeUp { size }, StorageKey::new("key", "video").unwrap());

    let before = resident_mib();
    let began = Instant::now();
    let file = MediaFile::new(&storage, &key, size).whole();
    let request = HttpRequest::post(parse_url(&url).unwrap());
    let answer = client.send_media(request, file, CallKind::Repeatable).await.unwrap();
    let took = began.elapsed();
    server.await.unwrap();
    assert!(answer.is_success(), "the platform got all of it");
    println!(
        "{} MB in {:.2} s ({:.0} MB/s); memory {before:.1} MiB before, {:.1} MiB at most",
        size / 1_000_000,
        took.as_secs_f64(),
        size as f64 / 1e6 / took.as_secs_f64(),
        peak_mib(),
    );
}
