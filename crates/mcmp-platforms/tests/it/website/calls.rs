//! Calls that are no delivery of a due post: connecting, changing, deleting; and the whole message.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens};
use mcmp_core::asset::{AssetKind, MediaFacts, Mime, StorageKey};
use mcmp_core::id::{AssetId, Id};
use mcmp_core::post::{Outgoing, OutgoingMedia, PlatformOptions, PostKind, WebsiteOptions};
use mcmp_core::publishing::{
    AccountContext, ErrorClass, JobPlan, LatenessPolicy, Part, Progress, PublishContext,
    PublishJob, Publisher, RateLog, RemoteRef, WentLive,
};
use mcmp_core::secret::SecretText;
use mcmp_core::service::{
    MediaInfo, MediaStorage, MemoryMedia, ServiceError, ServiceErrorKind, SignedUrl,
};
use mcmp_core::value::WebUrl;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::website_webhook::WebsiteWebhook;
use serde_json::json;
use uuid::Uuid;

use super::site::Act;
use super::world::{OTHER_SECRET, SECRET, World};
use crate::fake_server::Reply;

/// A storage that signs links, and does nothing else.
#[derive(Debug)]
struct Links;

fn only_links() -> ServiceError {
    ServiceError::new(ServiceErrorKind::Invalid, "links", "this storage only signs links")
}

#[async_trait]
impl MediaStorage for Links {
    async fn signed_url(
        &self,
        key: &StorageKey,
        valid_for: TimeDelta,
    ) -> Result<SignedUrl, ServiceError> {
        let url = format!("https://media.example/{}?days={}", key.as_str(), valid_for.num_days());
        let url = WebUrl::new("url", url).unwrap();
        Ok(SignedUrl { url, expires_at: DateTime::UNIX_EPOCH + valid_for })
    }
    async fn begin(&self, _: &StorageKey, _: &Mime) -> Result<(), ServiceError> {
        Err(only_links())
    }
    async fn append(&self, _: &StorageKey, _: u64, _: &[u8]) -> Result<(), ServiceError> {
        Err(only_links())
    }
    async fn finish(&self, _: &StorageKey) -> Result<MediaInfo, ServiceError> {
        Err(only_links())
    }
    async fn info(&self, _: &StorageKey) -> Result<Option<MediaInfo>, ServiceError> {
        Err(only_links())
    }
    async fn read_chunk(&self, _: &StorageKey, _: u64, _: usize) -> Result<Vec<u8>, ServiceError> {
        Err(only_links())
    }
    async fn delete(&self, _: &StorageKey) -> Result<(), ServiceError> {
        Err(only_links())
    }
}

fn id<I: Id>(n: u128) -> I {
    I::from_uuid(Uuid::from_u128(n))
}

fn now() -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn outgoing(account: &SocialAccount) -> Outgoing {
    Outgoing {
        variant_id: id(5),
        account_id: account.id,
        platform: Platform::WEBSITE,
        kind: PostKind::Article,
        title: "Fresh bread".into(),
        text: "From seven o'clock.".into(),
        media: vec![OutgoingMedia {
            asset_id: id::<AssetId>(9),
            kind: AssetKind::Image,
            mime: Mime::new("mime", "image/jpeg").unwrap(),
            file_name: "bread.jpg".parse().unwrap(),
            storage_key: StorageKey::new("key", "acme/bread.jpg").unwrap(),
            size_bytes: 4_821,
            checksum: "ab".repeat(32).try_into().unwrap(),
            alt_text: Some("A loaf".into()),
            facts: MediaFacts { width: Some(1200), height: Some(800), ..MediaFacts::default() },
        }],
        link: Some("https://bakery.example/menu".parse().unwrap()),
        first_comment: None,
        thread: Vec::new(),
        options: PlatformOptions::Website(WebsiteOptions {
            slug: Some("fresh-bread".parse().unwrap()),
            fields: [("section".to_owned(), json!("news"))].into(),
        }),
    }
}

fn job(account: &SocialAccount, outgoing: &Outgoing) -> PublishJob {
    PublishJob::plan(JobPlan {
        id: id(6),
        post_id: id(4),
        account,
        outgoing,
        revision_id: id(7),
        revision_digest: mcmp_core::post::Digest::of(std::slice::from_ref(outgoing)),
        planned_at: now(),
        lateness: LatenessPolicy::default(),
        now: now(),
    })
}

