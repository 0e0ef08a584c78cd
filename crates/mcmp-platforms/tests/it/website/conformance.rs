//! The publisher conformance kit, played on the site.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mcmp_core::account::{AccountKind, Platform, Tokens};
use mcmp_core::asset::StorageKey;
use mcmp_core::portal::Connection;
use mcmp_core::publishing::Publisher;
use mcmp_core::secret::SecretText;
use mcmp_core::service::MediaStorage;
use mcmp_core::testkit::Skip;
use mcmp_core::testkit::publisher::{
    At, Calls, Draft, Fault, Form, LiveMedia, LivePost, PlatformUnderTest, Refusal, Scripted,
};
use mcmp_core::time::ManualClock;
use mcmp_core::value::WebUrl;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::website_webhook::{ENDPOINT, WebsiteWebhook};

use super::site::{Act, Site};
use super::world::{OTHER_SECRET, SECRET};
use crate::fake_server::{FakeServer, Reply};

/// Below this the site fetches media.
const MEDIA: &str = "https://media.example/files";

struct Website {
    site: Arc<Site>,
    server: FakeServer,
    secret: Mutex<&'static str>,
    media: Mutex<Option<Arc<dyn MediaStorage>>>,
}

async fn fresh(clock: ManualClock) -> Result<Website, Skip> {
    let site = Site::new(SECRET);
    let server = site.serve(Arc::new(clock)).await;
    Ok(Website { site, server, secret: Mutex::new(SECRET), media: Mutex::default() })
}

mcmp_core::publisher_conformance!(fresh);

impl Website {
    /// The site takes another secret from now on, and the old one no more.
    fn another_secret(&self) -> Scripted {
        let mut secret = self.secret.lock().unwrap();
        *secret = if *secret == SECRET { OTHER_SECRET } else { SECRET };
        self.site.knows(&secret);
        Scripted::Yes
    }

    async fn fetch(&self, url: &str) -> Vec<u8> {
        let key = url.strip_prefix(MEDIA).unwrap().trim_start_matches('/');
        let key = StorageKey::new("key", key).unwrap();
        let storage = self.media.lock().unwrap().clone().unwrap();
        let size = storage.info(&key).await.unwrap().unwrap().size_bytes;
        storage.read_chunk(&key, 0, usize::try_from(size).unwrap()).await.unwrap()
    }
}

#[async_trait]
impl PlatformUnderTest for Website {
    fn publisher(&self) -> Arc<dyn Publisher> {
        let settings = HttpSettings::loopback().timeout(Duration::from_millis(500));
        Arc::new(WebsiteWebhook::new(&settings).unwrap())
    }

    fn connection(&self) -> Connection {
        let (id, name) = (self.server.url("/mcmp").parse().unwrap(), "Site".parse().unwrap());
        let tokens = Tokens::new(SecretText::new(*self.secret.lock().unwrap()));
        let mut connection =
            Connection::new(Platform::WEBSITE, AccountKind::Site, id, name, tokens);
        connection.metadata.insert(ENDPOINT.to_owned(), self.server.url("/mcmp").into());
        connection
    }

    fn draft(&self, form: Form) -> Option<Draft> {
        match form {
            Form::Thread | Form::FirstComment => None,
            _ => Some(Draft::of(form).title("Fresh & <warm>")),
        }
    }

    async fn script(&self, at: At, fault: Fault) -> Scripted {
        let said = |status: u16, words: &str| {
            (Act::Refuse(Reply::text(status, words)), Scripted::Saying(words.to_owned()))
        };
        let (act, scripted) = match fault {
            Fault::LoseAnswer => (Act::TakeThen(Reply::Cut), Scripted::Yes),
            Fault::FailAfterAccepting => (Act::TakeThen(Reply::status(500)), Scripted::Yes),
            Fault::Garbage => (Act::TakeThen(Reply::text(200, "{\"id\": ")), Scripted::Yes),
            Fault::AcceptAndHang => (Act::TakeThen(Reply::Silence), Scripted::Yes),
            Fault::LoseRequest => (Act::Refuse(Reply::Cut), Scripted::Yes),
            Fault::Unavailable => (Act::Refuse(Reply::status(503)), Scripted::Yes),
            Fault::Hang => (Act::Refuse(Reply::Silence), Scripted::Yes),
            Fault::Refuse(Refusal::Content) => said(422, "too many adjectives"),
            Fault::Refuse(Refusal::Permission) => said(404, "no such hook"),
            Fault::Refuse(Refusal::Token) => said(401, "the signature is wrong"),
            Fault::Refuse(Refusal::Duplicate) => said(409, "something like it is there"),
            Fault::RateLimit { retry_after } => {
                let wait = retry_after.map(|wait| wait.num_seconds().to_string());
                let busy = Reply::text(429, "slow down");
                let busy = match wait {
                    Some(wait) => busy.header("retry-after", wait),
                    None => busy,
                };
                (Act::Refuse(busy), Scripted::Yes)
            }
            other => panic!("{other:?} is new"),
        };
        self.site.act_at(at, act);
        scripted
    }

    async fn live(&self) -> Vec<LivePost> {
        let mut posts = Vec::new();
        for post in self.site.live() {
            let text = |name: &str| post[name].as_str().unwrap().to_owned();
            let mut media = Vec::new();
            for file in post["media"].as_array().unwrap() {
                let bytes = self.fetch(file["url"].as_str().unwrap()).await;
                let file_alt = file["alt"].as_str().map(str::to_owned);
                let live = LiveMedia::of(&bytes, file_alt);
                assert_eq!(live.checksum.as_str(), file["sha256"].as_str().unwrap());
                media.push(live);
            }
            posts.push(LivePost {
                id: text("post_id"),
                url: None,
                title: Some(text("title")),
                text: text("text"),
                media,
                parent: None,
            });
        }
        posts
    }

    fn calls(&self) -> Calls {
        self.site.calls()
    }

    async fn expire_token(&self) -> Scripted {
        self.another_secret()
    }

    async fn revoke(&self) -> Scripted {
        self.another_secret()
    }

    fn serve_media(&self, media: Arc<dyn MediaStorage>) -> Option<WebUrl> {
        *self.media.lock().unwrap() = Some(media);
        Some(WebUrl::new("url", MEDIA).unwrap())
    }
}
