//! A concert hall with its own table in PostgreSQL adds publishing to the same database. A new concert
//! and the card that asks for a post about it are written in one transaction: both are there, or
//! neither.
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
use mcmp_store_postgres::{PostgresConfig, PostgresStore};
use mcmp_test_servers::postgres::Database;
use mcmp_test_servers::skipped;
use sqlx::postgres::PgPool;

/// The concert hall, with publishing beside it.
struct Hall {
    pool: PgPool,
    store: PostgresStore,
    portal: Portal,
    session: Session,
    client: Client,
    ids: IdSource,
}

impl Hall {
    /// Takes on a concert, and asks for a post about it.
    async fn add(&self, evening: &str, concert: &str) -> Result<(), Box<dyn Error>> {
        let mut transaction = self.pool.begin().await?;
        let card = self.card(concert)?;
        self.store.commit_in(&mut transaction, self.session.scope(), card).await?;
        // The hall's own rule is one concert an evening. Where that fails the card goes as well, as a
        // transaction that is dropped is rolled back.
        sqlx::query("INSERT INTO hall.concert (evening, name) VALUES ($1::date, $2)")
            .bind(evening)
            .bind(concert)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.store.wake();
        Ok(())
    }

    fn card(&self, concert: &str) -> Result<ChangeSet, Box<dyn Error>> {
        let now = self.portal.now();
        let mut task = Task {
            id: self.ids.next(now)?,
            version: Version::NEW,
            agency_id: self.client.agency_id,
            client_id: self.client.id,
            title: format!("Announce: {concert}").parse()?,
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
        let sql = "SELECT name FROM hall.concert ORDER BY evening";
        let concerts: Vec<String> = sqlx::query_scalar(sql).fetch_all(&self.pool).await?;
        let tasks: Vec<Task> = self.store.all(self.session.scope(), TaskFilter::default()).await?;
        let titles: Vec<&str> = tasks.iter().map(|task| task.title.as_str()).collect();
        println!("concerts {concerts:?}, cards {titles:?}");
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A database to try it in, where there is a server.
    let database = match Database::empty().await {
        Ok(database) => database,
        Err(skip) => {
            skipped("host_transaction_postgres", &skip);
            return Ok(());
        }
    };
    let pool = PgPool::connect_with(database.options()).await?;
    sqlx::query("CREATE SCHEMA hall").execute(&pool).await?;
    let table = "CREATE TABLE hall.concert (evening date PRIMARY KEY, name text NOT NULL)";
    sqlx::query(table).execute(&pool).await?;

    // Its tables lie beside the hall's, in a schema of their own.
    let store = PostgresConfig::pool(pool.clone()).schema("mcmp").open().await?;
    let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy)?)?;
    let sealer = KeyRing::builder().active("2026", key).build(Arc::new(SystemEntropy))?;
    let portal = Portal::builder(Arc::new(store.clone())).sealer(Arc::new(sealer)).build()?;
    let anna = UserDraft { email: "anna@studio.example".parse()?, name: "Anna".parse()? };
    let anna = portal.register_user(anna).await?;
    let (name, subdomain) = ("Studio North".parse()?, "studio-north".parse()?);
    let studio = AgencyDraft { name, subdomain, plan: PlanTier::Agency };
    let (studio, _owner) = portal.found_agency(anna.id, studio).await?;
    let session = portal.session(&portal.actor_for(anna.id).await?, studio.id).await?;
    let (name, slug, zone) = ("River Hall".parse()?, "river".parse()?, chrono_tz::Europe::Berlin);
    let client = session.clients().create(ClientDraft { name, slug, zone }).await?;

    let ids = IdSource::new(Arc::new(SystemEntropy));
    let hall = Hall { pool, store, portal, session, client, ids };
    hall.add("2027-03-05", "Winterreise").await?;
    hall.tell().await?;
    if let Err(refused) = hall.add("2027-03-05", "Goldberg Variations").await {
        println!("refused  {refused}");
    }
    hall.tell().await?;
    hall.pool.close().await;
    Ok(())
}
