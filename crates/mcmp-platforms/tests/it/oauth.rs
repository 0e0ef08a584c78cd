//! OAuth 2 against a token server that refuses what the standards refuse.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use mcmp_core::entropy::{SeededEntropy, SystemEntropy};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_platforms::http::{HttpClient, HttpSettings};
use mcmp_platforms::oauth::{ClientAuth, Login, OAuth, OAuthApp, PendingLogin};
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use crate::fake_server::{FakeServer, Received, Reply, closed_port};

const CLIENT: &str = "app:1/ü";
const SECRET: &str = "s3cret +/%ä";
const REDIRECT: &str = "https://mcmp.example/connected?x=1";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// What the platform keeps: codes with their challenges, and the one refresh token in force.
#[derive(Debug, Default)]
struct Platform {
    codes: BTreeMap<String, String>,
    refresh: Option<String>,
    issued: u32,
    fails_with: Option<Reply>,
    leaves_refresh_out: bool,
}

fn refuse(status: u16, error: &str) -> Reply {
    Reply::json(status, &json!({ "error": error, "error_description": format!("{error}!") }))
}

impl Platform {
    fn knows(request: &Received, form: &BTreeMap<String, String>) -> bool {
        match request.header("authorization") {
            // Each encoded by itself, then together; and then not a second time in the body.
            Some(header) => {
                let encode = |text: &str| -> String {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
                };
                let pair = format!("{}:{}", encode(CLIENT), encode(SECRET));
                header == format!("Basic {}", BASE64_STANDARD.encode(pair))
                    && !form.contains_key("client_secret")
            }
            None => {
                form.get("client_id").is_some_and(|id| id == CLIENT)
                    && form.get("client_secret").is_some_and(|secret| secret == SECRET)
            }
        }
    }

    fn answer(&mut self, request: &Received) -> Reply {
        if let Some(reply) = &self.fails_with {
            return reply.clone();
        }
        let form = request.form();
        if request.method != "POST" || !Self::knows(request, &form) {
            return refuse(401, "invalid_client");
        }
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        if request.target == "/revoke" {
            if self.refresh.as_deref() == Some(&field("token")) {
                self.refresh = None;
            }
            return Reply::status(200);
        }
        match field("grant_type").as_str() {
            "authorization_code" => {
                let Some(challenge) = self.codes.remove(&field("code")) else {
                    return refuse(400, "invalid_grant");
                };
                let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
                if hash != challenge || field("redirect_uri") != REDIRECT {
                    return refuse(400, "invalid_grant");
                }
            }
            "refresh_token" if self.refresh.as_deref() == Some(&field("refresh_token")) => {}
            "refresh_token" => return refuse(400, "invalid_grant"),
            _ => return refuse(400, "unsupported_grant_type"),
        }
        self.issued += 1;
        let mut answer = json!({
            "access_token": format!("access-{}", self.issued),
            "token_type": "bearer",
            "expires_in": 3600,
            "scope": "read write",
            "account": "42",
        });
        if !self.leaves_refresh_out {
            let refresh = format!("refresh-{}", self.issued);
            answer["refresh_token"] = json!(refresh);
            self.refresh = Some(refresh);
        }
        Reply::json(200, &answer)
    }
}

struct World {
    server: FakeServer,
    platform: Arc<Mutex<Platform>>,
    oauth: OAuth,
}

fn app(base: &str) -> OAuthApp {
    OAuthApp::new(CLIENT, &format!("{base}/authorize"), &format!("{base}/token"), REDIRECT)
        .unwrap()
        .secret(SECRET.into())
        .scope("read")
        .scope("write")
}

fn http() -> HttpClient {
    HttpClient::new(&HttpSettings::loopback()).unwrap()
}

impl World {
    async fn new(auth: ClientAuth) -> Self {
        let platform = Arc::new(Mutex::new(Platform::default()));
        let behind = platform.clone();
        let server = FakeServer::start(move |request| behind.lock().unwrap().answer(request)).await;
        let app = app(&server.url("")).client_auth(auth).revoke_url(&server.url("/revoke"));
        let oauth = OAuth::new(http(), app.unwrap().authorize_parameter("access_type", "offline"));
        Self { server, platform, oauth }
    }

