//! Walks a post from draft to published: written by the agency, approved by the client, published
//! at its time on a fake platform. Nothing is waited for: the clock is turned by hand.
#![allow(clippy::print_stdout, reason = "a program that tells what it does")]

use std::{error::Error, sync::Arc};

use mcmp_core::Portal;
use mcmp_core::account::{AccountKind, Platform, Tokens};
use mcmp_core::agency::PlanTier;
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::fake::{FakePublisher, ManualClock};
use mcmp_core::member::{Coverage, Grant, Role};
use mcmp_core::portal::{AgencyDraft, ClientDraft, ClientEdit, Connection};
use mcmp_core::portal::{InvitationDraft, PostDraft, UserDraft, When};
use mcmp_core::secret::{KeyRing, SealKey, SecretText};
use mcmp_core::store::MemoryStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::new("2026-11-23T08:00:00Z".parse()?));
    let platform = Arc::new(FakePublisher::new(Platform::FACEBOOK));
    let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy)?)?;
    let sealer = KeyRing::builder().active("2026", key).build(Arc::new(SystemEntropy))?;
    let portal = Portal::builder(Arc::new(MemoryStore::new(clock.clone())))
        .clock(clock.clone())
        .sealer(Arc::new(sealer))
        .publisher(platform.clone())
        .build()?;
    let anna = UserDraft { email: "anna@studio.example".parse()?, name: "Anna".parse()? };
    let anna = portal.register_user(anna).await?;
    let (name, subdomain) = ("Studio North".parse()?, "studio-north".parse()?);
    let studio = AgencyDraft { name, subdomain, plan: PlanTier::Agency };
    let (studio, _owner) = portal.found_agency(anna.id, studio).await?;
    let agency = portal.session(&portal.actor_for(anna.id).await?, studio.id).await?;
    let (name, slug, zone) = ("Acme Bakery".parse()?, "acme".parse()?, chrono_tz::Europe::Berlin);
    let bakery = agency.clients().create(ClientDraft { name, slug, zone }).await?;
    println!("agency   {} serves {} ({})", studio.name, bakery.name, bakery.zone);
    let boss = Grant::new(Role::ClientOwner, Coverage::clients([bakery.id])?)?;
    let ben = UserDraft { email: "ben@acme.example".parse()?, name: "Ben".parse()? };
    let invited = InvitationDraft::new(ben.email.clone(), boss);
    let (_invitation, token) = agency.members().invite(invited).await?;
    let ben = portal.register_user(ben).await?;
    portal.accept_invitation(&token, ben.id).await?;
    let client = portal.session(&portal.actor_for(ben.id).await?, studio.id).await?;
    let deciders = Deciders { roles: [Role::ClientOwner].into(), ..Deciders::default() };
    let policy = ApprovalPolicy::stages(vec![Stage::new("Acme".parse()?, deciders)])?;
    let edit = ClientEdit { approval_policy: Some(policy), ..ClientEdit::default() };
    agency.clients().edit(bakery.id, bakery.version, edit).await?;
    let tokens = Tokens::new(SecretText::new("granted-by-the-platform"));
    let (id, name) = ("page-1".parse()?, "Acme Bakery".parse()?);
    let page = Connection::new(Platform::FACEBOOK, AccountKind::Page, id, name, tokens);
    let page = agency.accounts().connect(bakery.id, page).await?;
    let text = "Fresh rye bread from seven o'clock. #acmebakery".parse()?;
    let post = agency.posts().create(PostDraft::new(bakery.id, text).to([page.id])).await?;
    let (created, post) = (post.status, agency.posts().submit(post.id, None).await?);
    println!("created  {created}, submitted {}", post.status);
    let seen = post.revision.as_ref().ok_or("no revision")?.id;
    if let Err(refused) = agency.posts().approve(post.id, seen, None).await {
        println!("Anna     {refused}");
    }
    let post = client.posts().approve(post.id, seen, Some("Looks good".parse()?)).await?;
    println!("Ben      {}", post.status);
    let seven = "2026-11-24T07:00:00".parse()?;
    let post = agency.posts().schedule(post.id, When::Local(seven)).await?;
    let at = post.planned_at().ok_or("no time")?;
    println!("schedule {} for {at}", post.status);
    let worker = portal.worker()?;
    clock.set(at);
    println!("worker   {} steps at {}", worker.run_due().await?, portal.now());
    let post = agency.posts().get(post.id).await?;
    println!("post     {}, live {} time(s)", post.status, platform.live_on(page.id, at).len());
    for entry in agency.posts().history(post.id).await? {
        println!("history  {} -> {} by {}", entry.action, entry.to, entry.actor);
    }
    Ok(())
}
