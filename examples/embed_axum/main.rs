//! An axum application that has its own users and its own sign-in adds publishing: everything that
//! takes is in `publishing.rs`.
//!
//! ```sh
//! cargo run -p mcmp-examples --example embed_axum             # asks it a few things, and ends
//! cargo run -p mcmp-examples --example embed_axum -- --serve  # listens on 127.0.0.1:3000 until Ctrl-C
//! ```
#![allow(clippy::print_stdout, reason = "a program that tells what it does")]

mod app;
mod publishing;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use app::{App, User};
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use mcmp_core::Portal;
use mcmp_core::account::{AccountKind, Platform, Tokens};
use mcmp_core::agency::PlanTier;
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::fake::FakePublisher;
use mcmp_core::portal::{AgencyDraft, ClientDraft, Connection};
use mcmp_core::secret::{KeyRing, SealKey};
use mcmp_core::store::MemoryStore;
use mcmp_core::time::SystemClock;
use mcmp_scheduler::Engine;
use publishing::Publishing;
use serde_json::{Value, json};
use tower::ServiceExt;

type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Done {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy)?)?;
    let sealer = KeyRing::builder().active("2026", key).build(Arc::new(SystemEntropy))?;
    let portal = Portal::builder(store)
        .sealer(Arc::new(sealer))
        .publisher(Arc::new(FakePublisher::new(Platform::THREADS)));
    let portal = Arc::new(portal.build()?);
    let engine = Engine::builder(portal.as_ref().clone()).build()?.start();

    // Once, at installation: the agency that this application is run for.
    let (email, name) = ("anna@studio.example".parse()?, "Anna".parse()?);
    let mut anna = User { email, name, publishing_id: None };
    publishing::admit(&portal, &mut anna).await?;
    let owner = anna.publishing_id.ok_or("Anna was not admitted")?;
    let (name, subdomain) = ("Studio North".parse()?, "north".parse()?);
    let draft = AgencyDraft { name, subdomain, plan: PlanTier::Agency };
    let agency = portal.found_agency(owner, draft).await?.0.id;
    let publishing = Publishing { portal, agency };
    let session = publishing.session(&anna).await?;
    let (name, slug) = ("Acme Bakery".parse()?, "acme".parse()?);
    let draft = ClientDraft { name, slug, zone: chrono_tz::Europe::Berlin };
    let bakery = session.clients().create(draft).await?;
    let (id, name, tokens) = ("acme".parse()?, "Acme".parse()?, Tokens::new("granted".into()));
    let profile = Connection::new(Platform::THREADS, AccountKind::Profile, id, name, tokens);
    let profile = session.accounts().connect(bakery.id, profile).await?;

    let users = BTreeMap::from([("annas-token".to_owned(), anna)]);
    let router = app::router(App { users: Arc::new(Mutex::new(users)), publishing });
    if std::env::args().any(|word| word == "--serve") {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
        println!(
            "curl -H 'Authorization: Bearer annas-token' http://{}/posts",
            listener.local_addr()?
        );
        let asked = async { drop(tokio::signal::ctrl_c().await) };
        axum::serve(listener, router).with_graceful_shutdown(asked).await?;
    } else {
        ask(&router, "GET", "/posts", None, None).await?;
        ask(&router, "GET", "/me", Some("annas-token"), None).await?;
        let draft = json!({
            "client_id": bakery.id,
            "content": { "body": "Fresh rye bread!" },
            "variants": [{ "account_id": profile.id }],
        });
        let post = ask(&router, "POST", "/posts", Some("annas-token"), Some(draft)).await?;
        let when = json!({ "local": "2030-01-01T09:00:00" });
        let path = format!(
            "/posts/{}/schedule",
            post.get("id").and_then(Value::as_str).unwrap_or_default()
        );
        ask(&router, "POST", &path, Some("annas-token"), Some(when)).await?;
        ask(&router, "GET", "/posts", Some("annas-token"), None).await?;
    }
    engine.shutdown().await;
    Ok(())
}

/// Sends a request to the application and tells what it answered.
async fn ask(
    router: &axum::Router,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Done<Value> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let response = router.clone().oneshot(request.body(body)?).await?;
    let status = response.status();
    let text = String::from_utf8(to_bytes(response.into_body(), 1 << 20).await?.to_vec())?;
    let shown: String = text.chars().take(110).collect();
    println!("{method:<4} {path:<58} {status}  {shown}");
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}