    fn with<R>(&self, change: impl FnOnce(&mut Platform) -> R) -> R {
        change(&mut self.platform.lock().unwrap())
    }

    /// The person grants access: the query that the platform sends them back with.
    fn grant_access(&self, login: &Login, code: &str) -> String {
        let url = Url::parse(&login.url).unwrap();
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(url.path(), "/authorize");
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["redirect_uri"], REDIRECT);
        assert_eq!(query["scope"], "read write");
        assert_eq!(query["access_type"], "offline");
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["state"].len() >= 40, "it can't be guessed");
        self.with(|it| it.codes.insert(code.to_owned(), query["code_challenge"].clone()));
        let mut back = url::form_urlencoded::Serializer::new(String::new());
        back.append_pair("x", "1").append_pair("code", code).append_pair("state", &query["state"]);
        back.finish()
    }
}

#[tokio::test]
async fn a_login_leads_to_tokens_once() {
    for auth in [ClientAuth::Basic, ClientAuth::Body] {
        let world = World::new(auth).await;
        let login = world.oauth.begin(&SystemEntropy).unwrap();
        let query = world.grant_access(&login, "code+1 ä");
        // The host keeps it as text in a session.
        let kept = serde_json::to_string(&login.pending).unwrap();
        let pending: PendingLogin = serde_json::from_str(&kept).unwrap();
        assert_eq!(format!("{pending:?}"), "PendingLogin(***)");
        let grant = world.oauth.finish(&pending, &query, now()).await.unwrap();
        assert_eq!(grant.tokens.access.expose(), "access-1");
        assert_eq!(grant.tokens.refresh.unwrap().expose(), "refresh-1");
        assert_eq!(grant.tokens.access_expires_at.unwrap().timestamp(), 1_800_003_600);
        assert_eq!(grant.scopes.unwrap().len(), 2);
        assert_eq!(grant.extras["account"], "42");
        let again = world.oauth.finish(&pending, &query, now()).await.unwrap_err();
        assert_eq!(again.class, ErrorClass::Reconnect);
        assert_eq!(again.code.as_deref(), Some("invalid_grant"));
    }
}

#[tokio::test]
async fn another_login_s_answer_is_refused_before_anything_is_sent() {
    let world = World::new(ClientAuth::Basic).await;
    let mine = world.oauth.begin(&SystemEntropy).unwrap();
    let other = world.oauth.begin(&SystemEntropy).unwrap();
    assert_ne!(mine.url, other.url);
    let foreign = world.grant_access(&other, "code");
    for query in [foreign.as_str(), "code=code", "code=code&state=", ""] {
        let error = world.oauth.finish(&mine.pending, query, now()).await.unwrap_err();
        assert_eq!(error.code.as_deref(), Some("oauth_state"), "{query}");
    }
    assert!(world.server.received().is_empty());
    // The right state with another login's secret: the code is worth nothing.
    let mut stolen: serde_json::Value = serde_json::to_value(&mine.pending).unwrap();
    stolen["state"] = serde_json::to_value(&other.pending).unwrap()["state"].clone();
    let stolen: PendingLogin = serde_json::from_value(stolen).unwrap();
    let error = world.oauth.finish(&stolen, &foreign, now()).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("invalid_grant"));
}

#[tokio::test]
async fn a_person_who_says_no_is_heard() {
    let world = World::new(ClientAuth::Basic).await;
    let login = world.oauth.begin(&SeededEntropy::new(1)).unwrap();
    let query = world.grant_access(&login, "code");
    let denied = query.replace("code=code", "error=access_denied&error_description=Not+now");
    let error = world.oauth.finish(&login.pending, &denied, now()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Reconnect);
    assert_eq!(error.raw.as_deref(), Some("Not now"));
    let without = query.replace("code=code", "");
    let error = world.oauth.finish(&login.pending, &without, now()).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("oauth_no_code"));
}

