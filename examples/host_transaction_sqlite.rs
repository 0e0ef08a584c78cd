//! A shop with its own tables in SQLite adds publishing to the same file. A new product and the card
//! that asks for a post about it are written in one transaction: both are there, or neither.
#![allow(clippy::print_stdout, reason = "a program that tells what it does")]

use std::error::Error;
use std::sync::Arc;

use mcmp_core::Portal;
use mcmp_core::agency::PlanTier;
use mcmp_core::board::{Column, Task};
use mcmp_core::client::Client;
use mcmp_core::entropy::{IdSource, SystemEntropy};
use mcmp_core::event::{Event, EventKind, Subject};
use mcmp_core::portal::{AgencyDraft, ClientDraft, Session, UserDraft};
use mcmp_core::secret::{KeyRing, SealKey};
use mcmp_core::store::{ChangeSet, StoreExt, TaskFilter, Version};
use mcmp_store_sqlite::{SqliteConfig, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

/// The shop, with publishing beside it.
struct Shop {
    pool: SqlitePool,
    store: SqliteStore,
    portal: Portal,
    session: Session,
    bakery: Client,
    ids: IdSource,
}

impl Shop {
    /// Takes on a product, and asks for a post about it.
    async fn add(&self, product: &str, price: i64) -> Result<(), Box<dyn Error>> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let insert = sqlx::query("INSERT INTO shop_product (name, price) VALUES ($1, $2)");
        insert.bind(product).bind(price).execute(&mut *transaction).await?;
        let changes = self.card(product)?;
        let scope = self.session.scope();
        let waker = self.store.commit_in(&mut transaction, scope, changes).await?;
        if price < 0 {
            // Both go: the product, and the card.
            transaction.rollback().await?;
            return Err("a price is not negative".into());
        }
        transaction.commit().await?;
        waker.wake();
        Ok(())
    }

    fn card(&self, product: &str) -> Result<ChangeSet, Box<dyn Error>> {
        let now = self.portal.now();
        let mut task = Task {
            id: self.ids.next(now)?,
            version: Version::NEW,
            agency_id: self.bakery.agency_id,
            client_id: self.bakery.id,
            title: format!("Announce: {product}").parse()?,
            description: "".parse()?,
            column: Column::Backlog,
            order: now.timestamp_millis(),
            due_at: None,
            assignee: None,
            target_accounts: Vec::new(),
            captions: Vec::new(),
            post_id: None,
            campaign_id: None,
            brief_id: None,
            created_at: now,
            updated_at: now,
        };
        let mut changes = ChangeSet::new();
        changes.insert(&mut task);
        changes.event(Event {
            id: self.ids.next(now)?,
            version: Version::NEW,
            agency_id: task.agency_id,
            client_id: Some(task.client_id),
            actor: self.session.scope().actor().clone(),
            kind: EventKind::TaskCreated,
            subject: Subject::of(&task),
            changes: [].into(),
            note: None,
            at: now,
        });
        Ok(changes)
    }

    async fn tell(&self) -> Result<(), Box<dyn Error>> {
        let products: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM shop_product").fetch_all(&self.pool).await?;
        let tasks: Vec<Task> = self.store.all(self.session.scope(), TaskFilter::default()).await?;
        let products: Vec<String> = products.into_iter().map(|(name,)| name).collect();
        let titles: Vec<&str> = tasks.iter().map(|task| task.title.as_str()).collect();
        println!("products {products:?}, cards {titles:?}");
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new().filename(folder.path().join("shop.sqlite"));
    let pool = SqlitePool::connect_with(options.create_if_missing(true)).await?;
    let table = "CREATE TABLE shop_product (name TEXT PRIMARY KEY, price INTEGER NOT NULL) STRICT";
    sqlx::query(table).execute(&pool).await?;

    let store = SqliteStore::open(SqliteConfig::with_pool(pool.clone())).await?;
    let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy)?)?;
    let sealer = KeyRing::builder().active("2026", key).build(Arc::new(SystemEntropy))?;
    let portal = Portal::builder(Arc::new(store.clone())).sealer(Arc::new(sealer)).build()?;
    let anna = UserDraft { email: "anna@studio.example".parse()?, name: "Anna".parse()? };
    let anna = portal.register_user(anna).await?;
    let (name, subdomain) = ("Studio North".parse()?, "studio-north".parse()?);
    let studio = AgencyDraft { name, subdomain, plan: PlanTier::Agency };
    let (studio, _owner) = portal.found_agency(anna.id, studio).await?;
    let session = portal.session(&portal.actor_for(anna.id).await?, studio.id).await?;
    let (name, slug, zone) = ("Acme Bakery".parse()?, "acme".parse()?, chrono_tz::Europe::Berlin);
    let bakery = session.clients().create(ClientDraft { name, slug, zone }).await?;

    let ids = IdSource::new(Arc::new(SystemEntropy));
    let shop = Shop { pool, store, portal, session, bakery, ids };
    shop.add("Plum cake", 390).await?;
    shop.tell().await?;
    if let Err(refused) = shop.add("Rye bread", -1).await {
        println!("refused  {refused}");
    }
    shop.tell().await?;
    shop.store.close().await;
    Ok(())
}
