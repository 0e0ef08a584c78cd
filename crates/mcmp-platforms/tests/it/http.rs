//! What the client sends, takes in, and makes of what breaks.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_platforms::guard::GuardPolicy;
use mcmp_platforms::http::{
    CallKind, HttpAnswer, HttpClient, HttpRequest, HttpSettings, HttpSetupError, parse_url,
};

use crate::fake_server::{FakeServer, Reply, closed_port, no_tls};

fn guarded() -> HttpClient {
    HttpClient::guarded(&HttpSettings::loopback()).unwrap()
}

fn post(url: &str) -> HttpRequest {
    HttpRequest::post(parse_url(url).unwrap()).body("text/plain", "hello")
}

async fn fails(client: &HttpClient, url: &str, kind: CallKind) -> PublishError {
    client.send(post(url), kind).await.unwrap_err()
}

fn code(error: &PublishError) -> &str {
    error.code.as_deref().unwrap()
}

const BOTH: [CallKind; 2] = [CallKind::Repeatable, CallKind::Visible];

#[tokio::test]
async fn a_call_says_who_calls_and_takes_the_answer_in() {
    let server = FakeServer::start(|_| Reply::text(201, "made").header("x-mark", "7")).await;
    let settings = HttpSettings::loopback().operator("agency.example");
    for client in [HttpClient::new(&settings).unwrap(), HttpClient::guarded(&settings).unwrap()] {
        let answer = client.send(post(&server.url("/a?b=c")), CallKind::Visible).await.unwrap();
        assert!(answer.is_success() && !answer.is_redirect());
        assert_eq!((answer.status(), answer.header("X-Mark")), (201, Some("7")));
        assert_eq!(answer.body(), b"made");
    }
    for request in server.received() {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/a?b=c"));
        assert_eq!(request.body, b"hello");
        let agent = request.header("user-agent").unwrap();
        assert_eq!(agent, format!("mcmp/{} agency.example", env!("CARGO_PKG_VERSION")));
        assert_eq!(request.header("accept-encoding"), None, "nothing is unpacked");
        assert_eq!(request.header("referer"), None);
    }
    let odd = HttpClient::new(&HttpSettings::new().operator("two\nlines")).unwrap_err();
    assert_eq!(odd, HttpSetupError::Operator("two\nlines".into()));
    let root = HttpClient::new(&HttpSettings::new().root_certificate(*b"no certificate"));
    assert!(matches!(root.unwrap_err(), HttpSetupError::Root(_)));
}

