//! Moves a client from one installation to another: exported as a file, imported there, and
//! published there alone. The two share nothing but the keys that secrets are sealed with.
#![allow(clippy::print_stdout, reason = "a program that tells what it does")]

use std::{error::Error, io::Cursor, sync::Arc};

use mcmp_core::Portal;
use mcmp_core::access::Actor;
use mcmp_core::account::{AccountKind, Platform, Tokens};
use mcmp_core::agency::PlanTier;
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::fake::{FakePublisher, ManualClock};
use mcmp_core::portal::{AgencyDraft, ClientDraft, Connection, PostDraft, UserDraft, When};
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::MemoryStore;
use mcmp_core::transfer::{Selection, export, import};

/// A store, and a portal over it.
struct Installation {
    store: MemoryStore,
    portal: Portal,
    platform: Arc<FakePublisher>,
}

impl Installation {
    fn new(clock: &Arc<ManualClock>, key: &str) -> Result<Self, Box<dyn Error>> {
        let store = MemoryStore::new(clock.clone());
        let platform = Arc::new(FakePublisher::new(Platform::FACEBOOK));
        let ring = KeyRing::builder().active("2026", SealKey::from_hex(&SecretText::new(key))?);
        let portal = Portal::builder(Arc::new(store.clone()))
            .clock(clock.clone())
            .sealer(Arc::new(ring.build(Arc::new(SystemEntropy))?))
            .publisher(platform.clone())
            .build()?;
        Ok(Self { store, portal, platform })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::new("2026-11-23T08:00:00Z".parse()?));
    let key = "42".repeat(32);
    let (here, there) = (Installation::new(&clock, &key)?, Installation::new(&clock, &key)?);

    // Here an agency plans a post for a bakery, and one for somebody else.
    let anna = UserDraft { email: "anna@studio.example".parse()?, name: "Anna".parse()? };
    let anna = here.portal.register_user(anna).await?;
    let (name, subdomain) = ("Studio North".parse()?, "studio-north".parse()?);
    let studio = AgencyDraft { name, subdomain, plan: PlanTier::Agency };
    let (studio, _owner) = here.portal.found_agency(anna.id, studio).await?;
    let agency = here.portal.session(&here.portal.actor_for(anna.id).await?, studio.id).await?;
    let due = "2026-11-24T07:00:00Z".parse()?;
    let mut clients = Vec::new();
    for client in ["bakery", "brewery"] {
        let (name, slug) = (client.parse()?, client.parse()?);
        let draft = ClientDraft { name, slug, zone: chrono_tz::Europe::Berlin };
        let client = agency.clients().create(draft).await?;
        let tokens = Tokens::new(SecretText::new("granted-by-the-platform"));
        let (id, name) = (client.slug.as_str().parse()?, client.name.clone());
        let page = Connection::new(Platform::FACEBOOK, AccountKind::Page, id, name, tokens);
        let page = agency.accounts().connect(client.id, page).await?;
        let text = format!("Fresh from the {} at seven o'clock.", client.name).parse()?;
        let post = agency.posts().create(PostDraft::new(client.id, text).to([page.id])).await?;
        agency.posts().schedule(post.id, When::At(due)).await?;
        clients.push((client, page));
    }
    let (bakery, page) = clients.swap_remove(0);

    // Whoever moves data is the system. What is not paused is not exported.
    let system = Actor::system("mover").own_scope()?;
    let (one, mut file) = (Selection::Client(bakery.id), Vec::new());
    if let Err(refused) = export(&here.store, &system, one, &mut file).await {
        println!("export   {}: {refused}", refused.code());
    }
    agency.clients().pause(bakery.id).await?;
    let exported = export(&here.store, &system, one, &mut file).await?;
    println!("exported {} bytes", file.len());
    for (kind, count) in &exported.counts {
        println!("         {count:>3} {kind}");
    }
    let in_clear = String::from_utf8_lossy(&file).contains("granted-by-the-platform");
    println!("token    in clear: {in_clear}");

    // There it is written once, however often it is imported.
    for _ in 0..2 {
        let imported = import(&there.store, &system, &mut Cursor::new(&file)).await?;
        let written: u64 = imported.written.values().sum();
        println!("imported {written}, {} were there already", imported.already_there);
    }

    // Its time comes: the brewery's post goes out here, the bakery's waits until it is resumed there.
    clock.set(due);
    let (worker_here, worker_there) = (here.portal.worker()?, there.portal.worker()?);
    println!("here     {} published", worker_here.run_due().await?);
    println!("there    {} published", worker_there.run_due().await?);
    let operator = there.portal.session(&Actor::system("operator"), studio.id).await?;
    operator.clients().resume(bakery.id).await?;
    println!("there    {} published, once it was resumed", worker_there.run_due().await?);
    agency.clients().archive(bakery.id).await?;
    let live = |at: &Installation| at.platform.live_on(page.id, due).len();
    println!("bakery   live {} time(s) from here, {} from there", live(&here), live(&there));
    Ok(())
}
