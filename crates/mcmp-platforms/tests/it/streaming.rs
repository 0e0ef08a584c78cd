//! Media on their way out.

use mcmp_core::asset::{Mime, StorageKey};
use mcmp_core::publishing::ErrorClass;
use mcmp_core::service::{MediaStorage, MemoryMedia};
use mcmp_platforms::http::{CallKind, HttpClient, HttpRequest, HttpSettings, header, parse_url};
use mcmp_platforms::media::MediaFile;

use crate::fake_server::{FakeServer, Reply};

const SIZE: u64 = 1_500_001;

fn bytes() -> Vec<u8> {
    (0..SIZE).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

fn key() -> StorageKey {
    StorageKey::new("key", "video").unwrap()
}

async fn storage() -> MemoryMedia {
    let media = MemoryMedia::new();
    media.put(&key(), &Mime::new("mime", "video/mp4").unwrap(), &bytes()).await.unwrap();
    media
}

fn client() -> HttpClient {
    HttpClient::guarded(&HttpSettings::loopback()).unwrap()
}

fn upload(server: &FakeServer) -> HttpRequest {
    HttpRequest::put(parse_url(&server.url("/upload")).unwrap())
        .header(header::CONTENT_TYPE, "video/mp4")
}

#[tokio::test]
async fn a_file_arrives_whole_with_its_length_told() {
    let (storage, key) = (storage().await, key());
    let server = FakeServer::start(|_| Reply::status(201)).await;
    let file = MediaFile::new(&storage, &key, SIZE);
    let answer = client().send_media(upload(&server), file.whole(), CallKind::Repeatable).await;
    assert!(answer.unwrap().is_success());
    let [request] = server.received().try_into().unwrap();
    assert_eq!(request.length, usize::try_from(SIZE).ok());
    assert_eq!(request.header("content-type"), Some("video/mp4"));
    assert!(request.body == bytes());
}

#[tokio::test]
async fn a_file_arrives_in_parts_from_where_an_earlier_attempt_stopped() {
    let (storage, key) = (storage().await, key());
    let server = FakeServer::start(|_| Reply::status(200)).await;
    let from = 300_000;
    for part in MediaFile::new(&storage, &key, SIZE).parts(300_000, 500_000) {
        let range = format!("bytes {}-{}/{SIZE}", part.range().start, part.range().end - 1);
        let request = upload(&server).header(header::CONTENT_RANGE, range);
        client().send_media(request, part, CallKind::Repeatable).await.unwrap();
    }
    let received = server.received();
    let ranges: Vec<_> = received.iter().filter_map(|part| part.header("content-range")).collect();
    assert_eq!(
        ranges,
        [
            "bytes 300000-799999/1500001",
            "bytes 800000-1299999/1500001",
            "bytes 1300000-1500000/1500001",
        ]
    );
    let together: Vec<u8> = received.into_iter().flat_map(|part| part.body).collect();
    assert!(together == bytes()[from..]);
}

#[tokio::test]
async fn a_file_that_is_shorter_than_told_does_not_arrive() {
    let (storage, key) = (storage().await, key());
    let server = FakeServer::start(|_| Reply::status(201)).await;
    let file = MediaFile::new(&storage, &key, SIZE + 1);
    let error = client().send_media(upload(&server), file.whole(), CallKind::Repeatable).await;
    let error = error.unwrap_err();
    assert_eq!(error.class, ErrorClass::InvalidContent);
    assert_eq!(error.code.as_deref(), Some("media_short"));
    let error = client().send_media(upload(&server), file.whole(), CallKind::Visible).await;
    assert_eq!(error.unwrap_err().class, ErrorClass::UnknownOutcome);
    assert!(server.received().is_empty(), "no complete request came in");
}

#[tokio::test]
async fn a_refusal_that_comes_early_is_heard() {
    let (storage, key) = (storage().await, key());
    // So small that it fits the sockets, unread as it is: the answer is there before a reset is.
    let file = MediaFile::new(&storage, &key, SIZE);
    let server = FakeServer::hasty(|_| Reply::status(413)).await;
    let answer =
        client().send_media(upload(&server), file.part(0..10_000), CallKind::Repeatable).await;
    match answer {
        Ok(answer) => assert_eq!(answer.status(), 413),
        // The reset may overtake the answer; then the call is made again.
        Err(error) => assert_eq!(error.class, ErrorClass::Transient),
    }
}
