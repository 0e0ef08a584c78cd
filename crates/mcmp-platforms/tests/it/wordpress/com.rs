//! Sites on WordPress.com, with a fake of its logins.

use mcmp_core::entropy::SeededEntropy;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::publishing::{ErrorClass, Publisher};
use mcmp_core::secret::SecretText;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::wordpress::{WordPress, WordPressComApp};
use serde_json::json;

use super::desk::Desk;
use crate::fake_server::{FakeServer, Received, Reply};

/// WordPress.com with two sites of the person, on one of which the person may only read.
fn answer(request: &Received) -> Reply {
    let path = request.target.split('?').next().unwrap();
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = |access: &str| {
        Reply::json(
            200,
            &json!({
                "access_token": access, "token_type": "Bearer", "expires_in": 1_209_600,
                "refresh_token": "refresh-token-1", "scope": "posts media taxonomy comments sites",
            }),
        )
    };
    match (request.method.as_str(), path) {
        ("POST", "/oauth2-1/token") => {
            let form = request.form();
            assert!(request.header("authorization").unwrap().starts_with("Basic "));
            match form["grant_type"].as_str() {
                "authorization_code" => {
                    assert_eq!(form["code"], "the-code");
                    assert!(form["code_verifier"].len() >= 43);
                    token("access-token-1")
                }
                "refresh_token" if form["refresh_token"] == "refresh-token-1" => {
                    token("access-token-2")
                }
                other => panic!("{other}"),
            }
        }
        ("GET", "/rest/v1.1/me/sites") => {
            assert_eq!(bearer, Some("access-token-1"));
            let rights =
                |may: bool| json!({ "publish_posts": may, "edit_posts": may, "upload_files": may });
            Reply::json(
                200,
                &json!({ "sites": [
                    { "ID": 7, "URL": "https://acme.wordpress.com", "name": "Acme", "capabilities": rights(true) },
                    { "ID": 8, "URL": "https://other.example", "name": "", "capabilities": rights(false) },
                ] }),
            )
        }
        ("POST", "/wp/v2/sites/7/posts") if bearer == Some("access-token-1") => Reply::json(
            201,
            &json!({ "id": 12, "link": "https://acme.wordpress.com/12", "status": "publish" }),
        ),
        ("POST", "/wp/v2/sites/7/posts") => Reply::json(
            401,
            &json!({ "code": "rest_forbidden", "message": "No.", "data": { "status": 401 } }),
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sites_of_a_person_are_connected_and_published_to() {
    let server = FakeServer::start(answer).await;
    let app = WordPressComApp::new("42", "app-secret".into(), "https://studio.example/back")
        .unwrap()
        .at(server.url("").parse().unwrap());
    let wordpress = WordPress::new(&HttpSettings::loopback()).unwrap();
    assert!(!wordpress.capabilities().refresh);
    let wordpress = wordpress.with_wordpress_com(&app).unwrap();
    assert!(wordpress.capabilities().refresh);
    let desk = Desk::with(wordpress).await;
    let login = desk.wordpress.begin_wordpress_com(&SeededEntropy::new(1)).unwrap();
    let url: url::Url = login.url.parse().unwrap();
    assert_eq!(url.path(), "/oauth2-1/authorize");
    let asked: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(asked["scope"], "posts media taxonomy comments sites");
    assert_eq!(asked["code_challenge_method"], "S256");

    let query = format!("code=the-code&state={}", asked["state"]);
    let mut connections =
        desk.wordpress.finish_wordpress_com(&login.pending, &query, desk.now()).await.unwrap();
    assert_eq!(connections.len(), 1, "one of them may be published to");
    let connection = connections.remove(0);
    assert_eq!(connection.external_id.as_str(), "acme.wordpress.com");
    assert!(connection.tokens.access_expires_at.is_some());
    let account = desk.agency.accounts().connect(desk.client, connection).await.unwrap();

    let id = desk.scheduled(account.id, "Title", "Text", &[], Default::default()).await;
    desk.run_at_its_time().await;
    let remote = desk.published(id).await;
    assert_eq!(
        (remote.id.as_str(), remote.url.as_deref()),
        ("12", Some("https://acme.wordpress.com/12"))
    );

    let tokens =
        desk.about(account.id, async |cx| desk.wordpress.refresh_tokens(cx).await.unwrap()).await;
    assert_eq!(tokens.access, SecretText::new("access-token-2"));
    assert!(tokens.refresh.is_some());
}

#[tokio::test]
async fn without_an_application_nothing_is_begun_and_passwords_are_not_renewed() {
    let site = super::fake::FakeWordPress::start().await;
    let desk = Desk::new().await;
    let refused = desk.wordpress.begin_wordpress_com(&SeededEntropy::new(1)).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Permission);
    let account = desk.connect(&site.url(), super::fake::USER, &site.password()).await;
    let refused = desk
        .about(account.id, async |cx| desk.wordpress.refresh_tokens(cx).await.unwrap_err())
        .await;
    assert_eq!(refused.class, ErrorClass::Reconnect);
    let id = desk.scheduled(account.id, "Title", "Text", &[], Default::default()).await;
    site.change_password();
    desk.run_at_its_time().await;
    assert_eq!(desk.post(id).await.status, PostStatus::Held);
}