#[tokio::test]
async fn refreshing_rotates_or_keeps_the_token() {
    let world = World::new(ClientAuth::Basic).await;
    world.with(|it| it.refresh = Some("old".into()));
    let old = SecretText::new("old");
    let grant = world.oauth.refresh(&old, now()).await.unwrap();
    let new = grant.tokens.refresh.unwrap();
    assert_eq!(new.expose(), "refresh-1");
    let error = world.oauth.refresh(&old, now()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Reconnect, "it was good once");
    world.with(|it| it.leaves_refresh_out = true);
    let grant = world.oauth.refresh(&new, now()).await.unwrap();
    assert_eq!(grant.tokens.refresh, None, "the caller keeps the old one");
    world.oauth.revoke(&new, now()).await.unwrap();
    world.oauth.revoke(&new, now()).await.unwrap();
    assert_eq!(world.with(|it| it.refresh.clone()), None);
}

async fn refresh_fails(world: &World, reply: Reply) -> PublishError {
    world.with(|it| it.fails_with = Some(reply));
    world.oauth.refresh(&SecretText::new("refresh/token"), now()).await.unwrap_err()
}

#[tokio::test]
async fn only_a_clear_refusal_ends_a_grant() {
    let world = World::new(ClientAuth::Basic).await;
    for error in ["invalid_grant", "invalid_token", "access_denied"] {
        let error = refresh_fails(&world, refuse(400, error)).await;
        assert_eq!(error.class, ErrorClass::Reconnect);
    }
    // Some say it with a 200.
    let error = refresh_fails(&world, refuse(200, "invalid_grant")).await;
    assert_eq!(error.class, ErrorClass::Reconnect);
    for error in ["invalid_client", "unauthorized_client", "invalid_request"] {
        let error = refresh_fails(&world, refuse(401, error)).await;
        assert_eq!(error.class, ErrorClass::Permission, "the operator's affair");
    }
    for reply in [
        refuse(400, "temporarily_unavailable"),
        refuse(400, "something_new"),
        refuse(500, "invalid_grant"),
        Reply::text(502, "<h1>Bad gateway</h1>"),
        Reply::text(403, "<h1>Blocked</h1>"),
        Reply::json(400, &json!({ "error": { "message": "a form of its own" } })),
        Reply::text(200, "surprise"),
        Reply::json(200, &json!({ "access_token": "" })),
        Reply::Cut,
    ] {
        let error = refresh_fails(&world, reply.clone()).await;
        assert_eq!(error.class, ErrorClass::Transient, "{reply:?}");
    }
    let slow = refresh_fails(&world, Reply::status(429).header("retry-after", "60")).await;
    let until = Some(now() + chrono::TimeDelta::seconds(60));
    assert_eq!(slow.class, ErrorClass::RateLimited { until });
    let gone = OAuth::new(http(), app(&format!("http://127.0.0.1:{}", closed_port().await)));
    let error = gone.refresh(&SecretText::new("token"), now()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient);
    let error = gone.revoke(&SecretText::new("token"), now()).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some(PublishError::NOT_SUPPORTED));
}

#[tokio::test]
async fn no_secret_is_kept_of_what_the_token_server_echoes() {
    for auth in [ClientAuth::Basic, ClientAuth::Body] {
        let server = FakeServer::start(|request| {
            let sent = String::from_utf8(request.body.clone()).unwrap();
            let header = request.header("authorization").unwrap_or_default();
            let text = format!("you sent {sent} {header}");
            Reply::json(400, &json!({ "error": "invalid_grant", "error_description": text }))
        })
        .await;
        let app = app(&server.url("")).client_auth(auth).revoke_url(&server.url("/revoke"));
        let oauth = OAuth::new(http(), app.unwrap());
        let token = SecretText::new("refresh/token");
        let login = oauth.begin(&SeededEntropy::new(7)).unwrap();
        let pending = serde_json::to_value(&login.pending).unwrap();
        let query = format!("code=c0de-c0de&state={}", pending["state"].as_str().unwrap());
        let refreshed = oauth.refresh(&token, now()).await.unwrap_err();
        let finished = oauth.finish(&login.pending, &query, now()).await.unwrap_err();
        let revoked = oauth.revoke(&token, now()).await.unwrap_err();
        let verifier = pending["verifier"].as_str().unwrap();
        for error in [refreshed, finished, revoked] {
            let kept = format!("{error:?}");
            assert!(kept.contains("***"), "{kept}");
            for secret in ["s3cret", "refresh%2F", "refresh/", "c0de", "czNjcmV0", verifier] {
                assert!(!kept.contains(secret), "{secret} in {kept}");
            }
        }
    }
}
