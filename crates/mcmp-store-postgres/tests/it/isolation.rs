//! Row-level security: what statements see and write that nobody narrowed.

use std::collections::BTreeMap;

use mcmp_core::access::Scope;
use mcmp_core::asset::Asset;
use mcmp_core::board::Task;
use mcmp_core::campaign::Creator;
use mcmp_core::id::Id;
use mcmp_core::member::Invitation;
use mcmp_core::notification::Notification;
use mcmp_core::store::{EntityKind, TenancyKind};
use mcmp_store_postgres::OpenError;
use mcmp_test_servers::postgres::{connect, database, execute};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};

use crate::fixture::{Fixture, literal};

/// All tables with tenants' data.
async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let sql = "SELECT relname FROM pg_class WHERE relnamespace = 'mcmp'::regnamespace \
               AND relkind IN ('r', 'p') AND relname <> 'migration' ORDER BY relname";
    sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
}

async fn count(connection: &mut PgConnection, table: &str, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM mcmp.\"{table}\" WHERE {condition}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.unwrap()
}

/// A world with something in every table.
async fn full(database: mcmp_test_servers::postgres::Database) -> Fixture {
    let mut fixture = Fixture::new(database).await;
    macro_rules! populate {
        ($($kind:ty),+ $(,)?) => { $(fixture.world.populate::<$kind>(2).await;)+ };
    }
    use mcmp_core::{
        analytics, approval, campaign, duty, member, post, publishing, series, webhook,
    };
    populate!(Asset, Task, Creator, Invitation, Notification, member::ApiKey);
    populate!(post::Revision, post::Comment, post::HistoryEntry, approval::ReviewLink);
    populate!(series::Series, campaign::Brief, publishing::Attempt, analytics::Snapshot);
    populate!(analytics::Rollup, webhook::Delivery, duty::Duty, publishing::RateBudget);
    let account = fixture.account().await;
    fixture.insert_job(account, 5).await;
    let agency = fixture.world.places[0].agency_id;
    let meter = format!("INSERT INTO mcmp.meter VALUES ({}, 'accounts', '', 3)", literal(agency));
    let mut superuser = fixture.superuser().await;
    execute(&mut superuser, &meter).await;
    for table in tables(&mut superuser).await {
        let rows = count(&mut superuser, &table, "true").await;
        assert!(rows > 0 || table == "user_identity", "{table} is empty");
    }
    fixture
}

#[tokio::test]
async fn without_a_scope_nothing_is_seen_and_nothing_written() {
    let fixture = full(database!("without_a_scope")).await;
    let mut session = fixture.session().await;
    let tables = tables(&mut session).await;
    assert!(tables.len() > EntityKind::ALL.len());
    for table in &tables {
        assert_eq!(count(&mut session, table, "true").await, 0, "{table} is read");
        let delete = format!("DELETE FROM mcmp.\"{table}\"");
        let deleted = session.execute(AssertSqlSafe(delete)).await.unwrap();
        assert_eq!(deleted.rows_affected(), 0, "{table} is emptied");
    }
    let id = literal(fixture.world.places[0].client_id);
    let insert = format!("INSERT INTO mcmp.meter VALUES ({id}, 'accounts', '', 0)");
    let refused = session.execute(AssertSqlSafe(insert)).await.unwrap_err();
    assert_eq!(refused.into_database_error().unwrap().code().as_deref(), Some("42501"));
}

/// Every table is forced to its policies, or its owner passes over them.
#[tokio::test]
async fn every_table_is_under_a_policy() {
    let fixture = Fixture::new(database!("every_table_is_under_a_policy")).await;
    let mut session = fixture.session().await;
    let sql = "SELECT relname FROM pg_class AS c WHERE relnamespace = 'mcmp'::regnamespace \
               AND relkind IN ('r', 'p') AND relname <> 'migration' AND NOT (relrowsecurity \
               AND relforcerowsecurity \
               AND EXISTS (SELECT 1 FROM pg_policy AS p WHERE p.polrelid = c.oid))";
    let open: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut session).await.unwrap();
    assert_eq!(open, Vec::<String>::new());
}

async fn enter(connection: &mut PgConnection, settings: &[(&str, String)]) {
    let mut sql = "BEGIN".to_owned();
    for (name, value) in settings {
        sql.push_str(&format!("; SET LOCAL mcmp.{name} = '{value}'"));
    }
    execute(connection, &sql).await;
}