#[tokio::test]
async fn the_whole_message_is_as_documented() {
    let world = World::new().await;
    let account = world.connect().await;
    let (outgoing, tokens, rates) =
        (outgoing(&account), Tokens::new(SECRET.into()), RateLog::default());
    let job = job(&account, &outgoing);
    let memory = MemoryMedia::new();
    let storages: [(&dyn MediaStorage, _); 2] =
        [(&Links, json!("https://media.example/acme/bread.jpg?days=4")), (&memory, json!(null))];
    for (media, link) in storages {
        let cx = PublishContext {
            job: &job,
            part: Part::Main,
            outgoing: &outgoing,
            account: &account,
            tokens: &tokens,
            media,
            rates: &rates,
            now: now(),
        };
        let ready = world.publisher.prepare(&cx).await.unwrap();
        assert_eq!(ready, Progress::Ready { checkpoint: None });
        // Another storage gives another message.
        let site = super::site::Site::new(SECRET);
        let server = site.serve(world.clock.clone()).await;
        let mut account = account.clone();
        account.metadata.insert("endpoint".into(), server.url("/mcmp").into());
        let cx = PublishContext { account: &account, ..cx };
        let live = world.publisher.go_live(&cx).await.unwrap();
        let remote = RemoteRef { id: job.post_id.to_string(), url: None };
        assert_eq!(live, WentLive::Live(remote));
        let [request] = server.received().try_into().unwrap();
        assert_eq!(
            request.json(),
            json!({
                "type": "post.published",
                "timestamp": "2026-11-23T08:00:00Z",
                "data": {
                    "post_id": job.post_id.to_string(),
                    "revision": job.revision_id.to_string(),
                    "client_id": account.client_id.to_string(),
                    "kind": "article",
                    "title": "Fresh bread",
                    "slug": "fresh-bread",
                    "text": "From seven o'clock.",
                    "link": "https://bakery.example/menu",
                    "scheduled_at": "2026-11-23T08:00:00Z",
                    "media": [{
                        "url": link,
                        "mime": "image/jpeg",
                        "kind": "image",
                        "name": "bread.jpg",
                        "bytes": 4821,
                        "sha256": "ab".repeat(32),
                        "width": 1200,
                        "height": 800,
                        "duration_ms": null,
                        "alt": "A loaf",
                    }],
                    "fields": { "section": "news" },
                },
            })
        );
        let comment = PublishContext { part: Part::FirstComment, ..cx };
        assert!(world.publisher.go_live(&comment).await.is_err());
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn what_is_live_is_changed_and_deleted() {
    let world = World::new().await;
    let account = world.connect().await;
    let (outgoing, tokens, rates) =
        (outgoing(&account), Tokens::new(SECRET.into()), RateLog::default());
    let first = job(&account, &outgoing);
    let cx = PublishContext {
        job: &first,
        part: Part::Main,
        outgoing: &outgoing,
        account: &account,
        tokens: &tokens,
        media: &Links,
        rates: &rates,
        now: now(),
    };
    let WentLive::Live(remote) = world.publisher.go_live(&cx).await.unwrap() else {
        panic!("it is live");
    };
    // The same content in another revision, say there and back again, is a change of its own; and
    // a repetition is none.
    for revision in [8, 9] {
        let changed = PublishJob { revision_id: id(revision), ..first.clone() };
        let cx = PublishContext { job: &changed, ..cx };
        world.site.acts([Act::TakeThen(Reply::Cut)]);
        let lost = world.publisher.edit(&cx, &remote).await.unwrap_err();
        assert_eq!(lost.class, ErrorClass::Transient);
        assert_eq!(world.publisher.edit(&cx, &remote).await.unwrap(), remote);
    }
    let versions = world.site.shown();
    assert_eq!(versions.len(), 3);
    assert_eq!(versions[2]["remote"]["id"], json!(remote.id));

    let cx = AccountContext { account: &account, tokens: &tokens, rates: &rates, now: now() };
    let busy = Reply::status(429).header("retry-after", "30");
    world.site.acts([Act::Refuse(busy)]);
    assert!(world.publisher.delete(&cx, &remote).await.is_err());
    let [noted] = rates.take().try_into().unwrap();
    assert_eq!(noted.resets_at, Some(now() + TimeDelta::seconds(30)));
    world.publisher.delete(&cx, &remote).await.unwrap();
    world.publisher.delete(&cx, &remote).await.unwrap();
    assert!(world.site.shown().is_empty());
}

#[tokio::test]
async fn connecting_sends_a_ping_that_must_be_taken() {
    let world = World::new().await;
    let account = world.connect().await;
    assert_eq!((&account.platform, account.kind), (&Platform::WEBSITE, AccountKind::Site));
    assert_eq!(account.external_id.as_str(), world.endpoint().as_str());
    assert_eq!(account.metadata["endpoint"], json!(world.endpoint().as_str()));
    assert!(!serde_json::to_string(&account).unwrap().contains("MfKQ9r8"));
    let wrong = world.connect_with(OTHER_SECRET).await.unwrap_err();
    assert_eq!(wrong.class, ErrorClass::Reconnect);
    for odd in ["", "whsec_short", "secret"] {
        let error = world.connect_with(odd).await.unwrap_err();
        assert_eq!(error.code.as_deref(), Some("bad_secret"));
    }
    world.site.acts([Act::Refuse(Reply::status(302).header("location", "/mcmp"))]);
    assert_eq!(world.connect_with(SECRET).await.unwrap_err().class, ErrorClass::Permission);
    assert_eq!(world.server.received().len(), 3);

    // An address of the operator's own network.
    let strict = WebsiteWebhook::new(&HttpSettings::new()).unwrap();
    for address in ["https://localhost/x", "https://169.254.169.254/latest", "http://example.com/"]
    {
        let url = WebUrl::new("url", address).unwrap();
        let secret = SecretText::new(SECRET);
        let name = "Site".parse().unwrap();
        let error = strict.connect(name, &url, &secret, now()).await.unwrap_err();
        assert!(error.code.unwrap().starts_with("guard_"), "{address}");
    }
    let long = WebUrl::new("url", format!("{}?{}", world.endpoint(), "x".repeat(600))).unwrap();
    let (name, secret) = ("Site".parse().unwrap(), SecretText::new(SECRET));
    let connection = world.publisher.connect(name, &long, &secret, now()).await.unwrap();
    assert!(connection.external_id.as_str().starts_with("sha256:"));
    assert_eq!(connection.metadata["endpoint"], json!(long.as_str()));
}