#[tokio::test]
async fn what_never_arrived_is_no_open_question() {
    let refused = format!("http://127.0.0.1:{}/", closed_port().await);
    let no_tls = format!("https://127.0.0.1:{}/", no_tls().await);
    for kind in BOTH {
        let error = fails(&guarded(), &refused, kind).await;
        assert_eq!((error.class, code(&error)), (ErrorClass::Transient, "connect"));
        let error = fails(&guarded(), &no_tls, kind).await;
        assert_eq!((error.class, code(&error)), (ErrorClass::Transient, "tls"));
        let named = HttpSettings::new()
            .guard(GuardPolicy::loopback().allow_host("no-such-name.invalid").unwrap());
        let client = HttpClient::guarded(&named).unwrap();
        let error = fails(&client, "http://no-such-name.invalid/", kind).await;
        assert_eq!((error.class, code(&error)), (ErrorClass::Transient, "dns"));
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_open_for_a_visible_call() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id\"".to_vec();
    let cases = [
        ("connection_lost", Reply::Cut),
        ("connection_lost", Reply::Raw(b"HTTP/1.1 nonsense\r\n\r\n".to_vec())),
        ("connection_lost", Reply::Raw(half)),
        ("timeout", Reply::Silence),
    ];
    let hurried = HttpSettings::loopback().timeout(Duration::from_millis(200));
    let client = HttpClient::guarded(&hurried).unwrap();
    for (expected, reply) in cases {
        let server = FakeServer::start(move |_| reply.clone()).await;
        let error = fails(&client, &server.url("/"), CallKind::Visible).await;
        assert_eq!((error.class, code(&error)), (ErrorClass::UnknownOutcome, expected));
        let error = fails(&client, &server.url("/"), CallKind::Repeatable).await;
        assert_eq!((error.class, code(&error)), (ErrorClass::Transient, expected));
        assert_eq!(server.received().len(), 2, "one call is one request");
    }
}

#[tokio::test]
async fn a_failure_that_breaks_off_is_still_that_failure() {
    let broken = b"HTTP/1.1 401 No\r\ncontent-length: 900\r\n\r\nbad pass".to_vec();
    let server = FakeServer::start(move |_| Reply::Raw(broken.clone())).await;
    let answer = guarded().send(post(&server.url("/")), CallKind::Visible).await.unwrap();
    let error = answer.error(DateTime::UNIX_EPOCH);
    assert_eq!((error.class, error.raw.as_deref()), (ErrorClass::Reconnect, Some("bad pass")));
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit() {
    let server = FakeServer::start(|_| Reply::text(200, "x".repeat(5_000))).await;
    let small = HttpClient::guarded(&HttpSettings::loopback().max_answer(4_999)).unwrap();
    let error = fails(&small, &server.url("/"), CallKind::Visible).await;
    assert_eq!((error.class, code(&error)), (ErrorClass::UnknownOutcome, "answer_too_long"));
    assert!(error.message.contains("4999"), "{}", error.message);
    let error = fails(&small, &server.url("/"), CallKind::Repeatable).await;
    assert_eq!(error.class, ErrorClass::Transient);
    let request = post(&server.url("/")).cut_answer(10);
    let cut = small.send(request, CallKind::Visible).await.unwrap();
    assert_eq!(cut.body(), b"xxxxxxxxxx");
    let exact = HttpClient::guarded(&HttpSettings::loopback().max_answer(5_000)).unwrap();
    assert!(exact.send(post(&server.url("/")), CallKind::Visible).await.is_ok());
}

#[tokio::test]
async fn no_secret_is_kept_of_an_answer_that_echoes_them() {
    let server = FakeServer::start(|request| {
        let sent = request.header("authorization").unwrap_or_default();
        Reply::text(403, format!("no: {sent} {} {}", request.target, "x".repeat(3_000)))
    })
    .await;
    let (password, token) = (SecretText::new("pass word/1"), SecretText::new("tok+en~2"));
    let requests = [
        HttpRequest::get(parse_url(&server.url("/")).unwrap()).basic("me", &password),
        HttpRequest::get(parse_url(&server.url("/")).unwrap()).bearer(&token),
        HttpRequest::get(parse_url(&server.url("/")).unwrap())
            .query("t", token.expose())
            .secret(&token),
    ];
    for request in requests {
        assert!(!format!("{request:?}").contains("en~2"));
        let answer = guarded().send(request.cut_answer(3_000), CallKind::Visible).await.unwrap();
        let error = answer.error(DateTime::UNIX_EPOCH);
        let raw = error.raw.as_deref().unwrap();
        assert!(raw.contains("***"), "{raw}");
        for secret in ["pass", "word", "tok", "en~2", "en%7E2", "bWU6cGFzcyB3b3JkLzE"] {
            assert!(!format!("{error:?} {answer:?}").contains(secret), "{secret} in {raw}");
        }
    }
}

#[tokio::test]
async fn a_status_has_a_meaning_when_nothing_better_is_known() {
    let now: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let soon = Some(now + TimeDelta::seconds(30));
    let server = FakeServer::start(|request| {
        let status = request.target.trim_start_matches('/').parse().unwrap();
        Reply::status(status).header("retry-after", "30")
    })
    .await;
    let answer = async |status: u16, kind: CallKind| -> HttpAnswer {
        let url = server.url(&format!("/{status}"));
        guarded().send(post(&url), kind).await.unwrap()
    };
    use ErrorClass::{
        Duplicate, InvalidContent, Permission, RateLimited, Reconnect, Transient, UnknownOutcome,
    };
    for (status, repeatable, visible) in [
        (301, Permission, Permission),
        (400, InvalidContent, InvalidContent),
        (401, Reconnect, Reconnect),
        (403, Permission, Permission),
        (404, Permission, Permission),
        (408, Transient, UnknownOutcome),
        (409, Duplicate, Duplicate),
        (410, Permission, Permission),
        (413, InvalidContent, InvalidContent),
        (422, InvalidContent, InvalidContent),
        (425, Transient, Transient),
        (429, RateLimited { until: soon }, RateLimited { until: soon }),
        (500, Transient, UnknownOutcome),
        (502, Transient, UnknownOutcome),
        (503, RateLimited { until: soon }, UnknownOutcome),
    ] {
        for (kind, class) in BOTH.into_iter().zip([repeatable, visible]) {
            let error = answer(status, kind).await.error(now);
            assert_eq!(error.class, class, "{status} {kind:?}");
            assert_eq!(code(&error), format!("http_{status}"));
        }
    }
    let unreadable = answer(200, CallKind::Visible).await.json::<serde_json::Value>();
    assert_eq!(unreadable.unwrap_err().class, UnknownOutcome);
    let unreadable = answer(400, CallKind::Visible).await.json::<serde_json::Value>();
    assert_eq!(unreadable.unwrap_err().class, Transient, "a refusal hides no success");
}

#[tokio::test]
async fn redirects_are_followed_only_where_that_is_said_and_never_with_credentials() {
    let server = FakeServer::start(|request| match request.target.as_str() {
        "/here" => Reply::status(301).header("location", "/there"),
        "/out" => Reply::status(302).header("location", "http://10.0.0.1/"),
        "/round" => Reply::status(302).header("location", "/round"),
        _ => Reply::text(200, "found"),
    })
    .await;
    let client = guarded();
    let get = |path: &str| HttpRequest::get(parse_url(&server.url(path)).unwrap());
    let answer = client.send(get("/here"), CallKind::Repeatable).await.unwrap();
    assert!(answer.is_redirect());
    assert_eq!(answer.location().unwrap().as_str(), server.url("/there"));
    assert_eq!(answer.error(DateTime::UNIX_EPOCH).class, ErrorClass::Permission);
    assert_eq!(server.received().len(), 1);

    let found = client.get_following(get("/here"), 3).await.unwrap();
    assert_eq!((found.body(), found.url().path()), (&b"found"[..], "/there"));
    let round = client.get_following(get("/round"), 3).await.unwrap();
    assert!(round.is_redirect(), "it is left to the caller");
    assert_eq!(server.received().len(), 1 + 2 + 4);
    let out = client.get_following(get("/out"), 3).await.unwrap_err();
    assert_eq!((out.class, code(&out)), (ErrorClass::Permission, "guard_scheme"));
    let secret = get("/here").bearer(&SecretText::new("token"));
    assert!(client.get_following(secret, 3).await.is_err());
    assert!(client.get_following(post(&server.url("/here")), 3).await.is_err());
    assert_eq!(server.received().len(), 1 + 2 + 4 + 1, "nothing was sent for these");
}

#[tokio::test]
async fn the_guard_stands_before_every_call() {
    let server = FakeServer::start(|_| Reply::status(200)).await;
    let client = HttpClient::guarded(&HttpSettings::new()).unwrap();
    let port = server.port();
    for (url, expected) in [
        (format!("http://127.0.0.1:{port}/"), "guard_scheme"),
        (format!("https://localhost:{port}/"), "guard_port"),
        ("https://127.0.0.1/".to_owned(), "guard_not_public"),
        ("https://[::1]/".to_owned(), "guard_not_public"),
        // Only the look-up tells where this leads.
        ("https://localhost/".to_owned(), "guard_not_public"),
        ("https://me:pw@example.com/".to_owned(), "guard_credentials"),
    ] {
        let error = fails(&client, &url, CallKind::Visible).await;
        assert_eq!((error.class, code(&error)), (ErrorClass::Permission, expected), "{url}");
        assert!(!error.message.contains("127."), "it does not tell where a name leads");
    }
    let any_port = HttpSettings::new().guard(GuardPolicy::new().allow_port(port));
    let client = HttpClient::guarded(&any_port).unwrap();
    let error = fails(&client, &format!("https://localhost:{port}/"), CallKind::Visible).await;
    assert_eq!(code(&error), "guard_not_public");
    assert!(server.received().is_empty());
    // Without the guard, https alone is asked for.
    let fixed = HttpClient::new(&HttpSettings::new()).unwrap();
    let error = fails(&fixed, &server.url("/"), CallKind::Visible).await;
    assert_eq!(error.class, ErrorClass::InvalidContent);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_request_that_can_t_be_is_told_before_anything_is_sent() {
    let server = FakeServer::start(|_| Reply::status(200)).await;
    let request = post(&server.url("/")).bearer(&SecretText::new("two\nlines"));
    let error = guarded().send(request, CallKind::Visible).await.unwrap_err();
    assert_eq!((error.class, code(&error)), (ErrorClass::InvalidContent, "http_request"));
    assert!(!error.message.contains("lines"));
    assert!(server.received().is_empty());
    assert_eq!(parse_url("nowhere").unwrap_err().class, ErrorClass::Permission);
}
