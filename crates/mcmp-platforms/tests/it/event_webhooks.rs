//! Event messages to endpoints.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::secret::SecretText;
use mcmp_core::service::{
    ServiceError, ServiceErrorKind, WebhookAnswer, WebhookMessage, WebhookSender,
};
use mcmp_core::value::WebUrl;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::signing::{Headers, SigningKeys, StandardWebhooks, verify};

use crate::fake_server::{FakeServer, Reply, closed_port};

const BODY: &[u8] = br#"{"type":"post.published"}"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn secrets() -> [SecretText; 2] {
    let newer = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    [newer.into(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()]
}

async fn send(url: &str, secrets: &[SecretText]) -> Result<WebhookAnswer, ServiceError> {
    let settings = HttpSettings::loopback().timeout(Duration::from_millis(500));
    let url = WebUrl::new("url", url).unwrap();
    let message = WebhookMessage { url: &url, id: "evt-1", sent_at: now(), body: BODY, secrets };
    StandardWebhooks::new(&settings).unwrap().send(&message).await
}

#[tokio::test]
async fn an_endpoint_can_tell_who_sent_it_by_either_secret() {
    let server = FakeServer::start(|_| Reply::text(200, "x".repeat(200_000))).await;
    let answer = send(&server.url("/events"), &secrets()).await.unwrap();
    assert_eq!(answer, WebhookAnswer::new(200), "its text does not matter");
    let [request] = server.received().try_into().unwrap();
    assert_eq!((request.target.as_str(), request.body.as_slice()), ("/events", BODY));
    let headers = Headers {
        id: request.header("webhook-id").unwrap(),
        timestamp: request.header("webhook-timestamp").unwrap(),
        signature: request.header("webhook-signature").unwrap(),
    };
    assert_eq!((headers.id, headers.timestamp), ("evt-1", "1800000000"));
    for secret in &secrets() {
        let keys = SigningKeys::parse(secret).unwrap();
        assert_eq!(verify(&keys, &headers, &request.body, now()), Ok(()));
    }
}

#[tokio::test]
async fn every_answer_is_one_and_none_is_an_error() {
    let server = FakeServer::start(|request| match request.target.as_str() {
        "/busy" => Reply::status(503).header("retry-after", "120"),
        "/moved" => Reply::status(302).header("location", "/elsewhere"),
        "/gone" => Reply::status(410),
        "/cut" => Reply::Cut,
        _ => Reply::Silence,
    })
    .await;
    let busy = send(&server.url("/busy"), &secrets()).await.unwrap();
    assert_eq!((busy.status, busy.retry_after), (503, Some(TimeDelta::seconds(120))));
    assert_eq!(send(&server.url("/moved"), &secrets()).await.unwrap().status, 302);
    assert_eq!(send(&server.url("/gone"), &secrets()).await.unwrap().status, 410);
    assert_eq!(server.received().len(), 3, "no redirect is followed");
    let closed = format!("http://127.0.0.1:{}/", closed_port().await);
    for url in [server.url("/cut"), server.url("/silence"), closed] {
        let error = send(&url, &secrets()).await.unwrap_err();
        assert_eq!(error.kind, ServiceErrorKind::Transient, "{url}");
    }
    let inside = send("http://10.0.0.1/", &secrets()).await.unwrap_err();
    assert_eq!(inside.kind, ServiceErrorKind::Refused);
    for odd in [&[][..], &["whsec_short".into()]] {
        let error = send(&server.url("/"), odd).await.unwrap_err();
        assert_eq!(error.kind, ServiceErrorKind::Invalid);
        assert!(!error.message.contains("short"));
    }
}
