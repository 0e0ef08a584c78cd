//! One post with an image, published on a real WordPress site.

use std::sync::Arc;
use std::time::Duration;

use mcmp_core::Portal;
use mcmp_core::asset::{AltText, Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::{AssetDraft, PostDraft, When};
use mcmp_core::post::{Content, MediaUse};
use mcmp_core::service::{MediaStorage, MemoryMedia};
use mcmp_core::store::MemoryStore;
use mcmp_core::time::SystemClock;
use mcmp_platforms::guard::GuardPolicy;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::wordpress::WordPress;
use mcmp_scheduler::Engine;
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::Done;
use crate::args::Login;
use crate::studio::{self, Studio};

const PICTURE: &[u8] = include_bytes!("morning.png");

pub(crate) async fn run(login: Login) -> Done {
    // Who runs this program trusts the site that it names, also on the same machine.
    let guard = GuardPolicy::loopback();
    let wordpress = Arc::new(WordPress::new(&HttpSettings::new().guard(guard))?);
    let media = Arc::new(MemoryMedia::new());
    let portal = Portal::builder(Arc::new(MemoryStore::new(Arc::new(SystemClock))))
        .sealer(studio::sealer()?)
        .publisher(wordpress.clone())
        .media(media.clone())
        .build()?;
    let studio = Studio::found(portal).await?;
    let client = studio.client("Acme Bakery", "acme", chrono_tz::UTC).await?;
    let session = studio.session().await?;

    let now = studio.portal.now();
    let site = wordpress.find(&login.site, now).await?;
    let connection = wordpress.connect(&site, &login.user, &login.password, now).await?;
    println!("connected to {} as {}", connection.display_name, login.user);
    let account = session.accounts().connect(client.id, connection).await?;

    let key = StorageKey::new("key", "acme/morning.png")?;
    let mime = Mime::new("mime", "image/png")?;
    let stored = media.put(&key, &mime, PICTURE).await?;
    let digest: String = Sha256::digest(PICTURE).iter().map(|byte| format!("{byte:02x}")).collect();
    let picture = AssetDraft {
        client_id: client.id,
        storage_key: key,
        file_name: FileName::new("file_name", "morning.png")?,
        mime,
        size_bytes: stored.size_bytes,
        checksum: Checksum::new("checksum", digest)?,
        alt_text: Some(AltText::new("alt_text", "The sun rises over green hills")?),
        tags: Vec::new(),
        folder: None,
        facts: MediaFacts::default(),
        rights_until: None,
    };
    let picture = session.assets().add(picture).await?.asset;

    let content = Content {
        title: "Good morning from MCMP".parse()?,
        body: "This post was drafted, scheduled and published by MCMP, exactly once.".parse()?,
        media: vec![MediaUse::of(picture.id)],
        ..Content::default()
    };
    let draft = PostDraft { content, ..PostDraft::new(client.id, "".parse()?).to([account.id]) };
    let post = session.posts().create(draft).await?;
    let at = now + chrono::TimeDelta::seconds(2);
    session.posts().schedule(post.id, When::At(at)).await?;
    println!("scheduled for {at}");

    let running = Engine::builder(studio.portal.clone()).build()?.start();
    let ended = loop {
        let status = session.posts().get(post.id).await?.status;
        if !matches!(status, PostStatus::Scheduled | PostStatus::Publishing) {
            break status;
        }
        sleep(Duration::from_millis(200)).await;
    };
    running.shutdown().await;
    for job in session.posts().jobs(post.id).await? {
        if let Some(url) = job.remote.and_then(|remote| remote.url) {
            println!("live at {url}");
        }
        if let Some(error) = job.last_error {
            println!("{}: {error}", job.state);
        }
    }
    if ended == PostStatus::Published { Ok(()) } else { Err(format!("the post is {ended}").into()) }
}
