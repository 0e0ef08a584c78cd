use std::str::FromStr;
use std::sync::Arc;

use mcmp_core::store::EntityKind;
use mcmp_core::testkit::{Skip, TestStore, World};
use mcmp_core::time::ManualClock;
use mcmp_test_servers::postgres::{Database, connect};
use mcmp_test_servers::skipped;
use tokio::task::JoinSet;

use super::*;
use crate::PostgresConfig;

#[test]
fn versions_count_up() {
    for (place, migration) in (1..).zip(MIGRATIONS) {
        assert_eq!(migration.version, place);
        assert!(migration.name.starts_with(&format!("{place:04}_")));
    }
}

fn versions(applied: &[(i64, bool)], layout: Layout) -> Result<Vec<i64>, OpenError> {
    let missing = missing(applied, layout, MIGRATIONS)?;
    Ok(missing.into_iter().map(|migration| migration.version).collect())
}

#[test]
fn what_was_applied_is_known_and_unchanged() {
    let layout = Layout::SharedTables;
    assert_eq!(versions(&[], layout).unwrap(), [1]);
    assert_eq!(versions(&[(1, true)], layout).unwrap(), Vec::<i64>::new());
    assert!(matches!(
        versions(&[(1, false)], layout),
        Err(OpenError::ChangedMigration { version: 1 })
    ));
    assert!(matches!(
        versions(&[(1, true), (999, true)], layout),
        Err(OpenError::NewerSchema { found: 999, .. })
    ));
}

#[test]
fn a_schema_keeps_its_layout() {
    assert_eq!(versions(&[], Layout::SchemaPerClient).unwrap(), [1, 2]);
    for (applied, layout) in [
        (&[(1, true)][..], Layout::SchemaPerClient),
        (&[(1, true), (2, true)], Layout::SharedTables),
    ] {
        assert!(matches!(versions(applied, layout), Err(OpenError::OtherTenancy { .. })));
    }
}

/// A step as a later version may bring it: a column, filled from what is there, and an index.
const LATER: Migration = Migration {
    version: 1_000,
    name: "1000_later",
    sql: "ALTER TABLE post ADD COLUMN later text COLLATE \"C\"; \
          UPDATE post SET later = body->>'status'; \
          ALTER TABLE post ALTER COLUMN later SET NOT NULL; \
          CREATE INDEX post_later ON post (client_id, later, id);",
    only: None,
};

/// A filled database of this version, and what a later one makes of it.
struct Older {
    layout: Layout,
    world: World,
    database: Arc<Database>,
}

impl Older {
    async fn filled(layout: Layout) -> Result<Self, Skip> {
        let database = Arc::new(match layout {
            Layout::SharedTables => Database::fresh().await?,
            Layout::SchemaPerClient => Database::per_client().await?,
        });
        let clock = ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap());
        let config = config(&database, layout).clock(Arc::new(clock.clone()));
        let store = config.open().await.unwrap();
        let test = TestStore::new(Arc::new(store), clock).keeping(Arc::clone(&database));
        let mut world = World::new(test).await;
        macro_rules! populate {
            ($($module:ident { $($kind:ident),+ })+) => {
                $($(world.populate::<mcmp_core::$module::$kind>(2).await;)+)+
            };
        }
        populate! {
            agency { Agency } client { Client } member { User, Membership, Invitation, ApiKey }
            account { SocialAccount } post { Post, Revision, Comment, HistoryEntry }
            approval { ReviewLink } series { Series } campaign { Campaign, Brief, Creator }
            board { Task } asset { Asset } publishing { PublishJob, Attempt, RateBudget }
            analytics { Snapshot, Rollup } notification { Notification }
            webhook { WebhookEndpoint, Delivery } event { Event } duty { Duty }
        }
        for kind in EntityKind::ALL {
            assert!(world.kept.iter().any(|record| record.kind() == *kind), "{kind}");
        }
        Ok(Self { layout, world, database })
    }

    /// Migrates it, on a connection of its own.
    async fn migrate(
        options: sqlx::postgres::PgConnectOptions,
        layout: Layout,
        later: Migration,
    ) -> Result<(), OpenError> {
        let mut connection = connect(&options).await;
        let migrations: Vec<Migration> = MIGRATIONS.iter().copied().chain([later]).collect();
        run(&mut connection, &schema(), layout, &migrations).await
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut session = connect(&self.database.superuser()).await;
        sqlx::query_scalar(sql).fetch_one(&mut session).await.unwrap()
    }
}

fn schema() -> SchemaName {
    SchemaName::from_str("mcmp").unwrap()
}

fn config(database: &Database, layout: Layout) -> PostgresConfig {
    let config = PostgresConfig::options(database.options()).without_notifications();
    match layout {
        Layout::SharedTables => config,
        Layout::SchemaPerClient => config.schema_per_client(),
    }
}

/// Several programs of a later version start at once, over a filled database. One of this version
/// reads on as before, and is refused when it starts anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_filled_database_is_taken_up_by_a_later_version() {
    for layout in [Layout::SharedTables, Layout::SchemaPerClient] {
        let older = match Older::filled(layout).await {
            Ok(older) => older,
            Err(skip) => return skipped("a_filled_database_is_taken_up", &skip),
        };
        let before = older.world.dump().await;
        let mut starts = JoinSet::new();
        for _ in 0..4 {
            starts.spawn(Older::migrate(older.database.options(), layout, LATER));
        }
        for started in starts.join_all().await {
            started.unwrap();
        }
        assert!(older.world.dump().await == before, "{layout:?}: nothing is lost or changed");
        let applied = "SELECT count(*) FROM mcmp.migration WHERE version = 1000";
        assert_eq!(older.number(applied).await, 1, "{layout:?}");
        let missed = "SELECT count(*) FROM mcmp.post WHERE later <> status";
        assert_eq!(older.number(missed).await, 0, "{layout:?}");
        let posts = "SELECT count(*) FROM mcmp.post";
        assert!(older.number(posts).await > 0, "{layout:?}");

        for config in
            [config(&older.database, layout), config(&older.database, layout).without_migrations()]
        {
            let refused = config.open().await.unwrap_err();
            let is_newer = matches!(refused, OpenError::NewerSchema { found: 1000, known: 2 });
            assert!(is_newer, "{refused}");
        }
    }
}

/// A step that fails half way leaves the database as it was, to be used as before.
#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    let older = match Older::filled(Layout::SharedTables).await {
        Ok(older) => older,
        Err(skip) => return skipped("a_step_that_fails_leaves_nothing", &skip),
    };
    let before = older.world.dump().await;
    let sql = "ALTER TABLE post DROP COLUMN body; SELECT nothing;";
    let failing = Migration { sql, ..LATER };
    Older::migrate(older.database.options(), older.layout, failing).await.unwrap_err();
    assert!(older.world.dump().await == before);
    config(&older.database, older.layout).without_migrations().open().await.unwrap();
}