#[tokio::test]
async fn a_clients_settings_show_its_rows_alone() {
    let fixture = full(database!("a_clients_settings")).await;
    let place = &fixture.world.places[0];
    let (agency, client) = (place.agency_id.uuid(), place.client_id.uuid());
    let mut session = fixture.session().await;
    let tables = tables(&mut session).await;
    let settings = [
        ("reach", "clients".to_owned()),
        ("agency", agency.to_string()),
        ("clients", format!("{{{client}}}")),
    ];
    enter(&mut session, &settings).await;
    let by_kind: BTreeMap<&str, TenancyKind> =
        EntityKind::ALL.iter().map(|kind| (kind.as_str(), kind.tenancy_kind())).collect();
    for table in &tables {
        let foreign = match by_kind.get(table.as_str()) {
            Some(TenancyKind::Client | TenancyKind::Log) => {
                format!("client_id IS DISTINCT FROM '{client}'")
            }
            Some(TenancyKind::Coverage) => {
                format!("client_ids IS NULL OR NOT client_ids @> ARRAY['{client}'::uuid]")
            }
            Some(TenancyKind::Agency) => format!("agency_id <> '{agency}'"),
            Some(_) => "true".to_owned(),
            None if table == "account_lane" => format!("client_id <> '{client}'"),
            None if table == "meter" => format!("agency_id <> '{agency}'"),
            None => "true".to_owned(),
        };
        assert_eq!(count(&mut session, table, &foreign).await, 0, "{table}: a foreign row");
        let is_clients = by_kind.get(table.as_str()) == Some(&TenancyKind::Client);
        if is_clients || table == "account_lane" {
            assert!(count(&mut session, table, "true").await > 0, "{table}: its own rows");
        }
    }
    // Nor is a row given away, or made elsewhere.
    let other = fixture.world.places[1].client_id.uuid();
    for sql in [
        format!("UPDATE mcmp.post SET client_id = '{other}'"),
        format!("UPDATE mcmp.account_lane SET client_id = '{other}'"),
        format!(
            "INSERT INTO mcmp.account_lane SELECT gen_random_uuid(), agency_id, '{other}', \
             ready_at, in_flight, max_in_flight, blocked_until, min_gap_ms, next_gap_at, paused \
             FROM mcmp.account_lane"
        ),
    ] {
        execute(&mut session, "SAVEPOINT here").await;
        let refused = session.execute(AssertSqlSafe(sql)).await.unwrap_err();
        assert_eq!(refused.into_database_error().unwrap().code().as_deref(), Some("42501"));
        execute(&mut session, "ROLLBACK TO here").await;
    }
    // The next transaction of the connection begins with nothing.
    execute(&mut session, "COMMIT").await;
    for table in &tables {
        assert_eq!(count(&mut session, table, "true").await, 0, "{table} stays open");
    }
}

/// What each reader of the world sees by the policies is what its scope sees.
#[tokio::test]
async fn policies_see_what_scopes_see() {
    use mcmp_core::access::Reach;
    let fixture = full(database!("policies_see_what_scopes_see")).await;
    let mut session = fixture.session().await;
    for reader in &fixture.world.readers {
        let scope: &Scope = &reader.scope;
        let mut settings = vec![];
        match scope.reach() {
            Reach::Everything => settings.push(("reach", "everything".to_owned())),
            Reach::Agency(agency) => {
                settings.push(("reach", "agency".to_owned()));
                settings.push(("agency", agency.uuid().to_string()));
            }
            Reach::Clients(agency, clients) => {
                let clients: Vec<_> = clients.iter().map(|c| c.uuid().to_string()).collect();
                settings.push(("reach", "clients".to_owned()));
                settings.push(("agency", agency.uuid().to_string()));
                settings.push(("clients", format!("{{{}}}", clients.join(","))));
            }
            _ => settings.push(("reach", "person".to_owned())),
        }
        if let Some(person) = scope.person() {
            settings.push(("person", person.uuid().to_string()));
        }
        enter(&mut session, &settings).await;
        for kind in EntityKind::ALL {
            let kept = fixture.world.kept.iter().filter(|record| record.kind() == *kind);
            let seen = kept.filter(|record| scope.sees(record.tenancy())).count();
            let rows = count(&mut session, kind.as_str(), "true").await;
            assert_eq!(usize::try_from(rows).unwrap(), seen, "{kind} by {}", reader.name);
        }
        execute(&mut session, "COMMIT").await;
    }
}

#[tokio::test]
async fn a_role_that_passes_over_policies_is_refused() {
    let database = database!("a_role_that_passes_over_policies");
    let config = || mcmp_store_postgres::PostgresConfig::options(database.superuser());
    let refused = config().open().await.unwrap_err();
    assert!(matches!(refused, OpenError::PassesOverPolicies { .. }), "{refused}");
    let mut superuser = connect(&database.superuser()).await;
    execute(&mut superuser, "DROP ROLE IF EXISTS mcmp_test_bypass").await;
    config().allow_superuser().without_notifications().open().await.unwrap();
}
